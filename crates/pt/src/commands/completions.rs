//! `pt completions`: what makes shells ask `pt` how to go on.

use clap::{Args, ValueEnum};
use clap_complete::env::Shells;

use crate::complete::VARIABLE;
use crate::failure::{Failure, Outcome};

/// Prints the script by which a shell completes commands, options and names.
///
/// Names of targets, modules, values, jobs, containers are those that are there when
/// you press Tab. To have it in every shell, add to its startup file:
///
///   bash         ~/.bashrc                    source <(pt completions bash)
///   zsh          ~/.zshrc                     source <(pt completions zsh)
///   fish         ~/.config/fish/config.fish   pt completions fish | source
///   powershell   $PROFILE                     pt completions powershell | Out-String | Invoke-Expression
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "shell")]
    shell: Shell,
}

/// A shell.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Runs the command.
pub(crate) fn run(args: &CompletionsArgs) -> Outcome {
    let name = match args.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
    };
    let shells = Shells::builtins();
    let shell = shells.completer(name).ok_or_else(|| Failure::new(format!("Nothing is known of {name}.")))?;
    let mut out = anstream::stdout().lock();
    for bin in ["pt", "polytope"] {
        shell.write_registration(VARIABLE, bin, bin, bin, &mut out)?;
    }
    Ok(())
}
