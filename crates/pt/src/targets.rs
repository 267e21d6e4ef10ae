//! Targets on the command line, and findings about the user's files.

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use pt_model::{Data, Masker, Secret, StepId, parse_duration};
use pt_plan::{Does, Plan, Planned, Request, StepPlan};
use pt_server::{App, LoadedProject};
use pt_spec::{Loaded, Project, Wanted, plain};
use pt_syntax::{Diagnostic, Node, NodeKind, Severity, Sources, Style, TargetCall, render};

use crate::cli::{LockArgs, ProjectArgs};
use crate::failure::{Failure, Outcome};

/// Reads targets, as texts of the project. A comma at the end of one, or alone, means that what follows waits for
/// everything before.
pub(crate) fn read(targets: &[String], project: &mut Project) -> Result<Vec<Vec<Request>>, Failure> {
    let mut groups = vec![Vec::new()];
    for target in targets {
        let (call, last) = match target.trim_end().strip_suffix(',') {
            Some(call) => (call, true),
            None => (target.trim_end(), false),
        };
        if !call.is_empty() {
            let source = project.add_text("<arguments>", call);
            let (mut parsed, diagnostics) = TargetCall::parse(source, call);
            if !diagnostics.is_empty() {
                show(&diagnostics, project.sources())?;
                return Err(Failure::silent(2));
            }
            take_as_typed(&mut parsed, call, project);
            if let Some(group) = groups.last_mut() {
                group.push(Request::from(parsed));
            }
        }
        if last {
            groups.push(Vec::new());
        }
    }
    groups.retain(|group| !group.is_empty());
    Ok(groups)
}

/// Takes what looks like a number, or like true or false, as the text that was typed where only a text will do: to quote it
/// twice, once for the shell, is asked of nobody.
fn take_as_typed(call: &mut TargetCall, typed: &str, project: &Project) {
    let Ok(definition) = project.resolve(None, &call.reference, Wanted::Target) else { return };
    let Some(Node { kind: NodeKind::Map(given), .. }) = &mut call.args else { return };
    for entry in given {
        let Some(param) = definition.params.iter().find(|param| param.id.text == entry.key) else { continue };
        let value = &mut entry.value;
        let text = typed.get(value.span.start as usize..value.span.end as usize);
        let (true, Some(text)) =
            (matches!(value.kind, NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Bool(_)), text)
        else {
            continue;
        };
        if param.ty.check(&plain(value)).is_err() && param.ty.check(&Data::from(text)).is_ok() {
            value.kind = NodeKind::Str(text.to_owned());
        }
    }
}

/// The project that options name.
pub(crate) fn load(app: &App, project: &ProjectArgs, locks: &LockArgs) -> Result<LoadedProject, Failure> {
    let (file, context) = (project.polytope_file.as_deref(), app.environment.context.as_str());
    Ok(if locks.update_locks { app.load_newest(file, context)? } else { app.load(file, context)? })
}

/// The project that options name. There must be a polytope file.
pub(crate) fn project(app: &App, project: &ProjectArgs, locks: &LockArgs) -> Result<LoadedProject, Failure> {
    let project = load(app, project, locks)?;
    if is_project(&project) { Ok(project) } else { Err(no_project()) }
}

/// Whether there is a polytope file, be it one that cannot be read.
pub(crate) fn is_project(project: &LoadedProject) -> bool {
    !project.loaded.project.files().is_empty() || !project.loaded.diagnostics.is_empty()
}

/// That there is none.
pub(crate) fn no_project() -> Failure {
    Failure::usage("There is no polytope file here or above.")
        .hint("Go to your project, or name the file: `-f path/to/polytope.yml`.")
}

/// The project, unless its files cannot be read: then nothing can be planned, and that alone is shown.
pub(crate) fn readable(project: LoadedProject) -> Result<LoadedProject, Failure> {
    let found = &project.loaded.diagnostics;
    let mistakes: Vec<Diagnostic> =
        found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).cloned().collect();
    if mistakes.is_empty() {
        return Ok(project);
    }
    show(&mistakes, project.loaded.project.sources())?;
    Err(Failure::silent(2))
}

/// Shows what planning found, and gives the plan unless something forbids to start at all.
pub(crate) fn startable(loaded: &Loaded, planned: Planned) -> Result<Option<Plan>, Failure> {
    let startable = show_findings(loaded, &planned)?;
    let Some(plan) = planned.plan.filter(|_| startable) else { return Ok(None) };
    plan.secrets.iter().try_for_each(warn_if_short)?;
    Ok(Some(plan))
}

/// Says so if a secret is too short to be hidden.
pub(crate) fn warn_if_short(secret: &Secret) -> Outcome {
    if !Masker::is_too_short(secret) {
        return Ok(());
    }
    let (name, least) = (secret.name(), Masker::SHORTEST);
    let why = format!("it has fewer than {least} characters, which stand in any text. Set a longer one.");
    Ok(writeln!(anstream::stderr().lock(), "Warning: Logs and answers may show the secret '{name}': {why}")?)
}

/// Shows what planning found; tells whether nothing forbids to start at all.
pub(crate) fn show_findings(loaded: &Loaded, planned: &Planned) -> Result<bool, Failure> {
    let mut findings = loaded.diagnostics.clone();
    let forbidden = planned.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    findings.extend(planned.diagnostics.iter().cloned());
    for step in planned.plan.iter().flat_map(|plan| &plan.steps) {
        collect(step, &mut findings);
    }
    // Steps that call the same broken module have the same findings.
    let mut seen = HashSet::with_capacity(findings.len());
    findings.retain(|finding| seen.insert(finding.clone()));
    show(&findings, loaded.project.sources())?;
    let unknown = findings.iter().any(|finding| finding.id == "unknown-name");
    if unknown && !loaded.project.root_file().exists() {
        let dir = loaded.project.root_dir().display();
        writeln!(
            anstream::stderr().lock(),
            "There is no polytope file in {dir} or above it; without one there are the standard modules only, as polytope/hello-world."
        )?;
    }
    Ok(!forbidden)
}

/// What is wrong with a step and its parts.
fn collect(step: &StepPlan, findings: &mut Vec<Diagnostic>) {
    match &step.does {
        Does::Fails(diagnostics) => findings.extend(diagnostics.iter().cloned()),
        Does::Group(steps) => steps.iter().for_each(|step| collect(step, findings)),
        Does::Code(_) | Does::Late | Does::Skip => {}
    }
}

/// The steps that will fail for reasons already shown.
pub(crate) fn doomed(plan: &Plan) -> HashSet<StepId> {
    fn add(step: &StepPlan, within: &str, doomed: &mut HashSet<StepId>) {
        let id = format!("{within}{}", step.id);
        match &step.does {
            Does::Fails(_) => drop(doomed.insert(StepId::new(id))),
            Does::Group(steps) => steps.iter().for_each(|step| add(step, &format!("{id}."), doomed)),
            Does::Code(_) | Does::Late | Does::Skip => {}
        }
    }
    let mut doomed = HashSet::new();
    plan.steps.iter().for_each(|step| add(step, "", &mut doomed));
    doomed
}

/// Shows findings on stderr, with the places they are about.
pub(crate) fn show(diagnostics: &[Diagnostic], sources: &Sources) -> Outcome {
    if diagnostics.is_empty() {
        return Ok(());
    }
    let color = std::io::stderr().is_terminal();
    write!(
        anstream::stderr().lock(),
        "{}",
        render(diagnostics, sources, Style { color, ..Style::default() })
    )?;
    if let Some(error) = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        writeln!(anstream::stderr().lock(), "\nFor more: pt explain {}", error.id)?;
    }
    Ok(())
}

/// A duration as `90s`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, Failure> {
    parse_duration(text).ok_or_else(|| {
        Failure::usage(format!("Not a duration: {text}. Write a number and a unit, as 90s, 5m or 1h."))
    })
}
