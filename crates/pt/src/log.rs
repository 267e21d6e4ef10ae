//! The log of the command line itself: which command ran, and how it ended. Never what it was given: that may be secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;

use crate::cli::GlobalArgs;
use crate::config::path_in;
use crate::failure::{Failure, Outcome};

/// Where log lines go.
#[derive(Debug)]
pub(crate) struct Log {
    file: Option<File>,
    terminal: bool,
}

impl Log {
    /// Opens the log file. Only one that was named must be writable.
    pub(crate) fn open(global: &GlobalArgs) -> Result<Self, Failure> {
        let path =
            global.log_file.clone().unwrap_or_else(|| path_in("XDG_STATE_HOME", ".local/state", "cli.log"));
        let file = match append_to(&path) {
            Ok(file) => Some(file),
            Err(cause) if global.log_file.is_some() => {
                return Err(Failure::new(format!("Could not write the log {}: {cause}", path.display())));
            }
            // A home that cannot be written must not keep commands from working.
            Err(_) => None,
        };
        Ok(Self { file, terminal: global.verbose })
    }

    /// Adds a line.
    pub(crate) fn say(&mut self, text: &str) -> Outcome {
        let line = format!("{:.3} {} {text}\n", Timestamp::now(), std::process::id());
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes())?;
        }
        if self.terminal {
            anstream::stderr().write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}
