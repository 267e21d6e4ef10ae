//! The engine dies under running jobs, and comes back.

use std::fs::{self, File};
use std::thread::sleep;
use std::time::Duration;

use pt_model::{Job, Status, What};

use crate::kinds::{HELD, Held, LATE};
use crate::machine::Machine;
use crate::project::{Place, Project};
use crate::random::Random;
use crate::verdict::{Ended, judge, sound};
use crate::{apart, number, seed};

/// Jobs that run side by side.
const AT_ONCE: usize = 2;

#[test]
fn an_engine_that_dies_and_comes_back_loses_and_doubles_nothing() {
    let Some(mut machine) = apart(200) else { return };
    let (rounds, away) = (number("CHAOS_ENGINE_ROUNDS", 1), number("CHAOS_AWAY_MS", 1000));
    let seed = seed("an engine that dies");
    let mut random = Random::new(seed);
    machine.start_engine(true);
    machine.load_image();
    let project = Project::new(Place::Apart(machine.way()));
    what_starts_waits(&mut machine, &project, away);
    for round in 0..rounds {
        let whose = format!("CHAOS_SEED={seed}, round {round}");
        what_runs_goes_on(&mut machine, &project, away, &mut random, &whose);
    }
    what_the_engine_ends_has_ended(&mut machine, &project);
    assert_eq!(project.leftovers(), [""; 0], "CHAOS_SEED={seed}");
    assert_eq!(machine.end(), [""; 0]);
}

/// A container whose turn comes while the engine is away starts when it is back; it is told what is waited for.
fn what_starts_waits(machine: &mut Machine, project: &Project, away: u64) {
    let job = project.start("late{tag: late}", "late");
    project.wait_until("late", "its first step", |job| job.status == Status::Running);
    machine.kill_engine();
    let said = project.say(&["run", "quick"]);
    assert!(said.code == 1 && said.err.contains("is not running"), "{}", said.err);
    assert!(project.say(&["ps"]).out.contains("late"), "what runs is known without the engine");
    sleep(Duration::from_millis(1000 + away));
    machine.start_engine(true);
    let said = job.said();
    assert_eq!(said.matches("waits for its engine").count(), 1, "{said}");
    let (events, lines) = (project.events("late"), project.lines("late"));
    assert_eq!(judge(&LATE, &Ended { events: &events, lines: &lines, cleared: false }), Ok(()), "{said}");
    assert_eq!((project.runs("late-late"), project.hosts("late")), (1, Vec::new()), "{said}");
}

/// What an engine with live-restore runs goes on without it. It is let go only when the engine is there: of what ends meanwhile an
/// engine keeps neither the exit code nor the last lines.
fn what_runs_goes_on(machine: &mut Machine, project: &Project, away: u64, random: &mut Random, whose: &str) {
    let mut pick = |round: usize| {
        let held = HELD[usize::try_from(random.below(HELD.len() as u64)).unwrap()];
        (held, format!("{}-{round}-{}", held.template, random.below(1 << 32)))
    };
    let jobs: Vec<(Held, String)> = (0..AT_ONCE).map(&mut pick).collect();
    let running: Vec<_> =
        jobs.iter().map(|(held, id)| project.start(&format!("{}{{tag: {id}}}", held.template), id)).collect();
    for (held, id) in &jobs {
        let has_begun = |container: &&str| !project.lines_noted(&format!("{id}-{container}")).is_empty();
        project.wait_until(id, "output", |_| held.containers.iter().all(&has_begun));
    }
    for _ in 0..=random.below(2) {
        sleep(Duration::from_millis(random.below(400)));
        machine.kill_engine();
        sleep(Duration::from_millis(random.below(away.max(1))));
        machine.start_engine(true);
    }
    for (held, id) in &jobs {
        for container in held.containers {
            File::create(project.dir().join(format!("runs/{id}-{container}.go"))).unwrap();
        }
    }
    let said: Vec<String> = running.into_iter().map(|job| job.said()).collect();
    for ((held, id), said) in jobs.iter().zip(said) {
        let whose = format!("{whose}: {id}, which said {said}");
        let (events, lines) = (project.events(id), project.lines(id));
        assert_eq!(sound(&Ended { events: &events, lines: &lines, cleared: false }), Ok(()), "{whose}");
        assert_eq!(Job::fold(&events).status, held.ends, "{whose}");
        for container in held.containers {
            let its = lines
                .iter()
                .filter(|line| line.container.as_ref().is_some_and(|id| id.as_str() == *container));
            let kept: Vec<&str> = its.map(|line| line.text.as_str()).collect();
            assert_eq!(kept, project.lines_noted(&format!("{id}-{container}")), "{whose}");
            assert_eq!(project.runs(&format!("{id}-{container}")), held.runs, "{whose}");
        }
        assert_eq!(project.hosts(id), [""; 0], "{whose}");
    }
}

/// An engine without live-restore ends what ran under it when it begins anew.
fn what_the_engine_ends_has_ended(machine: &mut Machine, project: &Project) {
    let job = project.start("held{tag: ended}", "ended");
    project.wait_until("ended", "output", |_| project.lines("ended").len() > 2);
    machine.kill_engine();
    sleep(Duration::from_secs(2));
    machine.start_engine(false);
    let said = job.said();
    let events = project.events("ended");
    assert_eq!(Job::fold(&events).status, Status::Failed, "{said}");
    let is_told = |what: &What| matches!(what, What::Warned { message, .. } if message.contains("out of sight, and waited for"));
    assert!(events.iter().any(|event| is_told(&event.what)), "{said}");
    let lines: Vec<String> = project.lines("ended").into_iter().map(|line| line.text).collect();
    assert!(project.lines_noted("ended-held").starts_with(&lines), "{lines:?}\n{said}");
}

impl Project {
    /// The lines that a container has noted that it wrote.
    fn lines_noted(&self, name: &str) -> Vec<String> {
        let noted = fs::read_to_string(self.dir().join(format!("runs/{name}.out"))).unwrap_or_default();
        noted.lines().map(str::to_owned).collect()
    }
}
