//! `pt init`: the beginning of a project.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use pt_server::{Disk, Environment};
use pt_spec::{FILE_NAMES, find_root};

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
    /// Makes the files within another project, too, which has to include them.
    #[arg(long)]
    force: bool,
}

const POLYTOPE_FILE: &str = include_str!("init/polytope.yml");
const DEFAULTS: &str = include_str!("init/defaults.sh");

/// Runs the command.
pub(crate) fn run(args: &InitArgs) -> Outcome {
    let here = Environment::read()?.working_dir;
    let dir = args.directory.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir));
    if let Some(there) = FILE_NAMES.iter().find(|name| dir.join(name).exists()) {
        return Err(Failure::new(format!("There is a {there} already."))
            .hint("`pt run` shows what can be run, `pt check` what is wrong."));
    }
    let around = find_root(&Disk, &dir);
    if let Some(around) = around.as_ref().filter(|_| !args.force) {
        let around = around.display();
        let error = format!(
            "{} lies within the project of {around}: nobody would read a polytope.yml there.",
            dir.display()
        );
        return Err(Failure::new(error).hint(format!(
            "Add to {around}, or make the project elsewhere. To make a part of that project: `pt init --force`, then `pt include`."
        )));
    }
    fs::create_dir_all(&dir)?;
    let mut made = Vec::new();
    for (name, text, mode) in [("polytope.yml", POLYTOPE_FILE, 0o644), (SCRIPT, DEFAULTS, 0o755)] {
        if write_new(&dir.join(name), text, mode)? {
            made.push(name);
        }
    }
    if ignore(&dir.join(".gitignore"))? {
        made.push(".gitignore");
    }
    let made = made.join(", ");
    match around {
        None => writeln!(anstream::stderr(), "Made {made}.\nGo on with: ./{SCRIPT} && pt run stack")?,
        Some(around) => writeln!(
            anstream::stderr(),
            "Made {made}.\n{} does not read it yet. Go on with: pt include {}",
            around.display(),
            dir.strip_prefix(&here)
                .ok()
                .filter(|path| !path.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
                .display()
        )?,
    }
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
pub(crate) fn ignore(path: &Path) -> io::Result<bool> {
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
