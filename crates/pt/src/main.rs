//! The command line: reads it, carries out the command, says what went wrong.

mod answer;
mod ask;
mod cli;
mod commands;
mod complete;
mod config;
mod damage;
mod failure;
mod help;
mod job_name;
mod jobs_of;
mod log;
mod output;
mod prompt;
mod table;
mod targets;
mod usage;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use pt_spec::Kind;

use cli::{Cli, Command, DebugCommand};
use commands::named::Noun;
use commands::parts::Part;
use config::Config;
use failure::{Failure, Outcome};
use log::Log;

/// Planning makes and drops very many small pieces, and ten thousand waiting steps have a thread each: few allocators are
/// quick at the one and frugal at the other.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    complete::answer();
    match read().and_then(|cli| cli.map_or(Ok(()), carry_out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// The command to carry out; nothing if help or the version was all that was wanted.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other kind is a mistake")]
fn read() -> Result<Option<Cli>, Failure> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let error = match cli::parse(&args) {
        Ok(cli) => return Ok(Some(cli)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp => write!(anstream::stdout(), "{error}")?,
        ErrorKind::DisplayVersion => commands::version::run()?,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            write!(anstream::stderr(), "{error}")?;
            return Err(Failure::silent(2));
        }
        _ => return Err(usage::failure(&error, &args)),
    }
    Ok(None)
}

fn carry_out(cli: Cli) -> Outcome {
    let mut log = Log::open(&cli.global)?;
    log.say(&format!("pt {}", cli.command.name()))?;
    let outcome = dispatch(cli);
    match &outcome {
        Ok(()) => log.say("done")?,
        Err(failure) => log.say(&format!("failed: {}", failure.message.as_deref().unwrap_or("as shown")))?,
    }
    outcome
}

fn dispatch(cli: Cli) -> Outcome {
    let config = || Config::read(&cli.global);
    match &cli.command {
        Command::Run(args) if args.mcp => commands::mcp::run_beside(args, &config()?),
        Command::Run(args) => commands::run::run(args, &config()?),
        Command::Plan(args) => commands::plan::run(args, &config()?),
        Command::Check(args) => commands::check::run(args, &config()?),
        Command::Eval(args) => commands::eval::run(args, &config()?),
        Command::Explain(args) => commands::explain::run(args),
        Command::Config(args) => commands::config::run(args),
        Command::Fmt(args) => commands::fmt::run(args),
        Command::Repl(args) => commands::repl::run(args, &config()?),
        Command::Schema => commands::schema::run(),
        Command::Ps(args) => commands::ps::run(args, &config()?),
        Command::Logs(args) => commands::logs::run(args, &config()?),
        Command::Top(args) => commands::top::run(args, &config()?),
        Command::Metrics(args) => commands::metrics::run(args, &config()?),
        Command::Events(args) => commands::events::run(args, &config()?),
        Command::Timeline(args) => commands::timeline::run(args, &config()?),
        Command::Attach(args) => commands::attach::run(args, &config()?),
        Command::Exec(args) => commands::exec::run(args, &config()?),
        Command::Stop(args) => commands::stop::run(args, &config()?),
        Command::Rerun(args) => commands::rerun::run(args, &config()?),
        Command::Clean(args) => commands::clean::run(args, &config()?),
        Command::Jobs(command) => commands::jobs::run(command, &config()?),
        Command::Steps(command) => commands::parts::run(Part::Step, command, &config()?),
        Command::Containers(command) => commands::parts::run(Part::Container, command, &config()?),
        Command::Services(command) => commands::parts::run(Part::Service, command, &config()?),
        Command::Volumes(command) => commands::volumes::run(command, &config()?),
        Command::Datasets(command) => commands::datasets::run(command, &config()?),
        Command::Init(args) => commands::init::run(args),
        Command::Include(args) => commands::include::run(args),
        Command::Modules(command) => commands::modules::run(command, Kind::Module),
        Command::Tools(command) => commands::modules::run(command, Kind::Tool),
        Command::Templates(command) => commands::modules::run(command, Kind::Template),
        // Editors need help with a config file that cannot be read, too.
        Command::Lsp(args) => commands::lsp::run(args, &config().unwrap_or_default()),
        Command::Mcp(args) => commands::mcp::run(args, &config()?),
        Command::Docs(args) => commands::docs::run(args),
        Command::Import(args) => commands::import::run(args),
        Command::Export(args) => commands::export::run(args, &config()?),
        Command::Values(command) => commands::named::run(Noun::Value, command, &config()?),
        Command::Secrets(command) => commands::named::run(Noun::Secret, command, &config()?),
        Command::Contexts(command) => commands::contexts::run(command, &cli.global),
        Command::Doctor(args) | Command::Debug(DebugCommand::Doctor(args)) => {
            commands::doctor::run(args, &cli.global)
        }
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(args) => commands::man::run(args),
    }
}

/// Says what went wrong: the only place that does.
fn report(failure: &Failure) -> ExitCode {
    let mut text = failure.message.as_ref().map(|message| format!("Error: {message}\n")).unwrap_or_default();
    if let Some(hint) = &failure.hint {
        text.extend([hint.as_str(), "\n"]);
    }
    // Where nobody reads stderr there is nobody to tell.
    drop(anstream::stderr().write_all(text.as_bytes()));
    ExitCode::from(failure.code)
}
