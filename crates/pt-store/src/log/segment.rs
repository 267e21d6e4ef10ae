//! Segments: the files that the log of a job consists of.
//!
//! `JOB.log` has the first lines, as text. When it has grown large, the next line begins `JOB.log.d/NUMBER.log`, which is named by
//! that line's number; and so on. Only the last one grows. The others are packed into `JOB.log.d/NUMBER.packed`, and the text is
//! removed once that is safe on the disk: while both are there, the packed one counts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{StoreError, private};

/// Where the log of a job lies.
#[derive(Clone, Debug)]
pub(super) struct LogFiles {
    first: PathBuf,
    dir: PathBuf,
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of its first line.
    pub(super) first: u64,
    pub(super) form: Form,
    pub(super) path: PathBuf,
}

/// How the lines of a segment are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A line of JSON each.
    Text,
    /// In compressed blocks.
    Packed,
}

impl LogFiles {
    /// Those that begin with this one.
    pub(super) fn new(first: PathBuf) -> Self {
        let dir = first.with_extension("log.d");
        Self { first, dir }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the text that begins with this line is written.
    pub(super) fn text(&self, first: u64) -> PathBuf {
        if first == 0 { self.first.clone() } else { self.dir.join(format!("{first:020}.log")) }
    }

    /// Where it is kept packed.
    pub(super) fn packed(&self, first: u64) -> PathBuf {
        self.dir.join(format!("{first:020}.packed"))
    }

    /// What is written down of lines that are kept no longer.
    pub(super) fn dropped(&self) -> PathBuf {
        self.dir.join("dropped.json")
    }

    /// The segments that there are, in their order.
    pub(super) fn list(&self) -> Result<Vec<Segment>, StoreError> {
        // One that is packed while the directory is read might show under neither of its names. Then the next look differs.
        let mut last = self.look()?;
        loop {
            let now = self.look()?;
            if now == last {
                let segment = |(first, form)| {
                    let path = if form == Form::Text { self.text(first) } else { self.packed(first) };
                    Segment { first, form, path }
                };
                return Ok(now.into_iter().map(segment).collect());
            }
            last = now;
        }
    }

    fn look(&self) -> Result<BTreeMap<u64, Form>, StoreError> {
        let failed = |path: &Path, cause| StoreError::file("look for the log", path)(cause);
        let mut found = BTreeMap::new();
        match fs::metadata(&self.first) {
            Ok(_) => drop(found.insert(0, Form::Text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(&self.first, cause)),
        }
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(cause) => return Err(failed(&self.dir, cause)),
        };
        for entry in entries {
            let path = entry.map_err(|cause| failed(&self.dir, cause))?.path();
            let number = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            match (number, path.extension().and_then(|extension| extension.to_str())) {
                (Some(number), Some("packed")) => drop(found.insert(number, Form::Packed)),
                (Some(number), Some("log")) => drop(found.entry(number).or_insert(Form::Text)),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Whether there is anything.
    pub(super) fn exist(&self) -> bool {
        self.first.exists() || self.dir.exists()
    }

    /// Deletes all that is there.
    pub(super) fn delete(&self) -> Result<(), StoreError> {
        private::delete(&self.first)?;
        match fs::remove_dir_all(&self.dir) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::file("delete", &self.dir)(cause))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
