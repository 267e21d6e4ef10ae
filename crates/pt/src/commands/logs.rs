//! `pt logs`: what a job said.

mod filter;

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_model::LogLine;
use pt_server::JobRecord;
use pt_store::LogFilter;

use crate::cli::{ContextArgs, OutputArgs};
use crate::complete;
use crate::config::Config;
use crate::damage;
use crate::failure::{Failure, Outcome};
use crate::job_name::means;
use crate::output::{self, Format};
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
    let wanted = |line: &LogLine| args.filter.admits(line, of.as_deref());
    let width = record.job.steps.keys().map(|step| step.as_str().chars().count()).max().unwrap_or(4);
    let mut reader = app.store.read_logs(&record.key, 0, LogFilter::default());
    let show = |line: &LogLine| -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        match args.output.output {
            // What the line says, without whose it is.
            None if args.output.raw => writeln!(out, "{}", line.text)?,
            None => write_line(&line.step, width, &line.text)?,
            // Item by item it is one list.
            Some(Format::Yaml) => write!(out, "{}", output::render(&[line], Format::Yaml, true)?)?,
            Some(format) => write!(out, "{}", output::render(line, format, false)?)?,
        }
        Ok(())
    };
    let (mut tail, mut read) = (VecDeque::new(), 0);
    for line in reader.by_ref() {
        let Some(line) = damage::told(line)? else { continue };
        read = line.seq + 1;
        if !wanted(&line) {
            continue;
        }
        match args.tail {
            None => show(&line)?,
            Some(count) => {
                tail.push_back(line);
                if tail.len() > count {
                    tail.pop_front();
                }
            }
        }
    }
    tail.iter().try_for_each(show)?;
    let lost = app.store.lines_noted(&record.key).saturating_sub(read);
    if lost > 0 && !record.alive {
        damage::warn(&format!(
            "The log of job {} is damaged: its last lines are lost, {lost} of them.",
            record.id()
        ));
    }
    if !args.follow {
        return Ok(());
    }
    let is_over = || Ok(!app.store.runner_alive(&record.key)?);
    for line in reader.follow(PAUSE, is_over) {
        let Some(line) = damage::told(line)? else { continue };
        if wanted(&line) {
            show(&line)?;
        }
    }
    Ok(())
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
