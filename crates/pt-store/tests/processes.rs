//! Several processes in one state directory at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use pt_model::{Event, InstanceId, Secret, What};
use pt_store::{Scope, Store};
use tempfile::tempdir;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const PROCESSES: usize = 4;
const JOBS: usize = 25;

/// Runs one test of this binary in a process of its own, told of the directory.
fn in_another_process(test: &str, dir: &Path, number: usize) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("STORE_DIR", dir)
        .env("STORE_NUMBER", number.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn many_processes_open_a_new_directory_and_write_at_once() {
    let dir = tempdir().unwrap();
    let children: Vec<Child> =
        (0..PROCESSES).map(|number| in_another_process("one_of_many", dir.path(), number)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }

    let store = Store::open(dir.path()).unwrap();
    let shop = InstanceId::new("shop");
    let mut numbers: Vec<usize> = Vec::new();
    for job in store.jobs(Some(&shop)).unwrap() {
        assert_eq!(job.events, 2);
        numbers.push(job.id.as_str().rsplit('-').next().unwrap().parse().unwrap());
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=PROCESSES * JOBS));
    let scope = Scope::new("local", shop);
    for number in 0..PROCESSES {
        let secret = store.secret(&scope, &format!("secret-{number}")).unwrap().unwrap();
        assert_eq!(secret.expose(), format!("hunter{number}"), "all use the same key");
    }
}

/// What each process does; by itself, nothing.
#[test]
fn one_of_many() {
    let (Some(dir), Ok(number)) = (env::var_os("STORE_DIR"), env::var("STORE_NUMBER")) else { return };
    let store = Store::open(Path::new(&dir)).unwrap();
    let shop = InstanceId::new("shop");
    let scope = Scope::new("local", shop.clone());
    let secret = Secret::new(&format!("secret-{number}"), format!("hunter{number}"));
    store.set_secret(&scope, &secret, NOW).unwrap();
    for _ in 0..JOBS {
        let job = store.create_job(&shop, "stack", NOW).unwrap();
        let created = What::JobCreated { job: job.job.clone(), target: "stack".into(), steps: Vec::new() };
        for (seq, what) in (0..).zip([created, What::JobStarted]) {
            store.append(&job, &[Event { seq, at: NOW, what }]).unwrap();
        }
    }
}

#[test]
fn a_runner_that_is_killed_is_seen_to_be_dead() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let job = store.create_job(&InstanceId::new("shop"), "stack", NOW).unwrap();
    let mut runner = in_another_process("a_runner", dir.path(), 0);
    while !store.runner_alive(&job).unwrap() {
        assert_eq!(runner.try_wait().unwrap(), None);
        std::thread::yield_now();
    }
    runner.kill().unwrap();
    runner.wait().unwrap();
    assert!(!store.runner_alive(&job).unwrap());
}

/// Takes the job up and sleeps until it is killed; by itself, nothing.
#[test]
fn a_runner() {
    let Some(dir) = env::var_os("STORE_DIR") else { return };
    let store = Store::open(Path::new(&dir)).unwrap();
    let job = store.jobs(None).unwrap().remove(0);
    let _lock = store.lock_runner(&pt_store::JobKey::new(job.instance, job.id)).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(60));
}
