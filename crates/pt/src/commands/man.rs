//! `pt man`: the same help as pages of the manual.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli;
use crate::failure::{Failure, Outcome};

/// Writes the pages of the manual into a directory, one per command.
///
/// `man ./DIR/pt-run.1` shows one; in ~/.local/share/man/man1, `man pt-run` finds it.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ManArgs {
    /// The directory.
    #[arg(value_name = "dir")]
    dir: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &ManArgs) -> Outcome {
    fs::create_dir_all(&args.dir).map_err(|cause| {
        Failure::new(format!("Could not make the directory {}: {cause}", args.dir.display()))
    })?;
    let count = write(cli::tree(), "pt", &args.dir)?;
    writeln!(anstream::stderr().lock(), "{count} pages are in {}.", args.dir.display())?;
    Ok(())
}

/// Writes the page of a command and those of the commands below it; gives their number.
fn write(command: Command, name: &str, dir: &Path) -> Result<usize, Failure> {
    let name_of = name.replace('-', " ");
    // A page has one name, and man(1) finds it by that.
    let page = command.clone().display_name(name).bin_name(name_of).version(env!("CARGO_PKG_VERSION"));
    let page = page.disable_help_subcommand(true);
    let mut text = Vec::new();
    Man::new(page).manual("Polytope").render(&mut text)?;
    let path = dir.join(format!("{name}.1"));
    fs::write(&path, text)
        .map_err(|cause| Failure::new(format!("Could not write {}: {cause}", path.display())))?;
    let mut count = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        count += write(below.clone(), &format!("{name}-{}", below.get_name()), dir)?;
    }
    Ok(count)
}
