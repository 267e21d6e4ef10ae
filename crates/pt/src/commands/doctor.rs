//! `pt debug doctor`: whether this machine has what Polytope needs.

mod checks;

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;

use crate::cli::{ContextArgs, GlobalArgs, OutputArgs, ProjectArgs};
use crate::failure::{Failure, Outcome};

/// Checks what Polytope needs of this machine: a line per check, each mistake with its cure.
///
/// It fails if a check does. A warning is for what may hinder later.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// What a check has found.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Health,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Health {
    Ok,
    Warning,
    Failed,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Health::Ok, message: message.into(), cure: None }
    }

    fn warning(check: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, status: Health::Warning, message: message.into(), cure: Some(cure.into()) }
    }

    fn failed(check: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, status: Health::Failed, message: message.into(), cure: Some(cure.into()) }
    }
}

/// Runs the command.
pub(crate) fn run(args: &DoctorArgs, global: &GlobalArgs) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(checks::all(args, global))?;
    if args.output.output.is_some() {
        args.output.print(&findings)?;
    } else {
        show(&findings)?;
    }
    let failed = findings.iter().any(|finding| finding.status == Health::Failed);
    if failed { Err(Failure::silent(1)) } else { Ok(()) }
}

fn show(findings: &[Finding]) -> Outcome {
    let mut out = anstream::stdout().lock();
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    for finding in findings {
        let (mark, colour) = match finding.status {
            Health::Ok => ("✔", AnsiColor::Green),
            Health::Warning => ("!", AnsiColor::Yellow),
            Health::Failed => ("✘", AnsiColor::Red),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let check = finding.check;
        // Several lines stand below each other.
        let message = finding.message.trim_end().replace('\n', &format!("\n  {:width$}  ", ""));
        writeln!(out, "{style}{mark}{style:#} {check:width$}  {message}")?;
        if let Some(cure) = &finding.cure {
            writeln!(out, "  {:width$}  → {cure}", "")?;
        }
    }
    Ok(())
}
