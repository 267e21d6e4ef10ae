//! What texts mean: the text and the document, in one line.

mod support;

use pt_syntax::{Entry, Format, Node, NodeKind, Parsed, Sources, Style, parse, render};
use support::show;

fn read(text: &str, format: Format) -> (Sources, Parsed) {
    let mut sources = Sources::default();
    let source = sources.add("polytope", text);
    let parsed = parse(source, text, format);
    (sources, parsed)
}

fn clean(text: &str, format: Format) -> Node {
    let (sources, parsed) = read(text, format);
    let said = render(&parsed.diagnostics, &sources, Style::default());
    assert_eq!(said, "", "{text}");
    parsed.document.root
}

fn check(format: Format, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(show(&clean(text, format)), *expected, "{text}");
    }
}

#[test]
fn yaml() {
    let table = [
        ("", "null"),
        ("# nothing\n", "null"),
        ("---\n", "null"),
        ("params:\n", "{params: null}"),
        ("KONG_DATABASE: off\nx: yes\n", r#"{KONG_DATABASE: "off", x: "yes"}"#),
        ("a: 0o17\nb: 017\nc: 1_000\nd: 1.50\ne: ~\n", r#"{a: 15, b: 17, c: "1_000", d: 1.5, e: null}"#),
        (
            "a: '5'\nb: \"true\"\nc: !!str 5\nd: !!int '5'\ne: ! 5\n",
            r#"{a: "5", b: "true", c: "5", d: 5, e: "5"}"#,
        ),
        (
            "{name: U, value: postgres://u:p@h:5432/d?sslmode=disable}",
            r#"{name: "U", value: "postgres://u:p@h:5432/d?sslmode=disable"}"#,
        ),
        ("type: [default, str, 'x']\n", r#"{type: ["default", "str", "x"]}"#),
        ("- {port: pt.param port, protocol: http}\n", r#"[{port: "pt.param port", protocol: "http"}]"#),
        ("cmd: a\n  b\n  c\nd: 1\n", r#"{cmd: "a b c", d: 1}"#),
        ("/root/.cache/: x\nconnector.class: y\n", r#"{/root/.cache/: "x", connector.class: "y"}"#),
        ("path: {/root/.cache/, source: x}\n", r#"{path: {/root/.cache/: null, source: "x"}}"#),
        ("80: a\ntrue: b\n1.50: c\n~: d\n'': e\n", r#"{80: "a", true: "b", 1.50: "c", ~: "d", : "e"}"#),
        ("a: b#c\nd: e # f\n", r#"{a: "b#c", d: "e"}"#),
        ("a: |\n  x\n    y\n\n  z\nb: >-\n  p\n  q\n", r#"{a: "x\n  y\n\nz\n", b: "p q"}"#),
        ("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\n", r#"{a: 1, b: "x\ny\n"}"#),
        ("a: &x {b: 1}\nc: *x\nd: &y z\ne: [*y, *y]\n", r#"{a: {b: 1}, c: {b: 1}, d: "z", e: ["z", "z"]}"#),
        ("a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n  e: 4\n", "{a: {b: 1, c: 2}, d: {c: 3, b: 1, e: 4}}"),
        ("a: {<<: [{b: 1, c: 1}, {c: 2, d: 2}], d: 3}\n", "{a: {b: 1, c: 1, d: 3}}"),
        ("'<<': 1\n", "{<<: 1}"),
        ("&k a: 1\nb: {*k : 2}\n", "{a: 1, b: {a: 2}}"),
        ("a:\n- 1\n-\n- - 2\n", "{a: [1, null, [2]]}"),
        ("run: ${/id}\nx: $(cmd)\ny: 'it''s'\n", r#"{run: "${/id}", x: "$(cmd)", y: "it's"}"#),
    ];
    check(Format::Yaml, &table);
}

#[test]
fn json() {
    let table = [
        ("", "null"),
        ("{}", "{}"),
        (
            r#"{"a": [1, -2.5, 1e3, true, null, "x\ny\u00e9"]}"#,
            r#"{a: [1, -2.5, 1000.0, true, null, "x\nyé"]}"#,
        ),
        (r#"{"n": 9223372036854775808, "off": "off"}"#, r#"{n: 9.223372036854776e18, off: "off"}"#),
        ("\u{feff}{\"a\": 1}\r\n", "{a: 1}"),
    ];
    check(Format::Json, &table);
}

#[test]
fn edn() {
    let table = [
        ("", "null"),
        (";; nothing\n", "null"),
        ("{:module :polytope/kong!simple :port 80}", r#"{module: "polytope/kong!simple", port: 80}"#),
        ("{:type [:maybe str] \"k\" \\a, c nil}", r#"{type: ["maybe", "str"], k: "a", c: null}"#),
        ("{:a #{1 2} #_ignored :b 1.5M ; c\n :c 12N}", "{a: [1, 2], b: 1.5, c: 12}"),
        ("{:code (pt/sleep \"5s\") :f #(inc %)}", r#"{code: `(pt/sleep "5s")`, f: `#(inc %)`}"#),
        ("{:code (do {:x 1}\n  (map #(inc %) @xs))}", "{code: `(do {:x 1}\n  (map #(inc %) @xs))`}"),
        ("{:a #pt-param port :b #pt-clj (inc 1)}", r##"{a: "#pt-param port", b: "#pt-clj (inc 1)"}"##),
        ("{:a #pt-js \"params.x\"}", r##"{a: "#pt-js params.x"}"##),
        ("{:re #\"a+\" 5 :five}", r#"{re: "a+", 5: "five"}"#),
    ];
    check(Format::Edn, &table);
}

#[test]
fn of_equal_keys_the_last_counts() {
    for (format, text) in
        [(Format::Yaml, "a: 1\nb: 2\na: 3\na: 4\n"), (Format::Json, r#"{"a":1,"b":2,"a":3,"a":4}"#)]
    {
        let (_, parsed) = read(text, format);
        assert_eq!(show(&parsed.document.root), "{b: 2, a: 4}");
        assert_eq!(parsed.diagnostics.len(), 2);
        assert!(!parsed.has_errors());
    }
}

#[test]
fn where_the_text_breaks_off_what_stood_before_it_is_kept() {
    let (_, parsed) = read("modules:\n  - id: a\n  - id: b\n    info: 'x\n", Format::Yaml);
    assert!(parsed.has_errors());
    assert_eq!(show(&parsed.document.root), r#"{modules: [{id: "a"}, {id: "b", info: null}]}"#);
}

/// The text of every node and key, as written; of several lines, the first.
#[test]
fn spans() {
    let text = "\
modules:
- id: \"é\"
  args: {a: 1, b: [x]}
  code: |
    one
    two
  run:
    - p
    -
last: 'q'
";
    let mut found = Vec::new();
    walk(&clean(text, Format::Yaml), text, &mut found);
    let expected = [
        "modules:…",
        "modules",
        "- id: \"é\"…",
        "id: \"é\"…",
        "id",
        "\"é\"",
        "args",
        "{a: 1, b: [x]}",
        "a",
        "1",
        "b",
        "[x]",
        "x",
        "code",
        "one…",
        "run",
        "- p…",
        "p",
        "",
        "last",
        "'q'",
    ];
    assert_eq!(found, expected);
}

fn walk(node: &Node, text: &str, out: &mut Vec<String>) {
    let written = |start: u32, end: u32| {
        let written = &text[start as usize..end as usize];
        written.split_once('\n').map_or_else(|| written.to_owned(), |(first, _)| format!("{first}…"))
    };
    out.push(written(node.span.start, node.span.end));
    for Entry { key_span, value, .. } in node.entries() {
        out.push(written(key_span.start, key_span.end));
        walk(value, text, out);
    }
    node.items().iter().for_each(|item| walk(item, text, out));
}

#[test]
fn places_inside_texts() {
    let table = [
        (Format::Yaml, "a: one pt.parm two\n"),
        (Format::Yaml, "a: 'it''s pt.parm two'\n"),
        (Format::Yaml, "a: \"x\\n\\\"y\\\" pt.parm two\"\n"),
        (Format::Yaml, "a: |\n    one\n      pt.parm\n\n    two\n"),
        (Format::Yaml, "a: |2-\r\n    one\r\n  pt.parm\r\n"),
        (Format::Yaml, "a: >\n  one\n  pt.parm\n\n  two\n"),
        (Format::Yaml, "a: one\n  two\n  pt.parm three\n"),
        (Format::Json, "{\"a\": \"one\\n\\tpt.parm\"}"),
        (Format::Edn, "{:a \"one\n  pt.parm\"}"),
        (Format::Edn, "{:a (str \"x\" pt.parm)}"),
        (Format::Edn, "{:a :pt.parm}"),
    ];
    for (format, text) in table {
        let (sources, parsed) = read(text, format);
        let node = parsed.document.root.get("a").unwrap();
        let (NodeKind::Str(decoded) | NodeKind::Form(decoded)) = &node.kind else { panic!("{text}") };
        let at = decoded.find("pt.parm").unwrap();
        assert_eq!(sources.slice(node.span_within(text, at..at + 7)), "pt.parm", "{text}");
        // Blanks around it are cut off, a range that is none gives the node.
        assert_eq!(node.span_within(text, 0..0), node.span);
        assert_eq!(node.span_within(text, 0..9999), node.span);
    }
}
