//! Packs segments that nothing is added to any more.
//!
//! A kill at any moment loses and doubles nothing: what is packed is written beside the text, made safe on the disk, and given its
//! name, by which it counts; only then the text is removed. Whoever does it holds the text's lock, which writers share: so no line
//! is added to a text that is being packed.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::LogFilter;
use super::packed::PackedWriter;
use super::segment::{Form, LogFiles, Segment};
use super::text::TextReader;
use crate::{StoreError, private};

/// How often it is looked whether all is packed.
const GLANCE: Duration = Duration::from_millis(2);

/// Packs segments on a thread of its own, one after the other.
#[derive(Debug)]
pub(super) struct Sealer {
    files: LogFiles,
    running: Option<(Sender<Segment>, JoinHandle<()>)>,
}

impl Sealer {
    pub(super) fn new(files: LogFiles) -> Self {
        Self { files, running: None }
    }

    /// Has a segment packed. What cannot be packed stays as it is.
    pub(super) fn seal(&mut self, first: u64) {
        let segment = Segment { first, form: Form::Text, path: self.files.text(first) };
        if self.running.is_none() {
            self.running = Self::start(self.files.clone());
        }
        if let Some((queue, _)) = &self.running {
            drop(queue.send(segment));
        }
    }

    /// Without a thread to have the text stays, and whoever sweeps the logs next packs it.
    fn start(files: LogFiles) -> Option<(Sender<Segment>, JoinHandle<()>)> {
        let (queue, segments) = channel();
        let work = move || {
            for segment in segments {
                // Whoever sweeps the logs tries again.
                drop(pack(&files, &segment));
            }
        };
        let thread = thread::Builder::new().name("logs".to_owned()).spawn(work);
        Some((queue, thread.ok()?))
    }

    /// Waits until all is packed, but not longer than that.
    pub(super) fn finish(self, patience: Duration) {
        let Some((queue, thread)) = self.running else { return };
        drop(queue);
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < patience {
            thread::sleep(GLANCE);
        }
    }
}

/// Packs a segment, unless somebody writes or packs it, or something in it cannot be read: then it stays as it is. Says whether it
/// did.
pub(super) fn pack(files: &LogFiles, segment: &Segment) -> Result<bool, StoreError> {
    let text = match File::open(&segment.path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(StoreError::file("open the log", &segment.path)(cause)),
    };
    if text.try_lock().is_err() {
        return Ok(false);
    }
    let packed = files.packed(segment.first);
    if !packed.exists() {
        private::create_dir(files.dir())?;
        let draft = packed.with_extension("new");
        if !write(segment, &draft)? {
            private::delete(&draft)?;
            return Ok(false);
        }
        name(files, &draft, &packed)?;
    }
    private::delete(&segment.path)?;
    Ok(true)
}

/// Gives what was written the name by which it counts.
fn name(files: &LogFiles, draft: &std::path::Path, packed: &std::path::Path) -> Result<(), StoreError> {
    let named = fs::rename(draft, packed).and_then(|()| File::open(files.dir())?.sync_all());
    named.map_err(StoreError::file("name the packed log", packed))
}

/// Writes the lines of a segment packed; says whether all of it could be.
fn write(segment: &Segment, draft: &std::path::Path) -> Result<bool, StoreError> {
    let failed = |cause| StoreError::file("pack the log into", draft)(cause);
    let file = private::options().write(true).create(true).truncate(true).open(draft).map_err(failed)?;
    let written = write_lines(segment, file);
    if written.is_err() {
        // The disk may be full, and others need the room.
        private::delete(draft)?;
    }
    written.map_err(failed)
}

fn write_lines(segment: &Segment, file: File) -> io::Result<bool> {
    let mut lines = TextReader::open(segment)?;
    let mut packed = PackedWriter::new(BufWriter::new(file))?;
    let mut due = segment.first;
    loop {
        match lines.next(&(0..u64::MAX), &LogFilter::default()) {
            Ok(Some(line)) if line.seq == due => {
                due += 1;
                if !packed.add(&line)? {
                    return Ok(false);
                }
            }
            Ok(None) if !lines.is_torn() && due > segment.first => break,
            Ok(_) | Err(_) => return Ok(false),
        }
    }
    let file = packed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(true)
}
