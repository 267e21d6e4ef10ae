//! `format`: Java's format strings.

use num_traits::Signed;

use crate::Value;
use crate::context::Context;
use crate::decimal::{Decimal, Refused};
use crate::exception::Eval;

#[derive(Default)]
struct Spec {
    index: Option<usize>,
    left: bool,
    zero: bool,
    plus: bool,
    bracketed: bool,
    space: bool,
    grouped: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// A width beyond this is a mistake, not a wish.
const WIDEST: usize = 10_000;

/// The first argument is the format.
pub(crate) fn format(context: &mut Context<'_>, args: &[Value]) -> Eval<String> {
    let Some((Value::Str(template), args)) = args.split_first() else {
        return Err(context.error("ClassCastException", "format needs a string"));
    };
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let mut next = 0;
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let mut spec = Spec::default();
        let mut number = String::new();
        let conversion = loop {
            let Some(char) = chars.next() else {
                return Err(context.error("UnknownFormatConversionException", "Conversion = '%'"));
            };
            match char {
                '-' => spec.left = true,
                '0' if number.is_empty() && spec.precision.is_none() => spec.zero = true,
                '+' => spec.plus = true,
                '(' => spec.bracketed = true,
                ' ' => spec.space = true,
                ',' => spec.grouped = true,
                '#' => spec.alternate = true,
                '0'..='9' => number.push(char),
                '$' => spec.index = std::mem::take(&mut number).parse().ok(),
                '.' => {
                    spec.width = std::mem::take(&mut number).parse().unwrap_or(0);
                    spec.precision = Some(0);
                }
                other => break other,
            }
        };
        match spec.precision {
            Some(_) => spec.precision = Some(number.parse().unwrap_or(0)),
            None => spec.width = number.parse().unwrap_or(0),
        }
        if spec.width > WIDEST || spec.precision.is_some_and(|digits| digits > WIDEST) {
            return Err(context.error("IllegalFormatException", "A format may be at most 10000 wide"));
        }
        match conversion {
            'n' => out.push('\n'),
            '%' => out.push_str(&padded(&spec, "%")),
            _ => {
                let at = spec.index.map_or(next, |index| index.wrapping_sub(1));
                if spec.index.is_none() {
                    next += 1;
                }
                let Some(arg) = args.get(at) else {
                    return Err(context.error(
                        "MissingFormatArgumentException",
                        format!("Format specifier '%{conversion}'"),
                    ));
                };
                let text = convert(context, &spec, conversion, arg)?;
                out.push_str(&padded(&spec, &text));
            }
        }
    }
    Ok(out)
}

fn padded(spec: &Spec, text: &str) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    if missing == 0 {
        text.to_owned()
    } else if spec.left {
        format!("{text}{}", " ".repeat(missing))
    } else if spec.zero {
        let sign = if text.starts_with(['-', '+']) { 1 } else { 0 };
        format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}

fn signed(spec: &Spec, negative: bool, digits: &str) -> String {
    if negative && spec.bracketed {
        let inner = Spec { grouped: spec.grouped, ..Spec::default() };
        let missing = if spec.zero { spec.width.saturating_sub(digits.len() + 2) } else { 0 };
        return format!("({}{})", "0".repeat(missing), signed(&inner, false, digits));
    }
    let sign = match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    if !spec.grouped {
        return format!("{sign}{digits}");
    }
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, ""), |(whole, fraction)| (whole, fraction));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

fn convert(context: &mut Context<'_>, spec: &Spec, conversion: char, arg: &Value) -> Eval<String> {
    let wrong = |context: &Context<'_>| {
        let class = crate::exception::class_of(arg).full;
        context.error("IllegalFormatConversionException", format!("{conversion} != {class}"))
    };
    let text = match conversion.to_ascii_lowercase() {
        's' => {
            crate::equal::realise(context, arg)?;
            let text = if arg.is_nil() { "null".to_owned() } else { crate::print::str(arg) };
            match spec.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            }
        }
        'b' => arg.is_truthy().to_string(),
        'c' => match arg {
            Value::Char(char) => char.to_string(),
            Value::Int(code) => {
                u32::try_from(*code).ok().and_then(char::from_u32).ok_or_else(|| wrong(context))?.to_string()
            }
            Value::Nil => "null".to_owned(),
            _ => return Err(wrong(context)),
        },
        'h' => format!("{:x}", crate::equal::hash(arg) as u32),
        _ if arg.is_nil() => "null".chars().take(spec.precision.unwrap_or(4)).collect(),
        'd' => match arg {
            Value::Int(value) => signed(spec, *value < 0, &value.unsigned_abs().to_string()),
            _ => return Err(wrong(context)),
        },
        'x' | 'o' => match arg {
            Value::Int(value) if conversion == 'o' => {
                format!("{}{value:o}", if spec.alternate { "0" } else { "" })
            }
            Value::Int(value) => format!("{}{value:x}", if spec.alternate { "0x" } else { "" }),
            _ => return Err(wrong(context)),
        },
        'f' | 'e' | 'g' => match arg {
            Value::Float(value) if !value.is_finite() => {
                if value.is_nan() {
                    "NaN".to_owned()
                } else {
                    signed(&Spec { plus: spec.plus, ..Spec::default() }, *value < 0.0, "Infinity")
                }
            }
            Value::Float(value) if conversion.eq_ignore_ascii_case(&'g') => {
                let exact = Decimal::of_float(*value).ok_or_else(|| wrong(context))?;
                let text = decimal(spec, conversion, &exact, value.is_sign_negative());
                text.map_err(|refused| context.error("ArithmeticException", refused))?
            }
            Value::Float(value) => float(spec, conversion, *value),
            Value::Decimal(value) => decimal(spec, conversion, value, value.unscaled().is_negative())
                .map_err(|refused| context.error("ArithmeticException", refused))?,
            _ => return Err(wrong(context)),
        },
        other => {
            return Err(context.error("UnknownFormatConversionException", format!("Conversion = '{other}'")));
        }
    };
    Ok(if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text })
}

fn float(spec: &Spec, conversion: char, value: f64) -> String {
    let digits = spec.precision.unwrap_or(6);
    if conversion.eq_ignore_ascii_case(&'e') {
        let text = format!("{:.digits$e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return signed(spec, value.is_sign_negative(), &with_power(mantissa, exponent.parse().unwrap_or(0)));
    }
    signed(spec, value.is_sign_negative(), &half_up(value.abs(), digits))
}

fn with_power(mantissa: &str, power: i64) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}

/// Java's `%g` takes the shorter of both ways, by the size of what is left after rounding.
fn decimal(spec: &Spec, conversion: char, value: &Decimal, negative: bool) -> Result<String, Refused> {
    let digits = spec.precision.unwrap_or(6);
    let (plain, after) = match conversion.to_ascii_lowercase() {
        'f' => (true, digits),
        'e' => (false, digits),
        _ => {
            let after = digits.max(1) - 1;
            let power = if value.is_zero() { 0 } else { value.scientific(after)?.1 };
            match usize::try_from(after as i64 - power) {
                Ok(after) if power >= -4 => (true, after),
                _ => (false, after),
            }
        }
    };
    let text = if plain {
        value.fixed(after)?
    } else {
        let (mantissa, power) = value.scientific(after)?;
        with_power(&mantissa, power)
    };
    Ok(signed(spec, negative, &text))
}

/// Java rounds the shortest decimal text of a double half up; Rust rounds its exact value half to even.
fn half_up(value: f64, digits: usize) -> String {
    let text = format!("{value}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() <= digits {
        let point = if digits == 0 { "" } else { "." };
        return format!("{whole}{point}{fraction:0<digits$}");
    }
    let mut all: Vec<u8> = format!("0{whole}{}", &fraction[..digits]).into_bytes();
    if fraction.as_bytes()[digits] >= b'5' {
        for digit in all.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                break;
            }
        }
    }
    let text: String = all.iter().map(|digit| char::from(*digit)).collect();
    let (whole, fraction) = text.split_at(text.len() - digits);
    let whole = whole.strip_prefix('0').filter(|rest| !rest.is_empty()).unwrap_or(whole);
    let point = if digits == 0 { "" } else { "." };
    format!("{whole}{point}{fraction}")
}
