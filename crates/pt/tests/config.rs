//! `pt config`: what it prints, and that a project can be replaced by it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop anywhere and say why")]

mod projects;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pt_model::{Map, Text};
use pt_plan::{Named, Request, describe, plan};
use pt_server::Disk;
use pt_spec::{Kind, Project};
use serde_json::Value;

/// What it prints to stdout.
fn config(root: &Path, format: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_polytope"))
        .args(["config", "-o", format, "-f"])
        .arg(root)
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn includes_are_merged_and_spellings_are_todays() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "polytope.yml",
        "include: [lib, old]\ninstructions: Be kind.\ntools:\n  greet:\n    info: Greets\n    inputs: {who: {type: [default, str, you]}}\n    run:\n      - {tool: shared, after: [{step: b, condition: always}, c], params: {x: pt.input who}}\n      - b\n      - c\n",
    );
    write(
        "lib/polytope.yml",
        "modules:\n  shared: {code: '1'}\n  greet: {code: never}\n  b: {code: \"#pt-clj\\n(f)\\n\"}\n",
    );
    write(
        "old/polytope.edn",
        "{:modules [{:id :c :module :polytope/noop :params {:x (inc 1) :y #{}}}] :templates [{:id :t :run-steps [:c]}]}",
    );
    let expected = "\
instructions: Be kind.
templates:
- id: t
  origin: old/polytope.edn:1
  run:
  - module: c
tools:
- id: greet
  origin: polytope.yml:5
  info: Greets
  params:
  - id: who
    type:
    - default
    - str
    - you
  run:
  - module: shared
    args:
      x: pt.input who
    run-when:
    - after: b
      after-condition: always
    - after: c
  - module: b
  - module: c
modules:
- id: shared
  origin: lib/polytope.yml:2
  code: \"1\"
- id: b
  origin: lib/polytope.yml:4
  code: |
    #pt-clj
    (f)
- id: c
  origin: old/polytope.edn:1
  module: polytope/noop
  args:
    x: \"#pt-clj (inc 1)\"
    \"y\": []
";
    assert_eq!(config(dir.path(), "yaml"), expected);
}

struct Settings(BTreeMap<String, BTreeMap<String, String>>);

impl Named for Settings {
    fn value(&self, name: &str) -> Option<String> {
        self.0["values"].get(name).cloned()
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.0["secrets"].get(name).map(|text| Text::from(text.clone()))
    }
}

/// The plans of everything that can be run.
fn plans(project: &Project, runs: &[Value], settings: &Settings) -> Vec<(String, Value)> {
    let mut targets: Vec<(String, Map)> =
        project.definitions().map(|definition| (definition.id.text.clone(), Map::default())).collect();
    targets.extend(runs.iter().map(|run| {
        let args = run.get("args").map(|args| serde_json::from_value(args.clone()).unwrap());
        (run["target"].as_str().unwrap().to_owned(), args.unwrap_or_default())
    }));
    targets.sort_by(|one, other| one.0.cmp(&other.0));
    let planned = |(reference, args): (String, Map)| {
        let name = format!("{reference} {args:?}");
        let planned = plan(project, &[vec![Request { reference, args, ..Request::default() }]], settings);
        let shown = planned.plan.as_ref().map(describe).unwrap_or_default();
        (name, shown)
    };
    targets.into_iter().map(planned).collect()
}

#[test]
fn public_projects_plan_the_same_from_what_is_printed() {
    let Some(corpus) = projects::corpus() else { return };
    let (mut compared, mut differ) = (0, Vec::new());
    for expected in fs::read_dir(corpus.join("expected")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = expected.file_stem().unwrap().to_str().unwrap().to_owned();
        let expected: Value = serde_json::from_str(&fs::read_to_string(&expected).unwrap()).unwrap();
        let root = corpus.join(&name).join(expected["root"].as_str().unwrap());
        let settings = Settings(serde_json::from_value(expected["set-before"].clone()).unwrap());
        let runs = expected["runs"].as_array().unwrap();
        let original = Project::load(&Disk, root.clone()).project;
        let plans_before = plans(&original, runs, &settings);
        for format in ["yaml", "json", "edn"] {
            // Paths are seen from the directory: it keeps its name.
            let copy = tempfile::tempdir().unwrap();
            let path = copy.path().join(format!("polytope.{format}"));
            fs::write(&path, config(&root, format)).unwrap();
            let loaded = Project::load(&Disk, path);
            assert!(loaded.diagnostics.is_empty(), "{name}: {:?}", loaded.diagnostics);
            let kinds = |project: &Project, kind| project.definitions().filter(|it| it.kind == kind).count();
            for kind in [Kind::Module, Kind::Template, Kind::Tool] {
                assert_eq!(kinds(&loaded.project, kind), kinds(&original, kind), "{name}");
            }
            let here =
                |value: &Value, dir: &Path| value.to_string().replace(&dir.display().to_string(), "[dir]");
            let plans_after = plans(&loaded.project, runs, &settings);
            for ((target, before), (_, after)) in plans_before.iter().zip(&plans_after) {
                compared += usize::from(!before.is_null());
                let (before, after) = (here(before, root.parent().unwrap()), here(after, copy.path()));
                if before != after {
                    differ.push(format!("{name} {format} {target}\n  {before}\n  {after}"));
                }
            }
        }
    }
    println!("{compared} plans compared");
    assert!(compared > 500);
    assert!(differ.is_empty(), "{} plans differ:\n{}", differ.len(), differ.join("\n"));
}
