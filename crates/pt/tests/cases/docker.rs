//! The Docker engine that the cases under `cases/docker` run on.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;

/// How many cases use the engine at once, in all test processes together.
const AT_ONCE: u64 = 3;

/// Root directory of the project that something in the engine was made for.
const PROJECT: &str = "dev.polytope.project";

/// Which job it was made for; project volumes, which outlive jobs, carry none.
const JOB: &str = "dev.polytope.job";

/// Whether there is an engine.
pub(crate) fn answers() -> bool {
    Command::new("docker")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Whether the engine has an image.
pub(crate) fn has(image: &str) -> bool {
    docker(&["image", "inspect", image]).is_ok()
}

/// Waits until this case may use the engine. It may as long as the file is open.
pub(crate) fn slot(case: &Path) -> Result<File> {
    // Of all checkouts on this machine: the cases use the same ports.
    let open = |slot| File::create(std::env::temp_dir().join(format!("polytope-docker-case-{slot}.lock")));
    for slot in 0..AT_ONCE {
        let file = open(slot)?;
        if file.try_lock().is_ok() {
            return Ok(file);
        }
    }
    let mut hasher = DefaultHasher::new();
    case.hash(&mut hasher);
    let file = open(hasher.finish() % AT_ONCE)?;
    file.lock()?;
    Ok(file)
}

/// Removes everything that was made for projects below `home`, and names what should not have been there.
pub(crate) fn clear(home: &Path) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for (kind, list, remove) in [
        ("container", ["ps", "--all"].as_slice(), ["rm", "--force"].as_slice()),
        ("network", &["network", "ls"], &["network", "rm"]),
        ("volume", &["volume", "ls"], &["volume", "rm"]),
    ] {
        for (name, lasting) in made_below(home, kind, list)? {
            if !lasting {
                left.push(format!("{kind} {name}"));
            }
            docker(&[remove, &[name.as_str()]].concat())?;
        }
    }
    Ok(left)
}

/// Names of what was made for projects below `home`, and whether it is to outlive jobs.
fn made_below(home: &Path, kind: &str, list: &[&str]) -> Result<Vec<(String, bool)>> {
    let name = if kind == "container" { ".Names" } else { ".Name" };
    let format = format!("{{{{{name}}}}}\t{{{{.Label \"{PROJECT}\"}}}}\t{{{{.Label \"{JOB}\"}}}}");
    let filter = format!("label={PROJECT}");
    let table = docker(&[list, &["--filter", &filter, "--format", &format]].concat())?;
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let (name, project, job) = (cells.next()?, cells.next()?, cells.next()?);
        Path::new(project).starts_with(home).then(|| (name.to_owned(), kind == "volume" && job.is_empty()))
    });
    Ok(rows.collect())
}

fn docker(args: &[&str]) -> Result<String> {
    let output = Command::new("docker").args(args).output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("docker {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into())
    }
}
