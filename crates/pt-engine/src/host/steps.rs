//! Modules, steps, code within code, and time.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use std::sync::Arc;
use std::time::Instant;

use pt_eval::{EvalError, EvalErrorKind, Scope};
use pt_model::{Data, Failure, StepId};
use pt_plan::{CodeCall, Condition, Request, RunWhen, Snippet};
use pt_syntax::{Language, Reading, Sources, Span, references};

use super::StepHost;
use crate::args::{Args, entry, local_id};
use crate::call::{Question, SpawnDoes, SpawnStep};
use crate::dispatcher::SpawnedCode;
use crate::step::explain;

/// How many pieces of code may evaluate one another.
const DEEPEST: usize = 16;

impl StepHost {
    /// `(pt/call-module name args)`: runs it as a step and gives its result.
    pub(super) fn call_module(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let reference = args.text(0, "module")?;
        self.ask(Question::CallModule(request(args, reference, args.at(1))?))
    }

    /// `(pt/spawn-step spec)`: runs a module, or code, as a step.
    pub(super) fn spawn_step(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let spec = args.at(0);
        if let Some(reference) = spec.as_str() {
            let does = SpawnDoes::Call(request(args, reference.to_owned(), args.at(1))?);
            return self.ask(Question::SpawnStep(Box::new(SpawnStep {
                id: None,
                run_when: Vec::new(),
                does,
            })));
        }
        let id = args.optional_text(entry(spec, &["id", "name"]), "id")?;
        if let Some(id) = id.as_deref().filter(|id| !pt_syntax::is_id(id)) {
            return Err(args.wrong("id", "Must be a valid ID", &Data::from(id)));
        }
        let run_when = run_when(args, spec)?;
        let code = entry(spec, &["code"]);
        let does = if code.is_null() {
            let module = entry(spec, &["module", "tool", "template"]);
            let reference = args.text_of(module, "module")?;
            SpawnDoes::Call(request(args, reference, entry(spec, &["args", "params", "inputs"]))?)
        } else {
            SpawnDoes::Code(Box::new(self.code(&args.text_of(code, "code")?)))
        };
        self.ask(Question::SpawnStep(Box::new(SpawnStep { id, run_when, does })))
    }

    /// Code that code hands over: it sees what the code around it sees.
    fn code(&self, text: &str) -> SpawnedCode {
        let mut sources = Sources::default();
        let source = sources.add("code", text);
        let code_span = Span { source, start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) };
        let call = CodeCall {
            module: "custom-code".to_owned(),
            snippet: snippet(text, self.call.snippet.settings),
            code_span,
            params: self.call.params.clone(),
            services: Vec::new(),
            home: self.call.home.clone(),
            origins: None,
            allowance: self.call.allowance.clone(),
        };
        SpawnedCode { call, sources }
    }

    /// `(pt/eval code)`: the value of code, which sees what the code around it sees.
    pub(super) fn eval(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        let SpawnedCode { call, sources } = self.code(&args.text(0, "code")?);
        if self.evaluations >= DEEPEST {
            return Err(args.failure(format!("Code evaluates code {DEEPEST} levels deep.")));
        }
        // It stands on the stack of what evaluates it.
        let (limits, masker) = (self.limits.clone().shallow(), self.context.mask.now());
        let outer = Arc::clone(&self.call);
        let scope = Scope {
            params: &outer.params,
            repo_ref: outer.home.repo_ref.as_deref(),
            project_ref: outer.home.project_ref.as_deref(),
            masker: &masker,
        };
        self.evaluations += 1;
        let result = pt_eval::run(&call.snippet.as_code(), &scope, &limits, self);
        self.evaluations -= 1;
        result.map_err(|error| match error {
            // For the code that catches it, not for people.
            EvalError { kind: EvalErrorKind::Failed(failure), .. } => *failure,
            error => explain(error, &call, &sources),
        })
    }

    pub(super) fn output(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let step = local_id(&args.text(0, "step")?).to_owned();
        let path = args.optional_text(args.at(1), "path")?;
        self.ask(Question::Output { step, path })
    }

    #[inline(never)]
    pub(super) fn sleep(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let time = args.duration(args.at(0), "")?;
        // Longer than there is time is for ever.
        let end = Instant::now().checked_add(time);
        self.park(std::future::pending::<()>(), end)?;
        Ok(Data::Null)
    }
}

fn request(args: &Args<'_>, reference: String, given: &Data) -> Result<Request, Failure> {
    let args = match given {
        Data::Null => Default::default(),
        Data::Map(map) => map.clone(),
        other => return Err(args.wrong("args", "Must be a map", other)),
    };
    Ok(Request { reference, args: *args, from_code: true, ..Request::default() })
}

/// `{:run-when {:after step :after-condition c}}`, and `:after` beside the module.
fn run_when(args: &Args<'_>, spec: &Data) -> Result<Vec<RunWhen>, Failure> {
    let nested = entry(spec, &["run-when"]);
    let spec = if nested.is_null() { spec } else { nested };
    let after = match entry(spec, &["after"]) {
        Data::Map(map) => map.get("step").unwrap_or(&Data::Null),
        after => after,
    };
    let steps: Vec<StepId> = match after {
        Data::Null => return Ok(Vec::new()),
        Data::List(items) => {
            items.iter().map(|item| args.text_of(item, "after").map(StepId::new)).collect::<Result<_, _>>()?
        }
        step => vec![args.text_of(step, "after").map(StepId::new)?],
    };
    let condition = match entry(spec, &["after-condition", "condition"]) {
        Data::Null => Condition::Success,
        word => match word.as_str() {
            Some("success") => Condition::Success,
            Some("always") => Condition::Always,
            Some("failed") => Condition::Failed,
            Some("ready") => Condition::Ready,
            _ => {
                return Err(args.wrong(
                    "after-condition",
                    r#"Must be one of "success", "always", "failed", "ready""#,
                    word,
                ));
            }
        },
    };
    Ok(vec![RunWhen { steps, condition }])
}

/// Code by its prefix; Clojure without one, with the `settings` of the code around it.
fn snippet(text: &str, settings: bool) -> Snippet {
    let (language, body, settings) = match references(text) {
        Reading::Code(code) => (code.language, code.body, code.late),
        Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_) => {
            (Language::Clojure, text, settings)
        }
    };
    let language = match language {
        Language::Clojure => pt_eval::Language::Clojure,
        Language::JavaScript => pt_eval::Language::JavaScript,
        Language::Python => pt_eval::Language::Python,
    };
    Snippet { language, text: body.into(), settings }
}
