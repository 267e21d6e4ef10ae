//! Modules, templates and tools, as written.

use std::path::Path;
use std::sync::Arc;

use pt_model::{CodeLimits, Data};
use pt_syntax::{Diagnostic, Node, Severity, SourceId, Span};

use crate::Type;
use crate::repository::Repository;

/// What a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A module.
    Module,
    /// A template.
    Template,
    /// A tool.
    Tool,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Template => "template",
            Self::Tool => "tool",
        }
    }
}

/// A module, template or tool.
///
/// What is wrong inside it stops nobody before it is used; it is kept in [`Definition::diagnostics`].
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its id.
    pub id: Name,
    /// What it is.
    pub kind: Kind,
    /// Its name for people.
    pub name: Option<String>,
    /// What it is for.
    pub info: Option<String>,
    /// The version of the runner API that its code says it is written for; kept, without effect.
    pub api_version: Option<Data>,
    /// What it can be given.
    pub params: Vec<Param>,
    /// What it does.
    pub body: Body,
    /// Steps after whose end a call of this tool returns; without, all of them.
    pub awaits: Option<Vec<Name>>,
    /// How long a job of this template may take, as written.
    pub timeout: Option<Node>,
    /// What the code that stands in it may use up.
    pub limits: CodeLimits,
    /// Whether it is meant where only its project is named.
    pub is_default: bool,
    /// Where it was declared.
    pub origin: Origin,
    /// All of it in its file.
    pub span: Span,
    /// What is wrong inside it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Definition {
    /// The param with this id.
    pub fn param(&self, id: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.id.text == id)
    }

    /// Whether it cannot be used as it is.
    pub fn is_broken(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// A word of a file that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stood.
    pub span: Span,
}

/// A declared param.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its id.
    pub id: Name,
    /// Its name for people.
    pub name: Option<String>,
    /// What it is for.
    pub info: Option<String>,
    /// What its values must be.
    pub ty: Type,
    /// Where that is said; all of the param if it is not.
    pub ty_span: Span,
    /// All of it in its file.
    pub span: Span,
}

/// What a definition does.
#[derive(Clone, Debug)]
pub enum Body {
    /// It runs code.
    Code(Node),
    /// It calls another module.
    Call {
        /// Which.
        reference: Name,
        /// With these args.
        args: Vec<Arg>,
    },
    /// It runs steps.
    Steps(Vec<Step>),
    /// It does not say what it does; the definition's diagnostics complain.
    Nothing,
}

/// A supplied arg, as written.
#[derive(Clone, Debug)]
pub struct Arg {
    /// Which param it is for.
    pub id: Name,
    /// Its value: data in which references and code may stand.
    pub value: Node,
}

/// A step, as written.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id, if it was given one.
    pub id: Option<Name>,
    /// What it is for.
    pub info: Option<String>,
    /// What it does.
    pub does: StepBody,
    /// What it waits for.
    pub after: Vec<After>,
    /// How it is run.
    pub terms: Terms,
    /// All of it in its file.
    pub span: Span,
    /// What is wrong inside it.
    pub diagnostics: Vec<Diagnostic>,
}

/// How a step is run, beyond what it does: values as written.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Whether it is run at all.
    pub when: Option<Node>,
    /// The list for whose every item it is run once.
    pub for_each: Option<Node>,
    /// How often it is tried again when it fails.
    pub retries: Option<Node>,
    /// How long it may take.
    pub timeout: Option<Node>,
    /// What no two steps have at once.
    pub lock: Option<Node>,
    /// What must have changed for it to be run again.
    pub cache: Option<Node>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepBody {
    /// It calls something.
    Call {
        /// What.
        reference: Name,
        /// Which kinds of things the reference may name.
        wanted: Wanted,
        /// With these args.
        args: Vec<Arg>,
    },
    /// It runs code.
    Code(Node),
    /// It does not say what it does; the step's diagnostics complain.
    Nothing,
}

/// Which kinds of things a reference may name, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A tool, a module, or else a template: plain strings, `module:` and `tool:` of steps.
    Any,
    /// A template: `template:` of steps.
    Template,
    /// A template, or else a tool or module: targets on the command line.
    Target,
}

/// Steps that a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Their ids.
    pub steps: Vec<Name>,
    /// How they must end.
    pub condition: Condition,
}

/// How the steps that a step waits for must have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Condition {
    /// All of them well.
    #[default]
    Success,
    /// In whatever way.
    Always,
    /// At least one of them badly.
    Failed,
    /// Not at all: what they start is ready to be used.
    Ready,
}

impl Condition {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Always => "always",
            Self::Failed => "failed",
            Self::Ready => "ready",
        }
    }
}

/// The namespace of the project itself.
pub(crate) const OWN: usize = 0;

/// Where a definition was declared.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The text.
    pub file: SourceId,
    /// The directory of the file.
    pub dir: Arc<Path>,
    /// The standard project it belongs to; none for the user's own.
    pub standard: Option<Arc<str>>,
    /// The repository it belongs to, if that is another one than the project's.
    pub repository: Option<Arc<Repository>>,
    /// In whose names its references are looked up: the project's own, or those of a project that it refers to.
    pub(crate) namespace: usize,
}

impl Origin {
    /// Whether the people who work on the project wrote it.
    pub fn is_own(&self) -> bool {
        self.standard.is_none() && self.repository.is_none()
    }

    /// The project that it must be looked up in from elsewhere: `owner/project`, when its names are not the project's.
    pub fn other_project(&self) -> Option<&str> {
        self.repository.as_deref().filter(|_| self.namespace != OWN).map(|other| other.reference.as_str())
    }
}
