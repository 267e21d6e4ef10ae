//! Tells the program from which commit it was built.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=POLYTOPE_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let given = env::var("POLYTOPE_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(|| {
        // Grows with each commit and checkout, and with nothing else.
        let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
        if Path::new(&log).exists() {
            println!("cargo::rerun-if-changed={log}");
        }
        git(&["rev-parse", "--short=9", "HEAD"])
    });
    println!("cargo::rustc-env=POLYTOPE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// What git answers; nothing where there is no git or no repository.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
