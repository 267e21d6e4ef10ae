//! What was opened and never closed: the parser notices at the end of the text, people look for the beginning.

/// Something that was opened and not closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Quote(usize),
    Bracket(usize),
}

/// The quote, or else the innermost bracket, that is open at `until`. Reads on from `from`, where the given brackets are
/// open.
pub(super) fn opened(text: &str, from: usize, until: usize, brackets: &[usize]) -> Option<Opened> {
    let mut brackets = brackets.to_vec();
    let bytes = text.as_bytes();
    let mut at = from.min(until);
    // A quote opens only where a value may begin.
    let mut fresh = true;
    while at < until.max(from).min(bytes.len()) || (at == until && at < bytes.len() && is_quote(bytes[at])) {
        match bytes[at] {
            quote @ (b'"' | b'\'') if fresh => match closing(&bytes[at + 1..], quote) {
                Some(length) if at + 1 + length < until => at += length + 1,
                _ => return Some(Opened::Quote(at)),
            },
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'[' | b'{' if fresh || !brackets.is_empty() => brackets.push(at),
            b']' | b'}' => {
                brackets.pop();
            }
            _ => {}
        }
        fresh = matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b':' | b'-');
        at += 1;
    }
    if let Some(bracket) = brackets.last() {
        return Some(Opened::Bracket(*bracket));
    }
    // At the end of the text the parser may stand on the bracket itself.
    bytes.get(until).is_some_and(|byte| matches!(byte, b'[' | b'{')).then_some(Opened::Bracket(until))
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// The distance to the closing quote.
fn closing(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_bar() {
        let table = [
            ("a: 'x\n|b: 1", Some(Opened::Quote(3))),
            ("a: 'x', b: \"y\n|", Some(Opened::Quote(11))),
            ("a: 'it''s' # don't\n|b", None),
            ("a: it's\n|b", None),
            ("a: [1, {b: 2}\n|b", Some(Opened::Bracket(3))),
            ("a: [1, {b: ']'\n|b", Some(Opened::Bracket(7))),
            ("a: x[1\n|b", None),
            ("a: \"\\\"[\"\n|b", None),
        ];
        for (text, expected) in table {
            let until = text.find('|').unwrap();
            assert_eq!(opened(&text.replacen('|', "", 1), 0, until, &[]), expected, "{text}");
        }
    }
}
