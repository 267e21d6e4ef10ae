//! One job: run, its runner killed, taken over or cleared away, and judged.

use std::io::Read;
use std::process::Child;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use pt_model::{Event, Job, LogLine};
use pt_store::{JobKey, LogFilter, Store};
use rustix::process::{Pid, Signal, kill_process};

use crate::Tally;
use crate::kinds::{KINDS, Kind};
use crate::project::{PATIENCE, Project};
use crate::random::Random;
use crate::verdict::{Ended, judge};

const PAUSE: Duration = Duration::from_millis(5);

type Result<T> = std::result::Result<T, String>;

/// Runs a job and kills its runners.
pub(crate) fn run(project: &Project, id: &str, random: &mut Random, tally: &Tally) -> Result<()> {
    let kind = KINDS[usize::try_from(random.below(KINDS.len() as u64)).map_err(|error| error.to_string())?];
    let target = format!("{}{{tag: {id}}}", kind.template);
    let mut runner =
        project.pt(&["run", &target, "--job-id", id, "--non-interactive"]).spawn().map_err(said)?;
    sleep(moment(random));
    let was_killed = runner.try_wait().map_err(said)?.is_none();
    runner.kill().map_err(said)?;
    runner.wait().map_err(said)?;
    let store = project.store();
    let key = project.key(&store, id);
    tally.jobs.fetch_add(1, Ordering::Relaxed);
    if was_killed {
        tally.kills.fetch_add(1, Ordering::Relaxed);
    }
    if store.job(&key).map_err(said)?.is_none() {
        // Before there was a job.
        return Ok(());
    }
    let mut past = Past::default();
    past.check(&store, &key)?;
    let mut cleared = false;
    while !has_ended(&store, &key)? {
        doubles(project, id)?;
        if random.percent(20) {
            cleared = true;
            tally.cleared.fetch_add(1, Ordering::Relaxed);
            wait(project.pt(&["stop", id]).spawn().map_err(said)?)?;
            break;
        }
        let mut follower = project.pt(&["attach", id]).spawn().map_err(said)?;
        let again = random.percent(50);
        let deadline = Instant::now() + if again { moment(random) } else { PATIENCE };
        while follower.try_wait().map_err(said)?.is_none() && Instant::now() < deadline {
            sleep(PAUSE);
        }
        if again && kill_runner(&store, &key)? {
            tally.kills.fetch_add(1, Ordering::Relaxed);
        }
        let words = words_of(follower)?;
        if words.contains("Nobody can go on") && past.events.is_empty() {
            // The first runner died before it had written down what it was to do.
            wait(project.pt(&["stop", id]).spawn().map_err(said)?)?;
            cleared = true;
            break;
        }
        tally.taken_over.fetch_add(1, Ordering::Relaxed);
        past.check(&store, &key).map_err(|why| format!("{why}\nattach said: {words}"))?;
        if !again && !has_ended(&store, &key)? {
            return Err(format!("{}: it does not end; attach said: {words}", kind.template));
        }
    }
    past.check(&store, &key)?;
    tally.events.fetch_add(past.events.len(), Ordering::Relaxed);
    tally.lines.fetch_add(past.lines.len(), Ordering::Relaxed);
    judge(&kind, &Ended { events: &past.events, lines: &past.lines, cleared })
        .map_err(|why| format!("{}: {why}\n{}", kind.template, past.told()))?;
    for (container, ..) in kind.containers {
        let runs = project.runs(&format!("{id}-{container}"));
        if runs > kind.runs || (runs < kind.runs && !cleared) {
            return Err(format!("{}: {container} ran {runs} times\n{}", kind.template, past.told()));
        }
    }
    let left = project.hosts(id);
    if left.is_empty() { Ok(()) } else { Err(format!("{}: {left:?} are left", kind.template)) }
}

/// When a runner is killed: often early, where most is going on.
fn moment(random: &mut Random) -> Duration {
    let most = if random.percent(50) { 700 } else { 2500 };
    Duration::from_millis(random.below(most))
}

/// What was known of a job: it stays true.
#[derive(Default)]
struct Past {
    events: Vec<Event>,
    lines: Vec<LogLine>,
}

impl Past {
    fn check(&mut self, store: &Store, key: &JobKey) -> Result<()> {
        let events = store.events(key, 0).map_err(said)?;
        let lines: Vec<LogLine> = store
            .read_logs(key, 0, LogFilter::default())
            .collect::<std::result::Result<_, _>>()
            .map_err(said)?;
        if !events.starts_with(&self.events) || !lines.starts_with(&self.lines) {
            return Err(format!("what was known is no longer so\n{}", self.told()));
        }
        (self.events, self.lines) = (events, lines);
        Ok(())
    }

    fn told(&self) -> String {
        let mut all: Vec<(jiff::Timestamp, String)> =
            self.events.iter().map(|event| (event.at, format!("{:?}", event.what))).collect();
        all.extend(self.lines.iter().map(|line| {
            let container = line.container.as_ref().map_or("", |id| id.as_str());
            (line.at, format!("{container} {:?} | {}", line.stream, line.text))
        }));
        all.sort();
        all.into_iter().map(|(at, text)| format!("{at} {text}\n")).collect()
    }
}

fn has_ended(store: &Store, key: &JobKey) -> Result<bool> {
    Ok(Job::fold(&store.events(key, 0).map_err(said)?).status.has_ended())
}

/// No container is there twice.
fn doubles(project: &Project, id: &str) -> Result<()> {
    let mut hosts = project.hosts(id);
    hosts.sort();
    match hosts.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("container {} is there twice", pair[0])),
        None => Ok(()),
    }
}

/// Kills the process that runs the job now, if one does.
fn kill_runner(store: &Store, key: &JobKey) -> Result<bool> {
    if !store.runner_alive(key).map_err(said)? {
        return Ok(false);
    }
    let Some(runner) = store.runner(key).map_err(said)? else { return Ok(false) };
    let pid = i32::try_from(runner.pid).ok().and_then(Pid::from_raw).ok_or("no pid")?;
    let killed = kill_process(pid, Signal::KILL).is_ok();
    let began = Instant::now();
    while store.runner_alive(key).map_err(said)? {
        if began.elapsed() > PATIENCE {
            return Err("somebody holds the lock of a runner that was killed".to_owned());
        }
        sleep(PAUSE);
    }
    Ok(killed)
}

fn wait(child: Child) -> Result<()> {
    words_of(child).map(drop)
}

/// What a command says until it ends.
fn words_of(mut child: Child) -> Result<String> {
    let began = Instant::now();
    while child.try_wait().map_err(said)?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().map_err(said)?;
            return Err("a command does not end".to_owned());
        }
        sleep(PAUSE);
    }
    let mut words = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut words).map_err(said)?;
    }
    Ok(words)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Kind {
    /// The lines that a container writes to a stream over all its runs.
    pub(crate) fn lines(&self, of_one_run: usize) -> Vec<String> {
        (0..self.runs).flat_map(|_| (1..=of_one_run).map(|number| format!("line {number}"))).collect()
    }
}
