//! Which lines are shown.

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use pt_model::{ContainerId, LogLine, Stream, parse_duration};
use pt_store::LogFilter;
use regex::Regex;
use serde_json::Value;

/// Which lines of a job are shown: those that meet all that is asked for.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Shows the lines of this step or container only.
    #[arg(long, value_name = "id")]
    pub(crate) step: Option<String>,
    /// Shows the lines of this container only.
    #[arg(long, value_name = "id")]
    container: Option<String>,
    /// Shows what was written there only: `log` is what code prints, `otlp` what services send.
    #[arg(long, value_name = "stream")]
    stream: Option<StreamName>,
    /// Shows the lines from then on: a duration ago, as in 10m, or a time, as in 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "when", value_parser = moment)]
    since: Option<Timestamp>,
    /// Shows the lines before then.
    #[arg(long, value_name = "when", value_parser = moment)]
    until: Option<Timestamp>,
    /// Shows the lines in which this regular expression is found.
    #[arg(long, value_name = "regex")]
    grep: Option<Regex>,
    /// Shows the lines that are JSON and have this, as in level=error or http.status=500. Repeatable.
    #[arg(long, value_name = "path=value", value_parser = field)]
    field: Vec<Field>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StreamName {
    Stdout,
    Stderr,
    Log,
    Otlp,
}

/// What a line that is JSON should hold.
#[derive(Clone, Debug, PartialEq)]
struct Field {
    path: Vec<String>,
    value: String,
}

impl FilterArgs {
    /// What the store can tell of a line before it is read; `of` is the step or container that was asked for by name.
    pub(super) fn in_store(&self, of: Option<String>) -> LogFilter {
        LogFilter {
            step: None,
            part: self.step.clone().or(of),
            container: self.container.as_deref().map(ContainerId::new),
            stream: self.stream.map(Stream::from),
            since: self.since,
            until: self.until,
        }
    }

    /// Whether the line is wanted for what it says.
    pub(super) fn admits(&self, line: &LogLine) -> bool {
        self.grep.as_ref().is_none_or(|grep| grep.is_match(&line.text))
            && (self.field.is_empty() || self.has_fields(&line.text))
    }

    fn has_fields(&self, text: &str) -> bool {
        let Ok(line) = serde_json::from_str::<Value>(text) else { return false };
        self.field.iter().all(|field| field.is_in(&line))
    }
}

impl From<StreamName> for Stream {
    fn from(name: StreamName) -> Self {
        match name {
            StreamName::Stdout => Self::Stdout,
            StreamName::Stderr => Self::Stderr,
            StreamName::Log => Self::Log,
            StreamName::Otlp => Self::Otlp,
        }
    }
}

impl Field {
    fn is_in(&self, line: &Value) -> bool {
        // Many loggers write dots into names.
        let found = line.get(self.path.join(".")).or_else(|| {
            self.path.iter().try_fold(line, |value, name| match value.as_array() {
                Some(items) => items.get(name.parse::<usize>().ok()?),
                None => value.get(name),
            })
        });
        found.is_some_and(|found| match found.as_str() {
            Some(text) => text == self.value,
            None => serde_json::from_str::<Value>(&self.value).is_ok_and(|wanted| wanted == *found),
        })
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Some(ago) = parse_duration(text) {
        let ago = SignedDuration::try_from(ago).map_err(|_| "that is too long ago".to_owned())?;
        return Timestamp::now().checked_sub(ago).map_err(|_| "that is too long ago".to_owned());
    }
    text.parse().map_err(|_| "write a duration, as in 10m, or a time, as in 2026-01-31T12:00:00Z".to_owned())
}

fn field(text: &str) -> Result<Field, String> {
    let (path, value) = text.split_once('=').ok_or("write a path and a value, as in level=error")?;
    let path = path.trim_start_matches('.').split('.').map(str::to_owned).collect();
    Ok(Field { path, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_at_every_depth() {
        let line = serde_json::json!({
            "level": "error", "http": {"status": 500}, "a.b": true, "tags": ["x", {"y": null}]
        });
        for (asked, is_there) in [
            ("level=error", true),
            ("level=err", false),
            ("http.status=500", true),
            (".http.status=500", true),
            ("a.b=true", true),
            ("tags.0=x", true),
            ("tags.1.y=null", true),
            ("tags.2=x", false),
            ("none=", false),
        ] {
            assert_eq!(field(asked).unwrap().is_in(&line), is_there, "{asked}");
        }
        assert!(field("level").is_err());
    }

    #[test]
    fn moments_are_durations_ago_or_times() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Ok(Timestamp::UNIX_EPOCH));
        assert!(moment("10m").unwrap() < Timestamp::now());
        assert!(moment("yesterday").is_err());
    }
}
