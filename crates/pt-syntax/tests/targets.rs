//! What the command line names to run, with inline arguments.

mod support;

use pt_syntax::{SourceId, TargetCall, parse_flow};
use support::show;

#[test]
fn references_and_arguments() {
    let table = [
        ("stack", "stack", "none"),
        ("polytope/hello-world", "polytope/hello-world", "none"),
        ("x{}", "x", "{}"),
        ("x{ }", "x", "{}"),
        (
            "polytope/postgres{port: 5433, database: mydb}",
            "polytope/postgres",
            r#"{port: 5433, database: "mydb"}"#,
        ),
        (
            "polytope/postgres{image: x, url: http://a/b?c=d#e}",
            "polytope/postgres",
            r#"{image: "x", url: "http://a/b?c=d#e"}"#,
        ),
        (
            "scaffold{source-path: https://github.com/o/r, target-path: modules/api}",
            "scaffold",
            r#"{source-path: "https://github.com/o/r", target-path: "modules/api"}"#,
        ),
        (
            "a/b@v1:p/q!c{cmd: 'a b', pkgs: [axios, \"x y\"], on: off, n: ~}",
            "a/b@v1:p/q!c",
            r#"{cmd: "a b", pkgs: ["axios", "x y"], on: "off", n: null}"#,
        ),
        ("x{\"json\": {\"a\": [1, true, null]}}", "x", "{json: {a: [1, true, null]}}"),
        ("x{port: pt.value p, user: me@host=1}", "x", r#"{port: "pt.value p", user: "me@host=1"}"#),
        ("x{flag}", "x", "{flag: null}"),
        ("x{\n  a: 1,\nb: 2\n}", "x", "{a: 1, b: 2}"),
    ];
    for (text, reference, args) in table {
        let (call, diagnostics) = TargetCall::parse(SourceId(0), text);
        assert!(diagnostics.iter().all(|said| said.id == "loose-indentation"), "{text}: {diagnostics:?}");
        assert_eq!(call.reference, reference);
        assert_eq!(call.args.as_ref().map_or_else(|| "none".to_owned(), show), args, "{text}");
    }
}

#[test]
fn spans_count_from_the_start_of_the_argument() {
    let text = "ü{port: [80]}";
    let (call, _) = TargetCall::parse(SourceId(0), text);
    let args = call.args.unwrap();
    let port = &args.entries()[0];
    let written = |span: pt_syntax::Span| &text[span.start as usize..span.end as usize];
    let found =
        [args.span, port.key_span, port.value.span, port.value.items()[0].span, call.span].map(written);
    assert_eq!(found, ["{port: [80]}", "port", "[80]", "80", "ü"]);
}

#[test]
fn flow_values() {
    let table = [
        ("5", "5"),
        ("[a, b]", r#"["a", "b"]"#),
        ("{a: b}", r#"{a: "b"}"#),
        ("", "null"),
        ("off", "\"off\""),
    ];
    for (text, expected) in table {
        let flow = parse_flow(SourceId(0), &format!("--arg={text}"), 6);
        assert_eq!((show(&flow.node).as_str(), flow.diagnostics.len()), (expected, 0), "{text}");
    }
}
