//! What was written is what is read, whatever was packed and whenever its packer was killed.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use pt_model::{ContainerId, Event, InstanceId, JobId, LogLine, Status, StepId, Stream, What};

use super::segment::{Form, LogFiles, Segment};
use super::{Bound, LogBudget, LogFilter, LogWriter, seal};
use crate::{JobKey, Store, StoreError};

/// However short ago it was done last.
const NOW: SignedDuration = SignedDuration::ZERO;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of a segment here.
const TINY: u64 = 2000;

fn job() -> JobKey {
    JobKey::new(InstanceId::new("a"), JobId::new("stack-1"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A line at the second of its number.
fn line(seq: u64) -> LogLine {
    let step = if seq.is_multiple_of(2) { "even" } else { "odd" };
    LogLine {
        seq,
        at: at(seq.cast_signed()),
        step: StepId::new(step),
        container: (seq.is_multiple_of(5)).then(|| ContainerId::new("db")),
        stream: if seq.is_multiple_of(3) { Stream::Stderr } else { Stream::Stdout },
        beside: seq.is_multiple_of(7),
        text: format!("line {seq} of many"),
    }
}

fn writer(store: &Store) -> LogWriter {
    let mut writer = store.log_writer(&job()).unwrap();
    writer.segment_b = TINY;
    writer
}

fn write(store: &Store, lines: impl IntoIterator<Item = u64>) -> LogWriter {
    let mut writer = writer(store);
    for seq in lines {
        writer.append(&line(seq)).unwrap();
        if seq.is_multiple_of(5) {
            writer.flush().unwrap();
        }
    }
    writer
}

fn files(store: &Store) -> LogFiles {
    store.log_files(&job())
}

fn segments(store: &Store) -> Vec<Segment> {
    files(store).list().unwrap()
}

/// The numbers of the lines read, and of what could not be read what is told.
fn read(store: &Store, from: u64, filter: LogFilter) -> (Vec<u64>, Vec<String>) {
    let (mut seqs, mut told) = (Vec::new(), Vec::new());
    for line in store.read_logs(&job(), from, filter) {
        match line {
            Ok(read) => {
                assert_eq!(read, line_of(&read));
                seqs.push(read.seq);
            }
            Err(StoreError::Damaged { path, detail, .. }) => {
                told.push(format!("{}: {detail}", path.file_name().unwrap().display()));
            }
            Err(error) => panic!("{error}"),
        }
    }
    (seqs, told)
}

fn line_of(read: &LogLine) -> LogLine {
    line(read.seq)
}

fn whole(store: &Store) -> Vec<u64> {
    let (seqs, told) = read(store, 0, LogFilter::default());
    assert_eq!(told, [""; 0]);
    seqs
}

/// The job is over, and nobody runs it.
fn end_job(store: &Store, key: &JobKey) {
    store.create_job_named(key, at(0)).unwrap();
    let created = What::JobCreated { job: key.job.clone(), target: "stack".to_owned(), steps: Vec::new() };
    for (seq, what) in (0..).zip([created, What::JobFinished { status: Status::Success }]) {
        store.append(key, &[Event { seq, at: at(1), what }]).unwrap();
    }
}

/// When a packer is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    BeforeItBegins,
    WhileItWrites,
    BeforeItNames,
    BeforeItRemoves,
    Never,
}

const MOMENTS: [Killed; 5] = [
    Killed::BeforeItBegins,
    Killed::WhileItWrites,
    Killed::BeforeItNames,
    Killed::BeforeItRemoves,
    Killed::Never,
];

/// Leaves the segment as a packer that is killed then.
fn leave(files: &LogFiles, segment: &Segment, killed: Killed) {
    let (text, packed) = (files.text(segment.first), files.packed(segment.first));
    let draft: PathBuf = packed.with_extension("new");
    let lines = fs::read(&text).unwrap();
    assert!(seal::pack(files, segment).unwrap());
    match killed {
        Killed::Never => return,
        Killed::BeforeItRemoves => {}
        Killed::BeforeItNames => fs::rename(&packed, &draft).unwrap(),
        Killed::WhileItWrites => {
            let whole = fs::read(&packed).unwrap();
            fs::write(&draft, &whole[..whole.len() / 2]).unwrap();
            fs::remove_file(&packed).unwrap();
        }
        Killed::BeforeItBegins => fs::remove_file(&packed).unwrap(),
    }
    fs::write(&text, lines).unwrap();
}

fn any_line() -> impl Strategy<Value = LogLine> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr), Just(Stream::Log)];
    let text = prop_oneof![9 => "\\PC{0,80}", 1 => "[\\x00-\\x7f]{0,20}", 1 => (2000..6000_usize).prop_map(|many| "x".repeat(many))];
    let times = prop_oneof![9 => 0..2_000_000_000_000_000_000_i64, 1 => -2_000_000_000_000_000_000..0_i64];
    let parts = ("[a-c]", proptest::option::of("[a-c]"), stream, any::<bool>());
    (times, parts, text).prop_map(|(at, (step, container, stream, beside), text)| LogLine {
        seq: 0,
        at: Timestamp::from_nanosecond(at.into()).unwrap(),
        step: StepId::new(step),
        container: container.map(ContainerId::new),
        stream,
        beside,
        text,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_written_whenever_packers_were_killed(
        mut lines in proptest::collection::vec((any_line(), any::<bool>()), 1..200),
        reopened in 0..200_usize,
        moments in proptest::collection::vec(0..MOMENTS.len(), 8),
        from in 0..220_u64,
    ) {
        let store = Store::in_memory().unwrap();
        let mut log = writer(&store);
        for (seq, (line, flush)) in (0..).zip(&mut lines) {
            line.seq = seq;
            if seq == reopened as u64 {
                log.finish(PATIENCE).unwrap();
                log = writer(&store);
                prop_assert_eq!(log.next_seq(), seq);
            }
            log.append(line).unwrap();
            if *flush {
                log.flush().unwrap();
            }
        }
        log.finish(PATIENCE).unwrap();
        let written: Vec<&LogLine> = lines.iter().map(|(line, _)| line).collect();
        let read = |from| store.read_logs(&job(), from, LogFilter::default()).map(Result::unwrap);
        prop_assert!(read(0).eq(written.iter().copied().cloned()));
        prop_assert!(read(from).eq(written.iter().skip(from as usize).copied().cloned()));
        prop_assert_eq!(store.log_end(&job()).unwrap(), lines.len() as u64);
        // The last one is small: it stays text.
        let all = segments(&store);
        let (last, before) = all.split_last().unwrap();
        prop_assert_eq!(last.form, Form::Text);
        for (segment, moment) in before.iter().zip(moments.iter().cycle()) {
            prop_assert_eq!(segment.form, Form::Packed);
            let (files, text) = (files(&store), files(&store).text(segment.first));
            // Written anew as text, to be packed by somebody who is killed.
            let own = read(segment.first).take_while(|line| line.seq < all[all.iter().position(|at| at == segment).unwrap() + 1].first);
            let texts: String = own.map(|line| serde_json::to_string(&line).unwrap() + "\n").collect();
            fs::remove_file(&segment.path).unwrap();
            fs::write(&text, texts).unwrap();
            let segment = Segment { form: Form::Text, path: text, ..segment.clone() };
            leave(&files, &segment, MOMENTS[*moment]);
        }
        prop_assert!(read(0).eq(written.iter().copied().cloned()));
        end_job(&store, &job());
        store.sweep_logs(LogBudget::default(), at(0), NOW).unwrap();
        prop_assert!(read(0).eq(written.iter().copied().cloned()));
        prop_assert!(segments(&store).split_last().unwrap().1.iter().all(|segment| segment.form == Form::Packed));
        prop_assert_eq!(writer(&store).next_seq(), lines.len() as u64);
    }
}

#[test]
fn a_packer_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    for killed in MOMENTS {
        let store = Store::in_memory().unwrap();
        write(&store, 0..10).flush().unwrap();
        let text = Segment { first: 0, form: Form::Text, path: files(&store).text(0) };
        leave(&files(&store), &text, killed);
        assert!(whole(&store).into_iter().eq(0..10), "{killed:?}");
        // Who takes the job up goes on, and packs it anew.
        let log = write(&store, 10..200);
        log.finish(PATIENCE).unwrap();
        assert!(whole(&store).into_iter().eq(0..200), "{killed:?}");
        end_job(&store, &job());
        store.sweep_logs(LogBudget::default(), at(0), NOW).unwrap();
        assert!(whole(&store).into_iter().eq(0..200), "{killed:?}, swept");
    }
}

#[test]
fn a_text_that_is_written_or_damaged_is_not_packed() {
    let store = Store::in_memory().unwrap();
    let mut log = write(&store, 0..10);
    log.flush().unwrap();
    let text = Segment { first: 0, form: Form::Text, path: files(&store).text(0) };
    assert!(!seal::pack(&files(&store), &text).unwrap(), "its writer holds it");
    drop(log);
    let sound = fs::read(&text.path).unwrap();
    for damage in ["scribble\n", "{\"seq\":10,", &serde_json::to_string(&line(99)).unwrap()] {
        fs::write(&text.path, [&sound, damage.as_bytes()].concat()).unwrap();
        assert!(!seal::pack(&files(&store), &text).unwrap(), "{damage}");
        assert_eq!(segments(&store), std::slice::from_ref(&text), "{damage}");
        assert!(!files(&store).packed(0).with_extension("new").exists(), "{damage}");
    }
    fs::write(&text.path, sound).unwrap();
    assert!(seal::pack(&files(&store), &text).unwrap());
    assert!(!text.path.exists());
}

#[test]
fn lines_are_found_by_number_time_and_origin_in_every_form() {
    let store = Store::in_memory().unwrap();
    write(&store, 0..300).finish(PATIENCE).unwrap();
    let forms: Vec<Form> = segments(&store).iter().map(|segment| segment.form).collect();
    assert!(forms.len() > 3 && forms[0] == Form::Packed && forms.ends_with(&[Form::Text]), "{forms:?}");
    let all = LogFilter::default;
    for (from, filter) in [
        (0, all()),
        (299, all()),
        (300, all()),
        (150, LogFilter { step: Some(StepId::new("odd")), ..all() }),
        (0, LogFilter { container: Some(ContainerId::new("db")), ..all() }),
        (7, LogFilter { part: Some("db".to_owned()), ..all() }),
        (7, LogFilter { part: Some("even".to_owned()), ..all() }),
        (0, LogFilter { stream: Some(Stream::Stderr), ..all() }),
        (0, LogFilter { since: Some(at(290)), ..all() }),
        (0, LogFilter { until: Some(at(3)), ..all() }),
        (120, LogFilter { since: Some(at(100)), until: Some(at(200)), part: Some("db".to_owned()), ..all() }),
        (0, LogFilter { step: Some(StepId::new("ghost")), ..all() }),
    ] {
        let wanted: Vec<u64> = (from..300).filter(|seq| filter.admits(&line(*seq))).collect();
        assert_eq!(
            read(&store, from, filter.clone()),
            (wanted.clone(), Vec::new()),
            "from {from}: {filter:?}"
        );
        for end in [0, 17, 150, 299, 300] {
            let before = store.read_logs(&job(), from, filter.clone()).before(end);
            let before: Vec<u64> = before.map(|line| line.unwrap().seq).collect();
            let wanted: Vec<u64> = wanted.iter().copied().filter(|seq| *seq < end).collect();
            assert_eq!(before, wanted, "from {from} to {end}: {filter:?}");
        }
    }
}

#[test]
fn who_follows_sees_every_line_once_while_segments_are_packed() {
    let store = Store::in_memory().unwrap();
    let its = store.clone();
    let writing = thread::spawn(move || {
        let mut log = writer(&its);
        for seq in 0..5000 {
            log.append(&line(seq)).unwrap();
            if seq.is_multiple_of(11) {
                log.flush().unwrap();
            }
        }
        log.finish(PATIENCE).unwrap();
    });
    let reading: Vec<_> = (1..4)
        .map(|pause| {
            let (store, dir) = (store.clone(), files(&store));
            thread::spawn(move || {
                let is_over = || Ok(dir.dir().exists() && store.log_end(&job())? == 5000);
                let poll = Duration::from_micros(pause * 300);
                let followed = store.read_logs(&job(), 0, LogFilter::default()).follow(poll, is_over);
                let seqs: Vec<u64> = followed.map(|line| line.unwrap().seq).collect();
                assert!(seqs.into_iter().eq(0..5000));
            })
        })
        .collect();
    writing.join().unwrap();
    reading.into_iter().for_each(|reader| reader.join().unwrap());
    assert!(segments(&store).len() > 100);
}

#[test]
fn what_is_damaged_in_a_packed_segment_is_told_and_the_rest_is_read() {
    // Blocks of their own length, so that some can be damaged.
    let lines = || (0..4000).map(|seq| LogLine { text: noise(seq), ..line(seq) });
    let intact = || {
        let store = Store::in_memory().unwrap();
        let mut log = store.log_writer(&job()).unwrap();
        lines().for_each(|line| log.append(&line).unwrap());
        log.finish(PATIENCE).unwrap();
        store
    };
    let store = intact();
    let path = files(&store).packed(0);
    let sound = fs::read(&path).unwrap();
    let heads: Vec<usize> =
        (0..sound.len() - 8).filter(|at| sound[*at..].starts_with(b"\0ptlog1\n")).collect();
    assert!(heads.len() > 3, "{}", heads.len());
    let seqs = || -> (Vec<u64>, Vec<String>) {
        let (mut seqs, mut told) = (Vec::new(), Vec::new());
        for line in store.read_logs(&job(), 0, LogFilter::default()) {
            match line {
                Ok(line) => {
                    assert_eq!(line.text, noise(line.seq));
                    seqs.push(line.seq);
                }
                Err(error) => told.push(error.to_string()),
            }
        }
        (seqs, told)
    };
    assert!(seqs().0.into_iter().eq(0..4000));
    type Deed = fn(&mut Vec<u8>, &[usize]);
    let deeds: [(&str, Deed, &str); 6] = [
        ("a bit of a head", |bytes, heads| bytes[heads[1] + 30] ^= 4, "cannot be read"),
        ("the mark of a head", |bytes, heads| bytes[heads[1] + 1] = b'!', "cannot be read"),
        ("a bit of lines", |bytes, heads| bytes[heads[2] - 9] ^= 1, "they are not what was written"),
        ("the origins", |bytes, heads| bytes[heads[1] + 90] ^= 1, "cannot be read"),
        ("a block cut out", |bytes, heads| drop(bytes.drain(heads[1]..heads[2])), "are missing"),
        ("the end cut off", |bytes, heads| bytes.truncate(heads[2] + 400), "cannot be read"),
    ];
    for (what, deed, expected) in deeds {
        let mut bytes = sound.clone();
        deed(&mut bytes, &heads);
        fs::write(&path, bytes).unwrap();
        let (read, told) = seqs();
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(told[0].contains(expected) && told[0].contains(name), "{what}: {told:?}");
        assert!(read.is_sorted() && read.starts_with(&[0, 1, 2]), "{what}");
        let cut_off = what == "the end cut off";
        assert_eq!(read.ends_with(&[3999]), !cut_off, "{what}");
        let blocks = 4000 / heads.len();
        assert!(read.len() >= 4000 - 2 * blocks || cut_off, "{what}: {}", read.len());
    }
}

/// A text of a kilobyte that does not compress well.
fn noise(seq: u64) -> String {
    let mut state = seq.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 40) as u8 % 90)
    };
    (0..1000).map(|_| next()).collect()
}

#[test]
fn segments_that_are_gone_are_missed() {
    let store = Store::in_memory().unwrap();
    write(&store, 0..300).finish(PATIENCE).unwrap();
    let all = segments(&store);
    fs::remove_file(&all[1].path).unwrap();
    let (seqs, told) = read(&store, 0, LogFilter::default());
    let (first, end) = (all[1].first, all[2].first);
    assert!(seqs.into_iter().eq((0..first).chain(end..300)));
    let why = format!("the lines {} to {end} after what can be read of it are missing", first + 1);
    assert_eq!(told, [format!("{}: {why}", all[0].path.file_name().unwrap().display())]);
    fs::remove_file(&all[0].path).unwrap();
    let (seqs, told) = read(&store, 0, LogFilter::default());
    assert!(seqs.into_iter().eq(end..300));
    let name = all[2].path.file_name().unwrap().display().to_string();
    assert_eq!(told, [format!("{name}: the lines 1 to {end} before it are missing")]);
}

/// What the log of a job takes on the disk.
fn size(store: &Store) -> u64 {
    segments(store).iter().map(|segment| fs::metadata(&segment.path).unwrap().len()).sum()
}

#[test]
fn the_first_lines_of_a_job_that_is_over_are_dropped_until_it_fits_its_bound() {
    let store = Store::in_memory().unwrap();
    write(&store, 0..300).finish(PATIENCE).unwrap();
    let half = LogBudget { job_b: size(&store) / 2, ..LogBudget::default() };
    store.create_job_named(&job(), at(0)).unwrap();
    assert_eq!(store.sweep_logs(half, at(5), NOW).unwrap(), 0, "it is not over");
    store.delete_job(&job()).unwrap();
    write(&store, 0..300).finish(PATIENCE).unwrap();
    end_job(&store, &job());
    let lock = store.lock_runner(&job()).unwrap();
    assert_eq!(store.sweep_logs(half, at(5), NOW).unwrap(), 0, "somebody runs it");
    drop(lock);
    let before = size(&store);
    assert_eq!(store.sweep_logs(half, at(5), NOW).unwrap(), before - size(&store));
    assert!(size(&store) <= half.job_b);
    let dropped = store.log_dropped(&job()).unwrap().unwrap();
    assert_eq!((dropped.at, dropped.bound, dropped.bound_b), (at(5), Bound::Job, half.job_b));
    assert!(whole(&store).into_iter().eq(dropped.lines..300));
    assert_eq!(store.sweep_logs(half, at(9), NOW).unwrap(), 0, "it fits");
    // Of a bound that is less than the last lines take, these are left.
    store.sweep_logs(LogBudget { job_b: 0, ..half }, at(9), NOW).unwrap();
    assert_eq!(segments(&store).len(), 1);
    assert_eq!(whole(&store).last(), Some(&299));
}

#[test]
fn logs_are_dropped_whole_in_the_order_in_which_jobs_ended_until_all_fit() {
    let store = Store::in_memory().unwrap();
    let keys: Vec<JobKey> =
        ["first", "second", "third"].map(|id| JobKey::new(InstanceId::new("a"), JobId::new(id))).into();
    for key in &keys {
        let mut log = store.log_writer(key).unwrap();
        (0..100).for_each(|seq| log.append(&line(seq)).unwrap());
        log.finish(PATIENCE).unwrap();
        end_job(&store, key);
    }
    let size = fs::metadata(store.log_file(&keys[0])).unwrap().len();
    let _runs = store.lock_runner(&keys[0]).unwrap();
    let two = LogBudget { all_b: 2 * size, ..LogBudget::default() };
    assert_eq!(store.sweep_logs(two, at(7), NOW).unwrap(), size);
    assert_eq!(
        store.sweep_logs(LogBudget { all_b: 0, ..two }, at(8), SignedDuration::from_secs(9)).unwrap(),
        0
    );
    let lines = |key| store.read_logs(key, 0, LogFilter::default()).map(Result::unwrap).count();
    assert_eq!(keys.iter().map(lines).collect::<Vec<_>>(), [100, 0, 100]);
    let dropped = store.log_dropped(&keys[1]).unwrap().unwrap();
    assert_eq!((dropped.lines, dropped.bound), (100, Bound::All));
    assert_eq!(store.log_end(&keys[1]).unwrap(), 100);
    assert_eq!(
        store.log_writer(&keys[1]).unwrap().next_seq(),
        100,
        "who would go on goes on with the next line"
    );
    store.delete_job(&keys[1]).unwrap();
    assert!(!store.has_log(&keys[1]));
}

#[test]
fn times_that_cannot_be_packed_leave_the_text() {
    let store = Store::in_memory().unwrap();
    let mut log = writer(&store);
    let far = at(0) + SignedDuration::from_hours(24 * 366 * 400);
    log.append(&LogLine { at: far, ..line(0) }).unwrap();
    log.flush().unwrap();
    drop(log);
    let text = Segment { first: 0, form: Form::Text, path: files(&store).text(0) };
    assert!(!seal::pack(&files(&store), &text).unwrap());
    assert_eq!(store.read_logs(&job(), 0, LogFilter::default()).next().unwrap().unwrap().at, far);
}

#[test]
fn lines_are_written_as_their_json() {
    let store = Store::in_memory().unwrap();
    let mut log = writer(&store);
    let mut lines: Vec<LogLine> = (0..20).map(line).collect();
    // Some come together.
    (10..20).for_each(|seq| lines[seq] = LogLine { seq: seq as u64, ..lines[seq / 3].clone() });
    lines.iter().for_each(|line| log.append(line).unwrap());
    log.flush().unwrap();
    let text = fs::read_to_string(files(&store).text(0)).unwrap();
    let written: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), written);
}
