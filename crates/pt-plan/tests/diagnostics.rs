//! Every kind of mistake has a page in `docs/diagnostics`, and the example of each page makes that mistake.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]

mod common;
mod files;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::Settings;
use files::Files;
use pt_model::HostDirs;
use pt_plan::{Around, check};
use pt_spec::{Project, find_root};
use pt_syntax::TargetCall;

fn pages() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics");
    let mut pages: Vec<(String, String)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (id, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    pages.sort();
    pages
}

#[test]
fn the_example_of_each_page_makes_its_mistake() {
    let mut wrong = Vec::new();
    for (id, page) in pages() {
        assert!(page.starts_with(&format!("# {id}\n\n")), "{id}");
        let Some((kind, block)) = example(&page) else { continue };
        let found = match kind {
            "sh" => of_target(block),
            // pt-convert has its own tests.
            "compose" => continue,
            kind => of_file(kind, block),
        };
        if !found.contains(&id) {
            wrong.push(format!("{id}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first block of a page, and what it is marked with.
fn example(page: &str) -> Option<(&str, &str)> {
    let block = page.split("```").nth(1)?;
    block.split_once('\n')
}

fn of_file(kind: &str, text: &str) -> Vec<String> {
    let name = format!("/project/polytope.{}", if kind == "yaml" { "yml" } else { kind });
    let world = Files::default().with(&name, text);
    let loaded = Project::load(&world, find_root(&world, Path::new("/project")).unwrap());
    let here = Path::new("/project");
    let dirs = HostDirs { home: None, working_dir: here, root: here };
    let around = Around { named: &Settings::default(), world: &world, dirs };
    check(&loaded, &around).iter().map(|found| found.id.to_owned()).collect()
}

/// `$ pt run 'TARGET'`
fn of_target(line: &str) -> Vec<String> {
    let target = line.trim().trim_start_matches("$ pt run ").trim_matches('\'');
    let source = pt_syntax::Sources::default().add("<arguments>", target);
    TargetCall::parse(source, target).1.iter().map(|found| found.id.to_owned()).collect()
}

#[test]
fn every_id_has_a_page_and_every_page_an_id() {
    let pages: BTreeSet<String> = pages().into_iter().map(|(id, _)| id).collect();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut code = String::new();
    for name in ["pt-syntax", "pt-format", "pt-spec", "pt-plan", "pt-engine", "pt-server", "pt-convert", "pt"]
    {
        read_below(&crates.join(name).join("src"), &mut code);
    }
    let mut missing = made_in(&code);
    // Ids that reach a diagnostic by way of a table show in what people see.
    for document in ["pt-syntax/tests/mistakes.md", "pt-plan/tests/mistakes"] {
        let mut text = String::new();
        read_below(&crates.join(document), &mut text);
        missing.extend(shown_in(&text));
    }
    missing.retain(|id| !pages.contains(id));
    assert_eq!(missing, BTreeSet::new(), "ids without a page");
    let idle: Vec<_> = pages.iter().filter(|id| !code.contains(&format!("\"{id}\""))).collect();
    assert_eq!(idle, Vec::<&String>::new(), "pages without an id");
}

/// The texts of all files, without the tests inside of them.
fn read_below(path: &PathBuf, all: &mut String) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            read_below(&entry.unwrap().path(), all);
        }
        return;
    }
    let text = std::fs::read_to_string(path).unwrap();
    all.push_str(text.split("#[cfg(test)]").next().unwrap());
}

/// `Diagnostic::error("id"`, `Diagnostic::warning("id"`.
fn made_in(code: &str) -> BTreeSet<String> {
    let after = |head: &'static str| code.split(head).skip(1);
    after("Diagnostic::error(")
        .chain(after("Diagnostic::warning("))
        .filter_map(|rest| Some(rest.trim_start().strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

/// `error[id]`, `warning[id]`.
fn shown_in(text: &str) -> BTreeSet<String> {
    let lines = text.lines();
    let id = |line: &str| {
        Some(line.strip_prefix("error[").or(line.strip_prefix("warning["))?.split_once(']')?.0.to_owned())
    };
    lines.filter_map(id).collect()
}
