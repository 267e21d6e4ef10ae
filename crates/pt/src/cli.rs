//! The tree of commands. What is said of them here and above their arguments is their help (`help.rs` lays it out).

mod args;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::ArgValueCandidates;

use crate::commands::attach::AttachArgs;
use crate::commands::check::CheckArgs;
use crate::commands::clean::CleanArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::config::ConfigArgs;
use crate::commands::contexts::ContextsCommand;
use crate::commands::datasets::DatasetsCommand;
use crate::commands::docs::DocsArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::eval::EvalArgs;
use crate::commands::events::EventsArgs;
use crate::commands::exec::ExecArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::export::ExportArgs;
use crate::commands::fmt::FmtArgs;
use crate::commands::import::ImportArgs;
use crate::commands::include::IncludeArgs;
use crate::commands::init::InitArgs;
use crate::commands::jobs::JobsCommand;
use crate::commands::logs::LogsArgs;
use crate::commands::lsp::LspArgs;
use crate::commands::man::ManArgs;
use crate::commands::mcp::McpArgs;
use crate::commands::metrics::MetricsArgs;
use crate::commands::modules::DefinitionsCommand;
use crate::commands::named::NamedCommand;
use crate::commands::parts::PartsCommand;
use crate::commands::plan::PlanArgs;
use crate::commands::ps::PsArgs;
use crate::commands::repl::ReplArgs;
use crate::commands::rerun::RerunArgs;
use crate::commands::run::RunArgs;
use crate::commands::stop::StopArgs;
use crate::commands::timeline::TimelineArgs;
use crate::commands::top::TopArgs;
use crate::commands::volumes::VolumesCommand;
use crate::complete;
use crate::help;

pub(crate) use args::{ContextArgs, LockArgs, OutputArgs, ProjectArgs};

/// Polytope runs jobs: graphs of steps that build, start and connect containers.
/// `pt help <command>` tells more of a command.
#[derive(Debug, Parser)]
// What `--version` prints is for `commands::version` to say.
#[command(name = "pt", verbatim_doc_comment, version = "", propagate_version = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Default, Args)]
pub(crate) struct GlobalArgs {
    /// CLI config file path [default: ~/.config/polytope/config.yaml].
    #[arg(long, global = true, value_name = "path")]
    pub(crate) config_file: Option<PathBuf>,
    /// Prints help for the command.
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Log printing file path [default: ~/.local/state/polytope/cli.log].
    #[arg(long, global = true, value_name = "path")]
    pub(crate) log_file: Option<PathBuf>,
    /// Enables log printing in terminal. Raises level of detail in log file.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Prints the current CLI version.
    #[arg(long, global = true, action = ArgAction::Version)]
    version: Option<bool>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Plan(PlanArgs),
    #[command(alias = "validate")]
    Check(CheckArgs),
    Eval(EvalArgs),
    Repl(ReplArgs),
    Explain(ExplainArgs),
    Config(ConfigArgs),
    Fmt(FmtArgs),
    /// Prints the JSON Schema of polytope files, for editors.
    #[command(verbatim_doc_comment)]
    Schema,
    Ps(PsArgs),
    Logs(LogsArgs),
    Events(EventsArgs),
    Timeline(TimelineArgs),
    Top(TopArgs),
    Metrics(MetricsArgs),
    Attach(AttachArgs),
    Exec(ExecArgs),
    Stop(StopArgs),
    Rerun(RerunArgs),
    Clean(CleanArgs),
    /// Shows jobs, and stops, deletes or repeats them.
    #[command(subcommand, alias = "job", verbatim_doc_comment)]
    Jobs(JobsCommand),
    /// Shows the steps of jobs.
    #[command(subcommand, alias = "step", verbatim_doc_comment)]
    Steps(PartsCommand),
    /// Shows the containers of jobs.
    #[command(subcommand, alias = "container", verbatim_doc_comment)]
    Containers(PartsCommand),
    /// Shows the services of jobs, and where they are reached.
    #[command(subcommand, alias = "service", verbatim_doc_comment)]
    Services(PartsCommand),
    /// Shows, keeps, restores, copies and removes the volumes of the project and of its jobs.
    #[command(subcommand, alias = "volume", verbatim_doc_comment)]
    Volumes(VolumesCommand),
    /// Stores, shows, compares and deletes datasets.
    #[command(subcommand, alias = "dataset", verbatim_doc_comment)]
    Datasets(DatasetsCommand),
    /// Shows modules: the project's own, and those that come with Polytope.
    #[command(subcommand, alias = "module", verbatim_doc_comment)]
    Modules(DefinitionsCommand),
    /// Shows the project's tools.
    #[command(subcommand, alias = "tool", verbatim_doc_comment)]
    Tools(DefinitionsCommand),
    /// Shows the project's templates.
    #[command(subcommand, alias = "template", verbatim_doc_comment)]
    Templates(DefinitionsCommand),
    /// Sets and shows values, to which polytope files refer with `pt.value`.
    #[command(subcommand, alias = "value", verbatim_doc_comment)]
    Values(NamedCommand),
    /// Sets and shows secrets, to which polytope files refer with `pt.secret`.
    /// They are encrypted where they lie, and hidden in whatever is shown.
    #[command(subcommand, alias = "secret", verbatim_doc_comment)]
    Secrets(NamedCommand),
    /// Shows and changes contexts: as whom, and where, commands run.
    #[command(subcommand, alias = "context", verbatim_doc_comment)]
    Contexts(ContextsCommand),
    Init(InitArgs),
    Include(IncludeArgs),
    Import(ImportArgs),
    Export(ExportArgs),
    Docs(DocsArgs),
    Mcp(McpArgs),
    Lsp(LspArgs),
    Doctor(DoctorArgs),
    /// Helps to find out what is wrong.
    #[command(subcommand, verbatim_doc_comment)]
    Debug(DebugCommand),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// The name by which it is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Plan(_) => "plan",
            Self::Check(_) => "check",
            Self::Eval(_) => "eval",
            Self::Repl(_) => "repl",
            Self::Explain(_) => "explain",
            Self::Config(_) => "config",
            Self::Fmt(_) => "fmt",
            Self::Schema => "schema",
            Self::Ps(_) => "ps",
            Self::Logs(_) => "logs",
            Self::Events(_) => "events",
            Self::Timeline(_) => "timeline",
            Self::Top(_) => "top",
            Self::Metrics(_) => "metrics",
            Self::Attach(_) => "attach",
            Self::Exec(_) => "exec",
            Self::Stop(_) => "stop",
            Self::Rerun(_) => "rerun",
            Self::Clean(_) => "clean",
            Self::Jobs(_) => "jobs",
            Self::Steps(_) => "steps",
            Self::Containers(_) => "containers",
            Self::Services(_) => "services",
            Self::Volumes(_) => "volumes",
            Self::Datasets(_) => "datasets",
            Self::Modules(_) => "modules",
            Self::Tools(_) => "tools",
            Self::Templates(_) => "templates",
            Self::Values(_) => "values",
            Self::Secrets(_) => "secrets",
            Self::Contexts(_) => "contexts",
            Self::Init(_) => "init",
            Self::Include(_) => "include",
            Self::Import(_) => "import",
            Self::Export(_) => "export",
            Self::Docs(_) => "docs",
            Self::Mcp(_) => "mcp",
            Self::Lsp(_) => "lsp",
            Self::Doctor(_) => "doctor",
            Self::Debug(_) => "debug",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }
}

/// What finds out.
#[derive(Debug, Subcommand)]
pub(crate) enum DebugCommand {
    Doctor(DoctorArgs),
}

/// Reads the command line. `list-services` is `services list`, and so on.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other kind is a mistake, or no help")]
pub(crate) fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let command = tree();
    let mut args = args.to_vec();
    let noun = args.get(1).and_then(|word| word.to_str()?.strip_prefix("list-"));
    let noun = noun.filter(|noun| command.find_subcommand(noun).is_some_and(clap::Command::has_subcommands));
    if let Some(noun) = noun.map(OsString::from) {
        args.splice(1..2, [noun, "list".into()]);
    }
    let matches = command.try_get_matches_from(&args).or_else(|error| match error.kind() {
        // To lay out the help of all commands takes longer than many of them do.
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            help::install(tree()).try_get_matches_from(&args)
        }
        _ => Err(error),
    })?;
    Cli::from_arg_matches(&matches)
}

/// All commands, each with what its help is made of.
pub(crate) fn tree() -> clap::Command {
    Cli::command().mut_subcommands(|command| match command.get_name() {
        "modules" => about(command, "module", "ref", complete::modules),
        "tools" => about(command, "tool", "ref", complete::tools),
        "templates" => about(command, "template", "ref", complete::templates),
        "steps" => about(command, "step", "step", complete::steps),
        "containers" => about(command, "container", "container", complete::containers),
        "services" => about(command, "service", "service", complete::services),
        "values" => about(command, "value", "value-id", complete::values),
        "secrets" => about(command, "secret", "secret-id", complete::secrets).mut_subcommands(misprint),
        "ps" => defaulting(command, "a table"),
        "plan" => defaulting(command, "a tree"),
        "logs" => defaulting(command, "lines"),
        "doctor" => defaulting(command, "lines"),
        "debug" => command.mut_subcommand("doctor", |command| defaulting(command, "lines")),
        _ => command,
    })
}

/// Says the noun where `NOUN` stands, and offers what there is of it.
fn about(
    command: clap::Command,
    noun: &'static str,
    id: &'static str,
    there: fn() -> Vec<clap_complete::CompletionCandidate>,
) -> clap::Command {
    let say = |text: &StyledStr| text.to_string().replace("NOUN", noun);
    let short = command.get_about().map(say).unwrap_or_default();
    let long = command.get_long_about().map(say).unwrap_or_else(|| short.clone());
    let command = command.about(short).long_about(long).mut_args(|arg| {
        let help = arg.get_help().map(say).unwrap_or_default();
        let arg = if arg.get_id() == "id" || arg.get_id() == "reference" {
            arg.value_name(id).add(ArgValueCandidates::new(there))
        } else {
            arg
        };
        arg.help(help)
    });
    command.mut_subcommands(|command| about(command, noun, id, there))
}

/// Says what is printed where nobody chose a notation.
fn defaulting(command: clap::Command, default: &'static str) -> clap::Command {
    command.mut_arg("output", |arg| arg.help(format!("Selects output format [default: {default}].")))
}

/// The original's description of `pt secrets set` begins at the margin, with two hyphens. Who compares finds it here.
fn misprint(command: clap::Command) -> clap::Command {
    if command.get_name() != "set" {
        return command;
    }
    let description = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    command.long_about(format!("{}{description}", help::AT_THE_MARGIN))
}
