//! From requests to a plan.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use indexmap::IndexSet;
use pt_model::{Key, Map, Masker, Secret, camel};
use pt_spec::{Definition, Kind, Project, Wanted};
use pt_syntax::{Diagnostic, Span};

use crate::bind::{Bound, Given, bind, meant_for};
use crate::check::Checking;
use crate::draft::{Draft, DraftDoes, DraftId, StepList};
use crate::expand::step_id;
use crate::missing::AllMissing;
use crate::order::settle;
use crate::plan::{Named, Plan, Planned, Request, TemplateUse};
use crate::prepared::AllPrepared;
use crate::provenance::Provenance;

/// Plans a job that runs these targets. The targets of a group run side by side; a later group waits until everything
/// before it has succeeded.
pub fn plan<'p>(project: &'p Project, requests: &'p [Vec<Request>], named: &'p dyn Named) -> Planned {
    plan_by(Planner::new(project, named), requests)
}

/// The same, asking for values and secrets from several threads where that is quicker.
pub fn plan_on_threads<'p>(
    project: &'p Project,
    requests: &'p [Vec<Request>],
    named: &'p (dyn Named + Sync),
) -> Planned {
    let named_on_threads = Some(named).filter(|named| !named.minds_order());
    plan_by(Planner { named_on_threads, ..Planner::new(project, named) }, requests)
}

/// The same, and each piece of code that will run knows where its params came from ([`crate::CodeCall::origins`]).
pub fn plan_with_provenance<'p>(
    project: &'p Project,
    requests: &'p [Vec<Request>],
    named: &'p dyn Named,
) -> Planned {
    plan_by(Planner { explaining: true, ..Planner::new(project, named) }, requests)
}

fn plan_by<'p>(mut planner: Planner<'p>, requests: &'p [Vec<Request>]) -> Planned {
    let mut errors = Vec::new();
    let mut kind = None;
    for group in requests {
        let before: Vec<DraftId> = planner.top_drafts(0);
        let first = planner.drafts.len();
        for request in group {
            match planner.request(request) {
                Ok(what) => kind = kind.or(Some(what)),
                Err(diagnostic) => errors.push(*diagnostic),
            }
        }
        for draft in planner.top_drafts(first) {
            planner.drafts[draft].follows.clone_from(&before);
        }
    }
    let resolved = errors.is_empty();
    let mut diagnostics = errors;
    diagnostics.extend(planner.missing.diagnostics());
    diagnostics.extend(std::mem::take(&mut planner.warnings));
    let plan = kind.filter(|_| resolved).map(|kind| planner.finish(requests, kind));
    Planned { plan, diagnostics }
}

pub(crate) struct Planner<'p> {
    pub(crate) project: &'p Project,
    /// What was learned about the definitions that were called.
    pub(crate) all_prepared: AllPrepared,
    pub(crate) named: &'p dyn Named,
    /// The same, if it may be asked from several threads.
    pub(crate) named_on_threads: Option<&'p (dyn Named + Sync)>,
    pub(crate) drafts: Vec<Draft<'p>>,
    pub(crate) lists: Vec<StepList>,
    /// The definitions that are being expanded, outermost first, and what they were called.
    pub(crate) stack: Vec<(&'p Definition, String)>,
    /// The `template:` steps around, up to the group around.
    pub(crate) templates: Vec<TemplateUse>,
    pub(crate) template_uses: usize,
    /// The number of groups around.
    pub(crate) level: usize,
    /// How long the job may take.
    timeout: Option<Duration>,
    /// Whether a job had more steps than anybody may want.
    pub(crate) is_too_large: bool,
    pub(crate) missing: AllMissing,
    pub(crate) secrets: Vec<Secret>,
    /// Knows these secrets.
    pub(crate) masker: Masker,
    pub(crate) warnings: IndexSet<Diagnostic>,
    /// What keeps code from being read, by where the code stands: many steps may run the same.
    pub(crate) unreadable: HashMap<Span, Option<Diagnostic>>,
    /// Whether it is kept where values come from.
    pub(crate) explaining: bool,
    /// What is kept while a whole project is checked.
    pub(crate) checking: Option<Checking<'p>>,
    /// Definitions whose warnings were told.
    used: HashSet<*const Definition>,
}

impl<'p> Planner<'p> {
    pub(crate) fn new(project: &'p Project, named: &'p dyn Named) -> Self {
        Self {
            project,
            named,
            named_on_threads: None,
            drafts: Vec::new(),
            lists: Vec::new(),
            stack: Vec::new(),
            templates: Vec::new(),
            all_prepared: AllPrepared::default(),
            template_uses: 0,
            level: 0,
            timeout: None,
            is_too_large: false,
            missing: AllMissing::default(),
            secrets: Vec::new(),
            masker: Masker::default(),
            warnings: IndexSet::new(),
            unreadable: HashMap::new(),
            explaining: false,
            checking: None,
            used: HashSet::new(),
        }
    }

    fn top_drafts(&self, from: DraftId) -> Vec<DraftId> {
        (from..self.drafts.len()).filter(|draft| self.drafts[*draft].parent.is_none()).collect()
    }

    fn request(&mut self, request: &'p Request) -> Result<Kind, Box<Diagnostic>> {
        let wanted = if request.from_code { Wanted::Any } else { Wanted::Target };
        let definition = self.project.resolve(None, &request.reference, wanted).map_err(|found| {
            Box::new(match request.span {
                Some(span) => found.at(span, ""),
                None => *found,
            })
        })?;
        let mut given = Given {
            values: args(definition, request),
            written: request.written.iter().collect(),
            call: request.span,
            typed: !request.from_code,
            ..Given::default()
        };
        if self.explaining {
            let typed = request.args.keys().map(|id| (id.to_string(), Provenance::command_line()));
            given.origins = Some(typed.collect());
        }
        for id in request.args.keys().filter(|id| definition.param(id).is_none()) {
            let found = self.unknown_param(definition, id);
            let place = request.written.iter().find(|arg| arg.id.text == *id);
            let meant = meant_for(definition, found.replacement.as_deref(), &request.written);
            if let (Some(arg), Some(meant)) = (place, meant) {
                given.misspelt.push((arg.id.clone(), meant));
                continue;
            }
            self.warn(&[match place {
                Some(arg) => found.at(arg.id.span, "ignored"),
                None => found,
            }]);
        }
        let list = self.new_list(None);
        let name = request.reference.clone();
        if definition.kind == Kind::Template {
            let started = self.enter(definition).and_then(|()| self.bind(definition, &name, &given));
            match started {
                Ok(bound) => match self.job_timeout(definition, &bound) {
                    Ok(timeout) => {
                        self.timeout = timeout.into_iter().chain(self.timeout).min();
                        self.template(definition, name, &bound, list);
                    }
                    Err(found) => drop(self.draft(step_id(&name), vec![name], DraftDoes::Fails(found), None)),
                },
                Err(found) => drop(self.draft(step_id(&name), vec![name], DraftDoes::Fails(found), None)),
            }
        } else {
            self.called(definition, step_id(&name), name, given, list, None);
        }
        Ok(definition.kind)
    }

    pub(crate) fn template(&mut self, definition: &'p Definition, name: String, bound: &Bound, list: usize) {
        self.stack.push((definition, name));
        self.body_steps(definition, bound, list, None);
        self.stack.pop();
    }

    pub(crate) fn new_list(&mut self, parent: Option<usize>) -> usize {
        self.lists.push(StepList { parent, ..StepList::default() });
        self.lists.len() - 1
    }

    /// Takes a definition into use: its warnings are told once, its errors stop whoever wants it.
    pub(crate) fn enter(&mut self, definition: &'p Definition) -> Result<(), Vec<Diagnostic>> {
        if definition.is_broken() {
            return Err(definition.diagnostics.clone());
        }
        if self.used.insert(definition) {
            self.warnings.extend(definition.diagnostics.iter().cloned());
        }
        Ok(())
    }

    /// Gives every param of a definition its value.
    pub(crate) fn bind(
        &mut self,
        definition: &Definition,
        reference: &str,
        given: &Given<'_>,
    ) -> Result<Bound, Vec<Diagnostic>> {
        bind(definition, &self.prepared(definition), reference, given, self.project.sources())
    }

    pub(crate) fn warn(&mut self, diagnostics: &[Diagnostic]) {
        self.warnings.extend(diagnostics.iter().cloned());
    }

    fn finish(self, requests: &[Vec<Request>], kind: Kind) -> Plan {
        let all: Vec<&Request> = requests.iter().flatten().collect();
        let targets: Vec<&str> = all.iter().map(|request| request.reference.as_str()).collect();
        Plan {
            target: targets.join(", "),
            target_id: targets.first().map(|target| step_id(target)).unwrap_or_default(),
            kind,
            args: all.first().map(|request| request.args.clone()).unwrap_or_default(),
            requests: requests.to_vec(),
            steps: settle(self.drafts, &self.lists),
            secrets: self.secrets,
            timeout: self.timeout,
        }
    }
}

/// The args under the ids of the params they are for.
fn args(definition: &Definition, request: &Request) -> Map {
    let named = |id: &Key| {
        let param = definition.params.iter().find(|param| camel(&param.id.text) == *id);
        match param.filter(|_| request.from_code && definition.param(id).is_none()) {
            Some(param) => Key::from(param.id.text.as_str()),
            None => id.clone(),
        }
    };
    request.args.iter().map(|(id, value)| (named(id), value.clone())).collect()
}
