//! Python as polytope files hold it. What of the language there is stands in docs/language/python.md, and is run below.

use std::fs;
use std::path::Path;

use crate::common::{evaluated, ran};

/// Each case: the script, then its value as JSON, or `! message @ place (hint)`.
fn check(params: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(script, expected)| (script, expected, evaluated(&format!("#pt-py {script}"), params)))
        .filter(|(_, expected, actual)| actual != *expected)
        .map(|(script, expected, actual)| format!("{script}\n  expected {expected}\n  got      {actual}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Every example of the page: a line with `#=>` ends one.
#[test]
fn the_documented_examples() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language/python.md");
    let page = fs::read_to_string(page).unwrap();
    let (mut wrong, mut count, mut inside, mut script) = (Vec::new(), 0, false, String::new());
    for line in page.lines() {
        if line.starts_with("```") {
            assert_eq!(script, "", "an example without `#=>`");
            inside = line == "```python";
        } else if inside {
            let (code, expected) =
                line.split_once("#=>").map_or((line, None), |(code, value)| (code, Some(value)));
            script += code.trim_end();
            script += "\n";
            if let Some(expected) = expected.map(str::trim) {
                count += 1;
                let actual = evaluated(&format!("#pt-py\n{script}"), r#"{"port":80}"#);
                // Where an error stands and what to do instead is not on the page.
                let actual =
                    actual.split(['@', '(']).next().filter(|_| actual.starts_with('!')).unwrap_or(&actual);
                let first = actual.lines().next().unwrap_or_default().trim();
                let expected_head = if expected.starts_with('!') {
                    expected.split(['@', '(']).next().unwrap().trim()
                } else {
                    expected
                };
                if first != expected_head {
                    wrong.push(format!("{script}  expected {expected}\n  got      {actual}"));
                }
                script.clear();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 80, "{count} examples");
}

#[test]
fn params_and_layout() {
    check(
        r#"{"db-host":"h","big":9007199254740993,"list":[{"expose-as":1}],"no":null}"#,
        &[
            ("params['db-host']", r#""h""#),
            ("inputs['list'][0]['expose-as']", "1"),
            ("params['big']", "9007199254740993"),
            ("params['no'] is None", "true"),
            ("params['nope']", "! KeyError: 'nope' @ params['nope']"),
            ("list(params)", r#"["db-host","big","list","no"]"#),
            ("[pt.module_repo_ref, pt.module_project_ref]", r#"["my-repo","my-project"]"#),
            ("\n    x = 1\n    if x:\n        x = 2\n    x\n", "2"),
            ("x = 1\n  y = 2\n  x + y", "3"),
            ("if params:\n  x = 1\nx", "1"),
            ("\r\n  x = 1\r\n  x\r\n", "1"),
            ("\n  é = 'ü'\n  é + nope\n", "! NameError: name 'nope' is not defined @ nope"),
            ("", "null"),
        ],
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    check(
        r#"{"port":"80"}"#,
        &[
            (
                "int(pt.value('foo'))",
                "! AttributeError: 'pt' object has no attribute 'value' @ pt.value (Only code that begins with `pt.py` reads values \
             and secrets. Begin it so, or pass it through args as a param (`pt.value …`) and use `params`.)",
            ),
            (
                "pt.awiat_done('x')",
                "! AttributeError: 'pt' object has no attribute 'awiat_done' @ pt.awiat_done (Did you mean \
                 pt.await_done?)",
            ),
            ("pt.nothing", "! AttributeError: 'pt' object has no attribute 'nothing' @ pt.nothing"),
            ("parms['x']", "! NameError: name 'parms' is not defined @ parms (Did you mean params?)"),
            ("total = 1\ntotl", "! NameError: name 'totl' is not defined @ totl (Did you mean total?)"),
            ("nope(1)", "! NameError: name 'nope' is not defined @ nope"),
            ("true", "! NameError: name 'true' is not defined @ true (Did you mean True?)"),
            ("x = (1 + ", "! SyntaxError: unexpected EOF while parsing @ "),
            (
                "def f(n):\n    return 1 / n\ndef g():\n    return f(0)\ng()",
                "! ZeroDivisionError: division by zero @ 1 / n < f(0) < g()",
            ),
            ("'a' + 1", "! TypeError: can only concatenate str (not \"int\") to str @ 'a' + 1"),
            ("raise ValueError(42)", "! ValueError: 42 @ ValueError(42)"),
            ("class Own(KeyError):\n    pass\nraise Own('port')", "! Own: 'port' @ Own('port')"),
            (
                "import yaml",
                "! ModuleNotFoundError: No module named 'yaml' @ import yaml (`pt.read_yaml` reads YAML, `pt.write_yaml` \
                 writes it)",
            ),
        ],
    );
}

#[test]
fn code_in_args_starts_nothing_and_waits_for_nothing() {
    check(
        "{}",
        &[
            ("pt.sleep('1s')", "! RuntimeError: pt.sleep cannot be used in args @ pt.sleep('1s')"),
            (
                "try:\n    pt.spawn({})\nexcept RuntimeError as e:\n    m = str(e)\nm",
                r#""pt.spawn cannot be used in args""#,
            ),
            ("print('dropped'); 1", "1"),
            ("pt.fail('no', {'a': 1})", r#"! failed: no {"a":1} @ pt.fail('no', {'a': 1})"#),
        ],
    );
}

#[test]
fn running_code_talks_to_the_host() {
    for (script, answers, expected) in [
        (
            "#pt-py\nid = pt.spawn({'image': params['image']})\npt.await_done({'ref': id, 'type': 'deployment'})",
            &[("spawn", r#""c1""#), ("await-done", "0")][..],
            "spawn {\"image\":\"alpine\"}\nawait-done {\"ref\":\"c1\",\"type\":\"deployment\"}\n0",
        ),
        (
            "#pt-py pt.spawn(image='a', expose_as='web')",
            &[],
            "spawn {\"image\":\"a\",\"expose-as\":\"web\"}\nnull",
        ),
        (
            "#pt-py\nlog = pt.log\nlog('a')\n[pt.log(x) for x in 'cd']",
            &[],
            "log \"a\"\nlog \"c\"\nlog \"d\"\n[null,null]",
        ),
        (
            "#pt-py list(map(pt.log, ['a']))",
            &[],
            "! RuntimeError: pt.log cannot be called from within another function's call @ map(pt.log, ['a']) (call it in \
             a loop or a comprehension)",
        ),
        (
            "#pt-py pt.call_module('m', {})['exit-code']",
            &[("call-module", r#"{"exit-code":2}"#)],
            "call-module \"m\" {}\n2",
        ),
        (
            "#pt-py\nprint('a', 1, {'b': [None]})\nprint('x', end='')\nprint('y\\nz')\nprint('end', end='')",
            &[],
            "> a 1 {'b': [None]}\n> xy\n> z\n> end\nnull",
        ),
        (
            "#pt-py\npt.fail('It broke.', {'exit-code': 7})\npt.log('never')",
            &[],
            "fail \"It broke.\" {\"exit-code\":7}\n! failed: It broke. {\"exit-code\":7} @ pt.fail('It broke.', {'exit-code': 7})",
        ),
        (
            "#pt-py\ntry:\n    pt.call_module('m')\nexcept RuntimeError as e:\n    m = str(e)\nm",
            &[("call-module", "! It failed.")],
            "call-module \"m\"\n\"It failed.\"",
        ),
        (
            "#pt-py\ntry:\n    pt.call_module('m')\nfinally:\n    pt.log('bye')",
            &[("call-module", "! It failed.")],
            // monty tells the place where the script went on last.
            "call-module \"m\"\nlog \"bye\"\n! failed: It failed. {\"exit-code\":3} @ pt.log('bye')",
        ),
        ("pt.py pt.value('port') + '!'", &[("value", r#""80""#)], "value \"port\"\n\"80!\""),
        // What waits is written and read with all that it holds: modules, generators, exceptions of its own.
        (
            "#pt-py\nimport json, shlex\nclass Own(ValueError):\n    pass\ndef each():\n    for x in [1, 2]:\n        \
             pt.sleep('1s')\n        yield x\nout = []\ntry:\n    for x in each():\n        out.append(x)\n    raise \
             Own('no')\nexcept Own as e:\n    pt.sleep('2s')\n    out.append([e.args, json.dumps(out), shlex.quote('a b')])\nout",
            &[],
            "sleep \"1s\"\nsleep \"1s\"\nsleep \"2s\"\n[1,2,[[\"no\"],\"[1, 2]\",\"'a b'\"]]",
        ),
        (
            "#pt-py\ndef each():\n    yield pt.container_exec('a')\n    yield pt.container_exec('b')\n[list(each()), any(pt.container_exec(x) for x in 'cd')]",
            &[("container-exec", "0")],
            "container-exec \"a\"\ncontainer-exec \"b\"\ncontainer-exec \"c\"\ncontainer-exec \"d\"\n[[0,0],false]",
        ),
        (
            "#pt-py pt.log(lambda: 1)",
            &[],
            "! TypeError: Cannot convert a function to data. It is argument 1 of pt.log. @ pt.log(lambda: 1)",
        ),
    ] {
        assert_eq!(ran(script, r#"{"image":"alpine"}"#, answers), expected, "{script}");
    }
}
