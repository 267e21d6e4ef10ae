//! Strings, numbers and words of JSON; and what people write in their stead.

use super::Reader;
use crate::{Diagnostic, NodeKind};

impl Reader<'_> {
    /// A string; `at` stands on its quote.
    pub(super) fn string(&mut self) -> String {
        let (text, start) = (self.text, self.at);
        let bytes = text.as_bytes();
        let quote = bytes[start];
        if quote == b'\'' {
            let found = Diagnostic::error("single-quotes", "JSON text stands in double quotes");
            self.tell(found.at(self.span(start, start + 1), "").hint("write `\"` instead of `'`"));
        }
        let mut decoded = String::new();
        let (mut has_told, mut goes_on) = (false, None);
        self.at += 1;
        loop {
            let plain = self.at;
            while bytes.get(self.at).is_some_and(|&byte| byte != quote && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            decoded.push_str(&text[plain..self.at]);
            match bytes.get(self.at) {
                None => return self.unclosed_string(start, decoded),
                Some(b'\\') => decoded.extend(self.escape()),
                Some(&byte) if byte == quote => {
                    self.at += 1;
                    return if self.runs_on(start) { self.unclosed_word(start) } else { decoded };
                }
                Some(b'\n' | b'\r') if !*goes_on.get_or_insert_with(|| self.goes_on(quote)) => {
                    return self.unclosed_string(start, decoded);
                }
                Some(_) => {
                    if !std::mem::replace(&mut has_told, true) {
                        self.tell(
                            Diagnostic::error(
                                "raw-control-character",
                                "A JSON string cannot contain a line end or a tab",
                            )
                            .at(self.here(), "")
                            .at(self.span(start, start + 1), "the string begins here")
                            .hint("write `\\n` or `\\t`, or close the string before the end of the line"),
                        );
                    }
                    decoded.push(bytes[self.at] as char);
                    self.at += 1;
                }
            }
        }
    }

    /// Whether a string goes on after the end of its line: what follows its next quote could follow a string.
    fn goes_on(&self, quote: u8) -> bool {
        let rest = &self.text[self.at..];
        let Some(end) = rest.find(quote as char) else { return false };
        rest[end + 1..].trim_start().starts_with([',', ':', ']', '}']) || rest[end + 1..].trim().is_empty()
    }

    /// Whether the quote that ended a string was meant to begin the next: a word follows it directly.
    fn runs_on(&self, start: usize) -> bool {
        let follows = self.text[self.at..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        follows && self.text[start..self.at].contains([',', ':'])
    }

    /// A string that is not closed before what follows it in its line.
    fn unclosed_word(&mut self, start: usize) -> String {
        let written = &self.text[start + 1..self.at];
        let text = &written[..written.find([',', ':']).unwrap_or(written.len())];
        self.at = start + 1 + text.len();
        self.tell(
            Diagnostic::error("unclosed-quote", "This quote is never closed")
                .at(self.span(start, start + 1), "opened here")
                .hint("close it with `\"`"),
        );
        text.to_owned()
    }

    /// A string that its line does not close. It ends before what closes the line.
    fn unclosed_string(&mut self, start: usize, mut decoded: String) -> String {
        self.tell(
            Diagnostic::error("unclosed-quote", "This quote is never closed")
                .at(self.span(start, start + 1), "opened here")
                .hint("close it with `\"`"),
        );
        if self.text[self.at..].trim().is_empty() {
            self.has_ended = true;
            return decoded;
        }
        let line = &self.text[start..self.at];
        let kept = line.trim_end_matches([',', ']', '}', ' ', '\t', '\r']).len().max(1);
        self.at = start + kept;
        let cut = line.len() - kept;
        decoded.truncate(decoded.floor_char_boundary(decoded.len().saturating_sub(cut)));
        decoded
    }

    /// What a backslash and what follows it stand for.
    fn escape(&mut self) -> Option<char> {
        let start = self.at;
        self.at += 1;
        let escaped = self.text[self.at..].chars().next()?;
        self.at += escaped.len_utf8();
        let plain = match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => match self.unicode() {
                Some(letter) => return Some(letter),
                // The text breaks off.
                None if self.breaks_off() => return None,
                None => {
                    let found = Diagnostic::error("invalid-escape", "`\\u` stands for no character");
                    self.tell(
                        found
                            .at(self.span(start, self.at), "")
                            .hint("write four hexadecimal digits, or the character itself"),
                    );
                    return None;
                }
            },
            other => {
                let found = Diagnostic::error(
                    "invalid-escape",
                    format!("`\\{}` means nothing in a JSON string", other.escape_debug()),
                );
                self.tell(
                    found.at(self.span(start, self.at), "").hint("a backslash itself is written `\\\\`"),
                );
                other
            }
        };
        Some(plain)
    }

    /// Whether the text ends within the escape that was read last.
    fn breaks_off(&self) -> bool {
        self.text.len() - self.at < 12 && !self.text[self.at..].contains('"')
    }

    /// The character of `\u0041`; of two halves, if it is written as two.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex4()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let rest = self.text.get(self.at..self.at + 2).filter(|rest| *rest == "\\u");
        rest?;
        self.at += 2;
        let second = self.hex4().filter(|second| (0xdc00..0xe000).contains(second))?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        self.at += 4;
        Some(code)
    }

    /// A key of a map.
    pub(super) fn key(&mut self) -> String {
        if let Some(b'"' | b'\'') = self.peek() {
            return self.string();
        }
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find([' ', '\t', '\n', '\r', ':', ',', '{', '}', '[', ']', '"', '=']);
        self.at += length.unwrap_or(rest.len()).max(rest.chars().next().map_or(0, char::len_utf8));
        let key = self.text[start..self.at].to_owned();
        if self.at == self.text.len() {
            return key;
        }
        self.tell(
            Diagnostic::error("unquoted-key", "A key must be in double quotes")
                .at(self.span(start, self.at), "")
                .hint(format!("write `\"{key}\"`"))
                .replace_by(format!("\"{key}\"")),
        );
        key
    }

    /// A number, `true`, `false` or `null`; or whatever stands there without quotes.
    pub(super) fn word(&mut self) -> NodeKind {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest.find([' ', '\t', '\n', '\r', ',', ':', '{', '}', '[', ']', '"']).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let word = &rest[..end.max(first)];
        self.at += word.len();
        let place = self.span(start, self.at);
        let no_json = |message: String| Diagnostic::error("json-syntax", message).at(place, "");
        match word {
            "true" => return NodeKind::Bool(true),
            "false" => return NodeKind::Bool(false),
            "null" => return NodeKind::Null,
            _ if is_number(word) => {
                let float = || word.parse().map_or(NodeKind::Null, NodeKind::Float);
                return word.parse().map_or_else(|_| float(), NodeKind::Int);
            }
            // The text breaks off.
            _ if self.at == self.text.len() && !self.open.is_empty() => return NodeKind::Null,
            _ => {}
        }
        let unsigned = word.strip_prefix('-').unwrap_or(word);
        if unsigned.starts_with('0') && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = Diagnostic::error("leading-zero", "A number cannot begin with a zero").at(place, "");
            self.tell(found.hint("remove the zero, or put the value in quotes"));
            return word.parse().map_or(NodeKind::Null, NodeKind::Int);
        }
        let meant = match word.to_ascii_lowercase().as_str() {
            "true" => Some(("true", NodeKind::Bool(true))),
            "false" => Some(("false", NodeKind::Bool(false))),
            "null" | "nil" | "none" | "undefined" | "~" => Some(("null", NodeKind::Null)),
            _ => None,
        };
        if let Some((meant, kind)) = meant {
            let found = no_json(format!("This is not JSON: `{word}` is no value"));
            self.tell(found.hint(format!("write `{meant}`")).replace_by(meant));
            return kind;
        }
        let plus = word.strip_prefix('+').unwrap_or(word);
        if plus.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '-'))
            && let Ok(number) = plus.replace('_', "").parse::<f64>()
        {
            self.tell(
                no_json(format!("This is not JSON: `{word}` is not spelled as a number"))
                    .hint(format!("write `{number}`, or put it in quotes")),
            );
            return NodeKind::Float(number);
        }
        // Text without quotes goes on as far as text would.
        let rest = &self.text[start..];
        let end = rest.find(['\n', '\r', ',', '}', ']', '{', '[', '"']).unwrap_or(rest.len());
        let text = rest[..end.max(word.len())].trim_end();
        self.at = start + text.len();
        self.tell(
            Diagnostic::error("json-syntax", "This is not JSON: text stands in double quotes")
                .at(self.span(start, self.at), "")
                .hint(format!("write `\"{text}\"`")),
        );
        NodeKind::Str(text.to_owned())
    }
}

/// Whether a word is a number as JSON spells it.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| -> Option<usize> {
        let count = text.bytes().take_while(u8::is_ascii_digit).count();
        (count > 0).then_some(count)
    };
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let Some(whole) = digits(unsigned).filter(|count| *count == 1 || !unsigned.starts_with('0')) else {
        return false;
    };
    let mut rest = &unsigned[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let Some(count) = digits(fraction) else { return false };
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let Some(count) = digits(unsigned) else { return false };
        rest = &unsigned[count..];
    }
    rest.is_empty()
}
