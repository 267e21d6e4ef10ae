//! All that is wrong with a project, used or not.
//!
//! Every definition is planned as if somebody had asked for it, by the same functions, with params whose values nobody
//! knows: what is certain whatever they are is told. Beside that, what planning does not care for is looked at: code that
//! is not run, params that nobody uses, paths of the host, and steps that wait for services to end.

pub(crate) mod code;
mod endless;
mod finding;
mod keys;
mod mounts;
mod named;
mod no_clojure;
mod numbers;
mod outputs;
mod params;
mod recovery;
mod side_by_side;
mod written;

use std::collections::{HashMap, HashSet};

use pt_model::HostDirs;
use pt_spec::{Body, Definition, Kind, Loaded, Name, TriggerTemplate, Type, Wanted, World};
use pt_syntax::{Diagnostic, Severity, Sources, Span};

use crate::bind::{Bound, Given};
use crate::draft::DraftDoes;
use crate::expand::step_id;
use crate::missing::Store;
use crate::no_type::no_type;
use crate::order::settle;
use crate::plan::{Does, Named, StepPlan};
use crate::planner::Planner;
use crate::settings;
use crate::swallowed::with_swallowed_line;
use finding::Findings;

/// What a check may look at beside the project.
pub struct Around<'a> {
    /// Values and secrets that are set.
    pub named: &'a dyn Named,
    /// The files.
    pub world: &'a dyn World,
    /// What paths of the host are relative to.
    pub dirs: HostDirs<'a>,
}

/// What a planner keeps while it checks.
#[derive(Debug, Default)]
pub(crate) struct Checking {
    /// What was found wrong with args; the call they belong to is looked at all the same.
    pub(crate) findings: Vec<Diagnostic>,
    /// Code that is not worth running.
    pub(crate) broken_code: HashSet<Span>,
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
            all.extend(loaded.diagnostics.iter().cloned());
            let mut all = all.of_texts();
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
    let mut planner = Planner::new(project, around.named);
    let mut checking = Checking::default();
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
    // To read all the code is most of the work, and asks nobody.
    let code = side_by_side::each(&declared, |definition| code::check(definition, project.sources()));
    for (definition, mistakes) in declared.iter().zip(code) {
        findings.extend(named::awaited(definition));
        let own = definition.diagnostics.iter().cloned();
        findings.extend(own.map(|found| with_swallowed_line(found, project.sources())));
        findings.extend(types(definition, project.sources()));
        findings.extend(params::check(definition));
        findings.extend(params::undeclared(definition, project.sources()));
        findings.extend(steps(definition));
        checking.broken_code.extend(mistakes.iter().map(|(span, _)| *span));
        code::each_setting(definition, project.sources(), &mut |store, name, place| {
            let is_set = match store {
                Store::Value => settings::value(around.named, name).is_some(),
                Store::Secret => settings::secret(around.named, name).is_some(),
            };
            let is_sound =
                !mistakes.iter().any(|(span, _)| span.start <= place.start && place.end <= span.end);
            if !is_set && is_sound {
                planner.missing.add(store, name, place);
            }
        });
        findings.extend(steps(definition));
        findings.extend(mistakes.into_iter().map(|(_, found)| found));
        findings.extend(keys::check(definition, project));
        findings.extend(mounts::check(definition, around));
        findings.extend(numbers::check(definition, project.sources()));
    }
    planner.checking = Some(checking);
    for definition in declared {
        // One job that is too large takes long enough; the others are made of the same.
        if is_plannable(definition) && !planner.is_too_large {
            planner.check(definition, &mut findings);
        }
    }
    findings.extend(planner.checking.into_iter().flat_map(|checking| checking.findings));
    findings.extend(planner.warnings);
    // A value that is not set today may be set when it is needed.
    findings.extend(
        planner.missing.diagnostics().map(|found| Diagnostic { severity: Severity::Warning, ..found }),
    );
    findings.without_follow_ups(&loaded.diagnostics).sorted()
}

/// Whether planning finds more than follows from what is known to be wrong. A definition of a wrong id is sound inside.
fn is_plannable(definition: &Definition) -> bool {
    let mut errors = definition.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    matches!(definition.body, Body::Steps(_)) || errors.all(|found| found.id == "invalid-id")
}

impl<'p> Planner<'p> {
    fn check(&mut self, definition: &'p Definition, findings: &mut Findings) {
        self.drafts.clear();
        self.lists.clear();
        self.stack.clear();
        let list = self.new_list(None);
        let name = definition.id.text.clone();
        if definition.kind == Kind::Template {
            let bound = assumed(definition);
            findings.extend(self.job_timeout(definition, &bound).err().into_iter().flatten());
            self.template(definition, name, &bound, list);
        } else {
            self.called(definition, step_id(&name), name, Given::default(), list, None);
        }
        let drafts = std::mem::take(&mut self.drafts);
        for draft in &drafts {
            if let DraftDoes::Fails(found) = &draft.does {
                findings.extend(found.iter().filter(|found| !is_missing(found)).cloned());
            }
        }
        let steps = settle(drafts, &self.lists);
        failures(&steps, findings);
        findings.extend(endless::check(definition, &steps, self.project));
        findings.extend(outputs::check(definition, &steps, self.project.sources()));
    }

    /// The params of the definition that is checked: nobody knows their values. None for whatever it calls.
    pub(crate) fn assumed(&self, definition: &Definition) -> Option<Bound> {
        (self.checking.is_some() && self.stack.len() == 1).then(|| assumed(definition))
    }
}

fn assumed(definition: &Definition) -> Bound {
    let mut bound = Bound::default();
    for param in &definition.params {
        bound.unknown.insert(param.id.text.clone(), Vec::new());
    }
    bound
}

fn is_missing(found: &Diagnostic) -> bool {
    matches!(found.id, "missing-value" | "missing-secret")
}

fn failures(steps: &[StepPlan], findings: &mut Findings) {
    for step in steps {
        match &step.does {
            Does::Fails(found) => findings.extend(found.iter().filter(|found| !is_missing(found)).cloned()),
            Does::Group(steps) => failures(steps, findings),
            Does::Code(_) | Does::Late | Does::Skip => {}
        }
    }
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
