//! How long a keystroke in a file of 1,000 modules takes until its diagnostics are there.
//!
//! `cargo run --release -p pt-lsp --example keystroke`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "its output is the measurement")]

#[path = "../tests/surroundings/mod.rs"]
mod surroundings;

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use pt_lsp::{Connection, serve};
use serde_json::{Value, json};
use surroundings::Memory;

/// Modules in the file.
const MODULES: usize = 1_000;

fn main() {
    let text = generated();
    let files = vec![("/project/polytope.yml".to_owned(), text.clone())];
    let (server, client) = Connection::memory();
    let thread = thread::spawn(move || serve(&server, &Memory::new(files), Duration::ZERO).unwrap());
    let send = |message: Value| client.sender.send(serde_json::from_value(message).unwrap()).unwrap();
    let hear = || serde_json::to_value(client.receiver.recv().unwrap()).unwrap();
    let uri = "file:///project/polytope.yml";
    send(json!({"id": 1, "method": "initialize", "params": {"capabilities": {}}}));
    hear();
    send(json!({"method": "initialized", "params": {}}));
    let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
    let start = Instant::now();
    send(json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
    hear();
    println!("{MODULES} modules, {} bytes", text.len());
    println!("opened: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    let mut times: Vec<f64> = (0..20)
        .map(|version| {
            let at = json!({"line": 3, "character": 20});
            let change = json!({"range": {"start": at, "end": at}, "text": "x"});
            let start = Instant::now();
            send(json!({"method": "textDocument/didChange", "params": {
                "textDocument": {"uri": uri, "version": version + 2}, "contentChanges": [change],
            }}));
            hear();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("a keystroke: {:.1} ms, at worst {:.1} ms", times[times.len() / 2], times[times.len() - 1]);
    send(json!({"id": 2, "method": "shutdown"}));
    hear();
    send(json!({"method": "exit"}));
    thread.join().unwrap();
}

/// Modules that call each other in threes, with references and a little code.
fn generated() -> String {
    let mut text = "modules:\n".to_owned();
    for number in 0..MODULES {
        let parent =
            if number % 3 == 0 { "polytope/container".to_owned() } else { format!("m{}", number - 1) };
        // Writing to a string cannot fail.
        _ = write!(
            text,
            "- id: m{number}\n  params: [{{id: image, type: str}}, {{id: port, type: [default, int, {number}]}}]\n  \
             info: Module of many.\n  module: {parent}\n  args:\n    image: \"{{pt.param image}}\"\n",
        );
        let more = if number % 3 == 0 {
            "    cmd: \"#pt-clj [\\\"serve\\\" (str (:port params))]\"\n"
        } else {
            "    port: \"#pt-js params.port + 1\"\n"
        };
        text.push_str(more);
    }
    text
}
