//! Code of public projects, read where their files are; nothing of it is kept here.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::common::evaluated;

/// File, the beginning of a snippet in it, params, and what becomes of them.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "Cillers-com-bluetext-2025-08-01/polytope.yml",
        "#pt-js parseInt(params['redpandaPort'])",
        r#"{"redpanda-port":"9092"}"#,
        "9092",
    ),
    (
        "create-cillers-system/polytope.yml",
        "#pt-js params['apiProtocolHostPort']",
        r#"{"api-protocol-host-port":"http://localhost:4000"}"#,
        r#""http://localhost:4000/api/graphql""#,
    ),
    (
        "Gigaflow/modules/frontend/polytope.yml",
        "#pt-js\n",
        r#"{"cmd":"./bin/run","port":3000}"#,
        r#"[{"id":"frontend","ports":[{"protocol":"http","port":3000,"expose-as":3000}]}]"#,
    ),
    ("Gigaflow/modules/frontend/polytope.yml", "#pt-js\n", r#"{"cmd":"bun add x"}"#, "null"),
    (
        "Gigaflow/modules/frontend/polytope.yml",
        "#pt-js \"bun add",
        r#"{"packages":"a, b\n c"}"#,
        r#""bun add a b c""#,
    ),
    (
        "Gigaflow/modules/shipping-api/polytope.yml",
        "#pt-js \"./bin/add-dependencies",
        r#"{"packages":"sample-packages"}"#,
        r#""./bin/add-dependencies sample-packages""#,
    ),
    ("bluetext/templates/api/polytope.yml", "#pt-js\n", r#"{"cmd":"sh","port":1}"#, "null"),
    (
        "haskell-polytope-test/polytope.yml",
        "#pt-clj (concat",
        r#"{"mounts":[{"path":"/root/.stack"}],"code":"src"}"#,
        r#"[{"path":"/root/.stack"},{"path":"/app","source":"src"}]"#,
    ),
    (
        "scrive-hackathon/polytope.yml",
        "#pt-clj (->>",
        r#"{"config-file":null,"mounts":[{"path":"/m"}]}"#,
        r#"[{"path":"/m"}]"#,
    ),
    ("scrive-hackathon/polytope.yml", "#pt-clj (:image params)", r#"{"image":"curity"}"#, r#""curity""#),
    ("webapp-template-test/polytope.yml", "#pt-clj pt/module-repo-ref", "{}", r#""my-repo""#),
    (
        "bluetext/templates/postgres/polytope.yml",
        "#pt-clj\n",
        r#"{"hostname":"h","username":"u","database":"d","command":"select 1"}"#,
        r#"["psql","--host=h","--user=u","--dbname=d","--command=select 1"]"#,
    ),
];

#[test]
fn code_of_public_projects() {
    let Some(corpus) = corpus() else {
        eprintln!("Skipped: no example projects; POLYTOPE_CORPUS says where they are.");
        return;
    };
    let mut wrong = String::new();
    for (file, beginning, params, expected) in CASES {
        let text = std::fs::read_to_string(corpus.join(file)).unwrap();
        let snippet = snippet(&text, beginning).unwrap_or_else(|| panic!("{file} has no {beginning}"));
        let actual = evaluated(&snippet, params);
        if actual != *expected {
            writeln!(wrong, "{file}: {snippet}\nexpected {expected}\ngot      {actual}\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn corpus() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let near = || here.ancestors().map(|folder| folder.join("shared/corpus")).find(|folder| folder.is_dir());
    std::env::var_os("POLYTOPE_CORPUS").map(PathBuf::from).or_else(near)
}

/// The YAML scalar that begins so: quoted, or a block.
fn snippet(text: &str, beginning: &str) -> Option<String> {
    let at = text.find(beginning)?;
    let quote = text[..at].chars().next_back()?;
    if matches!(quote, '\'' | '"') {
        let length = text[at..].find(quote_end(text, at, quote))?;
        return Some(text[at..at + length].to_owned());
    }
    let line = text[..at].rfind('\n')? + 1;
    let indent = at - line;
    let block = text[line..]
        .lines()
        .take_while(|line| line.trim().is_empty() || line.len() - line.trim_start().len() >= indent);
    Some(block.map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n"))
}

/// Scalars of the corpus end before the line does or before the end of a flow map.
fn quote_end(text: &str, at: usize, quote: char) -> &'static str {
    let line = text[at..].lines().next().unwrap_or_default();
    match (quote, line.contains("\" }"), line.contains("\"}")) {
        ('"', true, _) => "\" }",
        ('"', _, true) => "\"}",
        ('"', ..) => "\"\n",
        _ => "'\n",
    }
}
