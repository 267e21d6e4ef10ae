//! What the runner answers where no job runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pt_eval::{Host, NoHost};
use pt_model::{Data, Failure};
use pt_plan::Home;

use super::{convert, http};
use crate::args::{Args, failure};
use crate::mount::Found;
use crate::outside::Outside;

/// Answers what needs no job: data formats, files of repositories, requests to servers, sleep.
pub struct Alone {
    /// The directory of the root file, or of the call.
    pub root: PathBuf,
    /// Where other repositories and files are found; without, there are none.
    pub outside: Option<Arc<dyn Outside>>,
    /// Set to end what it waits for.
    pub interrupt: Arc<AtomicBool>,
}

/// How often is looked whether a wait is to end.
const LOOK: Duration = Duration::from_millis(20);

impl Alone {
    /// Whether a function needs no job.
    pub fn knows(function: &str) -> bool {
        let known = ["fail", "log", "log-chunk", "sleep", "http-request", "read-repo-file"];
        let formats = ["read-yaml", "read-json", "read-edn", "write-yaml", "write-json", "write-edn"];
        known.contains(&function) || formats.contains(&function)
    }

    /// Waits for something, unless it is to end before.
    fn wait<T>(&self, something: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failure(format!("The system gives no runtime: {error}")))?;
        let interrupted = async {
            while !self.interrupt.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK).await;
            }
        };
        runtime.block_on(async {
            tokio::select! {
                done = something => done,
                () = interrupted => Err(failure("Interrupted.")),
            }
        })
    }

    fn read_repo_file(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let Some(outside) = &self.outside else {
            return Err(args.failure("There is no project here."));
        };
        Found { root: &self.root, outside: &**outside, home: &Home::of_dir(&self.root) }.read(args)
    }
}

impl Host for Alone {
    fn call(&mut self, function: &str, given: Vec<Data>) -> Result<Data, Failure> {
        let args = &Args { function, given: &given };
        match function {
            "read-yaml" | "read-json" | "read-edn" => convert::read(args),
            "write-yaml" | "write-json" | "write-edn" => convert::write(args),
            "http-request" => self.wait(http::answer(args)),
            "read-repo-file" => self.read_repo_file(args),
            "sleep" => {
                let time = args.duration(args.at(0), "")?;
                self.wait(async {
                    tokio::time::sleep(time).await;
                    Ok(Data::Null)
                })
            }
            _ => NoHost.call(function, given),
        }
    }

    /// Nobody is there to read it.
    fn print(&mut self, _line: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_job() {
        let mut alone = Alone { root: "/".into(), outside: None, interrupt: Arc::default() };
        let mut call = |function: &str, arg: &str| {
            assert!(Alone::knows(function), "{function}");
            match alone.call(function, vec![Data::from(arg)]) {
                Ok(data) => data.to_string(),
                Err(failure) => format!("! {}", failure.message),
            }
        };
        assert_eq!(call("read-yaml", "a: 1"), r#"{"a":1}"#);
        assert_eq!(call("write-edn", "x"), r#""\"x\"""#);
        assert_eq!(call("sleep", "1ms"), "null");
        assert_eq!(call("fail", "no"), "! no");
        assert_eq!(call("read-repo-file", "x"), "! pt/read-repo-file: There is no project here.");
        alone.interrupt.store(true, Ordering::Relaxed);
        let stopped = alone.call("sleep", vec![Data::from("1h")]);
        assert_eq!(stopped.unwrap_err().message, "Interrupted.");
    }
}
