//! Traces arrive where the usual variables send them.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

const PROJECT: &str = "
templates:
- id: ci
  run:
  - {id: build, module: polytope/container, args: {image: 'alpine:3', cmd: echo built}}
  - {id: test, code: (pt/fail \"no\"), after: build}
";

fn run_ci(endpoint: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("polytope.yml"), PROJECT).unwrap();
    Command::new(env!("CARGO_BIN_EXE_polytope"))
        .args(["run", "ci"])
        .current_dir(dir.path())
        .env("HOME", dir.path())
        .env("POLYTOPE_STATE_DIR", dir.path().join("state"))
        .env("POLYTOPE_BACKEND", "sim")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-token=a%20b")
        .env("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .output()
        .unwrap()
}

/// The head and the body of the one request that comes.
fn take_request(listener: &TcpListener) -> (String, Value) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the head broke off: {head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_job_is_a_trace() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let job = thread::spawn(move || run_ci(&endpoint));
    let (head, body) = take_request(&listener);
    assert_eq!(job.join().unwrap().status.code(), Some(1));
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("x-token: a b\r\n"), "{head}");

    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: BTreeMap<&str, &str> =
        spans.iter().map(|span| (span["spanId"].as_str().unwrap(), span["name"].as_str().unwrap())).collect();
    let told = |span: &Value| {
        assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert!(span["startTimeUnixNano"].as_str() <= span["endTimeUnixNano"].as_str(), "{span}");
        let parent = span["parentSpanId"].as_str().unwrap();
        let name = span["name"].as_str().unwrap();
        format!("{name} in {}: {}", names.get(parent).unwrap_or(&parent), span["status"]["code"])
    };
    assert_eq!(
        spans.iter().map(told).collect::<Vec<_>>(),
        [
            "job ci-1 in b7ad6b7169203331: 2",
            "step build in job ci-1: 1",
            "container container in step build: 1",
            "run container in container container: 1",
            "step test in job ci-1: 2",
        ]
    );
}

#[test]
fn a_collector_that_does_not_answer_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run_ci(&format!("http://{free}"));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("Warning: The job's trace was not sent: cannot connect to 127.0.0.1"), "{said}");
}
