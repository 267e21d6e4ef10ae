//! What is kept is damaged at its end: the next command says what is lost, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use pt_model::{Event, Job, Status};
use pt_store::{LogFilter, Store};

use crate::project::{Place, Project, Said};
use crate::random::Random;
use crate::{number, seed};

/// Jobs of before.
const JOBS: usize = 6;

/// The one whose runner was killed.
const ORPHAN: &str = "lasting-1";

/// The one whose log is damaged.
const DAMAGED_LOG: &str = "quick-3";

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    CutDatabase,
    ScribbledDatabase,
    LengthenedDatabase,
    EmptiedDatabase,
    CutJournal,
    ScribbledJournal,
    CutLog,
    ScribbledLog,
    LengthenedLog,
}

const DAMAGES: [Damage; 9] = [
    Damage::CutDatabase,
    Damage::ScribbledDatabase,
    Damage::LengthenedDatabase,
    Damage::EmptiedDatabase,
    Damage::CutJournal,
    Damage::ScribbledJournal,
    Damage::CutLog,
    Damage::ScribbledLog,
    Damage::LengthenedLog,
];

#[test]
fn a_damaged_end_of_what_is_kept_is_told_and_nothing_else_is_lost() {
    let seed = seed("damage");
    let times = number("CHAOS_DAMAGES", 9);
    let mut random = Random::new(seed);
    let project = Project::new(Place::Nowhere);
    for _ in 0..JOBS {
        assert_eq!(project.say(&["run", "quick"]).code, 0);
    }
    assert_eq!(project.say(&["values", "set", "colour", "blue"]).code, 0);
    let mut runner = project.pt(&["run", "lasting"]).spawn().unwrap();
    project.wait_until(ORPHAN, "the job", |job| job.status == Status::Running);
    while project.lines(ORPHAN).is_empty() {
        sleep(Duration::from_millis(10));
    }
    // A store of our own that is open would be the last one out, and tidy up.
    runner.kill().unwrap();
    runner.wait().unwrap();
    let whole = project.state().with_file_name("whole");
    copy(&project.state(), &whole);
    let before = known(&project);
    for turn in 0..times {
        let damage = DAMAGES[usize::try_from(turn).unwrap() % DAMAGES.len()];
        fs::remove_dir_all(project.state()).unwrap();
        copy(&whole, &project.state());
        let how = damage.done_to(&project.state(), &mut random);
        let whose = format!("CHAOS_SEED={seed}, turn {turn}: {damage:?}, {how}");
        judge(&project, damage, &before, &whose);
    }
}

/// What is known of each job: its events, and what it said.
type Known = BTreeMap<String, (Vec<Event>, String)>;

fn ids() -> Vec<String> {
    (1..=JOBS).map(|number| format!("quick-{number}")).chain([ORPHAN.to_owned()]).collect()
}

fn known(project: &Project) -> Known {
    let texts = |id: &str| project.lines(id).into_iter().map(|line| line.text + "\n").collect::<String>();
    ids().into_iter().map(|id| (id.clone(), (project.events(&id), texts(&id)))).collect()
}

fn judge(project: &Project, damage: Damage, before: &Known, whose: &str) {
    let mut told = String::new();
    let mut say = |args: &[&str]| -> Said {
        let said = project.say(args);
        assert!(said.code != 101 && !said.err.contains("panicked"), "{whose}: {args:?} {}", said.err);
        told.push_str(&said.err);
        said
    };
    // The first ones may find the damage, by then it is mended.
    for args in
        [&["ps", "--all"][..], &["logs", "quick-2"], &["logs", ORPHAN], &["attach", ORPHAN, "-n", "1"]]
    {
        say(args);
    }
    for args in [&["ps", "--all"][..], &["values", "list"], &["run", "quick"], &["jobs", "list", "--all"]] {
        let said = say(args);
        assert_eq!(said.code, 0, "{whose}: {args:?} {}", said.err);
    }
    say(&["logs", DAMAGED_LOG]);
    let is_gone = told.contains("is gone, or was emptied");
    assert_eq!(is_gone, damage == Damage::EmptiedDatabase, "{whose}: {told}");
    let values = project.say(&["values", "list"]).out;
    assert!(values.contains("blue") || told.contains("values"), "{whose}: {told}");
    let store = Store::open(&project.state()).unwrap();
    for (id, (events, said)) in before {
        let now = store.events(&project.key(&store, id), 0).unwrap_or_default();
        let is_told = told.contains(&format!("events of job {id}"))
            || told.contains("perhaps some jobs")
            || told.contains("all jobs");
        let is_kept = now.starts_with(events);
        assert!(
            is_kept || is_told,
            "{whose}: {id} has lost events, of which nothing is told: {told}\n{now:#?}"
        );
        let ended = Job::fold(events).status;
        let has_same_end = now.is_empty() || !ended.has_ended() || Job::fold(&now).status == ended;
        let is_journal = matches!(damage, Damage::CutJournal | Damage::ScribbledJournal);
        assert!(has_same_end || is_journal, "{whose}: {id} ended as {ended:?}: {now:#?}");
        let is_log_told = told.contains(&format!("{id}.log is damaged"))
            || told.contains(&format!("log of job {id} is damaged"));
        let readable = store.read_logs(&project.key(&store, id), 0, LogFilter::default()).readable();
        let log: String = readable.map(|line| line.unwrap().text + "\n").collect();
        assert!(log.starts_with(said.as_str()) || is_log_told, "{whose}: {id} says {log}: {told}");
    }
}

impl Damage {
    /// Does it. Says what exactly was done.
    fn done_to(self, state: &Path, random: &mut Random) -> String {
        let log = || {
            fs::read_dir(state.join("logs"))
                .unwrap()
                .next()
                .unwrap()
                .unwrap()
                .path()
                .join(format!("{DAMAGED_LOG}.log"))
        };
        let file: PathBuf = match self {
            Self::CutDatabase
            | Self::ScribbledDatabase
            | Self::LengthenedDatabase
            | Self::EmptiedDatabase => {
                // What is in the journal mends what is damaged here.
                settle(state);
                state.join("polytope.db")
            }
            Self::CutJournal | Self::ScribbledJournal => state.join("polytope.db-wal"),
            Self::CutLog | Self::ScribbledLog | Self::LengthenedLog => log(),
        };
        let mut content = fs::read(&file).unwrap();
        let length = content.len() as u64;
        // The beginning of a database says what it is; of it only the end is damaged.
        let most = if file.ends_with("polytope.db") { length / 2 } else { length };
        let end = usize::try_from(length - 1 - random.below(most.max(1))).unwrap();
        let mut scribble = || u8::try_from(random.below(256)).unwrap();
        match self {
            Self::CutDatabase | Self::CutJournal | Self::CutLog => content.truncate(end),
            Self::EmptiedDatabase => content.clear(),
            Self::ScribbledDatabase | Self::ScribbledJournal | Self::ScribbledLog => {
                content[end..].iter_mut().for_each(|byte| *byte = scribble());
            }
            Self::LengthenedDatabase | Self::LengthenedLog => content.extend((0..3000).map(|_| scribble())),
        }
        fs::write(&file, content).unwrap();
        format!("from byte {end} of {length}")
    }
}

/// Has the database take over its journal.
fn settle(state: &Path) {
    drop(Store::open(state).unwrap());
    assert!(!state.join("polytope.db-wal").exists());
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}
