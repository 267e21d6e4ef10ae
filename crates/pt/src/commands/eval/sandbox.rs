//! The world of code that no job runs: it has the values and secrets of the project, and nothing else.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use pt_eval::{Host, NoHost};
use pt_model::{Data, Failure, Masker, Part, Text};
use pt_server::{App, Environment};
use pt_store::Scope;

/// Answers what can be answered without a job.
pub(crate) struct Sandbox<'c> {
    context: &'c str,
    /// Opened when the first value is asked for: most code asks for none, and should not wait.
    store: Option<(App, Scope)>,
    /// What kept the store from being read. Nobody may take it for a value that is not set.
    broken: Option<crate::failure::Failure>,
    /// The secrets that were handed out.
    secrets: Arc<Mutex<Masker>>,
    /// Whether what is printed is what is wanted, rather than a word on the way to a value.
    talking: bool,
}

impl<'c> Sandbox<'c> {
    /// With the values and secrets of this context.
    pub(crate) fn new(context: &'c str) -> Self {
        Self { context, store: None, broken: None, secrets: Arc::default(), talking: false }
    }

    /// What code prints goes to stdout.
    pub(crate) fn talking(self) -> Self {
        Self { talking: true, ..self }
    }

    /// The secrets that were handed out, and will be.
    pub(crate) fn secrets(&self) -> Arc<Mutex<Masker>> {
        Arc::clone(&self.secrets)
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

    /// # Errors
    /// A value was asked for, and the store could not be read.
    pub(crate) fn opened(&mut self) -> crate::failure::Outcome {
        self.broken.take().map_or(Ok(()), Err)
    }

    fn setting(&mut self, noun: &str, name: &str) -> Result<Data, Failure> {
        let missing = || Failure {
            message: format!("{} '{name}' is not set.", if noun == "secret" { "Secret" } else { "Value" }),
            data: Data::Null,
        };
        let found = self.find(noun, name).map_err(|broken| {
            let message = broken.message.clone().unwrap_or_default();
            self.broken = Some(broken);
            Failure { message, data: Data::Null }
        })?;
        found.ok_or_else(missing)
    }

    fn find(&mut self, noun: &str, name: &str) -> Result<Option<Data>, crate::failure::Failure> {
        let (app, scope) = match self.store.take() {
            Some(opened) => opened,
            None => {
                let app = App::open(Environment::read()?)?;
                let scope = app.scope(self.context)?;
                (app, scope)
            }
        };
        let (app, scope) = &*self.store.insert((app, scope));
        Ok(match noun {
            "secret" => app.store.secret(scope, name)?.map(Text::from).map(|text| self.hand_out(text)),
            _ => app.store.value(scope, name)?.map(|value| Data::from(value.data)),
        })
    }
}

impl Host for Sandbox<'_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        match function {
            "value" | "secret" => {
                let name = args.first().map(|name| name.to_text().masked()).unwrap_or_default();
                self.setting(function, &name)
            }
            "log" | "log-chunk" => {
                if let Some(text) = args.last() {
                    self.print(&text.to_text().masked());
                }
                NoHost.call(function, args)
            }
            "fail" => NoHost.call(function, args),
            _ => Err(Failure {
                message: format!(
                    "pt/{function} needs a job, and here is none. Make the code the `code:` of a module, and `pt run` that."
                ),
                data: Data::Null,
            }),
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
