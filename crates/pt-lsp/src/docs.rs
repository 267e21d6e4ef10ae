//! What editors show of a definition, a param, a function of the runner.

use ls_types::{Documentation, MarkupContent, MarkupKind};
use pt_eval::{Deed, Language, RunnerFunction};
use pt_spec::{Definition, Param, Type};

/// Text for people, as Markdown.
pub(crate) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// The documentation of a completion.
pub(crate) fn documentation(value: String) -> Option<Documentation> {
    (!value.is_empty()).then(|| Documentation::MarkupContent(markdown(value)))
}

/// A definition: what it is for and what it can be given.
pub(crate) fn definition(reference: &str, definition: &Definition) -> String {
    let mut text = format!("{} **{reference}**\n", definition.kind.word());
    if let Some(info) = &definition.info {
        text.extend(["\n", info.trim_end(), "\n"]);
    }
    if !definition.params.is_empty() {
        text.push('\n');
    }
    for param in &definition.params {
        let info = param.info.as_deref().map(|info| format!(" — {}", info.trim_end())).unwrap_or_default();
        text.extend(["- `", &param.id.text, "`: ", &ty(&param.ty), &info, "\n"]);
    }
    text
}

/// A declared param.
pub(crate) fn param(param: &Param) -> String {
    let mut text = format!("param **{}**: {}\n", param.id.text, ty(&param.ty));
    if let Some(info) = &param.info {
        text.extend(["\n", info.trim_end(), "\n"]);
    }
    text
}

/// A type, what it is without anything given, and whether it must be given.
pub(crate) fn ty(ty: &Type) -> String {
    match ty {
        Type::Default(of, value) => format!("`{of}`, default `{value}`"),
        Type::Maybe(of) => format!("`{of}`, optional"),
        Type::Atom(_)
        | Type::List(_)
        | Type::Fields(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Either(_)
        | Type::Enum(_)
        | Type::Regex(_)
        | Type::Unknown(_) => {
            format!("`{ty}`{}", if ty.is_optional() { ", optional" } else { ", required" })
        }
    }
}

/// A function of the runner.
pub(crate) fn function(function: &RunnerFunction) -> String {
    let deed = match function.deed {
        Deed::Looks => "May be called in args.",
        Deed::Acts | Deed::Waits => "May not be called in args.",
    };
    let prefix = if function.settings {
        "\n\nExists with the prefixes `pt.clj`, `pt.js` and `pt.py` only."
    } else {
        ""
    };
    format!(
        "`{}`, in JavaScript `{}`\n\n{} {deed}{prefix}\n",
        function.signature(Language::Clojure),
        function.signature(Language::JavaScript),
        function.info
    )
}
