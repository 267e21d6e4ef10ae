//! What containers write.

use std::time::Duration;

use crate::bed::{Bed, Ended, exit};

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
