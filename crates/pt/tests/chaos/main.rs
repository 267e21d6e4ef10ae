//! Runners are killed at random moments, on a real engine, and others go on with their jobs: nothing may be left behind, made
//! twice, lost or told twice, and every job must end as it would have.
//!
//! `CHAOS_KILLS` says how many (a few without; `bench/chaos` asks for more), `CHAOS_SEED` which moments.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod job;
mod kinds;
mod machine;
mod project;
mod random;
mod verdict;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use project::{Place, Project};
use random::Random;

/// Jobs that run side by side.
const AT_ONCE: usize = 3;

/// What happened in a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: AtomicUsize,
    pub(crate) jobs: AtomicUsize,
    pub(crate) taken_over: AtomicUsize,
    pub(crate) cleared: AtomicUsize,
    pub(crate) lines: AtomicUsize,
    pub(crate) events: AtomicUsize,
}

#[test]
fn on_docker_no_kill_of_a_runner_loses_or_doubles_anything() {
    let answers = Command::new("docker").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !answers.is_ok_and(|status| status.success()) {
        assert!(
            std::env::var("POLYTOPE_TEST_DOCKER").as_deref() != Ok("require"),
            "no Docker engine answers"
        );
        return println!("skipped: no Docker engine answers");
    }
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = usize::try_from(number("CHAOS_KILLS").unwrap_or(6)).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let seed = number("CHAOS_SEED").unwrap_or_else(|| u64::try_from(now).unwrap());
    println!("CHAOS_SEED={seed} CHAOS_KILLS={kills}");
    let began = Instant::now();
    let project = Project::new(Place::Here);
    let tally = Arc::new(Tally::default());
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..AT_ONCE {
            let (project, tally, failures) = (&project, &tally, &failures);
            scope.spawn(move || {
                let mut random = Random::new(seed.wrapping_add(worker as u64 * 7919));
                for round in 0.. {
                    if tally.kills.load(Ordering::Relaxed) >= kills || !failures.lock().unwrap().is_empty() {
                        return;
                    }
                    let id = format!("chaos-{worker}-{round}");
                    if let Err(why) = job::run(project, &id, &mut random, tally) {
                        failures.lock().unwrap().push(format!("{id}: {why}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let left = project.leftovers();
    if !failures.is_empty() {
        project.clear();
    }
    println!("{tally:?} in {:.1} s", began.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "CHAOS_SEED={seed}: {}", failures.join("\n"));
    assert!(left.is_empty(), "CHAOS_SEED={seed}: left behind: {left:?}");
}
