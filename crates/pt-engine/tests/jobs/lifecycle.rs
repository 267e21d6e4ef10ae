//! How steps and containers begin and end.

use pt_engine::Control;
use pt_store::{JobKey, Store};

use crate::world::{assert_happens, happens};

fn stop(control: &Control, _: &Store, _: &JobKey) {
    control.stop("somebody asked");
}

fn kill(control: &Control, _: &Store, _: &JobKey) {
    control.kill();
}

/// The books of the job are gone.
fn forget(_: &Control, store: &Store, job: &JobKey) {
    store.delete_job(job).unwrap();
}

#[test]
fn steps_run_one_after_another() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'true'}}
  - {id: b, module: polytope/container, args: {id: b, image: x, cmd: 'true'}, run-when: {after: a}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        a exited with 0
        a success
        b started
        b requested: x
        b runs
        b exited with 0
        b success
        job success"#,
    );
}

#[test]
fn a_step_fails_with_the_exit_code_of_its_container_and_what_waits_for_it_never_runs() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: "sh -c 'exit 3'"}}
  - {id: b, module: polytope/container, args: {id: b, image: x, cmd: 'true'}, run-when: {after: a}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        a exited with 3
        a failed: The container exited with a nonzero exit code.
        b canceled
        job failed"#,
    );
}

#[test]
fn a_failure_of_code_points_into_the_file() {
    let happened = happens(
        r#"
  - id: a
    code: |
      #pt-clj (let [x 1]
        (nope x))"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a failed: Unable to resolve symbol: nope
        --> polytope.yml:8:10
        |
        8 |         (nope x))
        |          ^^^^
        job failed"#,
    );
}

#[test]
fn a_restart_is_told_each_time_until_the_most_allowed() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'false', restart: {policy: on-failure, max-restarts: 2}}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        a exited with 1, restart 0 in 100 ms
        a runs
        a exited with 1, restart 1 in 200 ms
        a runs
        a exited with 1
        a failed: The container exited with a nonzero exit code.
        job failed"#,
    );
}

#[test]
fn a_stop_is_in_order() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'serve'}}
  - {id: b, module: polytope/container, args: {id: b, image: x, cmd: 'true'}, run-when: {after: a}}"#,
        None,
        "",
        &[("a runs", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        stopping: somebody asked
        b canceled
        a stopping
        a exited with 143
        a stopped
        job stopped"#,
    );
}

#[test]
fn who_does_not_stop_is_killed_after_its_grace() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: "sh -c 'trap : TERM; while true; do sleep 1; done'"}}"#,
        None,
        "",
        &[("a runs", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        stopping: somebody asked
        a stopping
        a exited with 137
        a stopped
        job stopped"#,
    );
}

#[test]
fn a_kill_waits_for_no_grace() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: "sh -c 'trap : TERM; while true; do sleep 1; done'"}}"#,
        None,
        "",
        &[("a runs", kill)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        stopping: killed
        a exited with 137
        a stopped
        job stopped"#,
    );
}

#[test]
fn a_stop_ends_the_wait_for_an_image() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: slow-pull, cmd: 'serve'}}"#,
        None,
        "",
        &[("a pulling", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: slow-pull
        a pulling
        stopping: somebody asked
        a failed: It was stopped before it had started.
        a stopped
        job stopped"#,
    );
}

#[test]
fn a_stop_ends_the_wait_for_a_restart() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'false', restart: {policy: always}}}"#,
        None,
        "",
        &[("a exited with 1, restart 3 in 800 ms", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        a exited with 1, restart 0 in 100 ms
        a runs
        a exited with 1, restart 1 in 200 ms
        a runs
        a exited with 1, restart 2 in 400 ms
        a runs
        a exited with 1, restart 3 in 800 ms
        stopping: somebody asked
        a exited with 1
        a stopped
        job stopped"#,
    );
}

#[test]
fn a_stop_ends_a_sleep_of_code() {
    let happened = happens(
        r#"
  - id: a
    code: '#pt-clj (do (pt/log "sleeping") (pt/sleep "1h"))'"#,
        None,
        "",
        &[("a | sleeping", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a | sleeping
        stopping: somebody asked
        a stopped
        job stopped"#,
    );
}

#[test]
fn code_may_stop_a_container_twice() {
    let happened = happens(
        r#"
  - id: a
    code: '#pt-clj (let [id (pt/spawn {:id "c" :image "x" :cmd ["serve"]})] (pt/await-started id) (pt/stop id) (pt/stop id))'"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        c requested: x
        c runs
        c stopping
        c exited with 143
        a success
        job success"#,
    );
}

#[test]
fn a_container_that_cannot_be_stopped_is_killed() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'serve'}}"#,
        None,
        "fail stop-container 1 other",
        &[("a runs", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        stopping: somebody asked
        a stopping
        warning: Container 'a' could not be stopped and is killed: cannot stop the container: the simulated world was told to fail
        a exited with 137
        a stopped
        job stopped"#,
    );
}

#[test]
fn a_container_that_cannot_even_be_killed_is_given_up() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'serve'}}"#,
        None,
        "fail stop-container 1- other",
        &[("a runs", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        stopping: somebody asked
        a stopping
        warning: Container 'a' could not be stopped and is killed: cannot stop the container: the simulated world was told to fail
        warning: Container 'a' could not be killed: cannot stop the container: the simulated world was told to fail
        a failed: It was asked to stop, and the container engine did not say how it ended.
        a stopped
        job stopped"#,
    );
}

#[test]
fn until_ends_the_job_with_the_outcome_of_its_step() {
    let happened = happens(
        r#"
  - {id: db, module: polytope/container, args: {id: db, image: x, cmd: 'serve'}}
  - {id: check, module: polytope/container, args: {id: check, image: x, cmd: "sh -c 'until ping -c 1 -W 1 db; do sleep 1; done'"}}"#,
        Some("check"),
        "",
        &[],
    );
    assert_happens(
        &happened[happened.find("stopping").unwrap()..],
        r#"
        stopping: step 'check' ended
        db stopping
        db exited with 143
        db stopped
        job success"#,
    );
}

#[test]
fn until_a_step_that_never_runs_is_a_failure() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'false'}}
  - {id: check, module: polytope/container, args: {id: check, image: x, cmd: 'true'}, run-when: {after: a}}"#,
        Some("check"),
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        a exited with 1
        a failed: The container exited with a nonzero exit code.
        check canceled
        stopping: step 'check' ended
        job failed"#,
    );
}

#[test]
fn a_job_whose_books_are_lost_leaves_nothing_behind() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: "sh -c 'sleep 1; exit 1'"}}"#,
        None,
        "",
        &[("a runs", forget), ("a | up", stop)],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: x
        a runs
        error: There is no job 't-1' here."#,
    );
}

#[test]
fn a_secret_in_an_image_is_in_no_event() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: 'r/{pt.secret token}', cmd: 'true'}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: r/[secret token]
        a runs
        a exited with 0
        a success
        job success"#,
    );
}

#[test]
fn an_image_that_is_missing_fails_its_step() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: missing, cmd: 'true'}}"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        a requested: missing
        a failed: cannot pull the image missing: the registry has no such image, or does not show it to you
        check the name; if the image is private, `docker login` to its registry first
        a failed: Container 'a' could not be started: cannot pull the image missing: the registry has no such image, or does not show it to you
        check the name; if the image is private, `docker login` to its registry first
        job failed"#,
    );
}

/// Engines are restarted. What was asked of one that was away is asked again; what is told of it is told once.
#[test]
fn an_engine_that_does_not_answer_is_waited_for() {
    for call in ["create-network", "ensure-image", "create-container", "start-container", "remove-container"]
    {
        let happened = happens(
            r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'true'}}"#,
            None,
            &format!("fail {call} 1 not-running"),
            &[],
        );
        let warned: Vec<&str> = happened.lines().filter(|line| line.starts_with("warning: ")).collect();
        let whose = match call {
            "remove-container" => {
                "Container 'a' is still to be removed, and its engine waited for, up to 60 s:"
            }
            _ => "Container 'a' waits for its engine:",
        };
        assert!(warned.len() == 1 && warned[0].contains(whose), "{call}: {happened}");
        assert!(warned[0].contains("the Docker engine at sim is not running"), "{call}: {happened}");
        assert_eq!(happened.matches("a exited with 0").count(), 1, "{call}: {happened}");
        assert!(happened.ends_with("job success\n"), "{call}: {happened}");
    }
}

#[test]
fn a_network_that_somebody_removed_is_made_anew() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: a, image: x, cmd: 'true'}}"#,
        None,
        "fail start-container 1 not-found",
        &[],
    );
    assert!(
        happened.contains(
            "warning: The network of the job was removed by somebody else. It is made anew for container 'a'"
        ),
        "{happened}"
    );
    assert!(happened.ends_with("job success\n"), "{happened}");
}
