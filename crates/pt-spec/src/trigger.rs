//! What starts jobs by itself, as written.

use pt_syntax::{Diagnostic, Node, Span};

use crate::cron::Cron;
use crate::definition::{Definition, Name, Origin};

/// Something that starts a template when something happens, or at certain times.
///
/// What is wrong inside it stops nobody; it is kept in [`Trigger::diagnostics`].
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its id.
    pub id: Name,
    /// What it is for.
    pub info: Option<String>,
    /// When it fires: at any of these.
    pub on: Vec<TriggerOn>,
    /// What it starts; none if that makes no sense.
    pub template: Option<TriggerTemplate>,
    /// Where it was declared.
    pub origin: Origin,
    /// All of it in its file.
    pub span: Span,
    /// What is wrong inside it.
    pub diagnostics: Vec<Diagnostic>,
}

/// An occasion on which a trigger fires.
#[derive(Clone, Debug, Default)]
pub struct TriggerOn {
    /// These things happening.
    pub events: Vec<EventKind>,
    /// These times.
    pub schedule: Option<Cron>,
    /// These times, as written.
    pub schedule_text: Option<String>,
    /// Code that must give something truthy for it; it sees the `event`.
    pub when: Option<Node>,
}

/// What a trigger starts.
#[derive(Clone, Debug)]
pub enum TriggerTemplate {
    /// A template of the project.
    Named(Name),
    /// One that is written in place.
    Inline(Box<Definition>),
    /// Whichever the code gives.
    Code(Node),
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $word:literal)*) => {
        /// What happens in a project.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

events! {
    /// An issue was created.
    IssueCreated = "issue-created"
    /// An issue was modified.
    IssueModified = "issue-modified"
    /// An issue was deleted.
    IssueDeleted = "issue-deleted"
    /// A pull request was created.
    PrCreated = "pr-created"
    /// A pull request was modified.
    PrModified = "pr-modified"
    /// A pull request was deleted.
    PrDeleted = "pr-deleted"
    /// A branch was added.
    GitBranchAdded = "git-branch-added"
    /// A branch was updated.
    GitBranchUpdated = "git-branch-updated"
    /// A branch was deleted.
    GitBranchDeleted = "git-branch-deleted"
    /// A tag was added.
    GitTagAdded = "git-tag-added"
    /// A tag was updated.
    GitTagUpdated = "git-tag-updated"
    /// A tag was deleted.
    GitTagDeleted = "git-tag-deleted"
}

impl EventKind {
    /// The event with this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.word() == word)
    }
}
