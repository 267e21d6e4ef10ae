//! What is wrong with a project: the one source of the diagnostics that editors show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ls_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range,
    Uri,
};
use pt_plan::{Does, Named, Request, StepPlan, plan};
use pt_spec::{Kind, Loaded};
use pt_syntax::{Diagnostic, Label, Severity};

use crate::text::Lines;
use crate::workspace::View;

/// Everything that loading says, and planning every definition that runs without args.
fn findings(loaded: &Loaded, named: &dyn Named) -> Vec<Diagnostic> {
    let mut found = loaded.diagnostics.clone();
    for definition in loaded.project.definitions() {
        found.extend(definition.diagnostics.iter().cloned());
        if definition.params.iter().any(|param| !param.ty.is_optional()) {
            continue;
        }
        let request = Request { reference: definition.id.text.clone(), ..Request::default() };
        // A template hides a module of the same name on the command line.
        let meant = loaded.project.resolve(None, &request.reference, pt_spec::Wanted::Target);
        if definition.kind == Kind::Template || meant.is_ok_and(|meant| std::ptr::eq(meant, definition)) {
            let planned = plan(&loaded.project, &[vec![request]], named);
            found.extend(planned.diagnostics.into_iter().map(unset));
            planned.plan.iter().flat_map(|plan| &plan.steps).for_each(|step| collect(step, &mut found));
        }
    }
    let mut distinct: Vec<Diagnostic> = Vec::new();
    for diagnostic in found {
        let same = |other: &Diagnostic| {
            other.id == diagnostic.id
                && other.message == diagnostic.message
                && other.labels.first() == diagnostic.labels.first()
        };
        if !distinct.iter().any(same) {
            distinct.push(diagnostic);
        }
    }
    distinct
}

fn collect(step: &StepPlan, found: &mut Vec<Diagnostic>) {
    match &step.does {
        Does::Code(_) => {}
        Does::Group(steps) => steps.iter().for_each(|step| collect(step, found)),
        Does::Fails(reasons) => found.extend(reasons.iter().cloned().map(unset)),
    }
}

/// A value that is not set here is no mistake of the file.
fn unset(diagnostic: Diagnostic) -> Diagnostic {
    match diagnostic.id {
        "missing-value" | "missing-secret" => Diagnostic { severity: Severity::Warning, ..diagnostic },
        _ => diagnostic,
    }
}

/// What to show in each file of a project; files about which nothing is to be said are there, too.
pub(crate) fn diagnose(view: &View, named: &dyn Named) -> BTreeMap<PathBuf, Vec<Shown>> {
    let mut shown: BTreeMap<PathBuf, Vec<Shown>> =
        view.files.iter().map(|file| (file.clone(), Vec::new())).collect();
    let root = view.loaded.project.root_file();
    for diagnostic in findings(&view.loaded, named) {
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
    Shown {
        range,
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.id.to_owned())),
        source: Some("polytope".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Shown::default()
    }
}

/// The address of a file.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}
