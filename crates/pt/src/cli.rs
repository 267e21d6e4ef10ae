//! The tree of commands and their options. What is said of them here is their help (`help.rs` lays it out).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands::defaults::DefaultsArgs;
use crate::commands::include::IncludeArgs;
use crate::commands::init::InitArgs;
use crate::commands::modules::DefinitionsCommand;
use crate::help;
use crate::output::Format;
use crate::output::findings::FindingFormat;

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
#[derive(Debug, Args)]
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
    Schema,
    Ps(PsArgs),
    Logs(LogsArgs),
    Stop(StopArgs),
    Clean(CleanArgs),
    Lsp(LspArgs),
    Mcp(McpArgs),
    Docs(DocsArgs),
    Import(ImportArgs),
    Export(ExportArgs),
    Init(InitArgs),
    Include(IncludeArgs),
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
            Self::Stop(_) => "stop",
            Self::Clean(_) => "clean",
            Self::Lsp(_) => "lsp",
            Self::Mcp(_) => "mcp",
            Self::Docs(_) => "docs",
            Self::Import(_) => "import",
            Self::Export(_) => "export",
            Self::Init(_) => "init",
            Self::Include(_) => "include",
            Self::Modules(_) => "modules",
            Self::Tools(_) => "tools",
            Self::Templates(_) => "templates",
            Self::Values(_) => "values",
            Self::Secrets(_) => "secrets",
        }
    }
}

/// Runs templates, modules and tools as one job.
///
/// A target is the name of a template, tool or module, with its arguments in
/// braces: `pt run stack 'polytope/postgres{port: 5433}'`. Several run in
/// parallel; what follows a comma waits until everything before it succeeded.
/// Without one, all targets of the project are listed.
///
/// On a terminal, arguments that are missing are asked for.
///
/// The first Ctrl-C stops the job, the second kills it.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RunArgs {
    /// What to run.
    #[arg(value_name = "target")]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Leaves the job running, and prints its id.
    #[arg(short, long = "background", alias = "detach", conflicts_with = "mcp")]
    pub(crate) detach: bool,
    /// With --mcp: gives agents a sandbox with networks, volumes and job ids of its own.
    #[arg(long, requires = "mcp")]
    pub(crate) isolated: bool,
    /// Sets the id of the job [default: that of the target and a number].
    #[arg(long, value_name = "id")]
    pub(crate) job_id: Option<String>,
    /// Lets coding agents work on the project: starts the MCP server, until stopped.
    #[arg(long)]
    pub(crate) mcp: bool,
    /// Port of the MCP server; if it is taken, the next free one [default: 31338].
    #[arg(long, value_name = "port", requires = "mcp")]
    pub(crate) mcp_port: Option<u16>,
    /// Prints lines only: asks nothing, draws nothing.
    #[arg(long, alias = "no-ui")]
    pub(crate) non_interactive: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
    /// Runs a job for another process, which waits for its id.
    #[arg(long, hide = true)]
    pub(crate) runner: bool,
    /// Stops the job after this time, as 90s, 5m or 1h.
    #[arg(long, value_name = "duration", conflicts_with = "mcp")]
    pub(crate) timeout: Option<String>,
    /// Ends the job when this step ends, with the step's outcome.
    #[arg(long, value_name = "step")]
    pub(crate) until: Option<String>,
}

/// Shows what would run, without starting anything.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PlanArgs {
    /// What would be run.
    #[arg(value_name = "target", required = true)]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Takes unset values and secrets from the maps `values` and `secrets` of a file.
    #[arg(long, value_name = "path")]
    pub(crate) assume_values: Option<PathBuf>,
    /// Tells of each value where it came from: file, line and column, and the params it passed through.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Selects output format [default: a tree].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
}

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

/// Shows the project as one polytope file.
///
/// What is included stands beside what the root file declares, of equal names
/// only the one that counts, all in today's spelling. What it prints can be used
/// in place of the project's own files.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ConfigArgs {
    /// Selects output format [default: yaml].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
}

/// Prints the value of a piece of code.
///
/// The code is Clojure, or what its prefix says, as in polytope files: `#pt-js`,
/// `#pt-py`. The name of a --file tells, too. Code that begins with `#pt-clj` and
/// its like may not ask for values and secrets, code without a prefix may.
///
/// What needs a job, such as starting containers, begins one, which ends with the
/// code. What the code prints goes to stderr.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct EvalArgs {
    /// The code; `-` is stdin.
    #[arg(value_name = "code", conflicts_with = "file", allow_hyphen_values = true)]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Reads the code from a file.
    #[arg(short, long, value_name = "path")]
    pub(crate) file: Option<PathBuf>,
    /// Tells the language of code without a prefix [default: clj].
    #[arg(long, value_name = "language")]
    pub(crate) lang: Option<CodeLanguage>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Gives the code its params, a map in YAML or JSON.
    #[arg(long, value_name = "data")]
    pub(crate) params: Option<String>,
    /// Ends code that takes longer, waiting included.
    #[arg(long, value_name = "duration", default_value = "10m")]
    pub(crate) timeout: String,
}

/// Evaluates code line by line.
///
/// What a line defines, the next ones see. A line with open brackets goes on in
/// the next one; Tab completes names; the history stays. Values and secrets of the
/// project are there. The first call that needs a job (`pt/spawn`) begins one, which
/// ends when you leave; --job takes part in one that runs. What comes from a pipe
/// is evaluated likewise, and the values are printed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReplArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Takes part in this running job, as a step of it.
    #[arg(long, value_name = "job")]
    pub(crate) job: Option<String>,
    /// Tells the language [default: clj].
    #[arg(long, value_name = "language")]
    pub(crate) lang: Option<CodeLanguage>,
    /// Gives the code its params, a map in YAML or JSON.
    #[arg(long, value_name = "data")]
    pub(crate) params: Option<String>,
}

/// A language of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CodeLanguage {
    /// Clojure.
    #[value(alias = "clojure")]
    Clj,
    /// JavaScript.
    #[value(alias = "javascript")]
    Js,
    /// Python.
    #[value(alias = "python")]
    Py,
}

/// Explains a kind of mistake; without an id, lists all kinds.
///
/// The id is what stands in brackets: of `error[unknown-name]`, unknown-name.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExplainArgs {
    /// The kind of mistake.
    #[arg(value_name = "id")]
    pub(crate) id: Option<String>,
}

/// Formats polytope files: indentation, blank lines, spaces in braces.
///
/// Words, quotes, comments and the order of keys stay as they are. Without
/// files, those of the project are formatted; `-` is stdin, formatted to stdout.
/// A file that cannot be formatted without risk is left as it is, and told.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct FmtArgs {
    /// The files.
    #[arg(value_name = "file")]
    pub(crate) files: Vec<PathBuf>,
    /// Changes nothing, but names the files that would change, and fails if there are any.
    #[arg(long)]
    pub(crate) check: bool,
    /// Changes nothing, but shows what would change.
    #[arg(long)]
    pub(crate) diff: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Shows what is running.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PsArgs {
    /// Shows ended jobs too, and those of other projects.
    #[arg(long)]
    pub(crate) all: bool,
    /// Selects output format [default: a table].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Shows what a job said.
///
/// Without an id, the newest job. The id of a step or container shows its lines
/// in the newest job that has it.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LogsArgs {
    /// A job, step or container.
    #[arg(value_name = "id")]
    pub(crate) what: Option<String>,
    /// Goes on until the job is over.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Selects output format [default: lines].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    /// Takes the project of this polytope file instead of the one around the working directory.
    // Its usual letter follows here.
    #[arg(long, value_name = "path")]
    pub(crate) polytope_file: Option<PathBuf>,
    /// Shows the lines of this step or container only.
    #[arg(long, value_name = "id")]
    pub(crate) step: Option<String>,
    /// Shows the last lines only, this many.
    #[arg(short = 'n', long, value_name = "count")]
    pub(crate) tail: Option<usize>,
}

/// Stops a job, whoever runs it; without an id, all of the project.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct StopArgs {
    /// The job.
    #[arg(value_name = "job")]
    pub(crate) job: Option<String>,
    /// Kills it instead of asking it to stop.
    #[arg(long)]
    pub(crate) kill: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Removes what killed jobs left behind, and nothing else.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CleanArgs {
    /// Does so for all projects.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only tells what it would remove.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Removes the volumes that outlive jobs, too, with what they hold.
    #[arg(long)]
    pub(crate) volumes: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Helps editors with polytope files: a language server over stdin and stdout.
///
/// Editors start it. How to tell yours is in docs/editors.md.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LspArgs {
    /// Speaks over stdin and stdout: what it does anyway, and what editors like to say.
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Lets coding agents work on the project: an MCP server, until stopped.
///
/// Agents reach it at http://localhost:31338/mcp. With --stdio it speaks to the
/// one agent that started it. How to tell yours is in docs/mcp.md.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct McpArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Gives agents a sandbox with networks, volumes and job ids of its own.
    #[arg(long)]
    pub(crate) isolated: bool,
    /// Port of the server; if it is taken, the next free one [default: 31338].
    #[arg(long, value_name = "port", conflicts_with = "stdio")]
    pub(crate) mcp_port: Option<u16>,
    /// The name by which agents know the server [default: polytope].
    #[arg(long, value_name = "name")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Speaks over stdin and stdout.
    #[arg(long)]
    pub(crate) stdio: bool,
}

/// Shows the documentation that agents read; without an address, what there is.
///
/// An address is as bluetext://intro; intro alone means the same.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DocsArgs {
    /// The document.
    #[arg(value_name = "uri")]
    pub(crate) uri: Option<String>,
}

/// What can be done with values, and likewise with secrets: the word stands in for `NOUN`.
#[derive(Debug, Subcommand)]
pub(crate) enum NamedCommand {
    #[command(alias = "add")]
    Set(SetArgs),
    Get(GetArgs),
    List(ListArgs),
    #[command(alias = "rm")]
    Delete(DeleteArgs),
    Defaults(DefaultsArgs),
}

/// Sets the value of a NOUN.
/// Overwrites the value if it already exists.
///
/// A specification in YAML/JSON/EDN format must be provided, using one of the
/// following methods:
///  - stdin (in combination with the `--stdin` flag)
///  - a file (in combination with the `--file` flag)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SetArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: Option<String>,
    /// Its text.
    #[arg(value_name = "data", conflicts_with_all = ["file", "stdin"], allow_hyphen_values = true)]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Reads a NOUN specification from a YAML/JSON/EDN file.
    #[arg(short, long, value_name = "path", conflicts_with = "stdin")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// If selected, reads a NOUN specification in YAML/JSON/EDN format from stdin.
    #[arg(long)]
    pub(crate) stdin: bool,
}

/// Shows the value of a NOUN.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Lists the NOUNs that are set.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Deletes a NOUN.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DeleteArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

/// Whose values.
#[derive(Debug, Args)]
pub(crate) struct ContextArgs {
    /// Runs as a specific user against a specific Polytope instance.
    #[arg(short, long, value_name = "context")]
    pub(crate) context: Option<String>,
}

/// Which project.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// Takes the project of this polytope file instead of the one around the working directory.
    #[arg(short = 'f', long, value_name = "path")]
    pub(crate) polytope_file: Option<PathBuf>,
}

/// Which commits of other repositories.
#[derive(Debug, Default, Args)]
pub(crate) struct LockArgs {
    /// Takes the newest commits of other repositories, and pins those in polytope.lock.
    #[arg(long)]
    pub(crate) update_locks: bool,
}

/// How data is printed.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Selects output format [default: yaml].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    /// Pretty-prints output when supported [default: true].
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, overrides_with = "no_pretty")]
    #[arg(default_value_t = true, default_missing_value = "true")]
    pretty: bool,
    #[arg(long, hide = true)]
    no_pretty: bool,
    /// If the data is a string, number, or boolean, prints it as a raw string.
    #[arg(short, long)]
    pub(crate) raw: bool,
}

impl OutputArgs {
    /// Whether to print for people rather than for programs.
    pub(crate) fn pretty(&self) -> bool {
        self.pretty && !self.no_pretty
    }
}

/// Reads the command line.
pub(crate) fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(args)?)
}

/// All commands, each with its help.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command().mut_subcommands(|command| match command.get_name() {
        "modules" => about(command, "module", "ref"),
        "tools" => about(command, "tool", "ref"),
        "templates" => about(command, "template", "ref"),
        "values" => about(command, "value", "value-id"),
        "secrets" => about(command, "secret", "secret-id").mut_subcommands(misprint),
        _ => command,
    });
    help::install(command)
}

/// Says the noun where `NOUN` stands.
fn about(command: clap::Command, noun: &'static str, id: &'static str) -> clap::Command {
    let say = |text: &StyledStr| text.to_string().replace("NOUN", noun);
    let short = command.get_about().map(say).unwrap_or_default();
    let long = command.get_long_about().map(say).unwrap_or_else(|| short.clone());
    let command = command.about(short).long_about(long).mut_args(|arg| {
        let help = arg.get_help().map(say).unwrap_or_default();
        let arg = if arg.get_id() == "id" { arg.value_name(id) } else { arg };
        arg.help(help)
    });
    command.mut_subcommands(|command| about(command, noun, id))
}

/// The original's description of `pt secrets set` begins at the margin, with two hyphens. Who compares finds it here.
fn misprint(command: clap::Command) -> clap::Command {
    if command.get_name() != "set" {
        return command;
    }
    let description = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    command.long_about(format!("{}{description}", help::AT_THE_MARGIN))
}

/// Makes a polytope file from a file of another tool.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) from: ImportFrom,
}

/// The other tools.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// Makes a polytope file from a Compose file, and prints it.
    /// What cannot be carried over is said on stderr, with its place; so is what to
    /// set in place of variables.
    #[command(verbatim_doc_comment)]
    Compose {
        /// The Compose file [default: the one in this directory].
        #[arg(value_name = "file")]
        file: Option<PathBuf>,
    },
}

/// Prints what would run as a file for another tool.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    pub(crate) to: ExportTo,
}

/// The other tools.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportTo {
    /// Prints the containers of a plan as a Compose file.
    /// Secrets become variables. What cannot be said there is said on stderr.
    #[command(verbatim_doc_comment)]
    Compose(ExportedArgs),
    /// Prints the containers of a plan as Kubernetes manifests.
    /// Secrets are read from a Kubernetes secret. What cannot be said there is said on
    /// stderr.
    #[command(alias = "k8s", verbatim_doc_comment)]
    Kubernetes(ExportedArgs),
}

/// What is exported.
#[derive(Debug, Args)]
pub(crate) struct ExportedArgs {
    /// What would be run.
    #[arg(value_name = "target", required = true)]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}
