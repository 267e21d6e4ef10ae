//! When what was started can be used, and in which order it ends.

use crate::world::{assert_happens, happens, happens_in};

/// Two steps: `db` with this readiness, and `api`, which waits for it.
fn waits_for(ready: &str, script: &str) -> String {
    let steps = format!(
        r#"
  - id: db
    module: polytope/container
    args: {{image: db, id: db, cmd: ["sh", "-c", "{script}"], {ready}}}
  - id: api
    code: (pt/log "api begins")
    after: {{step: db, condition: ready}}
"#
    );
    happens(&steps, None, "", &[("api success", |control, _, _| control.stop("enough"))])
}

#[test]
fn a_step_begins_when_a_line_was_written() {
    let script = "echo starting; sleep 2; echo accepting connections; serve";
    let expected = "
        db started
        db requested: db
        db runs
        db | starting
        db | accepting connections
        api started
        api | api begins
        api success
        stopping: enough
        db stopping
        db exited with 143
        db stopped
        job stopped";
    assert_happens(&waits_for("ready: {log: accepting}", script), expected);
    let service = "services: [{id: db, ports: [{port: 5432, internal: true}], ready: {log: accepting}}]";
    let happened = waits_for(service, script);
    assert!(happened.contains("accepting connections\napi started"), "{happened}");
}

#[test]
fn a_step_begins_when_a_command_succeeds() {
    let script = "sleep 2; echo made; echo x > /made; serve";
    let happened = waits_for(r#"ready: {exec: [sh, "-c", "test -e /made"]}"#, script);
    assert!(happened.contains("db | made\napi started"), "{happened}");
}

#[test]
fn a_line_that_was_written_before_anybody_listened_counts() {
    let steps = r#"
  - id: db
    code: |
      #pt-clj (let [id (pt/spawn {:image "db" :id "db" :cmd ["sh" "-c" "echo accepting; serve"]})]
        (pt/await-started id)
        (pt/sleep "3s")
        (pt/open-service {:id "db" :ports [{:port 1 :internal true}] :ready {:log "accepting"}})
        (pt/await-done id))
  - {id: api, code: (pt/log "api begins"), after: {step: db, condition: ready}}
"#;
    let happened = happens(steps, None, "", &[("api success", |control, _, _| control.stop("enough"))]);
    assert!(happened.contains("api success"), "{happened}");
}

#[test]
fn what_is_not_ready_in_time_has_failed() {
    let happened = waits_for(r#"ready: {exec: "false", timeout: 5s}"#, "echo hello; serve");
    assert_happens(
        &happened,
        "db started
        db requested: db
        db runs
        db | hello
        db stopping
        db exited with 143
        db failed: Container 'db' was not ready within 5 s: `false` exits with 1, last line: hello
        api canceled
        job failed",
    );
}

#[test]
fn what_others_waited_for_ends_after_them() {
    let file = r#"
templates:
- id: t
  run:
  - {id: db, module: polytope/container, args: {image: x, id: db}}
  - {id: cache, module: polytope/container, args: {image: x, id: cache}}
  - {id: api, module: polytope/container, args: {image: x, id: api}, after: {step: [db, cache], condition: ready}}
  - {id: web, module: polytope/container, args: {image: x, id: web}, after: {step: api, condition: ready}}
"#;
    let happened = happens_in(file, None, "", &[("web runs", |control, _, _| control.stop("enough"))]);
    let ends: Vec<&str> =
        happened.lines().filter(|line| line.ends_with(" stopping") || line.contains("exited")).collect();
    assert_eq!(
        ends[..4],
        ["web stopping", "web exited with 143", "api stopping", "api exited with 143"],
        "{happened}"
    );
    assert_eq!(ends.len(), 8, "{happened}");
}
