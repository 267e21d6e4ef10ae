//! `pt lsp` over its pipes. What it says in detail is recorded in pt-lsp; here is that the binary says it.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// An editor that started the server.
struct Editor {
    server: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Editor {
    fn start(dir: &std::path::Path) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_polytope"))
            .args(["lsp", "--stdio"])
            .current_dir(dir)
            .env("POLYTOPE_STATE_DIR", dir.join("state"))
            .env("HOME", dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        Self { server, output }
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        let pipe = self.server.stdin.as_mut().unwrap();
        write!(pipe, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        pipe.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server ended");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(digits) => length = digits.parse().unwrap(),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

#[test]
fn an_editor_opens_a_file_and_takes_its_leave() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("polytope.yml");
    std::fs::write(&file, "").unwrap();
    let uri = format!("file://{}", file.display());
    let mut editor = Editor::start(dir.path());
    editor.send(json!({"id": 1, "method": "initialize", "params": {"capabilities": {}}}));
    assert_eq!(editor.hear()["result"]["serverInfo"]["name"], "polytope");
    editor.send(json!({"method": "initialized", "params": {}}));
    let text = "templates:\n  - id: dev\n    run: [polytope/postgrs]\n";
    editor.send(json!({"method": "textDocument/didOpen", "params": {"textDocument":
        {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}}));
    let told = editor.hear();
    assert_eq!(told["params"]["uri"], uri);
    assert_eq!(
        told["params"]["diagnostics"][0]["message"],
        "No module, tool or template named 'polytope/postgrs'.\nhelp: did you mean 'polytope/postgres'?"
    );
    editor.send(json!({"id": 2, "method": "shutdown"}));
    assert_eq!(editor.hear()["id"], 2);
    editor.send(json!({"method": "exit"}));
    assert!(editor.server.wait().unwrap().success());
}
