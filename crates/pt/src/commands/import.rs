//! `pt import`: polytope files from files of other tools.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
    /// set in place of variables. Of several files, each is laid over those before it;
    /// - is what stdin brings, in this directory.
    #[command(verbatim_doc_comment)]
    Compose {
        /// The Compose files [default: the one in this directory, and its override].
        #[arg(value_name = "file")]
        files: Vec<PathBuf>,
    },
}

/// The names that Compose files go by, the preferred first.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The names of files that Compose lays over one of these.
const OVERRIDES: [&str; 4] = [
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];

/// Runs the command.
pub(crate) fn run(args: &ImportArgs) -> Outcome {
    let ImportFrom::Compose { files } = &args.from;
    let here = Environment::read()?.working_dir;
    let files = if files.is_empty() { in_dir(&here) } else { files.clone() };
    if files.is_empty() {
        let hint = "Name it: `pt import compose path/to/compose.yaml`.";
        return Err(Failure::usage("There is no Compose file here.").hint(hint));
    }
    let mut sources = Sources::default();
    // The directory names the project, so it has to have a name.
    let whole: Vec<PathBuf> = files.iter().map(|file| here.join(file)).collect();
    let given = Given { stdin: here.join(STDIN), text: OnceLock::new() };
    let imported = match import(&mut sources, &given, &whole) {
        Ok(imported) => imported,
        Err(mistakes) => {
            targets::show(&mistakes, &sources)?;
            return Err(Failure::silent(2));
        }
    };
    let name_of = |file: &PathBuf| match file.as_os_str() == STDIN {
        true => Some("stdin".to_owned()),
        false => Some(file.file_name()?.to_string_lossy().into_owned()),
    };
    let names: Vec<_> = files.iter().filter_map(name_of).collect();
    let name = names.join(" and ");
    let text = output::render(&imported.file, Format::Yaml, true)?;
    write!(anstream::stdout(), "# Made from {name} by `pt import compose`.\n{text}")?;
    targets::show(&imported.notes, &sources)?;
    say_settings(&imported)
}

/// By which stdin is meant.
const STDIN: &str = "-";

/// The disk, and what stdin brings, as a file.
struct Given {
    stdin: PathBuf,
    text: OnceLock<String>,
}

impl World for Given {
    fn read(&self, path: &Path) -> io::Result<String> {
        if path != self.stdin {
            return Disk.read(path);
        }
        // It can be read once only.
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let text = io::read_to_string(io::stdin())?;
        Ok(self.text.get_or_init(|| text).clone())
    }

    fn exists(&self, path: &Path) -> bool {
        path == self.stdin || Disk.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path != self.stdin && Disk.is_dir(path)
    }
}

/// The Compose file of a directory, and the one to lay over it.
fn in_dir(dir: &Path) -> Vec<PathBuf> {
    let first = |names: [&str; 4]| names.iter().map(PathBuf::from).find(|name| Disk.exists(&dir.join(name)));
    let Some(file) = first(NAMES) else { return Vec::new() };
    [file].into_iter().chain(first(OVERRIDES)).collect()
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
