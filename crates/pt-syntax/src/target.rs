//! What a command line asks to run: `polytope/postgres{image: x, port: 5433}`.

use crate::parse::span;
use crate::yaml::parse_flow;
use crate::{Diagnostic, Node, NodeKind, Severity, SourceId, Span};

/// A thing to run and its arguments, as the command line names them.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetCall {
    /// What is to run: a template, a tool, or a reference to a module.
    pub reference: String,
    /// Where the reference stood.
    pub span: Span,
    /// The arguments: a map, if braces were written.
    pub args: Option<Node>,
}

impl TargetCall {
    /// Reads `ref` or `ref{…}`: after the reference, directly, a map in flow notation of YAML 1.2.
    ///
    /// What is wrong is said in the diagnostics; the call then holds what could be understood.
    pub fn parse(source: SourceId, text: &str) -> (Self, Vec<Diagnostic>) {
        let trimmed = text.trim_end();
        let brace = trimmed.find('{').unwrap_or(trimmed.len());
        let reference = &trimmed[..brace];
        let at = span(source, 0, 0, brace);
        let mut diagnostics = Vec::new();
        if reference.trim().is_empty() {
            let start = span(source, 0, 0, text.chars().next().map_or(0, char::len_utf8));
            diagnostics.push(
                Diagnostic::error("bad-target", "Nothing is named to run")
                    .at(start, "")
                    .hint("write the name of a template or module before the braces: stack{port: 80}"),
            );
        } else if let Some(blank) = reference.find(char::is_whitespace) {
            let rest = &reference[blank..];
            let length = rest.chars().next().map_or(1, char::len_utf8);
            let hint = if rest.trim().is_empty() {
                "write the opening brace directly after the name"
            } else {
                "name each thing to run in an argument of its own"
            };
            diagnostics.push(
                Diagnostic::error(
                    "bad-target",
                    format!("The name of what to run contains a blank: `{reference}`"),
                )
                .at(span(source, 0, blank, blank + length), "")
                .hint(hint),
            );
        }
        let args = (brace < trimmed.len()).then(|| {
            let flow = parse_flow(source, trimmed, brace);
            diagnostics.extend(flow.diagnostics.into_iter().map(about_arguments));
            flow.node
        });
        // An explicit null is what a broken text leaves.
        let args = args.filter(|args| matches!(args.kind, NodeKind::Map(_)));
        (Self { reference: reference.trim().to_owned(), span: at, args }, diagnostics)
    }
}

/// The shell has eaten the quotes, perhaps; say what was being read.
fn about_arguments(diagnostic: Diagnostic) -> Diagnostic {
    // What is merely odd in a file is refused here, where it costs nothing to mend.
    if diagnostic.severity == Severity::Warning && diagnostic.id != "missing-space" {
        return diagnostic;
    }
    let mut first = diagnostic.message.chars();
    let message = first.next().into_iter().flat_map(char::to_lowercase).chain(first).collect::<String>();
    Diagnostic {
        severity: Severity::Error,
        message: format!("Could not parse arguments: {message}"),
        ..diagnostic
    }
}
