//! A context that many scripts share, one after the other.
//!
//! A context of one's own costs thirty times as much as most scripts in args. So scripts that ask nobody anything are tried
//! in a shared one first, in which nothing can be left behind: all that its global object leads to is frozen. There they
//! run in strict mode, where what is frozen throws, and what throws is run once more in a context of its own, as if nothing
//! had been. [`fits`] keeps out what could tell the difference without throwing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pt_model::{Data, camel};
use rquickjs::{Context, Ctx, Function, Persistent, Runtime, Value};

use super::{STACK, Stop, Watch, data};
use crate::{EvalError, Limits, Scope, mentions};

thread_local! {
    static SHARED: RefCell<Place> = const { RefCell::new(Place::Unused) };
}

/// Where a thread keeps its context. One that runs a single script would make it for nothing.
enum Place {
    Unused,
    Used,
    Kept(Box<Shared>),
}

/// Words of scripts that could see whether they share: by what they are called on, by catching what frozen objects throw,
/// by looking for frozen ones, or by leaving something to be done later.
const APART: &[&str] = &[
    "Atomics",
    "FinalizationRegistry",
    "Function",
    "Promise",
    "Reflect",
    "SharedArrayBuffer",
    "WeakRef",
    "arguments",
    "async",
    "await",
    "catch",
    "eval",
    "finally",
    "getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors",
    "globalThis",
    "import",
    "isExtensible",
    "isFrozen",
    "isSealed",
    "queueMicrotask",
    "this",
    "try",
    "with",
];

/// Whether a word begins as one of [`APART`] does: most need no comparison.
fn begins_like_one(word: &str) -> bool {
    word.len() > 3 && word.starts_with(|c| "AFPRSWacefgiqtw".contains(c)) || word == "try"
}

/// Whether a script may be tried in a shared context.
fn fits(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut words = text.split(|c| !word(c));
    // `\u0074his` is `this`; and whether a function in a block is seen outside differs silently only for `typeof`.
    !text.contains("\\u")
        && words.all(|word| !begins_like_one(word) || APART.binary_search(&word).is_err())
        && !(mentions(text, "typeof") && mentions(text, "function"))
}

/// What a script computes in the shared context of this thread; nothing if it has to run in one of its own.
pub(super) fn evaluate(text: &str, scope: &Scope<'_>, limits: &Limits) -> Option<Result<Data, EvalError>> {
    if !fits(text) {
        return None;
    }
    let shared = match SHARED.replace(Place::Used) {
        Place::Unused => return None,
        Place::Used => Box::new(Shared::new()?),
        Place::Kept(shared) => shared,
    };
    let result = shared.run(text, scope, limits);
    let watch = shared.watch.take();
    match watch.and_then(|watch| watch.stop.get()) {
        Some(Stop::Interrupted) => Some(Err(EvalError::interrupted())),
        Some(Stop::TimedOut) => Some(Err(EvalError::timed_out(limits.time))),
        None => {
            if !shared.context.runtime().is_job_pending() {
                SHARED.replace(Place::Kept(shared));
            }
            result.map(Ok)
        }
    }
}

/// Freezes what can be reached in a context, by names and by syntax. Setters of frozen objects still set, so there must be
/// none that keep what they are given.
const FREEZE: &str = r"(function () {
    delete Error.prepareStackTrace;
    delete Error.stackTraceLimit;
    delete Error.uncaughtStack;
    const strict = (function () { 'use strict'; return arguments })();
    const found = new Set([
        globalThis, strict, [].values(), new Map().entries(), new Set().values(), ''[Symbol.iterator](), 'a'.matchAll(/a/g),
        function () {}, () => {}, function* () {}, (function* () {})(), async function () {}, async () => {},
        async function* () {}, (async function* () {})(), class {}, [].values().map(x => x),
        Iterator.from({ next() {} }),
    ]);
    for (const one of found) {
        const next = [Object.getPrototypeOf(one)];
        for (const key of Reflect.ownKeys(one)) {
            const { value, get, set } = Object.getOwnPropertyDescriptor(one, key);
            next.push(value, get, set);
        }
        for (const other of next) {
            if (Object(other) === other) found.add(other);
        }
    }
    for (const one of found) Object.freeze(one);
})()";

/// Runs a script for its completion value.
const RUN: &str = "(function (params, inputs) { 'use strict'; return eval(arguments[2]) })";

struct Shared {
    // Before the context: it is dropped first.
    run: Persistent<Function<'static>>,
    watch: Rc<Cell<Option<Rc<Watch>>>>,
    context: Context,
}

impl Shared {
    fn new() -> Option<Self> {
        let runtime = Runtime::new().ok()?;
        runtime.set_max_stack_size(STACK);
        let watch = Rc::new(Cell::new(None::<Rc<Watch>>));
        let seen = Rc::clone(&watch);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let watch = seen.take();
            let stop = watch.as_ref().is_some_and(|watch| watch.tell());
            seen.set(watch);
            stop
        })));
        let context = Context::full(&runtime).ok()?;
        let run = context.with(|ctx| {
            let run: Function<'_> = ctx.eval(RUN).ok()?;
            ctx.eval::<(), _>(FREEZE).ok()?;
            Some(Persistent::save(&ctx, run))
        })?;
        Some(Self { run, watch, context })
    }

    /// The script's value, if it has one here.
    fn run(&self, text: &str, scope: &Scope<'_>, limits: &Limits) -> Option<Data> {
        self.watch.set(Some(Rc::new(Watch::new(limits))));
        self.context.runtime().set_memory_limit(limits.memory);
        self.context.runtime().set_max_stack_size(limits.stack(STACK));
        self.context.with(|ctx| {
            let value = self.value(&ctx, text, scope);
            let data = value.and_then(|value| data::from_js(&value, limits.memory).ok());
            if data.is_none() {
                // Nobody reads what it threw.
                ctx.catch();
            }
            data
        })
    }

    fn value<'js>(&self, ctx: &Ctx<'js>, text: &str, scope: &Scope<'_>) -> Option<Value<'js>> {
        let run = self.run.clone().restore(ctx).ok()?;
        let params = match named_params(text) {
            // What nothing else is done with needs no more than what is asked of it.
            Some(names) => {
                let wanted = |key: &str| names.iter().any(|name| *name == key || *name == camel(key));
                let named = scope.params.iter().filter(|(key, _)| wanted(key));
                data::map_to_js(ctx, &named.map(|(key, value)| (key.clone(), value.clone())).collect())
                    .ok()?
                    .into_value()
            }
            None => data::map_to_js(ctx, scope.params).ok()?.into_value(),
        };
        run.call((params.clone(), params, text)).ok()
    }
}

/// What every object has: who asks for one of these may look at all the others.
pub(super) const OF_EVERY_OBJECT: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The params that a script asks for by name, if that is all it does with them: `params.port`, `inputs["db-host"]`.
fn named_params(text: &str) -> Option<Vec<&str>> {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut names = Vec::new();
    for whole in ["params", "inputs"] {
        for (at, _) in text.match_indices(whole) {
            let (before, after) = (&text[..at], &text[at + whole.len()..]);
            if before.ends_with(part_of_name) || after.starts_with(part_of_name) {
                continue;
            }
            let name = if let Some(name) = after.strip_prefix('.') {
                &name[..name.find(|c| !part_of_name(c)).unwrap_or(name.len())]
            } else {
                let quoted = after.strip_prefix('[')?;
                let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                let (name, rest) = quoted[1..].split_once(quote)?;
                rest.strip_prefix(']').filter(|_| !name.contains('\\'))?;
                name
            };
            if name.is_empty() || OF_EVERY_OBJECT.contains(&name) {
                return None;
            }
            names.push(name);
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use pt_model::{Map, Masker};

    use super::*;

    fn run(shared: &Shared, text: &str) -> Option<String> {
        let (params, masker) = (Map::from_iter([("x".into(), Data::Int(1))]), Masker::default());
        let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
        shared.run(text, &scope, &Limits::default()).map(|data| data.to_string())
    }

    #[test]
    fn the_words_are_in_order() {
        assert!(APART.is_sorted());
        assert!(APART.iter().all(|word| begins_like_one(word)));
    }

    #[test]
    fn what_scripts_do() {
        let shared = Shared::new().unwrap();
        for (text, value) in [
            ("1 + 1", Some("2")),
            ("let c = [1]; c.push(params.x); c", Some("[1,1]")),
            ("const env = {}; env.A = 1; env['b'] = inputs.x; env", Some(r#"{"A":1,"b":1}"#)),
            ("params.x = 5; params.x", Some("5")),
            ("params['x'] + inputs.x", Some("2")),
            ("Object.keys(params)", Some(r#"["x"]"#)),
            ("const { x } = params; x", Some("1")),
            ("'params[' + params.x", Some(r#""params[1""#)),
            ("params.x", Some("1")),
            ("for (var i = 0; i < 3; i++) i", Some("2")),
            ("function f(n) { return n * 2 } f(4)", Some("8")),
            ("'a-b'.replace(/-/g, () => '_').split('_').map(s => `${s}!`)", Some(r#"["a!","b!"]"#)),
            ("class A { constructor() {} get x() { return 1 } } new A().x", Some("1")),
            ("new Date(0)", Some(r#""1970-01-01T00:00:00.000Z""#)),
            // These throw, and are run once more in a context of their own.
            ("undeclared = 1", None),
            ("return 1", None),
            ("nope", None),
            ("const o = {}; o.toString = 1; o", None),
            ("[1].x.y", None),
            ("() => 1", None),
        ] {
            assert_eq!(run(&shared, text).as_deref(), value, "{text}");
        }
    }

    /// Whatever is tried, by whatever way round [`fits`], those who come later see nothing of it.
    #[test]
    fn nothing_is_left_behind() {
        let shared = Shared::new().unwrap();
        let probe = "const seen = [typeof leak, [].leak, ({}).leak, 'x'.leak, (() => 1).leak, /x/.leak, Math.leak, \
                     JSON.leak, new Error('e').leak, new Error().message, \
                     new Error('e').stack.includes('leak'), Object.keys(new Error('e')), [1, 2].map(String).join(), Object.keys(Object.prototype), \
                     `${[3, 4]}`, [...'ab'].length, Object.getOwnPropertyNames(Error).length, parseInt('12'), \
                     typeof params.x, Array.isArray([]), new Map([[1, 2]]).size, [3, 1].sort(), params.leak, \
                     Object.getOwnPropertySymbols(Object.prototype).length, Symbol.for('leak').leak]; seen";
        let clean = run(&shared, probe).unwrap();
        for text in [
            "leak = 1",
            "var leak = 1",
            "let leak = 1; const other = 2; class leak2 {}",
            "globalThis.leak = 1",
            "globalThis['le' + 'ak'] = 1",
            "Object.defineProperty(globalThis, 'leak', { value: 1 })",
            "(0, eval)('var leak = 1')",
            "(0, eval)('let leak = 1')",
            "new Function('leak = 1')()",
            "(() => 1).constructor('this.leak = 1')()",
            "(function* () {}).constructor('leak = 1; yield 1')().next()",
            "(async () => 1).constructor('leak = 1')()",
            "Array.prototype.leak = 1",
            "Array.prototype.push(1)",
            "Array.prototype.push.call(Array.prototype, 1)",
            "Array.prototype.map = null",
            "Array.prototype.length = 3",
            "[].__proto__.leak = 1",
            "({}).__proto__.leak = 1",
            "Object.prototype.__defineGetter__('leak', () => 1)",
            "Object.prototype.__proto__ = { leak: 1 }",
            "Object.setPrototypeOf(Array.prototype, { leak: 1 })",
            "Object.setPrototypeOf(globalThis, { leak: 1 })",
            "Reflect.setPrototypeOf(Math, { leak: 1 })",
            "Reflect.set(Math, 'leak', 1)",
            "Reflect.defineProperty(Function.prototype, 'leak', { value: 1 })",
            "Object.assign(String.prototype, { leak: 1 })",
            "Object.assign(Math, { leak: 1 }, JSON)",
            "delete Math.PI; delete globalThis.parseInt",
            "parseInt = () => 7; JSON = null; Array = null",
            "undefined = 1; NaN = 2",
            "Error.prepareStackTrace = () => 'leak'",
            "Error.stackTraceLimit = 1",
            "Error.captureStackTrace(Math)",
            "Error.prototype.stack = 'leak'; Error.prototype.message = 'leak'",
            "RegExp.prototype.exec = () => null; RegExp.leak = 1",
            "/x/.constructor.prototype.leak = 1",
            "Symbol.for('leak').leak = 1; Symbol.leak = 1",
            "Symbol.prototype.leak = 1",
            "[][Symbol.iterator]().__proto__.next = () => ({ done: true })",
            "[][Symbol.iterator]().__proto__.__proto__.leak = 1",
            "''[Symbol.iterator]().__proto__.next = null",
            "new Map().entries().__proto__.next = null",
            "(function* () {})().__proto__.__proto__.next = null",
            "Object.getPrototypeOf(Int8Array).leak = 1; Int8Array.prototype.leak = 1",
            "Object.getPrototypeOf(Int8Array.prototype).leak = 1",
            "eval(\"var leak = 1\")",
            "Map.prototype.set.call(Map.prototype, 1, 1)",
            "Date.prototype.setTime.call(Date.prototype, 0)",
            "Object.prototype.toString = () => 'leak'; Function.prototype.call = null",
            "(function () { return arguments })().__proto__.leak = 1",
            "(function () { arguments.callee.caller.leak = 1 })()",
            "params.leak = 1; inputs.leak = 1; params.__proto__.leak = 1",
            "Object.values(globalThis).forEach(v => { try { v.leak = 1 } catch {} })",
            "Object.getOwnPropertyNames(globalThis).forEach(n => { try { globalThis[n].prototype.leak = 1 } catch {} })",
            "new Proxy(Math, {}).leak = 1",
            "String.raw`x`; ((s) => s.raw)`leak`.leak = 1",
            "Iterator.prototype.leak = 1; Iterator.prototype.constructor = null",
            "Iterator.prototype[Symbol.toStringTag] = 'leak'",
        ] {
            run(&shared, text);
            assert_eq!(run(&shared, probe).as_deref(), Some(&*clean), "{text}");
        }
    }

    /// A frozen object keeps nothing, but what its setters keep; and what is not frozen is not reached.
    #[test]
    fn everything_is_frozen() {
        let shared = Shared::new().unwrap();
        let walk = r"
            const seen = new Set([globalThis]), open = [], setters = [];
            for (const one of seen) {
                if (!Object.isFrozen(one)) open.push(String(one));
                const next = [Object.getPrototypeOf(one)];
                for (const key of Reflect.ownKeys(one)) {
                    const { value, get, set } = Object.getOwnPropertyDescriptor(one, key);
                    next.push(value, get, set);
                    if (set) setters.push(String(key));
                }
                for (const other of next) if (Object(other) === other) seen.add(other);
            }
            [open, setters, seen.size > 500]";
        // These set what they are called on, and refuse what is frozen.
        let expected = r#"[[],["__proto__","caller","arguments","stack","constructor","Symbol(Symbol.toStringTag)"],true]"#;
        assert_eq!(run(&shared, walk).as_deref(), Some(expected));
    }
}
