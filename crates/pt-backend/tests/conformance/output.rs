//! What containers write.

use std::time::Duration;

use crate::bed::{Bed, Ended, exit, read_until};

pub(crate) async fn arrives_complete_and_in_order(bed: &Bed) {
    let ended = bed.run(&bed.shell("for i in 1 2 3; do echo line $i; done; echo done")).await;
    assert_eq!(ended, Ended::with("line 1\nline 2\nline 3\ndone\n", 0));
}

pub(crate) async fn last_line_needs_no_end(bed: &Bed) {
    assert_eq!(bed.run(&bed.shell("echo one; printf two")).await, Ended::with("one\ntwo", 0));
}

pub(crate) async fn stderr_is_told_apart(bed: &Bed) {
    let ended = bed.run(&bed.shell("echo out; echo err >&2; echo out again")).await;
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\nout again\n", "err\n"));
}

pub(crate) async fn of_five_megabytes_is_complete(bed: &Bed) {
    let ended = bed.run(&bed.shell("seq 1 750000")).await;
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.len() > 5_000_000, "{}", ended.stdout.len());
    assert!(ended.stdout.lines().map(|line| line.parse::<u32>().unwrap()).eq(1..=750_000));
}

pub(crate) async fn slow_reader_loses_nothing(bed: &Bed) {
    let (_, running) = bed.start(&bed.shell("seq 1 100000")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ended = Ended::of(running).await;
    assert!(ended.stdout.lines().map(|line| line.parse::<u32>().unwrap()).eq(1..=100_000));
}

pub(crate) async fn nobody_reading_does_not_hold_the_container(bed: &Bed) {
    let (_, running) = bed.start(&bed.shell("seq 1 100000; exit 4")).await;
    drop(running.output);
    assert_eq!(exit(running.exit).await.code, 4);
}

pub(crate) async fn is_followed_from_the_first_byte_by_who_comes_later(bed: &Bed) {
    let script = "echo one; echo err >&2; while ! test -e /tmp/go; do sleep 0.1; done; echo two; exit 5";
    let (id, mut running) = bed.start(&bed.shell(script)).await;
    read_until(&mut running, "one").await;
    // Whoever read so far goes without a word.
    drop(running);
    let mut later = bed.backend.follow_container(&id).await.unwrap();
    let mut other = bed.backend.follow_container(&id).await.unwrap();
    read_until(&mut later, "one").await;
    read_until(&mut other, "one").await;
    drop(other);
    bed.backend.write_file(&id, "/tmp/go", &"".into(), 0o644).await.unwrap();
    read_until(&mut later, "two").await;
    assert_eq!(exit(later.exit).await.code, 5);
    // Over all its runs, and when it has exited, too.
    let first = Ended::of(bed.backend.follow_container(&id).await.unwrap()).await;
    assert_eq!((first.stdout.as_str(), first.stderr.as_str(), first.code), ("one\ntwo\n", "err\n", 5));
    let again = Ended::of(bed.backend.start_container(&id).await.unwrap()).await;
    assert_eq!(again.code, 5);
    let both = bed.backend.follow_container(&id).await.unwrap();
    assert_eq!(Ended::of(both).await.stdout, "one\ntwo\none\ntwo\n");
}
