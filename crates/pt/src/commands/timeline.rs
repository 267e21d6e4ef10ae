//! `pt timeline`: where a job's time went.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;
use pt_model::{Span, SpanKind, Trace};
use pt_server::trace_document;

use super::logs::choose;
use crate::cli::ContextArgs;
use crate::complete;
use crate::config::Config;
use crate::failure::Outcome;
use crate::output::{self, Format};

/// Shows where the time of a job went: a bar for each step and container.
///
/// Without an id, the newest job. In the bars of containers ░ is the pull of the image,
/// ▒ the wait until a service answered; ─ is what services sent (pt run --otlp).
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct TimelineArgs {
    /// A job, or the newest with this step or container.
    #[arg(value_name = "id", add = ArgValueCandidates::new(complete::logs))]
    what: Option<String>,
    #[command(flatten)]
    context: ContextArgs,
    /// Selects output format [default: bars].
    #[arg(short, long, value_name = "format", conflicts_with = "otlp")]
    output: Option<Format>,
    /// Prints the trace as a document of OpenTelemetry, as collectors take it.
    #[arg(long)]
    otlp: bool,
    /// Takes the project of this polytope file instead of the one around the working directory.
    #[arg(long, value_name = "path")]
    polytope_file: Option<PathBuf>,
}

/// How many pieces are shown that services sent.
const MOST_RECEIVED: usize = 200;

/// How wide bars are, in columns.
const WIDTH: usize = 40;

/// Runs the command.
pub(crate) fn run(args: &TimelineArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.polytope_file.as_deref())?;
    let (record, _) = choose(app.jobs_here(&instance, true)?, args.what.as_deref())?;
    let mut trace = Trace::of(&app.store.events(&record.key, 0)?);
    let received = app.store.spans(&record.key, 0)?;
    let own: Vec<Span> = trace.spans().cloned().collect();
    trace.add_received(&received);
    let spans: Vec<Span> = trace.spans().cloned().collect();
    let mut out = anstream::stdout().lock();
    match args.output {
        _ if args.otlp => {
            writeln!(out, "{:#}", trace_document(&record.key, &own, &received, "polytope", None))?;
        }
        Some(format) => write!(out, "{}", output::render(&spans, format, true)?)?,
        None => write!(out, "{}", Bars::of(&spans, Timestamp::now()))?,
    }
    Ok(())
}

/// The pieces of a job one below the other.
struct Bars<'s> {
    spans: &'s [Span],
    begin: Timestamp,
    end: Timestamp,
}

impl<'s> Bars<'s> {
    fn of(spans: &'s [Span], now: Timestamp) -> Self {
        // Clocks of services may go wrong.
        let own = || spans.iter().filter(|span| span.kind != SpanKind::Received);
        let begin = own().map(|span| span.start).min().unwrap_or(now);
        let end = own().map(|span| span.end.unwrap_or(now)).max().unwrap_or(now);
        Self { spans, begin, end }
    }

    /// Each piece that has a bar of its own, and how deep it lies in others; and whether some have none, because they are too many.
    fn rows(&self) -> (Vec<(&'s Span, usize)>, bool) {
        let mut below: HashMap<Option<&str>, Vec<&Span>> = HashMap::new();
        for span in self.spans {
            below.entry(span.parent.as_deref()).or_default().push(span);
        }
        let (mut rows, mut received, mut hidden) = (Vec::new(), 0, false);
        let mut left: Vec<(&Span, usize)> =
            below.get(&None).into_iter().flatten().map(|span| (*span, 0)).collect();
        left.reverse();
        while let Some((span, depth)) = left.pop() {
            match span.kind {
                SpanKind::Job | SpanKind::Step | SpanKind::Container => {}
                SpanKind::Received if received < MOST_RECEIVED => received += 1,
                SpanKind::Received => {
                    hidden = true;
                    continue;
                }
                SpanKind::Pull | SpanKind::Run | SpanKind::Readiness => continue,
            }
            rows.push((span, depth));
            let parts = below.get(&Some(span.id.as_str())).into_iter().flatten();
            left.extend(parts.rev().map(|part| (*part, depth + 1)));
        }
        (rows, hidden)
    }

    /// Columns of the bar from one moment to another; a piece is never without one.
    fn columns(&self, from: Timestamp, to: Timestamp) -> std::ops::Range<usize> {
        let whole = self.end.duration_since(self.begin).as_secs_f64().max(f64::EPSILON);
        let column =
            |at: Timestamp| (at.duration_since(self.begin).as_secs_f64() / whole * WIDTH as f64) as usize;
        let start = column(from).min(WIDTH - 1);
        start..column(to).clamp(start + 1, WIDTH)
    }

    fn bar(&self, span: &Span) -> String {
        let mut cells = [' '; WIDTH];
        let mut draw = |span: &Span, cell: char| {
            self.columns(span.start, span.end.unwrap_or(self.end)).for_each(|column| cells[column] = cell);
        };
        let cell = match span.kind {
            SpanKind::Container => '█',
            SpanKind::Received => '─',
            SpanKind::Job | SpanKind::Step | SpanKind::Pull | SpanKind::Run | SpanKind::Readiness => '━',
        };
        draw(span, cell);
        for part in self.spans.iter().filter(|part| part.parent.as_ref() == Some(&span.id)) {
            match part.kind {
                SpanKind::Pull => draw(part, '░'),
                SpanKind::Readiness => draw(part, '▒'),
                SpanKind::Job | SpanKind::Step | SpanKind::Container | SpanKind::Run | SpanKind::Received => {
                }
            }
        }
        cells.iter().collect()
    }
}

impl std::fmt::Display for Bars<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rows, hidden) = self.rows();
        let name = |(span, depth): &(&Span, usize)| format!("{:1$}{2}", "", depth * 2, span.name);
        let width = rows.iter().map(|row| name(row).chars().count()).max().unwrap_or_default();
        for row in &rows {
            let span = row.0;
            let seconds = span.end.unwrap_or(self.end).duration_since(span.start).as_secs_f64();
            let goes_on = if span.end.is_none() { "goes on" } else { "" };
            let said = [goes_on, span.outcome.as_str(), span.detail.as_str()];
            let said: Vec<&str> = said.into_iter().filter(|said| !said.is_empty()).collect();
            let line =
                format!("{:width$} {} {seconds:>8.2} s  {}", name(row), self.bar(span), said.join(", "));
            writeln!(f, "{}", line.trim_end())?;
        }
        if hidden {
            writeln!(f, "Not all spans that services sent are shown: -o json does.")?;
        }
        Ok(())
    }
}
