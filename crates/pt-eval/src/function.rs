//! The functions that the runner offers to code.

use crate::suggestion;

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

const fn function(name: &'static str, deed: Deed) -> RunnerFunction {
    RunnerFunction { name, deed, settings: false }
}

const fn setting(name: &'static str) -> RunnerFunction {
    RunnerFunction { name, deed: Looks, settings: true }
}

/// Every function of the runner.
pub static FUNCTIONS: &[RunnerFunction] = &[
    // Containers
    function("spawn", Waits),
    function("spawn-container", Waits),
    function("await-started", Waits),
    function("await-container-started", Waits),
    function("await-done", Waits),
    function("await-container-exited", Waits),
    function("stop", Waits),
    function("container-exec", Acts),
    function("await-exec-exit", Waits),
    function("read-container-file", Waits),
    function("write-container-file", Waits),
    function("container-ls", Waits),
    // Services
    function("open-service", Waits),
    function("stop-service", Waits),
    // Steps, modules, control
    function("call-module", Waits),
    function("call-tool", Waits),
    function("spawn-step", Acts),
    function("await-step", Waits),
    function("output", Looks),
    function("eval", Waits),
    function("fail", Looks),
    function("sleep", Waits),
    function("log", Looks),
    function("log-chunk", Looks),
    // Values and secrets
    setting("value"),
    setting("secret"),
    function("get-project-value", Looks),
    function("get-job-value", Looks),
    function("get-step-value", Looks),
    function("set-project-value", Acts),
    function("set-job-value", Acts),
    function("set-step-value", Acts),
    function("set-value", Acts),
    function("set-secret", Acts),
    // Repository files
    function("read-repo-file", Looks),
    // Data formats
    function("read-yaml", Looks),
    function("read-json", Looks),
    function("read-edn", Looks),
    function("write-yaml", Looks),
    function("write-json", Looks),
    function("write-edn", Looks),
    // HTTP
    function("http-request", Waits),
    // Images, datasets, prompts
    function("spawn-image-build", Acts),
    function("await-image-build", Waits),
    function("store-dataset", Waits),
    function("request-user-input", Acts),
    function("await-user-input", Waits),
];

/// What the runner does for the code of standard modules alone. Nobody is offered these.
static OF_STANDARD_MODULES: &[RunnerFunction] = &[
    function("scaffold", Waits),
    function("new-project", Waits),
    function("project-tools", Waits),
    function("read-code", Waits),
    function("service-address", Waits),
    function("exec-output", Waits),
];

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
        return Err(Refusal::Unknown { near: suggestion::nearest(name, here.map(|function| function.name)) });
    };
    if found.settings && !settings {
        return Err(Refusal::NeedsSettings);
    }
    if occasion == Occasion::Args && found.deed != Looks {
        return Err(Refusal::NotInArgs);
    }
    Ok(found)
}

/// `await-done` as JavaScript spells it: `awaitDone`. Hyphens and underscores before a letter or digit go, except at the
/// beginning. Names without a small letter (`MY_VAR`) are constants and stay.
pub(crate) fn camel(name: &str) -> String {
    if !name.contains(['-', '_']) || !name.contains(|c: char| c.is_lowercase()) {
        return name.to_owned();
    }
    let mut camel = String::with_capacity(name.len());
    let mut begun = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if matches!(c, '-' | '_') && begun && next.is_alphanumeric() => {
                camel.extend(next.to_uppercase());
                chars.next();
            }
            _ => camel.push(c),
        }
        begun |= c.is_alphanumeric();
    }
    camel
}

/// `awaitDone` back in kebab case.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() {
            kebab.push('-');
            kebab.extend(c.to_lowercase());
        } else {
            kebab.push(c);
        }
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_camel_case() {
        for (kebab, camel_case) in [
            ("db-host", "dbHost"),
            ("db_host", "dbHost"),
            ("plain", "plain"),
            ("port-2", "port2"),
            ("_private", "_private"),
            ("__proto__", "__proto__"),
            ("a--b", "a-B"),
            ("trailing-", "trailing-"),
            ("MY_VAR", "MY_VAR"),
            ("connection.url", "connection.url"),
        ] {
            assert_eq!(camel(kebab), camel_case);
        }
        for function in FUNCTIONS {
            assert_eq!(kebab(&camel(function.name)), function.name);
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
