//! Declared types that are none.

use pt_spec::{Atom, Param, Pattern};
use pt_syntax::{Diagnostic, Sources, Span, suggest};

/// That `unknown`, of the type of `param`, is no type; with what was probably meant.
pub(crate) fn no_type(message: String, param: &Param, unknown: &str, sources: &Sources) -> Diagnostic {
    let found =
        Diagnostic::error("unknown-type", message).at(type_place(param, unknown, sources), "this is no type");
    let place = found.labels.first().map(|label| label.span);
    let whole = &sources.get(param.ty_span.source).text;
    let is_quoted = place.is_some_and(|place| {
        sources.slice(place).starts_with(['"', '\'']) || whole[..place.start as usize].ends_with(['"', '\''])
    });
    match meant_type(unknown, is_quoted) {
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
    let offset = |at: usize| whole.start + u32::try_from(at).unwrap_or_default();
    if let Some(at) = text.match_indices(unknown).map(|(at, _)| at).find(alone) {
        return Span { start: offset(at), end: offset(at + unknown.len()), ..whole };
    }
    let open = text.match_indices(['[', '{']);
    let found = open.filter_map(|(at, _)| Some(at..at + same(&text[at..], unknown)?)).next();
    found.map_or(whole, |found| Span { start: offset(found.start), end: offset(found.end), ..whole })
}

/// How much of `text` says what `type` says, but for quotes and spaces.
fn same(text: &str, ty: &str) -> Option<usize> {
    let filler = |c: &char| c.is_whitespace() || matches!(c, '"' | '\'' | ',');
    let mut wanted = ty.chars().filter(|c| !filler(c));
    let mut next = wanted.next();
    for (at, c) in text.char_indices().filter(|(_, c)| !filler(c)) {
        if next != Some(c) {
            return None;
        }
        next = wanted.next();
        if next.is_none() {
            return Some(at + c.len_utf8());
        }
    }
    None
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
fn meant_type(unknown: &str, is_quoted: bool) -> Result<&'static str, String> {
    let word = unknown.to_ascii_lowercase();
    let ours = |word: &str| STRANGERS.iter().find(|(stranger, _)| *stranger == word).map(|(_, ours)| *ours);
    let near = || {
        let words = Atom::ALL.iter().map(|atom| atom.word()).chain(STRANGERS.iter().map(|(word, _)| *word));
        let near = suggest(unknown, words)?;
        Some(ours(near).unwrap_or(near))
    };
    ours(&word).or_else(near).ok_or_else(|| {
        if unknown.starts_with('[') {
            match is_quoted {
                true => "types with brackets are lists: write them without quotes".to_owned(),
                false => lacking(unknown),
            }
        } else {
            "`pt explain unknown-type` lists the types".to_owned()
        }
    })
}

/// What a list lacks to be a type.
fn lacking(unknown: &str) -> String {
    let inside = unknown.trim_start_matches('[').trim_end_matches(']');
    let (head, rest) = inside.split_once(", ").unwrap_or((inside, ""));
    match (head, rest) {
        ("", _) => "say of what: `[str]` is a list of texts, `[any]` one of anything".to_owned(),
        ("maybe", "") => "`maybe` needs a type: `[maybe, str]`".to_owned(),
        ("maybe", types) => format!("`maybe` takes one type: `[maybe, [either, {types}]]`"),
        ("list", "") => "`list` needs the type of its items: `[list, str]`".to_owned(),
        ("list", types) => format!("`list` takes one type: `[list, [either, {types}]]`"),
        ("default", "") => "`default` needs a type and a value: `[default, int, 0]`".to_owned(),
        ("default", _) => "`default` takes a type and a value: `[default, int, 0]`".to_owned(),
        ("map", _) => "`map` takes the types of keys and of values: `[map, str, int]`".to_owned(),
        ("enum", _) => "`enum` needs its words: `[enum, small, large]`".to_owned(),
        ("either", _) => "`either` needs types: `[either, str, int]`".to_owned(),
        ("regex", "") => "`regex` needs a pattern: `[regex, \"[a-z]+\"]`".to_owned(),
        ("regex", pattern) => match Pattern::why_not(pattern) {
            Some(why) => format!("the regex cannot be read: {why}"),
            None => "`regex` takes one pattern, a text".to_owned(),
        },
        _ => format!(
            "a list has one type of items: `[{head}]`; for one of several types write `[either, {inside}]`"
        ),
    }
}
