//! What SCI's tests evaluate, against what Clojure answers to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pt_clj::{Context, Error, ErrorKind, Limits, Program};
use pt_edn::{FormKind, Reader};

use crate::runner::Tally;

/// Code from a test, and what Clojure answers: `= value` or `! Class`.
pub(crate) struct Pair {
    space: String,
    source: String,
    answer: String,
}

/// Evaluates SCI's tests with Clojure, which takes a minute; `None` where it is not installed. `SCI_PAIRS` names a file
/// that holds what was recorded before.
pub(crate) fn record(tests: &Path) -> Option<Vec<Pair>> {
    let text = match std::env::var_os("SCI_PAIRS") {
        Some(file) => crate::runner::read(Path::new(&file)),
        None => {
            let recorder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites/sci.clj");
            let Ok(output) = Command::new("clojure").arg(recorder).arg(tests).output() else {
                eprintln!("clojure is not installed: nobody knows what SCI's tests should answer");
                return None;
            };
            String::from_utf8(output.stdout).expect("what was recorded is UTF-8")
        }
    };
    let mut reader = Reader::new(&text);
    let mut pairs = Vec::new();
    while let Some(form) = reader.read_next() {
        let FormKind::Vector(items) = form.expect("what was recorded can be read").kind else { continue };
        let texts = items.into_iter().filter_map(|item| {
            if let FormKind::String(text) = item.kind { Some(text.into_string()) } else { None }
        });
        if let Ok([space, source, answer]) = <[String; 3]>::try_from(texts.collect::<Vec<_>>()) {
            pairs.push(Pair { space, source, answer });
        }
    }
    Some(pairs)
}

/// How the recorder writes values, as a function.
fn canon() -> String {
    let recorder = include_str!("sci.clj");
    let start = recorder.find("(defn canon").expect("the recorder has its canon");
    let end = start + recorder[start..].find("(defn root").expect("root follows");
    recorder[start..end].replacen("(defn canon", "(fn canon", 1)
}

fn answer(source: &str) -> String {
    let limits = Limits {
        deadline: Some(Instant::now() + Duration::from_secs(5)),
        memory: Some(1 << 30),
        ..Limits::default()
    };
    let mut context = Context::new().with_limits(limits);
    let canon = Program::compile(&canon())
        .and_then(|program| program.run(&mut context))
        .expect("canon is a function");
    let result: Result<_, Error> = Program::compile(source)
        .and_then(|program| program.run(&mut context))
        .and_then(|value| context.apply(&canon, vec![value]));
    match result {
        Ok(value) => format!("= {}", value.as_str().unwrap_or_default()),
        Err(error) => match error.kind {
            ErrorKind::Exception(class) => {
                format!("! {} {}", class.rsplit(['.', '$']).next().unwrap_or(class), error.message)
            }
            ErrorKind::Read | ErrorKind::Stopped(_) => format!("! {:?} {}", error.kind, error.message),
        },
    }
}

/// Values must be the same; where Clojure throws, it is enough that we do: SCI's tests are about the message, which is SCI's.
fn agree(ours: &str, theirs: &str) -> bool {
    ours == theirs || (ours.starts_with("! ") && theirs.starts_with("! "))
}

pub(crate) fn run(pairs: &[Pair]) -> Vec<(String, Tally)> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for pair in pairs {
        let tally = tallies.entry(pair.space.clone()).or_default();
        *tally.of.get_or_insert(0) += 1;
        let ours = answer(&pair.source);
        if agree(&ours, &pair.answer) {
            tally.pass += 1;
        } else {
            tally.fail += 1;
            tally
                .problems
                .push(format!("{}\n      clojure: {}\n      ours:    {ours}", pair.source, pair.answer));
        }
    }
    tallies.into_iter().collect()
}
