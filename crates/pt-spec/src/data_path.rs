//! Places inside data.

use std::fmt;

/// One step of a [`DataPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The entry of a map.
    Key(String),
    /// The item of a list, from 0.
    Index(usize),
}

/// Where in a value: `brokers[0].port`. Empty for the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataPath(pub Vec<Segment>);

impl DataPath {
    /// The path `self` followed by `text`, which is written as paths are: `ports[0].port`.
    #[must_use]
    pub fn join(&self, text: &str) -> Self {
        let mut path = self.clone();
        for piece in text.split(['.', '[']).filter(|piece| !piece.is_empty()) {
            path.0.push(match piece.strip_suffix(']').and_then(|digits| digits.parse().ok()) {
                Some(index) => Segment::Index(index),
                None => Segment::Key(piece.to_owned()),
            });
        }
        path
    }
}

impl fmt::Display for DataPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
