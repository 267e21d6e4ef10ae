//! What a context is made with. Thousands of scripts may wait at a time, each in a context of its own, and most name hardly
//! anything of what the language has.

use rquickjs::context::intrinsic::{Eval, Json, Promise, Proxy, RegExp, RegExpCompiler};
use rquickjs::{Context, Runtime};

/// What a script may lead to without naming it: by literals, by calls of the runner, by what it gives.
type Small = (Eval, RegExpCompiler, RegExp, Json, Proxy, Promise);

/// What it takes to run anything. `pt.awaitDone("web")` needs no more.
type Least = (Eval,);

/// What leads to the rest of [`Small`]: patterns as literals and by methods of texts, functions that wait, the names, and the ways
/// to reach a method by a name that is put together.
const SOME: [&str; 14] = [
    "/",
    "[",
    "Descriptor",
    "JSON",
    "Promise",
    "Proxy",
    "Reflect",
    "RegExp",
    "await",
    "console",
    "import",
    "match",
    "search",
    "sync",
];

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
    } else if SOME.iter().any(|part| text.contains(part)) {
        Context::custom::<Small>(runtime)
    } else {
        Context::custom::<Least>(runtime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The global names of a context for the text that none of these words leads to, but a larger context has.
    fn unreached(text: &str, larger: &str, words: &[&str]) -> Vec<String> {
        let runtime = Runtime::new().unwrap();
        let globals = |text: &str| {
            let context = context_for(text, &runtime).unwrap();
            context.with(|ctx| -> Vec<String> { ctx.eval("Object.getOwnPropertyNames(globalThis)").unwrap() })
        };
        let small = globals(text);
        let missing = globals(larger).into_iter().filter(|name| !small.contains(name));
        missing.filter(|name| !words.iter().any(|word| name.contains(word))).collect()
    }

    /// A script that only has a small context, and looks for what it does not have.
    #[test]
    fn nothing_else_is_missing() {
        assert_eq!(unreached("pt.sleep([1])", "this", &MORE), Vec::<String>::new());
        assert_eq!(unreached("pt.sleep(1)", "pt.sleep([1])", &SOME), Vec::<String>::new());
    }

    /// What scripts of the least context do is what they would do in any.
    #[test]
    fn the_least_is_enough() {
        for (text, value) in [
            ("function* f() { yield 1; yield 2 } let n = 0; for (const x of f()) n += x; String(n)", "3"),
            (
                "class A { x = 1; get y() { return this_ } } const this_ = 2; `${new A().x}${typeof Symbol}`",
                "1function",
            ),
            ("let t = ''; for (const c of 'ab') t = c + t; t.replace('b', 'x').split('').join('-')", "x-a"),
            ("try { nope } catch (e) { e.message }", "nope is not defined"),
            ("`${Object.entries({ a: 1 })} ${10n ** 3n} ${Math.max(1, 2)} ${parseInt('7')}`", "a,1 1000 2 7"),
        ] {
            let runtime = Runtime::new().unwrap();
            let least = Context::custom::<Least>(&runtime).unwrap();
            assert_eq!(least.with(|ctx| ctx.eval::<String, _>(text)).unwrap(), value, "{text}");
        }
    }
}
