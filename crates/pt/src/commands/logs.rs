//! `pt logs`: what a job said.

mod filter;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_model::{JobId, LogLine, size_text};
use pt_server::JobRecord;
use pt_store::{Bound, Dropped, JobKey, LogFilter, Store, StoreError};

use crate::cli::{ContextArgs, OutputArgs};
use crate::complete;
use crate::config::Config;
use crate::damage;
use crate::failure::{Failure, Outcome};
use crate::job_name::means;
use crate::output::{self, Format, LineOut};
use crate::watch::write_line;
use filter::FilterArgs;

/// Shows what a job said.
///
/// Without an id, the newest job. The id of a step or container shows its lines
/// in the newest job that has it.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LogsArgs {
    /// A job, step or container.
    #[arg(value_name = "id", add = ArgValueCandidates::new(complete::logs))]
    pub(crate) what: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Goes on until the job is over.
    #[arg(short, long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Takes the project of this polytope file instead of the one around the working directory.
    // Its usual letter follows here.
    #[arg(long, value_name = "path")]
    pub(crate) polytope_file: Option<PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Shows the last lines only, this many.
    #[arg(short = 'n', long, value_name = "count")]
    pub(crate) tail: Option<usize>,
}

/// How often a followed log is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the command.
pub(crate) fn run(args: &LogsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.polytope_file.as_deref())?;
    let records = app.jobs_here(&instance, true)?;
    let (record, of) = choose(records, args.what.as_deref())?;
    let (store, key) = (&app.store, &record.key);
    let width = record.job.steps.keys().map(|step| step.as_str().chars().count()).max().unwrap_or(4);
    let sheet = RefCell::new(Sheet { out: LineOut::default(), width, style: &args.output });
    let log = Log { store, key, filter: args.filter.in_store(of), wanted: &args.filter };
    if let Some(dropped) = store.log_dropped(key)? {
        tell_dropped(record.id(), &dropped);
    }
    let end = store.log_end(key)?;
    match args.tail {
        Some(count) => {
            let last = log.last(count, end)?;
            last.iter().try_for_each(|line| sheet.borrow_mut().show(line))?;
        }
        None => log.show(store.read_logs(key, 0, log.filter.clone()).before(end), &sheet)?,
    }
    sheet.borrow_mut().out.flush()?;
    let lost = store.lines_noted(key).saturating_sub(end);
    if lost > 0 && !record.alive {
        damage::warn(&format!(
            "The log of job {} is damaged: its last lines are lost, {lost} of them.",
            record.id()
        ));
    }
    if !args.follow {
        return Ok(());
    }
    let is_over = || {
        // All that is there has been read. Who does not read it ends this when the next line comes.
        drop(sheet.borrow_mut().out.flush());
        Ok(!store.runner_alive(key)?)
    };
    log.show(store.read_logs(key, end, log.filter.clone()).follow(PAUSE, is_over), &sheet)?;
    Ok(sheet.into_inner().out.flush()?)
}

/// The lines that were asked for.
struct Log<'a> {
    store: &'a Store,
    key: &'a JobKey,
    filter: LogFilter,
    wanted: &'a FilterArgs,
}

impl Log<'_> {
    /// Shows them as they come.
    fn show(
        &self,
        lines: impl Iterator<Item = Result<LogLine, StoreError>>,
        sheet: &RefCell<Sheet<'_>>,
    ) -> Result<(), Failure> {
        for line in lines {
            if line.is_err() {
                // What is told of it stands where the line would.
                sheet.borrow_mut().out.flush()?;
            }
            let Some(line) = damage::told(line)? else { continue };
            if self.wanted.admits(&line) {
                sheet.borrow_mut().show(&line)?;
            }
        }
        Ok(())
    }

    /// The last of them before this number. Looked for from the end, further back each time.
    fn last(&self, count: usize, end: u64) -> Result<VecDeque<LogLine>, Failure> {
        let (mut last, mut end, mut window) = (VecDeque::new(), end, (count as u64).max(1024));
        while last.len() < count && end > 0 {
            let begin = end.saturating_sub(window);
            let missing = count - last.len();
            let mut lines = VecDeque::new();
            for line in self.store.read_logs(self.key, begin, self.filter.clone()).before(end) {
                lines.extend(damage::told(line)?.filter(|line| self.wanted.admits(line)));
                if lines.len() > missing {
                    lines.pop_front();
                }
            }
            lines.into_iter().rev().for_each(|line| last.push_front(line));
            (end, window) = (begin, window.saturating_mul(4));
        }
        Ok(last)
    }
}

/// Where lines are shown, gathered until there is nothing more to show at once.
struct Sheet<'a> {
    out: LineOut,
    width: usize,
    style: &'a OutputArgs,
}

impl Sheet<'_> {
    fn show(&mut self, line: &LogLine) -> Result<(), Failure> {
        let out = &mut self.out;
        match self.style.output {
            // What the line says, without whose it is.
            None if self.style.raw => writeln!(out, "{}", line.text)?,
            None => write_line(out, &line.step, self.width, &line.text)?,
            // Item by item it is one list.
            Some(Format::Yaml) => write!(out, "{}", output::render(&[line], Format::Yaml, true)?)?,
            Some(format) => write!(out, "{}", output::render(line, format, false)?)?,
        }
        Ok(out.end_line()?)
    }
}

fn tell_dropped(job: &JobId, dropped: &Dropped) {
    let Dropped { lines, at, bound, bound_b } = dropped;
    let (whose, key) = match bound {
        Bound::All => ("the logs of all jobs", "keep"),
        Bound::Job => ("the log of a job", "keep-of-job"),
    };
    let size = size_text(*bound_b);
    damage::warn(&format!(
        "The first {lines} lines of job {job} are kept no longer: on {} they were dropped, so that {whose} take at most {size} \
         (`logs: {{{key}: …}}` in the config file).",
        at.strftime("%F")
    ));
}

/// The job that is meant: by its id, or the newest of this target or with a step or container of this id, or the newest.
pub(super) fn choose(
    records: Vec<JobRecord>,
    what: Option<&str>,
) -> Result<(JobRecord, Option<String>), Failure> {
    let Some(what) = what else {
        let newest = records.into_iter().next();
        return newest.map(|record| (record, None)).ok_or_else(|| Failure::new("No job has run here yet."));
    };
    let mut newest = None;
    for record in records {
        if record.id().as_str() == what {
            return Ok((record, None));
        }
        if newest.is_some() {
            continue;
        }
        let has = record.job.steps.keys().any(|id| id.as_str() == what)
            || record.job.containers.keys().any(|id| id.as_str() == what);
        if means(what, record.id()) {
            newest = Some((record, None));
        } else if has {
            newest = Some((record, Some(what.to_owned())));
        }
    }
    newest.ok_or_else(|| {
        Failure::new(format!("No job, step or container '{what}' is known here."))
            .hint("`pt ps --all` lists the jobs.")
    })
}
