//! `pt schema` against polytope files that are right, and such that are not.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop anywhere and say why")]

mod projects;

use std::path::{Path, PathBuf};
use std::process::Command;

use pt_spec::{Project, plain};
use pt_syntax::{Format, SourceId, parse};
use serde_json::Value;

fn validator() -> jsonschema::Validator {
    let output = Command::new(env!("CARGO_BIN_EXE_polytope"))
        .arg("schema")
        .env("HOME", std::env::temp_dir())
        .output()
        .unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn data(text: &str) -> Value {
    let parsed = parse(SourceId(0), text, Format::Yaml);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    serde_json::to_value(plain(&parsed.document.root)).unwrap()
}

/// All polytope files in YAML below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.ends_with("polytope.yml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn files_of_public_projects_fit() {
    let Some(corpus) = projects::corpus() else { return };
    let validator = validator();
    let mut fit = 0;
    for path in &files(&corpus) {
        let text = std::fs::read_to_string(path).unwrap();
        let loaded = Project::load(&pt_server::Disk, path.clone());
        let inside = loaded.project.definitions().flat_map(|definition| &definition.diagnostics);
        // Files that are included on purpose without being there say nothing of the file's form.
        let warned = loaded.diagnostics.iter().chain(inside).any(|said| said.id != "missing-include");
        let parsed = parse(SourceId(0), &text, Format::Yaml);
        if warned || parsed.has_errors() {
            println!("{} has warnings", path.display());
            continue;
        }
        let data = serde_json::to_value(plain(&parsed.document.root)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&data)
            .map(|error| format!("{}: {error:.200}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
        fit += 1;
    }
    println!("{fit} files fit");
    assert!(fit > 10);
}

#[test]
fn what_is_right_fits() {
    for text in [
        "",
        "modules: []\ntemplates:\ninclude: [a, {path: b}, {repo: gh:c/d}]\ninstructions: x\nmcp: {only: [a]}\n",
        "modules: {a: {code: (inc 1)}, b: {module: a, args: [{id: x, value: 1}]}}\n",
        "templates:\n  - id: a\n    run: [x, polytope/redis!insight, {template: b}, {code: pt.js 1, after: [{step: x}, y]}]\n",
        "templates:\n  - {id: a, run: [{module: b, run-when: {after: c, after-condition: always}}]}\n",
        "tools:\n  a: {info: i, inputs: {x: {type: [default, [either, str, [int]], a]}}, run: [b], await: b}\n",
        "triggers:\n  - {id: a, on: ['15 3 * * *', {events: [pr-created]}], template: b}\n",
        "modules:\n  - id: a\n    module: polytope/container\n    args:\n      image: pt.param i\n      mounts: [{path: /x, source: {type: host, path: .}}, null]\n      services: [{id: a, ports: [{port: pt.value p, protocol: http}]}]\n",
    ] {
        let errors: Vec<String> =
            validator().iter_errors(&data(text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
    }
}

/// Among them what the documents about polytope files call wrong, as far as a schema can see it.
#[test]
fn what_is_wrong_does_not_fit() {
    let validator = validator();
    for text in [
        "- a\n",
        "module: []\n",
        "modules: [{module: a}]\n",
        "modules: [{id: A b, code: x}]\n",
        "modules: [{id: a}]\n",
        "modules: [{id: a, code: x, module: b}]\n",
        "modules: [{id: a, code: x, args: {b: 1}}]\n",
        "modules: [{id: a, code: x, params: [{type: str}]}]\n",
        "modules: [{id: a, code: x, params: [{id: b, type: string}]}]\n",
        "modules: [{id: a, code: x, params: [{id: b, type: [default, str]}]}]\n",
        "modules: [{id: a, module: b, args: {some-param: '#pt-clj (Integer/parseInt (pt.value \"foo\"))'}}]\n",
        "modules: [{id: a, module: b, args: {expose-as: \"#pt-js parseInt(pt.value('api_port'))\"}}]\n",
        "modules: [{id: api, services: [{id: api, ports: [{port: 8888, protocol: http}]}]}]\n",
        "modules: [{id: a, module: polytope/container, args: {mounts: [{path: x, source: {type: host, path: y}}]}}]\n",
        "modules: [{id: a, module: polytope/container, args: {mounts: [{path: /x, source: {type: disk}}]}}]\n",
        "modules: [{id: a, module: polytope/container, args: {services: [{ports: []}]}}]\n",
        "templates: [{id: a}]\n",
        "templates: [{id: a, run: [{args: {}}]}]\n",
        "templates: [{id: a, run: [{module: b, run-when: {after: c, after-condition: done}}]}]\n",
        "templates: [{id: a, run: [{module: b, wait: c}]}]\n",
        "include: [{dir: x}]\n",
    ] {
        assert!(!validator.is_valid(&data(text)), "{text}");
    }
}
