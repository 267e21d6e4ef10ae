//! Chunks: pieces of files, each named by its content.

use std::fmt;
use std::io::{self, Read};

use fastcdc::v2020::{Error, StreamCDC};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Sizes in bytes. A file below the least is a chunk of its own.
const LEAST: usize = 64 << 10;
const USUAL: usize = 256 << 10;
pub(crate) const LARGEST: usize = 1 << 20;

/// The name of a content: its BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Digest(blake3::Hash);

impl Digest {
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(blake3::hash(content))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(hex).map(Self).map_err(serde::de::Error::custom)
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let hash = blake3::Hash::from_slice(value.as_blob()?);
        hash.map(Self).map_err(|cause| FromSqlError::Other(Box::new(cause)))
    }
}

/// Cuts a file of this size where its content says so: what is inserted into it moves no other cut.
pub(crate) fn cut<R: Read>(file: R, size: u64) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    let small = usize::try_from(size).is_ok_and(|size| size <= LEAST);
    let (whole, pieces) = if small { (Some(file), None) } else { (None, Some(file)) };
    // It may have grown since somebody looked.
    let whole = whole.into_iter().flat_map(|mut file| {
        let mut content = Vec::new();
        match file.read_to_end(&mut content) {
            Ok(_) => content.chunks(LARGEST).map(|piece| Ok(piece.to_vec())).collect(),
            Err(cause) => vec![Err(cause)],
        }
    });
    let pieces = pieces.map(|file| StreamCDC::new(file, LEAST, USUAL, LARGEST));
    let pieces = pieces.into_iter().flatten().map(|piece| match piece {
        Ok(piece) => Ok(piece.data),
        Err(Error::IoError(cause)) => Err(cause),
        Err(other) => Err(io::Error::other(other.to_string())),
    });
    whole.chain(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insertion_makes_few_new_chunks() {
        let mut noise = 1_u64;
        let file: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (noise >> 56) as u8
        })
        .take(8 << 20)
        .collect();
        let mut changed = file.clone();
        changed.insert(4 << 20, b'!');
        let names = |file: &[u8]| -> Vec<Digest> {
            cut(file, file.len() as u64).map(|piece| Digest::of(&piece.unwrap())).collect()
        };
        let (before, after) = (names(&file), names(&changed));
        assert!(before.len() > 16, "{}", before.len());
        let new = after.iter().filter(|name| !before.contains(name)).count();
        assert!((1..=2).contains(&new), "{new}");
    }
}
