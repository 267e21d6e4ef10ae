//! Reads what code hands to a runner function.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use std::time::Duration;

use pt_model::{Data, Failure, SpecError, camel, parse_duration};

/// The args of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'a> {
    pub(crate) function: &'a str,
    pub(crate) given: &'a [Data],
}

impl<'a> Args<'a> {
    /// The arg at a place; null where there is none.
    pub(crate) fn at(&self, at: usize) -> &'a Data {
        self.given.get(at).unwrap_or(&Data::Null)
    }

    /// A text, secrets opened.
    pub(crate) fn text(&self, at: usize, name: &str) -> Result<String, Failure> {
        self.text_of(self.at(at), name)
    }

    /// A text somewhere in the args, secrets opened.
    pub(crate) fn text_of(&self, data: &Data, name: &str) -> Result<String, Failure> {
        match data.as_text() {
            Some(text) => Ok(text.expose()),
            None => Err(self.wrong(name, "Must be a string", data)),
        }
    }

    /// A text if there is any.
    pub(crate) fn optional_text(&self, data: &Data, name: &str) -> Result<Option<String>, Failure> {
        if data.is_null() { Ok(None) } else { self.text_of(data, name).map(Some) }
    }

    /// Milliseconds, or a number with a unit.
    pub(crate) fn duration(&self, data: &Data, name: &str) -> Result<Duration, Failure> {
        let read = match data {
            Data::Int(ms) => u64::try_from(*ms).ok().map(Duration::from_millis),
            _ => data.as_str().and_then(parse_duration),
        };
        read.ok_or_else(|| self.wrong(name, "Must be a duration such as \"5s\", or milliseconds", data))
    }

    /// That something is not what it must be.
    pub(crate) fn wrong(&self, name: &str, must: &str, data: &Data) -> Failure {
        let place = if name.is_empty() { String::new() } else { format!("{name}: ") };
        match data {
            Data::Null => self.failure(format!("{place}Missing required value")),
            data => self.failure(format!("{place}{must} (got {data})")),
        }
    }

    /// That a spec makes no sense.
    pub(crate) fn invalid(&self, error: &SpecError) -> Failure {
        self.failure(error)
    }

    /// That the function could not be carried out.
    pub(crate) fn failure(&self, why: impl std::fmt::Display) -> Failure {
        failure(format!("pt/{}: {why}", self.function))
    }
}

/// A failure with nothing but a message.
pub(crate) fn failure(message: impl Into<String>) -> Failure {
    Failure::new(message, Data::Null)
}

/// The entry of a map under any of these keys, each also in camelCase.
pub(crate) fn entry<'a>(data: &'a Data, keys: &[&str]) -> &'a Data {
    let found = |key: &&str| Some(data.get(key)).filter(|value| !value.is_null());
    let camel = |key: &&str| Some(data.get(&camel(key))).filter(|value| !value.is_null());
    keys.iter().find_map(|key| found(key).or_else(|| camel(key))).unwrap_or(&Data::Null)
}

/// The id that a reference ends in: `my-org/my-project>my-job%db` is `db`.
pub(crate) fn local_id(reference: &str) -> &str {
    reference.rsplit(['%', '#', ':', '>']).next().unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_end_in_ids() {
        for (reference, id) in [
            ("db", "db"),
            ("org/proj>job%db", "db"),
            ("job#step", "step"),
            ("org/proj>job#:web", "web"),
            ("org/proj>job#step:web", "web"),
        ] {
            assert_eq!(local_id(reference), id);
        }
    }

    #[test]
    fn keys_are_kebab_or_camel() {
        let data: Data = [("containerId".to_owned(), Data::from("db"))].into_iter().collect();
        assert_eq!(entry(&data, &["container", "container-id"]), &Data::from("db"));
        assert_eq!(entry(&data, &["id"]), &Data::Null);
    }
}
