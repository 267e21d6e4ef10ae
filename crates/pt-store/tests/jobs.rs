//! Jobs: ids, events, summaries, runners.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::Timestamp;
use pt_model::{Data, Event, InstanceId, Job, JobId, Status, StepId, What};
use pt_store::{JobKey, Runner, Store};
use tempfile::tempdir;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn shop() -> InstanceId {
    InstanceId::new("00000000000005h0")
}

fn event(seq: u64, what: What) -> Event {
    Event { seq, at: Timestamp::from_second(seq.cast_signed()).unwrap(), what }
}

fn life(job: &JobKey) -> Vec<Event> {
    let (api, db) = (StepId::new("api"), StepId::new("db"));
    let whats = [
        What::JobCreated {
            job: job.job.clone(),
            target: "stack".into(),
            steps: vec![api.clone(), db.clone()],
        },
        What::JobStarted,
        What::StepStarted { step: db.clone() },
        What::Warned { step: None, message: "mind the gap".into() },
        What::StepFinished { step: db, status: Status::Success, failure: None, output: Data::Null },
        What::StepFinished { step: api, status: Status::Canceled, failure: None, output: Data::Null },
        What::JobFinished { status: Status::Failed },
    ];
    (0..).zip(whats).map(|(seq, what)| event(seq, what)).collect()
}

#[test]
fn jobs_are_numbered_per_target_and_instance_and_no_number_is_given_twice() {
    let store = Store::in_memory().unwrap();
    let next = |instance: &str, target: &str| {
        store.create_job(&InstanceId::new(instance), target, NOW).unwrap().job.to_string()
    };
    store.create_job_named(&JobKey::new(InstanceId::new("a"), JobId::new("stack-3")), NOW).unwrap();
    assert_eq!([next("a", "stack"), next("a", "stack"), next("a", "dev")], ["stack-1", "stack-2", "dev-1"]);
    assert_eq!([next("b", "stack"), next("a", "stack")], ["stack-1", "stack-4"]);
    store.delete_job(&JobKey::new(InstanceId::new("a"), JobId::new("stack-4"))).unwrap();
    assert_eq!(next("a", "stack"), "stack-5");

    let taken = store.create_job_named(&JobKey::new(InstanceId::new("a"), JobId::new("dev-1")), NOW);
    assert_eq!(
        taken.unwrap_err().to_string(),
        "There is a job 'dev-1' here already. Choose another id, or leave it to be chosen."
    );
}

#[test]
fn a_job_is_its_events_and_its_summary_agrees_with_their_fold() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let job = store.create_job(&shop(), "stack", NOW).unwrap();
    let events = life(&job);
    for upto in 0..events.len() {
        store.append(&job, &events[upto..=upto]).unwrap();
        let (summary, fold) = (store.job(&job).unwrap().unwrap(), Job::fold(&events[..=upto]));
        assert_eq!(Some(&summary.id), fold.id.as_ref());
        assert_eq!(
            (summary.status, summary.events, &summary.target),
            (fold.status, fold.events, &fold.target)
        );
        assert_eq!(Some(summary.created_ts), fold.created_ts);
        assert_eq!((summary.started_ts, summary.finished_ts), (fold.started_ts, fold.finished_ts));
        assert!(summary.steps.into_iter().eq(fold.steps.into_iter().map(|(id, step)| (id, step.status))));
    }

    let again = Store::open(dir.path()).unwrap();
    assert_eq!(again.events(&job, 0).unwrap(), events);
    assert_eq!(again.events(&job, 5).unwrap(), events[5..]);
    assert_eq!(again.jobs(Some(&shop())).unwrap().len(), 1);
    assert_eq!(again.jobs(Some(&InstanceId::new("b"))).unwrap(), []);
    assert_eq!(again.jobs(None).unwrap().len(), 1);
}

#[test]
fn events_that_leave_a_gap_are_refused_together() {
    let store = Store::in_memory().unwrap();
    let job = store.create_job(&shop(), "stack", NOW).unwrap();
    let events = life(&job);
    store.append(&job, &events[..2]).unwrap();
    for (wrong, message) in [
        (vec![events[2].clone(), events[4].clone()], "Event 4 of job 'stack-1' came where event 3 was due."),
        (vec![events[1].clone()], "Event 1 of job 'stack-1' came where event 2 was due."),
    ] {
        assert_eq!(store.append(&job, &wrong).unwrap_err().to_string(), message);
        assert_eq!(store.events(&job, 0).unwrap(), events[..2]);
    }
}

#[test]
fn a_job_that_is_not_there_is_named() {
    let store = Store::in_memory().unwrap();
    let job = JobKey::new(shop(), JobId::new("ghost-1"));
    let message = "There is no job 'ghost-1' here.";
    assert_eq!(store.events(&job, 0).unwrap_err().to_string(), message);
    assert_eq!(store.append(&job, &[]).unwrap_err().to_string(), message);
    assert_eq!(store.runner(&job).unwrap_err().to_string(), message);
    assert_eq!(store.delete_job(&job).unwrap_err().to_string(), message);
    assert_eq!(store.job(&job).unwrap(), None);
}

#[test]
fn a_runner_is_alive_as_long_as_it_holds_its_lock() {
    let dir = tempdir().unwrap();
    let (store, other) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    let job = store.create_job(&shop(), "stack", NOW).unwrap();
    assert!(!other.runner_alive(&job).unwrap());
    assert_eq!(other.runner(&job).unwrap(), None);

    let lock = store.lock_runner(&job).unwrap();
    let runner = Runner { pid: 42, socket: "/run/x.sock".into(), started_ts: NOW };
    store.set_runner(&job, &runner).unwrap();
    assert!(other.runner_alive(&job).unwrap());
    assert_eq!(other.runner(&job).unwrap(), Some(runner));
    let message = "Job 'stack-1' is being run by another process.";
    assert_eq!(other.lock_runner(&job).unwrap_err().to_string(), message);
    assert_eq!(other.delete_job(&job).unwrap_err().to_string(), message);

    drop(lock);
    assert!(!other.runner_alive(&job).unwrap());
    other.delete_job(&job).unwrap();
    assert_eq!(other.jobs(None).unwrap(), []);
}

#[test]
fn each_sandbox_apart_is_another_one_as_long_as_it_lives() {
    let dir = tempdir().unwrap();
    let store = Store::open(&dir.path().join("state")).unwrap();
    let checkout = store.instance(dir.path(), NOW).unwrap();
    let first = store.instance_beside(&checkout, NOW).unwrap();
    let second = store.instance_beside(&checkout, NOW).unwrap();
    let id = first.instance.id.clone();
    assert!(id != checkout.id && second.instance.id != id && second.instance.id != checkout.id);
    // Whoever comes when it has ended goes on with what it left.
    drop(first);
    assert_eq!(store.instance_beside(&checkout, NOW).unwrap().instance.id, id);
}

#[test]
fn the_oldest_jobs_that_are_over_are_forgotten() {
    let store = Store::in_memory().unwrap();
    let jobs: Vec<JobKey> = (0..5).map(|_| store.create_job(&shop(), "stack", NOW).unwrap()).collect();
    for job in &jobs[..4] {
        store.append(job, &life(job)).unwrap();
    }
    let _runs = store.lock_runner(&jobs[0]).unwrap();
    assert_eq!(store.keep_jobs(&shop(), 2).unwrap(), 1, "one of two is about to end");
    let left: Vec<String> =
        store.jobs(Some(&shop())).unwrap().into_iter().map(|job| job.id.to_string()).collect();
    assert_eq!(left, ["stack-1", "stack-3", "stack-4", "stack-5"]);
}
