//! Polytope files and what is planned from them, as documents.
//!
//! A document in `tests/cases` holds polytope files (blocks marked `yaml`, with `json` or `edn`, with a path unless it is the root file; `/github/owner/name/…` is in another repository),
//! lines as `pt plan TARGET` with settings (blocks marked `sh`), and what a person then sees (blocks marked `text`).
//! `UPDATE=1` writes what is seen; read it before you commit it.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]

mod common;
mod files;

use std::path::Path;

use common::Settings;
use files::Files;
use pt_model::{Text, shell_words};
use pt_plan::{Does, Plan, Request, StepPlan, describe, plan, tree};
use pt_spec::{Project, find_root};
use pt_syntax::{Diagnostic, Style, TargetCall, render};

#[test]
fn cases() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for path in paths {
        let written = std::fs::read_to_string(&path).unwrap();
        let seen = seen(&written);
        if seen == written {
            continue;
        }
        if update {
            std::fs::write(&path, seen).unwrap();
        } else {
            wrong.push(format!("{}:\n{}", path.display(), difference(&written, &seen)));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE=1 takes over what is seen", wrong.join("\n"));
}

/// The document with its `text` blocks as they should be.
fn seen(document: &str) -> String {
    let mut out = String::new();
    let mut files = Files::default();
    let mut pending = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let block: String =
            lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        let (kind, name) = kind.split_once(' ').unwrap_or((kind, ""));
        match kind {
            "yaml" | "json" | "edn" => {
                let name = if name.is_empty() {
                    format!("polytope.{}", if kind == "yaml" { "yml" } else { kind })
                } else {
                    name.to_owned()
                };
                if name.starts_with("polytope.") {
                    files = Files::default();
                }
                let path = if name.starts_with('/') { name } else { format!("/project/{name}") };
                files = files.with(&path, &block);
                out.push_str(&block);
            }
            "sh" => {
                pending = block.lines().map(|line| run(&files, line)).collect::<Vec<_>>().join("\n");
                out.push_str(&block);
            }
            _ => out.push_str(&std::mem::take(&mut pending)),
        }
        out.push_str("```\n");
    }
    out
}

/// `pt plan [--json] TARGET… [value NAME=DATA] [secret NAME=DATA]`, targets separated by commas where one waits for the other.
fn run(files: &Files, line: &str) -> String {
    let line = line.strip_prefix("$ pt plan ").unwrap_or_else(|| panic!("not a plan: {line}"));
    let words: Vec<String> = shell_words(&Text::from(line)).unwrap().iter().map(Text::expose).collect();
    let mut settings = Settings::default();
    let mut groups = vec![Vec::new()];
    let root = find_root(files, Path::new("/project")).unwrap();
    let mut loaded = Project::load(files, root);
    let mut words = words.iter().peekable();
    let json = words.next_if(|word| *word == "--json").is_some();
    while let Some(word) = words.next() {
        if word == "value" || word == "secret" {
            let (name, value) = words.next().unwrap().split_once('=').unwrap();
            let of = if word == "value" { &mut settings.values } else { &mut settings.secrets };
            of.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let text = word.trim_end_matches(',');
        let (call, _) = TargetCall::parse(loaded.project.add_text("<arguments>", text), text);
        groups.last_mut().unwrap().push(Request::from(call));
        if word.ends_with(',') {
            groups.push(Vec::new());
        }
    }
    let planned = plan(&loaded.project, &groups, &settings);
    let mut told = loaded.diagnostics;
    told.extend(planned.diagnostics);
    let as_json = |plan: &Plan| format!("{}\n", serde_json::to_string_pretty(&describe(plan)).unwrap());
    let shown = planned.plan.as_ref().map(|plan| if json { as_json(plan) } else { tree(plan) });
    let mut out = shown.unwrap_or_default();
    if let Some(plan) = &planned.plan {
        failures(&plan.steps, &mut told);
    }
    if !told.is_empty() {
        out.push('\n');
        out.push_str(&render(&told, loaded.project.sources(), Style::default()));
    }
    out.trim_start().to_owned()
}

fn failures(steps: &[StepPlan], told: &mut Vec<Diagnostic>) {
    for step in steps {
        match &step.does {
            Does::Code(_) | Does::Late | Does::Skip => {}
            Does::Group(steps) => failures(steps, told),
            Does::Fails(found) => {
                let untold = |found: &&Diagnostic| !told.iter().any(|told| told.message == found.message);
                let more: Vec<Diagnostic> = found.iter().filter(untold).cloned().collect();
                told.extend(more);
            }
        }
    }
}

/// The lines from the first that differs on.
fn difference(written: &str, seen: &str) -> String {
    let same = written.lines().zip(seen.lines()).take_while(|(written, seen)| written == seen).count();
    let from = |text: &str| text.lines().skip(same).take(30).collect::<Vec<_>>().join("\n");
    format!("line {}, written:\n{}\nseen:\n{}", same + 1, from(written), from(seen))
}
