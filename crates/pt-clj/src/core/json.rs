//! JSON: by the names of `clojure.data.json`, and by those of cheshire.

use super::{MANY, natives, text};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Signal};
use crate::seq::Iter;

natives! { "clojure.data.json":
    // text, :key-fn f
    "read-str" 1 MANY |context, args| {
        let key = args[1..].chunks_exact(2).find(|option| option[0] == Value::keyword("key-fn")).map(|option| option[1].clone());
        read(context, &args[0], key)
    },
    "write-str" 1 MANY |context, args| {
        let indent = args[1..].chunks_exact(2).any(|option| option[0] == Value::keyword("indent") && option[1].is_truthy());
        write(context, &args[0], indent)
    },
    // text, whether keys become keywords or what makes keys of them
    "parse-string" 1 3 |context, args| {
        let key = match args.get(1) {
            Some(Value::Bool(true)) => super::function("keyword").map(Value::Native),
            Some(function) if function.is_callable() => Some(function.clone()),
            _ => None,
        };
        read(context, &args[0], key)
    },
    "generate-string" 1 2 |context, args| {
        let pretty = matches!(args.get(1), Some(Value::Map(options)) if options.get(&Value::keyword("pretty")).is_some_and(Value::is_truthy));
        write(context, &args[0], pretty)
    },
}

fn read(context: &mut Context<'_>, source: &Value, key: Option<Value>) -> Eval {
    if source.is_nil() {
        return Ok(Value::Nil);
    }
    let text = text(context, source)?.to_owned();
    let mut reader = Reader { text: &text, at: 0, key };
    let value = reader.value(context)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong(context, "Unexpected text after the JSON value"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    key: Option<Value>,
}

impl Reader<'_> {
    #[cold]
    fn wrong(&self, context: &Context<'_>, what: &str) -> Signal {
        let line = 1 + self.text[..self.at.min(self.text.len())].matches('\n').count();
        context.error("Exception", format!("JSON error on line {line}: {what}"))
    }

    fn space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !b" \t\r\n".contains(byte)).unwrap_or(rest.len());
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn value(&mut self, context: &mut Context<'_>) -> Eval {
        context.tick()?;
        self.space();
        match self.peek() {
            b'{' => context.nested(|context| self.object(context)),
            b'[' => context.nested(|context| self.array(context)),
            b'"' => self.string(context).map(Value::str),
            b'-' | b'0'..=b'9' => self.number(context),
            _ => {
                for (word, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Nil)]
                {
                    if self.text[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                let what = if self.at >= self.text.len() { "end of text" } else { "unexpected character" };
                Err(self.wrong(context, what))
            }
        }
    }

    fn array(&mut self, context: &mut Context<'_>) -> Eval {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Value::vector(items));
        }
        loop {
            items.push(self.value(context)?);
            self.space();
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b',') => {}
                Some(b']') => return Ok(Value::vector(items)),
                _ => return Err(self.wrong(context, "an array needs `,` or `]` here")),
            }
        }
    }

    fn object(&mut self, context: &mut Context<'_>) -> Eval {
        self.at += 1;
        let mut map = crate::map::Map::default();
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Value::map([]));
        }
        loop {
            self.space();
            if self.peek() != b'"' {
                return Err(self.wrong(context, "a key must be a string"));
            }
            let name = Value::str(self.string(context)?);
            let key = match self.key.clone() {
                Some(function) => context.call1(&function, name)?,
                None => name,
            };
            self.space();
            if self.peek() != b':' {
                return Err(self.wrong(context, "a key needs `:` after it"));
            }
            self.at += 1;
            let value = self.value(context)?;
            map.insert(key, value);
            self.space();
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b',') => {}
                Some(b'}') => return Ok(Value::Map(std::sync::Arc::new(map))),
                _ => return Err(self.wrong(context, "an object needs `,` or `}` here")),
            }
        }
    }

    fn number(&mut self, context: &mut Context<'_>) -> Eval {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let token = &rest[..end];
        let value = if token.contains(['.', 'e', 'E']) {
            token.parse().ok().map(Value::Float)
        } else if end < 19 {
            token.parse().ok().map(Value::Int)
        } else if end < 10_000 {
            token.parse::<i64>().map(Value::Int).or_else(|_| token.parse().map(Value::big)).ok()
        } else {
            None
        };
        match value {
            Some(value) => {
                self.at += end;
                Ok(value)
            }
            None => Err(self.wrong(context, "not a number")),
        }
    }

    fn string(&mut self, context: &mut Context<'_>) -> Eval<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(['"', '\\']) else {
                return Err(self.wrong(context, "a string is never closed"));
            };
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(out);
            }
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b'n') => out.push('\n'),
                Some(b't') => out.push('\t'),
                Some(b'r') => out.push('\r'),
                Some(b'b') => out.push('\u{8}'),
                Some(b'f') => out.push('\u{c}'),
                Some(byte @ (b'"' | b'\\' | b'/')) => out.push(char::from(*byte)),
                Some(b'u') => match self.unicode() {
                    Some(char) => out.push(char),
                    None => return Err(self.wrong(context, "not a character")),
                },
                _ => return Err(self.wrong(context, "an unknown escape")),
            }
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.text[self.at..].starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let second = self.hex().filter(|second| (0xdc00..0xe000).contains(second))?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }
}

fn write(context: &mut Context<'_>, value: &Value, pretty: bool) -> Eval {
    crate::equal::realise(context, value)?;
    let mut out = String::new();
    put(context, &mut out, value, pretty.then_some(0))?;
    Ok(Value::str(out))
}

fn line(out: &mut String, indent: Option<usize>) {
    if let Some(depth) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn put(context: &mut Context<'_>, out: &mut String, value: &Value, indent: Option<usize>) -> Eval<()> {
    context.tick()?;
    context.nested(|context| put_here(context, out, value, indent))
}

fn put_here(context: &mut Context<'_>, out: &mut String, value: &Value, indent: Option<usize>) -> Eval<()> {
    context.charge_text(out.len())?;
    let inner = indent.map(|depth| depth + 1);
    if let Some(entries) = value.entries() {
        out.push('{');
        let empty = entries.is_empty();
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            line(out, inner);
            match key {
                Value::Keyword(name) | Value::Symbol(name) => quote_json(out, name.as_str()),
                Value::Nil => return Err(context.error("Exception", "JSON object keys cannot be null")),
                other => quote_json(out, &crate::print::str(other)),
            }
            out.push_str(if indent.is_some() { ": " } else { ":" });
            put(context, out, value, inner)?;
        }
        line(out, indent.filter(|_| !empty));
        out.push('}');
        return Ok(());
    }
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) => out.push_str(&crate::print::str(value)),
        Value::BigInt(_) | Value::Decimal(_) => out.push_str(&crate::print::str(value)),
        Value::Float(number) if !number.is_finite() => {
            return Err(context.error("Exception", "JSON error: cannot write an infinite number or NaN"));
        }
        Value::Float(number) => out.push_str(&crate::print::float(*number)),
        Value::Ratio(_) => {
            let number = super::as_f64(context, value)?;
            out.push_str(&crate::print::float(number));
        }
        Value::Str(text) => quote_json(out, text),
        Value::Keyword(name) | Value::Symbol(name) => quote_json(out, name.as_str()),
        Value::Char(_) | Value::Uuid(_) => quote_json(out, &crate::print::str(value)),
        Value::Object(object) if let crate::types::Object::Inst(millis) = &**object => {
            quote_json(out, &crate::inst::rfc3339(*millis).replace("-00:00", "Z"));
        }
        other if other.is_sequential() || other.is_set() => {
            out.push('[');
            let mut items = Iter::new(context, other.clone())?;
            let mut first = true;
            while let Some(item) = items.next(context)? {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                line(out, inner);
                put(context, out, &item, inner)?;
            }
            line(out, indent.filter(|_| !first));
            out.push(']');
        }
        other => {
            let class = crate::class::class_name(other);
            return Err(context.error("Exception", format!("Don't know how to write JSON of class {class}")));
        }
    }
    Ok(())
}

fn quote_json(out: &mut String, text: &str) {
    crate::text::quote_with(out, text, |out, low| out.extend(format!("\\u{:04x}", u32::from(low)).chars()));
}
