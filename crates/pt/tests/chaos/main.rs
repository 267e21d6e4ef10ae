//! What can go wrong around jobs on a real engine, at random moments: runners are killed and others go on with their jobs, the engine
//! dies and comes back, disks are full, people reach into the engine, what is kept is damaged. Nothing may be left behind, made
//! twice, lost or told twice, and every job must end as it would have; what cannot be saved is told.
//!
//! Each is done a few times. `bench/chaos` does it more often, by variables named `CHAOS_…`; `CHAOS_SEED` says which moments. What
//! kills engines and fills disks does so on a machine of its own ([`machine`]), which only root can make.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says why it is skipped"
)]

mod damage;
mod engine;
mod full;
mod hand;
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

use machine::Machine;
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

/// Whether there is an engine; said if not.
pub(crate) fn docker_answers() -> bool {
    let answers = Command::new("docker").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let answers = answers.is_ok_and(|status| status.success());
    if !answers {
        let is_required = std::env::var("POLYTOPE_TEST_DOCKER").as_deref() == Ok("require");
        assert!(!is_required, "no Docker engine answers");
        println!("skipped: no Docker engine answers");
    }
    answers
}

/// A machine apart with a disk of this many megabytes; why not is said.
pub(crate) fn apart(megabytes: u32) -> Option<Machine> {
    if !docker_answers() {
        return None;
    }
    Machine::new(megabytes).map_err(|why| println!("skipped: {why}")).ok()
}

/// A number of the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What the moments follow from: `CHAOS_SEED`, or else the time. It is printed.
pub(crate) fn seed(of: &str) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let seed = number("CHAOS_SEED", u64::try_from(now).unwrap());
    println!("CHAOS_SEED={seed} of {of}");
    seed
}

#[test]
fn on_docker_no_kill_of_a_runner_loses_or_doubles_anything() {
    if !docker_answers() {
        return;
    }
    let kills = usize::try_from(number("CHAOS_KILLS", 6)).unwrap();
    let seed = seed("runners that are killed");
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
