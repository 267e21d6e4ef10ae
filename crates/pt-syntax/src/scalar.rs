//! What a plain word means: the core schema of YAML 1.2.

use crate::NodeKind;

/// Resolves a plain scalar. `on`, `off`, `yes` and `no` are text, `017` is seventeen, `1_000` is text.
///
/// Integers beyond 64 bits become floats.
pub fn scalar(text: &str) -> NodeKind {
    special(text).unwrap_or_else(|| NodeKind::Str(text.to_owned()))
}

/// What the text means if it is not simply text.
pub(crate) fn special(text: &str) -> Option<NodeKind> {
    let Some(first) = text.bytes().next() else { return Some(NodeKind::Null) };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => word(text),
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        _ => None,
    }
}

fn word(text: &str) -> Option<NodeKind> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(NodeKind::Null),
        "true" | "True" | "TRUE" => Some(NodeKind::Bool(true)),
        "false" | "False" | "FALSE" => Some(NodeKind::Bool(false)),
        _ => None,
    }
}

fn number(text: &str) -> Option<NodeKind> {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(NodeKind::Int).ok().or_else(|| text.parse().map(NodeKind::Float).ok());
    }
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(NodeKind::Float(f64::NEG_INFINITY)),
        ".inf" | ".Inf" | ".INF" => return Some(NodeKind::Float(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(NodeKind::Float(f64::NAN)),
        _ => {}
    }
    is_decimal(unsigned).then(|| text.parse().map(NodeKind::Float).ok())?
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, then `([eE][-+]?[0-9]+)?`.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent
}

fn radix(digits: &str, radix: u32) -> Option<NodeKind> {
    // A sign is no digit, though `from_str_radix` would take it.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(digits, radix).map(NodeKind::Int).ok().or_else(|| {
        let sum =
            |sum: f64, digit: char| sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or(0));
        Some(NodeKind::Float(digits.chars().fold(0.0, sum)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        let table = "
            ~ null Null NULL                        -> Null
            nULL nil None                           -> text
            true True TRUE                          -> Bool(true)
            false False FALSE                       -> Bool(false)
            on off yes no On OFF y n tRUE           -> text
            17 +17 017 0017 0o21 0x11               -> Int(17)
            -17                                     -> Int(-17)
            -0 0                                    -> Int(0)
            1_000 0b11 0o9 0xg 0o 0x 0x-1 -0x11     -> text
            9223372036854775807                     -> Int(9223372036854775807)
            9223372036854775808 0x8000000000000000  -> Float(9.223372036854776e18)
            1.5 +1.5 15e-1 1.5E0 .15e1              -> Float(1.5)
            1. 1.0 1e0                              -> Float(1.0)
            .inf .Inf +.INF                         -> Float(inf)
            -.inf                                   -> Float(-inf)
            .nan .NaN                               -> Float(NaN)
            . + - .e1 1e 1e+ 1.2.3 +.nan 12h 1:30   -> text
            2001-01-01 infinity nan e5 -a ..        -> text
        ";
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (inputs, expected) = line.split_once("->").unwrap();
            for input in inputs.split_whitespace() {
                let expected = expected.trim();
                let expected =
                    if expected == "text" { format!("Str({input:?})") } else { expected.to_owned() };
                assert_eq!(format!("{:?}", scalar(input)), expected, "{input}");
            }
        }
        assert_eq!(scalar(""), NodeKind::Null);
    }
}
