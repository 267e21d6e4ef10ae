//! JavaScript as polytope files hold it. What of the language there is stands in docs/language/javascript.md, and is run below.

use std::fs;
use std::path::Path;

use crate::common::{evaluated, ran};

/// Each case: the script, then `=>` and its value as JSON, or `=> ! message @ place (hint)`.
fn check(params: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(script, expected)| (script, expected, evaluated(&format!("#pt-js {script}"), params)))
        .filter(|(_, expected, actual)| actual != *expected)
        .map(|(script, expected, actual)| format!("{script}\n  expected {expected}\n  got      {actual}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Every example of the page: a line with `//=>` is one.
#[test]
fn the_documented_examples() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language/javascript.md");
    let page = fs::read_to_string(page).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (script, expected) in page.lines().filter_map(|line| line.split_once(" //=> ")) {
        count += 1;
        let actual = evaluated(&format!("#pt-js {script}"), r#"{"port":80}"#);
        // Where an error stands and what to do instead is not on the page.
        let actual = if actual.starts_with('!') {
            actual.split(['@', '(']).next().unwrap_or_default().trim()
        } else {
            &actual
        };
        if actual != expected.trim() {
            wrong.push(format!("{script}\n  expected {expected}\n  got      {actual}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 40, "{count} examples");
}

#[test]
fn the_result_is_the_completion_value() {
    check(
        "{}",
        &[
            ("1 + 1", "2"),
            ("1 + 1;", "2"),
            ("let c = [1]; c.push(2); c", "[1,2]"),
            ("if (true) { 5 } else { 6 }", "5"),
            ("try { 1 } finally { 2 }", "1"),
            ("for (const i of [1, 2, 3]) i * 2", "6"),
            ("{a: 1}", "1"),
            ("({a: 1})", r#"{"a":1}"#),
            ("", "null"),
            ("let x = 1", "null"),
            ("return 5", "5"),
            ("if (1 < 2) { return 'less' }\nreturn 'more'", r#""less""#),
            ("params = 3; undeclared = 4; params + undeclared", "7"),
            ("let params = 1; const pt = 2; params + pt", "3"),
        ],
    );
}

#[test]
fn values_become_data() {
    check(
        "{}",
        &[
            ("null", "null"),
            ("undefined", "null"),
            ("3.0", "3"),
            ("-0", "0"),
            ("0.5", "0.5"),
            ("2 ** 40", "1099511627776"),
            ("9007199254740993n", "9007199254740993"),
            ("99999999999999999999n", r#""99999999999999999999""#),
            ("1e300 > 1", "true"),
            ("`a\n${'é😀'}`", r#""a\né😀""#),
            ("[1,,undefined]", "[1,null,null]"),
            (
                "({'expose-as': 1, onConflict: 'skip', u: undefined})",
                r#"{"expose-as":1,"onConflict":"skip","u":null}"#,
            ),
            ("new Map([['b', 1], [2, {c: []}]])", r#"{"b":1,"2":{"c":[]}}"#),
            ("new Set([3, 1, 3])", "[3,1]"),
            ("new Date(0)", r#""1970-01-01T00:00:00.000Z""#),
            ("new Error('e')", r#""Error: e""#),
            ("new (class extends Error { name = 'Mine' })('e')", r#""Mine: e""#),
            ("new Uint8Array([1, 2])", "[1,2]"),
            ("[new BigInt64Array(1), new Float32Array([0.5])]", "[[0],[0.5]]"),
            ("[new Number(1), new String('s'), Object(true), Object(2n)]", r#"[1,"s",true,2]"#),
            ("(function () { return arguments })(1, 2)", "[1,2]"),
            ("class A { #hidden = 1; x = 2; get y() { return 3 } f() {} } new A()", r#"{"x":2}"#),
            ("({ a: 1, get b() { return 2 } })", r#"{"a":1,"b":2}"#),
            (
                "class M { constructor(n) { this.n = n } toJSON() { return `${this.n} USD` } } [new M(5)]",
                r#"["5 USD"]"#,
            ),
            ("({ toJSON: () => 1 })", "1"),
            ("Object.create(null)", "{}"),
            ("const o = Object.create({ inherited: 1 }); o.own = 2; o", r#"{"own":2}"#),
            ("new Proxy({ a: 1 }, {})", r#"{"a":1}"#),
            ("new Proxy([1], {})", "[1]"),
            ("({ [Symbol('s')]: 1, a: 2 })", r#"{"a":2}"#),
            ("class D extends Date {} new D(0)", r#""1970-01-01T00:00:00.000Z""#),
            ("class S extends Set {} new S([1])", "[1]"),
            ("/(?<y>\\d+)/.exec('12')", r#"["12","12"]"#),
            ("'a=1'.match(/=/)", r#"["="]"#),
            ("const a = []; a[2] = 1; a.extra = 2; a", "[null,null,1]"),
            ("-1n", "-1"),
            (r"'a\ud800'", "\"a\u{fffd}\""),
            ("const shared = {a: 1}; [shared, shared]", r#"[{"a":1},{"a":1}]"#),
        ],
    );
}

#[test]
fn what_is_no_data_is_an_error_with_its_place() {
    check(
        "{}",
        &[
            (
                "x => x",
                "! Cannot convert a function to data. @ x => x (call it, and its result is the value)",
            ),
            (
                "[{port: parseInt}]",
                "! Cannot convert a function to data. It stands at `[0].port`. @ [{port: parseInt}]",
            ),
            ("({a: [1, NaN]})", "! Cannot convert NaN to data. It stands at `a[1]`. @ ({a: [1, NaN]})"),
            ("1 / 0", "! Cannot convert an infinite number to data. @ 1 / 0"),
            ("[/x/g]", "! Cannot convert a regular expression to data. It stands at `[0]`. @ [/x/g]"),
            (
                "({ g: (function* () {})() })",
                "! Cannot convert a generator to data. It stands at `g`. @ ({ g: (function* () {})() })",
            ),
            ("new Map().keys()", "! Cannot convert an iterator to data. @ new Map().keys()"),
            ("[1].values().map(String)", "! Cannot convert an iterator to data. @ [1].values().map(String)"),
            ("new WeakMap()", "! Cannot convert WeakMap to data. @ new WeakMap()"),
            ("new ArrayBuffer(8)", "! Cannot convert ArrayBuffer to data. @ new ArrayBuffer(8)"),
            ("Math", "! Cannot convert Math to data. @ Math"),
            ("new Date('soon')", "! Cannot convert an invalid date to data. @ new Date('soon')"),
            (
                "new Map([[{}, 1]])",
                "! Cannot convert a Map with a key that is no text to data. @ new Map([[{}, 1]])",
            ),
            (
                "[[Symbol.iterator]]",
                "! Cannot convert a symbol to data. It stands at `[0][0]`. @ [[Symbol.iterator]]",
            ),
            (
                "new Uint8Array(1).map.call(new Float64Array([NaN]), x => x)",
                "! Cannot convert NaN to data. It stands at `[0]`. @ new Uint8Array(1).map.call(new Float64Array([NaN]), x => x)",
            ),
            (
                "const o = {}; o.o = [o]; o",
                "! Cannot convert an object that contains itself to data. It stands at `o[0]`. @ o",
            ),
            ("({ get a() { throw new Error('no') } })", "! Error: no @ Error"),
            ("({ a: { toJSON() { throw 1 } } })", "! Uncaught 1 @ throw"),
            ("new Proxy({}, { ownKeys() { throw new TypeError('p') } })", "! TypeError: p @ TypeError"),
            ("Symbol('s')", "! Cannot convert a symbol to data. @ Symbol('s')"),
            (
                "let a = []; a.push(a); a",
                "! Cannot convert an object that contains itself to data. It stands at `[0]`. @ a",
            ),
            (
                "let a = null; for (let i = 0; i < 1e5; i++) a = [a]; a.length && [a].flat(0)",
                "! Cannot convert more than 256 levels of lists and maps to data. @ a.length && [a].flat(0)",
            ),
            (
                "new Promise(() => {})",
                "! Cannot convert a promise that nothing settles to data. @ new Promise(() => {})",
            ),
        ],
    );
}

#[test]
fn promises_are_what_they_come_to() {
    check(
        "{}",
        &[
            ("Promise.resolve(1)", "1"),
            ("async function f() { return { a: await 2 } } f()", r#"{"a":2}"#),
            ("[1, 2].map(async n => n * await 2)", "[2,4]"),
            ("const x = await Promise.all([1, (async () => 2)()]); x.concat(3)", "[1,2,3]"),
            ("let n = 0; (async () => { await null; n = 1 })(); await null; n", "1"),
            ("if (await true) { return 'yes' }\nreturn 'no'", r#""yes""#),
            ("for await (const n of [1, 2]) n", "2"),
            (
                "async function f() {\n  await null;\n  throw new Error('late')\n}\nf()",
                "! Error: late @ Error",
            ),
            ("await nope", "! ReferenceError: nope is not defined @ nope"),
            // What failed and nobody waits for.
            ("async function f() { throw new Error('x') }\nf(); 1", "! Error: x @ Error < f"),
            ("async function f() {\n  await null\n  throw 'x'\n}\nf()\n1", "! Uncaught x @ throw"),
            ("Promise.reject(new Error('x')); 1", "! Error: x @ Error"),
            ("Promise.reject('x'); 1", "! Uncaught x"),
            (
                "(async () => { await null; params.x.y })(); return 1",
                "! TypeError: cannot read property 'y' of undefined @ params.x.y (Something here is undefined; a param that was not given, perhaps)",
            ),
            (
                "[Promise.reject(new Error('first')), Promise.reject(new Error('second'))].length",
                "! Error: first @ Error",
            ),
            ("async function f() { throw new Error('x') }\nf().catch(e => 1); 2", "2"),
            ("const p = Promise.reject(new Error('x')); await null; p.catch(() => 1); 2", "2"),
            ("await Promise.allSettled([Promise.reject(1)]); 2", "2"),
            ("try { await Promise.reject(new Error('x')) } catch (e) { e.message }", r#""x""#),
            ("await Promise.any([Promise.reject(1), 2])", "2"),
            ("await Promise.race([1, Promise.reject(2)])", "1"),
            ("const await_ = 1; await_", "1"),
        ],
    );
    assert_eq!(
        ran("#pt-js async function main() { await pt.sleep('1s'); pt.log('done') } main()", "{}", &[]),
        "sleep \"1s\"\nlog \"done\"\nnull"
    );
}

#[test]
fn params_are_plain_objects_with_keys_in_camel_case() {
    let params = r#"{"db-host":"h","api_port":"80","plain":null,"MY_VAR":"v","big":9007199254740993,
                     "list":[{"expose-as":1}],"__proto__":{"x":1}}"#;
    check(
        params,
        &[
            ("params.dbHost + params['apiPort']", r#""h80""#),
            ("[params['db-host'], params['api_port'], params.list[0]['expose-as']]", r#"["h","80",1]"#),
            ("Object.keys(params)", r#"["dbHost","apiPort","plain","MY_VAR","big","list","__proto__"]"#),
            ("inputs === params", "true"),
            ("params.plain === null && params.undeclared === undefined", "true"),
            ("JSON.stringify(params.list)", r#""[{\"exposeAs\":1}]""#),
            ("Array.isArray(params.list) && typeof params.dbHost", r#""string""#),
            ("params.list", r#"[{"exposeAs":1}]"#),
            ("params.big", "9007199254740993"),
            ("[pt.param('db-host'), pt.input('dbHost'), pt.param('toString')]", r#"["h","h",null]"#),
            ("pt.param('list')[0].exposeAs", "1"),
            (
                "[pt.moduleRepoRef, pt.moduleProjectRef, pt.module_repo_ref]",
                r#"["my-repo","my-project","my-repo"]"#,
            ),
        ],
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    check(
        r#"{"port":"80"}"#,
        &[
            (
                "parseInt(pt.value('foo'))",
                "! TypeError: pt.value is not a function @ pt.value (Only code that begins with `pt.js` reads values \
             and secrets. Begin it so, or pass it through args as a param (`pt.value …`) and use `params`.)",
            ),
            (
                "pt.awiatDone('x')",
                "! TypeError: pt.awiatDone is not a function @ pt.awiatDone (Did you mean pt.awaitDone?)",
            ),
            ("\n\n  'é' + portt", "! ReferenceError: portt is not defined @ portt"),
            (
                "params.packages.replace(/x/, '')",
                "! TypeError: cannot read property 'replace' of undefined @ params.packages.replace \
             (Something here is undefined; a param that was not given, perhaps)",
            ),
            ("let x = (1 + ", "! SyntaxError: unexpected token in expression: '' @ "),
            ("throw new Error('no port')", "! Error: no port @ Error"),
            (
                "const f = () => { nope() }; function g() {\n  f(1)\n}\ng()",
                "! ReferenceError: nope is not defined @ nope < f < g",
            ),
            ("const f = n => f(n + nope); f(1)", "! ReferenceError: nope is not defined @ nope < f"),
            ("portt + params.port", "! ReferenceError: portt is not defined @ portt (Did you mean port?)"),
            ("return nope", "! ReferenceError: nope is not defined @ nope"),
            ("throw 'text'", "! Uncaught text @ throw"),
            ("if (params.port) {\n  throw {code: 1}\n}", r#"! Uncaught {"code":1} @ throw"#),
            ("throw null", "! Uncaught null @ throw"),
            (
                "function f() { throw `no ${g(1)}` }; function g(x) { try { throw x } catch { return 2 } }; f(3)",
                "! Uncaught no 2 @ throw < f",
            ),
            (
                "throw new TypeError(`no ${String(params.port).trim()} ${[1, 2].map(String)}`, { cause: 1 })",
                "! TypeError: no 80 1,2 @ TypeError",
            ),
            (
                "class A { f() { return this.x.y } }\nnew A().f()",
                "! TypeError: cannot read property 'y' of undefined @ this.x.y < f (Something here is undefined; a param that was not given, perhaps)",
            ),
            (
                "const a = [{}]; a[0].b[1]",
                "! TypeError: cannot read property '1' of undefined @ b (Something here is undefined; a param that was not given, perhaps)",
            ),
            (
                "[1].foreach(x => x)",
                "! TypeError: foreach is not a function @ foreach (Did you mean forEach?)",
            ),
            (
                "pt.param('port').then(x => x)",
                "! TypeError: then is not a function @ then (The runner's functions wait by themselves and give no promises)",
            ),
            (
                "{\"image\": 1, \"cmd\": 2}",
                "! SyntaxError: expecting ';' @ : (an object at the beginning needs parentheses: `({…})`)",
            ),
            (
                "import fs from 'fs'; 1",
                "! SyntaxError: Unexpected identifier 'fs' @ fs (there is nothing to import: what code may call is in `pt`)",
            ),
            (
                "export default 3",
                "! SyntaxError: unsupported keyword: export @ export (nothing is exported: the value is that of the last statement)",
            ),
            (
                "await import('fs')",
                "! ReferenceError: could not load module 'fs' @ import (There are no modules; `pt.readRepoFile` and `pt.readYaml` read files of the project)",
            ),
            (
                "const x: number = 1; x",
                "! SyntaxError: missing initializer for variable @ x (this is TypeScript; leave out the types)",
            ),
            ("fucntion f() {}", "! SyntaxError: expecting ';' @ f (did you mean function?)"),
            ("[1].nope(2)", "! TypeError: nope is not a function @ nope"),
            (
                "const list = [1]\nlist\n  .map(String)\n  .nope(parseInt('3', 10))",
                "! TypeError: nope is not a function @ nope",
            ),
            ("let a = 1; let a = 2", "! SyntaxError: Identifier 'a' has already been declared @ a"),
            ("const c = 1; c = 2", "! TypeError: 'c' is read-only @ c"),
            (
                "require('fs')",
                "! ReferenceError: require is not defined @ require (There are no modules; `pt.readRepoFile` and \
                 `pt.readYaml` read files of the project)",
            ),
            (
                "setTimeout(() => 1, 5)",
                "! ReferenceError: setTimeout is not defined @ setTimeout (`pt.sleep(\"1s\")` waits)",
            ),
        ],
    );
}

#[test]
fn code_in_args_starts_nothing_and_waits_for_nothing() {
    check(
        "{}",
        &[
            ("pt.sleep('1s')", "! Error: pt.sleep cannot be used in args @ pt.sleep"),
            ("try { pt.spawn({}) } catch (e) { e.message }", r#""pt.spawn cannot be used in args""#),
            ("console.log('dropped'); 1", "1"),
            ("pt.fail('no', {a: 1})", r#"! failed: no {"a":1} @ pt.fail"#),
            (
                "pt.readJson('{}')",
                "! failed: pt/read-json cannot be used here: there is no runner to ask. @ pt.readJson",
            ),
        ],
    );
}

#[test]
fn running_code_talks_to_the_host() {
    for (script, answers, expected) in [
        (
            "#pt-js const id = pt.spawn({image: params.image}); pt.awaitDone({ref: id, type: 'deployment'})",
            &[("spawn", r#""c1""#), ("await-done", "0")][..],
            "spawn {\"image\":\"alpine\"}\nawait-done {\"ref\":\"c1\",\"type\":\"deployment\"}\n0",
        ),
        (
            "#pt-js const r = pt.callModule('m', {}); [r.exitCode, r['exit-code'], Object.keys(r)]",
            &[("call-module", r#"{"exit-code":2}"#)],
            "call-module \"m\" {}\n[2,2,[\"exitCode\"]]",
        ),
        (
            "#pt-js console.log('a', 1, {b: [null]}, undefined); console.error('two\\nlines')",
            &[],
            "> a 1 {\"b\":[null]} undefined\n> two\n> lines\nnull",
        ),
        (
            "#pt-js console.log(new Map([[1, 2]]), /r/, [x => x], new Date(0)); const o = {}; o.o = o; console.log(o)",
            &[],
            "> {\"1\":2} /r/ [null] 1970-01-01T00:00:00.000Z\n> [object Object]\nnull",
        ),
        (
            "#pt-js pt.fail('It broke.', {'exit-code': 7}); pt.log('never')",
            &[],
            concat!(
                "fail \"It broke.\" {\"exit-code\":7}\n",
                "! failed: It broke. {\"exit-code\":7} @ pt.fail",
            ),
        ),
        (
            "#pt-js try { pt.callModule('m') } catch (e) { [e instanceof Error, e.message, e.data.exitCode] }",
            &[("call-module", "! It failed.")],
            "call-module \"m\"\n[true,\"It failed.\",3]",
        ),
        (
            "#pt-js try { pt.callModule('m') } finally { pt.log('bye') }",
            &[("call-module", "! It failed.")],
            "call-module \"m\"\nlog \"bye\"\n! failed: It failed. {\"exit-code\":3} @ pt.callModule",
        ),
        ("pt.js pt.value('port') + '!'", &[("value", r#""80""#)], "value \"port\"\n\"80!\""),
        (
            "#pt-js pt.log(() => 1)",
            &[],
            "! TypeError: Cannot convert a function to data. It is argument 1 of pt.log. @ pt.log",
        ),
    ] {
        assert_eq!(ran(script, r#"{"image":"alpine"}"#, answers), expected, "{script}");
    }
}

/// Scripts in args that need nothing of their own share a context, one after the other; nobody can tell.
#[test]
fn sharing_a_context_does_not_show() {
    let each = [
        ("leak = 1; leak", "1"),
        ("typeof leak", r#""undefined""#),
        ("Array.prototype.leak = 2; [].leak", "2"),
        ("[].leak", "null"),
        ("Math.leak = 3; Math.leak", "3"),
        ("Math.leak", "null"),
        ("const M = Math; M.max = () => 7; M.max(1)", "7"),
        ("Math.max(1)", "1"),
        ("params.x = 4; params.x", "4"),
        ("params.x", "1"),
        ("const o = {}; o.toString = () => 'mine'; `${o}`", r#""mine""#),
        ("const e = new Error('a'); e.name = 'E'; e.message = 'b'; `${e}`", r#""E: b""#),
        ("return params.x", "1"),
        ("var f = function () { return typeof this }; f()", r#""object""#),
        ("nope", "! ReferenceError: nope is not defined @ nope"),
        ("[1, NaN]", "! Cannot convert NaN to data. It stands at `[1]`. @ [1, NaN]"),
        ("Error.prepareStackTrace = () => 'leak'; 1", "1"),
        ("new Error('e').stack.includes('leak')", "false"),
        ("0777 + 010", "519"),
        ("delete params.x; params.x === undefined", "true"),
    ];
    for _ in 0..3 {
        check(r#"{"x":1}"#, &each);
    }
}
