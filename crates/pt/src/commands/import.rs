//! `pt import`: polytope files from files of other tools.

use std::io::Write;
use std::path::{Path, PathBuf};

use pt_convert::{Imported, import};
use pt_server::{Disk, Environment};
use pt_spec::World;
use pt_syntax::Sources;

use crate::cli::{ImportArgs, ImportFrom};
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::targets;

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
            Some(default) if !setting.is_secret => {
                writeln!(err, "  pt {kind} set {} '{}'", setting.name, default.replace('\'', r"'\''"))?;
            }
            Some(_) | None => writeln!(err, "  pt {kind} set {}", setting.name)?,
        }
    }
    Ok(())
}
