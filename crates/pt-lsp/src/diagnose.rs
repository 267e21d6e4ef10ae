//! What is wrong with a project, as `pt check` finds it, at its places in the editor.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ls_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range,
    Uri,
};
use pt_plan::{Around, check};
use pt_syntax::{Diagnostic, Label, Severity, SourceId};

use crate::mend;
use crate::text::Lines;
use crate::workspace::View;

/// What to show in each file of a project; files about which nothing is to be said are there, too.
pub(crate) fn diagnose(view: &View, around: &Around<'_>) -> BTreeMap<PathBuf, Vec<Shown>> {
    let mut shown: BTreeMap<PathBuf, Vec<Shown>> =
        view.files.iter().map(|file| (file.clone(), Vec::new())).collect();
    let root = view.loaded.project.root_file();
    let mut texts = Texts { view, known: HashMap::new() };
    for diagnostic in check(&view.loaded, around) {
        // A cause in a standard module is told where the user called it, if that is known.
        let places: Vec<Place<'_>> =
            diagnostic.labels.iter().filter_map(|label| texts.place(label)).collect();
        let (file, range) = match places.first() {
            Some(place) => (place.file.as_path(), place.range),
            None => (root, Range::default()),
        };
        shown.entry(file.to_owned()).or_default().push(show(view, &diagnostic, range, &places));
    }
    shown.values_mut().for_each(|found| found.sort_by_key(|found| found.range.start));
    shown
}

/// The project's own texts, each looked at once: thousands of findings may stand in one.
struct Texts<'v> {
    view: &'v View,
    known: HashMap<SourceId, Option<(Arc<PathBuf>, Lines<'v>)>>,
}

impl Texts<'_> {
    /// Where a label stands; none if that is no file of the user's.
    fn place<'l>(&mut self, label: &'l Label) -> Option<Place<'l>> {
        let view = self.view;
        let known = self.known.entry(label.span.source).or_insert_with(|| {
            Some((Arc::new(view.file(label.span.source)?), Lines::of(view.source(label.span))))
        });
        let (file, lines) = known.as_ref()?;
        Some(Place { label, file: Arc::clone(file), range: lines.range_of(label.span) })
    }
}

/// A label in a file of the user's.
struct Place<'l> {
    label: &'l Label,
    file: Arc<PathBuf>,
    range: Range,
}

fn show(view: &View, diagnostic: &Diagnostic, range: Range, places: &[Place<'_>]) -> Shown {
    let mut message = diagnostic.message.clone();
    if let Some(place) = places.first().filter(|place| !place.label.text.is_empty()) {
        message.extend(["\n", &place.label.text]);
    }
    for (word, texts) in [("note", &diagnostic.notes), ("help", &diagnostic.hints)] {
        for text in texts {
            message.extend(["\n", word, ": ", text]);
        }
    }
    let related = places.iter().skip(1).filter_map(|place| {
        let location = Location { uri: uri_of(&place.file)?, range: place.range };
        Some(DiagnosticRelatedInformation { location, message: place.label.text.clone() })
    });
    let related: Vec<_> = related.collect();
    let cause =
        places.first().map(|place| place.label).filter(|label| diagnostic.labels.first() == Some(label));
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
