//! `pt import`: polytope files from files of other tools.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use pt_convert::{Imported, import};
use pt_server::{Disk, Environment};
use pt_spec::World;
use pt_syntax::Sources;

use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::targets;

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

/// The names that Compose files go by, the preferred first.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// Runs the command.
pub(crate) fn run(args: &ImportArgs) -> Outcome {
    let ImportFrom::Compose { file } = &args.from;
    let here = Environment::read()?.working_dir;
    let path = file.clone().or_else(|| in_dir(&here)).ok_or_else(|| {
        Failure::usage("There is no Compose file here.")
            .hint("Name it: `pt import compose path/to/compose.yaml`.")
    })?;
    let mut sources = Sources::default();
    // The directory names the project, so it has to have a name.
    let whole = here.join(&path);
    let imported = match import(&mut sources, &Disk, &whole) {
        Ok(imported) => imported,
        Err(mistakes) => {
            targets::show(&mistakes, &sources)?;
            return Err(Failure::silent(2));
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = output::render(&imported.file, Format::Yaml, true)?;
    write!(anstream::stdout(), "# Made from {name} by `pt import compose`.\n{text}")?;
    targets::show(&imported.notes, &sources)?;
    say_settings(&imported)
}

fn in_dir(dir: &Path) -> Option<PathBuf> {
    NAMES.iter().map(PathBuf::from).find(|name| Disk.exists(&dir.join(name)))
}

/// How to set what the file refers to.
fn say_settings(imported: &Imported) -> Outcome {
    if imported.settings.is_empty() {
        return Ok(());
    }
    let mut err = anstream::stderr().lock();
    writeln!(err, "Variables became values and secrets. Set them once:")?;
    for setting in &imported.settings {
        let kind = if setting.is_secret { "secrets" } else { "values" };
        match &setting.default {
            Some(default) => {
                writeln!(err, "  pt {kind} set {} '{}'", setting.name, default.replace('\'', r"'\''"))?;
            }
            None => writeln!(err, "  pt {kind} set {}", setting.name)?,
        }
    }
    Ok(())
}
