//! All that is wrong with a project, used or not.
//!
//! Every definition is planned as if somebody had asked for it, by the same functions, with params whose values nobody
//! knows: what is certain whatever they are is told. Beside that, what planning does not care for is looked at: code that
//! is not run, params that nobody uses, paths of the host, and steps that wait for services to end.

pub(crate) mod calls;
pub(crate) mod code;
pub(crate) mod endless;
mod finding;
mod keys;
mod mounts;
mod named;
mod no_clojure;
mod numbers;
mod outputs;
pub(crate) mod params;
mod recovery;
mod trial;
mod written;

use std::collections::{HashMap, HashSet};

use pt_model::HostDirs;
use pt_spec::{Body, Definition, Loaded, Name, Project, TriggerTemplate, Type, Wanted, World};
use pt_syntax::{Diagnostic, Severity, Sources, Span};

use crate::missing::{AllMissing, Store};
use crate::no_type::no_type;
use crate::plan::Named;
use crate::settings;
use crate::side_by_side;
use crate::swallowed::with_swallowed_line;
use finding::Findings;

/// What a check may look at beside the project.
pub struct Around<'a> {
    /// Values and secrets that are set.
    pub named: &'a (dyn Named + Sync),
    /// The files.
    pub world: &'a dyn World,
    /// What paths of the host are relative to.
    pub dirs: HostDirs<'a>,
}

/// What a planner keeps while it checks.
pub(crate) struct Checking<'p> {
    /// What was found wrong with args; the call they belong to is looked at all the same.
    pub(crate) findings: Vec<Diagnostic>,
    /// Code that is not worth running.
    pub(crate) broken_code: &'p HashSet<Span>,
}

/// Everything that is wrong with a project, in the order of the files and places; nothing twice. Of a file whose text cannot
/// be read as it was meant only that is told which does not follow from it.
pub fn check(loaded: &Loaded, around: &Around<'_>) -> Vec<Diagnostic> {
    let broken = finding::broken_texts(&loaded.diagnostics);
    let recovered = match broken.as_slice() {
        [] => None,
        broken => recovery::recover(loaded, around.world, broken),
    };
    match recovered {
        Some(recovered) => {
            let mut all = Findings::default();
            all.extend(loaded.diagnostics.iter().filter(|found| finding::is_of_text(found)).cloned());
            all.extend(recovered.further.iter().cloned());
            all.extend(recovered.certain(look(&recovered.loaded, around), &loaded.project));
            all.sorted()
        }
        None => look(loaded, around),
    }
}

fn look(loaded: &Loaded, around: &Around<'_>) -> Vec<Diagnostic> {
    let project = &loaded.project;
    let mut findings = Findings::default();
    findings.extend(loaded.diagnostics.iter().cloned());
    // What other repositories declare is for those to mend who work on them.
    let mut declared: Vec<&Definition> =
        project.declared().iter().filter(|definition| definition.origin.is_own()).collect();
    for trigger in project.triggers() {
        findings.extend(trigger.diagnostics.iter().cloned());
        match &trigger.template {
            Some(TriggerTemplate::Named(name)) => {
                let found = project.resolve(None, &name.text, Wanted::Template).err();
                findings.extend(found.map(|found| found.at(name.span, "")));
            }
            Some(TriggerTemplate::Inline(template)) => declared.push(template),
            Some(TriggerTemplate::Code(node)) => {
                findings.extend(code::check_trigger(node, project.sources()));
            }
            None => {}
        }
        for when in trigger.on.iter().filter_map(|on| on.when.as_ref()) {
            findings.extend(code::check_trigger(when, project.sources()));
        }
    }
    findings.extend(named::tools_for_agents(project));
    let written = side_by_side::each(&declared, side_by_side::size, |(): &mut (), definition| {
        (written(definition, project), code::check(definition, project.sources()))
    });
    let mut missing = AllMissing::default();
    let mut broken_code = HashSet::new();
    for (definition, (found, mistakes)) in declared.iter().zip(written) {
        findings.extend(found);
        broken_code.extend(mistakes.iter().map(|(span, _)| *span));
        code::each_setting(definition, project.sources(), &mut |store, name, place| {
            let is_set = match store {
                Store::Value => settings::value(around.named, name).is_some(),
                Store::Secret => settings::secret(around.named, name).is_some(),
            };
            let is_sound =
                !mistakes.iter().any(|(span, _)| span.start <= place.start && place.end <= span.end);
            if !is_set && is_sound {
                missing.add(store, name, place);
            }
        });
        findings.extend(mistakes.into_iter().map(|(_, found)| found));
        findings.extend(mounts::check(definition, around));
    }
    let places: Vec<Span> = declared.iter().map(|definition| definition.span).collect();
    declared.retain(|definition| is_plannable(definition));
    let (mut of_args, mut warnings) = (Vec::new(), Vec::new());
    for trial in trial::of_all(&declared, project, around.named, &broken_code) {
        findings.extend(trial.found);
        of_args.extend(trial.of_args);
        warnings.extend(trial.warnings);
        missing.extend(trial.missing);
    }
    findings.extend(of_args);
    findings.extend(warnings);
    // A value that is not set today may be set when it is needed.
    findings.extend(missing.diagnostics().map(|found| Diagnostic { severity: Severity::Warning, ..found }));
    findings.without_params_meant(&places);
    findings.without_follow_ups(&loaded.diagnostics, project.sources()).sorted()
}

/// Whether planning finds more than follows from what is known to be wrong. A definition of a wrong id is sound inside.
fn is_plannable(definition: &Definition) -> bool {
    let mut errors = definition.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    matches!(definition.body, Body::Steps(_)) || errors.all(|found| found.id == "invalid-id")
}

/// What is wrong with a definition as it is written, code apart.
fn written(definition: &Definition, project: &Project) -> Vec<Diagnostic> {
    let sources = project.sources();
    let own = definition.diagnostics.iter().cloned();
    let mut found = named::awaited(definition);
    found.extend(own.map(|found| with_swallowed_line(found, sources)));
    found.extend(types(definition, sources));
    found.extend(params::check(definition));
    found.extend(params::undeclared(definition, sources));
    found.extend(calls::check(definition, project));
    found.extend(steps(definition));
    found.extend(keys::check(definition, project));
    found.extend(numbers::check(definition, sources));
    found
}

/// Steps of one list that were given the same id.
fn steps(definition: &Definition) -> Vec<Diagnostic> {
    let Body::Steps(steps) = &definition.body else { return Vec::new() };
    let mut known: HashMap<&str, &Name> = HashMap::new();
    let mut found = Vec::new();
    for id in steps.iter().filter_map(|step| step.id.as_ref()) {
        let Some(first) = known.get(id.text.as_str()) else {
            known.insert(&id.text, id);
            continue;
        };
        found.push(
            Diagnostic::warning("duplicate-id", format!("There are two steps named '{}'", id.text))
                .at(id.span, "this one gets another name when it runs")
                .at(first.span, "this one has the name"),
        );
    }
    found
}

/// Types that are none, and defaults that their own types refuse.
fn types(definition: &Definition, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for param in &definition.params {
        let id = &param.id.text;
        let mut unknown = Vec::new();
        unknown_types(&param.ty, &mut unknown);
        for unknown in &unknown {
            // In the words in which planning says so, for the same place.
            let message = format!("{}: {id}: Unknown type: {unknown}", definition.id.text);
            found.push(no_type(message, param, unknown, sources));
        }
        if !unknown.is_empty() {
            continue;
        }
        if let Type::Default(of, value) = &param.ty
            && let Err(errors) = of.check(value)
            && let Some(error) = errors.first()
            && !value.is_null()
        {
            let message = format!("The default of '{id}' is not of its type: {}", error.problem);
            found.push(
                Diagnostic::warning("default-mismatch", message)
                    .at(param.span, format!("the type is {of}"))
                    .note(
                        "defaults are taken as they are, so this works until somebody gives the same value",
                    ),
            );
        }
    }
    found
}

/// The parts of a type that are none.
fn unknown_types<'t>(ty: &'t Type, found: &mut Vec<&'t str>) {
    match ty {
        Type::Unknown(text) => found.push(text),
        Type::List(of) | Type::Maybe(of) | Type::Default(of, _) => unknown_types(of, found),
        Type::MapOf(key, value) => [key, value].into_iter().for_each(|of| unknown_types(of, found)),
        Type::Fields(fields) => fields.iter().for_each(|(_, of)| unknown_types(of, found)),
        Type::Either(types) => types.iter().for_each(|of| unknown_types(of, found)),
        Type::Atom(_) | Type::AnyMap | Type::Enum(_) | Type::Regex(_) => {}
    }
}
