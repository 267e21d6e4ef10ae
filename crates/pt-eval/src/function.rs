//! The functions that the runner offers to code.

use pt_model::{camel, kebab};

use crate::{Language, suggestion};

/// When a piece of code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// In args, while they are bound.
    Args,
    /// As the `code:` of a module or step.
    Code,
}

/// A function that the runner offers: `pt/await-done` in Clojure, `pt.awaitDone` in JavaScript.
#[derive(Clone, Copy, Debug)]
pub struct RunnerFunction {
    /// Its name in kebab case.
    pub name: &'static str,
    /// What kind of function it is.
    pub deed: Deed,
    /// Whether it exists only where [`settings`](crate::Snippet::settings) says so.
    pub settings: bool,
    /// The names of its arguments; those that may be left out end in `?`.
    pub args: &'static str,
    /// What it does, in a line.
    pub info: &'static str,
}

impl RunnerFunction {
    /// How it is called: `(pt/await-done container)`, `pt.awaitDone(container)`.
    pub fn signature(&self, language: Language) -> String {
        let name = called(self.name, language);
        match language {
            Language::Clojure => format!("({})", [&*name, self.args].join(" ").trim_end()),
            Language::JavaScript | Language::Python => {
                let args: Vec<&str> = self.args.split(' ').collect();
                format!("{name}({})", args.join(", "))
            }
        }
    }
}

/// What a language calls a function of the runner: `pt/await-done`, `pt.awaitDone`, `pt.await_done`.
pub fn called(name: &str, language: Language) -> String {
    match language {
        Language::Clojure => format!("pt/{name}"),
        Language::JavaScript => format!("pt.{}", camel(name)),
        Language::Python => format!("pt.{}", name.replace('-', "_")),
    }
}

/// The function of the runner that a language calls by this name, without `pt`; in any other spelling it has none.
pub(crate) fn meant(written: &str, language: Language) -> String {
    match language {
        Language::JavaScript if !written.contains('_') => kebab(written),
        Language::Python if !written.contains('-') => written.replace('_', "-"),
        Language::Clojure | Language::JavaScript | Language::Python => written.to_owned(),
    }
}

/// What a runner function does, as far as it decides where it may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Computes or looks something up; allowed in args.
    Looks,
    /// Changes something.
    Acts,
    /// Waits until something has happened.
    Waits,
}

use Deed::{Acts, Looks, Waits};

const fn function(name: &'static str, deed: Deed, args: &'static str, info: &'static str) -> RunnerFunction {
    RunnerFunction { name, deed, settings: false, args, info }
}

const fn setting(name: &'static str, info: &'static str) -> RunnerFunction {
    RunnerFunction { name, deed: Looks, settings: true, args: "name", info }
}

/// Every function of the runner.
#[rustfmt::skip]
pub static FUNCTIONS: &[RunnerFunction] = &[
    // Containers
    function("spawn", Waits, "spec", "Starts a container from the args of polytope/container; gives its id."),
    function("spawn-container", Waits, "spec", "Starts a container from the args of polytope/container; gives its id."),
    function("await-started", Waits, "container", "Waits until a container runs."),
    function("await-container-started", Waits, "container", "Waits until a container runs."),
    function("await-done", Waits, "container", "Waits until a container has exited; gives its exit code."),
    function("await-container-exited", Waits, "container", "Waits until a container has exited; gives its exit code."),
    function("stop", Waits, "container", "Stops a container, or what {type, ref} names: a service, a step, the job."),
    function("container-exec", Acts, "container command", "Runs a command in a container; gives the command's id."),
    function("await-exec-exit", Waits, "id", "Waits until a command in a container has ended; gives its exit code."),
    function("read-container-file", Waits, "container path", "Gives the text of a file in a container."),
    function("write-container-file", Waits, "container path text options?", "Writes a file in a container, with {mode: \"0755\"}, say."),
    function("container-ls", Waits, "container path", "Lists the files at a path in a container."),
    // Services
    function("open-service", Waits, "service", "Opens a service of the container that the step started last, or of `container-id`."),
    function("stop-service", Waits, "id", "Closes a service."),
    // Steps, modules, control
    function("call-module", Waits, "name args?", "Runs a module, tool or template as a step; gives its result."),
    function("call-tool", Waits, "name args?", "Runs a module, tool or template as a step; gives its result."),
    function("spawn-step", Acts, "step args?", "Starts a step from a name, or as written in a template; gives its id."),
    function("await-step", Waits, "id", "Waits until a step has ended; tells how: success, failed, stopped, canceled."),
    function("output", Looks, "step path?", "Gives the result of a step, or what is at a path of it; nothing before it has ended."),
    function("eval", Waits, "code", "Gives the value of code, in any language."),
    function("fail", Looks, "message data?", "Fails with a message."),
    function("sleep", Waits, "time", "Waits for a time: \"5s\", or milliseconds."),
    function("log", Looks, "level? text", "Writes a line to the step's log, at level error, warn, info or debug."),
    function("log-chunk", Looks, "text", "Writes a part of a line to the step's log."),
    // Values and secrets
    setting("value", "Gives a value as text: that of the job, else of the project; fails if it is not set."),
    setting("secret", "Gives a secret; fails if it is not set."),
    function("get-project-value", Looks, "name", "Gives a value of the project; nothing if it is not set."),
    function("get-job-value", Looks, "name", "Gives a value of the job; nothing if it is not set."),
    function("get-step-value", Looks, "name", "Gives a value of the step; nothing if it is not set."),
    function("set-project-value", Acts, "name data", "Sets a value of the project, which stays."),
    function("set-job-value", Acts, "name data", "Sets a value of the job."),
    function("set-step-value", Acts, "name data", "Sets a value of the step, for it and what it calls."),
    function("set-value", Acts, "name data", "Sets a value of the project, which stays."),
    function("set-secret", Acts, "name text", "Sets a secret of the project, which stays."),
    // Repository files
    function("read-repo-file", Looks, "path options?", "Gives the text of a file of the project, or of {repo, revision}."),
    // Data formats
    function("read-yaml", Looks, "text", "Gives the data that a text in YAML says."),
    function("read-json", Looks, "text", "Gives the data that a text in JSON says."),
    function("read-edn", Looks, "text", "Gives the data that a text in EDN says."),
    function("write-yaml", Looks, "data", "Gives data as a text in YAML."),
    function("write-json", Looks, "data", "Gives data as a text in JSON."),
    function("write-edn", Looks, "data", "Gives data as a text in EDN."),
    // HTTP
    function("http-request", Waits, "request", "Asks a server {url, method, headers, query-params, body, timeout}; gives {status, headers, body}."),
    // Images, datasets, prompts
    function("spawn-image-build", Acts, "build", "Begins to build an image from {tags, sources, dockerfile, labels, target, args}; gives the build's id."),
    function("await-image-build", Waits, "id", "Waits until an image is built; gives its digest and metadata."),
    function("store-dataset", Waits, "source dataset", "Stores files of a container as a dataset; gives its version."),
    function("request-user-input", Acts, "kind options?", "Asks the person who runs the job for a text (`str`) or code (`code`); gives the question's id."),
    function("await-user-input", Waits, "id", "Waits for the answer to a question; gives {data, by-user}."),
];

/// What the runner does for the code of standard modules alone. Nobody is offered these.
static OF_STANDARD_MODULES: &[RunnerFunction] = &[
    function("scaffold", Waits, "args", ""),
    function("new-project", Waits, "args", ""),
    function("project-tools", Waits, "", ""),
    function("read-code", Waits, "args", ""),
    function("service-address", Waits, "service port?", ""),
    function("exec-output", Waits, "id", ""),
    function("container-output", Waits, "id", ""),
];

/// What other runners, shells and languages call what the runner does; of two the first that may be called here.
#[rustfmt::skip]
static ELSEWHERE: &[(&str, &[&str])] = &[
    ("get-value", &["value", "get-project-value"]),
    ("read-value", &["value", "get-project-value"]),
    ("job-value", &["get-job-value"]),
    ("step-value", &["get-step-value"]),
    ("project-value", &["get-project-value"]),
    ("put-value", &["set-project-value"]),
    ("get-secret", &["secret"]),
    ("read-secret", &["secret"]),
    ("start", &["spawn"]),
    ("run-container", &["spawn"]),
    ("start-container", &["spawn"]),
    ("create-container", &["spawn"]),
    ("exec", &["container-exec"]),
    ("await", &["await-done"]),
    ("wait", &["sleep"]),
    ("wait-for", &["await-done"]),
    ("await-exit", &["await-done"]),
    ("await-exited", &["await-done"]),
    ("await-container", &["await-done"]),
    ("await-container-done", &["await-done"]),
    ("await-ready", &["await-started"]),
    ("await-running", &["await-started"]),
    ("kill", &["stop"]),
    ("stop-container", &["stop"]),
    ("stop-step", &["stop"]),
    ("read-file", &["read-repo-file"]),
    ("slurp", &["read-repo-file"]),
    ("write-file", &["write-container-file"]),
    ("spit", &["write-container-file"]),
    ("ls", &["container-ls"]),
    ("list-files", &["container-ls"]),
    ("expose", &["open-service"]),
    ("open-port", &["open-service"]),
    ("close-service", &["stop-service"]),
    ("run", &["call-module"]),
    ("call", &["call-module"]),
    ("run-module", &["call-module"]),
    ("run-tool", &["call-tool"]),
    ("run-step", &["spawn-step"]),
    ("start-step", &["spawn-step"]),
    ("get-output", &["output"]),
    ("result", &["output"]),
    ("print", &["log"]),
    ("println", &["log"]),
    ("info", &["log"]),
    ("warn", &["log"]),
    ("error", &["log"]),
    ("debug", &["log"]),
    ("throw", &["fail"]),
    ("abort", &["fail"]),
    ("exit", &["fail"]),
    ("parse-json", &["read-json"]),
    ("parse-yaml", &["read-yaml"]),
    ("parse-edn", &["read-edn"]),
    ("from-json", &["read-json"]),
    ("from-yaml", &["read-yaml"]),
    ("to-json", &["write-json"]),
    ("to-yaml", &["write-yaml"]),
    ("to-edn", &["write-edn"]),
    ("stringify", &["write-json"]),
    ("http", &["http-request"]),
    ("http-get", &["http-request"]),
    ("http-post", &["http-request"]),
    ("fetch", &["http-request"]),
    ("request", &["http-request"]),
    ("build-image", &["spawn-image-build"]),
    ("build", &["spawn-image-build"]),
    ("prompt", &["request-user-input"]),
    ("ask", &["request-user-input"]),
    ("save-dataset", &["store-dataset"]),
];

/// The function of the runner that is meant by a name it has not.
pub fn near(name: &str) -> Option<&'static str> {
    near_of(name, FUNCTIONS.iter().map(|function| function.name))
}

/// The one that others call so, or is named nearest. What sets is not meant by what gets, however near the words are.
fn near_of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.collect();
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name).map_or(&[][..], |(_, meant)| *meant);
    if let Some(meant) = elsewhere.iter().find_map(|meant| known.iter().find(|known| *known == meant)) {
        return Some(meant);
    }
    let verb = |name: &str| name.split('-').next().map(str::to_owned);
    let verbs: Vec<Option<String>> = known.iter().map(|known| verb(known)).collect();
    let differs = |other: &str| verbs.contains(&verb(name)) && verb(other) != verb(name);
    suggestion::nearest(name, known.into_iter().filter(|other| !differs(other)))
}

/// Why a function cannot be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is none of that name, though perhaps of another.
    Unknown { near: Option<&'static str> },
    /// It exists with another prefix only.
    NeedsSettings,
    /// It may not be called in args.
    NotInArgs,
}

/// The function of a name, if it may be called.
pub(crate) fn find(
    name: &str,
    occasion: Occasion,
    settings: bool,
) -> Result<&'static RunnerFunction, Refusal> {
    let Some(found) = FUNCTIONS.iter().chain(OF_STANDARD_MODULES).find(|function| function.name == name)
    else {
        let here = FUNCTIONS.iter().filter(|function| settings || !function.settings);
        return Err(Refusal::Unknown { near: near_of(name, here.map(|function| function.name)) });
    };
    if found.settings && !settings {
        return Err(Refusal::NeedsSettings);
    }
    if occasion == Occasion::Args && found.deed != Looks {
        return Err(Refusal::NotInArgs);
    }
    Ok(found)
}

/// Whether a function may take long for reasons that are not its caller's.
pub(crate) fn waits(name: &str) -> bool {
    let found = FUNCTIONS.iter().chain(OF_STANDARD_MODULES).find(|function| function.name == name);
    found.is_some_and(|function| function.deed != Looks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_as_languages_call_them() {
        let shown = |name: &str| {
            let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
            [Language::Clojure, Language::JavaScript, Language::Python]
                .map(|l| function.signature(l))
                .join("  ")
        };
        assert_eq!(
            shown("read-repo-file"),
            "(pt/read-repo-file path options?)  pt.readRepoFile(path, options?)  pt.read_repo_file(path, options?)"
        );
        for function in FUNCTIONS {
            for language in [Language::Clojure, Language::JavaScript, Language::Python] {
                let called = called(function.name, language);
                assert_eq!(meant(&called[3..], language), function.name);
            }
        }
        for (written, language) in [("await_done", Language::JavaScript), ("awaitDone", Language::Python)] {
            assert!(FUNCTIONS.iter().all(|function| function.name != meant(written, language)));
        }
    }

    #[test]
    fn what_others_call_differently() {
        for (name, settings, meant) in [
            ("get-value", true, Some("value")),
            ("get-value", false, Some("get-project-value")),
            ("get-secret", false, None),
            ("get-jobb-value", false, Some("get-job-value")),
            ("exec", false, Some("container-exec")),
            ("get-output", false, Some("output")),
            ("awiat-done", false, Some("await-done")),
            ("stop-container", false, Some("stop")),
            ("frobnicate", false, None),
        ] {
            let near = FUNCTIONS
                .iter()
                .filter(|function| settings || !function.settings)
                .map(|function| function.name);
            assert_eq!(near_of(name, near), meant, "{name}");
        }
        for (_, meant) in ELSEWHERE {
            assert!(meant.iter().all(|meant| FUNCTIONS.iter().any(|function| function.name == *meant)));
        }
    }

    #[test]
    fn where_functions_may_be_called() {
        use Occasion::{Args, Code};
        for (name, occasion, settings, refusal) in [
            ("await-done", Code, false, None),
            ("await-done", Args, false, Some(Refusal::NotInArgs)),
            ("value", Args, true, None),
            ("value", Code, false, Some(Refusal::NeedsSettings)),
            ("awiat-done", Code, false, Some(Refusal::Unknown { near: Some("await-done") })),
            ("frobnicate", Code, false, Some(Refusal::Unknown { near: None })),
        ] {
            assert_eq!(find(name, occasion, settings).err(), refusal, "{name}");
        }
    }
}
