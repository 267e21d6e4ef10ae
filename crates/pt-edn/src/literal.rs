//! The meaning of single tokens: numbers, characters, names.

use num_bigint::BigInt;

use crate::{FormKind, Mode, Name};

/// Parsing a number takes time quadratic in its digits.
const MAX_DIGITS: usize = 10_000;

/// A token that starts with a digit, or a sign and a digit.
pub(crate) fn number(token: &str) -> Result<FormKind, String> {
    let invalid = || format!("Invalid number: {token}");
    if token.len() > MAX_DIGITS {
        return Err(format!("A number may have at most {MAX_DIGITS} digits"));
    }
    let (negative, digits) = match token.as_bytes().first() {
        Some(b'-') => (true, &token[1..]),
        Some(b'+') => (false, &token[1..]),
        _ => (false, token),
    };
    let decimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if decimal(digits) && (digits == "0" || !digits.starts_with('0')) {
        return integer(digits, 10, negative).ok_or_else(invalid);
    }
    if let Some((over, under)) = digits.split_once('/') {
        if !decimal(over) || !decimal(under) {
            return Err(invalid());
        }
        return ratio(over, under, negative).ok_or_else(|| "Divide by zero".to_owned());
    }
    let (body, big) = match digits.strip_suffix('N') {
        Some(body) => (body, true),
        None => (digits, false),
    };
    if let Some((radix, body)) = radix(body) {
        let value = integer(body, radix, negative);
        return match value {
            Some(FormKind::Int(small)) if big => Ok(FormKind::BigInt(small.into())),
            Some(value) => Ok(value),
            None => Err(invalid()),
        };
    }
    if big || !is_float(digits.strip_suffix('M').unwrap_or(digits)) {
        return Err(invalid());
    }
    let sign = if negative { "-" } else { "" };
    match digits.strip_suffix('M') {
        Some(body) => Ok(FormKind::Decimal(format!("{sign}{body}").into())),
        None => format!("{sign}{digits}").parse().map(FormKind::Float).map_err(|_| invalid()),
    }
}

/// The radix an integer's spelling asks for, and its digits.
fn radix(body: &str) -> Option<(u32, &str)> {
    if let Some(hex) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        return Some((16, hex));
    }
    if let Some(at) = body.find(['r', 'R']).filter(|&at| (1..=2).contains(&at)) {
        let radix =
            body[..at].parse().ok().filter(|radix| (2..=36).contains(radix) && !body.starts_with('0'))?;
        return Some((radix, &body[at + 1..]));
    }
    if body.bytes().all(|byte| byte.is_ascii_digit()) {
        return match body.strip_prefix('0') {
            Some("") | None => Some((10, body)),
            Some(octal) => Some((8, octal)),
        };
    }
    None
}

fn integer(digits: &str, radix: u32, negative: bool) -> Option<FormKind> {
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    if let Ok(value) = i64::from_str_radix(digits, radix) {
        return Some(FormKind::Int(if negative { -value } else { value }));
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), radix)?;
    let value = if negative { -value } else { value };
    Some(i64::try_from(&value).map_or(FormKind::BigInt(value), FormKind::Int))
}

fn ratio(over: &str, under: &str, negative: bool) -> Option<FormKind> {
    let over = BigInt::parse_bytes(over.as_bytes(), 10)?;
    let under = BigInt::parse_bytes(under.as_bytes(), 10)?;
    let zero = BigInt::ZERO;
    if under == zero {
        return None;
    }
    let (mut left, mut right) = (over.clone(), under.clone());
    while right != zero {
        (left, right) = (right.clone(), left % right);
    }
    let (over, under) = (if negative { -over } else { over } / &left, under / &left);
    if under == BigInt::from(1) {
        return Some(i64::try_from(&over).map_or(FormKind::BigInt(over), FormKind::Int));
    }
    Some(FormKind::Ratio(Box::new((over, under))))
}

fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    !whole.is_empty() && digits(whole) && digits(fraction) && exponent
}

/// What stands after a backslash.
pub(crate) fn character(token: &str) -> Result<char, String> {
    let mut chars = token.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Ok(only);
    }
    let code = match token {
        "newline" => return Ok('\n'),
        "return" => return Ok('\r'),
        "space" => return Ok(' '),
        "tab" => return Ok('\t'),
        "backspace" => return Ok('\u{8}'),
        "formfeed" => return Ok('\u{c}'),
        _ => match token.split_at_checked(1) {
            Some(("u", hex)) if hex.len() == 4 => {
                u32::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))
            }
            Some(("o", octal)) if octal.len() <= 3 => {
                u32::from_str_radix(octal, 8).ok().filter(|code| *code <= 0o377 && !octal.starts_with('+'))
            }
            _ => None,
        },
    };
    code.and_then(char::from_u32).ok_or_else(|| format!("Unsupported character: \\{token}"))
}

/// A token that is neither number nor character.
pub(crate) fn name(token: &str, mode: Mode) -> Result<FormKind, String> {
    match token {
        "nil" => return Ok(FormKind::Nil),
        "true" => return Ok(FormKind::Bool(true)),
        "false" => return Ok(FormKind::Bool(false)),
        _ => {}
    }
    let invalid = || format!("Invalid token: {token}");
    let Some(keyword) = token.strip_prefix(':') else {
        return if is_name(token, mode) { Ok(FormKind::Symbol(Name::new(token))) } else { Err(invalid()) };
    };
    if keyword.starts_with(':') {
        return Err(invalid());
    }
    // Only a keyword without namespace may begin with a digit.
    let digit = keyword.starts_with(|first: char| first.is_ascii_digit()) && !keyword.contains('/');
    if is_name(keyword, mode) || (digit && is_name(&format!("_{keyword}"), mode)) {
        Ok(FormKind::Keyword(Name::new(keyword)))
    } else {
        Err(invalid())
    }
}

fn is_name(token: &str, mode: Mode) -> bool {
    if token == "/" {
        return true;
    }
    let (namespace, local) = match token.find('/') {
        Some(at) => (Some(&token[..at]), &token[at + 1..]),
        None => (None, token),
    };
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with(|first: char| first.is_ascii_digit()) && !part.ends_with(':')
    };
    let edn = mode == Mode::Clojure || !token.contains('\'');
    edn && !token.contains("::")
        && namespace.is_none_or(part)
        && (local == "/" || (part(local) && (mode == Mode::Edn || !local.contains('/'))))
}
