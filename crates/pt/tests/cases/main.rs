//! Runs the cases in `cases/`: each is a directory with a polytope file and a `transcript` of what a user types and sees.
//!
//! A transcript begins with lines of prose, if it needs any. Then come lines `$ command`, continued on lines that begin with
//! `> `, each followed by what a terminal shows (stdout and stderr) and, if the command fails, `[exit N]`. Commands run in a
//! copy of the directory, in `sh`, one after another, with `pt` on the path and a state of their own. What varies is named
//! by the harness: `[dir]`, `[time]`, `[id]`. `UPDATE=1` writes the transcripts anew; read the difference before you commit
//! it.
//!
//! Cases under `cases/docker` run on a Docker engine and must leave nothing there; all others run on the simulated backend.
//! No case may leave a process.

mod difference;
mod docker;
mod transcript;
mod vary;
mod world;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::transcript::Transcript;
use crate::world::World;

/// What a harness can only pass on.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let mut cases = Vec::new();
    find(&root, &mut cases);
    cases.sort();
    assert!(!cases.is_empty(), "no cases under {}", root.display());
    // Test runners ask for one case by its whole name, each time in a process of its own.
    let other = args.exact && args.filter.as_ref().is_some_and(|name| !name.starts_with("docker/"));
    let engine = other || docker::answers();
    let trials = cases
        .into_iter()
        .map(|case| {
            let name = case.strip_prefix(&root).expect("found below it").display().to_string();
            let docker = name.starts_with("docker/");
            let missing = match () {
                () if docker && !engine => Some("no Docker engine answers".to_owned()),
                () if docker => {
                    needed(&case).filter(|image| !docker::has(image)).map(|image| format!("no image {image}"))
                }
                () => None,
            };
            let trial =
                Trial::test(name, move || run(&case, docker).map_err(|error| error.to_string().into()));
            match missing {
                Some(why) => trial.with_kind(why).with_ignored_flag(true),
                None => trial,
            }
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// The image that a case needs and not every machine has: the file `needs` names it.
fn needed(case: &Path) -> Option<String> {
    fs::read_to_string(case.join("needs")).ok().map(|image| image.trim().to_owned())
}

fn find(dir: &Path, found: &mut Vec<PathBuf>) {
    if dir.join("transcript").exists() {
        found.push(dir.to_owned());
        return;
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            find(&entry.path(), found);
        }
    }
}

fn run(case: &Path, docker: bool) -> Result<()> {
    let path = case.join("transcript");
    let written = fs::read_to_string(&path)?;
    let _slot = if docker { Some(docker::slot(case)?) } else { None };
    let world = World::new(case, docker)?;
    let seen = Transcript::parse(&written).play(|command| world.run(command));
    let left = world.leftovers();
    let seen = seen?;
    if let Some(left) = left? {
        return Err(format!("left behind:\n{left}\nafter:\n{seen}").into());
    }
    if seen == written {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, seen)?;
        return Ok(());
    }
    Err(difference::show(&written, &seen).into())
}
