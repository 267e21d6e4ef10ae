//! Random programs over the core functions answer the same here and in Debian's Clojure.
//!
//! One JVM serves all programs. Without `clojure` the test says so and passes. `PROGRAMS=10000` tries so many (some hundred
//! otherwise), `SEED=7` others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod collections;
mod scalars;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use collections::{COLLECTIONS, FUNCTIONS, OF_ANY, OF_MAP, OF_SEQ, OF_VECTOR, PREDICATES};
use pt_clj::{Context, ErrorKind, Limits, Program};
use scalars::{INTS, KEYWORDS, NUMBERS, OF_BOOL, OF_INT, OF_NUMBER, OF_TEXT, TEXTS};

/// Numbers nobody needs to foresee, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// What a piece of a program gives.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Number,
    Bool,
    Text,
    Keyword,
    Vector,
    Seq,
    Map,
    Any,
}

fn write(dice: &mut Dice, kind: Kind, depth: usize, out: &mut String) {
    // Now and then something else stands where it does not fit.
    let kind = if dice.roll(60) == 0 { Kind::Any } else { kind };
    let template = match (kind, depth) {
        (Kind::Int, 0) => dice.pick(INTS),
        (Kind::Number, 0) => dice.pick(NUMBERS),
        (Kind::Bool, 0) => dice.pick(&["true", "false"]),
        (Kind::Text, 0) => dice.pick(TEXTS),
        (Kind::Keyword, _) => dice.pick(KEYWORDS),
        (Kind::Vector, 0) => dice.pick(&["[1 2]", "[]", "[:a \"b\" nil]"]),
        (Kind::Seq, 0) => dice.pick(&["'(1 2)", "()", "(range 3)"]),
        (Kind::Map, 0) => dice.pick(&["{:a 1}", "{}", "{:a 1 :b \"x\" :c nil}"]),
        (Kind::Any, 0) => dice.pick(&["nil", "1", "\"s\"", ":k", "[1]", "{:a 1}", "2.5"]),
        (Kind::Int, _) => dice.pick(OF_INT),
        (Kind::Number, _) => dice.pick(OF_NUMBER),
        (Kind::Bool, _) => dice.pick(OF_BOOL),
        (Kind::Text, _) => dice.pick(OF_TEXT),
        (Kind::Vector, _) => dice.pick(OF_VECTOR),
        (Kind::Seq, _) => dice.pick(OF_SEQ),
        (Kind::Map, _) => dice.pick(OF_MAP),
        (Kind::Any, _) => dice.pick(OF_ANY),
    };
    fill(dice, template, depth, out);
}

/// Puts something for each capital letter that stands alone.
fn fill(dice: &mut Dice, template: &str, depth: usize, out: &mut String) {
    let chars: Vec<char> = template.chars().collect();
    let alone = |at: usize| {
        let joins =
            |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || "-_./\"\\%:!?<>=".contains(*c));
        !joins(at.checked_sub(1).and_then(|at| chars.get(at))) && !joins(chars.get(at + 1))
    };
    let below = depth.saturating_sub(1);
    let mut at = 0;
    while let Some(&char) = chars.get(at) {
        if template[..].starts_with('"') {
            out.push(char);
            at += 1;
            continue;
        }
        let next_five = chars.get(at + 1) == Some(&'5') || chars.get(at + 1) == Some(&'1');
        match char {
            'I' if next_five => {
                write!(out, "{}", dice.roll(6)).unwrap();
                at += 1;
            }
            'C' if next_five => {
                out.push_str("[1 2 3]");
                at += 1;
            }
            'I' if alone(at) => write(dice, Kind::Int, below, out),
            'N' if alone(at) => write(dice, Kind::Number, below, out),
            'B' if alone(at) => write(dice, Kind::Bool, below, out),
            'T' if alone(at) => write(dice, Kind::Text, below, out),
            'K' if alone(at) => write(dice, Kind::Keyword, below, out),
            'V' if alone(at) => write(dice, Kind::Vector, below, out),
            'S' if alone(at) => write(dice, Kind::Seq, below, out),
            'M' if alone(at) => write(dice, Kind::Map, below, out),
            'X' if alone(at) => write(dice, Kind::Any, below, out),
            'F' if alone(at) => {
                let function = dice.pick(FUNCTIONS);
                fill(dice, function, 0, out);
            }
            'P' if alone(at) => {
                let predicate = dice.pick(PREDICATES);
                fill(dice, predicate, 0, out);
            }
            'C' if alone(at) => {
                let collection = dice.pick(COLLECTIONS);
                fill(dice, collection, 0, out);
            }
            plain => out.push(plain),
        }
        at += 1;
    }
}

fn program(dice: &mut Dice) -> String {
    let mut out = String::new();
    let depth = 1 + dice.roll(4);
    write(dice, Kind::Any, depth, &mut out);
    out
}

/// How the server writes values, so that the order of sets and large maps is no difference.
fn canon(server: &str) -> &str {
    let start = server.find("(defn canon").unwrap();
    &server[start..start + server[start..].find("(defn root").unwrap()]
}

fn answer(canon: &str, source: &str) -> String {
    let limits = Limits { deadline: Some(Instant::now() + Duration::from_secs(10)), ..Limits::default() };
    let mut context = Context::new().with_limits(limits);
    Program::compile(canon).unwrap().run(&mut context).unwrap();
    match Program::compile(&format!("(str \"= \" (canon {source}\n))"))
        .and_then(|program| program.run(&mut context))
    {
        Ok(value) => value.as_str().unwrap_or_default().replace('\n', "\\n"),
        Err(error) => match error.kind {
            ErrorKind::Exception(class) => format!("! {}", class.rsplit(['.', '$']).next().unwrap_or(class)),
            // Its reader throws this one.
            ErrorKind::Read if error.message.starts_with("Duplicate key") => {
                "! IllegalArgumentException".to_owned()
            }
            ErrorKind::Read | ErrorKind::Stopped(_) => format!("! {:?} {}", error.kind, error.message),
        },
    }
}

/// Without what differs from run to run.
fn plain(answer: &str) -> String {
    // The text of a lazy sequence is its hash, also where it was taken apart.
    let address = regex::Regex::new(r"LazySeq@[0-9a-f]+|#object\[.*|\\S \\e \\q \\@( \\[0-9a-f])+").unwrap();
    // Until Java 19 doubles may print with a digit too many.
    let digits = regex::Regex::new(r"(\d\.\d{14})\d+E").unwrap();
    // Java's narrow numbers are longs here.
    let narrow = regex::Regex::new(r"java\.lang\.(Integer|Short|Byte)\b").unwrap();
    // Java divides longs that it knows to be such by itself, and words it so.
    let answer = answer.replace("/ by zero", "Divide by zero");
    // Which method of which of its own variables is Java's affair.
    let null = regex::Regex::new("Cannot invoke .*?is null").unwrap();
    let answer = null.replace_all(&answer, "#");
    let answer = narrow.replace_all(&answer, "java.lang.Long");
    digits.replace_all(&address.replace_all(&answer, "#"), "${1}E").into_owned()
}

#[test]
fn random_programs_answer_as_in_clojure() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/server.clj");
    let started = Command::new("clojure")
        // Exceptions thrown often would have no messages.
        .env("JDK_JAVA_OPTIONS", "-XX:-OmitStackTraceInFastThrow")
        .arg(&server)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut clojure) = started else {
        eprintln!("clojure is not installed: nothing is compared");
        return;
    };
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (count, seed) = (number("PROGRAMS", 400), number("SEED", 1));
    let mut input = clojure.stdin.take().unwrap();
    let mut output = BufReader::new(clojure.stdout.take().unwrap()).lines();
    let server = std::fs::read_to_string(&server).unwrap();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut differences = 0;
    for _ in 0..count {
        let source = program(&mut dice);
        writeln!(input, "{}", source.replace('\n', " ")).unwrap();
        let theirs = output.next().unwrap().unwrap();
        let ours = answer(canon(&server), &source);
        if plain(&ours) != plain(&theirs) {
            // Told at once: thousands of programs take minutes.
            eprintln!("{source}\n  clojure: {theirs}\n  ours:    {ours}");
            differences += 1;
        }
    }
    drop(input);
    clojure.wait().unwrap();
    eprintln!("{count} programs");
    assert_eq!(differences, 0, "programs answer otherwise than in Clojure");
}
