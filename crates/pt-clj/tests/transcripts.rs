//! Runs the REPL transcripts in `tests/transcripts`: one context per file.
//!
//! A transcript is written by the real Clojure: put `user=> form` lines into a file and run
//! `clojure tests/oracle.clj --write tests/transcripts/FILE`; without `--write` it shows where a transcript and Clojure
//! disagree. Checked so with Clojure 1.11.1. Entries below a line that begins with `;; ours` differ on purpose.
//! With `UPDATE=1` the files are rewritten with what this evaluator answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};

use pt_clj::{Context, Error, Exception, Host, Program, Value, print};

/// Keeps what programs print, and knows no functions.
#[derive(Default)]
struct Printed(std::rc::Rc<std::cell::RefCell<String>>);

impl Host for Printed {
    fn knows(&self, _: &str) -> bool {
        false
    }
    fn call(&mut self, name: &str, _: Vec<Value>) -> Result<Value, Exception> {
        Err(Exception::new("RuntimeException", name))
    }
    fn value(&self, _: &str) -> Option<Value> {
        None
    }
    fn print(&mut self, text: &str) {
        self.0.borrow_mut().push_str(text);
    }
    fn millis(&self) -> i64 {
        0
    }
}

fn complete(text: &str) -> bool {
    !matches!(pt_edn::read_clojure(text), Err(error) if error.message.starts_with("EOF"))
}

fn answer(context: &mut Context<'_>, printed: &std::cell::RefCell<String>, form: &str) -> String {
    let result = Program::compile(form).and_then(|program| program.run(context));
    let shown = match &result {
        Ok(value) => print::pr_str(value),
        Err(Error { message, .. }) => format!("Error: {message}"),
    };
    printed.borrow_mut().drain(..).as_str().to_owned() + &shown
}

/// One form with the answer written below it and ours.
struct Entry {
    form: String,
    written: String,
    ours: String,
}

/// Runs a transcript; gives its entries, and its text with our answers.
fn replayed(text: &str) -> (Vec<Entry>, String) {
    let mut host = Printed::default();
    let printed = std::rc::Rc::clone(&host.0);
    let mut context = Context::new().with_host("host", &mut host);
    let (mut entries, mut out) = (Vec::new(), String::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out = out + line + "\n";
        let Some(first) = line.strip_prefix("user=> ") else { continue };
        let mut form = first.to_owned();
        while !complete(&form) {
            let Some(line) = lines.next() else { break };
            form = form + "\n" + line;
            out = out + line + "\n";
        }
        let mut written = Vec::new();
        let more = |line: &&str| !(line.is_empty() || line.starts_with("user=> ") || line.starts_with(";;"));
        while let Some(line) = lines.next_if(more) {
            written.push(line);
        }
        let ours = answer(&mut context, &printed, &form);
        out = out + &ours + "\n";
        entries.push(Entry { form, written: written.join("\n"), ours });
    }
    (entries, out)
}

fn check(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let (entries, ours) = replayed(&text);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &ours).unwrap();
        return Vec::new();
    }
    let wrong = entries.into_iter().filter(|entry| entry.written != entry.ours);
    wrong
        .map(|Entry { form, written, ours }| {
            format!("{}: {form}\n  written: {written}\n  ours:    {ours}", path.display())
        })
        .collect()
}

#[test]
fn transcripts() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let differences: Vec<String> = files.iter().flat_map(|path| check(path)).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
