//! Arithmetic: longs that refuse to overflow, big integers, ratios, doubles.

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{MANY, cast, int, natives};
use crate::Value;
use crate::context::Context;
use crate::decimal::{Decimal, Rounding};
use crate::exception::Eval;

natives! { "clojure.core":
    "+" 0 MANY |context, args| fold(context, args, 0, add),
    "*" 0 MANY |context, args| fold(context, args, 1, multiply),
    "-" 1 MANY |context, args| {
        // Java negates the right side first, and the least long has no counterpart.
        if let [Value::BigInt(_) | Value::Ratio(_), Value::Int(i64::MIN)] = args {
            return overflow(context);
        }
        from_first(context, args, Value::Int(0), subtract)
    },
    "/" 1 MANY |context, args| from_first(context, args, Value::Int(1), divide),
    "+'" 0 MANY |context, args| fold(context, args, 0, promoting_add),
    "*'" 0 MANY |context, args| fold(context, args, 1, promoting_multiply),
    "-'" 1 MANY |context, args| from_first(context, args, Value::Int(0), promoting_subtract),
    "inc" 1 1 |context, args| add(context, &args[0], &Value::Int(1)),
    "dec" 1 1 |context, args| subtract(context, &args[0], &Value::Int(1)),
    "inc'" 1 1 |context, args| promoting_add(context, &args[0], &Value::Int(1)),
    "dec'" 1 1 |context, args| promoting_subtract(context, &args[0], &Value::Int(1)),
    "unchecked-inc" 1 1 |context, args| Ok(Value::Int(int(context, &args[0])?.wrapping_add(1))),
    "unchecked-dec" 1 1 |context, args| Ok(Value::Int(int(context, &args[0])?.wrapping_sub(1))),
    "unchecked-add" 2 2 |context, args| unchecked(context, args, i64::wrapping_add, promoting_add),
    "unchecked-multiply" 2 2 |context, args| unchecked(context, args, i64::wrapping_mul, promoting_multiply),
    "quot" 2 2 |context, args| whole(context, &args[0], &args[1], Whole::Quot),
    "rem" 2 2 |context, args| whole(context, &args[0], &args[1], Whole::Rem),
    "mod" 2 2 |context, args| whole(context, &args[0], &args[1], Whole::Mod),
    "min" 1 MANY |context, args| extreme(context, args, Ordering::Less),
    "max" 1 MANY |context, args| extreme(context, args, Ordering::Greater),
    "abs" 1 1 |context, args| if args[0] == Value::Int(i64::MIN) {
        Ok(Value::Int(i64::MIN))
    } else if compare_numbers(context, &args[0], &Value::Int(0))? == Some(Ordering::Less) {
        subtract(context, &Value::Int(0), &args[0])
    } else {
        Ok(args[0].clone())
    },
    "<" 1 MANY |context, args| ordered(context, args, |order| order == Ordering::Less),
    "<=" 1 MANY |context, args| ordered(context, args, |order| order != Ordering::Greater),
    ">" 1 MANY |context, args| ordered(context, args, |order| order == Ordering::Greater),
    ">=" 1 MANY |context, args| ordered(context, args, |order| order != Ordering::Less),
    "==" 1 MANY |context, args| match args.iter().find(|arg| !arg.is_number() && !arg.is_nil()) {
        // It looks at all of them first.
        Some(other) if args.len() > 1 => Err(cast(context, other, "java.lang.Number")),
        _ => ordered(context, args, |order| order == Ordering::Equal),
    },
    "zero?" 1 1 |context, args| Ok(Value::Bool(compare_numbers(context, &args[0], &Value::Int(0))? == Some(Ordering::Equal))),
    "pos?" 1 1 |context, args| Ok(Value::Bool(compare_numbers(context, &args[0], &Value::Int(0))? == Some(Ordering::Greater))),
    "neg?" 1 1 |context, args| Ok(Value::Bool(compare_numbers(context, &args[0], &Value::Int(0))? == Some(Ordering::Less))),
    "even?" 1 1 |context, args| is_even(context, &args[0]).map(Value::Bool),
    "odd?" 1 1 |context, args| is_even(context, &args[0]).map(|even| Value::Bool(!even)),
    "bit-and" 2 MANY |context, args| bits(context, args, |left, right| left & right),
    "bit-or" 2 MANY |context, args| bits(context, args, |left, right| left | right),
    "bit-xor" 2 MANY |context, args| bits(context, args, |left, right| left ^ right),
    "bit-and-not" 2 MANY |context, args| bits(context, args, |left, right| left & !right),
    "bit-not" 1 1 |context, args| bits(context, &[args[0].clone(), Value::Int(0)], |left, _| !left),
    "bit-shift-left" 2 2 |context, args| bits(context, args, |left, right| left.wrapping_shl(right as u32)),
    "bit-shift-right" 2 2 |context, args| bits(context, args, |left, right| left.wrapping_shr(right as u32)),
    "unsigned-bit-shift-right" 2 2 |context, args| bits(context, args, |left, right| (left as u64).wrapping_shr(right as u32) as i64),
    "bit-test" 2 2 |context, args| Ok(Value::Bool(int(context, &args[0])? >> (int(context, &args[1])? & 63) & 1 == 1)),
    "bit-set" 2 2 |context, args| bits(context, args, |left, right| left | 1 << (right & 63)),
    "bit-clear" 2 2 |context, args| bits(context, args, |left, right| left & !(1 << (right & 63))),
    "bit-flip" 2 2 |context, args| bits(context, args, |left, right| left ^ (1 << (right & 63))),
    "int" 1 1 |context, args| ranged(context, &args[0], i64::from(i32::MIN), i64::from(i32::MAX), "int"),
    "short" 1 1 |context, args| ranged(context, &args[0], i64::from(i16::MIN), i64::from(i16::MAX), "short"),
    "byte" 1 1 |context, args| ranged(context, &args[0], i64::from(i8::MIN), i64::from(i8::MAX), "byte"),
    "long" 1 1 |context, args| ranged(context, &args[0], i64::MIN, i64::MAX, "long"),
    "double" 1 1 |context, args| as_f64(context, &args[0]).map(Value::Float),
    "float" 1 1 |context, args| {
        let value = as_f64(context, &args[0])?;
        if value.abs() > f64::from(f32::MAX) {
            let message = format!("Value out of range for float: {}", crate::print::str(&args[0]));
            return Err(context.error("IllegalArgumentException", message));
        }
        Ok(Value::Float(f64::from(value as f32)))
    },
    "num" 1 1 |context, args| match &args[0] {
        number if number.is_number() || number.is_nil() => Ok(number.clone()),
        other => Err(cast(context, other, "java.lang.Number")),
    },
    "bigint" 1 1 bigint,
    "biginteger" 1 1 bigint,
    "bigdec" 1 1 bigdec,
    "rationalize" 1 1 rationalize,
    "unchecked-subtract" 2 2 |context, args| unchecked(context, args, i64::wrapping_sub, promoting_subtract),
    "unchecked-negate" 1 1 |context, args| Ok(Value::Int(int(context, &args[0])?.wrapping_neg())),
    "unchecked-int" 1 1 |context, args| Ok(Value::Int(i64::from(int(context, &args[0])? as i32))),
    "unchecked-long" 1 1 |context, args| int(context, &args[0]).map(Value::Int),
    "unchecked-byte" 1 1 |context, args| Ok(Value::Int(i64::from(int(context, &args[0])? as i8))),
    "unchecked-short" 1 1 |context, args| Ok(Value::Int(i64::from(int(context, &args[0])? as i16))),
    "unchecked-double" 1 1 |context, args| as_f64(context, &args[0]).map(Value::Float),
    "unchecked-float" 1 1 |context, args| Ok(Value::Float(f64::from(as_f64(context, &args[0])? as f32))),
    "unchecked-char" 1 1 |context, args| {
        if let Value::Char(_) = args[0] {
            return Ok(args[0].clone());
        }
        let code = int(context, &args[0])? as u16;
        Ok(Value::Char(char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER)))
    },
    "numerator" 1 1 |context, args| match &args[0] {
        Value::Ratio(parts) => Ok(small(&parts.0)),
        other => Err(cast(context, other, "clojure.lang.Ratio")),
    },
    "denominator" 1 1 |context, args| match &args[0] {
        Value::Ratio(parts) => Ok(small(&parts.1)),
        other => Err(cast(context, other, "clojure.lang.Ratio")),
    },
    "parse-long" 1 1 |context, args| Ok(parse_long(parsed(context, &args[0])?).map_or(Value::Nil, Value::Int)),
    "parse-double" 1 1 |context, args| Ok(parse_double(parsed(context, &args[0])?).map_or(Value::Nil, Value::Float)),
    "parse-boolean" 1 1 |context, args| Ok(match parsed(context, &args[0])? {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::Nil,
    }),
    "rand" 0 1 |context, args| {
        let unit = (context.random() >> 11) as f64 / (1_u64 << 53) as f64;
        Ok(Value::Float(unit * args.first().map_or(Ok(1.0), |most| as_f64(context, most))?))
    },
    "rand-int" 1 1 |context, args| match int(context, &args[0])? {
        0 => Ok(Value::Int(0)),
        below => Ok(Value::Int((context.random() % below.unsigned_abs()) as i64 * below.signum())),
    },
}

/// Java's `BigInteger` prints without the `N`.
fn small(value: &BigInt) -> Value {
    value.to_i64().map_or_else(|| Value::big(value.clone()), Value::Int)
}

type Binary = fn(&mut Context<'_>, &Value, &Value) -> Eval;

fn fold(context: &mut Context<'_>, args: &[Value], empty: i64, operate: Binary) -> Eval {
    match args {
        [] => Ok(Value::Int(empty)),
        [only] if only.is_number() => Ok(only.clone()),
        [only] => Err(cast(context, only, "java.lang.Number")),
        [left, right] => operate(context, left, right),
        [first, rest @ ..] => rest.iter().try_fold(first.clone(), |sum, next| operate(context, &sum, next)),
    }
}

/// Longs wrap around; other numbers are as ever.
fn unchecked(
    context: &mut Context<'_>,
    args: &[Value],
    wrapping: fn(i64, i64) -> i64,
    other: Binary,
) -> Eval {
    match (&args[0], &args[1]) {
        (Value::Int(left), Value::Int(right)) => Ok(Value::Int(wrapping(*left, *right))),
        (left, right) => other(context, left, right),
    }
}

fn from_first(context: &mut Context<'_>, args: &[Value], unit: Value, operate: Binary) -> Eval {
    match args {
        [only] => operate(context, &unit, only),
        [first, rest @ ..] => rest.iter().try_fold(first.clone(), |left, next| operate(context, &left, next)),
        [] => Ok(unit),
    }
}

fn overflow(context: &Context<'_>) -> Eval {
    Err(context.error("ArithmeticException", "long overflow"))
}

macro_rules! arithmetic {
    ($name:ident, $promoting:ident, $checked:ident, $operator:tt, $ratio:expr, $decimal:expr) => {
        fn $name(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval {
            if let (Value::Int(left), Value::Int(right)) = (left, right) {
                return left.$checked(*right).map_or_else(|| overflow(context), |value| Ok(Value::Int(value)));
            }
            $promoting(context, left, right)
        }

        fn $promoting(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval {
            match (left, right) {
                (Value::Int(left), Value::Int(right)) => Ok(match left.$checked(*right) {
                    Some(value) => Value::Int(value),
                    None => Value::big(BigInt::from(*left) $operator BigInt::from(*right)),
                }),
                (Value::Float(left), Value::Float(right)) => Ok(Value::Float(left $operator right)),
                // Before anything is said of the other.
                (Value::Nil, _) | (_, Value::Nil) => Err(cast(context, &Value::Nil, "java.lang.Number")),
                (Value::Float(_), _) | (_, Value::Float(_)) => Ok(Value::Float(as_f64(context, left)? $operator as_f64(context, right)?)),
                (Value::Decimal(_), _) | (_, Value::Decimal(_)) => {
                    let (left, right) = (as_decimal(context, left)?, as_decimal(context, right)?);
                    let value = refused(context, $decimal(&left, &right))?;
                    in_context(context, value)
                }
                (Value::Ratio(_), _) | (_, Value::Ratio(_)) => {
                    let ((a, b), (c, d)) = (as_ratio(context, left)?, as_ratio(context, right)?);
                    let (over, under) = $ratio(a, b, c, d);
                    ratio(context, over, under)
                }
                _ => {
                    let (left, right) = (as_big(context, left)?, as_big(context, right)?);
                    afford(context, &left, &right)?;
                    Ok(Value::big(left $operator right))
                }
            }
        }
    };
}

arithmetic!(add, promoting_add, checked_add, +, |a: BigInt, b: BigInt, c: BigInt, d: BigInt| (a * &d + c * &b, b * d), Decimal::add);
arithmetic!(subtract, promoting_subtract, checked_sub, -, |a: BigInt, b: BigInt, c: BigInt, d: BigInt| (a * &d - c * &b, b * d), |left: &Decimal, right: &Decimal| left.add(&right.negated()));
arithmetic!(multiply, promoting_multiply, checked_mul, *, |a: BigInt, b: BigInt, c: BigInt, d: BigInt| (a * c, b * d), |left: &Decimal, right: &Decimal| Ok(left.multiply(right)));

fn divide(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval {
    if let (Value::Float(_), _) | (_, Value::Float(_)) = (left, right) {
        let (over, under) = (as_f64(context, left)?, as_f64(context, right)?);
        // Of objects, that is: where Java knows that one is a double, the quotient is infinite, see [`Op::Div`].
        if under == 0.0 && !over.is_nan() {
            return Err(context.error("ArithmeticException", "Divide by zero"));
        }
        return Ok(Value::Float(over / under));
    }
    if let (Value::Decimal(_), _) | (_, Value::Decimal(_)) = (left, right) {
        let (left, right) = (as_decimal(context, left)?, as_decimal(context, right)?);
        if right.is_zero() {
            return Err(context.error("ArithmeticException", "Divide by zero"));
        }
        let value = match math_context(context)? {
            Some((precision, rounding)) => left.divide_to(&right, precision, rounding),
            None => left.divide(&right),
        };
        return refused(context, value).map(decimal);
    }
    let (c, d) = as_ratio(context, right)?;
    if c.is_zero() {
        return Err(context.error("ArithmeticException", "Divide by zero"));
    }
    let (a, b) = as_ratio(context, left)?;
    afford(context, &a, &d)?;
    let value = ratio(context, a * d, b * c)?;
    match (left, right, &value) {
        // Longs that divide evenly give a long.
        (Value::Int(_), Value::Int(_), Value::BigInt(big)) => Ok(big.to_i64().map_or(value, Value::Int)),
        _ => Ok(value),
    }
}

/// A fraction in lowest terms, or the big integer it comes to.
fn ratio(context: &mut Context<'_>, over: BigInt, under: BigInt) -> Eval {
    afford(context, &over, &under)?;
    let (mut left, mut right) = (over.abs(), under.abs());
    while !right.is_zero() {
        context.tick()?;
        context.spend(usize::try_from(left.bits()).unwrap_or(usize::MAX) / 16)?;
        (left, right) = (right.clone(), left % right);
    }
    let sign = if under.is_negative() { -1 } else { 1 };
    let (over, under) = (over / &left * sign, under / &left * sign);
    Ok(if under == BigInt::from(1) { Value::big(over) } else { Value::Ratio(Arc::new((over, under))) })
}

fn as_ratio(context: &Context<'_>, value: &Value) -> Eval<(BigInt, BigInt)> {
    match value {
        Value::Ratio(parts) => Ok((**parts).clone()),
        other => Ok((as_big(context, other)?, BigInt::from(1))),
    }
}

fn decimal(value: Decimal) -> Value {
    Value::Decimal(Arc::new(value))
}

fn refused<T>(context: &Context<'_>, value: Result<T, &'static str>) -> Eval<T> {
    value.map_err(|message| context.error("ArithmeticException", message))
}

/// The precision and rounding that `with-precision` set.
fn math_context(context: &Context<'_>) -> Eval<Option<(i64, Rounding)>> {
    let at = context.names.get("clojure.core/*math-context*").copied();
    let value = at.and_then(|at| context.globals.get(at as usize)).cloned().flatten();
    Ok(match value {
        Some(Value::Vector(parts)) => match (parts.get(0), parts.get(1)) {
            (Some(Value::Int(precision)), Some(rounding)) => {
                let name = crate::print::str(rounding);
                let rounding = Rounding::named(&name).ok_or_else(|| {
                    context.error("IllegalArgumentException", format!("No rounding {name}"))
                })?;
                Some((*precision, rounding))
            }
            _ => None,
        },
        _ => None,
    })
}

fn in_context(context: &mut Context<'_>, value: Decimal) -> Eval {
    afford(context, value.unscaled(), &BigInt::default())?;
    match math_context(context)? {
        Some((precision, rounding)) => refused(context, value.rounded(precision, rounding)).map(decimal),
        None => Ok(decimal(value)),
    }
}

pub(super) fn as_decimal(context: &Context<'_>, value: &Value) -> Eval<Decimal> {
    match value {
        Value::Decimal(value) => Ok((**value).clone()),
        Value::Ratio(parts) => {
            let (over, under) = (Decimal::from(parts.0.clone()), Decimal::from(parts.1.clone()));
            let quotient = match math_context(context)? {
                Some((precision, rounding)) => over.divide_to(&under, precision, rounding),
                None => over.divide(&under),
            };
            refused(context, quotient)
        }
        Value::Float(value) => match Decimal::of_float(*value) {
            Some(value) => Ok(value),
            None => Err(context.error("NumberFormatException", "Infinite or NaN")),
        },
        other => as_big(context, other).map(Decimal::from),
    }
}

/// Digits beyond which big integers are refused: multiplying them would take too long to be interrupted.
const MOST_BITS: u64 = 1 << 21;

/// Looks at the limits, and whether the result would still be a number to work with.
fn afford(context: &mut Context<'_>, left: &BigInt, right: &BigInt) -> Eval<()> {
    let bits = left.bits() + right.bits();
    if bits > 1 << 12 {
        context.charge_text(usize::try_from(bits / 8).unwrap_or(usize::MAX))?;
        let work = left.bits().min(right.bits()).max(64) / 64 * (left.bits().max(right.bits()) / 64);
        context.spend(usize::try_from(work / 4).unwrap_or(usize::MAX))?;
    }
    if bits > MOST_BITS {
        return Err(context.error("ArithmeticException", "BigInteger would overflow supported range"));
    }
    Ok(())
}

fn as_big(context: &Context<'_>, value: &Value) -> Eval<BigInt> {
    match value {
        Value::Int(value) => Ok(BigInt::from(*value)),
        Value::BigInt(value) => Ok((**value).clone()),
        Value::Ratio(parts) => Ok(&parts.0 / &parts.1),
        Value::Decimal(value) => value
            .to_big()
            .ok_or_else(|| context.error("ArithmeticException", "Value out of range for BigInteger")),
        other => Err(cast(context, other, "java.lang.Number")),
    }
}

/// Any number as a double.
pub(crate) fn as_f64(context: &Context<'_>, value: &Value) -> Eval<f64> {
    match value {
        Value::Int(value) => Ok(*value as f64),
        Value::Float(value) => Ok(*value),
        Value::BigInt(value) => Ok(value.to_f64().unwrap_or(f64::NAN)),
        Value::Ratio(parts) => Ok(Decimal::ratio_to_f64(&parts.0, &parts.1)),
        Value::Decimal(value) => Ok(value.to_f64()),
        other => Err(cast(context, other, "java.lang.Number")),
    }
}

/// How two numbers stand to each other; `None` if one is not a number.
pub(crate) fn compare_numbers(context: &Context<'_>, left: &Value, right: &Value) -> Eval<Option<Ordering>> {
    Ok(match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Nil, _) | (_, Value::Nil) => return Err(cast(context, &Value::Nil, "java.lang.Number")),
        (Value::Float(_), _) | (_, Value::Float(_)) => {
            as_f64(context, left)?.partial_cmp(&as_f64(context, right)?)
        }
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => {
            Some(as_decimal(context, left)?.compare(&as_decimal(context, right)?))
        }
        _ => {
            let ((a, b), (c, d)) = (as_ratio(context, left)?, as_ratio(context, right)?);
            Some((a * d).cmp(&(c * b)))
        }
    })
}

fn ordered(context: &mut Context<'_>, args: &[Value], holds: fn(Ordering) -> bool) -> Eval {
    for pair in args.windows(2) {
        if !compare_numbers(context, &pair[0], &pair[1])?.is_some_and(holds) {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn extreme(context: &mut Context<'_>, args: &[Value], wanted: Ordering) -> Eval {
    let mut best = args[0].clone();
    if args.len() == 1 {
        return Ok(best);
    }
    for (at, value) in args.iter().enumerate() {
        if matches!(value, Value::Float(number) if number.is_nan()) {
            return Ok(value.clone());
        }
        // Of equal ones the last.
        if at > 0 && compare_numbers(context, &best, value)? != Some(wanted) {
            best = value.clone();
        }
    }
    Ok(best)
}

enum Whole {
    Quot,
    Rem,
    Mod,
}

fn whole(context: &mut Context<'_>, left: &Value, right: &Value, what: Whole) -> Eval {
    // Java looks at the second first.
    if as_f64(context, right)? == 0.0 {
        return Err(context.error("ArithmeticException", "Divide by zero"));
    }
    let by_zero = |context: &Context<'_>| Err(context.error("ArithmeticException", "Divide by zero"));
    if let (Value::Float(_), _) | (_, Value::Float(_)) = (left, right) {
        let (left, right) = (as_f64(context, left)?, as_f64(context, right)?);
        if right == 0.0 {
            return by_zero(context);
        }
        let quotient = left / right;
        // Java goes through a long or a big integer here, and neither holds these.
        if !quotient.is_finite() {
            return Err(context.error("NumberFormatException", "Infinite or NaN"));
        }
        let rem = left - quotient.trunc() * right;
        return Ok(Value::Float(match what {
            // Through a long, which knows no negative zero.
            Whole::Quot => quotient.trunc() + 0.0,
            Whole::Rem => rem,
            Whole::Mod if rem != 0.0 && (rem < 0.0) != (right < 0.0) => rem + right,
            Whole::Mod => rem,
        }));
    }
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        if *right == 0 {
            return by_zero(context);
        }
        let (quot, rem) = (left.wrapping_div(*right), left.wrapping_rem(*right));
        return Ok(Value::Int(match what {
            Whole::Quot => quot,
            Whole::Rem => rem,
            Whole::Mod if rem != 0 && (rem < 0) != (*right < 0) => rem + right,
            Whole::Mod => rem,
        }));
    }
    if let (Value::Decimal(_), _) | (_, Value::Decimal(_)) = (left, right) {
        let (left, right) = (as_decimal(context, left)?, as_decimal(context, right)?);
        if right.is_zero() {
            return by_zero(context);
        }
        let (quotient, rest) = refused(context, left.divide_whole(&right))?;
        let zero = Decimal::from(BigInt::default());
        let other_side = rest.compare(&zero).is_lt() != right.compare(&zero).is_lt();
        return Ok(decimal(match what {
            Whole::Quot => quotient,
            Whole::Mod if !rest.is_zero() && other_side => refused(context, rest.add(&right))?,
            Whole::Rem | Whole::Mod => rest,
        }));
    }
    let ((a, b), (c, d)) = (as_ratio(context, left)?, as_ratio(context, right)?);
    if c.is_zero() {
        return by_zero(context);
    }
    let quot = (&a * &d) / (&b * &c);
    let rest = (&a * &d) - &quot * (&b * &c);
    let negative = rest.is_negative() != (&b * &c).is_negative() && !rest.is_zero();
    Ok(match what {
        Whole::Quot => Value::big(quot),
        Whole::Rem => ratio(context, rest, b * d)?,
        Whole::Mod if negative => ratio(context, rest + &b * &c, b * d)?,
        Whole::Mod => ratio(context, rest, b * d)?,
    })
}

fn is_even(context: &Context<'_>, value: &Value) -> Eval<bool> {
    match value {
        Value::Int(value) => Ok(value & 1 == 0),
        Value::BigInt(value) => Ok((&**value % 2_i32).is_zero()),
        other => Err(context.error(
            "IllegalArgumentException",
            format!("Argument must be an integer: {}", crate::print::str(other)),
        )),
    }
}

fn bits(context: &mut Context<'_>, args: &[Value], operate: fn(i64, i64) -> i64) -> Eval {
    let whole = |value: &Value| match value {
        Value::Int(value) => Ok(*value),
        Value::Nil => Err(cast(context, value, "java.lang.Number")),
        other => Err(context.error(
            "IllegalArgumentException",
            format!("bit operation not supported for: class {}", crate::exception::class_of(other).full),
        )),
    };
    let mut result = whole(&args[0])?;
    for arg in &args[1..] {
        result = operate(result, whole(arg)?);
    }
    Ok(Value::Int(result))
}

fn ranged(context: &mut Context<'_>, value: &Value, least: i64, most: i64, name: &str) -> Eval {
    let number = match value {
        Value::Char(char) => i64::from(u32::from(*char)),
        Value::Float(float) if !(*float >= least as f64 && *float <= most as f64) => {
            let shown = crate::print::str(value);
            return Err(
                context.error("IllegalArgumentException", format!("Value out of range for {name}: {shown}"))
            );
        }
        other => int(context, other)?,
    };
    if (least..=most).contains(&number) {
        return Ok(Value::Int(number));
    }
    if name == "int" && !matches!(value, Value::Char(_)) {
        return Err(context.error("ArithmeticException", "integer overflow"));
    }
    Err(context.error(
        "IllegalArgumentException",
        format!("Value out of range for {name}: {}", crate::print::str(value)),
    ))
}

fn bigint(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    match &args[0] {
        Value::Str(digits) if digits.len() > 100_000 => {
            Err(context.error("NumberFormatException", "A number may have at most 100000 digits"))
        }
        Value::Str(digits) => digits
            .parse()
            .map(Value::big)
            .map_err(|_| context.error("NumberFormatException", format!("For input string: \"{digits}\""))),
        Value::Float(value) => match Decimal::of_float(*value).and_then(|value| value.to_big()) {
            Some(big) => Ok(Value::big(big)),
            None => Err(context.error("NumberFormatException", "Infinite or NaN")),
        },
        other if other.is_number() => as_big(context, other).map(Value::big),
        Value::Nil => Err(cast(context, &args[0], "java.lang.Number")),
        _ => Err(context
            .error("IllegalArgumentException", "No matching ctor found for class java.math.BigInteger")),
    }
}

fn bigdec(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    match &args[0] {
        Value::Str(digits) => Decimal::parse(digits)
            .filter(|_| digits.len() < 10_000)
            .map(decimal)
            .ok_or_else(|| context.error("NumberFormatException", format!("Not a decimal: {digits}"))),
        other if other.is_number() => as_decimal(context, other).map(decimal),
        Value::Nil => Err(cast(context, &args[0], "java.lang.Number")),
        _ => Err(context
            .error("IllegalArgumentException", "No matching ctor found for class java.math.BigDecimal")),
    }
}

fn rationalize(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    let value = match &args[0] {
        Value::Float(_) => as_decimal(context, &args[0])?,
        Value::Decimal(value) => (**value).clone(),
        other if other.is_number() => return Ok(other.clone()),
        other => return Err(cast(context, other, "java.lang.Number")),
    };
    let Some((over, under)) = value.fraction() else {
        return Err(context.error("ArithmeticException", "Value out of range for a ratio"));
    };
    ratio(context, over, under)
}

/// What is parsed must be text.
fn parsed<'v>(context: &Context<'_>, value: &'v Value) -> Eval<&'v str> {
    value.as_str().ok_or_else(|| {
        let class = if value.is_nil() { "nil".to_owned() } else { crate::class::class_name(value) };
        context.error("IllegalArgumentException", format!("Expected string, got {class}"))
    })
}

pub(crate) fn parse_long(text: &str) -> Option<i64> {
    text.parse().ok()
}

pub(crate) fn parse_double(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let plain =
        trimmed.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    match trimmed {
        "NaN" => Some(f64::NAN),
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if plain => trimmed.parse().ok(),
        _ => None,
    }
}
