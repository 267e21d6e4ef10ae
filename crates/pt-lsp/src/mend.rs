//! Quick fixes: diagnostics whose cure is to write something else in their place.

use std::collections::HashMap;

use ls_types::{CodeAction, CodeActionKind, CodeActionParams, Diagnostic, TextEdit, WorkspaceEdit};
use serde_json::{Value, json};

/// What a diagnostic keeps for the time when somebody wants it mended: editors bring it back. `written` is what stands in
/// its place now.
pub(crate) fn kept(diagnostic: &pt_syntax::Diagnostic, written: &str) -> Option<Value> {
    let text = diagnostic.replacement.as_deref()?;
    // A word stays as it was written: in quotes, as a keyword.
    let is_word = diagnostic.hints.iter().any(|hint| hint.to_lowercase().starts_with("did you mean"));
    let text = match written.chars().next() {
        Some('"' | '\'' | ':') if is_word && text.starts_with(['[', '{']) => return None,
        Some(quote @ ('"' | '\'')) if is_word => format!("{quote}{text}{quote}"),
        Some(':') if is_word => format!(":{text}"),
        Some(_) | None => text.to_owned(),
    };
    Some(json!({ "replacement": text }))
}

/// The fixes for the diagnostics at a place.
pub(crate) fn fixes(asked: CodeActionParams) -> Vec<CodeAction> {
    let uri = &asked.text_document.uri;
    let fix = |diagnostic: Diagnostic| {
        let text = diagnostic.data.as_ref()?.get("replacement")?.as_str()?.to_owned();
        let edit = TextEdit { range: diagnostic.range, new_text: text.clone() };
        let changes = HashMap::from([(uri.clone(), vec![edit])]);
        Some(CodeAction {
            title: format!("Write `{text}`"),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic]),
            edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
            is_preferred: Some(true),
            ..CodeAction::default()
        })
    };
    asked.context.diagnostics.into_iter().filter_map(fix).collect()
}
