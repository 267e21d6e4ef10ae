//! Metrics are served where they were asked for, and are what Prometheus reads.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const PROJECT: &str = "
templates:
- id: stack
  run:
  - {id: build, code: (println \"built\")}
  - id: web
    module: polytope/container
    args: {image: 'alpine:3', id: web, cmd: sleep 1000, services: [{id: web, ports: [{port: 80, protocol: http}]}]}
";

/// Labels, by name.
type Labels = Vec<(String, String)>;

/// A family as Prometheus reads it: its type, and its samples by name and labels.
#[derive(Debug)]
struct Family {
    kind: String,
    samples: BTreeMap<(String, Labels), f64>,
}

/// Reads the text format, and refuses whatever Prometheus or `promtool check metrics` would complain of.
fn read(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let (mut helped, mut current) = (String::new(), String::new());
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && !families.contains_key(name), "{line}");
            name.clone_into(&mut helped);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, helped, "help comes first");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            name.clone_into(&mut current);
            families.insert(current.clone(), Family { kind: kind.to_owned(), samples: BTreeMap::new() });
        } else {
            let (name, rest) = line.split_once('{').unwrap();
            let (labels, value) = labels(rest);
            let family = families.get_mut(&current).unwrap();
            let suffix = name.strip_prefix(current.as_str()).unwrap();
            let suffixes: &[&str] =
                if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line}");
            let value = value.parse().unwrap();
            let is_new = family.samples.insert((name.to_owned(), labels), value).is_none();
            assert!(is_new, "twice: {line}");
        }
    }
    families
        .iter()
        .filter(|(_, family)| family.kind == "histogram")
        .for_each(|(name, it)| histogram(name, it));
    families
}

/// The labels of a sample, and what stands behind their brace.
fn labels(mut text: &str) -> (Labels, &str) {
    let (mut labels, mut names) = (Vec::new(), BTreeSet::new());
    loop {
        let (name, rest) = text.split_once("=\"").unwrap();
        assert!(names.insert(name), "a label twice: {name}");
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    quoted @ ('"' | '\\') => quoted,
                    other => panic!("escaped: {other}"),
                }),
                (_, char) => value.push(char),
            }
        };
        labels.push((name.to_owned(), value));
        match rest[end + 1..].split_at(1) {
            (",", more) => text = more,
            ("}", value) => return (labels, value.strip_prefix(' ').unwrap()),
            (other, _) => panic!("after a label: {other}"),
        }
    }
}

/// Buckets grow, and the last one holds all that was observed.
fn histogram(name: &str, family: &Family) {
    let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for ((sample, labels), count) in &family.samples {
        if *sample == format!("{name}_bucket") {
            let (le, labels): (Vec<_>, Vec<_>) = labels.iter().cloned().partition(|(name, _)| name == "le");
            series.entry(labels).or_default().push((le[0].1.parse().unwrap(), *count));
        }
    }
    for (labels, mut buckets) in series {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{labels:?}: {buckets:?}");
        let (bound, count) = *buckets.last().unwrap();
        assert_eq!(
            (bound, Some(&count)),
            (f64::INFINITY, family.samples.get(&(format!("{name}_count"), labels)))
        );
    }
}

/// What is answered there, if it is answered well.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[test]
fn a_running_job_is_scraped() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("polytope.yml"), PROJECT).unwrap();
    let mut job = Command::new(env!("CARGO_BIN_EXE_polytope"))
        .args(["run", "--metrics-port", "0", "stack"])
        .current_dir(dir.path())
        .env("HOME", dir.path())
        .env("POLYTOPE_STATE_DIR", dir.path().join("state"))
        .env("POLYTOPE_BACKEND", "sim")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(job.stderr.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    let address = first.trim().strip_prefix("Metrics: http://").unwrap().strip_suffix("/metrics").unwrap();
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut families = BTreeMap::new();
    for _ in 0..400 {
        let (head, body) = get(address, "/metrics");
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        families = read(&body);
        let running = vec![label("job", "stack-1"), label("status", "running")];
        let running = ("polytope_containers".to_owned(), running);
        if families["polytope_containers"].samples[&running] == 1.0 {
            break;
        }
        thread::sleep(Duration::from_millis(25));
    }
    let web = vec![label("job", "stack-1"), label("step", "web"), label("container", "web")];
    for name in ["polytope_container_cpu_seconds_total", "polytope_container_memory_bytes"] {
        assert!(families[name].samples.contains_key(&(name.to_owned(), web.clone())), "{name}: {families:?}");
    }
    let built =
        [label("job", "stack-1"), label("step", "build"), label("container", ""), label("stream", "log")];
    let lines = &families["polytope_log_lines_total"].samples;
    assert_eq!(lines[&("polytope_log_lines_total".to_owned(), built.to_vec())], 1.0);
    assert!(get(address, "/v1/stop").0.starts_with("http/1.1 404"), "only metrics are served");

    rustix::process::kill_process(rustix::process::Pid::from_child(&job), rustix::process::Signal::INT)
        .unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(job.wait().unwrap().code(), Some(130), "{rest}");
    assert!(TcpStream::connect(address).is_err(), "closed with the job");
}
