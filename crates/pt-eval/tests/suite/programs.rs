//! Programs as authors of glue code write them, here and in CPython: both print the same, or the difference is written down.
//!
//! `programs.txt` holds each program, what CPython prints (`---`) and, where that differs, what is printed here (`--- here`).
//! `UPDATE=1` writes both anew, with `python3` or what `PYTHON` names. Every `--- here` is a difference that
//! docs/language/python.md tells of.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{Script, map, scope, shown, snippet};
use pt_eval::Limits;
use pt_model::{Data, Masker};

struct Program<'t> {
    name: &'t str,
    code: String,
    /// What CPython prints.
    there: String,
    /// What is printed here, if it is something else.
    here: Option<String>,
}

#[test]
fn programs_do_what_they_do_elsewhere() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/programs.txt");
    let text = fs::read_to_string(&file).unwrap();
    let (about, programs) = text.split_once("=== ").unwrap();
    let programs: Vec<Program<'_>> = programs.split("\n=== ").map(read).collect();
    if std::env::var_os("UPDATE").is_some() {
        let written: Vec<String> = programs.iter().map(anew).collect();
        fs::write(&file, format!("{about}{}", written.join("\n"))).unwrap();
        return;
    }
    let mut wrong = Vec::new();
    for program in &programs {
        let printed = printed(&program.code);
        let expected = program.here.as_ref().unwrap_or(&program.there);
        if printed != *expected {
            wrong.push(format!("{}\n{}  expected\n{expected}  got\n{printed}", program.name, program.code));
        }
        if program.here.as_ref() == Some(&program.there) {
            wrong.push(format!("{}: there is no difference", program.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    assert!(programs.len() > 150, "{} programs", programs.len());
}

fn read(text: &str) -> Program<'_> {
    let (name, rest) = text.split_once('\n').unwrap();
    let (code, printed) = rest.split_once("\n---\n").unwrap_or((rest.trim_end(), ""));
    let (there, here) = match printed.split_once("--- here\n") {
        Some((there, here)) => (there, Some(ended(here.trim_end()))),
        None => (printed.trim_end(), None),
    };
    Program { name, code: format!("{code}\n"), there: ended(there.trim_end()), here }
}

fn ended(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// The program as the file holds it, with what it prints in both places.
fn anew(program: &Program<'_>) -> String {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ran = Command::new(&python).args(["-I", "-X", "utf8", "-c", &program.code]).output().unwrap();
    let mut there = String::from_utf8(ran.stdout).unwrap();
    if !ran.status.success() {
        let said = String::from_utf8(ran.stderr).unwrap();
        there.push_str("! ");
        there.push_str(said.trim_end().lines().last().unwrap_or_default());
        there.push('\n');
    }
    let there = ended(&trimmed(&there));
    let here = printed(&program.code);
    let difference = if here == there { String::new() } else { format!("--- here\n{here}") };
    format!("=== {}\n{}---\n{there}{difference}", program.name, program.code)
}

/// What a program prints here, and the error that ends it.
fn printed(code: &str) -> String {
    let (params, masker) = (map("{}"), Masker::default());
    let text = format!("#pt-py\n{code}");
    let snippet = snippet(&text);
    let mut host = Script { answers: &[], log: String::new() };
    let result = pt_eval::run(&snippet, &scope(&params, &masker), &Limits::default(), &mut host);
    let lines: Vec<&str> = host.log.lines().map(|line| line.strip_prefix("> ").unwrap_or(line)).collect();
    let mut printed = lines.join("\n");
    if let Err(mut error) = result {
        (error.range, error.hint) = (None, None);
        error.calls.clear();
        printed = format!("{printed}\n{}", shown(&snippet, Err::<Data, _>(error)));
    }
    ended(&trimmed(&printed))
}

/// Without blanks at the ends of lines, which editors remove, and without empty lines around.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
