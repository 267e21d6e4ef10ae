//! How a step is run, beyond what it does: whether at all, how often, how long, beside whom.

use std::time::Duration;

use pt_model::{Data, parse_duration};
use pt_spec::{Definition, Step, Type};
use pt_syntax::{Diagnostic, Format, Node, Sources, parse};

use crate::bind::Bound;
use crate::evaluate::{Inside, Trouble};
use crate::planner::Planner;

/// The terms on which a step is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// How often it is tried again when it fails.
    pub retries: Option<Retries>,
    /// How long one try may take.
    pub timeout: Option<Duration>,
    /// What it must have while it runs.
    pub locks: Vec<Lock>,
}

/// How often a step is tried again, and after which pauses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retries {
    /// The most tries after the first.
    pub max: u32,
    /// The first pause.
    pub delay: Duration,
    /// By how much each pause is longer than the one before.
    pub backoff: f64,
    /// The longest pause.
    pub max_delay: Duration,
}

impl Retries {
    /// The pause before a retry, counted from 1.
    pub fn pause(&self, retry: u32) -> Duration {
        let exponent = i32::try_from(retry.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.delay.as_secs_f64() * self.backoff.powi(exponent);
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max_delay).min(self.max_delay)
    }
}

/// Something that only so many steps of a job have at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub id: String,
    /// How many.
    pub limit: usize,
}

/// Whether a step is run, and how.
pub(crate) enum Agreed {
    Run(Terms),
    /// Its `when` says no.
    Skip,
    /// Its `when` asks for results of other steps.
    Later(Terms),
}

impl<'p> Planner<'p> {
    pub(crate) fn agree(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        step: &'p Step,
    ) -> Result<Agreed, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut read = |planner: &mut Self, node: &'p Option<Node>, ty: &str, short: &str| {
            let node = node.as_ref()?;
            let data = planner.known(definition, bound, node, &mut found)?;
            checked(data, node, ty, short).map_err(|wrong| found.push(wrong)).ok()
        };
        let written = &step.terms;
        let retries = read(self, &written.retries, RETRIES, "max").map(|data| retries(&data));
        let timeout = read(self, &written.timeout, TIMEOUT, "for");
        let timeout = timeout.and_then(|data| duration(data.get("for")));
        let locks = match &written.lock {
            Some(node) if !node.items().is_empty() => node
                .items()
                .iter()
                .filter_map(|node| self.lock(definition, bound, node, &mut found))
                .collect(),
            Some(node) => self.lock(definition, bound, node, &mut found).into_iter().collect(),
            None => Vec::new(),
        };
        let terms = Terms { retries, timeout, locks };
        let Some(when) = &written.when else {
            return if found.is_empty() { Ok(Agreed::Run(terms)) } else { Err(found) };
        };
        let mut trouble = Trouble::default();
        let value = self.data(when, &Inside { definition, bound }, &mut trouble);
        found.append(&mut trouble.errors);
        // What a check does not know may be true.
        if self.checking.is_none() {
            found.append(&mut trouble.missing);
        }
        match () {
            () if !found.is_empty() => Err(found),
            () if self.checking.is_some() => Ok(Agreed::Run(terms)),
            () if !trouble.holes.is_empty() => Ok(Agreed::Later(terms)),
            () if is_yes(&value) => Ok(Agreed::Run(terms)),
            () => Ok(Agreed::Skip),
        }
    }

    /// How long a job of a template may take.
    pub(crate) fn job_timeout(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
    ) -> Result<Option<Duration>, Vec<Diagnostic>> {
        let Some(node) = &definition.timeout else { return Ok(None) };
        let mut found = Vec::new();
        let data = self.known(definition, bound, node, &mut found);
        if !found.is_empty() {
            return Err(found);
        }
        let timeout = data.map(|data| checked(data, node, TIMEOUT, "for")).transpose();
        timeout.map(|data| data.and_then(|data| duration(data.get("for")))).map_err(|wrong| vec![wrong])
    }

    fn lock(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        node: &'p Node,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Lock> {
        let data = self.known(definition, bound, node, found)?;
        match checked(data, node, "{id: str, limit: [default, int, 1]}", "id") {
            Ok(lock) => {
                let limit = usize::try_from(integer(lock.get("limit"))).unwrap_or(1).max(1);
                Some(Lock { id: lock.get("id").to_text().masked(), limit })
            }
            Err(wrong) => {
                found.push(wrong);
                None
            }
        }
    }

    /// A value that must be known before the job starts.
    fn known(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        node: &'p Node,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Data> {
        let mut trouble = Trouble::default();
        let data = self.data(node, &Inside { definition, bound }, &mut trouble);
        found.append(&mut trouble.errors);
        if trouble.holes.is_empty() {
            return Some(data);
        }
        if self.checking.is_none() {
            found.append(&mut trouble.missing);
            if found.is_empty() {
                let message = "This must be known before the job starts";
                found.push(
                    Diagnostic::error("type-mismatch", message).at(node.span, "a result of a step is not"),
                );
            }
        }
        None
    }
}

const TIMEOUT: &str = "{for: duration}";

const RETRIES: &str = "{max: int, delay: [default, duration, 1s], backoff: [default, num, 2], max-delay: [default, duration, 1m]}";

/// The value as a map of this type; what is no map stands for its entry `short`.
fn checked(data: Data, node: &Node, ty: &str, short: &str) -> Result<Data, Diagnostic> {
    let map = if data.as_map().is_some() {
        data
    } else {
        Data::Map([(short.to_owned(), data)].into_iter().collect())
    };
    self::ty(ty).check(&map).map_err(|errors| {
        let wrong = errors.first().map(|error| error.problem.to_string()).unwrap_or_default();
        let found = Diagnostic::error("type-mismatch", wrong).at(node.span, "");
        match map.get("for") {
            Data::Int(seconds) => found.hint(format!("write it with a unit: `{seconds}s`")),
            _ => found,
        }
    })
}

fn ty(text: &str) -> Type {
    let source = Sources::default().add("type", text);
    Type::lower(&parse(source, text, Format::Yaml).document.root)
}

fn retries(data: &Data) -> Retries {
    let second = Duration::from_secs(1);
    Retries {
        max: u32::try_from(integer(data.get("max"))).unwrap_or(0),
        delay: duration(data.get("delay")).unwrap_or(second),
        backoff: match data.get("backoff") {
            Data::Float(number) => number.max(1.0),
            other => integer(other).max(1) as f64,
        },
        max_delay: duration(data.get("max-delay")).unwrap_or(second * 60),
    }
}

fn duration(data: &Data) -> Option<Duration> {
    parse_duration(&data.to_text().masked())
}

fn integer(data: &Data) -> i64 {
    if let Data::Int(number) = data { *number } else { 0 }
}

/// Values and secrets are texts: what they say counts.
fn is_yes(value: &Data) -> bool {
    match value {
        Data::Null | Data::Bool(false) => false,
        Data::Str(text) => !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "false" | "no" | "0"),
        Data::Bool(true) | Data::Int(_) | Data::Float(_) | Data::List(_) | Data::Map(_) | Data::Secret(_) => {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest() {
        let retries = Retries {
            max: 9,
            delay: Duration::from_secs(1),
            backoff: 2.0,
            max_delay: Duration::from_secs(5),
        };
        let pauses: Vec<u64> = (1..=5).map(|retry| retries.pause(retry).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        assert_eq!(retries.pause(u32::MAX), Duration::from_secs(5));
    }

    #[test]
    fn texts_say_yes_or_no() {
        for (value, expected) in
            [("true", true), ("prod", true), ("false", false), ("No", false), ("", false)]
        {
            assert_eq!(is_yes(&Data::from(value)), expected, "{value}");
        }
    }
}
