//! `pt check` and `pt explain`, as a user and as a CI system see them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

fn pt(file: &str, args: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    std::fs::write(dir.path().join("polytope.yml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_polytope"));
    command.args(args).current_dir(dir.path()).env("HOME", dir.path());
    command.env("POLYTOPE_STATE_DIR", dir.path().join("state")).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

const WRONG: &str =
    "modules:\n- {id: é, module: polytope/hello-world}\ntemplates:\n- {id: stack, run: [wbe]}\n";

#[test]
fn findings_stand_on_stdout_and_their_number_on_stderr() {
    for command in ["check", "validate"] {
        let output = pt(WRONG, &[command]);
        assert_eq!(output.status.code(), Some(1));
        let found = text(output.stdout);
        assert!(found.contains("error[unknown-name]: No module, tool or template named 'wbe'."), "{found}");
        assert_eq!(text(output.stderr), "\n2 errors. For more: pt explain unknown-name\n");
    }
}

#[test]
fn warnings_do_not_fail() {
    let output = pt("modules:\n- {id: a, colour: red, module: polytope/hello-world}\n", &["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(output.stderr), "\n1 warning. For more: pt explain unknown-key\n");
    let output = pt("modules: []\n", &["check"]);
    assert_eq!((output.status.code(), text(output.stderr)), (Some(0), "No mistakes found.\n".to_owned()));
}

#[test]
fn json_has_the_place_of_each_finding() {
    let output = pt(WRONG, &["check", "-o", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found[1],
        serde_json::json!({
            "id": "unknown-name", "severity": "error", "file": "polytope.yml",
            "message": "No module, tool or template named 'wbe'.",
            "line": 4, "column": 21, "end-line": 4, "end-column": 24, "notes": [], "hints": [],
            "labels": [{
                "file": "polytope.yml", "line": 4, "column": 21, "end-line": 4, "end-column": 24, "text": "",
            }],
        })
    );
    assert_eq!((&found[0]["column"], &found[0]["end-column"]), (&8.into(), &9.into()));
}

#[test]
fn sarif_is_of_version_2_1_0() {
    let output = pt(WRONG, &["check", "-o", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][1];
    assert_eq!((&result["ruleId"], &result["level"]), (&"unknown-name".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "polytope.yml");
    assert_eq!(place["region"]["startLine"], 4);
}

#[test]
fn every_kind_of_mistake_is_explained() {
    let list = text(pt("", &["explain"]).stdout);
    assert!(list.contains("\nunknown-name            Nothing has the name that is called here.\n"), "{list}");
    let page = text(pt("", &["explain", "unknown-name"]).stdout);
    assert!(page.starts_with("# unknown-name\n"), "{page}");
    let output = pt("", &["explain", "unknown-nmae"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(output.stderr),
        "Error: There is no kind of mistake 'unknown-nmae'.\nDid you mean 'unknown-name'?\nSee: pt explain\n"
    );
}
