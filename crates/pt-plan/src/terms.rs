//! How a step is run, beyond what it does: whether at all, how often, how long, beside whom.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of data are wanted, all others are refused alike"
)]

use std::time::Duration;

use pt_model::{Data, Key, Problem, Rule, parse_duration};
use pt_spec::{Atom, DataPath, Definition, Kind, Segment, Step, StepBody, Type, TypeError};
use pt_syntax::{
    Diagnostic, Entry, Format, Node, NodeKind, Reading, Sources, near_miss, parse, references, suggest,
};

use crate::bind::{Bound, field, inner};
use crate::cache::Cache;
use crate::evaluate::{Inside, Trouble};
use crate::literal;
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
    /// What must have changed for it to be run again.
    pub cache: Option<Cache>,
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
        let mut read = |planner: &mut Self, node: &'p Option<Node>, term: &Term| {
            let node = node.as_ref()?;
            let data = planner.known(definition, bound, node, &mut found)?;
            planner.checked(data, node, term).map_err(|mut wrong| found.append(&mut wrong)).ok()
        };
        let written = &step.terms;
        let retries = read(self, &written.retries, &RETRIES).map(|data| retries(&data));
        let timeout = read(self, &written.timeout, &TIMEOUT);
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
        let cache = written.cache.as_ref().and_then(|node| self.cache(definition, bound, node, &mut found));
        let terms = Terms { retries, timeout, locks, cache };
        if terms != Terms::default() && self.stands_for_template(definition, step) {
            let message =
                "`retries`, `timeout`, `lock` and `cache` are for steps that call a module or run code";
            let wrong = Diagnostic::error("wrong-shape", message);
            found.push(wrong.at(step.span, "this one stands for the steps of a template"));
        }
        let Some(when) = &written.when else {
            return if found.is_empty() { Ok(Agreed::Run(terms)) } else { Err(found) };
        };
        if definition.origin.is_own() {
            self.warn(always_yes(when).as_slice());
        }
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
        let timeout = data.map(|data| self.checked(data, node, &TIMEOUT)).transpose();
        timeout.map(|data| data.and_then(|data| duration(data.get("for"))))
    }

    pub(crate) fn stands_for_template(&self, definition: &Definition, step: &Step) -> bool {
        let StepBody::Call { reference, wanted, .. } = &step.does else { return false };
        let callee = self.project.resolve(Some(definition), &reference.text, *wanted);
        callee.is_ok_and(|callee| callee.kind == Kind::Template)
    }

    /// The value as a map of this type; what is no map stands for its short entry.
    pub(crate) fn checked(&mut self, data: Data, node: &Node, term: &Term) -> Result<Data, Vec<Diagnostic>> {
        let is_map = data.as_map().is_some();
        let map = if is_map { data } else { [(Key::from(term.short), data)].into_iter().collect() };
        let ty = ty(term.ty);
        let told = |path: &DataPath, message: &str| {
            let Some(Segment::Key(key)) = path.0.first().filter(|_| is_map) else {
                return Diagnostic::error("type-mismatch", format!("{}: {message}", term.key))
                    .at(node.span, "");
            };
            let message = format!("{}.{path}: {message}", term.key);
            Diagnostic::error("type-mismatch", message).at(node.get(key).unwrap_or(node).span, "")
        };
        let Type::Fields(fields) = &ty else { return Ok(map) };
        let mut strangers: Vec<&Entry> =
            node.entries().iter().filter(|entry| field(fields, &entry.key).is_none()).collect();
        let checked = match ty.check(&map) {
            Ok(checked) => Ok(checked),
            Err(errors) => {
                let mut tell = |error: &TypeError| {
                    let key = match error.path.0.first() {
                        Some(Segment::Key(key)) => key.as_str(),
                        Some(Segment::Index(_)) | None => "",
                    };
                    let slip = |entry: &&Entry| suggest(&entry.key, [key]).is_some();
                    let missing = error.problem == Problem::Missing;
                    if let Some(at) = strangers.iter().position(|entry| missing && slip(entry)) {
                        let entry = strangers.swap_remove(at);
                        let found = Diagnostic::error(
                            "type-mismatch",
                            format!("{}.{key}: {}", term.key, error.problem),
                        );
                        return found.at(entry.key_span, "this key is not known").did_you_mean(Some(key));
                    }
                    let wanted = field(fields, key);
                    let problem = match &error.problem {
                        Problem::Must { rule: Rule::Text, got }
                            if matches!(wanted.map(inner), Some(Type::Atom(Atom::Duration))) =>
                        {
                            Problem::Must { rule: "Must be a duration".into(), got: got.clone() }
                        }
                        problem => problem.clone(),
                    };
                    let found = told(&error.path, &problem.to_string());
                    let at = if is_map { node.get(key) } else { Some(node) };
                    literal::cured(found, &problem, wanted.map(inner), at, self.project.sources())
                };
                Err(errors.iter().map(&mut tell).collect::<Vec<_>>())
            }
        };
        let known = fields.iter().map(|(key, _)| key.as_str());
        for entry in strangers {
            let message = format!("The key '{}' is not known in `{}`", entry.key, term.key);
            let found = Diagnostic::warning("unknown-key", message).at(entry.key_span, "ignored");
            self.warn(&[found.did_you_mean(suggest(&entry.key, known.clone()))]);
        }
        let checked = checked?;
        for (key, least, words) in term.least {
            let value = match checked.get(key) {
                Data::Int(number) => *number as f64,
                Data::Float(number) => *number,
                text => match duration(text) {
                    Some(duration) => duration.as_secs_f64(),
                    None => continue,
                },
            };
            let enough = if *key == "for" { value > *least } else { value >= *least };
            let words = match checked.get(key) {
                _ if !enough => *words,
                Data::Int(number) if u32::try_from(*number).is_err() => "a smaller number",
                _ => continue,
            };
            let path = DataPath(vec![Segment::Key((*key).to_owned())]);
            return Err(vec![told(&path, &format!("Must be {words} (got {})", checked.get(key)))]);
        }
        Ok(checked)
    }

    fn lock(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        node: &'p Node,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Lock> {
        let data = self.known(definition, bound, node, found)?;
        match self.checked(data, node, &LOCK) {
            Ok(lock) => {
                let limit = usize::try_from(integer(lock.get("limit"))).unwrap_or(1).max(1);
                Some(Lock { id: lock.get("id").to_text().masked(), limit })
            }
            Err(mut wrong) => {
                found.append(&mut wrong);
                None
            }
        }
    }

    /// A value that must be known before the job starts.
    pub(crate) fn known(
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

/// What one of the terms must be.
pub(crate) struct Term {
    pub(crate) key: &'static str,
    pub(crate) ty: &'static str,
    /// What a value that is no map stands for.
    pub(crate) short: &'static str,
    /// The least values of entries, and how to say so.
    pub(crate) least: &'static [(&'static str, f64, &'static str)],
}

const TIMEOUT: Term =
    Term { key: "timeout", ty: "{for: duration}", short: "for", least: &[("for", 0.0, "longer than 0s")] };

const RETRIES: Term = Term {
    key: "retries",
    ty: "{max: int, delay: [default, duration, 1s], backoff: [default, num, 2], max-delay: [default, duration, 1m]}",
    short: "max",
    least: &[("max", 0.0, "0 or more"), ("backoff", 1.0, "1 or more")],
};

const LOCK: Term = Term {
    key: "lock",
    ty: "{id: str, limit: [default, int, 1]}",
    short: "id",
    least: &[("limit", 1.0, "1 or more")],
};

/// That a `when` says yes whatever happens, though somebody meant it to ask.
fn always_yes(when: &Node) -> Option<Diagnostic> {
    let found = |hint: &str| {
        let found = Diagnostic::warning("wrong-shape", "`when` always says yes");
        found.at(when.span, "this asks nothing").hint(hint)
    };
    match &when.kind {
        NodeKind::List(_) | NodeKind::Map(_) if !asks(when) => {
            Some(found("write a reference (`pt.param NAME`) or code (`\"#pt-js …\"`)"))
        }
        NodeKind::Str(text) if is_yes(&Data::from(text.as_str())) && !asks(when) => {
            match near_miss(text).is_some() || matches!(text.as_str(), "true" | "yes") {
                true => None,
                false => {
                    Some(found(&format!("write code: `\"#pt-js {text}\"`, or a reference: `pt.param NAME`")))
                }
            }
        }
        NodeKind::List(_)
        | NodeKind::Map(_)
        | NodeKind::Str(_)
        | NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Form(_) => None,
    }
}

/// Whether a reference or code stands in it.
fn asks(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Str(text) => !matches!(references(text), Reading::Literal),
        NodeKind::Form(_) => true,
        NodeKind::List(items) => items.iter().any(asks),
        NodeKind::Map(entries) => entries.iter().any(|entry| asks(&entry.value)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => false,
    }
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

pub(crate) fn duration(data: &Data) -> Option<Duration> {
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
