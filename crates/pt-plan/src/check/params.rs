//! Params that are declared twice, or that nobody uses.

use pt_spec::{Body, Definition};
use pt_syntax::{Diagnostic, NodeKind, Piece, Reading, ReferenceKind, references};

use super::code::code_in;
use super::written;

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
                match references(text) {
                    Reading::Whole(reference) => uses.reference(&reference),
                    Reading::Interpolated(pieces) => {
                        for piece in &pieces {
                            if let Piece::Reference(reference) = piece {
                                uses.reference(reference);
                            }
                        }
                    }
                    Reading::Literal | Reading::Code(_) => {}
                }
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
            let clojure = key.starts_with(':') || before.ends_with('}');
            let js = after.starts_with('.')
                || after.starts_with("['")
                || after.starts_with("[\"")
                || before.ends_with("} =");
            !clojure && !js
        })
    })
}
