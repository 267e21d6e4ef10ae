//! `pt fmt` on files, as a user sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What it prints to both outputs, and its exit code.
fn fmt(dir: &Path, args: &[&str], stdin: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_polytope"))
        .arg("fmt")
        .args(args)
        .current_dir(dir)
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    let code = if code == 0 { String::new() } else { format!("[exit {code}]\n") };
    format!("{}{}{code}", text(output.stdout), text(output.stderr))
}

const ROOT: &str = "include:\n    - lib\n    - old\nmodules:\n    - {id: a , code: '1'}  # one\n";
const LIB: &str = "modules:\n  - id: b\n    code: '2'\n";

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        (".git", ""),
        ("polytope.yml", ROOT),
        ("lib/polytope.yml", LIB),
        ("old/polytope.edn", "{:modules   []}"),
        ("bad.yml", "a: [\n"),
        ("kept.yml", "? a\n:   b\n"),
        ("x.json", "{\"a\":1}"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn the_files_of_the_project_are_formatted() {
    let project = project();
    let dir = project.path();
    assert_eq!(fmt(dir, &["--check"], ""), "polytope.yml\nold/polytope.edn\n[exit 1]\n");
    let diff = "\
--- polytope.yml
+++ polytope.yml
@@ -1,5 +1,5 @@
 include:
-    - lib
-    - old
+  - lib
+  - old
 modules:
-    - {id: a , code: '1'}  # one
+  - {id: a, code: '1'}  # one
--- old/polytope.edn
+++ old/polytope.edn
@@ -1 +1 @@
-{:modules   []}
\\ No newline at end of file
+{:modules []}
";
    assert_eq!(fmt(dir, &["--diff"], ""), diff);
    assert_eq!(fs::read_to_string(dir.join("polytope.yml")).unwrap(), ROOT);
    assert_eq!(fmt(dir, &[], ""), "polytope.yml was formatted\nold/polytope.edn was formatted\n");
    let formatted = "include:\n  - lib\n  - old\nmodules:\n  - {id: a, code: '1'}  # one\n";
    assert_eq!(fs::read_to_string(dir.join("polytope.yml")).unwrap(), formatted);
    assert_eq!(fmt(dir, &["--check"], ""), "");
    assert_eq!(fs::read_to_string(dir.join("lib/polytope.yml")).unwrap(), LIB);
}

#[test]
fn files_and_stdin_can_be_named() {
    let project = project();
    let dir = project.path();
    assert_eq!(fmt(dir, &["-"], "a:   {b : 1}"), "a: {b: 1}\n");
    assert_eq!(fmt(dir, &["--check", "-"], "a:   1"), "<stdin>\n[exit 1]\n");
    assert_eq!(fmt(dir, &["x.json", "lib"], ""), "x.json was formatted\n");
    assert_eq!(fs::read_to_string(dir.join("x.json")).unwrap(), "{\n  \"a\": 1\n}\n");
    let kept = "\
error[not-formatted]: This file cannot be formatted without the risk of changing it
 --> kept.yml:1:1
  |
1 | ? a
  | ^^^ keys with `?` are not known
  |
  = note: it was left as it is

For more: pt explain not-formatted
[exit 1]
";
    assert_eq!(fmt(dir, &["kept.yml"], ""), kept);
    assert_eq!(fs::read_to_string(dir.join("kept.yml")).unwrap(), "? a\n:   b\n");
    assert!(fmt(dir, &["bad.yml"], "").contains("[exit 1]"));
    assert!(fmt(dir, &["none.yml"], "").contains("Could not read none.yml"));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        fmt(empty.path(), &[], ""),
        "Error: There is no polytope file here or above.\n\
         Go to your project, or name the file: `-f path/to/polytope.yml`.\n[exit 2]\n"
    );
}
