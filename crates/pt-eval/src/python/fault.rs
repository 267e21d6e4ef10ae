//! What a script raised, for people.

use std::ops::Range;

use monty_types::{CodeLoc, ExcType, MontyException, StackFrame};
use pt_model::Failure;

use super::{FILE, LARGEST};
use crate::function::{self, Refusal};
use crate::{EvalError, Language, Limits, Occasion, Snippet, suggestion};

/// What scripts may import.
const MODULES: &str = "json, re, math, datetime, itertools, functools, collections, dataclasses, base64, hashlib, random, string, \
                       textwrap, time, copy, csv, io, decimal, statistics, bisect, heapq, operator, contextlib, shlex, hmac, \
                       tomllib, typing, asyncio, unicodedata, urllib.parse";

/// What elsewhere a module does that is not there, and what does it here.
const ELSEWHERE: [(&str, &str); 9] = [
    ("yaml", "`pt.read_yaml` reads YAML, `pt.write_yaml` writes it"),
    ("requests", "`pt.http_request` makes HTTP requests"),
    ("urllib.request", "`pt.http_request` makes HTTP requests"),
    ("http", "`pt.http_request` makes HTTP requests"),
    ("subprocess", "`pt.container_exec` runs a command in a container"),
    ("shutil", "files are in containers: `pt.container_exec` runs a command there"),
    ("enum", "constants may stand in a class: `class Color: RED = 1`"),
    ("uuid", "`random.getrandbits(128)` is a number as good"),
    ("secrets", "secrets are kept with `pt secrets set`, and read by `pt.secret`"),
];

/// Names that every script has.
pub(super) const BUILTINS: &str = "params inputs pt abs all any bool bytes chr dict divmod enumerate filter float format frozenset \
                        callable getattr hasattr hash int isinstance issubclass iter len list map max min next ord pow print property range repr \
                        reversed round set sorted str sum tuple type zip True False None Exception ValueError KeyError \
                        TypeError RuntimeError IndexError";

/// The script that failed.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// How the files begin that stack traces name.
    file: &'a str,
    /// Whether `pt.value` and `pt.secret` exist.
    settings: bool,
    /// Blanks at the beginning of lines that only place the script in its file.
    indent: usize,
}

impl<'a> Source<'a> {
    pub(super) fn of(snippet: &Snippet<'a>) -> Self {
        let text = snippet.text;
        // What follows the prefix on its line stands apart from the lines below, unless it opens a block.
        let first = text.lines().next().unwrap_or_default().trim();
        let below = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        let indent = if first.ends_with(':') { 0 } else { below.map(blanks).min().unwrap_or(0) };
        Self { text, file: FILE, settings: snippet.settings, indent }
    }

    /// All that was said in a talk, in files named like this. It is as Python wants it.
    pub(super) fn of_talk(text: &'a str, file: &'a str) -> Self {
        Self { text, file, settings: true, indent: 0 }
    }

    /// The script as Python wants it.
    pub(super) fn dedented(&self) -> String {
        let lines = self.text.split_inclusive('\n').enumerate();
        lines.map(|(at, line)| &line[self.cut(at, line)..]).collect()
    }

    /// Bytes that are cut off the line with that index.
    fn cut(&self, at: usize, line: &str) -> usize {
        if at == 0 { blanks(line) } else { blanks(line).min(self.indent) }
    }

    /// A range of the script as Python wants it, in the text.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let (mut before, mut cut) = (0, 0);
        let mut start = None;
        for (at, line) in self.text.split_inclusive('\n').enumerate() {
            cut += self.cut(at, line);
            before += line.len();
            if start.is_none() && range.start + cut < before {
                start = Some(range.start + cut);
            }
            if let Some(start) = start
                && range.end + cut <= before
            {
                return start..range.end + cut;
            }
        }
        start.unwrap_or(before)..before
    }

    /// The byte at a line and column; monty counts both from 1, columns in characters.
    fn offset(&self, place: CodeLoc) -> Option<usize> {
        let at = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let begin = if at == 0 { 0 } else { self.text.match_indices('\n').nth(at - 1)?.0 + 1 };
        let start = begin + self.cut(at, &self.text[begin..]);
        Some(self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at))
    }

    /// Where an exception was raised.
    fn place(&self, error: &MontyException) -> Option<Range<usize>> {
        self.places(error).next()
    }

    /// That, where what raised it was called, and so on outwards.
    fn places(&self, error: &MontyException) -> impl Iterator<Item = Range<usize>> {
        let frames = error.traceback().iter().rev().filter(|frame| frame.filename.starts_with(self.file));
        frames.enumerate().filter_map(|(at, frame)| {
            let unknown = matches!(error.exc_type(), ExcType::NameError | ExcType::AttributeError);
            self.range(frame, unknown && at == 0)
        })
    }

    /// What a frame stands at. Of a call whose function there is not, only the function.
    fn range(&self, frame: &StackFrame, only_name: bool) -> Option<Range<usize>> {
        let (start, end) = (self.offset(frame.start)?, self.offset(frame.end)?);
        // A statement over many lines is too much to underline.
        let line = self.text[start..].find('\n').map_or(self.text.len(), |end| start + end);
        let end = end.clamp(start, line);
        let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let after = self.text[start..end].find(|c| !name(c)).filter(|after| only_name && *after > 0);
        Some(start..after.map_or(end, |after| start + after))
    }
}

/// The blanks at the beginning of a line.
fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The error for an exception that nobody caught.
pub(super) fn from_exception(
    error: &MontyException,
    source: Source<'_>,
    failures: &[Failure],
    limits: &Limits,
) -> EvalError {
    let range = source.place(error);
    let message = error.message().unwrap_or_default();
    // An exception holds the message of the failure, and nothing else.
    let failed = failures.iter().rev().find(|failure| failure.message == message);
    if let Some(failure) = failed.filter(|_| error.exc_type() == ExcType::RuntimeError) {
        return EvalError::failed(failure.clone()).at(range).called(source.places(error).skip(1));
    }
    if let Some((absent, instead)) = absent(message) {
        let described = EvalError::code(format!("SyntaxError: {absent} not in this Python")).at(range);
        return instead.into_iter().fold(described, EvalError::with_hint);
    }
    if error.exc_type() == ExcType::MemoryError && message.starts_with("memory limit exceeded") {
        return if limits.memory <= LARGEST { EvalError::memory(limits.memory) } else { too_large() };
    }
    // What `map` and `sorted` call cannot wait.
    if let Some((_, rest)) = message.split_once("external function '") {
        let name = rest.split('\'').next().unwrap_or_default();
        return EvalError::code(format!(
            "RuntimeError: {name} cannot be called from within another function's call"
        ))
        .at(range)
        .with_hint("call it in a loop or a comprehension");
    }
    let described = EvalError::code(error.summary()).at(range).called(source.places(error).skip(1));
    hint(error.exc_type(), message, source).into_iter().fold(described, EvalError::with_hint)
}

/// Memory enough, but not all at once.
fn too_large() -> EvalError {
    let size = LARGEST >> 20;
    EvalError::code(format!("The code makes a number, text or list of more than {size} MiB at once."))
        .with_hint("make it in pieces")
}

/// What monty cannot read: what that is, and what to write instead.
fn absent(message: &str) -> Option<(String, Option<&'static str>)> {
    let what = match message.split_once("does not yet support ") {
        Some((_, what)) => what,
        None if message == "asynchronous generators" => message,
        None => return None,
    };
    let known = [
        ("`:=` within", "`:=` within a generator expression is", Some("use a list: `[…]`, or a loop")),
        ("async for", "`async for` is", Some("code waits without it: use `for`")),
        ("async with", "`async with` is", Some("code waits without it: use `with`")),
        ("asynchronous generators", "`yield` in an `async def` is", Some("code waits without it: use `def`")),
        ("metaclasses", "metaclasses are", None),
        (
            "class bodies",
            "a class body of more than methods and assignments is",
            Some("assign to the class after it: `C.x = …`"),
        ),
    ];
    let found = known.iter().find(|(begin, ..)| what.starts_with(begin));
    Some(
        found.map_or_else(
            || (format!("{what}: this is"), None),
            |(_, is, instead)| ((*is).to_owned(), *instead),
        ),
    )
}

/// The way out of common mistakes.
#[expect(clippy::wildcard_enum_match_arm, reason = "there are many kinds of exceptions")]
fn hint(kind: ExcType, message: &str, source: Source<'_>) -> Option<String> {
    let quoted = message.rsplit('\'').nth(1).unwrap_or_default();
    match kind {
        ExcType::NameError => meant(quoted, source.text).map(|meant| format!("Did you mean {meant}?")),
        ExcType::AttributeError if message.starts_with("'pt' object") => {
            match function::find(&function::meant(quoted, Language::Python), Occasion::Code, source.settings)
            {
                Err(Refusal::NeedsSettings) => Some(format!(
                    "Only code that begins with `pt.py` reads values and secrets. Begin it so, or pass it through \
                     args as a param (`pt.{quoted} …`) and use `params`."
                )),
                Err(Refusal::Unknown { near: Some(near) }) => {
                    Some(format!("Did you mean {}?", function::called(near, Language::Python)))
                }
                Err(Refusal::Unknown { near: None } | Refusal::NotInArgs) | Ok(_) => None,
            }
        }
        ExcType::AttributeError if message.starts_with("'dict' object has no attribute") => {
            Some(format!("what is in a dict is asked for by its key: [\"{quoted}\"]"))
        }
        ExcType::KeyError if message.contains('_') && source.text.contains("params[") => {
            Some("params have the names that they were declared with, as in params[\"db-host\"]".to_owned())
        }
        ExcType::ModuleNotFoundError => {
            let found = ELSEWHERE.iter().find(|(module, _)| *module == quoted);
            Some(found.map_or_else(|| format!("There are {MODULES}."), |(_, instead)| (*instead).to_owned()))
        }
        _ => None,
    }
}

/// What was meant by a name without a value.
fn meant<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    nearest(name, words.filter(|word| *word != name && !word.starts_with(|c: char| c.is_ascii_digit())))
}

/// Of these names and those that every script has, the one that was meant.
pub(super) fn nearest<'t>(name: &str, here: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    match name {
        "true" => Some("True"),
        "false" => Some("False"),
        "null" | "nil" | "undefined" => Some("None"),
        // Everything short is near to everything else that is short.
        _ if name.chars().count() < 3 => None,
        _ => {
            let known = BUILTINS.split_whitespace().chain(here);
            suggestion::nearest(name, known.filter(|known| known.len() > 2))
        }
    }
}
