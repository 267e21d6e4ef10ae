//! Every definition planned as if somebody had asked for it, with params whose values nobody knows.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use pt_spec::{Definition, Kind, Project};
use pt_syntax::{Diagnostic, Span};

use super::{Checking, endless, outputs};
use crate::bind::{Bound, Given};
use crate::draft::DraftDoes;
use crate::expand::step_id;
use crate::missing::AllMissing;
use crate::order::settle;
use crate::plan::{Does, Named, StepPlan};
use crate::planner::Planner;
use crate::prepared::AllPrepared;
use crate::side_by_side;

/// What planning one found.
pub(super) struct Trial {
    /// What is wrong with its steps.
    pub(super) found: Vec<Diagnostic>,
    /// What is wrong with args of its own.
    pub(super) of_args: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) missing: AllMissing,
    is_too_large: bool,
}

/// Plans these definitions, each by itself. After the first that is a job too large to plan none is looked at: that one
/// takes long enough, and the others are made of the same.
pub(super) fn of_all(
    definitions: &[&Definition],
    project: &Project,
    named: &(dyn Named + Sync),
    broken_code: &HashSet<Span>,
) -> Vec<Trial> {
    let numbered: Vec<_> = definitions.iter().enumerate().collect();
    let too_large = AtomicUsize::new(usize::MAX);
    let size = |(_, definition): &(usize, &&Definition)| side_by_side::size(definition);
    let plan = |all_prepared: &mut AllPrepared, (at, definition): &(usize, &&Definition)| {
        let wanted = *at <= too_large.load(Ordering::Relaxed);
        let trial = wanted.then(|| of(definition, project, named, broken_code, all_prepared))?;
        if trial.is_too_large {
            too_large.fetch_min(*at, Ordering::Relaxed);
        }
        Some(trial)
    };
    let trials: Vec<Option<Trial>> = match named.minds_order() {
        true => {
            let mut all_prepared = AllPrepared::default();
            numbered.iter().map(|one| plan(&mut all_prepared, one)).collect()
        }
        false => side_by_side::each(&numbered, size, plan),
    };
    // Whichever of them the threads met first: the same is told.
    trials.into_iter().take(too_large.into_inner().saturating_add(1)).flatten().collect()
}

fn of(
    definition: &Definition,
    project: &Project,
    named: &dyn Named,
    broken_code: &HashSet<Span>,
    all_prepared: &mut AllPrepared,
) -> Trial {
    let mut planner = Planner::new(project, named);
    planner.all_prepared = std::mem::take(all_prepared);
    planner.checking = Some(Checking { findings: Vec::new(), broken_code });
    let mut found = Vec::new();
    let list = planner.new_list(None);
    let name = definition.id.text.clone();
    if definition.kind == Kind::Template {
        let bound = assumed(definition);
        found.extend(planner.job_timeout(definition, &bound).err().into_iter().flatten());
        planner.template(definition, name, &bound, list);
    } else {
        planner.called(definition, step_id(&name), name, Given::default(), list, None);
    }
    for draft in &planner.drafts {
        if let DraftDoes::Fails(reasons) = &draft.does {
            found.extend(reasons.iter().filter(|reason| !is_missing(reason)).cloned());
        }
    }
    *all_prepared = planner.all_prepared;
    let steps = settle(planner.drafts, &planner.lists);
    failures(&steps, &mut found);
    found.extend(endless::check(definition, &steps, project));
    found.extend(outputs::check(definition, &steps, project.sources()));
    Trial {
        found,
        of_args: planner.checking.map(|checking| checking.findings).unwrap_or_default(),
        warnings: planner.warnings.into_iter().collect(),
        missing: planner.missing,
        is_too_large: planner.is_too_large,
    }
}

impl Planner<'_> {
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

fn failures(steps: &[StepPlan], found: &mut Vec<Diagnostic>) {
    for step in steps {
        match &step.does {
            Does::Fails(reasons) => {
                found.extend(reasons.iter().filter(|reason| !is_missing(reason)).cloned());
            }
            Does::Group(steps) => failures(steps, found),
            Does::Code(_) | Does::Late | Does::Skip => {}
        }
    }
}
