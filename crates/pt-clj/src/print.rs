//! Values as text, as Clojure prints them.

use num_bigint::BigInt;

use crate::Value;
use crate::exception::class_of;
use crate::seq::realised;
use crate::types::Object;

/// How values are printed.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Strings in quotes, so that it can be read back.
    pub(crate) readably: bool,
    /// Metadata before what has it.
    pub(crate) meta: bool,
    /// How many items of a collection are shown.
    pub(crate) length: usize,
    /// How deep collections are shown.
    pub(crate) level: usize,
}

impl Style {
    pub(crate) const READABLE: Self =
        Self { readably: true, meta: false, length: usize::MAX, level: Self::DEEPEST };

    /// What is printed may hold itself, by an atom.
    pub(crate) const DEEPEST: usize = 12_000;

    /// One level further in; none where nothing more is shown.
    fn inside(self) -> Option<Self> {
        Some(Self { level: self.level.checked_sub(1)?, ..self })
    }
}

/// As `(pr-str value)`: strings in quotes. Sequences not computed yet print as `...`.
pub fn pr_str(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Style::READABLE);
    out
}

/// As `(str value)`: the text itself for a string, nothing for nil.
pub fn str(value: &Value) -> String {
    let mut out = String::new();
    push_str(&mut out, value);
    out
}

/// Appends what `str` makes of a value.
pub(crate) fn push_str(out: &mut String, value: &Value) {
    match value {
        Value::Nil => {}
        Value::Str(text) => out.push_str(text),
        Value::Char(char) => out.push(*char),
        Value::Regex(regex) => out.push_str(regex.pattern()),
        Value::BigInt(value) => out.push_str(&value.to_string()),
        Value::Decimal(value) => out.push_str(&value.to_string()),
        Value::Object(object) => match &**object {
            Object::Type(of) => {
                out.push_str("class ");
                out.push_str(&of.name);
            }
            Object::Namespace(name) => out.push_str(name.as_str()),
            Object::Unbound(name) => {
                out.push_str("Unbound: #'");
                out.push_str(name.as_str());
            }
            Object::Inst(millis) => out.push_str(&crate::inst::java_date(*millis)),
            _ => write(out, value, Style::READABLE),
        },
        Value::Record(record) if !record.of.is_record => plain(out, &record.of.name, address(record)),
        Value::Lazy(_) => {
            out.push_str("clojure.lang.LazySeq@");
            out.push_str(&hex(crate::equal::hash(value)));
        }
        Value::Exception(exception) => {
            out.push_str(exception.class.full);
            match &exception.message {
                Some(message) => {
                    out.push_str(": ");
                    out.push_str(message);
                }
                None if exception.class.full == "clojure.lang.ExceptionInfo" => out.push_str(": null"),
                None => {}
            }
            if !exception.data.is_nil() {
                out.push(' ');
                write(out, &exception.data, Style::READABLE);
            }
        }
        Value::Class(class) => {
            out.push_str("class ");
            out.push_str(class.full);
        }
        Value::Float(value) => out.push_str(
            &float(*value)
                .replace("##NaN", "NaN")
                .replace("##Inf", "Infinity")
                .replace("##-Inf", "-Infinity"),
        ),
        Value::Uuid(id) => out.push_str(&uuid(**id)),
        other => write(out, other, Style::READABLE),
    }
}

/// Appends a value: for reading back, or for people (`print`).
pub(crate) fn write(out: &mut String, value: &Value, style: Style) {
    crate::stack::room(|| write_here(out, value, style));
}

fn write_here(out: &mut String, value: &Value, style: Style) {
    // The caller asks the same again, and ends.
    if out.len() & 0x3f == 0 && out.len() > 1 << 16 && crate::meter::must_end(out.len()) {
        return;
    }
    if style.meta
        && let Some(meta) = crate::core::own_meta(value)
        && !meta.is_empty()
    {
        out.push('^');
        write(out, &Value::Map(meta), style);
        out.push(' ');
    }
    match value {
        Value::Nil => out.push_str("nil"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)),
        Value::Char(char) if style.readably => {
            out.push('\\');
            match char {
                '\n' => out.push_str("newline"),
                '\r' => out.push_str("return"),
                '\t' => out.push_str("tab"),
                ' ' => out.push_str("space"),
                '\u{8}' => out.push_str("backspace"),
                '\u{c}' => out.push_str("formfeed"),
                plain => out.push(*plain),
            }
        }
        Value::Char(char) => out.push(*char),
        Value::BigInt(value) => {
            out.push_str(&value.to_string());
            out.push('N');
        }
        Value::Decimal(value) => {
            out.push_str(&value.to_string());
            out.push('M');
        }
        Value::Ratio(parts) => out.push_str(&ratio(&parts.0, &parts.1)),
        Value::Str(text) if style.readably => crate::text::quote(out, text),
        Value::Str(text) => out.push_str(text),
        Value::Keyword(name) => {
            out.push(':');
            out.push_str(name.as_str());
        }
        Value::Symbol(name) => out.push_str(name.as_str()),
        Value::Var(name) => {
            out.push_str("#'");
            out.push_str(name.as_str());
        }
        Value::Vector(items) => {
            let mut items = items.iter();
            sequence(out, "[", std::iter::from_fn(|| items.next().cloned()), "]", style);
        }
        Value::List(_) | Value::Lazy(_) => sequence(out, "(", realised(value), ")", style),
        Value::Set(set) => sequence(out, "#{", set.iter().cloned(), "}", style),
        Value::Map(map) => entries(out, map.iter(), style),
        Value::Regex(regex) => {
            out.push_str("#\"");
            out.push_str(regex.pattern());
            out.push('"');
        }
        Value::Uuid(id) => {
            out.push_str("#uuid \"");
            out.push_str(&uuid(**id));
            out.push('"');
        }
        Value::Class(class) => out.push_str(class.full),
        Value::Native(native) => {
            out.push_str("#object[");
            out.push_str(native.name);
            out.push(']');
        }
        Value::Cell(cell) => {
            out.push_str("#object[clojure.lang.");
            out.push_str(cell.kind.class());
            out.push(' ');
            match style.inside() {
                Some(style) => write(out, &cell.get(), style),
                None => out.push('#'),
            }
            out.push(']');
        }
        Value::Sorted(sorted) if sorted.is_set => sequence(out, "#{", sorted.items(), "}", style),
        Value::Sorted(sorted) => entries(out, sorted.iter(), style),
        Value::Record(record) if record.of.is_record => {
            out.push('#');
            out.push_str(&record.of.name);
            entries(out, record.fields.iter(), style);
        }
        Value::Record(record) => plain(out, &record.of.name, address(record)),
        Value::Object(object) => match &**object {
            Object::Type(of) => out.push_str(&of.name),
            Object::Inst(millis) => {
                out.push_str("#inst \"");
                out.push_str(&crate::inst::rfc3339(*millis));
                out.push('"');
            }
            Object::Namespace(name) => {
                out.push_str("#object[clojure.lang.Namespace \"");
                out.push_str(name.as_str());
                out.push_str("\"]");
            }
            Object::Tagged(tag, form) => {
                out.push('#');
                out.push_str(tag.as_str());
                out.push(' ');
                write(out, form, style);
            }
            Object::Queue(items, _) => sequence(out, "(", items.iter().cloned(), ")", style),
            Object::Protocol(protocol) => {
                out.push_str("#object[clojure.lang.Protocol ");
                out.push_str(protocol.name.as_str());
                out.push(']');
            }
            Object::Array { .. } => plain(out, "[Ljava.lang.Object;", address(object)),
            _ => plain(out, class_of(value).full, address(object)),
        },
        Value::Exception(exception) => {
            out.push_str("#error {:cause ");
            match &exception.message {
                Some(message) => crate::text::quote(out, message),
                None => out.push_str("nil"),
            }
            if !exception.data.is_nil() {
                out.push_str(", :data ");
                write(out, &exception.data, style);
            }
            out.push_str(", :type ");
            out.push_str(exception.class.full);
            out.push('}');
        }
        Value::Fn(_) | Value::Delay(_) | Value::Reduced(_) => {
            out.push_str("#object[");
            out.push_str(class_of(value).full);
            out.push(']');
        }
    }
}

fn entries<'m>(out: &mut String, entries: impl Iterator<Item = (&'m Value, &'m Value)>, style: Style) {
    let Some(style) = style.inside() else {
        out.push('#');
        return;
    };
    out.push('{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if index >= style.length {
            out.push_str("...");
            break;
        }
        write(out, key, style);
        out.push(' ');
        write(out, value, style);
    }
    out.push('}');
}

/// What has no notation prints as its class and something that tells it from others.
fn plain(out: &mut String, class: &str, at: u64) {
    out.push_str("#object[");
    out.push_str(class);
    out.push_str(" 0x");
    out.push_str(&hex(at));
    out.push(']');
}

fn address<T>(at: &std::sync::Arc<T>) -> u64 {
    std::sync::Arc::as_ptr(at) as usize as u64
}

fn hex(hash: u64) -> String {
    format!("{:x}", hash as u32)
}

fn sequence(out: &mut String, open: &str, items: impl Iterator<Item = Value>, close: &str, style: Style) {
    let Some(style) = style.inside() else {
        out.push('#');
        return;
    };
    out.push_str(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if index >= style.length {
            out.push_str("...");
            break;
        }
        if index & 0xff == 0xff && crate::meter::must_end(out.len()) {
            break;
        }
        write(out, &item, style);
    }
    out.push_str(close);
}

fn ratio(over: &BigInt, under: &BigInt) -> String {
    format!("{over}/{under}")
}

/// A double as Java prints it: `1.0`, `1.0E10`, `1.0E-5`.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "##NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "##Inf" } else { "##-Inf" }.to_owned();
    }
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

fn uuid(id: u128) -> String {
    let hex = format!("{id:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
