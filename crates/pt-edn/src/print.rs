//! Forms back to text; reading it again gives the same forms (spans apart).

use std::fmt::{Display, Formatter, Result, Write};

use crate::{Form, FormKind};

impl Display for Form {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        if !self.meta.is_empty() {
            out.write_char('^')?;
            pairs(out, &self.meta)?;
            out.write_char(' ')?;
        }
        self.kind.fmt(out)
    }
}

impl Display for FormKind {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Nil => out.write_str("nil"),
            Self::Bool(value) => value.fmt(out),
            Self::Int(value) => value.fmt(out),
            Self::BigInt(value) => write!(out, "{value}N"),
            Self::Float(value) => float(out, *value),
            Self::Ratio(parts) => write!(out, "{}/{}", parts.0, parts.1),
            Self::Decimal(digits) => write!(out, "{digits}M"),
            Self::Char(value) => char(out, *value),
            Self::String(text) => string(out, text),
            Self::Regex(pattern) => write!(out, "#\"{pattern}\""),
            Self::Symbol(name) => name.fmt(out),
            Self::Keyword(name) => write!(out, ":{name}"),
            Self::List(items) => sequence(out, "(", items, ")"),
            Self::Vector(items) => sequence(out, "[", items, "]"),
            Self::Set(items) => sequence(out, "#{", items, "}"),
            Self::Fn(items) => sequence(out, "#(", items, ")"),
            Self::Map(entries) => pairs(out, entries),
            Self::Tagged(tag, form) => write!(out, "#{tag} {form}"),
            Self::Quote(form) => write!(out, "'{form}"),
            Self::Deref(form) => write!(out, "@{form}"),
            Self::SyntaxQuote(form) => write!(out, "`{form}"),
            Self::Unquote(form) => write!(out, "~{form}"),
            Self::UnquoteSplicing(form) => write!(out, "~@{form}"),
            Self::Var(form) => write!(out, "#'{form}"),
        }
    }
}

fn float(out: &mut Formatter<'_>, value: f64) -> Result {
    if value.is_nan() {
        out.write_str("##NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "##Inf" } else { "##-Inf" })
    } else {
        // Debug keeps the point: `1.0`, not `1`.
        write!(out, "{value:?}")
    }
}

fn char(out: &mut Formatter<'_>, value: char) -> Result {
    match value {
        '\n' => out.write_str("\\newline"),
        '\r' => out.write_str("\\return"),
        '\t' => out.write_str("\\tab"),
        ' ' => out.write_str("\\space"),
        '\u{8}' => out.write_str("\\backspace"),
        '\u{c}' => out.write_str("\\formfeed"),
        plain => write!(out, "\\{plain}"),
    }
}

fn string(out: &mut Formatter<'_>, text: &str) -> Result {
    out.write_char('"')?;
    for plain in text.chars() {
        match plain {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            plain => out.write_char(plain)?,
        }
    }
    out.write_char('"')
}

fn sequence(out: &mut Formatter<'_>, open: &str, items: &[Form], close: &str) -> Result {
    out.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.write_char(' ')?;
        }
        item.fmt(out)?;
    }
    out.write_str(close)
}

fn pairs(out: &mut Formatter<'_>, entries: &[(Form, Form)]) -> Result {
    out.write_char('{')?;
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write!(out, "{key} {value}")?;
    }
    out.write_char('}')
}
