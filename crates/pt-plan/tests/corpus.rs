//! Public projects against what an independent resolver found.
//!
//! The projects lie outside the repository: in `$POLYTOPE_CORPUS`, or in `../shared/corpus` beside it. Without them
//! there is nothing to test.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Disk, Settings};
use pt_plan::{Request, describe, plan};
use pt_spec::Project;
use serde_json::{Map, Value};

/// How many runs of each project resolve as expected, at least.
const MATCHES: &[(&str, usize)] = &[
    ("Cillers-com-bluetext-2025-08-01", 8),
    ("Gigaflow", 0),
    ("bluetext", 0),
    ("bluetext-playground", 9),
    ("cillers-hackathon", 0),
    ("cillers-hackathon-footway", 0),
    ("couchbase-hackathon", 0),
    ("create-cillers-system", 0),
    ("create-cillers-system-2024-02-22", 0),
    ("evaporating-images-polytope", 0),
    ("hackathon-chatbot-starter", 0),
    ("haskell-polytope-test", 0),
    ("polytope-springboot-example", 0),
    ("scrive-hackathon", 0),
    ("webapp-template-test", 10),
];

#[test]
fn public_projects_resolve_as_an_independent_resolver_says() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus at $POLYTOPE_CORPUS or ../shared/corpus; nothing was compared");
        return;
    };
    let mut worse = Vec::new();
    for (project, least) in MATCHES {
        let (matches, runs) = compare(&corpus, project);
        println!("{project}: {matches} of {runs}");
        if matches < *least {
            worse.push(format!("{project}: {matches} of {runs}, but it was {least}"));
        }
    }
    assert!(worse.is_empty(), "fewer runs resolve as expected:\n{}", worse.join("\n"));
}

fn corpus() -> Option<PathBuf> {
    let beside = || {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors().map(|dir| dir.join("shared/corpus")).find(|dir| dir.join("expected").is_dir())
    };
    std::env::var_os("POLYTOPE_CORPUS").map(PathBuf::from).or_else(beside).filter(|dir| dir.is_dir())
}

fn compare(corpus: &Path, project: &str) -> (usize, usize) {
    let text = std::fs::read_to_string(corpus.join(format!("expected/{project}.json"))).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let root = corpus.join(project).join(expected["root"].as_str().unwrap());
    let settings = Settings { values: texts(&expected, "values"), secrets: texts(&expected, "secrets") };
    let loaded = Project::load(&Disk, root.clone());
    let runs = expected["runs"].as_array().unwrap();
    let show = std::env::var("POLYTOPE_CORPUS_SHOW").unwrap_or_default();
    let mut matches = 0;
    for run in runs {
        let reference = run["target"].as_str().unwrap().to_owned();
        let args = run.get("args").map(|args| serde_json::from_value(args.clone()).unwrap()).unwrap_or_default();
        let planned = plan(&loaded.project, &[vec![Request { reference, args }]], &settings);
        let ours = planned.plan.as_ref().map(describe).unwrap_or_default();
        let ours = normal(ours, &root);
        let theirs = expected_form(run);
        if ours == theirs {
            matches += 1;
        } else if show == project {
            let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
            println!("--- expected\n{}\n--- ours\n{}", pretty(&theirs), pretty(&ours));
            println!("{:?}", planned.diagnostics);
        }
    }
    (matches, runs.len())
}

fn texts(expected: &Value, what: &str) -> BTreeMap<String, String> {
    serde_json::from_value(expected["set-before"][what].clone()).unwrap()
}

/// Theirs: template steps are taken apart as they are when they run; what a tool awaits is not part of a plan.
fn expected_form(run: &Value) -> Value {
    edited(run.clone(), &|map| {
        map.remove("await").filter(|_| !map.contains_key("steps")).map(|kept| map.insert("await".to_owned(), kept));
        if let Some(steps) = map.get_mut("steps").and_then(Value::as_array_mut) {
            *steps = steps.drain(..).flat_map(flattened).collect();
        }
        kong_script(map);
    })
}

fn flattened(step: Value) -> Vec<Value> {
    match step.get("flatten").and_then(Value::as_array) {
        Some(steps) => steps.iter().cloned().flat_map(flattened).collect(),
        None => vec![step],
    }
}

/// The start script of Kong was mounted from a repository; ours comes with the module.
fn kong_script(container: &mut Map<String, Value>) {
    if let Some(mounts) = container.get_mut("mounts").and_then(Value::as_array_mut) {
        mounts.retain(|mount| !mount["path"].as_str().is_some_and(|path| path.starts_with("/opt/kong-scripts")));
    }
}

/// Ours: secrets as the resolver showed them, this directory by its name, ids of steps in tools as declared.
fn normal(ours: Value, root: &Path) -> Value {
    let dir = root.parent().unwrap().display().to_string();
    let ours = edited(ours, &|map| {
        kong_script(map);
        for value in map.values_mut() {
            if let Value::String(text) = value {
                if *text == dir {
                    "<module-repo>".clone_into(text);
                }
                while let Some((before, rest)) = text.split_once("[secret ")
                    && let Some((name, after)) = rest.split_once(']')
                {
                    *text = format!("{before}s-{name}{after}");
                }
            }
        }
    });
    ours
}

/// Every map of a value, edited from the inside out.
fn edited(value: Value, edit: &dyn Fn(&mut Map<String, Value>)) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| edited(item, edit)).collect(),
        Value::Object(map) => {
            let mut map: Map<String, Value> = map.into_iter().map(|(key, item)| (key, edited(item, edit))).collect();
            edit(&mut map);
            Value::Object(map)
        }
        plain => plain,
    }
}
