//! From steps and the modules they call down to code.

use std::rc::Rc;

use pt_model::ServiceSpec;
use pt_spec::{Body, Definition, Kind, Step, StepBody, Wanted};
use pt_syntax::{Diagnostic, ModuleRef, Node, Severity, Span};

use crate::allowance::Allowance;
use crate::bind::{Bound, Given};
use crate::check::calls::in_vain;
use crate::check::code::{doubts, unreadable};
use crate::check::endless;
use crate::check::params::undeclared_in_body;
use crate::draft::{Draft, DraftDoes, DraftId, ListId};
use crate::plan::{CodeCall, Home, Snippet, TemplateUse};
use crate::planner::Planner;
use crate::prepared::Prepared;
use crate::snippet::snippet;
use crate::swallowed::with_swallowed_line;
use crate::terms::{Agreed, Terms};

/// How deep modules and templates may call each other, and of how many steps a job may consist.
const MOST_CALLS: usize = 100;
const MOST_STEPS: usize = 50_000;

/// What a chain of modules ends in.
enum End<'p> {
    Code { definition: &'p Definition, node: &'p Node, bound: Bound, written_in: Option<&'p Definition> },
    Steps { definition: &'p Definition, bound: Bound },
}

/// The id that a step has without an `id` of its own: the last component of what it calls.
pub(crate) fn step_id(reference: &str) -> String {
    match ModuleRef::parse(reference) {
        Ok(parsed) => parsed.step_id().to_owned(),
        Err(_) => reference.rsplit(['!', '/']).next().unwrap_or(reference).to_owned(),
    }
}

/// The id of a step, given or not.
pub(crate) fn name_of(step: &Step) -> String {
    match (&step.id, &step.does) {
        (Some(id), _) => id.text.clone(),
        (None, StepBody::Call { reference, .. }) => step_id(&reference.text),
        (None, StepBody::Code(_) | StepBody::Nothing) => "code".to_owned(),
    }
}

impl<'p> Planner<'p> {
    /// Expands the steps of a definition into `list`; gives the drafts of that list.
    pub(crate) fn body_steps(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        list: ListId,
        parent: Option<DraftId>,
    ) -> Vec<DraftId> {
        let Body::Steps(steps) = &definition.body else { return Vec::new() };
        self.steps_in_parts(definition, bound, steps, list, parent)
            .unwrap_or_else(|| self.each_step(definition, bound, steps, list, parent))
    }

    /// Expands steps into `list`, one after another; gives the drafts of that list.
    pub(crate) fn each_step(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        steps: &'p [Step],
        list: ListId,
        parent: Option<DraftId>,
    ) -> Vec<DraftId> {
        let mut drafts = Vec::new();
        for step in steps {
            let first = self.drafts.len();
            let (name, made) = self.step_or_items(definition, bound, step, list);
            for draft in first..self.drafts.len() {
                let draft = &mut self.drafts[draft];
                draft.parent = draft.parent.or(parent);
            }
            for draft in &made {
                let waits = step.after.iter().map(|after| (list, after));
                self.drafts[*draft].waits.splice(0..0, waits);
            }
            self.lists[list].names.push((name, made.clone()));
            drafts.extend(made);
        }
        drafts
    }

    /// Expands a step, once for each item if it says so; gives its name and the drafts it stands for.
    fn step_or_items(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
    ) -> (String, Vec<DraftId>) {
        let drafts = match &step.terms.for_each {
            Some(items) => vec![self.each_item(definition, bound, step, items, list)],
            None => self.step_on_terms(definition, bound, step, list),
        };
        (name_of(step), drafts)
    }

    /// Expands a step on its terms, if it is run at all; gives the drafts it stands for.
    pub(crate) fn step_on_terms(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
    ) -> Vec<DraftId> {
        let (does, terms) = match self.agree(definition, bound, step) {
            Ok(Agreed::Run(terms)) => {
                let drafts = self.step_as_written(definition, bound, step, list);
                self.set_terms(&drafts, &terms, step);
                return drafts;
            }
            Ok(Agreed::Later(terms)) => (DraftDoes::Late, terms),
            Ok(Agreed::Skip) => (DraftDoes::Skip, Terms::default()),
            // What the items of a list are bound to is known where the list is taken apart.
            Err(found) if step.terms.for_each.is_some() => (DraftDoes::Fails(found), Terms::default()),
            Err(found) => match self.told(found) {
                Ok(()) => return self.step_as_written(definition, bound, step, list),
                Err(found) => (DraftDoes::Fails(found), Terms::default()),
            },
        };
        let draft = self.draft(name_of(step), Vec::new(), does, Some(step.span));
        self.drafts[draft].terms = terms;
        vec![draft]
    }

    /// Expands a step. What it was not given may stand where it is written wrong: that is told already.
    fn step_as_written(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
    ) -> Vec<DraftId> {
        let drafts = self.step(definition, bound, step, list);
        if step.diagnostics.iter().any(|found| found.severity == Severity::Error) {
            for draft in &drafts {
                if let DraftDoes::Fails(found) = &mut self.drafts[*draft].does {
                    found.retain(|found| found.id != "missing-arg");
                }
            }
        }
        drafts
    }

    /// Keeps what is wrong with how a step is written while a project is checked: what it does is looked at all the same.
    fn told(&mut self, found: Vec<Diagnostic>) -> Result<(), Vec<Diagnostic>> {
        let Some(checking) = &mut self.checking else { return Err(found) };
        checking.findings.extend(found);
        Ok(())
    }

    /// A step that stands for those of a template has no terms: it was refused before.
    fn set_terms(&mut self, drafts: &[DraftId], terms: &Terms, step: &Step) {
        for draft in drafts {
            let draft = &mut self.drafts[*draft];
            draft.terms.clone_from(terms);
            let wrong = match &draft.does {
                DraftDoes::Group if terms.retries.is_some() => Some(only_code(
                    "`retries` are for steps that end in code",
                    "to those that may fail",
                    step,
                )),
                DraftDoes::Group if terms.cache.is_some() => {
                    Some(only_code("`cache` is for steps that end in code", "to those that take long", step))
                }
                DraftDoes::Code(call) => {
                    terms.cache.as_ref().and_then(|cache| cache.refusal(call)).map(|why| {
                        Diagnostic::error("wrong-shape", why).at(step.span, "this step has a `cache`")
                    })
                }
                DraftDoes::Group | DraftDoes::Late | DraftDoes::Skip | DraftDoes::Fails(_) => None,
            };
            if let Some(wrong) = wrong {
                draft.does = DraftDoes::Fails(vec![wrong]);
            }
        }
    }

    /// Expands a step; gives the drafts it stands for.
    fn step(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
        list: ListId,
    ) -> Vec<DraftId> {
        let name = name_of(step);
        let span = Some(step.span);
        if step.diagnostics.iter().any(|found| found.severity == Severity::Error) {
            if let Err(found) = self.told(step.diagnostics.clone()) {
                return vec![self.draft(name, Vec::new(), DraftDoes::Fails(found), span)];
            }
        } else {
            self.warn(&step.diagnostics);
        }
        let (reference, wanted, args) = match &step.does {
            StepBody::Call { reference, wanted, args } => (reference, *wanted, args),
            StepBody::Code(node) => {
                let does = self.code_of_step(definition, bound, node);
                return vec![self.draft(name, Vec::new(), does, span)];
            }
            StepBody::Nothing => {
                let found = step.diagnostics.clone();
                return vec![self.draft(name, Vec::new(), DraftDoes::Fails(found), span)];
            }
        };
        let chain = vec![reference.text.clone()];
        let callee = match self.project.resolve(Some(definition), &reference.text, wanted) {
            Ok(callee) => callee,
            Err(found) => {
                let found = with_swallowed_line(found.at(reference.span, ""), self.project.sources());
                let found = DraftDoes::Fails(vec![found]);
                self.look_at_args(args, definition, bound);
                return vec![self.draft(name, chain, found, span)];
            }
        };
        let mut given = match self.evaluate_args(callee, args, definition, bound) {
            Ok(given) => given,
            Err(found) => {
                return vec![self.draft(name, chain, DraftDoes::Fails(found), span)];
            }
        };
        given.call = Some(reference.span);
        if callee.kind != Kind::Template {
            return vec![self.called(callee, name, reference.text.clone(), given, list, span)];
        }
        let started = self
            .enter(callee)
            .and_then(|()| self.no_cycle(callee, &reference.text, &[], Some(reference.span)))
            .and_then(|()| self.bind(callee, &reference.text, &given));
        match started {
            Ok(bound) => {
                let inner = self.new_list(Some(list));
                self.stack.push((callee, reference.text.clone()));
                self.template_uses += 1;
                let (reference, number) = (reference.text.clone(), self.template_uses);
                self.templates.push(TemplateUse { reference, number });
                let drafts = self.body_steps(callee, &bound, inner, None);
                self.templates.pop();
                self.stack.pop();
                drafts
            }
            Err(found) => vec![self.draft(name, chain, DraftDoes::Fails(found), span)],
        }
    }

    /// A step that calls a module or tool.
    pub(crate) fn called(
        &mut self,
        callee: &'p Definition,
        name: String,
        reference: String,
        given: Given<'p>,
        list: ListId,
        span: Option<Span>,
    ) -> DraftId {
        let mut chain = Vec::new();
        let depth = self.stack.len();
        let end = self.walk(callee, reference, given, &mut chain);
        let draft = match end {
            Ok(End::Code { definition, node, bound, written_in }) => {
                let mut does = self.code(definition, node, bound);
                if let (DraftDoes::Code(call), Some(written_in)) = (&mut does, written_in) {
                    call.home.args = Some(Box::new(self.home(written_in)));
                }
                self.draft(name, chain, does, span)
            }
            Ok(End::Steps { definition, bound }) => {
                let draft = self.draft(name, chain, DraftDoes::Group, span);
                let inner = self.new_list(Some(list));
                self.drafts[draft].awaits = definition.awaits.as_deref().map(|names| (inner, names));
                let around = std::mem::take(&mut self.templates);
                self.level += 1;
                self.body_steps(definition, &bound, inner, Some(draft));
                self.level -= 1;
                self.templates = around;
                draft
            }
            Err(found) => self.draft(name, chain, DraftDoes::Fails(found), span),
        };
        self.stack.truncate(depth);
        draft
    }

    /// Follows `module:` after `module:`. What was passed through is left on the stack.
    fn walk(
        &mut self,
        callee: &'p Definition,
        reference: String,
        given: Given<'p>,
        chain: &mut Vec<String>,
    ) -> Result<End<'p>, Vec<Diagnostic>> {
        let mut definition = callee;
        let mut reference = reference;
        let mut given = given;
        let mut written_in = None;
        loop {
            self.no_cycle(definition, &reference, chain, given.call)?;
            chain.push(reference.clone());
            if definition.origin.standard.is_some() {
                // What standard modules write themselves is about what they were given.
                written_in = given.written_in.filter(|by| by.origin.standard.is_none()).or(written_in);
            }
            self.stack.push((definition, reference.clone()));
            let bound = match self.assumed(definition) {
                Some(bound) => bound,
                None => {
                    self.enter(definition)?;
                    self.bind(definition, &reference, &given)?
                }
            };
            match &definition.body {
                Body::Code(node) => return Ok(End::Code { definition, node, bound, written_in }),
                Body::Steps(_) => return Ok(End::Steps { definition, bound }),
                Body::Nothing => return Err(definition.diagnostics.clone()),
                Body::Call { reference: next, args } => {
                    let callee = match self.project.resolve(Some(definition), &next.text, Wanted::Any) {
                        Ok(callee) => callee,
                        Err(found) => {
                            self.look_at_args(args, definition, &bound);
                            let found = found.at(next.span, "");
                            return Err(vec![with_swallowed_line(found, self.project.sources())]);
                        }
                    };
                    given = self.evaluate_args(callee, args, definition, &bound)?;
                    given.call = Some(next.span);
                    definition = callee;
                    reference.clone_from(&next.text);
                }
            }
        }
    }

    fn no_cycle(
        &mut self,
        definition: &Definition,
        reference: &str,
        chain: &[String],
        at: Option<Span>,
    ) -> Result<(), Vec<Diagnostic>> {
        let Some(first) = self.stack.iter().position(|(open, _)| std::ptr::eq(*open, definition)) else {
            return self.within_limits(reference, at);
        };
        let mut names: Vec<&str> = self.stack[first..].iter().map(|(_, name)| name.as_str()).collect();
        names.push(reference);
        let what = if definition.kind == Kind::Template && chain.is_empty() { "Template" } else { "Module" };
        let found = Diagnostic::error("module-cycle", format!("{what} cycle: {}", names.join(" -> ")));
        Err(vec![match at {
            Some(span) => found.at(span, "this leads back to where it came from"),
            None => found,
        }])
    }

    /// Whether so many steps more are not too many.
    pub(crate) fn has_room_for(&self, more: usize) -> bool {
        self.drafts.len() + more < MOST_STEPS
    }

    /// Nobody writes that much; whoever generates it by mistake shall not wait for it.
    fn within_limits(&mut self, reference: &str, at: Option<Span>) -> Result<(), Vec<Diagnostic>> {
        let message = match () {
            () if self.stack.len() >= MOST_CALLS => {
                format!(
                    "{reference}: Modules and templates call each other more than {MOST_CALLS} levels deep"
                )
            }
            () if self.drafts.len() >= MOST_STEPS => {
                self.is_too_large = true;
                format!("{reference}: The job has more than {MOST_STEPS} steps")
            }
            () => return Ok(()),
        };
        let found = Diagnostic::error("too-deep", message);
        Err(vec![match at {
            Some(span) => found.at(span, "this is where it stops"),
            None => found,
        }])
    }

    fn code(&mut self, definition: &'p Definition, node: &'p Node, bound: Bound) -> DraftDoes {
        if !bound.unknown.is_empty() && self.checking.is_none() {
            return unknown(bound.unknown.into_values().flatten());
        }
        let mut bound = bound;
        bound.unknown.keys().for_each(|id| drop(bound.values.shift_remove(id.as_str())));
        let prepared = self.prepared(definition);
        let of_code = prepared.of_code(definition, self.project);
        let services = of_code
            .serving
            .iter()
            .map(|at| &definition.params[*at])
            .flat_map(|param| {
                bound.values.get(param.id.text.as_str()).map(|value| param.ty.services_in(value))
            })
            .flatten()
            .filter_map(|service| ServiceSpec::from_data(service).ok())
            .collect();
        let params = match &self.checking {
            // Very many steps may be checked at once: only that is kept at which somebody looks.
            Some(_) => endless::looked_at(&bound.values),
            None => bound.values,
        };
        let snippet = of_code.snippet.clone().unwrap_or_else(|| snippet(node));
        match self.readable(definition, node, snippet) {
            Ok(snippet) => DraftDoes::Code(Box::new(CodeCall {
                module: self.canonical(definition),
                snippet,
                code_span: node.span,
                params,
                origins: bound.origins,
                services,
                home: of_code.home.clone(),
                allowance: Allowance::of(definition, self.named.limits()),
            })),
            Err(found) => DraftDoes::Fails(vec![*found]),
        }
    }

    fn code_of_step(&mut self, definition: &'p Definition, bound: &Bound, node: &'p Node) -> DraftDoes {
        if !bound.unknown.is_empty() && self.checking.is_none() {
            return unknown(bound.unknown.values().flatten().cloned());
        }
        match self.readable(definition, node, snippet(node)) {
            Ok(snippet) => DraftDoes::Code(Box::new(CodeCall {
                module: "custom-code".to_owned(),
                snippet,
                code_span: node.span,
                params: bound.values.clone(),
                origins: bound.origins.clone(),
                services: Vec::new(),
                home: self.home(definition),
                allowance: Allowance::of(definition, self.named.limits()),
            })),
            Err(found) => DraftDoes::Fails(vec![*found]),
        }
    }

    /// The code of a node, unless it cannot be read: then nothing of it would run. What else is wrong with it, it meets
    /// only when it gets there: that is said beforehand. A check looks at all code by itself.
    fn readable(
        &mut self,
        definition: &Definition,
        node: &Node,
        snippet: Result<Snippet, Box<Diagnostic>>,
    ) -> Result<Snippet, Box<Diagnostic>> {
        let snippet = snippet?;
        if self.checking.is_some() || definition.origin.standard.is_some() {
            return Ok(snippet);
        }
        if let Some(broken) = self.unreadable.get(&node.span) {
            return broken.clone().map_or(Ok(snippet), |found| Err(Box::new(found)));
        }
        let sources = self.project.sources();
        let broken = unreadable(node, sources);
        if broken.is_none() {
            self.warn(&doubts(node, sources));
            self.warn(&undeclared_in_body(node, definition, sources));
            self.warn(&in_vain(node, self.project));
        }
        self.unreadable.insert(node.span, broken.clone());
        broken.map_or(Ok(snippet), |found| Err(Box::new(found)))
    }

    /// What everybody calls a definition, whichever way it was referred to.
    pub(crate) fn canonical(&self, definition: &Definition) -> String {
        let id = &definition.id.text;
        if let Some(project) = definition.origin.other_project() {
            return format!("{project}!{id}");
        }
        let Some(project) = definition.origin.standard.as_deref() else { return id.clone() };
        let default = self.project.standard().module(self.project.sources(), project, None);
        if default.is_some_and(|default| std::ptr::eq(default, definition)) {
            format!("polytope/{project}")
        } else {
            format!("polytope/{project}!{id}")
        }
    }

    pub(crate) fn home(&mut self, definition: &Definition) -> Home {
        self.prepared(definition).of_code(definition, self.project).home.clone()
    }

    pub(crate) fn prepared(&mut self, definition: &Definition) -> Rc<Prepared> {
        self.all_prepared.of(definition)
    }

    pub(crate) fn draft(
        &mut self,
        declared: String,
        chain: Vec<String>,
        does: DraftDoes,
        span: Option<Span>,
    ) -> DraftId {
        self.drafts.push(Draft {
            declared,
            waits: Vec::new(),
            follows: Vec::new(),
            chain,
            does,
            terms: Terms::default(),
            joins: false,
            awaits: None,
            templates: self.templates.clone(),
            span,
            parent: None,
        });
        self.drafts.len() - 1
    }
}

/// What code does whose params are not all known: values and secrets that are not set stand in its way; results of steps
/// will be known.
fn unknown(why: impl Iterator<Item = Diagnostic>) -> DraftDoes {
    let why = distinct(why);
    if why.is_empty() { DraftDoes::Late } else { DraftDoes::Fails(why) }
}

fn distinct(diagnostics: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut distinct = Vec::new();
    for diagnostic in diagnostics {
        if !distinct.contains(&diagnostic) {
            distinct.push(diagnostic);
        }
    }
    distinct
}

/// Something that a step of steps cannot have, but those steps can.
fn only_code(what: &str, whom: &str, step: &Step) -> Diagnostic {
    let found = Diagnostic::error("wrong-shape", what).at(step.span, "this one runs steps of its own");
    let key = what.split(' ').next().unwrap_or_default();
    found.hint(format!("give {key} {whom}"))
}
