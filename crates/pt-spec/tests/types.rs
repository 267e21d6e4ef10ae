//! The type language: what each type accepts, what it makes of it, and what it says otherwise.

use pt_spec::{Type, plain};
use pt_syntax::{Format, Node, Sources, parse};

fn node(text: &str) -> Node {
    let mut sources = Sources::default();
    let source = sources.add("type", text);
    parse(source, text, Format::Yaml).document.root
}

/// The value as it comes out, or everything that is wrong with it.
fn checked(ty: &str, value: &str) -> String {
    match Type::lower(&node(ty)).check(&plain(&node(value))) {
        Ok(value) => value.to_string(),
        Err(errors) => {
            let shown = |error: &pt_spec::TypeError| match error.path.to_string() {
                path if path.is_empty() => error.problem.to_string(),
                path => format!("{path}: {}", error.problem),
            };
            errors.iter().map(shown).collect::<Vec<_>>().join("; ")
        }
    }
}

fn table(rows: &[(&str, &str, &str)]) {
    for (ty, value, expected) in rows {
        assert_eq!(checked(ty, value), *expected, "{ty} of {value}");
    }
}

#[test]
fn named_types() {
    table(&[
        ("str", "''", r#""""#),
        ("str", "'1'", r#""1""#),
        ("str", "1", "Must be a string (got 1)"),
        ("str", "true", "Must be a string (got true)"),
        ("str", "null", "Missing required value"),
        ("bool", "true", "true"),
        ("bool", "'true'", r#"Must be a boolean (got "true")"#),
        ("int", "8079", "8079"),
        ("int", "3.0", "3"),
        ("int", "'8079'", r#"Must be an integer (got "8079")"#),
        ("int", "8.5", "Must be an integer (got 8.5)"),
        ("int", "true", "Must be an integer (got true)"),
        ("int", "null", "Missing required value"),
        ("num", "2.5", "2.5"),
        ("num", "x", r#"Must be a number (got "x")"#),
        ("any", "null", "null"),
        ("id", "a_b-1", r#""a_b-1""#),
        ("id", "A b", r#"Must be a valid ID (got "A b")"#),
        ("docker-image", "''", r#"Must be the name of an image (got "")"#),
        ("absolute-path", "/app/", r#""/app/""#),
        ("absolute-path", "x", r#"Must be an absolute path (got "x")"#),
        ("url-path", "/a", r#""/a""#),
        ("data-size", "512M", r#""512M""#),
        ("data-size", "1.5GiB", r#""1.5GiB""#),
        ("data-size", "1024", "1024"),
        ("data-size", "5 MB", r#"Must be a data size (got "5 MB")"#),
        ("data-size", "5i", r#"Must be a data size (got "5i")"#),
        ("data-size", ".5G", r#"Must be a data size (got ".5G")"#),
        ("data-size", "-1", "Must be a data size (got -1)"),
        ("data-size", "10 B", r#"Must be a data size (got "10 B")"#),
        ("data-size", "10B", r#""10B""#),
        ("url-path", "a", r#"Must be a path that begins with / (got "a")"#),
        ("service-ref", "api", r#""api""#),
        ("service-ref", "my-org/my-project>my-job#:api", r#""my-org/my-project>my-job#:api""#),
        ("service-ref", "my-org/my-project>my-job#step:api", r#""my-org/my-project>my-job#step:api""#),
        ("service-ref", "my-job:api", r#"Must be a service's ID or reference (got "my-job:api")"#),
        ("instance-type", "large", r#""large""#),
        ("docker-image", "alpine:3", r#""alpine:3""#),
        ("docker-image", "1", "Must be a string (got 1)"),
        ("num", "null", "Missing required value"),
        ("num", "1", "1"),
        ("bool", "off", r#"Must be a boolean (got "off")"#),
        ("code", "1", "Must be a string (got 1)"),
        ("dataset-sink", "{dataset: my-data, info: x}", r#"{"dataset":"my-data","info":"x"}"#),
        (
            "dataset-sink",
            "{info: x}",
            r#"Must be a dataset's ID, or a map with `dataset` (got {"info":"x"})"#,
        ),
        ("env-var", "{name: A, value: null}", r#"{"name":"A","value":null}"#),
        ("env-var", "A=1", r#"Must be a map (got "A=1")"#),
        ("duration", "1mo", r#""1mo""#),
        ("duration", "1 s", r#"Must be a duration (got "1 s")"#),
        ("duration", "10ms", r#""10ms""#),
        ("duration", "1w", r#""1w""#),
        ("duration", "w", r#"Must be a duration (got "w")"#),
        ("http-method", "get", r#""get""#),
        ("http-method", "FETCH", r#"Must be an HTTP method (got "FETCH")"#),
        ("code", "'#pt-clj (inc 1)'", r##""#pt-clj (inc 1)""##),
        ("env-var", "{name: A, value: 1}", r#"{"name":"A","value":1}"#),
        ("env-var", "{name: A}", r#"{"name":"A"}"#),
        ("env-var", "{value: 1}", "name: Missing required value"),
        ("env-var", "{name: A, value: [1]}", "value: Must be a string (got [1])"),
        ("dataset-sink", "my-data", r#""my-data""#),
        ("string", "x", "Unknown type: string"),
        ("[str, int]", "x", "Unknown type: [str, int]"),
    ]);
}

#[test]
fn lists_and_maps() {
    table(&[
        ("[int]", "[1, 2]", "[1,2]"),
        ("[list, int]", "[]", "[]"),
        ("[int]", "{}", "Must be a list (got {})"),
        ("[int]", "[1, a, null]", r#"[1]: Must be an integer (got "a"); [2]: Missing required value"#),
        ("[[maybe, str]]", "[a, null]", r#"["a",null]"#),
        ("{a: int, b: [maybe, str]}", "{a: 1, c: dropped}", r#"{"a":1}"#),
        ("{a: int, b: [maybe, str]}", "{b: null, a: 1}", r#"{"b":null,"a":1}"#),
        ("{a: int, b: [default, int, 5]}", "{a: 1}", r#"{"a":1,"b":5}"#),
        ("{a: {b: [int]}}", "{a: {b: [x]}}", r#"a.b[0]: Must be an integer (got "x")"#),
        ("{a: int}", "[]", "Must be a map (got [])"),
        ("{}", "{x: [1]}", r#"{"x":[1]}"#),
        ("{str: int}", "{a.b: 1}", r#"{"a.b":1}"#),
        ("[map, str, int]", "{a: 1, b: x}", r#"b: Must be an integer (got "x")"#),
    ]);
}

#[test]
fn optional_and_alternative_types() {
    let levels = "[default, [enum, trace, info], info]";
    let restart = "{policy: [enum, always, on-failure], max-restarts: [maybe, int]}";
    let chosen = "[either, {couchbase: {}}, {postgres: {port: [default, int, 5432]}}]";
    table(&[
        ("[maybe, int]", "null", "null"),
        (levels, "null", r#""info""#),
        (levels, "trace", r#""trace""#),
        (levels, "TRACE", r#"Must be one of "trace", "info" (got "TRACE")"#),
        ("[default, int, not checked]", "null", r#""not checked""#),
        ("[enum, 1, a, null]", "null", "null"),
        (restart, "{policy: always}", r#"{"policy":"always"}"#),
        (restart, "{policy: always, max-restarts: null}", r#"{"policy":"always","max-restarts":null}"#),
        (restart, "{}", "policy: Missing required value"),
        (restart, "{policy: never}", r#"policy: Must be one of "always", "on-failure" (got "never")"#),
        ("[either, str, [[maybe, str]]]", "a", r#""a""#),
        ("[either, str, [[maybe, str]]]", "[a, null]", r#"["a",null]"#),
        ("[either, str, [[maybe, str]]]", "[1]", "Must match one of the allowed types (got [1])"),
        (chosen, "{postgres: {}}", r#"{"postgres":{}}"#),
        ("[regex, a+]", "aa", r#""aa""#),
        ("[regex, a+]", "ab", r#"Must match the regex a+ (got "ab")"#),
        ("[regex, a|b]", "bc", r#"Must match the regex a|b (got "bc")"#),
        ("[regex, '(?!x).*']", "y", r#""y""#),
        ("[regex, 'a{2}']", "5", "Must be a string (got 5)"),
        ("[enum, a]", "null", "Missing required value"),
        ("[either, int, str]", "null", "Missing required value"),
        ("[either, int, [default, str, x]]", "null", r#""x""#),
        ("[either, str, int]", "3.0", "3"),
        ("[maybe, [maybe]]", "1", "Unknown type: [maybe]"),
    ]);
}

#[test]
fn defaults_are_filled_at_every_depth_but_under_either() {
    let ty = "{a: [default, int, 1]}";
    table(&[
        (ty, "{}", r#"{"a":1}"#),
        (ty, "{a: null}", r#"{"a":1}"#),
        (&format!("[maybe, {ty}]"), "{}", r#"{"a":1}"#),
        (&format!("[{ty}]"), "[{}, {a: 2}]", r#"[{"a":1},{"a":2}]"#),
        (&format!("[default, {ty}, {{}}]"), "{b: 1}", r#"{"a":1}"#),
        (&format!("[default, {ty}, {{}}]"), "null", "{}"),
        (&format!("[map, str, {ty}]"), "{x: {}}", r#"{"x":{"a":1}}"#),
        (&format!("{{b: [maybe, [{ty}]]}}"), "{b: [{}]}", r#"{"b":[{"a":1}]}"#),
        (&format!("[either, str, {ty}]"), "{}", "{}"),
        (&format!("[either, str, [{ty}]]"), "[{}]", "[{}]"),
        (&format!("[either, str, [maybe, {ty}]]"), "{}", "{}"),
    ]);
}

#[test]
fn types_have_schemas() {
    for (ty, schema) in [
        ("str", r#"{"type":"string"}"#),
        ("any", "{}"),
        ("id", r#"{"type":"string","pattern":"^[a-z0-9_-]+$"}"#),
        ("[int]", r#"{"type":"array","items":{"type":"integer"}}"#),
        ("[maybe, str]", r#"{"type":["string","null"]}"#),
        ("[maybe, [maybe, str]]", r#"{"type":["string","null"]}"#),
        ("[maybe, any]", "{}"),
        ("[default, [enum, a, b], a]", r#"{"enum":["a","b",null],"type":["string","null"],"default":"a"}"#),
        (
            "[maybe, [either, str, [str]]]",
            r#"{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}},{"type":"null"}]}"#,
        ),
        ("[enum, 1, 2]", r#"{"enum":[1,2],"type":"integer"}"#),
        ("[enum, a, 2]", r#"{"enum":["a",2]}"#),
        ("{}", r#"{"type":"object"}"#),
        ("{str: int}", r#"{"type":"object","additionalProperties":{"type":"integer"}}"#),
        (
            "[map, id, bool]",
            r#"{"type":"object","additionalProperties":{"type":"boolean"},"propertyNames":{"type":"string","pattern":"^[a-z0-9_-]+$"}}"#,
        ),
        ("[regex, a|b]", r#"{"type":"string","pattern":"^(?:a|b)$"}"#),
        (
            "{a: int, b: [maybe, num], c: any}",
            r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"number"},"c":{}},"required":["a"]}"#,
        ),
        ("string", r#"{"not":{}}"#),
    ] {
        assert_eq!(Type::lower(&node(ty)).json_schema().to_string(), schema, "{ty}");
    }
}

#[test]
fn mounts_and_services() {
    let services = "[maybe, [service-spec]]";
    table(&[
        ("mount-source", "{type: host, path: ./a}", r#"{"type":"host","path":"./a"}"#),
        ("mount-source", "./a", r#""./a""#),
        ("mount-source", "{type: volume}", r#"{"type":"volume"}"#),
        ("mount-source", "{type: string}", "data: Missing required value"),
        (
            "[{source: mount-source, path: absolute-path}]",
            "[{path: {/root: null}}]",
            r#"[0].source: Missing required value; [0].path: Must be a string (got {"/root":null})"#,
        ),
        (services, "null", "null"),
        (
            services,
            "[{id: a, ports: [{port: '80', expose-as: '8080', protocol: http}]}]",
            r#"[{"id":"a","ports":[{"port":80,"expose-as":8080,"protocol":"http"}]}]"#,
        ),
        (services, "[{ports: []}]", "[0].id: Missing required value"),
        (
            services,
            "[{id: a, ports: [{port: x}]}]",
            r#"[0].ports[0].port: Must be a port number from 1 to 65535 (got "x")"#,
        ),
    ]);
}

#[test]
fn types_are_shown_as_they_are_written() {
    for ty in [
        "str",
        "[maybe, [[maybe, env-var]]]",
        "{policy: [enum, always, on-failure], max-restarts: [maybe, int]}",
        "[default, [enum, trace, info], info]",
        r#"[default, str, "8080"]"#,
        "[either, str, [str], {}]",
        "[map, str, int]",
        "[regex, a+]",
    ] {
        assert_eq!(Type::lower(&node(ty)).describe(), ty);
    }
}
