//! The world of code that is no step: it has the values and secrets of the project, and whatever else needs no job. What
//! needs one is done by a job that begins with the first such call, or by one that runs already.

mod job;

use std::io::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pt_engine::Alone;
use pt_eval::{EvalError, EvalErrorKind, Host, Limits, NoHost};
use pt_model::{CodeLimits, Data, Failure, Map, Masker, Part, Secret, Text, VALUE_NAMES, is_value_name};
use pt_server::{App, Environment, LoadedProject};

use crate::failure::Outcome;
use crate::targets;
pub(crate) use job::Job;

/// Answers the calls of code.
pub(crate) struct Sandbox<'c> {
    context: &'c str,
    params: &'c Map,
    for_all: CodeLimits,
    /// What the code may use up: setting their interrupt ends it, and what a call waits for.
    limits: Limits,
    /// Opened when something of the project is asked for: most code asks for nothing, and should not wait.
    opened: Option<Opened>,
    /// What kept the project or the job away. Nobody may take it for a value that is not set.
    broken: Option<crate::failure::Failure>,
    /// The secrets that were handed out.
    secrets: Arc<Mutex<Masker>>,
    /// Whether what is printed is what is wanted, rather than a word on the way to a value.
    talking: bool,
    /// When it is to be set, if nothing has been waited for yet.
    end: Option<Instant>,
    job: Option<Job>,
    /// How many pieces of code evaluate one another.
    evaluations: usize,
}

/// The project around the working directory.
struct Opened {
    app: App,
    project: LoadedProject,
}

/// How many pieces of code may evaluate one another.
const DEEPEST: usize = 16;

impl<'c> Sandbox<'c> {
    /// With the values and secrets of this context, and what all code may use up.
    pub(crate) fn new(context: &'c str, params: &'c Map, for_all: CodeLimits) -> Self {
        Self {
            context,
            for_all,
            limits: Limits::of_code().set(for_all),
            params,
            opened: None,
            broken: None,
            secrets: Arc::default(),
            talking: false,
            end: None,
            job: None,
            evaluations: 0,
        }
    }

    /// What code prints goes to stdout.
    pub(crate) fn talking(mut self) -> Self {
        self.talking = true;
        self
    }

    /// Waiting ends when the time is over.
    pub(crate) fn limited(mut self, time: Duration) -> Self {
        self.end = Some(Instant::now() + time);
        self
    }

    /// What code evaluates may use up what that code may. A signal that ends waiting ends the code, too; and what ends the code
    /// ends waiting.
    pub(crate) fn bounded(mut self, limits: &Limits) -> Self {
        self.limits = limits.clone();
        self
    }

    /// Takes part in a job that runs.
    pub(crate) fn within(mut self, job: Option<Job>) -> Self {
        self.job = job;
        self
    }

    /// The secrets that were handed out, and will be.
    pub(crate) fn secrets(&self) -> Arc<Mutex<Masker>> {
        Arc::clone(&self.secrets)
    }

    /// Leaves the job; if it was begun for this code, ends it.
    ///
    /// # Errors
    /// Something that was asked for could not be had: the store, the project, what runs containers.
    pub(crate) fn close(&mut self) -> Outcome {
        if let Some(job) = self.job.take() {
            job.leave();
        }
        self.broken.take().map_or(Ok(()), Err)
    }

    fn hand_out(&self, text: Text) -> Data {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        for part in text.parts() {
            if let Part::Secret(secret) = part {
                secrets.add(secret.clone());
            }
        }
        Data::from(text)
    }

    /// What is asked of the project.
    fn ask<T>(
        &mut self,
        question: impl FnOnce(&Opened) -> Result<T, crate::failure::Failure>,
    ) -> Result<T, Failure> {
        let answer = match &self.opened {
            Some(opened) => question(opened),
            None => open(self.context, self.for_all).and_then(|opened| question(self.opened.insert(opened))),
        };
        answer.map_err(|broken| {
            let message = broken.message.clone().unwrap_or_else(|| "The project cannot be read.".to_owned());
            self.broken = Some(broken);
            Failure::new(message, Data::Null)
        })
    }

    fn value(&mut self, name: &str) -> Result<Data, Failure> {
        let found = self.ask(|Opened { app, project }| Ok(app.store.value(&project.scope, name)?))?;
        found.map(|value| Data::from(value.data)).ok_or_else(|| unset("Value", name))
    }

    fn secret(&mut self, name: &str) -> Result<Data, Failure> {
        let found = self.ask(|Opened { app, project }| Ok(app.store.secret(&project.scope, name)?))?;
        let secret = found.ok_or_else(|| unset("Secret", name))?;
        Ok(self.hand_out(Text::from(secret)))
    }

    fn project_value(&mut self, name: &str) -> Result<Data, Failure> {
        let found = self.ask(|Opened { app, project }| Ok(app.store.value(&project.scope, name)?))?;
        Ok(match found {
            Some(value) if value.structure.is_null() => Data::Str(value.data),
            Some(value) => value.structure,
            None => Data::Null,
        })
    }

    fn set(&mut self, function: &str, name: &str, data: &Data) -> Result<Data, Failure> {
        if !is_value_name(name) {
            let noun = if function == "set-secret" { "secret" } else { "value" };
            let message = format!("pt/{function}: '{name}' is no name for a {noun}. {VALUE_NAMES}");
            return Err(Failure::new(message, Data::Null));
        }
        let now = Timestamp::now();
        self.ask(|Opened { app, project }| match function {
            "set-secret" => {
                let secret = Secret::new(name, data.to_text().expose());
                Ok(app.store.set_secret(&project.scope, &secret, now)?)
            }
            _ => Ok(app.store.set_value_data(&project.scope, name, data, now)?),
        })?;
        Ok(Data::Null)
    }

    /// Before the first wait: has it ended in time.
    fn wait_no_longer(&mut self) {
        let Some(end) = self.end.take() else { return };
        let interrupt = Arc::clone(&self.limits.interrupt);
        let wait = move || {
            thread::sleep(end.saturating_duration_since(Instant::now()));
            interrupt.store(true, Ordering::Relaxed);
        };
        // It ends with the process. Without a thread for it the wait ends when it ends.
        drop(thread::Builder::new().name("timeout".to_owned()).spawn(wait));
    }

    /// What needs no job.
    fn alone(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let mut alone =
            Alone { root: "/".into(), outside: None, interrupt: Arc::clone(&self.limits.interrupt) };
        if function == "read-repo-file" {
            (alone.root, alone.outside) = self.ask(|Opened { app, project }| {
                Ok((project.instance.root.clone(), Some(app.outside(project))))
            })?;
        }
        self.wait_no_longer();
        alone.call(function, args)
    }

    /// The value of code that code hands over.
    fn eval(&mut self, args: &[Data]) -> Result<Data, Failure> {
        let text = args.first().map(|text| text.to_text().expose()).unwrap_or_default();
        if self.evaluations >= DEEPEST {
            let message = format!("pt/eval: Code evaluates code {DEEPEST} levels deep.");
            return Err(Failure::new(message, Data::Null));
        }
        let code = super::code(&text, None);
        let masker = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let scope =
            pt_eval::Scope { params: self.params, repo_ref: None, project_ref: None, masker: &masker };
        let limits = self.limits.clone().shallow();
        self.evaluations += 1;
        let result = pt_eval::run(&super::snippet(&code), &scope, &limits, self);
        self.evaluations -= 1;
        result.map_err(|EvalError { kind, message, .. }| match kind {
            EvalErrorKind::Failed(failure) => *failure,
            EvalErrorKind::Code
            | EvalErrorKind::Interrupted
            | EvalErrorKind::TimedOut
            | EvalErrorKind::OutOfMemory => Failure::new(message, Data::Null),
        })
    }

    /// What needs a job.
    fn in_job(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        if self.job.is_none() {
            let interrupt = Arc::clone(&self.limits.interrupt);
            let job = self.ask(|Opened { app, project }| Job::begin(app, project.clone(), interrupt))?;
            self.job = Some(job);
        }
        self.wait_no_longer();
        match &mut self.job {
            Some(job) => job.call(function, args, &self.limits.interrupt),
            None => NoHost.call(function, args),
        }
    }
}

impl Host for Sandbox<'_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let text = |at: usize| args.get(at).map(|arg| arg.to_text().expose()).unwrap_or_default();
        match function {
            // Values of the job come first, where there is one.
            "value" if self.job.is_none() => self.value(&text(0)),
            "secret" => self.secret(&text(0)),
            "get-project-value" => self.project_value(&text(0)),
            "set-project-value" | "set-value" | "set-secret" => {
                self.set(function, &text(0), args.get(1).unwrap_or(&Data::Null))
            }
            "log" | "log-chunk" => {
                let said: Vec<String> = args.iter().map(|word| word.to_text().masked()).collect();
                self.print(&match said.as_slice() {
                    [level, text] if ["error", "warn", "debug"].contains(&level.as_str()) => {
                        format!("{level}: {text}")
                    }
                    [level, text] if level == "info" => text.clone(),
                    words => words.join(" "),
                });
                NoHost.call(function, args)
            }
            "eval" => self.eval(&args),
            known if Alone::knows(known) => self.alone(function, args),
            _ => self.in_job(function, args),
        }
    }

    fn print(&mut self, line: &str) {
        // Where nobody reads it there is nobody to tell.
        let _ = if self.talking {
            writeln!(anstream::stdout().lock(), "{line}")
        } else {
            writeln!(anstream::stderr().lock(), "{line}")
        };
    }
}

impl Drop for Sandbox<'_> {
    fn drop(&mut self) {
        // What keeps it from ending well was told, or nobody asked.
        let _ = self.close();
    }
}

fn open(context: &str, limits: CodeLimits) -> Result<Opened, crate::failure::Failure> {
    let app = App::open(Environment { limits, ..Environment::read()? })?;
    let project = targets::readable(app.load(None, context)?)?;
    Ok(Opened { app, project })
}

fn unset(noun: &str, name: &str) -> Failure {
    Failure::new(format!("{noun} '{name}' is not set."), Data::Null)
}
