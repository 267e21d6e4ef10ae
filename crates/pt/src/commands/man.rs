//! `pt man`: the same help as pages of the manual.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, Args, Command};
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
    let tree = cli::tree();
    let globals: Vec<Arg> = tree.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let count = write(tree, "pt", &globals, &args.dir)?;
    writeln!(anstream::stderr().lock(), "{count} pages are in {}.", args.dir.display())?;
    Ok(())
}

/// Writes the page of a command and those of the commands below it; gives their number.
fn write(command: Command, name: &str, globals: &[Arg], dir: &Path) -> Result<usize, Failure> {
    let name_of = name.replace('-', " ");
    // A page has one name, and man(1) finds it by that.
    let page = command.clone().display_name(name).bin_name(name_of).version(env!("CARGO_PKG_VERSION"));
    let page = page.disable_help_subcommand(true).disable_help_flag(true).disable_version_flag(true);
    let page = page.propagate_version(true);
    let own = |global: &Arg| command.get_arguments().any(|arg| arg.get_id() == global.get_id());
    let page = page.args(globals.iter().filter(|global| !own(global)).cloned());
    let mut text = Vec::new();
    let source = concat!("pt ", env!("CARGO_PKG_VERSION"));
    Man::new(page).manual("Polytope").source(source).render(&mut text)?;
    let path = dir.join(format!("{name}.1"));
    fs::write(&path, with_tables(&String::from_utf8_lossy(&text)))
        .map_err(|cause| Failure::new(format!("Could not write {}: {cause}", path.display())))?;
    let mut count = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        count += write(below.clone(), &format!("{name}-{}", below.get_name()), globals, dir)?;
    }
    Ok(count)
}

/// A page whose indented lines stay as they are: tables, examples.
fn with_tables(page: &str) -> String {
    let mut shown = String::new();
    let mut is_table = false;
    for line in page.lines() {
        if line.starts_with("  ") != is_table {
            shown.push_str(if is_table { ".fi\n" } else { ".nf\n" });
            is_table = !is_table;
        }
        shown.push_str(line);
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_lines_are_not_filled() {
        let page = ".SH DESCRIPTION\nText.\n  a   b\n  c   d\nMore.\n";
        assert_eq!(with_tables(page), ".SH DESCRIPTION\nText.\n.nf\n  a   b\n  c   d\n.fi\nMore.\n");
    }
}
