//! What code may use up, as far as somebody has said.

use std::time::Duration;

use crate::Data;

/// What code may use up, as far as somebody has said; the rest is up to the occasion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeLimits {
    /// How long it may run; what it waits for the runner does not count.
    pub time: Option<Duration>,
    /// Bytes that its data may take.
    pub memory: Option<u64>,
    /// Levels of calls within calls, about.
    pub depth: Option<u32>,
}

impl CodeLimits {
    /// The most levels of calls that can be allowed: there are no threads with a larger stack.
    pub const DEEPEST: u32 = 10_000;

    /// These, and where they say nothing the others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            time: self.time.or(others.time),
            memory: self.memory.or(others.memory),
            depth: self.depth.or(others.depth),
        }
    }

    /// As a polytope file says it; null where nothing is said.
    pub fn to_data(self) -> Data {
        let time = self.time.map(|time| ("time", Data::from(duration_text(time))));
        let memory = self.memory.map(|bytes| ("memory", Data::from(size_text(bytes))));
        let depth = self.depth.map(|depth| ("depth", Data::Int(depth.into())));
        let said: Vec<_> = [time, memory, depth].into_iter().flatten().collect();
        if said.is_empty() { Data::Null } else { said.into_iter().collect() }
    }
}

/// A duration as one would write it: `500ms`, `10s`, `5m`.
pub fn duration_text(time: Duration) -> String {
    match time.as_millis() {
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

/// A size as one would write it: `256MB`, `1536MiB`; what is no multiple of these, in bytes.
pub fn size_text(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("GiB", 1 << 30), ("MB", 1_000_000), ("MiB", 1 << 20)];
    match units.iter().find(|(_, size)| bytes.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse_data_size, parse_duration};

    #[test]
    fn they_are_written_as_they_are_read() {
        for text in ["500ms", "10s", "5m", "90s"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        for text in ["256MB", "1536MiB", "2GB", "1GiB", "1234567B"] {
            assert_eq!(size_text(parse_data_size(text).unwrap()), text);
        }
        assert_eq!(CodeLimits::default().to_data(), Data::Null);
        let limits = CodeLimits { time: parse_duration("10s"), memory: None, depth: Some(500) };
        assert_eq!(limits.to_data().to_string(), r#"{"time":"10s","depth":500}"#);
    }
}
