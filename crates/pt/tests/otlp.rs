//! What services send by OpenTelemetry lands in their job: recorded bytes of its SDK for Python, examples in JSON, and what is
//! neither.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const PROJECT: &str = "
templates:
- id: stack
  run:
  - id: server
    module: polytope/container
    args:
      image: 'alpine:3'
      id: web
      cmd: [sh, -c, 'echo $OTEL_SERVICE_NAME; echo $OTEL_EXPORTER_OTLP_ENDPOINT; sleep 1000']
      env: [{name: PASSWORD, value: pt.secret password}]
      services: [{id: shop, ports: [{port: 80, protocol: http}]}]
";

/// The secret of the project: what the recorded service has in its log and in the message of an exception.
const SECRET: &str = "no such table";

const PROTOBUF: &str = "content-type: application/x-protobuf";
const GZIP: &str = "content-type: application/x-protobuf\r\ncontent-encoding: gzip";
const JSON: &str = "content-type: application/json; charset=utf-8";

/// A job that receives.
struct Stack {
    home: TempDir,
    address: String,
}

impl Stack {
    fn start(name: &str) -> Self {
        Self::start_with(name, None)
    }

    /// The same with a collector for the traces of the job.
    fn start_with(name: &str, collector: Option<&str>) -> Self {
        let home = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        fs::write(home.path().join("polytope.yml"), PROJECT).unwrap();
        let mut stack = Self { home, address: String::new() };
        stack.pt(&["secrets", "set", "password", SECRET]);
        let output = stack
            .command(&["run", "-d", "--otlp", "stack"])
            .envs(collector.map(|url| ("OTEL_EXPORTER_OTLP_ENDPOINT", url)))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let address = said.lines().find_map(|line| line.strip_prefix("OpenTelemetry: http://"));
        address.unwrap_or_else(|| panic!("no address: {said}")).clone_into(&mut stack.address);
        stack.until(|stack| stack.pt(&["logs", "-r"]).lines().count() == 2);
        stack
    }

    fn command(&self, args: &[&str]) -> Command {
        let dir = self.home.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_polytope"));
        command.args(args).current_dir(dir).env("HOME", dir).env("POLYTOPE_BACKEND", "sim");
        command.env("POLYTOPE_STATE_DIR", dir.join("state"));
        command
    }

    fn pt(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn until(&self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..100 {
            if is_so(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("waited in vain; the job says:\n{}", self.pt(&["logs"]));
    }

    /// Posts a body; the status, and the body that comes back.
    fn post(&self, path: &str, headers: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // Who refuses early need not read it all.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head[9..12].parse().unwrap(), answer[end + 4..].to_vec())
    }

    /// What was received as log records.
    fn records(&self) -> Vec<Value> {
        let lines = self.pt(&["logs", "-r", "--stream", "otlp"]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The pieces of its time that were received: id of the piece around it, name, how it ended, service.
    fn spans(&self) -> Vec<String> {
        let pieces: Vec<Value> = serde_json::from_str(&self.pt(&["timeline", "-o", "json"])).unwrap();
        let received = pieces.iter().filter(|piece| piece["kind"] == "received");
        let text = |piece: &Value, key: &str| piece[key].as_str().unwrap_or("–").to_owned();
        received
            .map(|piece| ["parent", "name", "outcome", "detail"].map(|key| text(piece, key)).join(" | "))
            .collect()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.pt(&["stop", "stack"]);
    }
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/otlp").join(name)).unwrap()
}

#[test]
fn what_the_sdk_for_python_sends_is_kept_where_it_belongs() {
    let stack = Stack::start("python");
    let told = stack.pt(&["logs", "-r"]);
    assert_eq!(told, format!("web\nhttp://{}/web\n", stack.address), "what the container was told");

    for (path, headers, name) in [
        ("/web/v1/logs", PROTOBUF, "logs.pb"),
        ("/web/v1/traces", PROTOBUF, "traces.pb"),
        // Not to the container's own address: its `service.name` tells.
        ("/v1/logs", GZIP, "logs.pb.gz"),
        ("/v1/traces", GZIP, "traces.pb.gz"),
    ] {
        assert_eq!(stack.post(path, headers, &fixture(name)), (200, Vec::new()), "{name}");
    }

    stack.until(|stack| stack.records().len() == 4);
    let mut records = stack.records();
    assert!(!stack.pt(&["logs"]).contains(SECRET));
    for record in &mut records {
        let record = record.as_object_mut().unwrap();
        for varies in ["time", "trace_id", "span_id", "code.line.number", "code.function.name"] {
            assert!(record.shift_remove(varies).is_some(), "{varies}: {record:?}");
        }
    }
    let shown: Vec<String> = records.iter().map(Value::to_string).collect();
    let placed = r#"{"level":"info","message":"order 7 placed","logger":"shop.orders","order.id":7,"code.file.path":"orders.py"}"#;
    let failed = r#"{"level":"error","message":"[secret password]","logger":"shop.orders","code.file.path":"orders.py"}"#;
    assert_eq!(shown, [placed, failed, placed, failed]);
    let found = stack.pt(&["logs", "-r", "--field", "order.id=7", "--container", "web", "--step", "server"]);
    assert_eq!(found.lines().count(), 2, "{found}");

    let spans = stack.spans();
    let root = "container web | GET /orders | – | web";
    assert_eq!(spans.iter().filter(|span| *span == root).count(), 2, "{spans:?}");
    assert_eq!(
        spans.iter().filter(|span| span.ends_with("| SELECT orders | KeyError: 'orders' | web")).count(),
        2
    );
    let bars = stack.pt(&["timeline"]);
    let names: Vec<&str> =
        bars.lines().map(|line| line.split(['━', '█', '─', '▒', '░']).next().unwrap().trim()).collect();
    assert_eq!(names[2..], ["web", "GET /orders", "SELECT orders", "GET /orders", "SELECT orders"], "{bars}");
    let document: Value = serde_json::from_str(&stack.pt(&["timeline", "--otlp"])).unwrap();
    let resources = document["resourceSpans"].as_array().unwrap();
    // Before it come the pieces of the job itself, if any is over yet.
    let sent = resources.last().unwrap();
    assert_eq!(sent["scopeSpans"][0]["scope"]["name"], "shop");
    assert_eq!(sent["resource"]["attributes"][3]["value"]["stringValue"], "web", "its container");
    let of_root = &sent["scopeSpans"][0]["spans"][1];
    assert_eq!(
        of_root["attributes"][0],
        serde_json::json!({"key": "http.status", "value": {"intValue": "500"}})
    );
    let all = resources.iter().flat_map(|of_one| of_one["scopeSpans"][0]["spans"].as_array().unwrap());
    let job = all.into_iter().find(|span| span["name"] == "job stack-1");
    // The job goes on: its own pieces are not over, and in no document yet. What links lead to is known before.
    assert_eq!((job, of_root["links"].as_array().map(Vec::len)), (None, Some(1)));
}

#[test]
fn what_is_received_goes_on_to_the_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let stack = Stack::start_with("collector", Some(&collector));
    assert_eq!(stack.post("/web/v1/traces", PROTOBUF, &fixture("traces.pb")).0, 200);
    let stopped = std::thread::spawn(move || drop(stack));
    let mut said = String::new();
    while !said.contains("\"GET /orders\"") {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut body) = (String::new(), Vec::new());
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "broken off: {head}");
        }
        let length =
            head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        body.resize(length.unwrap(), 0);
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        said = String::from_utf8(body).unwrap();
    }
    stopped.join().unwrap();
    let document: Value = serde_json::from_str(&said).unwrap();
    let of_web = document["resourceSpans"].as_array().unwrap().last().unwrap();
    let of_container = serde_json::json!({"key": "polytope.container", "value": {"stringValue": "web"}});
    assert_eq!(of_web["resource"]["attributes"][3], of_container);
    let names = of_web["scopeSpans"][0]["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str());
    assert_eq!(names.collect::<Vec<_>>(), [Some("SELECT orders"), Some("GET /orders")]);
}

#[test]
fn json_is_read_as_the_protocol_writes_it() {
    let stack = Stack::start("json");
    assert_eq!(stack.post("/v1/logs", JSON, &fixture("logs.json")), (200, b"{}".to_vec()));
    stack.until(|stack| stack.records().len() == 2);
    let shown = stack.pt(&["logs", "-r", "--stream", "otlp"]);
    assert_eq!(
        shown.lines().collect::<Vec<_>>(),
        [
            concat!(
                r#"{"time":"2018-12-13T14:51:00.3Z","level":"information","message":"added\nto the cart","#,
                r#""logger":"shop.cart","service":"shop","trace_id":"5b8efff798038103d269b633813fc60c","#,
                r#""span_id":"eee19b7ec3c1b174","int":-9223372036854775808,"double":637.704,"bool":true,"#,
                r#""list":["a",2,null],"map":{"k":"x"},"attributes.level":"of the sender","none":null}"#
            ),
            r#"{"level":"error","message":{"a":1},"logger":"shop.cart","service":"shop"}"#,
        ]
    );
    // Spans of nobody's are the job's; log records of nobody's are told to whoever sent them.
    let (status, answer) = stack.post("/v1/traces", JSON, &fixture("traces.json"));
    let answer = String::from_utf8(answer).unwrap();
    let partial = r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"Spans need ids and moments."}}"#;
    assert_eq!((status, answer.as_str()), (200, partial));
    assert_eq!(
        stack.spans(),
        [
            "job | click | – | browser",
            "span 5b8efff798038103d269b633813fc60c eee19b7ec3c1b174 | fetch | timed out | browser",
        ]
    );
    let stray = String::from_utf8(fixture("logs.json")).unwrap().replace("\"shop\"", "\"elsewhere\"");
    let (status, answer) = stack.post("/v1/logs", JSON, stray.as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    assert_eq!(status, 200);
    assert!(
        answer.starts_with(r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"service.name "#),
        "{answer}"
    );
    assert_eq!(stack.records().len(), 2);
}

#[test]
fn what_cannot_be_read_is_refused_and_harms_nobody() {
    let stack = Stack::start("garbage");
    let (logs, packed) = (fixture("logs.pb"), fixture("logs.pb.gz"));
    let deep = format!("{{\"resourceLogs\":{}", "[{\"scopeLogs\":".repeat(5000));
    let values = "{\"arrayValue\":{\"values\":[".repeat(5000);
    let deep_value = format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"body\":{values}");
    // A list within a list within a list, as the attribute of a resource.
    let mut nested = Vec::new();
    let lists = std::iter::repeat_n([0x0a, 0x2a], 3000).flatten();
    for tag in lists.chain([0x12, 0x0a, 0x0a, 0x0a]) {
        let mut around = vec![tag];
        length(&mut around, nested.len());
        around.append(&mut nested);
        nested = around;
    }
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 64 << 20]).unwrap();
        encoder.finish().unwrap()
    };
    let table: [(&str, &str, &[u8], u16, &str); 14] = [
        ("/v1/logs", PROTOBUF, b"\xff\xff\xff\xff", 400, "This cannot be read as Protocol Buffers"),
        ("/v1/logs", PROTOBUF, &logs[..100], 400, "This cannot be read as Protocol Buffers"),
        ("/v1/traces", PROTOBUF, &nested, 400, "This cannot be read as Protocol Buffers"),
        ("/v1/logs", JSON, b"{\"resourceLogs\": 3}", 400, "This cannot be read as JSON"),
        ("/v1/logs", JSON, b"", 400, "This cannot be read as JSON"),
        ("/v1/logs", JSON, deep.as_bytes(), 400, "This cannot be read as JSON"),
        ("/v1/logs", JSON, deep_value.as_bytes(), 400, "This cannot be read as JSON"),
        ("/v1/logs", GZIP, &logs, 400, "This is not compressed with gzip"),
        ("/v1/logs", GZIP, &packed[..packed.len() / 2], 400, "This is not compressed with gzip"),
        ("/v1/logs", GZIP, &bomb, 413, "This is too large: at most 4 MiB, compressed or not."),
        ("/v1/logs", "content-type: text/plain", b"hello", 415, "The content type is 'text/plain': send"),
        ("/v1/logs", "x-none: 1", b"", 415, "The content type is '': send"),
        ("/ghost/v1/logs", PROTOBUF, &logs, 404, "There is no container 'ghost' in this job."),
        ("/v1/metrics", PROTOBUF, b"", 404, "Metrics are not received here: OTEL_METRICS_EXPORTER=none"),
    ];
    for (path, headers, body, status, why) in table {
        let (answered, said) = stack.post(path, headers, body);
        let said = String::from_utf8(said).unwrap();
        assert!(answered == status && said.starts_with(why), "{path}, {headers}: {answered} {said}");
    }
    let large = vec![b' '; 5 << 20];
    assert_eq!(stack.post("/v1/logs", JSON, &large).0, 413);

    // Cut off anywhere, or with any byte another one: it is read, or refused.
    let traces = fixture("traces.pb");
    for cut in (0..traces.len()).step_by(7) {
        let (status, _) = stack.post("/web/v1/traces", PROTOBUF, &traces[..cut]);
        assert!([200, 400].contains(&status), "cut at {cut}: {status}");
        let mut other = traces.clone();
        other[cut] ^= 0xff;
        let (status, _) = stack.post("/web/v1/traces", PROTOBUF, &other);
        assert!([200, 400].contains(&status), "another byte at {cut}: {status}");
    }
    assert_eq!(stack.records(), Vec::<Value>::new());
    assert!(stack.pt(&["ps"]).contains("running"), "{}", stack.pt(&["ps"]));
    assert!(!stack.pt(&["timeline"]).is_empty());
}

/// A length as Protocol Buffers write it.
fn length(to: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        to.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    to.push(u8::try_from(length).unwrap());
}
