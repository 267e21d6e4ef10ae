//! Modules that code calls by a name that nothing has.

use std::ops::Range;

use pt_spec::{Definition, Project, Wanted};
use pt_syntax::{Code, Diagnostic, Language, Node, Severity};

use super::code::code_in;
use super::written;

/// Warnings about calls in the code of a definition: it may never get there, and who names what is elsewhere is not judged.
pub(super) fn check(definition: &Definition, project: &Project) -> Vec<Diagnostic> {
    written::bodies(definition).into_iter().flat_map(|node| in_vain(node, project)).collect()
}

/// The same for one piece of code.
pub(crate) fn in_vain(node: &Node, project: &Project) -> Vec<Diagnostic> {
    let Some(code) = code_in(node, true) else { return Vec::new() };
    let text = &project.sources().get(node.span.source).text;
    let mut found = Vec::new();
    for range in named(&code) {
        let name = &code.body[range.clone()];
        if name.contains(['/', '{', '$', '\\', ' ']) {
            continue;
        }
        if let Err(unknown) = project.resolve(None, name, Wanted::Any) {
            let at = node.span_within(text, range.start + code.body_offset..range.end + code.body_offset);
            found.push(Diagnostic { severity: Severity::Warning, ..*unknown }.at(at, ""));
        }
    }
    found
}

/// Where code names what it calls, in a text of its own: `(pt/call-module "x"`, `pt.callModule('x'`.
fn named(code: &Code<'_>) -> Vec<Range<usize>> {
    let (heads, comment): (&[&str], &str) = match code.language {
        Language::Clojure => (&["(pt/call-module ", "(pt/call-tool ", "(pt/spawn-step "], ";"),
        Language::JavaScript => (&["pt.callModule(", "pt.callTool(", "pt.spawnStep("], "//"),
        Language::Python => (&["pt.call_module(", "pt.call_tool(", "pt.spawn_step("], "#"),
    };
    let quotes: &[char] = if code.language == Language::Clojure { &['"'] } else { &['"', '\''] };
    let body = code.body;
    let name = |(at, head): (usize, &str)| {
        let line = body[..at].rsplit('\n').next().unwrap_or_default();
        let start = at + head.len();
        let quote = body[start..].chars().next().filter(|quote| quotes.contains(quote))?;
        let length = body[start + 1..].find([quote, '\n'])?;
        let range = start + 1..start + 1 + length;
        (!line.contains(comment)
            && !is_left_out(code.language, &body[..at])
            && !range.is_empty()
            && body[range.end..].starts_with(quote))
        .then_some(range)
    };
    heads.iter().flat_map(|head| body.match_indices(head)).filter_map(name).collect()
}

/// Whether what follows this is in a comment of several lines, or in a text of several lines that is used as one.
fn is_left_out(language: Language, before: &str) -> bool {
    match language {
        Language::Clojure => before.ends_with("#_") || before.trim_end().ends_with("(comment"),
        Language::JavaScript => before.rfind("/*") > before.rfind("*/"),
        Language::Python => before.matches("\"\"\"").count() % 2 == 1,
    }
}
