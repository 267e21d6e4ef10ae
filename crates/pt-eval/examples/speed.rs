//! How long code in args takes, from text to data: `cargo run --release -p pt-eval --example speed`.

use std::time::{Duration, Instant};

use pt_eval::{Language, Limits, Scope, Snippet};
use pt_model::{Data, Map, Masker};

const SNIPPETS: &[(&str, Language, &str)] = &[
    ("js: a param as a number", Language::JavaScript, "parseInt(params['redpandaPort'])"),
    (
        "js: services",
        Language::JavaScript,
        "params.cmd === './bin/run' ? [{ id: 'web', ports: [{ protocol: 'http', port: params.port }] }] : null;",
    ),
    ("js: asks the runner", Language::JavaScript, "pt.param('cmd') + pt.moduleRepoRef"),
    ("clj: a param as a number", Language::Clojure, "(Integer/parseInt (:redpanda-port params))"),
    (
        "clj: mounts",
        Language::Clojure,
        "(concat (when-let [v (:cmd params)] [{:path \"/a\" :source v}]) (for [s [1 2]] {:path \"/b\" :source s}))",
    ),
];

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() {
    let params: Map = [
        ("redpanda-port".to_owned(), Data::from("9092")),
        ("cmd".to_owned(), Data::from("./bin/run")),
        ("port".to_owned(), Data::Int(3000)),
    ]
    .into_iter()
    .collect();
    let masker = Masker::default();
    let scope = Scope { params: &params, repo_ref: Some("repo"), project_ref: None, masker: &masker };
    let limits = Limits::default();
    for (name, language, text) in SNIPPETS {
        let snippet = Snippet { language: *language, text, settings: false };
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..500 {
            let begun = Instant::now();
            let result = pt_eval::evaluate(&snippet, &scope, &limits);
            times.push(begun.elapsed());
            if let Err(error) = result {
                println!("{name}: {error}");
                return;
            }
        }
        times.sort();
        println!("{name:<28} median {:>9.1?}  best {:>9.1?}", times[times.len() / 2], times[0]);
    }
}
