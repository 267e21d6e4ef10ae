//! What is going to run.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pt_eval::Language;
use pt_model::{CodeLimits, Data, Map, Secret, ServiceSpec, StepId, Text};
use pt_spec::{Arg, Condition, Kind, Name, plain};
use pt_syntax::{Diagnostic, Node, NodeKind, Sources, Span, TargetCall};

use crate::allowance::Allowance;
use crate::provenance::Origins;
use crate::terms::Terms;

/// What somebody wants to run: `polytope/postgres{image: x}`.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A template, tool or module.
    pub reference: String,
    /// What it is given.
    pub args: Map,
    /// Where it was written, in a text of the project; requests that nobody wrote were written nowhere.
    pub span: Option<Span>,
    /// The args as written there.
    pub written: Vec<Arg>,
    /// Whether code asks rather than a person: then tools and modules come before templates, and args may be in camelCase.
    pub from_code: bool,
}

impl From<TargetCall> for Request {
    fn from(call: TargetCall) -> Self {
        let args = call.args.as_ref().map(plain).and_then(|args| args.as_map().cloned()).unwrap_or_default();
        let written = call.args.iter().flat_map(Node::entries).map(|entry| Arg {
            id: Name { text: entry.key.clone(), span: entry.key_span },
            value: entry.value.clone(),
        });
        let (reference, span) = (call.reference, Some(call.span));
        Self { written: written.collect(), reference, args, span, from_code: false }
    }
}

/// Values and secrets that people have set.
pub trait Named {
    /// The value with this name.
    fn value(&self, name: &str) -> Option<String>;

    /// The secret with this name.
    ///
    /// It is a text that holds a [`Secret`], unless its value is only assumed: that is no secret, and shows.
    fn secret(&self, name: &str) -> Option<Text>;

    /// The result of a step, or what is at a path in it. None as long as nobody can know: then the step that asks is
    /// planned once more when its turn comes ([`Does::Late`]). `level` counts the groups around the place that asks.
    fn output(&self, _level: usize, _step: &str, _path: Option<&str>) -> Option<Data> {
        None
    }

    /// What code may use up whose definition does not say.
    fn limits(&self) -> CodeLimits {
        CodeLimits::default()
    }

    /// Whether it must be asked in the order in which names are written. If not, checks and plans ask on several threads.
    fn minds_order(&self) -> bool {
        false
    }
}

/// What planning gave.
#[derive(Debug)]
pub struct Planned {
    /// The plan; none when a target names nothing.
    pub plan: Option<Plan>,
    /// What stands against starting it (errors: unknown targets, values and secrets that are not set), and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// A job that can be started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The targets as requested, joined with commas.
    pub target: String,
    /// What ids of jobs of this plan begin with.
    pub target_id: String,
    /// What the first target is.
    pub kind: Kind,
    /// What the first target was given.
    pub args: Map,
    /// What was asked for.
    pub requests: Vec<Vec<Request>>,
    /// The steps in the order of their declaration.
    pub steps: Vec<StepPlan>,
    /// Every secret that the steps use.
    pub secrets: Vec<Secret>,
    /// How long the job may take.
    pub timeout: Option<Duration>,
}

/// A step that can be started.
#[derive(Clone, Debug)]
pub struct StepPlan {
    /// Its id, unique in the job.
    pub id: StepId,
    /// What it waits for: all of these.
    pub run_when: Vec<RunWhen>,
    /// The references from the step down to the code.
    pub chain: Vec<String>,
    /// What it does.
    pub does: Does,
    /// How it is run.
    pub terms: Terms,
    /// Whether its result is the list of the results of its steps, rather than the last of them. Groups only.
    pub joins: bool,
    /// After the end of which of its steps a call of it returns; without, when all have ended. Groups only.
    pub awaits: Option<Awaits>,
    /// The `template:` steps that it came from, outermost first; empty for steps that were written where they run.
    pub templates: Vec<TemplateUse>,
    /// Where it was declared; steps of the command line were declared nowhere.
    pub span: Option<Span>,
}

/// Steps of a group after whose end a call of the group returns; the others run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaits {
    /// As written; some may name no step.
    pub declared: Vec<String>,
    /// The steps that they name. With none, a call returns as soon as the steps have started.
    pub steps: Vec<StepId>,
}

/// A step that stands for the steps of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateUse {
    /// What the template is called there.
    pub reference: String,
    /// The same for all steps of one use, and for nothing else of the plan.
    pub number: usize,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunWhen {
    /// Steps that must have ended.
    pub steps: Vec<StepId>,
    /// How they must have ended.
    pub condition: Condition,
}

/// What a step does.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every step runs code")]
pub enum Does {
    /// It runs code.
    Code(CodeCall),
    /// It runs steps, and ends when all of them have ended.
    Group(Vec<StepPlan>),
    /// Its args hold results of other steps: what it does is known when its turn comes.
    Late,
    /// Nothing: its `when` says no.
    Skip,
    /// It fails at its turn, for these reasons.
    Fails(Vec<Diagnostic>),
}

/// A piece of code, without its prefix. [`pt_eval::Snippet`] with a text of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// What it is written in.
    pub language: Language,
    /// The code.
    pub text: Arc<str>,
    /// Whether it may ask for values and secrets while it runs.
    pub settings: bool,
}

impl Snippet {
    /// As the evaluator takes it.
    pub fn as_code(&self) -> pt_eval::Snippet<'_> {
        pt_eval::Snippet { language: self.language, text: &self.text, settings: self.settings }
    }
}

/// Code that can be run.
#[derive(Clone, Debug)]
pub struct CodeCall {
    /// The module it is the code of; `custom-code` for code of a step.
    pub module: String,
    /// The code.
    pub snippet: Snippet,
    /// Where the code stood, with its prefix.
    pub code_span: Span,
    /// What it is given: every declared param, null where nothing was given.
    pub params: Map,
    /// Where the params came from, if that was asked for.
    pub origins: Option<Origins>,
    /// The services among the params. Whoever spawns a container for this code publishes their ports.
    pub services: Vec<ServiceSpec>,
    /// Where it was declared.
    pub home: Home,
    /// What it may use up.
    pub allowance: Allowance,
}

impl Home {
    /// Of code that stands in no file, but is run in a directory.
    pub fn of_dir(dir: &Path) -> Self {
        let reference: Arc<str> = dir.display().to_string().into();
        Self {
            dir: dir.into(),
            repo_ref: Some(Arc::clone(&reference)),
            project_ref: Some(reference),
            checkout: None,
            args: None,
        }
    }

    /// What relative paths in args are relative to.
    pub fn of_args(&self) -> &Self {
        self.args.as_deref().unwrap_or(self)
    }
}

impl CodeCall {
    /// Where a piece of the snippet's text was written.
    pub fn place(&self, sources: &Sources, range: Range<usize>) -> Span {
        let prefixes: [&str; 2] = match (self.snippet.language, self.snippet.settings) {
            (Language::Clojure, false) => ["#pt-clj ", ""],
            (Language::Clojure, true) => ["pt.clj ", ""],
            (Language::JavaScript, false) => ["#pt-js ", ""],
            (Language::JavaScript, true) => ["pt.js ", ""],
            (Language::Python, false) => ["#pt-py ", ""],
            (Language::Python, true) => ["pt.py ", ""],
        };
        let source = sources.get(self.code_span.source);
        let within = |prefix: &str| {
            let kind = NodeKind::Str(format!("{prefix}{}", self.snippet.text));
            let node = Node { span: self.code_span, kind };
            node.span_within(&source.text, range.start + prefix.len()..range.end + prefix.len())
        };
        // A text that does not fit what was written gives the whole place.
        prefixes.into_iter().map(within).find(|span| *span != self.code_span).unwrap_or(self.code_span)
    }
}

/// Where code was declared; paths of repositories are relative to this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The directory of the declaring file; empty for standard modules.
    pub dir: Arc<Path>,
    /// What the code sees as its repository: for the project's own, the directory of the root file.
    pub repo_ref: Option<Arc<str>>,
    /// What the code sees as its project.
    pub project_ref: Option<Arc<str>>,
    /// The root of the repository of the declaring file, if that is another one than the project's.
    pub checkout: Option<Arc<Path>>,
    /// For code of a standard module, where its args were written: paths in them are relative to that.
    pub args: Option<Box<Self>>,
}
