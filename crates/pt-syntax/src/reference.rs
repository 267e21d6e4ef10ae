//! References in texts: `pt.param x`, `http://{pt.value host}/`.

use std::ops::Range;

use crate::{Code, code};

/// What a text in an argument says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading<'t> {
    /// Nothing but itself.
    Literal,
    /// One reference and nothing else: it is replaced by the value with its type.
    Whole(Reference<'t>),
    /// Text with references in braces: the result is text.
    Interpolated(Vec<Piece<'t>>),
    /// Code: its result replaces the text.
    Code(Code<'t>),
}

impl<'t> Reading<'t> {
    /// The references in it.
    pub fn references(&self) -> impl Iterator<Item = &Reference<'t>> {
        let (whole, pieces) = match self {
            Self::Whole(reference) => (Some(reference), [].as_slice()),
            Self::Interpolated(pieces) => (None, pieces.as_slice()),
            Self::Code(_) | Self::Literal => (None, [].as_slice()),
        };
        whole.into_iter().chain(pieces.iter().filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            Piece::Text(_) => None,
        }))
    }
}

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'t> {
    /// Stays as it is.
    Text(&'t str),
    /// Is replaced.
    Reference(Reference<'t>),
}

/// A reference to something outside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'t> {
    /// What is referred to.
    pub kind: ReferenceKind,
    /// Its name; for outputs, the step.
    pub name: &'t str,
    /// Where in the output; only outputs have one: `domains[0].domain`.
    pub path: Option<&'t str>,
    /// Where it stands in the text, braces included.
    pub range: Range<usize>,
    /// Where the name stands in the text.
    pub name_range: Range<usize>,
}

/// What can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// A param of the module, template or tool.
    Param,
    /// A named value.
    Value,
    /// A secret.
    Secret,
    /// The result of an ended step.
    Output,
}

impl ReferenceKind {
    /// The words that name kinds, without their plural `s`.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("param", Self::Param),
        ("input", Self::Param),
        ("value", Self::Value),
        ("secret", Self::Secret),
        ("output", Self::Output),
    ];

    /// The word for it: `param`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Param => "param",
            Self::Value => "value",
            Self::Secret => "secret",
            Self::Output => "output",
        }
    }

    fn named(word: &str) -> Option<Self> {
        let singular = word.strip_suffix('s').unwrap_or(word);
        Self::WORDS.iter().find(|(word, _)| *word == singular).map(|(_, kind)| *kind)
    }
}

/// Reads a text. Allocates only for interpolated ones.
pub fn references(text: &str) -> Reading<'_> {
    let begun = text.trim_start();
    // Nearly every text is something else.
    if begun.starts_with(['#', 'p']) {
        if let Some(code) = code::read(text) {
            return Reading::Code(code);
        }
        let start = text.len() - begun.len();
        if let Some(reference) = reference(begun.trim_end(), start, &["pt.", "#pt-"]) {
            return Reading::Whole(reference);
        }
    }
    interpolated(text).map_or(Reading::Literal, Reading::Interpolated)
}

fn interpolated(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let (mut done, mut at) = (0, 0);
    // To look for one byte is quicker than for four.
    while let Some(found) = text[at..].find('{') {
        let open = at + found;
        at = open + 1;
        if !text[at..].starts_with("pt.") {
            continue;
        }
        // A reference is short and on one line; anything else is not one.
        let Some(length) = text[at..].find(['}', '{', '\n']).filter(|end| text[at + end..].starts_with('}'))
        else {
            continue;
        };
        let inside = text[at..at + length].trim_end_matches([' ', '\t']);
        let Some(mut reference) = reference(inside, at, &["pt."]) else { continue };
        at += length + 1;
        reference.range = open..at;
        if done < open {
            pieces.push(Piece::Text(&text[done..open]));
        }
        pieces.push(Piece::Reference(reference));
        done = at;
    }
    if pieces.is_empty() {
        return None;
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    Some(pieces)
}

/// The reference that `text`, which begins at `base`, is as a whole.
fn reference<'t>(text: &'t str, base: usize, prefixes: &[&str]) -> Option<Reference<'t>> {
    let rest = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let (word, rest) = rest.split_at(rest.bytes().position(|byte| matches!(byte, b' ' | b'\t'))?);
    let kind = ReferenceKind::named(word)?;
    let rest = rest.trim_start_matches(BLANK);
    let start = base + text.len() - rest.len();
    let (name, path) = match rest.split_once(BLANK) {
        Some((name, path)) if kind == ReferenceKind::Output => (name, Some(path.trim_start_matches(BLANK))),
        Some(_) => return None,
        None => (rest, None),
    };
    let valid = is_name(name) && path.is_none_or(is_path);
    let (range, name_range) = (base..base + text.len(), start..start + name.len());
    valid.then_some(Reference { kind, name, path, range, name_range })
}

const BLANK: [char; 2] = [' ', '\t'];

/// `[A-Za-z0-9_][A-Za-z0-9_.-]*`
pub(crate) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !name.starts_with(['.', '-']) && !name.is_empty() && name.bytes().all(inner)
}

/// `base-url`, `domains[0].domain`
fn is_path(path: &str) -> bool {
    !path.is_empty() && !path.contains(|char: char| char.is_whitespace() || matches!(char, '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let reference = |r: &Reference<'_>| {
            let path = r.path.map(|path| format!(" at {path}")).unwrap_or_default();
            assert_eq!(&text[r.name_range.clone()], r.name);
            format!("<{} {}{path}>", r.kind.word(), r.name)
        };
        match references(text) {
            Reading::Literal => "literal".to_owned(),
            Reading::Whole(whole) => reference(&whole),
            Reading::Interpolated(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Reference(found) => {
                        assert!(
                            text[found.range.clone()].starts_with('{')
                                && text[..found.range.end].ends_with('}')
                        );
                        reference(found)
                    }
                })
                .collect(),
            Reading::Code(code) => format!("code {:?}", code.body),
        }
    }

    #[test]
    fn every_spelling() {
        let table = [
            ("pt.param x", "<param x>"),
            ("#pt-param x", "<param x>"),
            ("pt.params x", "<param x>"),
            ("#pt-params x", "<param x>"),
            ("pt.input db_host", "<param db_host>"),
            ("pt.inputs x", "<param x>"),
            ("#pt-input x", "<param x>"),
            ("pt.value redpanda-port", "<value redpanda-port>"),
            ("pt.values x", "<value x>"),
            ("#pt-value x", "<value x>"),
            ("pt.secret x", "<secret x>"),
            ("pt.secrets x", "<secret x>"),
            ("#pt-secret opper-api-key", "<secret opper-api-key>"),
            ("pt.output build", "<output build>"),
            ("#pt-output build image", "<output build at image>"),
            ("#pt-output setup domains[0].domain", "<output setup at domains[0].domain>"),
            ("pt.outputs setup base-url", "<output setup at base-url>"),
            ("  pt.param \t x \n", "<param x>"),
            ("pt.param a.b-c_d", "<param a.b-c_d>"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn interpolation() {
        let table = [
            (
                "http://{pt.param domain}:{pt.value port}/foo?api-key={pt.secret k}",
                "http://<param domain>:<value port>/foo?api-key=<secret k>",
            ),
            ("{pt.value a}:{pt.value b}", "<value a>:<value b>"),
            ("topic create {pt.value x}", "topic create <value x>"),
            ("--default-log-level={pt.param log-level}", "--default-log-level=<param log-level>"),
            ("{pt.secret curity-password}", "<secret curity-password>"),
            ("{pt.params x }|{pt.output a b.c}", "<param x>|<output a at b.c>"),
            ("\\{pt.param x}", "\\<param x>"),
            ("${pt.param x}", "$<param x>"),
            ("{{pt.param x}}", "{<param x>}"),
            ("{pt.{pt.param x}", "{pt.<param x>"),
            (
                "#!/bin/sh\ncd {pt.param scope}\necho ${HOME} {a}\n",
                "#!/bin/sh\ncd <param scope>\necho ${HOME} {a}\n",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_stays() {
        let table = [
            "",
            " ",
            "x",
            "${/id}",
            "${X}",
            "$(cmd)",
            "{name}",
            "{{ x }}",
            "{= x =}",
            "f\"{a}\"",
            "{\"json\": 1}",
            "use pt.value x here",
            "pt.value {service}-host",
            "see pt.secret into",
            "pt.param",
            "pt.param ",
            "{#pt-param x}",
            "{ pt.param x }",
            "{PT.param x}",
            "{pt.param}",
            "{pt.param x y}",
            "{pt.param x",
            "pt.env X",
            "pt.paramss x",
            "pt.param -x",
            "pt.param x/y",
            "{pt.param\nx}",
            "pt.param\nx",
            "#pt-host",
            "pt.param é",
            "#pt-output a b c",
            "pt.s x",
        ];
        for text in table {
            assert_eq!(shown(text), "literal", "{text}");
        }
    }
}
