//! `pt init`: the beginning of a project.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use pt_server::Environment;
use pt_spec::FILE_NAMES;

use crate::commands::defaults::{LOCAL_SCRIPT, SCRIPT};
use crate::failure::{Failure, Outcome};

/// Makes a directory the beginning of a project.
///
/// Writes a polytope.yml with comments and a script with defaults for values and
/// secrets, and keeps scripts with real ones out of Git. What is there stays.
/// For whole projects to begin with, see: pt modules get polytope/create-project
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct InitArgs {
    /// The directory [default: the working directory].
    #[arg(value_name = "directory")]
    directory: Option<PathBuf>,
}

const POLYTOPE_FILE: &str = include_str!("init/polytope.yml");
const DEFAULTS: &str = include_str!("init/defaults.sh");

/// Runs the command.
pub(crate) fn run(args: &InitArgs) -> Outcome {
    let here = Environment::read()?.working_dir;
    let dir = args.directory.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir));
    fs::create_dir_all(&dir)?;
    if let Some(there) = FILE_NAMES.iter().find(|name| dir.join(name).exists()) {
        return Err(Failure::new(format!("There is a {there} already."))
            .hint("`pt run` shows what can be run, `pt check` what is wrong."));
    }
    let mut made = Vec::new();
    for (name, text, mode) in [("polytope.yml", POLYTOPE_FILE, 0o644), (SCRIPT, DEFAULTS, 0o755)] {
        if write_new(&dir.join(name), text, mode)? {
            made.push(name);
        }
    }
    if ignore(&dir.join(".gitignore"))? {
        made.push(".gitignore");
    }
    writeln!(anstream::stderr(), "Made {}.\nGo on with: ./{SCRIPT} && pt run stack", made.join(", "))?;
    Ok(())
}

/// Writes a file unless it is there.
fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.set_permissions(fs::Permissions::from_mode(mode))?;
            Ok(true)
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Keeps the script with real values and secrets out of Git; whether that changed the file.
fn ignore(path: &Path) -> io::Result<bool> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(cause),
    };
    if text.lines().any(|line| line.trim().trim_start_matches('/') == LOCAL_SCRIPT) {
        return Ok(false);
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    fs::write(path, format!("{text}{gap}{LOCAL_SCRIPT}\n"))?;
    Ok(true)
}
