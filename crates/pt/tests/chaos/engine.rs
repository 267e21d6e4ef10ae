//! The engine dies under running jobs, and comes back.

use std::thread::sleep;
use std::time::Duration;

use pt_model::{Event, Job, Status, What};

use crate::job::words_of;
use crate::kinds::{KINDS, Kind, LATE};
use crate::machine::Machine;
use crate::project::{Place, Project};
use crate::random::Random;
use crate::verdict::{Ended, judge};
use crate::{apart, number, seed};

#[test]
fn an_engine_that_dies_and_comes_back_loses_and_doubles_nothing() {
    let Some(mut machine) = apart(200) else { return };
    let (kills, away) = (number("CHAOS_ENGINE_KILLS", 3), number("CHAOS_AWAY_MS", 1500));
    let seed = seed("an engine that dies");
    let mut random = Random::new(seed);
    machine.start_engine(true);
    machine.load_image();
    let project = Project::new(Place::Apart(machine.way()));
    what_starts_waits(&mut machine, &project, away);
    for round in 0.. {
        if round * 2 >= kills {
            break;
        }
        let picked: Vec<Kind> =
            (0..2).map(|_| KINDS[usize::try_from(random.below(KINDS.len() as u64)).unwrap()]).collect();
        let jobs: Vec<(String, Kind)> =
            picked.into_iter().enumerate().map(|(at, kind)| (format!("engine-{round}-{at}"), kind)).collect();
        let running: Vec<_> = jobs.iter().map(|(id, kind)| start(&project, id, kind)).collect();
        for _ in 0..2 {
            sleep(Duration::from_millis(random.below(1200)));
            machine.kill_engine();
            sleep(Duration::from_millis(random.below(away.max(1))));
            machine.start_engine(true);
        }
        let said: Vec<String> = running.into_iter().map(|job| words_of(job).unwrap()).collect();
        for ((id, kind), said) in jobs.iter().zip(said) {
            ended(&project, id, kind, &format!("CHAOS_SEED={seed}, {}, which said {said}", kind.template));
        }
    }
    what_the_engine_ends_has_ended(&mut machine, &project);
    assert_eq!(project.leftovers(), [""; 0], "CHAOS_SEED={seed}");
    assert_eq!(machine.end(), [""; 0]);
}

/// A container whose turn comes while the engine is away starts when it is back; it is told what is waited for.
fn what_starts_waits(machine: &mut Machine, project: &Project, away: u64) {
    let job = start(project, "late", &LATE);
    project.wait_until("late", "its first step", |job| job.status == Status::Running);
    machine.kill_engine();
    let said = project.say(&["run", "quick"]);
    assert!(said.code == 1 && said.err.contains("is not running"), "{}", said.err);
    assert!(project.say(&["ps"]).out.contains("late"), "what runs is known without the engine");
    sleep(Duration::from_millis(1000 + away));
    machine.start_engine(true);
    let said = words_of(job).unwrap();
    assert_eq!(said.matches("waits for its engine").count(), 1, "{said}");
    ended(project, "late", &LATE, &said);
}

/// An engine without live-restore ends what ran under it when it begins anew.
fn what_the_engine_ends_has_ended(machine: &mut Machine, project: &Project) {
    let job = start(project, "ended", &KINDS[0]);
    project.wait_until("ended", "a line", |_| !project.lines("ended").is_empty());
    machine.kill_engine();
    machine.start_engine(false);
    let said = words_of(job).unwrap();
    let events = project.events("ended");
    assert_eq!(Job::fold(&events).status, Status::Failed, "{said}");
    assert!(warned(&events, "out of sight, and waited for"), "{said}");
    let lines: Vec<String> = project.lines("ended").into_iter().map(|line| line.text).collect();
    assert_eq!(lines, (1..=lines.len()).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

fn start(project: &Project, id: &str, kind: &Kind) -> std::process::Child {
    let target = format!("{}{{tag: {id}}}", kind.template);
    project.pt(&["run", &target, "--job-id", id, "--non-interactive"]).spawn().unwrap()
}

/// The job has ended as if nothing had been the matter.
fn ended(project: &Project, id: &str, kind: &Kind, whose: &str) {
    let (events, lines) = (project.events(id), project.lines(id));
    let judged = judge(kind, &Ended { events: &events, lines: &lines, cleared: false });
    assert_eq!(judged, Ok(()), "{whose}\n{events:#?}");
    for (container, ..) in kind.containers {
        assert_eq!(project.runs(&format!("{id}-{container}")), kind.runs, "{container} of {whose}");
    }
    assert_eq!(project.hosts(id), [""; 0], "{whose}");
}

fn warned(events: &[Event], words: &str) -> bool {
    events.iter().any(|event| matches!(&event.what, What::Warned { message, .. } if message.contains(words)))
}
