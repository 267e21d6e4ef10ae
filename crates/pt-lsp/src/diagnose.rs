//! What is wrong with a project, as `pt check` finds it, at its places in the editor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ls_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range,
    Uri,
};
use pt_plan::{Around, check};
use pt_syntax::{Diagnostic, Label, Severity};

use crate::mend;
use crate::text::Lines;
use crate::workspace::View;

/// What to show in each file of a project; files about which nothing is to be said are there, too.
pub(crate) fn diagnose(view: &View, around: &Around<'_>) -> BTreeMap<PathBuf, Vec<Shown>> {
    let mut shown: BTreeMap<PathBuf, Vec<Shown>> =
        view.files.iter().map(|file| (file.clone(), Vec::new())).collect();
    let root = view.loaded.project.root_file();
    for diagnostic in check(&view.loaded, around) {
        // A cause in a standard module is told where the user called it, if that is known.
        let places: Vec<(&Label, PathBuf)> = diagnostic
            .labels
            .iter()
            .filter_map(|label| Some((label, view.file(label.span.source)?)))
            .collect();
        let (file, range) = match places.first() {
            Some((label, file)) => (file.as_path(), range(view, label)),
            None => (root, Range::default()),
        };
        shown.entry(file.to_owned()).or_default().push(show(view, &diagnostic, range, &places));
    }
    shown.values_mut().for_each(|found| found.sort_by_key(|found| found.range.start));
    shown
}

fn range(view: &View, label: &Label) -> Range {
    Lines::of(view.source(label.span)).range_of(label.span)
}

fn show(view: &View, diagnostic: &Diagnostic, range: Range, places: &[(&Label, PathBuf)]) -> Shown {
    let mut message = diagnostic.message.clone();
    if let Some((label, _)) = places.first().filter(|(label, _)| !label.text.is_empty()) {
        message.extend(["\n", &label.text]);
    }
    for (word, texts) in [("note", &diagnostic.notes), ("help", &diagnostic.hints)] {
        for text in texts {
            message.extend(["\n", word, ": ", text]);
        }
    }
    let related = places.iter().skip(1).filter_map(|(label, file)| {
        let location = Location { uri: uri_of(file)?, range: self::range(view, label) };
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    });
    let related: Vec<_> = related.collect();
    let cause =
        places.first().map(|(label, _)| *label).filter(|label| diagnostic.labels.first() == Some(label));
    let written = |label: &Label| {
        let place = label.span.start as usize..label.span.end as usize;
        view.source(label.span).get(place).unwrap_or_default()
    };
    Shown {
        range,
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.id.to_owned())),
        source: Some("polytope".to_owned()),
        message,
        data: cause.and_then(|label| mend::kept(diagnostic, written(label))),
        related_information: (!related.is_empty()).then_some(related),
        ..Shown::default()
    }
}

/// The address of a file.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}
