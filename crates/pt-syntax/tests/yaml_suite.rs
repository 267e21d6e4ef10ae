//! The reader against the YAML test suite.
//!
//! `$POLYTOPE_YAML_SUITE` names a checkout of the branch `data` of github.com/yaml/yaml-test-suite: a directory per case, with
//! `in.yaml`, `in.json` where the data has an equal in JSON, and `error` where the text is none.
//!
//! A polytope file is less than a YAML stream: one document, whose keys are words. Cases beyond that must be told of.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod support;

use std::path::{Path, PathBuf};

use pt_syntax::{Format, Node, NodeKind, Parsed, SourceId, parse};
use support::show;

/// Cases that the suite takes for mistakes and we do not: loose indentation, which is a warning.
const LENIENT: &[&str] = &["9C9N"];

#[test]
fn the_reader_reads_as_the_suite_says() {
    let Some(suite) = std::env::var_os("POLYTOPE_YAML_SUITE").map(PathBuf::from) else {
        println!(
            "SKIPPED: $POLYTOPE_YAML_SUITE names no checkout of yaml-test-suite's data; nothing was read"
        );
        return;
    };
    let mut cases = Vec::new();
    find(&suite, &mut cases);
    cases.sort();
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.strip_prefix(&suite).unwrap().display().to_string();
        if let Err(why) = judge(case, &name, &mut counts) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    println!("{} cases: {counts:?}, {} wrong", cases.len(), wrong.len());
    assert!(!cases.is_empty(), "no cases in {}", suite.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Debug, Default)]
struct Counts {
    equal: usize,
    no_json: usize,
    mistakes_told: usize,
    read_leniently: usize,
    several_documents_told: usize,
    complex_keys_told: usize,
}

fn find(dir: &Path, cases: &mut Vec<PathBuf>) {
    if dir.join("in.yaml").exists() {
        cases.push(dir.to_owned());
        return;
    }
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // `name` and `tags` are links to the cases.
        if path.is_dir() && !path.ends_with("name") && !path.ends_with("tags") && !path.ends_with(".git") {
            find(&path, cases);
        }
    }
}

fn read(path: &Path, format: Format) -> Option<(String, Parsed)> {
    let text = std::fs::read_to_string(path).ok()?;
    let parsed = parse(SourceId(0), &text, format);
    Some((text, parsed))
}

fn judge(case: &Path, name: &str, counts: &mut Counts) -> Result<(), String> {
    let (text, parsed) = read(&case.join("in.yaml"), Format::Yaml).ok_or("no text")?;
    let told = |id: &str| parsed.diagnostics.iter().any(|found| found.id == id);
    let all = || parsed.diagnostics.iter().map(|found| found.id).collect::<Vec<_>>().join(" ");
    if case.join("error").exists() {
        if told("loose-indentation") && LENIENT.contains(&name) {
            counts.read_leniently += 1;
        } else if parsed.has_errors() {
            counts.mistakes_told += 1;
        } else {
            return Err(format!("a mistake was read as {}", show(&parsed.document.root)));
        }
        return Ok(());
    }
    let events = std::fs::read_to_string(case.join("test.event")).map_err(|error| error.to_string())?;
    if events.matches("+DOC").count() > 1 {
        counts.several_documents_told += 1;
        // A second one that is empty is none.
        let is_empty = events.rsplit_once("+DOC").is_some_and(|(_, last)| last.contains("=VAL :\n"));
        let ok = told("second-document") || is_empty && !parsed.has_errors();
        return if ok { Ok(()) } else { Err(format!("one document, {}", all())) };
    }
    if told("complex-key") {
        counts.complex_keys_told += 1;
        return Ok(());
    }
    if parsed.has_errors() {
        return Err(format!("refused: {}\n{text}", all()));
    }
    // The suite does not merge `<<`, we do.
    match read(&case.join("in.json"), Format::Json) {
        None => counts.no_json += 1,
        Some((json, _)) if json.trim().is_empty() && parsed.document.root.is_null() => counts.equal += 1,
        Some((_, expected)) => {
            // JSON does not tell 450.00 from 450.
            let shown = |node: &Node| show(&sorted(node)).replace(".0,", ",").replace(".0}", "}");
            let (ours, theirs) = (shown(&parsed.document.root), shown(&expected.document.root));
            if ours != theirs {
                return Err(format!("read as {ours}, not {theirs}"));
            }
            counts.equal += 1;
        }
    }
    Ok(())
}

/// The order of keys is no part of the data.
fn sorted(node: &Node) -> Node {
    let mut sorted_node = node.clone();
    match &mut sorted_node.kind {
        NodeKind::Map(entries) => {
            entries.sort_by(|one, other| one.key.cmp(&other.key));
            entries.iter_mut().for_each(|entry| entry.value = sorted(&entry.value));
        }
        NodeKind::List(items) => items.iter_mut().for_each(|item| *item = sorted(item)),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => {}
    }
    sorted_node
}
