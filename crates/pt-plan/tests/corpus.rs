//! Public projects against what an independent resolver found.
//!
//! The projects lie outside the repository: in `$POLYTOPE_CORPUS`, or in `../shared/corpus` beside it. Without them
//! there is nothing to test.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop anywhere and say why")]

mod common;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use common::Settings;
use pt_plan::{Request, describe, plan};
use pt_spec::{Project, World};
use serde_json::{Map, Value};

/// How many runs of each project resolve as expected, at least.
const MATCHES: &[(&str, usize)] = &[
    ("Cillers-com-bluetext-2025-08-01", 8),
    ("Gigaflow", 10),
    ("bluetext", 9),
    ("bluetext-playground", 9),
    ("cillers-hackathon", 15),
    ("cillers-hackathon-footway", 5),
    ("couchbase-hackathon", 5),
    ("create-cillers-system", 10),
    ("create-cillers-system-2024-02-22", 17),
    ("evaporating-images-polytope", 6),
    ("hackathon-chatbot-starter", 4),
    ("haskell-polytope-test", 2),
    ("polytope-springboot-example", 4),
    ("scrive-hackathon", 19),
    ("webapp-template-test", 10),
];

#[test]
fn public_projects_resolve_as_an_independent_resolver_says() {
    let Some(corpus) = corpus() else {
        // Not by a macro: what those print of a test that passes is kept from the screen.
        let why = "nothing was compared: there is no folder that $POLYTOPE_CORPUS names, or ../shared/corpus";
        writeln!(io::stderr(), "skipped: {why}").unwrap();
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
    let loaded = Project::load(&Disk, root);
    let runs = expected["runs"].as_array().unwrap();
    let show = std::env::var("POLYTOPE_CORPUS_SHOW").unwrap_or_default();
    let mut matches = 0;
    for run in runs {
        let reference = run["target"].as_str().unwrap().to_owned();
        let args =
            run.get("args").map(|args| serde_json::from_value(args.clone()).unwrap()).unwrap_or_default();
        let planned =
            plan(&loaded.project, &[vec![Request { reference, args, ..Request::default() }]], &settings);
        let ours = planned.plan.as_ref().map(describe).unwrap_or_default();
        let ours = normal(ours);
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

/// Theirs: this directory by one name.
fn expected_form(run: &Value) -> Value {
    edited(run.clone(), &|map| {
        mended(map);
    })
}

/// Ids are unique in a job, so a tool's step may have got a number that it has not where the tool runs alone.
fn declared_ids(group: &mut Map<String, Value>) {
    let is_group = group.contains_key("chain");
    for step in
        group.get_mut("steps").filter(|_| is_group).and_then(Value::as_array_mut).into_iter().flatten()
    {
        let named_for = texts_of(&step["chain"]).first().map(|reference| reference.replace("polytope/", ""));
        let id = step["id"].as_str().unwrap_or_default();
        if let Some(declared) =
            named_for.filter(|name| id.strip_prefix(&format!("{name}-")).is_some_and(is_number))
        {
            step["id"] = Value::from(declared);
        }
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<usize>().is_ok()
}

/// What our standard modules do otherwise than the original ones, taken out of both sides.
fn mended(step: &mut Map<String, Value>) {
    let chain: Vec<String> = step.get("chain").into_iter().flat_map(texts_of).collect();
    let through = |module: &str| chain.iter().any(|reference| reference == module);
    // Ours has more params, which nobody gives.
    if ["polytope/scaffold", "polytope/build-image"].into_iter().any(through)
        && let Some(args) = step.get_mut("args").and_then(Value::as_object_mut)
    {
        args.retain(|_, arg| !arg.is_null());
    }
    let Some(container) = step.get_mut("container").and_then(Value::as_object_mut) else { return };
    // The id was not passed on.
    if ["kafka!connect", "kafka!schema-registry", "ngrok!http"]
        .iter()
        .any(|module| through(&format!("polytope/{module}")))
    {
        container.remove("id");
    }
    // Variables that were misspelt or forgotten.
    if let Some(env) = container.get_mut("env").and_then(Value::as_object_mut) {
        env.remove("KAFKA_DEFAULT_REPLICATION_FACTOR");
        env.remove("SCHEMA_REGISTRY_KAFKASTORE_TOPIC");
        env.remove("SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR");
    }
    let Some(script) = container.get_mut("cmd").and_then(|cmd| cmd.get_mut(2)) else { return };
    let Value::String(text) = script else { return };
    // Any bucket whose name contained the name was taken for it.
    *text = text.replace(" | grep -Fx ", " | grep ");
    // The original's services and configurations are in no particular order.
    let lines: Vec<String> = text.split('\n').map(in_order).collect();
    *text = lines.join("\n");
}

fn texts_of(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn in_order(line: &str) -> String {
    if let Ok(config) = serde_json::from_str::<BTreeMap<String, Value>>(line.trim()) {
        return serde_json::to_string(&config).unwrap();
    }
    let Some((before, rest)) = line.split_once("--services=") else { return line.to_owned() };
    let (services, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut services: Vec<&str> = services.split(',').collect();
    services.sort_unstable();
    format!("{before}--services={} {after}", services.join(","))
}

/// Ours: secrets as the resolver showed them, this directory by its name, ids of steps in tools as declared.
fn normal(ours: Value) -> Value {
    edited(ours, &|map| {
        mended(map);
        declared_ids(map);
        for value in map.values_mut() {
            if let Value::String(text) = value {
                while let Some((before, rest)) = text.split_once("[secret ")
                    && let Some((name, after)) = rest.split_once(']')
                {
                    *text = format!("{before}s-{name}{after}");
                }
            }
        }
    })
}

/// Every map of a value, edited from the inside out.
fn edited(value: Value, edit: &dyn Fn(&mut Map<String, Value>)) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| edited(item, edit)).collect(),
        Value::Object(map) => {
            let mut map: Map<String, Value> =
                map.into_iter().map(|(key, item)| (key, edited(item, edit))).collect();
            edit(&mut map);
            Value::Object(map)
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

/// The real files.
struct Disk;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }
}
