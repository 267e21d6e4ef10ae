//! Groups, results, and modules that code calls.

use crate::world::{assert_happens, happens, happens_in};

#[test]
fn results_are_args_of_later_steps() {
    let happened = happens(
        r#"
  - {id: build, code: '#pt-clj {:image "app:1" :ports [80 81]}'}
  - {id: run, module: polytope/container, after: build, args: {id: c, image: pt.output build image, cmd: "echo {pt.output build ports[1]}"}}
  - {id: late, code: '#pt-clj (pt/log (pr-str (pt/output "build" "ports[0]") (pt/output "none") (pt/output "late")))', after: run}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        build started
        build success
        run started
        c requested: app:1
        c runs
        run | 81
        c exited with 0
        run success
        late started
        late | 80 nil nil
        late success
        job success"#,
    );
}

#[test]
fn a_result_that_does_not_fit_fails_the_step_at_its_turn() {
    let happened = happens(
        r#"
  - {id: build, code: '#pt-clj 5'}
  - {id: run, module: polytope/container, after: build, args: {image: pt.output build}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        build started
        build success
        run started
        run failed: polytope/container: image: Must be a string (got 5)
        job failed"#,
    );
}

#[test]
fn a_call_of_a_tool_ends_with_the_steps_it_awaits() {
    let file = r#"
tools:
  up:
    await: [ready, nobody]
    run:
    - {id: ready, code: '#pt-clj 1'}
    - {id: slow, module: polytope/container, args: {id: a, image: x, cmd: serve}, after: ready}
  go:
    await: nobody
    run:
    - {id: other, module: polytope/container, args: {id: b, image: x, cmd: serve}}
templates:
- id: t
  run:
  - {tool: up}
  - {tool: go, after: up}
  - {id: end, code: '#pt-clj 2', after: go}
"#;
    let happened = happens_in(file, Some("end"), "", &[]);
    let ended: Vec<&str> =
        happened.lines().filter(|line| line.ends_with(" success") || line.ends_with(" stopped")).collect();
    assert_eq!(
        ended,
        [
            "up.ready success",
            "up success",
            "go success",
            "end success",
            "up.slow stopped",
            "go.other stopped",
            "job success"
        ],
        "{happened}"
    );
}

const CALLED: &str = r#"
modules:
- id: double
  params: [{id: some-number, type: int}]
  code: '#pt-js params.someNumber * 2'
- id: broken
  code: '#pt-clj (pt/fail "It broke." {:exit-code 7})'
tools:
  twice:
    inputs: {text: {type: str}}
    run:
    - {id: first, code: '#pt-clj (pt/log "first")'}
    - {id: last, after: first, code: '#pt-clj (str (:text inputs) (:text inputs))'}
  sad: {run: [{module: broken}]}
"#;

#[test]
fn code_calls_modules_and_tools() {
    let happened = happens_in(
        &format!(
            r#"{CALLED}
templates:
- id: t
  run:
  - id: a
    code: |
      #pt-js pt.log(pt.callModule("double", {{someNumber: 21}}) + pt.callTool("twice", {{text: "ab"}}))
"#
        ),
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        double started
        double success
        twice started
        twice.first started
        twice.first | first
        twice.first success
        twice.last started
        twice.last success
        twice success
        a | 42abab
        a success
        job success"#,
    );
}

#[test]
fn a_call_that_fails_can_be_caught() {
    let happened = happens_in(
        &format!(
            r#"{CALLED}
templates:
- id: t
  run:
  - id: a
    code: |
      #pt-clj
      (doseq [name ["broken" "sad" "nope"]]
        (try (pt/call-module name {{}})
          (catch Exception e (pt/log (ex-message e) (pr-str (ex-data e))))))
      (try (pt/call-module "double" {{:some-number "x"}}) (catch Exception e (pt/log (ex-message e))))
      (pt/log (str/join " " (map pt/await-step ["broken" "sad"])))
"#
        ),
        None,
        "",
        &[],
    );
    let told: Vec<&str> = happened.lines().filter(|line| line.starts_with("a | ")).collect();
    assert_eq!(
        told,
        [
            "a | It broke. {:exit-code 7}",
            "a | It broke. {:exit-code 7}",
            "a | No module, tool or template named 'nope'. nil",
            "a | double: some-number: Must be an integer (got \"x\")",
            "a | failed failed",
        ]
    );
}

#[test]
fn code_spawns_steps_and_stops_them() {
    let happened = happens(
        r#"
  - id: a
    code: |
      #pt-clj
      (let [slow (pt/spawn-step {:id "slow" :code "(pt/sleep \"1h\")"})
            next (pt/spawn-step {:module "polytope/noop" :id "next" :run-when {:after slow :after-condition "always"}})]
        (pt/stop {:type "step" :ref slow})
        (pt/log slow (pt/await-step slow) (pt/await-step next))
        (pt/log (try (pt/spawn-step {:id "No"}) (catch Exception e (ex-message e)))))"#,
        None,
        "",
        &[],
    );
    // A step that was stopped is told at the end.
    assert_happens(
        &happened,
        r#"
        a started
        slow started
        next started
        next success
        a | slow stopped success
        a | pt/spawn-step: id: Must be a valid ID (got "No")
        a success
        slow stopped
        job success"#,
    );
}

#[test]
fn code_stops_its_job() {
    let happened = happens(
        r#"
  - {id: a, code: '#pt-clj (do (pt/stop {:type "job"}) (pt/log "never"))'}
  - {id: b, code: '#pt-clj 1', after: a}"#,
        None,
        "",
        &[],
    );
    assert_happens(&happened, "a started\nstopping: a step asked for it\nb canceled\na stopped\njob stopped");
}
