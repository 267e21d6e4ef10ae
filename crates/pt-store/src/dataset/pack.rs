//! Packs: files of compressed chunks. A pack is written by whoever stores a dataset, and never changed.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::{OptionalExtension, Transaction, params};
use zstd::bulk::{Compressor, Decompressor};

use super::chunk::{Digest, LARGEST};
use crate::database::{Database, WriteError};
use crate::error::CURE;
use crate::key::random_name;
use crate::{StoreError, private};

/// How hard chunks are compressed: zstd's 1 is nearly as quick as the disk, and its 3 gains a twentieth.
const LEVEL: i32 = 1;

/// Chunks that wait for a core, at most: as many megabytes at most.
const WAITING: usize = 16;

/// Packs that are held open for reading, at most.
const OPEN: usize = 64;

/// Where a chunk lies in its pack.
struct Place {
    start: u64,
    stored_b: u64,
    size_b: u64,
}

/// A pack that is written but that no dataset refers to yet.
pub(crate) struct Draft {
    path: PathBuf,
    places: HashMap<Digest, Place>,
    /// Its bytes.
    pub(crate) size_b: u64,
}

impl Draft {
    /// Gives the pack its name and says where its chunks are. If this or what follows fails, sweeping takes the file away.
    pub(crate) fn enter(self, tx: &Transaction<'_>) -> Result<(), WriteError> {
        if self.places.is_empty() {
            return Ok(private::delete(&self.path)?);
        }
        let path = self.path.with_extension("pack");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut add = tx.prepare_cached(
            "INSERT INTO chunk (digest, pack, start, stored_b, size_b) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?;
        for (digest, place) in &self.places {
            let number = |number: u64| number.cast_signed();
            add.execute(params![
                digest,
                name,
                number(place.start),
                number(place.stored_b),
                number(place.size_b)
            ])?;
        }
        fs::rename(&self.path, &path).map_err(StoreError::file("name the pack", &path))?;
        Ok(())
    }

    /// Takes it away.
    pub(crate) fn discard(self) -> Result<(), StoreError> {
        private::delete(&self.path)
    }
}

/// Takes chunks; those that are new are compressed on all cores.
pub(crate) struct PackWriter<'a> {
    database: &'a Database,
    seen: HashSet<Digest>,
    queue: SyncSender<(Digest, Vec<u8>)>,
}

impl PackWriter<'_> {
    /// Keeps a content of at most [`LARGEST`] bytes, unless it is kept already.
    pub(crate) fn keep(&mut self, content: Vec<u8>) -> Result<Digest, StoreError> {
        let digest = Digest::of(&content);
        if self.seen.insert(digest) && place_of(self.database, &digest)?.is_none() {
            // They take what is sent until this is dropped.
            drop(self.queue.send((digest, content)));
        }
        Ok(digest)
    }

    /// Keeps a content, be it kept elsewhere or not.
    pub(crate) fn keep_again(&mut self, content: Vec<u8>) {
        drop(self.queue.send((Digest::of(&content), content)));
    }
}

/// Writes a pack in `dir` with the chunks that `fill` keeps.
pub(crate) fn write<T>(
    dir: &Path,
    database: &Database,
    fill: impl FnOnce(&mut PackWriter<'_>) -> Result<T, StoreError>,
) -> Result<(T, Draft), StoreError> {
    private::create_dir(dir)?;
    let name = random_name().map_err(StoreError::file("name a file in", dir))?;
    let path = dir.join(name + ".new");
    let file = private::options().write(true).create_new(true).open(&path);
    let file = file.map_err(StoreError::file("create", &path))?;
    let output = Mutex::new(Output { file: BufWriter::new(file), size_b: 0, places: HashMap::new() });
    let (queue, chunks) = sync_channel(WAITING);
    let chunks = Mutex::new(chunks);
    let filled = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let writers: Vec<_> = (0..cores).map(|_| scope.spawn(|| write_chunks(&chunks, &output))).collect();
        let filled = fill(&mut PackWriter { database, seen: HashSet::new(), queue });
        for writer in writers {
            writer.join().unwrap_or_else(|_| Err(io::Error::other("a thread broke")))?;
        }
        Ok(filled)
    });
    let output = output.into_inner().unwrap_or_else(PoisonError::into_inner);
    let synced = filled.and_then(|filled| {
        let file = output.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all().map(|()| filled)
    });
    let draft = Draft { path, places: output.places, size_b: output.size_b };
    match synced.map_err(StoreError::file("write", &draft.path)).flatten() {
        Ok(filled) => Ok((filled, draft)),
        Err(error) => draft.discard().and(Err(error)),
    }
}

struct Output {
    file: BufWriter<File>,
    size_b: u64,
    places: HashMap<Digest, Place>,
}

type Chunks = Mutex<Receiver<(Digest, Vec<u8>)>>;

fn next(chunks: &Chunks) -> Option<(Digest, Vec<u8>)> {
    chunks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Writes chunks until there are no more. One that fails takes them all the same: who brings them must not wait for ever.
fn write_chunks(chunks: &Chunks, output: &Mutex<Output>) -> io::Result<()> {
    let written = compress(chunks, output);
    if written.is_err() {
        while next(chunks).is_some() {}
    }
    written
}

fn compress(chunks: &Chunks, output: &Mutex<Output>) -> io::Result<()> {
    let mut compressor = Compressor::new(LEVEL)?;
    while let Some((digest, content)) = next(chunks) {
        let packed = compressor.compress(&content)?;
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.file.write_all(&packed)?;
        let (start, stored_b) = (output.size_b, packed.len() as u64);
        output.places.insert(digest, Place { start, stored_b, size_b: content.len() as u64 });
        output.size_b += stored_b;
    }
    Ok(())
}

fn place_of(database: &Database, digest: &Digest) -> Result<Option<(String, Place)>, StoreError> {
    database.read("look a chunk up", |tx| {
        tx.prepare_cached("SELECT pack, start, stored_b, size_b FROM chunk WHERE digest = ?1")?
            .query_row([digest], |row| {
                let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
                Ok((row.get(0)?, Place { start: number(1)?, stored_b: number(2)?, size_b: number(3)? }))
            })
            .optional()
    })
}

/// Reads chunks, and holds each against its name.
pub(crate) struct PackReader<'a> {
    dir: &'a Path,
    database: &'a Database,
    decompressor: Decompressor<'static>,
    packs: HashMap<String, File>,
}

impl<'a> PackReader<'a> {
    pub(crate) fn new(dir: &'a Path, database: &'a Database) -> Result<Self, StoreError> {
        let decompressor = Decompressor::new().map_err(StoreError::file("decompress what is in", dir))?;
        Ok(Self { dir, database, decompressor, packs: HashMap::new() })
    }

    /// The content of this name.
    pub(crate) fn read(&mut self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let Some((pack, place)) = place_of(self.database, digest)? else {
            return Err(self.database.damaged(format!("it does not know where the chunk {digest} is")));
        };
        let path = self.dir.join(&pack);
        let damaged = |why: &str| StoreError::Damaged {
            cure: CURE,
            path: path.clone(),
            detail: format!("the chunk {digest} at byte {} {why}", place.start),
        };
        if !self.packs.contains_key(&pack) {
            if self.packs.len() >= OPEN {
                self.packs.clear();
            }
            let file = File::open(&path).map_err(StoreError::file("open the pack", &path))?;
            self.packs.insert(pack.clone(), file);
        }
        let mut packed = vec![0; usize::try_from(place.stored_b).map_err(|_| damaged("is too long"))?];
        let read = self.packs[&pack].read_exact_at(&mut packed, place.start);
        read.map_err(StoreError::file("read a chunk of", &path))?;
        let size = usize::try_from(place.size_b).ok().filter(|size| *size <= LARGEST);
        let size = size.ok_or_else(|| damaged("is too long"))?;
        let content = self.decompressor.decompress(&packed, size);
        let content = content.map_err(|cause| damaged(&format!("cannot be decompressed ({cause})")))?;
        if Digest::of(&content) == *digest { Ok(content) } else { Err(damaged("is not what was stored")) }
    }
}
