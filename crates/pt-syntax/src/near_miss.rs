//! Texts that look like references or code and are not.

use std::ops::Range;

use crate::reference::is_name;
use crate::{Reading, ReferenceKind, code, references, suggest};

/// A text that was probably meant as a reference or as code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Where it stands in the text.
    pub range: Range<usize>,
    /// Why it is not one.
    pub message: String,
    /// What to write instead.
    pub meant: Option<String>,
}

/// Words of other tools, and the kind they stand for.
const STRANGERS: [(&str, &str); 13] = [
    ("prm", "param"),
    ("parameter", "param"),
    ("val", "value"),
    ("sec", "secret"),
    ("env", "value"),
    ("var", "value"),
    ("variable", "value"),
    ("config", "value"),
    ("setting", "value"),
    ("arg", "param"),
    ("argument", "param"),
    ("result", "output"),
    ("step", "output"),
];

/// What a text was probably meant to be; `None` for texts that are what they say. Prose that mentions `pt.param` is left
/// alone: only texts that are nothing but a reference, and references in braces, are looked at.
pub fn near_miss(text: &str) -> Option<NearMiss> {
    if matches!(references(text), Reading::Whole(_) | Reading::Code(_)) {
        return None;
    }
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    code_prefix(trimmed, start)
        .or_else(|| whole(trimmed, start))
        .or_else(|| as_elsewhere(trimmed, start))
        .or_else(|| braced(text))
}

/// `#pt-clojure (inc 1)`, `#pt-clj` and nothing else.
fn code_prefix(text: &str, start: usize) -> Option<NearMiss> {
    let word = text.split_whitespace().next()?;
    let range = start..start + word.len();
    if let Some((prefix, ..)) = code::PREFIXES.iter().find(|(prefix, ..)| *prefix == text) {
        return Some(NearMiss { range, message: format!("no code follows `{prefix}`"), meant: None });
    }
    // `pt.clj(inc 1)`
    let glued = |(prefix, ..): &&(&str, crate::Language, bool)| {
        word.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['(', ':', '[', '{']))
    };
    if let Some((prefix, ..)) = code::PREFIXES.iter().find(glued) {
        let message = format!("a blank must follow `{prefix}`");
        let meant = format!("{prefix} {}", word[prefix.len()..].trim_start_matches(':'));
        return Some(NearMiss { range, message, meant: Some(meant.trim_end().to_owned()) });
    }
    let prefix = match word {
        "pt.cljs" => "pt.clj",
        "#pt-clojure" | "#pt-cljs" | "#pt.clj" | "pt-clj" | "#ptclj" | "#pt_clj" => "#pt-clj",
        "pt.clojure" => "pt.clj",
        "#pt-javascript" | "#pt.js" | "pt-js" | "#ptjs" | "#pt_js" => "#pt-js",
        "pt.javascript" => "pt.js",
        "#pt-python" | "#pt.py" | "pt-py" | "#ptpy" | "#pt_py" => "#pt-py",
        "pt.python" => "pt.py",
        "#pt-rb" | "#pt-ruby" | "#pt-sh" | "#pt-bash" | "#pt-go" | "#pt-ts" | "#pt-lua" | "#pt-php" => {
            let message = format!(
                "`{word}` does not begin code: write Clojure (`#pt-clj`), JavaScript (`#pt-js`) or Python (`#pt-py`)"
            );
            return Some(NearMiss { range, message, meant: None });
        }
        _ => return None,
    };
    let message = format!("`{word}` does not begin code");
    Some(NearMiss { range, message, meant: Some(prefix.to_owned()) })
}

/// A text of two words of which the first looks like `pt.param`, or of that alone.
fn whole(text: &str, start: usize) -> Option<NearMiss> {
    let mut words = text.split_whitespace();
    let (head, name) = (words.next()?, words.next().map(without_quotes));
    let rest = strip_prefix_loosely(head)?;
    if words.next().is_some() || name.is_some_and(|name| !is_name(name)) {
        return None;
    }
    judge(head, rest, name, start..start + text.len(), ("", ""))
}

/// `$pt.param x`, `pt.param(x)`, `pt.params.x`, `pt.params['x']`: as other languages have them.
fn as_elsewhere(text: &str, start: usize) -> Option<NearMiss> {
    let told = |meant: String| {
        let message = format!("`{text}` is not spelled as a reference");
        NearMiss { range: start..start + text.len(), message, meant: Some(meant) }
    };
    let marked = text.strip_prefix(['$', '%', '@']);
    let marked = marked.or_else(|| text.strip_prefix('<').and_then(|text| text.strip_suffix('>')));
    if let Some(marked) = marked
        && let Reading::Whole(reference) = references(marked)
    {
        return Some(told(marked[reference.range].to_owned()));
    }
    let rest = strip_prefix_loosely(text)?;
    let (word, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic())?);
    let singular = word.strip_suffix('s').unwrap_or(word);
    let (kind, _) = ReferenceKind::WORDS.iter().find(|(known, _)| *known == singular)?;
    let name = match rest.split_at_checked(1)? {
        (".", name) if !name.contains('.') => name,
        ("(", inside) => inside.strip_suffix(')')?,
        ("[", inside) => inside.strip_suffix(']')?,
        _ => return None,
    };
    let name = without_quotes(name);
    is_name(name).then(|| told(format!("pt.{kind} {name}")))
}

fn without_quotes(name: &str) -> &str {
    let within = |quote: char| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
    within('\'').or_else(|| within('"')).unwrap_or(name)
}

/// `{pt.params}`, `{ pt.param x }`, `{#pt-param x}`, `{pt.parm x}`
fn braced(text: &str) -> Option<NearMiss> {
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let open = at + found;
        at = open + 1;
        let Some(length) = text[at..].find(['}', '{', '\n']).filter(|end| text[at + end..].starts_with('}'))
        else {
            continue;
        };
        let (inside, range) = (&text[at..at + length], open..at + length + 1);
        let mut words = inside.split_whitespace();
        let (Some(head), name, None) = (words.next(), words.next(), words.next()) else { continue };
        let Some(rest) = strip_prefix_loosely(head) else { continue };
        if matches!(references(&text[range.clone()]), Reading::Interpolated(_)) || !name.is_none_or(is_name) {
            continue;
        }
        if let Some(found) = judge(head, rest, name, range, ("{", "}")) {
            return Some(found);
        }
    }
    None
}

/// What follows `pt.`, `#pt-` or something like them.
fn strip_prefix_loosely(head: &str) -> Option<&str> {
    let plain = head.strip_prefix('#').unwrap_or(head);
    let rest = plain.get(..2).filter(|pt| pt.eq_ignore_ascii_case("pt")).map(|_| &plain[2..])?;
    rest.strip_prefix(['.', '-', '/', '_'])
}

fn judge(
    head: &str,
    rest: &str,
    name: Option<&str>,
    range: Range<usize>,
    (open, close): (&str, &str),
) -> Option<NearMiss> {
    let word = rest.trim_end_matches([':', '.']).to_ascii_lowercase();
    // A user of containers, not a reference.
    if word == "host" || word.is_empty() {
        return None;
    }
    let singular = word.strip_suffix('s').unwrap_or(&word);
    let known = ReferenceKind::WORDS.iter().map(|(word, _)| *word);
    let exact = known.clone().find(|known| *known == singular);
    let stranger = STRANGERS.iter().find(|(stranger, _)| *stranger == singular).map(|(_, kind)| *kind);
    let kind = exact.or(stranger).or_else(|| suggest(singular, known));
    let Some(name) = name else {
        let kind = exact?;
        let message = format!("`{head}` names no {}", if kind == "input" { "param" } else { kind });
        return Some(NearMiss { range, message, meant: Some(format!("{open}pt.{kind} NAME{close}")) });
    };
    // `pt-br x` is Portuguese.
    if kind.is_none() && !head.starts_with("pt.") && !head.starts_with("#pt-") {
        return None;
    }
    let meant = kind.map(|kind| format!("{open}pt.{kind} {name}{close}"));
    let message = match (exact, open) {
        (Some(_), "{") => "only `{pt.KIND NAME}`, spelled exactly so, is a reference".to_owned(),
        (Some(_), _) => format!("`{head}` is not spelled as a reference"),
        (None, _) => format!("there is no `{head}`; references are to params, values, secrets and outputs"),
    };
    Some(NearMiss { range, message, meant })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probably_meant() {
        let table = [
            ("pt.parm x", "pt.param x"),
            ("pt.vaule port", "pt.value port"),
            ("pt.secert k", "pt.secret k"),
            ("pt.env X", "pt.value X"),
            ("pt.param", "pt.param NAME"),
            ("#pt-values", "pt.value NAME"),
            ("http://{pt.params}/", "{pt.param NAME}"),
            ("a { pt.param x } b", "{pt.param x}"),
            ("{#pt-param x}", "{pt.param x}"),
            ("{PT.param x}", "{pt.param x}"),
            ("{pt.param a}{pt.secrte b}", "{pt.secret b}"),
            ("pt-param x", "pt.param x"),
            ("pt/param x", "pt.param x"),
            ("#pt.param x", "pt.param x"),
            ("pt.Param x", "pt.param x"),
            ("pt.params: x", "pt.param x"),
            ("#pt-clojure (inc 1)", "#pt-clj"),
            ("pt.javascript 1", "pt.js"),
            ("#pt-clj", "?"),
            ("$pt.param x", "pt.param x"),
            ("<pt.secret x>", "pt.secret x"),
            ("pt.param(x)", "pt.param x"),
            ("pt.params.x-y", "pt.param x-y"),
            ("pt.values['x']", "pt.value x"),
            ("#pt-param \"x\"", "pt.param x"),
            ("pt.clj(inc 1)", "pt.clj (inc"),
            ("#pt-js: 1", "#pt-js"),
            ("pt.cljs 1", "pt.clj"),
            ("pt.frobnicate x", "?"),
        ];
        for (text, expected) in table {
            let found = near_miss(text).unwrap_or_else(|| panic!("{text} is not noticed"));
            assert_eq!(found.meant.as_deref().unwrap_or("?"), expected, "{text}");
            assert!(text.get(found.range.clone()).is_some(), "{text}");
        }
    }

    #[test]
    fn left_alone() {
        let table = [
            "",
            "x",
            "pt.param x",
            "{pt.param x}",
            "#pt-clj (inc 1)",
            "#pt-host",
            "pt.value {service}-host",
            "use pt.value x here",
            "see pt.secret into",
            "{name}",
            "${X}",
            "{\"json\": 1}",
            "pt",
            "pt. x",
            "pt run x",
            "https://pt.example.com",
            "pt.example.com",
            "{{ x }}",
            "pt-br x",
            "pt_PT",
            "pt.value.example.com",
            "$x",
            "pt.host.x",
        ];
        for text in table {
            assert_eq!(near_miss(text), None, "{text}");
        }
    }
}
