//! Logs: written by one, read by many, also while they grow and after their writer was killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use pt_model::{ContainerId, InstanceId, JobId, LogLine, StepId, Stream};
use pt_store::{JobKey, LogFilter, Store};
use tempfile::tempdir;

fn line(seq: u64, step: &str, text: &str) -> LogLine {
    let (step, container) = (StepId::new(step), Some(ContainerId::new(step)));
    LogLine {
        seq,
        at: Timestamp::UNIX_EPOCH,
        step,
        container,
        stream: Stream::Stdout,
        beside: false,
        text: text.into(),
    }
}

fn job() -> JobKey {
    JobKey::new(InstanceId::new("a"), JobId::new("stack-1"))
}

fn texts(store: &Store, from: u64, filter: LogFilter) -> Vec<String> {
    store.read_logs(&job(), from, filter).map(|line| line.unwrap().text).collect()
}

fn log_file(store: &Store) -> PathBuf {
    store.dir().join("logs/a/stack-1.log")
}

#[test]
fn lines_come_back_as_they_were_written_and_filtered_by_step_and_container() {
    let store = Store::in_memory().unwrap();
    assert_eq!(store.read_logs(&job(), 0, LogFilter::default()).count(), 0, "nothing was logged yet");
    let mut log = store.log_writer(&job()).unwrap();
    let lines = [line(0, "api", "up\u{1b}[0m \"quoted\""), line(1, "db", "tab\there"), line(2, "api", "")];
    lines.iter().for_each(|line| log.append(line).unwrap());
    log.flush().unwrap();

    let read: Vec<LogLine> =
        store.read_logs(&job(), 0, LogFilter::default()).collect::<Result<_, _>>().unwrap();
    assert_eq!(read, lines);
    assert_eq!(texts(&store, 1, LogFilter::default()), ["tab\there", ""]);
    let of_db = LogFilter { step: Some(StepId::new("db")), ..LogFilter::default() };
    assert_eq!(texts(&store, 0, of_db), ["tab\there"]);
    let of_ghost = LogFilter { container: Some(ContainerId::new("ghost")), ..LogFilter::default() };
    assert_eq!(texts(&store, 0, of_ghost), [""; 0]);
}

#[test]
fn a_torn_last_line_is_not_there_and_the_next_writer_cuts_it_off() {
    let store = Store::in_memory().unwrap();
    let mut log = store.log_writer(&job()).unwrap();
    log.append(&line(0, "api", &"long ".repeat(40_000))).unwrap();
    log.append(&line(1, "api", "whole")).unwrap();
    drop(log);
    let whole = fs::metadata(log_file(&store)).unwrap().len();
    let mut file = fs::OpenOptions::new().append(true).open(log_file(&store)).unwrap();
    file.write_all(b"{\"seq\":2,\"at\":\"19").unwrap();

    let mut reader = store.read_logs(&job(), 1, LogFilter::default());
    assert_eq!(reader.next().unwrap().unwrap().text, "whole");
    assert!(reader.next().is_none());

    let mut log = store.log_writer(&job()).unwrap();
    assert_eq!(fs::metadata(log_file(&store)).unwrap().len(), whole);
    assert_eq!(log.next_seq(), 2);
    log.append(&line(2, "api", "after the crash")).unwrap();
    log.flush().unwrap();
    assert_eq!(reader.next().unwrap().unwrap().text, "after the crash");
}

#[test]
fn a_line_that_cannot_be_read_is_an_error_that_names_the_file_and_the_next_ones_come_after_it() {
    let store = Store::in_memory().unwrap();
    let mut log = store.log_writer(&job()).unwrap();
    log.append(&line(0, "api", "fine")).unwrap();
    drop(log);
    let mut file = fs::OpenOptions::new().append(true).open(log_file(&store)).unwrap();
    file.write_all(b"scribble\n").unwrap();
    let mut log = store.log_writer(&job()).unwrap();
    assert_eq!(log.next_seq(), 2, "it stands for a line");
    log.append(&line(2, "api", "after it")).unwrap();
    log.flush().unwrap();
    let mut reader = store.read_logs(&job(), 1, LogFilter::default());
    let message = reader.next().unwrap().unwrap_err().to_string();
    assert!(message.contains("logs/a/stack-1.log is damaged: the line that ends at byte "), "{message}");
    assert!(message.ends_with("It was left as it is. What comes before and after it is read."), "{message}");
    assert_eq!(reader.next().unwrap().unwrap().text, "after it");
    let readable = store.read_logs(&job(), 0, LogFilter::default()).readable();
    assert_eq!(readable.map(|line| line.unwrap().text).collect::<Vec<_>>(), ["fine", "after it"]);
}

#[test]
fn who_follows_sees_every_line_until_told_that_it_is_over() {
    let store = Store::in_memory().unwrap();
    let writer = store.clone();
    let writing = thread::spawn(move || {
        let mut log = writer.log_writer(&job()).unwrap();
        for seq in 0..1000 {
            log.append(&line(seq, "api", &seq.to_string())).unwrap();
            if seq % 7 == 0 {
                log.flush().unwrap();
            }
        }
    });
    let is_over = || Ok(writing.is_finished());
    let poll = Duration::from_millis(1);
    let followed = store.read_logs(&job(), 0, LogFilter::default()).follow(poll, is_over);
    let numbers: Vec<u64> = followed.map(|line| line.unwrap().seq).collect();
    assert!(numbers.into_iter().eq(0..1000));
}

#[test]
fn every_line_of_a_busy_job_is_kept() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut log = store.log_writer(&job()).unwrap();
    let lines = 100_000;
    let mut line = line(0, "api", "GET /api/v1/items?page=3 200 12ms \"curl/8.5.0\" 127.0.0.1");
    for seq in 0..lines {
        line.seq = seq;
        log.append(&line).unwrap();
    }
    log.flush().unwrap();
    assert_eq!(store.read_logs(&job(), 0, LogFilter::default()).count(), 100_000);
}
