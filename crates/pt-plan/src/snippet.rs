//! Code as written to code as it runs.

use pt_syntax::{Code, Diagnostic, Language, Node, NodeKind, Reading, references};

use crate::plan::Snippet;

/// The code that a node in the position of code is. A text without a prefix is Clojure there.
pub(crate) fn snippet(node: &Node) -> Result<Snippet, Box<Diagnostic>> {
    let clojure = |body| Code { language: Language::Clojure, body, body_offset: 0, late: false };
    let code = match &node.kind {
        NodeKind::Str(text) => match references(text) {
            Reading::Code(code) => code,
            Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_) => clojure(text),
        },
        NodeKind::Form(text) => clojure(text),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::List(_)
        | NodeKind::Map(_) => {
            return Err(Box::new(
                Diagnostic::error("wrong-shape", "`code` must be code").at(node.span, "this is none"),
            ));
        }
    };
    Ok(snippet_of(&code))
}

/// The code with a text of its own.
pub(crate) fn snippet_of(code: &Code<'_>) -> Snippet {
    let language = match code.language {
        Language::Clojure => pt_eval::Language::Clojure,
        Language::JavaScript => pt_eval::Language::JavaScript,
        Language::Python => pt_eval::Language::Python,
    };
    Snippet { language, text: code.body.into(), settings: code.late }
}
