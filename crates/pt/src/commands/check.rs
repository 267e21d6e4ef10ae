//! `pt check`: everything that is wrong with the project's files.

use std::io::{IsTerminal, Write};

use pt_server::{App, Environment};
use pt_syntax::{Diagnostic, Severity, Style, count, render};

use crate::cli::CheckArgs;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::findings::{self, FindingFormat};
use crate::targets;

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    let app = App::open(Environment::read()?)?;
    let project = targets::load(&app, &args.project, &args.locks, &context)?;
    let found = app.check(&project)?;
    let sources = project.loaded.project.sources();
    let text = match args.output {
        Some(FindingFormat::Json) => findings::json(&found, sources)?,
        Some(FindingFormat::Sarif) => findings::sarif(&found, sources)?,
        None => {
            let color = std::io::stdout().is_terminal();
            render(&found, sources, Style { color, ..Style::default() })
        }
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    if args.output.is_none() {
        writeln!(anstream::stderr().lock(), "{}", summary(&found))?;
    }
    let wrong = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if wrong { Err(Failure::silent(1)) } else { Ok(()) }
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
