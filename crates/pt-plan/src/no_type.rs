//! Declared types that are none.

use pt_spec::{Atom, Param};
use pt_syntax::{Diagnostic, Sources, Span, suggest};

/// That `unknown`, of the type of `param`, is no type; with what was probably meant.
pub(crate) fn no_type(message: String, param: &Param, unknown: &str, sources: &Sources) -> Diagnostic {
    let found =
        Diagnostic::error("unknown-type", message).at(type_place(param, unknown, sources), "this is no type");
    match meant_type(unknown) {
        Ok(meant) => found.hint(format!("did you mean `{meant}`?")).replace_by(meant),
        Err(hint) => found.hint(hint),
    }
}

/// The word in a type that is no type; all of the type if it is not one word.
fn type_place(param: &Param, unknown: &str, sources: &Sources) -> Span {
    let whole = param.ty_span;
    let text = sources.slice(whole);
    let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let alone = |at: &usize| {
        !text[..*at].ends_with(part_of_word) && !text[*at + unknown.len()..].starts_with(part_of_word)
    };
    let Some(at) = text.match_indices(unknown).map(|(at, _)| at).find(alone) else { return whole };
    let offset = |at: usize| whole.start + u32::try_from(at).unwrap_or_default();
    Span { start: offset(at), end: offset(at + unknown.len()), ..whole }
}

/// Words for types elsewhere, and ours.
const STRANGERS: [(&str, &str); 18] = [
    ("string", "str"),
    ("text", "str"),
    ("integer", "int"),
    ("port", "int"),
    ("number", "num"),
    ("float", "num"),
    ("double", "num"),
    ("boolean", "bool"),
    ("object", "{}"),
    ("map", "{}"),
    ("dict", "{}"),
    ("array", "[any]"),
    ("list", "[any]"),
    ("path", "absolute-path"),
    ("image", "docker-image"),
    ("null", "any"),
    ("env", "env-var"),
    ("service", "service-spec"),
];

/// What to write instead of a type that is none, or a hint where nobody knows.
fn meant_type(unknown: &str) -> Result<&'static str, String> {
    let word = unknown.to_ascii_lowercase();
    let ours = |word: &str| STRANGERS.iter().find(|(stranger, _)| *stranger == word).map(|(_, ours)| *ours);
    let near = || {
        let words = Atom::ALL.iter().map(|atom| atom.word()).chain(STRANGERS.iter().map(|(word, _)| *word));
        let near = suggest(unknown, words)?;
        Some(ours(near).unwrap_or(near))
    };
    ours(&word).or_else(near).ok_or_else(|| {
        if unknown.starts_with('[') {
            "types with brackets are lists: write them without quotes".to_owned()
        } else {
            "`pt explain unknown-type` lists the types".to_owned()
        }
    })
}
