//! Code that is not run: does it mean something?

use std::ops::Range;

use pt_eval::{Mistake, MistakeKind, Occasion};
use pt_spec::Definition;
use pt_syntax::{Code, Diagnostic, Language, Node, NodeKind, Reading, Severity, Sources, Span, references};

use super::{no_clojure, written};
use crate::missing::Store;
use crate::snippet::snippet_of;

/// What is wrong with the code in a definition, and the span of the whole text that holds it.
pub(super) fn check(definition: &Definition, sources: &Sources) -> Vec<(Span, Diagnostic)> {
    let mut found = Vec::new();
    written::each_node(definition, &mut |node| {
        if let Some(code) = code_in(node, false) {
            found.extend(mistakes(node, &code, Occasion::Args, &[], sources));
        }
    });
    for node in written::bodies(definition) {
        match code_in(node, true) {
            Some(code) => found.extend(mistakes_of_body(node, &code, sources)),
            None => found.extend(crate::snippet::snippet(node).err().map(|wrong| (node.span, *wrong))),
        }
    }
    found
}

fn mistakes_of_body(node: &Node, code: &Code<'_>, sources: &Sources) -> Vec<(Span, Diagnostic)> {
    let wrong = mistakes(node, code, Occasion::Code, &[], sources);
    match no_clojure::told(node, code, sources).filter(|_| !wrong.is_empty()) {
        Some(told) => vec![(node.span, told)],
        None => wrong,
    }
}

/// What is wrong with code that can be read, as warnings: it may never get there.
pub(crate) fn doubts(node: &Node, sources: &Sources) -> Vec<Diagnostic> {
    let Some(code) = code_in(node, true) else { return Vec::new() };
    let found = mistakes_of_body(node, &code, sources).into_iter().map(|(_, found)| found);
    // A bracket too many is told by the code that runs.
    let doubts = found.filter(|found| found.id != "code-syntax" || code.body_offset == 0);
    doubts.map(|found| Diagnostic { severity: Severity::Warning, ..found }).collect()
}

/// The values and secrets that the code of a definition asks for by name.
pub(super) fn each_setting(
    definition: &Definition,
    sources: &Sources,
    told: &mut dyn FnMut(Store, &str, Span),
) {
    for node in written::bodies(definition) {
        let Some(code) = code_in(node, true) else { continue };
        let calls = match code.language {
            Language::Clojure => [("(pt/value \"", Store::Value), ("(pt/secret \"", Store::Secret)],
            Language::JavaScript | Language::Python => {
                [("pt.value(\"", Store::Value), ("pt.secret(\"", Store::Secret)]
            }
        };
        // Both quotes are as good in JavaScript and Python.
        let body = match code.language {
            Language::Clojure => code.body.to_owned(),
            Language::JavaScript | Language::Python => code.body.replace('\'', "\""),
        };
        for (call, store) in calls {
            for (at, _) in body.match_indices(call) {
                let start = at + call.len();
                let Some(length) = body[start..].find(['"', '\n']) else { continue };
                let name = &body[start..start + length];
                if name.is_empty() || !body[start + length..].starts_with('"') {
                    continue;
                }
                let text = &sources.get(node.span.source).text;
                let place = start + code.body_offset..start + length + code.body_offset;
                told(store, name, node.span_within(text, place));
            }
        }
    }
}

/// A closing bracket of Clojure that closes nothing: what stands before it is all that runs.
fn surplus(code: &Code<'_>) -> Option<Range<usize>> {
    if code.language != Language::Clojure {
        return None;
    }
    let mut depth = 0_u32;
    let mut chars = code.body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ';' => drop(chars.by_ref().find(|(_, c)| *c == '\n')),
            '"' => {
                while let Some((_, c)) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(at..at + 1),
            },
            _ => {}
        }
    }
    None
}

/// What is wrong with the code of a trigger: `when`, or one that gives a template.
pub(super) fn check_trigger(node: &Node, sources: &Sources) -> Vec<Diagnostic> {
    let Some(code) = code_in(node, true) else {
        return crate::snippet::snippet(node).err().map(|wrong| *wrong).into_iter().collect();
    };
    mistakes(node, &code, Occasion::Args, &["event"], sources).into_iter().map(|(_, found)| found).collect()
}

/// What keeps the code of a node in the position of code from being read.
pub(crate) fn unreadable(node: &Node, sources: &Sources) -> Option<Diagnostic> {
    let code = code_in(node, true)?;
    let mistake = pt_eval::unreadable(&snippet_of(&code).as_code())?;
    Some(told(node, &code, mistake, sources))
}

/// The code that a node is; where code is expected, a text without a prefix is Clojure.
pub(super) fn code_in(node: &Node, expected: bool) -> Option<Code<'_>> {
    let clojure = |body| Code { language: Language::Clojure, body, body_offset: 0, late: false };
    match &node.kind {
        NodeKind::Form(text) => Some(clojure(text)),
        NodeKind::Str(text) => match references(text) {
            Reading::Code(code) => Some(code),
            Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_) => {
                expected.then(|| clojure(text))
            }
        },
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::List(_)
        | NodeKind::Map(_) => None,
    }
}

fn mistakes(
    node: &Node,
    code: &Code<'_>,
    occasion: Occasion,
    names: &[&str],
    sources: &Sources,
) -> Vec<(Span, Diagnostic)> {
    let found = pt_eval::check(&snippet_of(code).as_code(), occasion, names).into_iter();
    let mut found: Vec<_> = found.map(|mistake| (node.span, told(node, code, mistake, sources))).collect();
    if let Some(range) = surplus(code).filter(|_| found.iter().all(|(_, found)| found.id != "code-syntax")) {
        let mistake = Mistake {
            kind: MistakeKind::Syntax,
            message: format!("Unmatched delimiter: {}", &code.body[range.clone()]),
            range: Some(range),
            hint: Some("remove it, or open it before".to_owned()),
            meant: None,
        };
        found.push((node.span, told(node, code, mistake, sources)));
    }
    found
}

fn told(node: &Node, code: &Code<'_>, mistake: Mistake, sources: &Sources) -> Diagnostic {
    let span = match mistake.range {
        Some(range) => {
            let text = &sources.get(node.span.source).text;
            node.span_within(text, range.start + code.body_offset..range.end + code.body_offset)
        }
        None => node.span,
    };
    let way_out = || import_in_a_script(code, mistake.kind, sources, span);
    let hint = mistake.hint.clone().or_else(way_out);
    // A prefix can only stand in a text.
    let is_form = matches!(node.kind, NodeKind::Form(_)) && mistake.kind == MistakeKind::NeedsSettings;
    let hint = hint.map(|hint| if is_form { format!("{hint}; as a text: \"pt.clj (…)\"") } else { hint });
    let found = Diagnostic::error(id(mistake.kind), mistake.message).at(span, "");
    Diagnostic { replacement: mistake.meant, ..hint.into_iter().fold(found, Diagnostic::hint) }
}

/// What to do instead of an `import`, which only JavaScript's own modules have.
fn import_in_a_script(code: &Code<'_>, kind: MistakeKind, sources: &Sources, at: Span) -> Option<String> {
    if code.language != Language::JavaScript || kind != MistakeKind::Syntax {
        return None;
    }
    let text = &sources.get(at.source).text;
    let before = text.get(..at.start as usize)?;
    let line = text.get(before.rfind('\n').map_or(0, |newline| newline + 1)..)?.lines().next()?;
    line.contains("import ").then(|| "there is nothing to import: what code may call is in `pt`".to_owned())
}

fn id(kind: MistakeKind) -> &'static str {
    match kind {
        MistakeKind::Syntax => "code-syntax",
        MistakeKind::UnknownName => "unknown-symbol",
        MistakeKind::UnknownFunction => "unknown-function",
        MistakeKind::NotInArgs => "not-in-args",
        MistakeKind::NeedsSettings => "value-in-code",
    }
}
