//! A polytope file, a simulated world and what somebody does meanwhile → what happened, event by event.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pt_backend::Backend;
use pt_backend::sim::{Sim, SimOptions};
use pt_engine::{Control, Engine, Notice, Options, Person};
use pt_model::{ContainerChange, Labels, Secret, Text, What};
use pt_plan::{Named, Request};
use pt_spec::{Project, World};
use pt_store::{JobKey, Store};

/// A project of one file.
struct OneFile<'a>(&'a str);

impl World for OneFile<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        if self.exists(path) { Ok(self.0.to_owned()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn exists(&self, path: &Path) -> bool {
        path == Path::new("/project/polytope.yml")
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }
}

/// Every secret is set, to the same text.
struct Hunter;

impl Named for Hunter {
    fn value(&self, _: &str) -> Option<String> {
        None
    }

    fn secret(&self, name: &str) -> Option<Text> {
        Some(Text::from(Secret::new(name, "hunter2")))
    }
}

/// What somebody does when a line has come to pass.
type Deed = fn(&Control, &Store, &JobKey);

/// Runs the template `t` of a file. `faults` scripts the world, `deeds` are done after lines.
fn happens(steps: &str, until: Option<&str>, faults: &str, deeds: &[(&str, Deed)]) -> String {
    let file = format!("templates:\n- id: t\n  run:\n{steps}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(run(&file, until, faults, deeds))
}

async fn run(file: &str, until: Option<&str>, faults: &str, deeds: &[(&str, Deed)]) -> String {
    let loaded = Project::load(&OneFile(file), PathBuf::from("/project/polytope.yml"));
    let request = Request { reference: "t".to_owned(), ..Request::default() };
    let planned = pt_plan::plan(&loaded.project, &[vec![request]], &Hunter);
    let plan = planned.plan.unwrap_or_else(|| panic!("{:?} {:?}", loaded.diagnostics, planned.diagnostics));
    let store = Store::in_memory().unwrap();
    let instance = store.instance(store.dir(), Timestamp::now()).unwrap();
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(faults.parse::<SimOptions>().unwrap()));
    let engine = Engine { backend: Arc::clone(&backend), store: store.clone() };
    let options = Options {
        job: store.create_job(&instance.id, "t", Timestamp::now()).unwrap(),
        instance: instance.clone(),
        sources: loaded.project.sources().clone(),
        working_dir: PathBuf::from("/project"),
        person: Person { uid: 1000, gid: 1000, home: None },
        until: until.map(Into::into),
        grace: Duration::from_secs(10),
        workshop: None,
    };
    let key = options.job.clone();
    let mut running = engine.start(plan, options).unwrap();
    let (mut happened, mut stopped) = (String::new(), String::new());
    while let Some(notice) = running.notices.recv().await {
        let line = match notice {
            Notice::Event(event) => told(&event.what),
            Notice::Line(shown) => Some(format!("{} | {}", shown.line.step, shown.line.text)),
            Notice::Progress { .. } => None,
        };
        let Some(line) = line else { continue };
        // Code that is stopped ends before its containers or after them, as chance has it: told at the end.
        if line.ends_with(" stopped") && !line.starts_with("job ") {
            writeln!(stopped, "{line}").unwrap();
            continue;
        }
        if line.starts_with("job ") {
            happened.push_str(&stopped);
        }
        writeln!(happened, "{line}").unwrap();
        deeds
            .iter()
            .filter(|(after, _)| *after == line)
            .for_each(|(_, deed)| deed(&running.control, &store, &key));
    }
    match running.done.await.unwrap() {
        Ok(_) => {
            let stored = serde_json::to_string(&store.events(&key, 0).unwrap()).unwrap();
            assert!(!stored.contains("hunter2"), "{stored}");
        }
        Err(error) => writeln!(happened, "error: {error}").unwrap(),
    }
    let left = backend.find(&Labels::default()).await;
    if left.is_ok_and(|left| !left.containers.is_empty() || !left.networks.is_empty()) {
        happened.push_str("something is left\n");
    }
    happened
}

/// An event in words; nothing for those that no test is about.
fn told(what: &What) -> Option<String> {
    Some(match what {
        What::JobStopping { reason } => format!("stopping: {reason}"),
        What::JobFinished { status } => format!("job {}", status.word()),
        What::StepStarted { step } => format!("{step} started"),
        What::StepFinished { step, status, failure } => match failure {
            Some(failure) => format!("{step} {}: {}", status.word(), failure.message),
            None => format!("{step} {}", status.word()),
        },
        What::ContainerRequested { container, spec, .. } => format!("{container} requested: {}", spec.image),
        What::ContainerChanged { container, change } => match change {
            ContainerChange::Pulling { .. } => format!("{container} pulling"),
            ContainerChange::Started => format!("{container} runs"),
            ContainerChange::Restarting { exit_code, restarts, delay_ms } => {
                format!("{container} exited with {exit_code}, restart {restarts} in {delay_ms} ms")
            }
            ContainerChange::Stopping => format!("{container} stopping"),
            ContainerChange::Exited { exit_code, .. } => format!("{container} exited with {exit_code}"),
            ContainerChange::Failed { message } => format!("{container} failed: {message}"),
            // When is chance; that nothing is left is verified at the end.
            ContainerChange::Created { .. } | ContainerChange::Removed => return None,
        },
        What::ServiceOpened { service, .. } => format!("service {service} opened"),
        What::ServiceClosed { service } => format!("service {service} closed"),
        What::Warned { message, .. } => format!("warning: {message}"),
        What::JobCreated { .. } | What::JobStarted | What::StepAdded { .. } => return None,
    })
}

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

#[track_caller]
fn assert_happens(happened: &str, expected: &str) {
    let expected: String = expected.trim().lines().map(|line| format!("{}\n", line.trim())).collect();
    let lines: String = happened.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(lines, expected, "\n{happened}");
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
        a failed: The container engine lost sight of it. Was it removed by hand?
        a stopped
        job stopped"#,
    );
}

#[test]
fn until_ends_the_job_with_the_outcome_of_its_step() {
    let happened = happens(
        r#"
  - {id: db, module: polytope/container, args: {id: db, image: x, cmd: 'serve'}}
  - {id: check, module: polytope/container, args: {id: check, image: x, cmd: 'true'}}"#,
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
