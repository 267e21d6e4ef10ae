//! What a script threw, for people.

use std::borrow::Cow;
use std::ops::Range;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Object, Type, Value};

use super::api::{Failures, RUNNER_FAILURE};
use super::data::from_js;
use crate::function::{self, Refusal};
use crate::{EvalError, Language, Limits, Occasion, suggestion};

/// The file that stack traces name.
pub(super) const FILE: &str = "snippet";

/// Bytes of what was thrown that an error tells.
const MOST_TOLD: usize = 64 << 10;

/// The text that QuickJS was given, and where the author's begins in it.
pub(super) struct Source<'a> {
    text: &'a str,
    lines_before: usize,
}

impl<'a> Source<'a> {
    /// The text as it is.
    pub(super) fn script(text: &'a str) -> Self {
        Self { text, lines_before: 0 }
    }

    /// The text as the body of a function.
    pub(super) fn function(text: &'a str) -> Self {
        Self { text, lines_before: 1 }
    }

    /// What to run for [`Source::function`].
    pub(super) fn wrapped(&self, waits: bool) -> Vec<u8> {
        let begin = if waits { "async function" } else { "function" };
        format!("({begin} () {{\n{}\n}})()", self.text).into_bytes()
    }

    /// The byte at a line and column of a stack trace. QuickJS counts both from 1, columns in bytes.
    fn offset(&self, line: usize, column: usize) -> Option<usize> {
        let line = line.checked_sub(self.lines_before + 1)?;
        let start = if line == 0 { 0 } else { self.text.match_indices('\n').nth(line - 1)?.0 + 1 };
        let mut offset = (start + column.checked_sub(1)?).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        Some(offset)
    }

    /// The place where a stack trace begins within the text: the word there with what is joined to it by dots.
    fn place(&self, stack: &str) -> Option<Range<usize>> {
        self.places(stack).next()
    }

    /// The places of a stack trace, from within outwards.
    fn places(&self, stack: &str) -> impl Iterator<Item = Range<usize>> {
        stack.lines().filter_map(position).filter_map(|(line, column)| self.word(line, column))
    }

    fn word(&self, line: usize, column: usize) -> Option<Range<usize>> {
        let at = self.offset(line, column)?;
        // QuickJS begins statements with the blank before them.
        let at = at + self.text[at..].len() - self.text[at..].trim_start_matches(' ').len();
        let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        let before =
            self.text[..at].chars().rev().take_while(|c| joined(*c)).map(char::len_utf8).sum::<usize>();
        let after = self.text[at..].chars().take_while(|c| joined(*c)).map(char::len_utf8).sum::<usize>();
        // A method of what is no name: `[1].nope(2)`.
        let dots = self.text[at - before..at + after].bytes().take_while(|byte| *byte == b'.').count();
        let range = at - before + dots..at + after;
        let single = self.text[at..].chars().next().map_or(0, char::len_utf8);
        Some(if range.is_empty() { at..at + single } else { range })
    }
}

/// `12`, `5` of `    at f (snippet:12:5)`.
fn position(frame: &str) -> Option<(usize, usize)> {
    let (_, place) = frame.split_once(&format!("{FILE}:"))?;
    let (line, column) = place.trim_end_matches(')').split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The error for a failed call to the runner that was not caught; none for anything else that was thrown.
pub(super) fn failure(thrown: &Value<'_>, source: &Source<'_>, failures: &Failures) -> Option<EvalError> {
    let error = thrown.as_object()?;
    let index: usize = error.get::<_, Option<usize>>(RUNNER_FAILURE).ok()??;
    let failure = failures.borrow().get(index)?.clone();
    Some(EvalError::failed(failure).at(place(error, source)).called(calls(error, source)))
}

/// The stack of what was thrown last and not caught, whatever it was. It is told once.
pub(super) fn uncaught_stack(ctx: &Ctx<'_>) -> Option<String> {
    // Scripts may have a global name of their own for `Error`.
    let error = ctx.globals().get::<_, Option<Object<'_>>>("Error").ok()??;
    property(&error, "uncaughtStack")
}

/// The error for a value that was thrown and not caught; `stack` tells where if the value does not.
pub(super) fn from_thrown(
    thrown: &Value<'_>,
    stack: Option<&str>,
    source: &Source<'_>,
    settings: bool,
    limits: &Limits,
) -> EvalError {
    // QuickJS throws null, or nothing at all, when not even an error fits into memory any more.
    if thrown.type_of() == Type::Uninitialized || thrown.is_null() && !source.text.contains("throw") {
        return EvalError::memory(limits.memory);
    }
    let Some(error) = thrown.as_object().filter(|_| thrown.is_error()) else {
        let message = match from_js(thrown, MOST_TOLD) {
            Ok(data) => format!("Uncaught {}", data.as_str().map_or_else(|| data.to_string(), str::to_owned)),
            Err(_) => "Uncaught value that is not data".to_owned(),
        };
        let mut places = stack.map(|stack| source.places(stack)).into_iter().flatten();
        return EvalError::code(message).at(places.next()).called(places);
    };
    let name = property(error, "name").unwrap_or_else(|| "Error".to_owned());
    let message = property(error, "message").unwrap_or_default();
    if name == "InternalError" && message == "out of memory" {
        return EvalError::memory(limits.memory);
    }
    let range = place(error, source).or_else(|| {
        // What is loaded is loaded when nothing of the script is under way.
        let at = source.text.find("import").filter(|_| message.starts_with("could not load module"))?;
        Some(at..at + "import".len())
    });
    let word = range.clone().map(|range| &source.text[range]);
    let message = match word {
        Some(word) if message == "not a function" && !word.is_empty() => {
            Cow::from(format!("{word} is not a function"))
        }
        _ => Cow::from(message),
    };
    let hint = word.and_then(|word| hint(word, &message, source, settings));
    let message = if message.is_empty() { name } else { format!("{name}: {message}") };
    EvalError { hint, ..EvalError::code(message).at(range).called(calls(error, source)) }
}

/// Names that every script has.
const GLOBALS: &str = "params inputs console Array Boolean Date Error JSON Map Math Number Object RegExp Set String Symbol \
                       decodeURIComponent encodeURIComponent isFinite isNaN parseFloat parseInt";

/// Methods of texts, lists, maps and the like, by which what has none is corrected.
const METHODS: &str = "add at charAt charCodeAt codePointAt concat delete endsWith entries every fill filter find findIndex findLast \
                       flat flatMap forEach get has hasOwnProperty includes indexOf join keys lastIndexOf localeCompare map match \
                       matchAll normalize padEnd padStart pop push reduce reduceRight repeat replace replaceAll reverse search \
                       set shift slice some sort splice split startsWith substring test toFixed toISOString toLowerCase \
                       toReversed toSorted toSpliced toString toUpperCase trim trimEnd trimStart unshift values";

/// For a name that means nothing: a near one of the script, or of those that every script has.
fn near(name: &str, text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'));
    let here = words.filter(|word| *word != name && !word.starts_with(|c: char| c.is_ascii_digit()));
    let all = GLOBALS.split_whitespace().chain(here).filter(|word| word.len() > 2);
    let near = (name.chars().count() > 2).then(|| suggestion::nearest(name, all)).flatten()?;
    Some(format!("Did you mean {near}?"))
}

/// What other surroundings have, and what does the same here.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "require" | "module" | "exports" => {
            "There are no modules; `pt.readRepoFile` and `pt.readYaml` read files of the project"
        }
        "fetch" | "XMLHttpRequest" => "`pt.httpRequest({url: …})` asks a server",
        "setTimeout" | "setInterval" => "`pt.sleep(\"1s\")` waits",
        "process" | "Deno" | "Bun" => "Code sees no environment: give it what it needs as params",
        "structuredClone" => "`JSON.parse(JSON.stringify(data))` copies data",
        "Buffer" => "`btoa` and `atob` read and write Base64, a `Uint8Array` holds bytes",
        "URL" | "URLSearchParams" | "TextEncoder" | "TextDecoder" | "Intl" | "crypto" | "window"
        | "document" | "global" | "setImmediate" | "alert" => {
            "Code has the language itself, and nothing of what browsers and Node.js add"
        }
        _ => return None,
    })
}

/// The way out of common mistakes.
fn hint(word: &str, message: &str, source: &Source<'_>, settings: bool) -> Option<String> {
    if let Some(name) = message.strip_suffix(" is not defined") {
        return elsewhere(name).map(str::to_owned).or_else(|| near(name, source.text));
    }
    if message.starts_with("cannot read property") {
        return Some("Something here is undefined; a param that was not given, perhaps".to_owned());
    }
    if message.starts_with("could not load module") {
        return elsewhere("require").map(str::to_owned);
    }
    if !message.ends_with("is not a function") {
        return None;
    }
    let Some(name) = word.strip_prefix("pt.") else {
        let method = word.rsplit('.').next().unwrap_or(word);
        if matches!(method, "then" | "catch" | "finally") && source.text.contains("pt.") {
            return Some("The runner's functions wait by themselves and give no promises".to_owned());
        }
        let near = suggestion::nearest(method, METHODS.split_whitespace()).filter(|near| *near != method)?;
        return Some(format!("Did you mean {near}?"));
    };
    match function::find(&function::meant(name, Language::JavaScript), Occasion::Code, settings) {
        Err(Refusal::NeedsSettings) => Some(format!(
            "Only code that begins with `pt.js` reads values and secrets. Begin it so, or pass it through args as a \
             param (`pt.{name} …`) and use `params`."
        )),
        Err(Refusal::Unknown { near: Some(near) }) => {
            Some(format!("Did you mean {}?", function::called(near, Language::JavaScript)))
        }
        Err(Refusal::Unknown { near: None } | Refusal::NotInArgs) | Ok(_) => None,
    }
}

fn place(error: &Object<'_>, source: &Source<'_>) -> Option<Range<usize>> {
    source.place(&property(error, "stack")?)
}

/// Where what went wrong was called, from within outwards.
fn calls(error: &Object<'_>, source: &Source<'_>) -> Vec<Range<usize>> {
    let stack = property(error, "stack").unwrap_or_default();
    source.places(&stack).skip(1).collect()
}

fn property(object: &Object<'_>, name: &str) -> Option<String> {
    object.get::<_, Option<Coerced<String>>>(name).ok().flatten().map(|Coerced(text)| text)
}
