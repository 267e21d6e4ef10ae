//! What a context is made with. Thousands of scripts may wait at a time, each in a context of its own, and most name hardly
//! anything of what the language has.

use rquickjs::context::intrinsic::{Eval, Json, Promise, Proxy, RegExp, RegExpCompiler};
use rquickjs::{Context, Runtime};

/// What nearly every script may lead to without a word: by literals, by calls of the runner, by what it gives.
type Small = (Eval, RegExpCompiler, RegExp, Json, Proxy, Promise);

/// Parts of the names of everything else, and of the ways to reach things without their names.
const MORE: [&str; 25] = [
    "8Array",
    "16Array",
    "32Array",
    "64Array",
    "ClampedArray",
    "Atomics",
    "Buffer",
    "DOM",
    "Data",
    "Date",
    "Finalization",
    "Float",
    "Function",
    "Int",
    "Map",
    "Set",
    "Weak",
    "\\u",
    "atob",
    "btoa",
    "constructor",
    "eval",
    "globalThis",
    "performance",
    "this",
];

/// A context that has all that the script can name.
pub(super) fn context_for(text: &str, runtime: &Runtime) -> rquickjs::Result<Context> {
    if MORE.iter().any(|part| text.contains(part)) {
        Context::full(runtime)
    } else {
        Context::custom::<Small>(runtime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script that only has a small context, and looks for what it does not have.
    #[test]
    fn nothing_else_is_missing() {
        let globals = |context: rquickjs::Result<Context>| {
            context
                .unwrap()
                .with(|ctx| -> Vec<String> { ctx.eval("Object.getOwnPropertyNames(globalThis)").unwrap() })
        };
        let runtime = Runtime::new().unwrap();
        let small = globals(context_for("pt.sleep(1)", &runtime));
        let missing = globals(Context::full(&runtime)).into_iter().filter(|name| !small.contains(name));
        let unnamed: Vec<String> =
            missing.filter(|name| !MORE.iter().any(|part| name.contains(part))).collect();
        assert_eq!(unnamed, Vec::<String>::new());
    }
}
