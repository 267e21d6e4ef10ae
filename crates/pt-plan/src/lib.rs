//! A request against a project becomes an immutable plan.
//!
//! [`plan`] resolves a target, binds args to params, follows the modules it calls down to the code that will run, and
//! puts the steps in order. The [`Plan`] it gives leaves nothing to decide: every reference is replaced, every piece of
//! code in args has run, every id is unique. What cannot be resolved becomes a step that fails when its turn comes
//! ([`Does::Fails`]), since one broken step stops no other; values and secrets that are not set are told all at once.
//!
//! [`check`] does the same for everything that a project declares, with params whose values nobody knows, and tells all
//! that is wrong.
//!
//! Nothing here does I/O: values and secrets come through [`Named`], files were read by the project.

mod allowance;
mod bind;
mod cache;
mod check;
mod container;
mod describe;
pub mod destructuring;
mod draft;
mod each;
mod evaluate;
mod expand;
mod explain;
mod literal;
mod missing;
mod no_type;
mod order;
mod partial;
mod parts;
mod plan;
mod planner;
mod prepared;
mod provenance;
mod settings;
mod side_by_side;
mod snippet;
mod swallowed;
mod terms;
mod tree;

pub use allowance::Allowance;
pub use cache::Cache;
pub use check::{Around, check};
pub use describe::describe;
pub use explain::{explain, explained};
pub use plan::{
    Awaits, CodeCall, Does, Home, Named, Plan, Planned, Request, RunWhen, Snippet, StepPlan, TemplateUse,
};
pub use planner::{plan, plan_on_threads, plan_with_provenance};
pub use provenance::{Origin, Origins, ParamPlace, Passed, Place, Provenance};
pub use pt_spec::{Condition, Kind};
pub use terms::{Lock, Retries, Terms};
pub use tree::tree;
