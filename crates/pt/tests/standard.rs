//! The standard modules: each has a page, an example that plans, and plans that somebody has read.
//!
//! `UPDATE=1` writes the pages in `docs/standard-modules` anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use pt_server::Reference;
use pt_spec::{Project, Wanted};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every standard module, as people refer to it, described.
fn references() -> Vec<Reference> {
    let project = Project::without_file(Path::new("/nowhere"));
    let references = project.standard().references(project.sources());
    references
        .iter()
        .map(|name| Reference::new(&project, project.resolve(None, name, Wanted::Any).unwrap(), name))
        .collect()
}

/// The name of files about it: `kafka-connect`.
fn file_name(reference: &str) -> String {
    reference.trim_start_matches("polytope/").replace('!', "-")
}

#[test]
fn pages_are_what_the_definitions_say() {
    let dir = root().join("docs/standard-modules");
    let update = std::env::var_os("UPDATE").is_some();
    let mut pages: Vec<(String, String)> = Vec::new();
    let mut index = "# Standard modules\n\nThey come with Polytope. `pt modules get` shows the same in the terminal. These pages are written by a test from\n[std](../../std); `UPDATE=1 cargo test -p pt --test standard` writes them anew.\n\n| Module | |\n| --- | --- |\n".to_owned();
    for reference in references() {
        let file = format!("{}.md", file_name(&reference.reference));
        let info = reference.info.replace('|', "\\|");
        index.extend(["| [", &reference.reference, "](", &file, ") | ", &info, " |\n"]);
        pages.push((file, reference.page()));
    }
    pages.push(("index.md".to_owned(), index));
    if update {
        fs::create_dir_all(&dir).unwrap();
        for (file, page) in &pages {
            fs::write(dir.join(file), page).unwrap();
        }
    }
    for (file, page) in &pages {
        let written = fs::read_to_string(dir.join(file)).unwrap_or_default();
        assert!(written == *page, "docs/standard-modules/{file} is not what std/ says: run with UPDATE=1");
    }
    let known: Vec<String> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !pages.iter().any(|(file, _)| file == name))
        .collect();
    assert_eq!(known, Vec::<String>::new(), "pages of modules that are not there");
}

#[test]
fn every_module_has_an_example_that_plans() {
    for reference in references() {
        let name = &reference.reference;
        assert!(reference.runs.is_object(), "{name}: {}", reference.tree());
        assert!(
            !reference.example.command.contains("'\\''"),
            "{name}: an example is easier to read without quotes"
        );
        assert!(!reference.info.is_empty(), "{name}");
        let project = name.trim_start_matches("polytope/").split('!').next().unwrap();
        let brought = fs::read_to_string(root().join("std").join(project).join("examples.yml"));
        assert!(brought.is_ok(), "{name} has no example");
    }
}

#[test]
fn every_module_has_plans_with_little_and_with_everything() {
    for reference in references() {
        let name = &reference.reference;
        let path = root().join("cases/std/plan").join(file_name(name)).join("transcript");
        let transcript =
            fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name} has no plan that was read"));
        let commands: Vec<&str> = transcript.lines().filter(|line| line.starts_with("$ ")).collect();
        let everything = commands.last().unwrap();
        for param in &reference.params {
            assert!(everything.contains(&format!("{}:", param.id)), "{name}: no plan with `{}`", param.id);
        }
        assert!(commands.len() == 2 || reference.params.iter().all(|param| param.required), "{name}");
        assert!(!transcript.contains("error["), "{name}");
    }
}

#[test]
fn every_module_that_runs_a_container_passes_on_how() {
    for reference in references() {
        let runs_container = reference.runs.get("container").is_some();
        let has = |id: &str| reference.params.iter().any(|param| param.id == id);
        if runs_container {
            for id in ["create", "await", "unconfined"] {
                assert!(has(id), "{}: no `{id}`", reference.reference);
            }
        }
    }
}
