//! Params that are declared twice, or that nobody uses.

use std::ops::Range;

use pt_spec::{Body, Definition};
use pt_syntax::{Code, Diagnostic, Language, Node, NodeKind, ReferenceKind, Sources, references, suggest};

use super::code::code_in;
use super::written;
use crate::destructuring;

/// Warnings about the declarations of a definition.
pub(super) fn check(definition: &Definition) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let uses = Uses::of(definition);
    for (at, param) in definition.params.iter().enumerate() {
        let id = &param.id;
        if let Some(first) = definition.params[..at].iter().find(|first| first.id.text == id.text) {
            found.push(
                Diagnostic::warning("duplicate-param", format!("There are two params named '{}'", id.text))
                    .at(id.span, "this one is never used")
                    .at(first.id.span, "this one is"),
            );
        } else if !uses.any(&id.text) && !matches!(definition.body, Body::Nothing) {
            let word = definition.kind.word();
            found.push(
                Diagnostic::warning(
                    "unused-param",
                    format!("The {word} '{}' never uses its param '{}'", definition.id.text, id.text),
                )
                .at(id.span, "whatever is given here has no effect")
                .hint(format!("use it with `pt.param {}`, or remove it", id.text)),
            );
        }
    }
    found
}

/// Warnings about params that code asks for and nobody declares.
pub(super) fn undeclared(definition: &Definition, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    written::each_node(definition, &mut |node| {
        if let Some(code) = code_in(node, false) {
            found.extend(undeclared_in(&code, node, definition, sources));
        }
    });
    for node in written::bodies(definition) {
        found.extend(undeclared_in_body(node, definition, sources));
    }
    found
}

/// The same for one body of code.
pub(crate) fn undeclared_in_body(node: &Node, definition: &Definition, sources: &Sources) -> Vec<Diagnostic> {
    code_in(node, true).map(|code| undeclared_in(&code, node, definition, sources)).unwrap_or_default()
}

fn undeclared_in(
    code: &Code<'_>,
    node: &Node,
    definition: &Definition,
    sources: &Sources,
) -> Vec<Diagnostic> {
    if takes_all(code.body) {
        return Vec::new();
    }
    let known = || definition.params.iter().map(|param| param.id.text.as_str());
    // In a step for each item there are these, too.
    let is_known =
        |name: &str| ["item", "index"].contains(&name) || known().any(|known| plain(known) == plain(name));
    let unknown = asked_for(code).into_iter().filter(|(_, name)| !is_known(name));
    unknown
        .map(|(range, name)| {
            let text = &sources.get(node.span.source).text;
            let at = node.span_within(text, range.start + code.body_offset..range.end + code.body_offset);
            let (word, id) = (definition.kind.word(), &definition.id.text);
            let message = format!("The {word} '{id}' has no param '{name}'");
            let told = Diagnostic::warning("unknown-param", message).at(at, "this is null");
            told.did_you_mean(suggest(&name, known()))
        })
        .collect()
}

/// The names of params that code asks for by name, and where: `params.x`, `params["x"]`, `(:x params)`, `{x} = params`.
fn asked_for(code: &Code<'_>) -> Vec<(Range<usize>, String)> {
    let text = code.body;
    let mut found = Vec::new();
    for (at, word) in text.match_indices("params") {
        let (before, end) = (&text[..at], at + word.len());
        let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
        let in_comment = before.rsplit('\n').next().is_some_and(|line| {
            line.trim_start().starts_with(match code.language {
                Language::Clojure => ";",
                Language::JavaScript => "//",
                Language::Python => "#",
            })
        });
        if before.ends_with(joined) || in_comment {
            continue;
        }
        let range = match code.language {
            Language::Clojure => {
                let key = before.trim_end();
                let start = key.rfind(['(', ' ', '\n', '[']).map_or(0, |open| open + 1);
                let ends = text[end..].starts_with([')', ' ', '\n']);
                (ends && key[start..].starts_with(':')).then(|| start + 1..key.len())
            }
            Language::JavaScript | Language::Python => {
                let rest = &text[end..];
                let name = |from: usize, is_in: &dyn Fn(char) -> bool| {
                    let length = text[from..].find(|c| !is_in(c)).unwrap_or(text.len() - from);
                    from..from + length
                };
                match rest.as_bytes() {
                    [b'.', ..] => {
                        let range = name(end + 1, &|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
                        // A method of maps, not a param.
                        (!text[range.end..].trim_start().starts_with('(')).then_some(range)
                    }
                    [b'[', quote @ (b'"' | b'\''), ..] => {
                        let quote = char::from(*quote);
                        let range = name(end + 2, &|c| c != quote && c != '\n');
                        text[range.end..].starts_with(quote).then_some(range)
                    }
                    _ => None,
                }
            }
        };
        found.extend(
            range.filter(|range| !range.is_empty()).map(|range| (range.clone(), text[range].to_owned())),
        );
    }
    let taken = match code.language {
        Language::Clojure => destructuring::clojure(text),
        Language::JavaScript => destructuring::javascript(text),
        Language::Python => Vec::new(),
    };
    found.extend(taken.into_iter().map(|taken| (taken.name.clone(), text[taken.name].to_owned())));
    found
}

/// Where params may be used.
#[derive(Default)]
struct Uses {
    names: Vec<String>,
    code: Vec<String>,
    /// Whether some code takes all params as a whole, so that nobody can say which it uses.
    all: bool,
}

impl Uses {
    fn of(definition: &Definition) -> Self {
        let mut uses = Self::default();
        written::each_node(definition, &mut |node| {
            if let Some(code) = code_in(node, false) {
                uses.code(code.body);
            } else if let NodeKind::Str(text) = &node.kind {
                references(text).references().for_each(|reference| uses.reference(reference));
            }
        });
        for node in written::bodies(definition) {
            if let Some(code) = code_in(node, true) {
                uses.code(code.body);
            }
        }
        uses
    }

    fn reference(&mut self, reference: &pt_syntax::Reference<'_>) {
        if reference.kind == ReferenceKind::Param {
            self.names.push(reference.name.to_owned());
        }
    }

    fn code(&mut self, text: &str) {
        self.all |= takes_all(text);
        self.code.push(plain(text));
    }

    fn any(&self, id: &str) -> bool {
        self.all
            || self.names.iter().any(|name| name == id)
            || self.code.iter().any(|text| text.contains(&plain(id)))
    }
}

/// Without what differs between the spellings of a name: `db-host`, `db_host`, `dbHost`.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase()
}

/// Whether `params` or `inputs` is used other than to look one of them up: `(:x params)`, `params.x`, `params['x']`,
/// `{:keys [x]} params`.
fn takes_all(text: &str) -> bool {
    ["params", "inputs"].iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let (before, after) = (text[..at].trim_end(), &text[at + word.len()..]);
            let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            if text[..at].ends_with(joined) || after.starts_with(|c: char| joined(c) && c != '.') {
                return false;
            }
            let key = before.rsplit(['(', ' ', '\n', '[']).next().unwrap_or_default();
            if destructuring::takes_rest(before) {
                return true;
            }
            let clojure = key.starts_with(':') || before.ends_with('}');
            let js = after.starts_with('.')
                || after.starts_with("['")
                || after.starts_with("[\"")
                || before.ends_with("} =");
            !clojure && !js
        })
    })
}
