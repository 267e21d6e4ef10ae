//! What the store says to what it cannot read, and that it leaves it alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use pt_model::{Event, Job, JobId, Status, What};
use pt_store::{JobKey, Store};
use tempfile::tempdir;

/// The message with the directory named `DIR`.
fn refusal(dir: &Path) -> String {
    Store::open(dir).unwrap_err().to_string().replace(&*dir.to_string_lossy(), "DIR")
}

#[test]
fn a_file_that_is_no_database_is_named_and_kept() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("polytope.db");
    let content = "some letters\n".repeat(100);
    fs::write(&path, &content).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "DIR/polytope.db is damaged: file is not a database. It was left as it is. Restore it from a backup, or \
         move it aside to start afresh without what it holds."
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

/// A store with three jobs, and one whose user was killed: its journal is there. Gives the events of each.
fn with_jobs(dir: &Path) -> Vec<Vec<Event>> {
    let store = Store::open(dir).unwrap();
    (1..=4)
        .map(|number| {
            let job = key(number);
            store.create_job_named(&job, Timestamp::UNIX_EPOCH).unwrap();
            let what = |seq| match seq {
                0 => What::JobCreated { job: job.job.clone(), target: "x".to_owned(), steps: Vec::new() },
                1 => What::JobStarted,
                9 if number < 4 => What::JobFinished { status: Status::Success },
                seq => What::Warned { step: None, message: format!("{seq} {}", "long ".repeat(100)) },
            };
            let events: Vec<Event> =
                (0..10).map(|seq| Event { seq, at: at_second(seq), what: what(seq) }).collect();
            store.event_writer(&job).unwrap().append(&events).unwrap();
            events
        })
        .collect()
}

/// No two events are at the same time, so that none is taken for another.
fn at_second(seq: u64) -> Timestamp {
    Timestamp::from_second(seq.cast_signed() + 1).unwrap()
}

fn key(number: u64) -> JobKey {
    JobKey::new("a".into(), JobId::new(format!("x-{number}")))
}

fn found(store: &Store, dir: &Path) -> String {
    store.salvage().map_or(String::new(), |found| found.to_string()).replace(&*dir.to_string_lossy(), "DIR")
}

#[test]
fn of_a_database_that_was_cut_off_everything_is_saved_that_is_there() {
    (1..8).for_each(everything_is_saved_that_is_before_the_last);
}

fn everything_is_saved_that_is_before_the_last(pages: u64) {
    let dir = tempdir().unwrap();
    let before = with_jobs(dir.path());
    let path = dir.path().join("polytope.db");
    let length = fs::metadata(&path).unwrap().len() - pages * 4096;
    fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    let store = Store::open(dir.path()).unwrap();
    let told = found(&store, dir.path());
    let begins = "The database DIR/polytope.db was damaged. What could be read of it was saved; it is kept as \
                  DIR/polytope.db.damaged. Lost: ";
    assert!(told.starts_with(begins), "{told}");
    assert_eq!(fs::metadata(dir.path().join("polytope.db.damaged")).unwrap().len(), length);
    for (number, before) in (1..).zip(&before) {
        let after = store.events(&key(number), 0).unwrap();
        let saved = after.iter().zip(before).take_while(|(after, before)| after == before).count();
        let is_told = told.contains(&format!("{} of the 10 events of job x-{number}", 10 - saved));
        assert_eq!(saved < 10, is_told, "{number}: {told}");
        assert_eq!(Job::fold(&after).status.has_ended(), number < 4, "{number}: {after:?}");
        assert_eq!(store.job(&key(number)).unwrap().unwrap().events, after.len() as u64);
    }
    drop(store);
    assert_eq!(found(&Store::open(dir.path()).unwrap(), dir.path()), "", "it is told once");
}

#[test]
fn a_database_that_is_gone_is_told_of_where_there_are_logs() {
    let dir = tempdir().unwrap();
    with_jobs(dir.path());
    drop(Store::open(dir.path()).unwrap().log_writer(&key(1)).unwrap());
    fs::remove_file(dir.path().join("polytope.db")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        found(&store, dir.path()),
        "The database DIR/polytope.db is gone, or was emptied: a new one begins. Lost: all jobs, values and secrets; the logs are \
         kept in DIR/logs."
    );
    let next = store.create_job(&"a".into(), "x", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(next, key(2), "nobody writes on in the log of x-1");
}

#[test]
fn events_whose_journal_is_gone_are_missed() {
    let (dir, left) = (tempdir().unwrap(), tempdir().unwrap());
    let store = Store::open(dir.path()).unwrap();
    let job = key(1);
    store.create_job_named(&job, Timestamp::UNIX_EPOCH).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let event = Event { seq: 0, at: Timestamp::UNIX_EPOCH, what: What::JobStarted };
    store.event_writer(&job).unwrap().append(&[event]).unwrap();
    // What a user who is killed leaves: the journal's beginning says nothing sensible any more.
    let files = ["polytope.db", "polytope.db-wal", "secret.key", "runners/a-x-1.lock"];
    fs::create_dir(left.path().join("runners")).unwrap();
    for file in files {
        fs::copy(dir.path().join(file), left.path().join(file)).unwrap();
    }
    let journal = left.path().join("polytope.db-wal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes[..32].fill(7);
    fs::write(&journal, bytes).unwrap();
    let store = Store::open(left.path()).unwrap();
    assert_eq!(
        found(&store, left.path()),
        "The database DIR/polytope.db knows less than it knew: its journal was damaged or removed, or it was put back from an older \
         copy. Lost: 1 of the 1 events of job x-1."
    );
}

#[test]
fn a_database_of_a_newer_version_is_kept() {
    let dir = tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let database = rusqlite::Connection::open(dir.path().join("polytope.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "The database DIR/polytope.db was written by a newer version of polytope (its format is 99, this version \
         knows 6). Use that version, or name another state directory in POLYTOPE_STATE_DIR."
    );
}

#[test]
fn a_key_that_is_none_is_named_and_kept() {
    let dir = tempdir().unwrap();
    for content in ["", "0123", &"x".repeat(64)] {
        fs::write(dir.path().join("secret.key"), content).unwrap();
        assert_eq!(
            refusal(dir.path()),
            "DIR/secret.key is damaged: it does not hold a key of 64 hex digits. It was left as it is. Restore it \
             from a backup, or move it aside to start afresh without what it holds."
        );
        assert_eq!(fs::read_to_string(dir.path().join("secret.key")).unwrap(), content);
    }
}

#[test]
fn a_file_where_the_directory_should_be_is_named() {
    let parent = tempdir().unwrap();
    let dir = parent.path().join("state");
    fs::write(&dir, "").unwrap();
    assert_eq!(
        refusal(&dir),
        "Could not create the directory DIR: File exists (os error 17). Something else lies in its place: move it \
         aside."
    );
}
