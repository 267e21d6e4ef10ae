//! Whatever the text: what is given back says the same, keeps every comment, and is not changed by a second time.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use granit_parser::{Event, Parser};
use proptest::prelude::*;
use pt_syntax::{Entry, Format, Node, NodeKind, SourceId, Sources, Style, parse, render};

fn comments(text: &str) -> Vec<String> {
    let options = granit_parser::options! { strict_indentation: false, emit_comments: true };
    let events = Parser::new_from_str_with_options(text, options).map_while(Result::ok);
    let comment = |event| {
        if let Event::Comment(text, _) = event { Some(text.trim_end().to_owned()) } else { None }
    };
    events.filter_map(|(event, _)| comment(event)).collect()
}

/// The data without the places.
fn data(text: &str, format: Format) -> String {
    fn show(node: &Node, shown: &mut String) {
        match &node.kind {
            NodeKind::List(items) => {
                shown.push('[');
                items.iter().for_each(|item| show(item, shown));
                shown.push(']');
            }
            NodeKind::Map(entries) => {
                shown.push('{');
                for Entry { key, value, .. } in entries {
                    write!(shown, "{key:?}=").unwrap();
                    show(value, shown);
                }
                shown.push('}');
            }
            kind @ (NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)) => write!(shown, "{kind:?},").unwrap(),
            // Blanks between the words of code say nothing.
            NodeKind::Form(code) => {
                let bare: String = code.split_whitespace().collect();
                write!(shown, "{},", bare.replace(',', "")).unwrap();
            }
        }
    }
    let mut shown = String::new();
    show(&parse(SourceId(0), text, format).document.root, &mut shown);
    shown
}

/// Holds a text to the laws; whether it was formatted.
fn holds(text: &str, format: Format) -> Result<bool, String> {
    let Ok(once) = pt_format::format(SourceId(0), text, format) else { return Ok(false) };
    let twice = pt_format::format(SourceId(0), &once, format).map_err(|said| format!("{said:?}\n{once}"))?;
    if once != twice {
        return Err(format!("not the same again:\n{text}\n--- once\n{once}\n--- twice\n{twice}"));
    }
    if data(text, format) != data(&once, format) {
        return Err(format!("other data:\n{text}\n---\n{once}"));
    }
    if format == Format::Yaml && comments(text) != comments(&once) {
        return Err(format!("other comments:\n{text}\n---\n{once}"));
    }
    Ok(true)
}

fn corpus() -> Option<PathBuf> {
    let beside = || {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors().map(|dir| dir.join("shared/corpus")).find(|dir| dir.is_dir())
    };
    std::env::var_os("POLYTOPE_CORPUS").map(PathBuf::from).or_else(beside).filter(|dir| dir.is_dir())
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| ["yml", "json", "edn"].iter().any(|of| extension == *of))
        {
            found.push(path);
        }
    }
}

#[test]
fn files_of_public_projects() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus at $POLYTOPE_CORPUS or ../shared/corpus; nothing was formatted");
        return;
    };
    let mut found = Vec::new();
    files(&corpus, &mut found);
    let (mut formatted, mut unchanged) = (0, 0);
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        let format = match path.extension().unwrap().to_str() {
            Some("json") => Format::Json,
            Some("edn") => Format::Edn,
            _ => Format::Yaml,
        };
        let mut sources = Sources::default();
        let source = sources.add(path.display().to_string(), &*text);
        match pt_format::format(source, &text, format) {
            Ok(result) => {
                unchanged += usize::from(result == text);
                formatted += 1;
                assert!(holds(&text, format).unwrap());
            }
            // The sources of scaffolds are no YAML.
            Err(said) => {
                assert!(text.contains("{{"), "{}", render(&said, &sources, Style::default()));
                println!("{} is a source of a scaffold", path.display());
            }
        }
    }
    println!("{} files, {formatted} formatted, {unchanged} of them unchanged", found.len());
    assert!(formatted > 0);
}

const SAMPLES: [&str; 3] = [
    "# a\nmodules:\n  - id: api # b\n    info: 'The API'\n\n    params:\n      - {id: port, type: [default, int, 80]}\n    # c\n    module: polytope/node\n    args:\n      env: &env\n        - {name: A, value: pt.param port}\n        - <<: *env\n      cmd: >-\n        sh -c \"a {pt.value b}\"\n\n      code: |\n        #pt-clj (inc 1)\n         x: [1, 2\n    # é\n",
    "templates:\n- id: dev\n  run: [a, # x\n    {module: b, run-when: {after: a}}, !t c, &d e, *d]\n  \"q\\u00e9\": \"\\x41\\\n     b\n\n   c\"\n- - |2+\n      x\n\n  - \n # y\n  - k:\n",
    "a:\n  b: one\n    two\n  ? c\n  : d\ne: {f: [g,\n h: i], 'j':k, l}\n...\n",
];

/// A value, laid out as `layout` decides: a source of small numbers.
fn lay_out(value: &Value, indent: usize, layout: &mut dyn FnMut(usize) -> usize, text: &mut String) {
    let gap = |layout: &mut dyn FnMut(usize) -> usize, text: &mut String| {
        if layout(6) == 0 {
            text.push_str(&" ".repeat(layout(3)));
            text.push_str(" # é: {x\n");
        } else {
            text.push_str(&" ".repeat(layout(2)));
            text.push('\n');
        }
        while layout(4) == 0 {
            let line =
                if layout(2) == 0 { "\n".to_owned() } else { format!("{}# - c\n", " ".repeat(layout(9))) };
            text.push_str(&line);
        }
    };
    match value {
        Value::Word(word) => {
            text.push_str(&" ".repeat(1 + layout(2)));
            text.push_str(word);
            gap(layout, text);
        }
        Value::Block(lines) => {
            let deeper = indent + 1 + layout(4);
            text.push_str([" |\n", " >-\n", " |+ # x\n"][layout(3)]);
            for (at, line) in lines.iter().enumerate() {
                let line = if at == 0 { line.trim_start() } else { line };
                writeln!(text, "{}{line}", " ".repeat(deeper)).unwrap();
            }
        }
        Value::List(items) if layout(3) == 0 || items.is_empty() => {
            text.push_str(if layout(2) == 0 { " [" } else { " [ " });
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { [",", ", ", " ,\n            "][layout(3)] });
                text.push_str(match item {
                    Value::Word(word) => word,
                    Value::Block(_) | Value::List(_) | Value::Map(_) => "{a: 'b', \"c\":[ ]}",
                });
            }
            text.push(']');
            gap(layout, text);
        }
        Value::List(items) => {
            gap(layout, text);
            let column = indent + layout(3);
            for item in items {
                text.push_str(&" ".repeat(column));
                text.push('-');
                lay_out(item, column, layout, text);
            }
        }
        Value::Map(items) => {
            gap(layout, text);
            let column = indent + 1 + layout(4);
            entries(items, column, layout, text);
        }
    }
}

fn entries(items: &[Value], column: usize, layout: &mut dyn FnMut(usize) -> usize, text: &mut String) {
    for (at, item) in items.iter().enumerate() {
        write!(text, "{}k{at}{}:", " ".repeat(column), " ".repeat(layout(2))).unwrap();
        lay_out(item, column, layout, text);
    }
}

#[derive(Clone, Debug)]
enum Value {
    Word(&'static str),
    Block(Vec<&'static str>),
    List(Vec<Self>),
    Map(Vec<Self>),
}

fn values() -> impl Strategy<Value = Value> {
    let words =
        prop::sample::select(vec!["a b", "'it''s'", "\"\\u00e9 # x\"", "8080", "~", "", "x#y", "a:b/c?d"]);
    let lines = prop::sample::select(vec!["x", "  y: [", "", "# z", "   - w  ", "é"]);
    let leaf =
        prop_oneof![words.prop_map(Value::Word), prop::collection::vec(lines, 1..4).prop_map(Value::Block),];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::vec(inner, 1..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents(items in prop::collection::vec(values(), 1..5), mut seed in any::<u64>()) {
        let mut layout = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        let mut text = String::new();
        entries(&items, 0, &mut layout, &mut text);
        prop_assume!(!parse(SourceId(0), &text, Format::Yaml).has_errors());
        let held = holds(&text, Format::Yaml).map_err(TestCaseError::fail)?;
        prop_assert!(held, "refused:\n{text}\n{:?}", pt_format::format(SourceId(0), &text, Format::Yaml));
    }

    #[test]
    fn mutilated_files(
        sample in 0..SAMPLES.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[ \\t\\n:{}\\[\\],'\"&*!|>#(a-]{0,3}"), 0..3),
    ) {
        let mut text: Vec<char> = SAMPLES[sample].chars().collect();
        for (at, length, insert) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, insert.chars());
            if text.is_empty() { text.push(' '); }
        }
        let text: String = text.iter().collect();
        holds(&text, Format::Yaml).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn json(text in "[\\[{]?(\"(a|b|\\\\\\\\|\\\\\"| |\\{){0,3}\"( ?: ?| ?, ?)|[0-9]{1,3}|,|null|\\[|\\]|\\{|\\}|\n| ){0,12}[\\]}]?") {
        holds(&text, Format::Json).map_err(TestCaseError::fail)?;
    }
}
