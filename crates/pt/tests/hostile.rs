//! Files that nobody wrote in good faith: each gives one error, soon, and the memory stays small.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Far more than any of them takes, on a busy machine and without optimisation.
const TIME: Duration = Duration::from_secs(60);

/// What a file of 10 MB may cost, in bytes.
const MEMORY: u64 = 1 << 30;

/// What is shown of a file that is one long line.
const SHOWN: usize = 64 << 10;

#[test]
fn each_gives_one_error_in_bounded_time_and_memory() {
    let laughs: String = ('b'..='k')
        .zip('a'..)
        .map(|(name, before)| format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")))
        .collect();
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let around =
        |before: &str, text: &[u8], after: &str| [before.as_bytes(), text, after.as_bytes()].concat();
    let big = vec![b'x'; 10 << 20];
    let whole = include_bytes!("../../../examples/shop/polytope.yml");
    let table: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("a billion laughs", "yml", format!("a: &a [x, x, x]\n{laughs}").into_bytes(), "too-many-aliases"),
        ("deep", "yml", around("modules: ", &deep("[", "]"), "\n"), "too-deep"),
        ("deep", "yml", around("modules:\n", &deep("- ", ""), "x\n"), "too-deep"),
        ("deep", "json", around("{\"modules\": ", &deep("[", "]"), "}"), "too-deep"),
        ("deep", "json", around("{\"modules\": ", &deep("{\"a\":", "}"), "}"), "too-deep"),
        ("deep", "edn", around("{:modules ", &deep("[", "]"), "}"), "too-deep"),
        ("deep", "edn", around("{:modules ", &deep("(", ")"), "}"), "too-deep"),
        ("a long scalar", "yml", around("modules: ", &big, "\n"), "wrong-shape"),
        ("a long scalar", "json", around("{\"modules\": \"", &big, "\"}"), "wrong-shape"),
        ("a long scalar", "edn", around("{:modules \"", &big, "\"}"), "wrong-shape"),
        ("a long quote", "yml", around("modules: '", &big, "\n"), "unclosed-quote"),
        ("a long quote", "json", around("{\"modules\": \"", &big, ""), "unclosed-quote"),
        ("a long quote", "edn", around("{:modules \"", &big, ""), "unclosed-quote"),
        ("no UTF-8", "yml", b"modules: \xff\n".to_vec(), "unreadable-file"),
        ("no UTF-8", "json", b"{\"modules\": \"\xc3\x28\"}".to_vec(), "unreadable-file"),
        ("no UTF-8", "edn", b"{:modules \"\xed\xa0\x80\"}".to_vec(), "unreadable-file"),
        ("NUL", "yml", b"modules: []\0\n".to_vec(), "not-text"),
        ("NUL", "json", b"{\"modules\": []}\0".to_vec(), "not-text"),
        ("NUL", "edn", b"{:modules []}\0".to_vec(), "not-text"),
        ("cut off", "yml", b"modules:\n- id: a\n  code: \"(inc".to_vec(), "unclosed-quote"),
        ("cut off", "json", b"{\"modules\": [{\"id\": \"a\"".to_vec(), "unclosed-bracket"),
        ("cut off", "edn", b"{:modules [{:id :a".to_vec(), "unclosed-bracket"),
        (
            "cut off in a letter",
            "yml",
            around("", whole, "# caf\u{e9}")[..whole.len() + 6].to_vec(),
            "unreadable-file",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, ending, text, expected) in table {
        let (errors, shown) = check(&format!("polytope.{ending}"), &text);
        if errors != [expected] || shown > SHOWN {
            wrong.push(format!("{name}, {ending}: {errors:?} instead of {expected}, {shown} bytes to read"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The ids of the errors, and how much a person gets to see.
fn check(file: &str, text: &[u8]) -> (Vec<String>, usize) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    std::fs::write(dir.path().join(file), text).unwrap();
    let found: serde_json::Value =
        serde_json::from_slice(&run(dir.path(), &["check", "-o", "json"])).unwrap();
    let errors = found.as_array().unwrap().iter().filter(|found| found["severity"] == "error");
    let errors = errors.map(|found| found["id"].as_str().unwrap().to_owned()).collect();
    (errors, run(dir.path(), &["check"]).len())
}

fn run(dir: &Path, args: &[&str]) -> Vec<u8> {
    let begun = Instant::now();
    let output = dir.join("output");
    let mut child = Command::new(env!("CARGO_BIN_EXE_polytope"))
        .args(args)
        .current_dir(dir)
        .env("HOME", dir)
        .env("POLYTOPE_STATE_DIR", dir.join("state"))
        .stdout(std::fs::File::create(&output).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        most = most.max(memory(child.id()));
        if begun.elapsed() > TIME || most > MEMORY {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{args:?} took {:?} and {most} bytes", begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(1), "{args:?}");
    std::fs::read(output).unwrap()
}

/// The most memory that the process has had so far.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
