//! Replays recorded traffic.
//!
//! A recording is a text: the files on the disk, each after `=== PATH`, then after `=== traffic` what the editor sends
//! (`--> {…}`) and what it hears (`<-- {…}`). `RECORD=1 cargo test -p pt-lsp --test traffic` writes what it hears now.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

mod surroundings;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use pt_lsp::{Connection, serve};
use serde_json::Value;
use surroundings::Memory;

/// Messages as lines of JSON; `jsonrpc` goes without saying.
fn shown(message: &Value) -> String {
    let mut message = message.clone();
    message.as_object_mut().unwrap().shift_remove("jsonrpc");
    message.to_string()
}

struct Recording {
    head: String,
    files: Vec<(String, String)>,
    traffic: Vec<String>,
}

fn read(path: &Path) -> Recording {
    let text = fs::read_to_string(path).unwrap();
    let (head, traffic) = text.split_once("=== traffic\n").unwrap();
    let files = head.split("=== ").skip(1).map(|file| {
        let (path, text) = file.split_once('\n').unwrap();
        (format!("/project/{path}"), text.to_owned())
    });
    let (files, traffic) = (files.collect(), traffic.lines().map(str::to_owned).collect());
    Recording { head: head.to_owned(), files, traffic }
}

/// Sends what the editor sends; gives the whole traffic as it is now.
fn replay(recording: &Recording) -> Vec<String> {
    let (server, client) = Connection::memory();
    let files = recording.files.clone();
    let thread = thread::spawn(move || serve(&server, &Memory::new(files), Duration::ZERO).unwrap());
    let hear = |wait: u64| {
        let message = client.receiver.recv_timeout(Duration::from_millis(wait)).ok()?;
        Some(serde_json::to_value(message).unwrap())
    };
    let mut traffic = Vec::new();
    let mut lines = recording.traffic.iter().peekable();
    while let Some(line) = lines.next() {
        let Some(sent) = line.strip_prefix("--> ") else {
            if !line.starts_with("<-- ") {
                traffic.push(line.clone());
            }
            continue;
        };
        let sent: Value = serde_json::from_str(sent).unwrap();
        traffic.push(format!("--> {}", shown(&sent)));
        client.sender.send(serde_json::from_value(sent.clone()).unwrap()).unwrap();
        let mut expected = 0;
        while lines.next_if(|line| line.starts_with("<-- ")).is_some() {
            expected += 1;
        }
        // What is not expected is waited for a little.
        let recording = std::env::var_os("RECORD").is_some();
        let mut heard = 0;
        while let Some(message) = hear(if heard < expected {
            30_000
        } else if recording {
            500
        } else {
            5
        }) {
            heard += 1;
            traffic.push(format!("<-- {}", shown(&message)));
            if recording && sent.get("id").is_some() && message.get("id") == sent.get("id") {
                break;
            }
        }
    }
    thread.join().unwrap();
    traffic
}

#[test]
fn recorded_traffic() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traffic");
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let recording = read(&path);
        let now = replay(&recording);
        if std::env::var_os("RECORD").is_some() {
            let text = format!("{}=== traffic\n{}\n", recording.head, now.join("\n"));
            fs::write(&path, text).unwrap();
        }
        for (line, (now, then)) in now.iter().zip(&recording.traffic).enumerate() {
            if now != then {
                wrong.push(format!(
                    "{}: line {line} of the traffic\nthen: {then}\nnow:  {now}",
                    path.display()
                ));
                break;
            }
        }
        if now.len() != recording.traffic.len() {
            wrong.push(format!("{}: {} lines, not {}", path.display(), now.len(), recording.traffic.len()));
        }
    }
    assert!(wrong.is_empty() || std::env::var_os("RECORD").is_some(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_no_request_it_knows_is_refused_politely() {
    let lines = [
        r#"--> {"id":1,"method":"initialize","params":{"capabilities":{}}}"#,
        "<-- ",
        r#"--> {"method":"initialized","params":{}}"#,
        r#"--> {"id":2,"method":"textDocument/foldingRange"}"#,
        "<-- ",
        r#"--> {"id":3,"method":"shutdown"}"#,
        "<-- ",
        r#"--> {"method":"exit"}"#,
    ];
    let lines = lines.map(str::to_owned).into();
    let now = replay(&Recording { head: String::new(), files: Vec::new(), traffic: lines });
    assert_eq!(
        now[4],
        r#"<-- {"id":2,"error":{"code":-32601,"message":"textDocument/foldingRange is not offered"}}"#
    );
}
