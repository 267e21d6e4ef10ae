//! People reach into the engine: what they do is told at once, the job ends as it must, and nothing is left.

use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pt_model::{ContainerId, ContainerStatus, Job, Status, What};

use crate::project::{Place, Project};
use crate::random::Random;
use crate::{docker_answers, number, seed};

/// What somebody does to a job at a random moment.
struct Deed {
    name: &'static str,
    /// The template whose job it is done to.
    to: &'static str,
    /// The commands: of docker, or of ours. `C` stands for its container, `N` for its network, `V` for its volume, `J` for itself.
    does: &'static [&'static str],
    /// When: while this container runs, or when it is gone.
    when: When,
    ends: Status,
    /// What is told of it.
    story: &'static str,
    /// Whether the job ends by it.
    at_once: bool,
}

#[derive(Clone, Copy)]
enum When {
    Runs(&'static str),
    IsGone(&'static str),
}

const STEADY: When = When::Runs("steady");
const REMOVED: &str = "It was removed from the container engine by somebody else.";

const DEEDS: [Deed; 12] = [
    deed("removed", &["docker rm --force C"], Status::Failed, REMOVED, true),
    deed("killed", &["docker kill C"], Status::Failed, "exited with code 137", true),
    deed("asked to end", &["docker kill --signal TERM C"], Status::Failed, "exited with code 143", true),
    deed("stopped", &["docker stop --time 1 C"], Status::Failed, "exited with code 143", true),
    deed(
        "restarted",
        &["docker restart --time 1 C"],
        Status::Success,
        "started once more by somebody else",
        false,
    ),
    deed("paused", &["docker pause C", "docker unpause C"], Status::Success, "exited with code 0", false),
    deed("paused and stopped", &["docker pause C", "pt stop J"], Status::Stopped, "Step stopped", true),
    deed("paused and removed", &["docker pause C", "docker rm --force C"], Status::Failed, REMOVED, true),
    Deed {
        to: "steady-again",
        ..deed(
            "killed, to run again",
            &["docker kill C"],
            Status::Failed,
            "exited with code 137; it starts again",
            false,
        )
    },
    Deed {
        when: STEADY,
        ..deed(
            "cut off",
            &["docker network disconnect --force N C", "docker network rm N"],
            Status::Success,
            "exited with code 0",
            false,
        )
    },
    Deed {
        to: "pause",
        when: When::IsGone("first"),
        ..deed(
            "without a network",
            &["docker network rm N"],
            Status::Success,
            "The network of the job was removed by somebody else.",
            false,
        )
    },
    Deed {
        to: "pause",
        when: When::IsGone("first"),
        ..deed(
            "without its volume",
            &["docker volume rm V"],
            Status::Success,
            "Volume 'kept' was removed by somebody else",
            false,
        )
    },
];

const fn deed(
    name: &'static str,
    does: &'static [&'static str],
    ends: Status,
    story: &'static str,
    at_once: bool,
) -> Deed {
    Deed { name, to: "steady", does, when: STEADY, ends, story, at_once }
}

/// Jobs that run side by side.
const AT_ONCE: usize = 3;

/// By when what was done is told at the latest, on a machine that is busy with much else; the slowest is printed.
const TOLD: Duration = Duration::from_secs(15);

#[test]
fn on_docker_what_is_done_by_hand_is_told_and_leaves_nothing() {
    if !docker_answers() {
        return;
    }
    let seed = seed("what is done by hand");
    let times = usize::try_from(number("CHAOS_DEEDS", 1)).unwrap();
    let project = Project::new(Place::Here);
    let turns: Mutex<Vec<(usize, &Deed)>> = Mutex::new((0..times).flat_map(|_| &DEEDS).enumerate().collect());
    let slowest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for worker in 0..AT_ONCE {
            let (project, turns, slowest) = (&project, &turns, &slowest);
            scope.spawn(move || {
                let mut random = Random::new(seed.wrapping_add(worker as u64 * 7919));
                loop {
                    let turn = turns.lock().unwrap().pop();
                    let Some((number, deed)) = turn else { return };
                    let took = deed.is_told(project, &format!("hand-{number}"), &mut random, seed);
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = (*slowest).max(took);
                }
            });
        }
    });
    println!(
        "{times} × {} deeds, the slowest to be told took {:.1?}",
        DEEDS.len(),
        slowest.into_inner().unwrap()
    );
    assert_eq!(project.leftovers(), [""; 0], "CHAOS_SEED={seed}");
}

impl Deed {
    /// Does it, and gives how long it took until the job had ended by it.
    fn is_told(&self, project: &Project, id: &str, random: &mut Random, seed: u64) -> Duration {
        let target = format!("{}{{tag: {id}}}", self.to);
        let job = project.start(&target, id);
        project.wait_until(id, self.name, |job| match self.when {
            When::Runs(container) => job
                .containers
                .get(&ContainerId::from(container))
                .is_some_and(|container| container.status == ContainerStatus::Running),
            When::IsGone(container) => {
                job.containers.get(&ContainerId::from(container)).is_some_and(|container| container.removed)
            }
        });
        sleep(Duration::from_millis(random.below(300)));
        let mut done = (Timestamp::now(), Instant::now());
        for command in self.does {
            done = (Timestamp::now(), Instant::now());
            self.run(project, id, command);
        }
        let took = done.1.elapsed();
        let said = job.said();
        let whose = format!("CHAOS_SEED={seed}: {} ({id})\n{said}", self.name);
        let events = project.events(id);
        let status = Job::fold(&events).status;
        // An engine that is busy takes so long to start it again that it has ended by then.
        let is_slow =
            self.name == "restarted" && status == Status::Failed && said.contains("exited with code 143");
        assert!(is_slow || (status == self.ends && said.contains(self.story)), "{whose}");
        let lines = project.lines(id);
        assert!((0..lines.len() as u64).eq(lines.iter().map(|line| line.seq)), "{whose}");
        for kind in ["container", "network", "volume"] {
            assert_eq!(project.names(kind, id), [""; 0], "{whose}");
        }
        if !self.at_once {
            return Duration::ZERO;
        }
        let is_end = |what: &What| matches!(what, What::StepFinished { .. });
        let ended = events.iter().rfind(|event| is_end(&event.what)).map(|event| event.at).unwrap();
        let told = Duration::try_from(ended.duration_since(done.0)).unwrap_or_default().saturating_sub(took);
        assert!(told <= TOLD, "told after {told:?}, {whose}");
        told
    }

    fn run(&self, project: &Project, id: &str, command: &str) {
        let one = |kind: &str| project.names(kind, id).pop().unwrap_or_else(|| panic!("{id} has no {kind}"));
        let words: Vec<String> = command
            .split(' ')
            .map(|word| match word {
                "C" => one("container"),
                "N" => one("network"),
                "V" => one("volume"),
                "J" => id.to_owned(),
                word => word.to_owned(),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let say = || if words[0] == "pt" { project.say(&words[1..]) } else { project.docker(&words[1..]) };
        let (mut said, began) = (say(), Instant::now());
        // The engine takes its time to see that nobody uses it any more.
        while said.err.contains("has active endpoints") && began.elapsed() < TOLD {
            sleep(Duration::from_millis(50));
            said = say();
        }
        assert_eq!(said.code, 0, "{}: {command}: {}", self.name, said.err);
    }
}
