//! Who answers the calls that code makes to the runner.

use pt_model::{Data, Failure};

use crate::function::{self, Occasion, Refusal, RunnerFunction};
use crate::limits::Waited;
use crate::secrets::Secrets;

/// Who carries out what code asks of the runner.
pub trait Host {
    /// Calls the runner function of that name, in the kebab spelling of [`FUNCTIONS`](crate::FUNCTIONS): `await-done`.
    /// Secrets in the arguments are marked; those in the answer may be, and then stay so.
    ///
    /// A failure becomes an exception that the code can catch. For `fail` the host returns the failure asked for.
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure>;

    /// Takes a line that the code printed, secrets hidden.
    fn print(&mut self, line: &str);
}

/// Nobody. It does `fail`, which needs nobody, and drops what is printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let mut args = args.into_iter();
        match function {
            "fail" => {
                let message = args.next().unwrap_or_default().to_text().masked();
                Err(Failure::new(message, args.next().unwrap_or_default()))
            }
            "log" | "log-chunk" => Ok(args.next_back().unwrap_or_default()),
            other => {
                let message = format!("pt/{other} cannot be used here: there is no runner to ask.");
                Err(Failure::new(message, Data::Null))
            }
        }
    }

    fn print(&mut self, _line: &str) {}
}

/// The host as one snippet sees it.
pub(crate) struct Session<'h, H: Host + ?Sized = dyn Host + 'h> {
    pub(crate) host: &'h mut H,
    pub(crate) secrets: Secrets,
    pub(crate) occasion: Occasion,
    pub(crate) settings: bool,
    pub(crate) waited: Waited,
}

impl<H: Host + ?Sized> Session<'_, H> {
    /// The function of that name, if this snippet may call it.
    pub(crate) fn find(&self, name: &str) -> Result<&'static RunnerFunction, Refusal> {
        function::find(name, self.occasion, self.settings)
    }

    /// Calls a function that was found.
    pub(crate) fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let args = self.marked(args);
        // Code that is evaluated has a time of its own, and waits by itself.
        let waits = function != "eval" && function::waits(function);
        let host = &mut *self.host;
        let answer =
            if waits { self.waited.during(|| host.call(function, args)) } else { host.call(function, args) };
        self.learn(&answer);
        answer
    }

    /// What comes before and after a call is kept apart: the call may wait, and so may thousands.
    #[inline(never)]
    fn marked(&self, args: Vec<Data>) -> Vec<Data> {
        args.into_iter().map(|arg| self.secrets.mark(arg)).collect()
    }

    #[inline(never)]
    fn learn(&mut self, answer: &Result<Data, Failure>) {
        match answer {
            Ok(data) => self.secrets.learn(data),
            Err(failure) => self.secrets.learn(&failure.data),
        }
    }

    /// Prints text, line by line.
    pub(crate) fn print(&mut self, text: &str) {
        // Masked as a whole first: a secret may span lines.
        for line in self.secrets.mask(text).split('\n') {
            self.host.print(line);
        }
    }
}
