//! Names inside texts and code: `pt.param x`, `params.x`, `pt/await-done`.

use std::ops::Range;

use pt_model::kebab;
use pt_syntax::{Code, Language, Node, Reading, Reference, ReferenceKind, Span, references};

use crate::site::{Role, Site};
use pt_plan::destructuring::{self, How, Taken};

/// A name inside a text.
pub(crate) struct Mention {
    pub(crate) what: What,
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// What a name inside a text names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// What a reference refers to.
    Reference(ReferenceKind),
    /// A param as code in JavaScript spells it: `dbHost`.
    CamelParam,
    /// A param in `{:keys [port]} params`; where `:keys` begins.
    Destructured {
        /// The byte of the file.
        from: u32,
    },
    /// A param in `{ dbHost } = params`, which names a variable, too.
    Shorthand,
    /// A function of the runner, in kebab case.
    Function,
}

/// The names inside a value. `source` is the text of the file.
pub(crate) fn mentions(site: &Site<'_>, source: &str) -> Vec<Mention> {
    let Some(node) = site.node else { return Vec::new() };
    match (&site.role, references(site.text)) {
        (Role::Value(_) | Role::Code, Reading::Code(code)) => in_code(node, source, &code),
        (Role::Code, Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_)) => {
            let code = Code { language: Language::Clojure, body: site.text, body_offset: 0, late: false };
            in_code(node, source, &code)
        }
        (Role::Value(_), reading) => {
            reading.references().map(|reference| mention(node, source, reference)).collect()
        }
        _ => Vec::new(),
    }
}

fn mention(node: &Node, source: &str, reference: &Reference<'_>) -> Mention {
    Mention {
        what: What::Reference(reference.kind),
        name: reference.name.to_owned(),
        span: node.span_within(source, reference.name_range.clone()),
    }
}

/// Params and functions in code: the usual spellings, found without reading the code.
fn in_code(node: &Node, source: &str, code: &Code<'_>) -> Vec<Mention> {
    let in_word =
        |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '/' | '.' | ':' | '?' | '!');
    let clojure = code.language == Language::Clojure;
    let mut found = destructured(node, source, code);
    let mut rest = code.body;
    while let Some(start) = rest.find(in_word) {
        let word = &rest[start..];
        let word = &word[..word.find(|char| !in_word(char)).unwrap_or(word.len())];
        let at = code.body_offset + (code.body.len() - rest.len()) + start;
        rest = &rest[start + word.len()..];
        // The step whose result is taken.
        if ["pt/output", "pt.output"].contains(&word)
            && let Some((skipped, id)) = first_text(rest)
        {
            let begin = at + word.len() + skipped;
            let span = node.span_within(source, begin..begin + id.len());
            let what = What::Reference(ReferenceKind::Output);
            found.push(Mention { what, name: id.to_owned(), span });
        }
        let mut add = |what, name: &str, skipped: usize| {
            let span = node.span_within(source, at + skipped..at + word.len());
            found.push(Mention { what, name: name.to_owned(), span });
        };
        let map = |text: &str| ["params", "inputs"].iter().any(|map| text.starts_with(map));
        if clojure {
            if let Some(name) = word.strip_prefix("pt/") {
                add(What::Function, name, 0);
            } else if let Some(name) = word.strip_prefix(':').filter(|_| map(rest.trim_start())) {
                add(What::Reference(ReferenceKind::Param), name, 1);
            }
        } else if let Some(name) = word.strip_prefix("pt.") {
            add(What::Function, &kebab(name), 0);
        } else if let Some((_, name)) = word.split_once('.').filter(|(first, _)| map(first)) {
            let name = name.split('.').next().unwrap_or(name);
            let skipped = word.find('.').map_or(0, |dot| dot + 1);
            let span = node.span_within(source, at + skipped..at + skipped + name.len());
            found.push(Mention { what: What::CamelParam, name: name.to_owned(), span });
        } else if map(word)
            && let Some(quoted) = rest.strip_prefix(['[']).and_then(|rest| rest.strip_prefix(['\'', '"']))
        {
            let name = &quoted[..quoted.find(['\'', '"']).unwrap_or(0)];
            let begin = at + word.len() + 2;
            let span = node.span_within(source, begin..begin + name.len());
            let what = What::Reference(ReferenceKind::Param);
            found.push(Mention { what, name: name.to_owned(), span });
        }
    }
    found
}

/// The text that a call begins with, and where: ` "x")`, `('x')`.
fn first_text(call: &str) -> Option<(usize, &str)> {
    let text = call.trim_start_matches(['(', ' ']);
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let id = &text[1..1 + text[1..].find(quote)?];
    (!id.contains('\n')).then_some((call.len() - text.len() + 1, id))
}

/// Params that code takes apart into variables.
fn destructured(node: &Node, source: &str, code: &Code<'_>) -> Vec<Mention> {
    let taken = match code.language {
        Language::Clojure => destructuring::clojure(code.body),
        Language::JavaScript => destructuring::javascript(code.body),
        Language::Python => Vec::new(),
    };
    let span =
        |at: Range<usize>| node.span_within(source, at.start + code.body_offset..at.end + code.body_offset);
    let mention = |taken: Taken| Mention {
        what: match taken.how {
            How::Keys { from } => What::Destructured { from: span(from..from + 1).start },
            How::Shorthand => What::Shorthand,
            How::Renamed => What::CamelParam,
        },
        name: code.body[taken.name.clone()].to_owned(),
        span: span(taken.name),
    };
    taken.into_iter().map(mention).collect()
}
