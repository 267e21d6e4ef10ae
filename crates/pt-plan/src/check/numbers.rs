//! Numbers that are not kept as they are written.

use pt_spec::{Definition, plain};
use pt_syntax::{Diagnostic, NodeKind, Sources};

use super::written;

/// Integers with more digits than can be told apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Warnings about numbers in args that become others.
pub(super) fn check(definition: &Definition, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    written::each_node(definition, &mut |node| {
        let NodeKind::Float(number) = node.kind else { return };
        let text = sources.slice(node.span);
        let is_integer = text.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_alphanumeric());
        if number.is_finite() && !(is_integer && number.abs() > EXACT && !text.contains(['e', 'E'])) {
            return;
        }
        let becomes = if number.is_finite() { plain(node).to_string() } else { "null".to_owned() };
        let message = format!("The number {text} cannot be kept as it is");
        let quoted = format!("\"{text}\"");
        found.push(
            Diagnostic::warning("inexact-number", message)
                .at(node.span, format!("this becomes {becomes}"))
                .hint(format!("if it is text, put it in quotes: `{quoted}`"))
                .replace_by(quoted),
        );
    });
    found
}
