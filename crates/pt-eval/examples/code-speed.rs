//! Times JavaScript and Python, and prints what it measured as JSON: see bench/code, which compares it.
//!
//! `cargo run --release -p pt-eval --example code-speed`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use pt_eval::{EvalErrorKind, Language, Limits, NoHost, Scope, Snippet, evaluate, run};
use pt_model::{Data, Map, Masker};

const ENDLESS: &str = include_str!("../tests/suite/endless.txt");

/// Turns in which a row is measured.
const TURNS: usize = 20;

/// Time that endless code is given.
const TIME: Duration = Duration::from_millis(100);

fn main() {
    let params = Map::from_iter([
        ("port".into(), Data::from("8080")),
        ("hosts".into(), Data::List((0..5).map(|n| Data::from(format!("host-{n}"))).collect())),
    ]);
    let masker = Masker::default();
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
    let value = |text: &str| {
        let (language, text) = split(text);
        let snippet = Snippet { language, text, settings: false };
        black_box(evaluate(&snippet, &scope, &Limits::default()))
    };
    for (name, text, times) in [
        ("js shared: one expression", "#pt-js parseInt(params['port'])", 20_000_usize),
        ("js shared: a list", "#pt-js params.hosts.map(h => ({ host: h, port: 80 }))", 20_000),
        ("js isolated: one expression", "#pt-js try { parseInt(params['port']) } finally {}", 2_000),
        ("js fib 30", "#pt-js const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2); fib(30)", 60),
        ("py one expression", "#pt-py int(params['port'])", 20_000),
        ("py a list", "#pt-py [{'host': h, 'port': 80} for h in params['hosts']]", 20_000),
        ("py fib 25", "#pt-py\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(25)", 60),
        ("py loop 1e6", "#pt-py\nn = 0\nfor i in range(1000000):\n    n += i\nn", 60),
    ] {
        assert!(value(text).is_ok(), "{text}");
        // The calmest of some turns: others may use the machine.
        let calmest = (0..TURNS).map(|_| median(times.div_ceil(TURNS), || value(text).is_ok()));
        print(name, calmest.min().unwrap_or_default().as_secs_f64() * 1e6, "us");
    }
    for (language, text) in [
        ("clj", "#pt-clj (mapv (fn [h] {:host h :port 80}) (:hosts params))"),
        ("js", "#pt-js params.hosts.map(h => ({ host: h, port: 80 }))"),
        ("js isolated", "#pt-js try { params.hosts.map(h => ({ host: h, port: 80 })) } finally {}"),
        ("py", "#pt-py [{'host': h, 'port': 80} for h in params['hosts']]"),
    ] {
        (0..5_000).for_each(|_| assert!(value(text).is_ok()));
        let before = resident();
        (0..100_000).for_each(|_| assert!(value(text).is_ok()));
        print(&format!("{language} growth by 100,000 evaluations"), resident() - before, "KiB");
    }
    let attacks = ENDLESS.lines().map(|line| line.replace("\\n", "\n"));
    let mut worst: Vec<(String, f64)> = Vec::new();
    for text in attacks {
        let (language, code) = split(&text);
        let snippet = Snippet { language, text: code, settings: false };
        let limits = Limits { time: Some(TIME), ..Limits::default() };
        let begun = Instant::now();
        let result = run(&snippet, &scope, &limits, &mut NoHost);
        let late = begun.elapsed().saturating_sub(TIME).as_secs_f64() * 1e3;
        let stopped = matches!(&result, Err(error) if error.kind == EvalErrorKind::TimedOut || error.message.contains("memory"));
        assert!(stopped, "{text}: {result:?}");
        if late > 10.0 {
            eprintln!("{late:.0} ms late: {text}");
        }
        worst.push((text, late));
    }
    for language in ["js", "clj", "py"] {
        let prefix = format!("#pt-{language}");
        let of = worst.iter().filter(|(text, _)| text.starts_with(&prefix));
        let (count, late) = of.fold((0, 0.0_f64), |(count, late), (_, this)| (count + 1, late.max(*this)));
        print(&format!("{language} later than the deadline, worst of {count}"), late, "ms");
    }
}

fn median(times: usize, run: impl Fn() -> bool) -> Duration {
    let time = |_| {
        let begun = Instant::now();
        assert!(run());
        begun.elapsed()
    };
    let mut taken: Vec<Duration> = (0..times).map(time).collect();
    taken.sort();
    taken[times / 2]
}

fn split(text: &str) -> (Language, &str) {
    let (prefix, code) = text.split_at(7.min(text.find([' ', '\n']).unwrap_or(0)));
    let language = match prefix {
        "#pt-js" => Language::JavaScript,
        "#pt-py" => Language::Python,
        _ => Language::Clojure,
    };
    (language, code.strip_prefix(' ').unwrap_or(code))
}

/// Memory of this process, in KiB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default()
}

fn print(name: &str, value: f64, unit: &str) {
    println!("{{\"name\": \"{name}\", \"value\": {value:.2}, \"unit\": \"{unit}\"}}");
}
