//! `pt attach`: goes on where `pt run -d` left off.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_model::{Event, LogLine, Status};
use pt_server::{App, JobRecord};
use pt_store::{LogFilter, LogReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{ContextArgs, ProjectArgs};
use crate::commands::run;
use crate::complete;
use crate::config::Config;
use crate::damage;
use crate::failure::{Failure, Outcome};
use crate::jobs_of::{self, orphaned};
use crate::watch::Watcher;

/// Follows a job that runs, as `pt run` would, and goes on with one whose runner is gone.
///
/// What it says from now on is shown, and how it ends; the exit code is that of
/// `pt run`. Ctrl-C leaves the job running.
///
/// If the job's runner was killed, another one goes on with it in the background:
/// containers that run are watched on, what they wrote meanwhile is kept, and what
/// has not begun is run. A step whose code did more than to start containers and
/// to wait for them has failed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct AttachArgs {
    /// The job, by its id or its target.
    #[arg(value_name = "job", add = ArgValueCandidates::new(complete::live_jobs))]
    job: String,
    /// Goes on with a job for another process, which waits for its id.
    #[arg(long, hide = true)]
    runner: bool,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// Shows that many of the last lines first.
    #[arg(short = 'n', long, value_name = "count", default_value_t = 0, hide_default_value = true)]
    tail: usize,
}

/// How often is looked for news.
const PAUSE: Duration = Duration::from_millis(30);

/// Runs the command.
pub(crate) fn run(args: &AttachArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let record = jobs_of::find(&app, &instance, &args.job)?;
    let id = record.id();
    if args.runner {
        return run::go_on(&args.context, &record, config);
    }
    if record.job.status.has_ended() {
        return Err(Failure::new(format!("Job {id} is over: {}.", record.job.status.word()))
            .hint(format!("`pt logs {id}` shows what it said, `pt rerun {id}` runs it again.")));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let leave = runtime.block_on(async { Leave::new() })?;
    let mut watched = Watched::new(&app, &record, args.tail)?;
    if record.is_orphan() {
        run::begin_runner(&app)?;
    }
    watched.watcher.attached()?;
    watched.show_last()?;
    let job = watched.follow(&runtime, leave)?;
    match job {
        Some(Status::Success) => Ok(()),
        Some(_) => Err(Failure::silent(1)),
        None => {
            writeln!(
                anstream::stderr().lock(),
                "Detached: job {id} goes on. `pt attach {id}` follows it again, `pt stop {id}` stops it."
            )?;
            Err(Failure::silent(130))
        }
    }
}

/// The signals by which somebody leaves.
struct Leave {
    signals: [tokio::signal::unix::Signal; 3],
}

impl Leave {
    fn new() -> io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [a, b, c] = kinds.map(signal);
        Ok(Self { signals: [a?, b?, c?] })
    }

    /// Waits for one, but not long; says whether one came.
    async fn wanted(&mut self) -> bool {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            Some(()) = interrupt.recv() => true,
            Some(()) = terminate.recv() => true,
            Some(()) = hangup.recv() => true,
            () = tokio::time::sleep(PAUSE) => false,
        }
    }
}

/// A job that another process runs, as far as it was seen.
struct Watched<'a> {
    app: &'a App,
    record: &'a JobRecord,
    lines: LogReader,
    /// Lines of before that are to be shown first.
    last: Vec<LogLine>,
    events: u64,
    watcher: Watcher,
}

impl<'a> Watched<'a> {
    fn new(app: &'a App, record: &'a JobRecord, tail: usize) -> Result<Self, Failure> {
        // What is there now is the past; of lines only the last ones are wanted.
        let past: Vec<Event> = app.store.events(&record.key, 0)?;
        let from = app.store.log_end(&record.key)?.saturating_sub(tail.max(Watcher::LAST_LINES) as u64);
        let mut lines = app.store.read_logs(&record.key, from, LogFilter::default());
        let mut last: Vec<LogLine> = Vec::new();
        for line in lines.by_ref() {
            let Some(line) = damage::told(line)? else { continue };
            last.push(line);
            if last.len() > tail.max(Watcher::LAST_LINES) * 2 {
                last.drain(..last.len() - tail.max(Watcher::LAST_LINES));
            }
        }
        let mut watcher = Watcher::of(&past);
        let shown = last.len() - tail.min(last.len());
        last.drain(..shown).for_each(|line| watcher.remember(&line));
        Ok(Self { app, record, lines, last, events: past.len() as u64, watcher })
    }

    fn show_last(&mut self) -> Outcome {
        for line in std::mem::take(&mut self.last) {
            self.watcher.line(&line)?;
        }
        Ok(self.watcher.flush()?)
    }

    /// Shows what happens until the job is over, or somebody leaves: then nothing.
    fn follow(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        mut leave: Leave,
    ) -> Result<Option<Status>, Failure> {
        loop {
            // Alive is asked first: what was written before the end is not missed.
            let alive = self.app.store.runner_alive(&self.record.key)?;
            self.news()?;
            let status = self.watcher.status();
            if status.has_ended() {
                return Ok(Some(status));
            }
            if !alive {
                return Err(orphaned(self.record));
            }
            if runtime.block_on(leave.wanted()) {
                return Ok(None);
            }
        }
    }

    /// Shows lines and events in the order of their times.
    fn news(&mut self) -> Outcome {
        let key = &self.record.key;
        let events = self.app.store.events(key, self.events)?;
        if !events.is_empty() {
            // Lines from before these events may be on their way.
            thread::sleep(PAUSE);
        }
        self.events += events.len() as u64;
        let mut events = events.into_iter().peekable();
        for line in self.lines.by_ref() {
            let Some(line) = damage::told(line)? else { continue };
            while let Some(event) = events.next_if(|event| event.at <= line.at) {
                self.watcher.event(event)?;
            }
            self.watcher.line(&line)?;
        }
        self.watcher.flush()?;
        for event in events {
            self.watcher.event(event)?;
        }
        Ok(())
    }
}
