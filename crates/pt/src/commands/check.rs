//! `pt check`: everything that is wrong with the project's files.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use pt_server::LoadedProject;
use pt_spec::FILE_NAMES;
use pt_syntax::{Diagnostic, Severity, Style, count, render};
use serde::{Deserialize, Serialize};

use crate::cli::{ContextArgs, LockArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::findings::{self, FindingFormat};
use crate::targets;

/// Shows all mistakes in the project's files, in what nothing uses yet, too.
///
/// It fails if one of them is an error. Warnings never stop anything.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Selects output format [default: text with the lines in question].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<FindingFormat>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let color = std::io::stdout().is_terminal();
    let style = Style { color, ..Style::default() };
    let answer = if args.locks.update_locks {
        let project = app.load_newest(args.project.polytope_file.as_deref(), &app.environment.context)?;
        answer(&project, &app.check(&project)?, args.output, style)?
    } else {
        let question = format!("check {:?} {color}", args.output);
        let tell = |project: &LoadedProject, found: &[Diagnostic]| answer(project, found, args.output, style);
        app.check_once(args.project.polytope_file.as_deref(), &question, tell)?
    };
    if !answer.is_project {
        return Err(targets::no_project());
    }
    anstream::stdout().lock().write_all(answer.text.as_bytes())?;
    if args.output.is_none() {
        tell_unread(answer.root_file.as_deref())?;
        writeln!(anstream::stderr().lock(), "{}", answer.summary)?;
    }
    if answer.is_wrong { Err(Failure::silent(1)) } else { Ok(()) }
}

/// What is told of a project.
#[derive(Serialize, Deserialize)]
struct Answer {
    /// Whether there is one.
    is_project: bool,
    root_file: Option<PathBuf>,
    text: String,
    summary: String,
    is_wrong: bool,
}

fn answer(
    project: &LoadedProject,
    found: &[Diagnostic],
    format: Option<FindingFormat>,
    style: Style,
) -> Result<Answer, Failure> {
    let sources = project.loaded.project.sources();
    Ok(Answer {
        is_project: targets::is_project(project),
        root_file: project.root_file.clone(),
        text: match format {
            Some(format) => findings::write(found, sources, format)?,
            None => render(found, sources, style),
        },
        summary: summary(found),
        is_wrong: found.iter().any(|diagnostic| diagnostic.severity == Severity::Error),
    })
}

/// Tells which polytope files nobody reads, because another one lies beside them.
fn tell_unread(root_file: Option<&Path>) -> Outcome {
    let Some((root_file, dir)) = root_file.and_then(|file| Some((file, file.parent()?))) else {
        return Ok(());
    };
    let read = root_file.file_name().unwrap_or_default();
    for name in FILE_NAMES.iter().filter(|name| **name != read && dir.join(name).is_file()) {
        let read = read.display();
        writeln!(
            anstream::stderr().lock(),
            "{name} is not read: {read} lies beside it. Name it in an `include:`."
        )?;
    }
    Ok(())
}

/// How many there are of which severity, and where to read on.
fn summary(found: &[Diagnostic]) -> String {
    let of = |severity| found.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let Some(first) = found.iter().max_by_key(|diagnostic| diagnostic.severity) else {
        return "No mistakes found.".to_owned();
    };
    let counted = match (errors, warnings) {
        (0, warnings) => count(warnings, "warning").to_string(),
        (errors, 0) => count(errors, "error").to_string(),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    format!("\n{counted}. For more: pt explain {}", first.id)
}
