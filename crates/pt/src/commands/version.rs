//! `pt --version`.

use std::env::consts::{ARCH, OS};
use std::io::Write;

use crate::failure::Outcome;

/// Prints the version.
pub(crate) fn run() -> Outcome {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("POLYTOPE_COMMIT"));
    let arch = match ARCH {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        other => other,
    };
    writeln!(anstream::stdout(), "- The current CLI version is: {version}-{commit}-{OS}-{arch}")?;
    Ok(())
}
