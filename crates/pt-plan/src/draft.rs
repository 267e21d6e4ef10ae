//! Steps before their order is known.

use pt_spec::{After, Condition, Name};
use pt_syntax::{Diagnostic, Span};

use crate::plan::{CodeCall, TemplateUse};
use crate::terms::Terms;

/// Which draft.
pub(crate) type DraftId = usize;

/// Which list of declared steps.
pub(crate) type ListId = usize;

/// A step whose id may be taken and whose `after` may name nothing.
#[derive(Debug)]
pub(crate) struct Draft<'p> {
    /// Its id as declared.
    pub(crate) declared: String,
    /// What it waits for, and in which list the names are looked up.
    pub(crate) waits: Vec<(ListId, &'p After)>,
    /// Drafts of earlier requests that must have succeeded.
    pub(crate) follows: Vec<DraftId>,
    pub(crate) chain: Vec<String>,
    pub(crate) does: DraftDoes,
    pub(crate) terms: Terms,
    /// Of a group: whether its result is the list of its steps' results.
    pub(crate) joins: bool,
    /// After which of its steps a call of it returns, and in which list the names are looked up.
    pub(crate) awaits: Option<(ListId, &'p [Name])>,
    pub(crate) templates: Vec<TemplateUse>,
    pub(crate) span: Option<Span>,
    /// The group it is in.
    pub(crate) parent: Option<DraftId>,
}

#[derive(Debug)]
pub(crate) enum DraftDoes {
    Code(Box<CodeCall>),
    /// The drafts that have this one as parent.
    Group,
    Late,
    Skip,
    Fails(Vec<Diagnostic>),
}

/// A list of declared steps: whom each declared name stands for. A step that names a template stands for all of the
/// template's steps.
#[derive(Debug, Default)]
pub(crate) struct StepList {
    pub(crate) parent: Option<ListId>,
    pub(crate) names: Vec<(String, Vec<DraftId>)>,
}

/// A wait whose names were found.
#[derive(Debug)]
pub(crate) struct Wait {
    pub(crate) drafts: Vec<DraftId>,
    /// Where each of them was named; nowhere, if it is not waited for by name.
    pub(crate) places: Vec<Span>,
    pub(crate) condition: Condition,
}
