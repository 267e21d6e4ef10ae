//! The few Java classes and methods that code written for the JVM uses everywhere.

use std::sync::Arc;

use crate::Value;
use crate::context::Context;
use crate::core::as_f64;
use crate::exception::{Eval, Exception, Signal, class_named, class_of, is_a};
use crate::function::Native;

macro_rules! statics {
    ($($name:literal $min:literal $max:literal $code:expr),* $(,)?) => {
        static METHODS: &[Native] = &[$(Native { name: $name, min: $min, max: $max, code: $code }),*];
    };
}

/// A function of one double.
macro_rules! math {
    ($method:ident) => {
        |context, args| Ok(Value::Float(as_f64(context, &args[0])?.$method()))
    };
}

statics! {
    "Integer/parseInt" 1 2 |context, args| parse(context, args, i64::from(i32::MIN), i64::from(i32::MAX)),
    "Integer/valueOf" 1 1 |context, args| parse(context, args, i64::from(i32::MIN), i64::from(i32::MAX)),
    "Integer/toString" 1 1 |_, args| Ok(Value::str(crate::print::str(&args[0]))),
    "Long/parseLong" 1 2 |context, args| parse(context, args, i64::MIN, i64::MAX),
    "Long/valueOf" 1 1 |context, args| parse(context, args, i64::MIN, i64::MAX),
    "Long/toString" 1 1 |_, args| Ok(Value::str(crate::print::str(&args[0]))),
    "Double/parseDouble" 1 1 double,
    "Double/valueOf" 1 1 double,
    "Float/parseFloat" 1 1 double,
    "Double/compare" 2 2 |context, args| {
        let (left, right) = (as_f64(context, &args[0])?, as_f64(context, &args[1])?);
        Ok(Value::Int(left.total_cmp(&right) as i64))
    },
    "Long/compare" 2 2 |context, args| core_call(context, "compare", args),
    "Integer/compare" 2 2 |context, args| core_call(context, "compare", args),
    "Double/isNaN" 1 1 |context, args| Ok(Value::Bool(as_f64(context, &args[0])?.is_nan())),
    "Double/isInfinite" 1 1 |context, args| Ok(Value::Bool(as_f64(context, &args[0])?.is_infinite())),
    "Float/isNaN" 1 1 |context, args| Ok(Value::Bool(as_f64(context, &args[0])?.is_nan())),
    "Float/isInfinite" 1 1 |context, args| Ok(Value::Bool(as_f64(context, &args[0])?.is_infinite())),
    "Double/toString" 1 1 |_, args| Ok(Value::str(crate::print::str(&args[0]))),
    "Long/toBinaryString" 1 1 |context, args| crate::core::int(context, &args[0]).map(|value| Value::str(format!("{value:b}"))),
    "Long/toHexString" 1 1 |context, args| crate::core::int(context, &args[0]).map(|value| Value::str(format!("{value:x}"))),
    "Integer/toBinaryString" 1 1 |context, args| crate::core::int(context, &args[0]).map(|value| Value::str(format!("{:b}", value as i32))),
    "Integer/toHexString" 1 1 |context, args| crate::core::int(context, &args[0]).map(|value| Value::str(format!("{:x}", value as i32))),
    "BigDecimal/valueOf" 1 1 |context, args| core_call(context, "bigdec", args),
    "BigInteger/valueOf" 1 1 |context, args| core_call(context, "bigint", args),
    "BigInt/fromBigInteger" 1 1 |context, args| core_call(context, "bigint", args),
    "BigInt/fromLong" 1 1 |context, args| core_call(context, "bigint", args),
    "MapEntry/create" 2 2 |_, args| Ok(Value::entry(&args[0], &args[1])),
    "Character/getNumericValue" 1 1 |_, args| Ok(Value::Int(match args[0] {
        Value::Char(char) => char.to_digit(36).map_or(-1, i64::from),
        _ => -1,
    })),
    "Character/toUpperCase" 1 1 |_, args| Ok(match args[0] {
        Value::Char(char) => Value::Char(char.to_uppercase().next().unwrap_or(char)),
        _ => Value::Nil,
    }),
    "Character/toLowerCase" 1 1 |_, args| Ok(match args[0] {
        Value::Char(char) => Value::Char(char.to_lowercase().next().unwrap_or(char)),
        _ => Value::Nil,
    }),
    "Boolean/parseBoolean" 1 1 |_, args| Ok(Value::Bool(args[0].as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))),
    "Boolean/valueOf" 1 1 |_, args| Ok(Value::Bool(match &args[0] {
        Value::Str(text) => text.eq_ignore_ascii_case("true"),
        other => other.is_truthy(),
    })),
    "String/valueOf" 1 1 |_, args| Ok(Value::str(if args[0].is_nil() { "null".to_owned() } else { crate::print::str(&args[0]) })),
    "String/format" 1 16 |context, args| crate::format::format(context, args).map(Value::str),
    "String/join" 2 2 |context, args| {
        let between = crate::print::str(&args[0]);
        let items = crate::seq::Iter::new(context, args[1].clone())?.collect(context)?;
        Ok(Value::str(items.iter().map(crate::print::str).collect::<Vec<_>>().join(&between)))
    },
    "Character/isDigit" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(char) if char.is_ascii_digit()))),
    "Character/isLetter" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(char) if char.is_alphabetic()))),
    "Character/isUpperCase" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(char) if char.is_uppercase()))),
    "Character/isLowerCase" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(char) if char.is_lowercase()))),
    "Character/isWhitespace" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(char) if char.is_whitespace()))),
    "Math/abs" 1 1 |context, args| match &args[0] {
        Value::Int(value) => Ok(Value::Int(value.wrapping_abs())),
        Value::Float(value) => Ok(Value::Float(value.abs())),
        _ => Err(no_overload(context, "abs", 1)),
    },
    "Math/max" 2 2 |context, args| of_primitives(context, "max", args),
    "Math/min" 2 2 |context, args| of_primitives(context, "min", args),
    "Math/sqrt" 1 1 math!(sqrt),
    "Math/cbrt" 1 1 math!(cbrt),
    "Math/exp" 1 1 math!(exp),
    "Math/log" 1 1 math!(ln),
    "Math/log10" 1 1 math!(log10),
    "Math/floor" 1 1 math!(floor),
    "Math/ceil" 1 1 math!(ceil),
    "Math/rint" 1 1 math!(round_ties_even),
    "Math/sin" 1 1 math!(sin),
    "Math/cos" 1 1 math!(cos),
    "Math/tan" 1 1 math!(tan),
    "Math/asin" 1 1 math!(asin),
    "Math/acos" 1 1 math!(acos),
    "Math/atan" 1 1 math!(atan),
    "Math/signum" 1 1 |context, args| {
        let value = as_f64(context, &args[0])?;
        Ok(Value::Float(if value == 0.0 { value } else { value.signum() }))
    },
    "Math/toRadians" 1 1 math!(to_radians),
    "Math/toDegrees" 1 1 math!(to_degrees),
    "Math/atan2" 2 2 |context, args| Ok(Value::Float(as_f64(context, &args[0])?.atan2(as_f64(context, &args[1])?))),
    "Math/hypot" 2 2 |context, args| Ok(Value::Float(as_f64(context, &args[0])?.hypot(as_f64(context, &args[1])?))),
    "Math/pow" 2 2 |context, args| Ok(Value::Float(as_f64(context, &args[0])?.powf(as_f64(context, &args[1])?))),
    // Java rounds halves up, towards positive infinity.
    "Math/round" 1 1 |context, args| {
        let value = as_f64(context, &args[0])?;
        let whole = value.floor();
        Ok(Value::Int(if value - whole >= 0.5 { whole + 1.0 } else { whole } as i64))
    },
    "Math/sinh" 1 1 math!(sinh),
    "Math/cosh" 1 1 math!(cosh),
    "Math/tanh" 1 1 math!(tanh),
    "Math/expm1" 1 1 math!(exp_m1),
    "Math/log1p" 1 1 math!(ln_1p),
    "Math/ulp" 1 1 |context, args| {
        let value = as_f64(context, &args[0])?.abs();
        Ok(Value::Float(if !value.is_finite() {
            value
        } else if value == f64::MAX {
            value - value.next_down()
        } else {
            value.next_up() - value
        }))
    },
    "Math/nextUp" 1 1 math!(next_up),
    "Math/nextDown" 1 1 math!(next_down),
    "Math/nextAfter" 2 2 |context, args| {
        let (start, towards) = (as_f64(context, &args[0])?, as_f64(context, &args[1])?);
        Ok(Value::Float(match start.partial_cmp(&towards) {
            None => f64::NAN,
            Some(std::cmp::Ordering::Less) => start.next_up(),
            Some(std::cmp::Ordering::Greater) => start.next_down(),
            Some(std::cmp::Ordering::Equal) => towards,
        }))
    },
    "Math/copySign" 2 2 |context, args| Ok(Value::Float(as_f64(context, &args[0])?.copysign(as_f64(context, &args[1])?))),
    "Math/IEEEremainder" 2 2 |context, args| {
        let (left, right) = (as_f64(context, &args[0])?, as_f64(context, &args[1])?);
        Ok(Value::Float(if right.is_infinite() && left.is_finite() {
            left
        } else {
            let rest = left - right * (left / right).round_ties_even();
            if rest == 0.0 { rest.copysign(left) } else { rest }
        }))
    },
    "Math/getExponent" 1 1 |context, args| {
        let bits = as_f64(context, &args[0])?.to_bits() >> 52 & 0x7ff;
        Ok(Value::Int(bits as i64 - 1023))
    },
    "Math/scalb" 2 2 |context, args| {
        let (value, by) = (as_f64(context, &args[0])?, as_f64(context, &args[1])?.clamp(-4000.0, 4000.0) as i32);
        // In steps, so that neither half overflows on its own.
        let (half, rest) = (by / 2, by - by / 2);
        let (quarter, last) = (rest / 2, rest - rest / 2);
        Ok(Value::Float(value * 2_f64.powi(half / 2) * 2_f64.powi(half - half / 2) * 2_f64.powi(quarter) * 2_f64.powi(last)))
    },
    "Math/addExact" 2 2 |context, args| core_call(context, "+", args),
    "Math/subtractExact" 2 2 |context, args| core_call(context, "-", args),
    "Math/multiplyExact" 2 2 |context, args| core_call(context, "*", args),
    "Math/incrementExact" 1 1 |context, args| core_call(context, "inc", args),
    "Math/decrementExact" 1 1 |context, args| core_call(context, "dec", args),
    "Math/negateExact" 1 1 |context, args| core_call(context, "-", args),
    "Math/floorDiv" 2 2 |context, args| match (&args[0], &args[1]) {
        (Value::Int(_), Value::Int(0)) => Err(context.error("ArithmeticException", "/ by zero")),
        (Value::Int(left), Value::Int(right)) => {
            let (quotient, rest) = (left.wrapping_div(*right), left.wrapping_rem(*right));
            Ok(Value::Int(if rest != 0 && (rest < 0) != (*right < 0) { quotient - 1 } else { quotient }))
        }
        _ => Err(context.error("IllegalArgumentException", "No matching method floorDiv found")),
    },
    "Math/floorMod" 2 2 |context, args| core_call(context, "mod", args),
    "Math/random" 0 0 |context, args| core_call(context, "rand", args),
    "System/currentTimeMillis" 0 0 |context, _| Ok(Value::Int(context.host.as_ref().map_or(0, |(_, host)| host.millis()))),
    "System/nanoTime" 0 0 |context, _| Ok(Value::Int(context.host.as_ref().map_or(0, |(_, host)| host.millis().saturating_mul(1_000_000)))),
    // Programs see no environment.
    "System/getenv" 0 1 |_, args| Ok(if args.is_empty() { Value::map([]) } else { Value::Nil }),
    "System/getProperty" 1 2 |_, args| Ok(match args[0].as_str() {
        Some("line.separator") => Value::str("\n"),
        _ => args.get(1).cloned().unwrap_or_default(),
    }),
    "UUID/randomUUID" 0 0 |context, args| core_call(context, "random-uuid", args),
    "UUID/fromString" 1 1 |context, args| core_call(context, "parse-uuid", args),
    "Pattern/compile" 1 1 |context, args| core_call(context, "re-pattern", args),
    "Pattern/quote" 1 1 |_, args| Ok(Value::str(format!("\\Q{}\\E", crate::print::str(&args[0])))),
}

/// A method of several primitive kinds: Java finds none for big numbers and the like.
fn of_primitives(context: &mut Context<'_>, name: &str, args: &mut [Value]) -> Eval {
    match args.iter().all(|arg| matches!(arg, Value::Int(_) | Value::Float(_))) {
        true => core_call(context, name, args),
        false => Err(no_overload(context, name, args.len())),
    }
}

#[cold]
fn no_overload(context: &mut Context<'_>, name: &str, args: usize) -> Signal {
    let message = format!("No matching method {name} found taking {args} args for class java.lang.Math");
    context.error("IllegalArgumentException", message)
}

fn core_call(context: &mut Context<'_>, name: &str, args: &mut [Value]) -> Eval {
    match crate::core::function(name) {
        Some(native) => context.call_native(native, args),
        None => Ok(Value::Nil),
    }
}

/// A static method such as `Integer/parseInt` or `java.util.UUID/randomUUID`.
pub(crate) fn method_of(class: &str, name: &str) -> Option<&'static Native> {
    let short = class.rsplit('.').next().unwrap_or(class);
    METHODS.iter().find(|method| {
        method.name.split_once('/').is_some_and(|(class, method)| class == short && method == name)
    })
}

/// A class by name, a static method as a value, or a constant of a class.
pub(crate) fn constant(name: &pt_edn::Name) -> Option<Value> {
    let Some(class) = name.namespace() else { return class_named(name.as_str()).map(Value::Class) };
    if let Some(method) = method_of(class, name.local()) {
        return Some(Value::Native(method));
    }
    Some(match (class.rsplit('.').next().unwrap_or(class), name.local()) {
        ("Math", "PI") => Value::Float(std::f64::consts::PI),
        ("Math", "E") => Value::Float(std::f64::consts::E),
        ("Byte", "SIZE") => Value::Int(8),
        ("Short" | "Character", "SIZE") => Value::Int(16),
        ("Integer" | "Float", "SIZE") => Value::Int(32),
        ("Long" | "Double", "SIZE") => Value::Int(64),
        ("Integer", "MAX_VALUE") => Value::Int(i64::from(i32::MAX)),
        ("Integer", "MIN_VALUE") => Value::Int(i64::from(i32::MIN)),
        ("Long", "MAX_VALUE") => Value::Int(i64::MAX),
        ("Long", "MIN_VALUE") => Value::Int(i64::MIN),
        ("PersistentQueue", "EMPTY") => crate::types::Object::Queue(imbl::Vector::new(), None).value(),
        ("PersistentList", "EMPTY") => Value::empty_list(),
        ("PersistentVector", "EMPTY") => Value::vector(Vec::new()),
        ("PersistentArrayMap" | "PersistentHashMap", "EMPTY") => Value::map([]),
        ("PersistentHashSet", "EMPTY") => Value::set([]),
        ("PersistentTreeMap", "EMPTY") => {
            Value::Sorted(Arc::new(crate::sorted::Sorted::new(Value::Nil, false)))
        }
        ("PersistentTreeSet", "EMPTY") => {
            Value::Sorted(Arc::new(crate::sorted::Sorted::new(Value::Nil, true)))
        }
        ("Byte", "MAX_VALUE") => Value::Int(i64::from(i8::MAX)),
        ("Byte", "MIN_VALUE") => Value::Int(i64::from(i8::MIN)),
        ("Short", "MAX_VALUE") => Value::Int(i64::from(i16::MAX)),
        ("Short", "MIN_VALUE") => Value::Int(i64::from(i16::MIN)),
        ("Character", "MAX_VALUE") => Value::Char('\u{ffff}'),
        ("Character", "MIN_VALUE") => Value::Char('\0'),
        ("Float", "MAX_VALUE") => Value::Float(f64::from(f32::MAX)),
        ("Float", "MIN_VALUE") => Value::Float(f64::from(f32::from_bits(1))),
        ("Float", "POSITIVE_INFINITY") => Value::Float(f64::INFINITY),
        ("Float", "NEGATIVE_INFINITY") => Value::Float(f64::NEG_INFINITY),
        ("Float", "NaN") => Value::Float(f64::NAN),
        ("Double", "MAX_EXPONENT") => Value::Int(1023),
        ("Double", "MIN_EXPONENT") => Value::Int(-1022),
        ("Double", "MIN_NORMAL") => Value::Float(f64::MIN_POSITIVE),
        (
            "Integer" | "Long" | "Double" | "Float" | "Short" | "Byte" | "Character" | "Boolean" | "Void",
            "TYPE",
        ) => Value::Class(class_named(class)?),
        ("Double", "MAX_VALUE") => Value::Float(f64::MAX),
        ("Double", "MIN_VALUE") => Value::Float(f64::from_bits(1)),
        ("Double", "POSITIVE_INFINITY") => Value::Float(f64::INFINITY),
        ("Double", "NEGATIVE_INFINITY") => Value::Float(f64::NEG_INFINITY),
        ("Double", "NaN") => Value::Float(f64::NAN),
        ("Boolean", "TRUE") => Value::Bool(true),
        ("Boolean", "FALSE") => Value::Bool(false),
        _ => return None,
    })
}

fn number_format(context: &Context<'_>, text: &str) -> Signal {
    context.error("NumberFormatException", format!("For input string: \"{text}\""))
}

fn parse(context: &mut Context<'_>, args: &mut [Value], least: i64, most: i64) -> Eval {
    match args {
        [Value::Int(value)] => Ok(Value::Int(*value)),
        [Value::Str(text), rest @ ..] => {
            let radix = match rest {
                [Value::Int(radix @ 2..=36)] => *radix as u32,
                _ => 10,
            };
            let value = i64::from_str_radix(text, radix).ok().filter(|value| (least..=most).contains(value));
            value.map(Value::Int).ok_or_else(|| number_format(context, text))
        }
        [Value::Nil, ..] => Err(context.error("NumberFormatException", "Cannot parse null string")),
        [other, ..] => {
            let class = class_of(other).full;
            Err(context.error("ClassCastException", crate::eval::cannot_cast(class, "java.lang.String")))
        }
        [] => Ok(Value::Nil),
    }
}

fn double(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    match &args[0] {
        Value::Str(text) => match core_call(context, "parse-double", &mut [args[0].clone()])? {
            Value::Nil => Err(if text.trim().is_empty() {
                context.error("NumberFormatException", "empty String")
            } else {
                number_format(context, text)
            }),
            value => Ok(value),
        },
        other => as_f64(context, other).map(Value::Float),
    }
}

/// `(Class. args…)`
pub(crate) fn construct(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    if matches!(args.first(), Some(Value::Object(_)))
        && let Some(new) = crate::core::function("new*")
    {
        return context.call_native(new, args);
    }
    let Some((Value::Class(class), args)) = args.split_first() else {
        return Err(context.error("IllegalArgumentException", "Only classes can be constructed"));
    };
    if class_named("Throwable").is_some_and(|throwable| is_a(class, throwable)) {
        let (message, cause) = match args {
            [] => (None, Value::Nil),
            [cause @ Value::Exception(_)] => (Some(crate::print::str(cause)), cause.clone()),
            [message] => ((!message.is_nil()).then(|| crate::print::str(message)), Value::Nil),
            [message, second, ..] => {
                ((!message.is_nil()).then(|| crate::print::str(message)), second.clone())
            }
        };
        let info = class.short() == "ExceptionInfo";
        let (data, cause) =
            if info { (cause, args.get(2).cloned().unwrap_or_default()) } else { (Value::Nil, cause) };
        return Ok(Value::Exception(Arc::new(Exception { class, message, data, cause })));
    }
    match (class.short(), args) {
        ("Object", []) => Ok(crate::types::Object::Plain.value()),
        ("Boolean", [text]) => Ok(Value::Bool(crate::print::str(text).eq_ignore_ascii_case("true"))),
        ("BigDecimal", [text]) => core_call(context, "bigdec", &mut [text.clone()]),
        ("BigInteger", [text]) => core_call(context, "bigint", &mut [text.clone()]),
        ("Date", []) => {
            Ok(crate::types::Object::Inst(context.host.as_ref().map_or(0, |(_, host)| host.millis())).value())
        }
        ("PrintWriter", [_]) => Ok(Value::str("")),
        ("URI", [text]) => {
            Ok(crate::types::Object::Tagged(crate::name::Name::new("java.net.URI"), text.clone()).value())
        }
        ("Byte" | "Short", [text]) => parse(context, &mut [text.clone()], i64::MIN, i64::MAX),
        ("StringBuffer" | "StringBuilder" | "StringWriter", []) => Ok(Value::str("")),
        ("StringBuffer", [text]) => Ok(Value::str(crate::print::str(text))),
        ("ArrayList" | "LinkedList" | "Vector", []) => {
            core_call(context, "object-array", &mut [Value::Int(0)])
        }
        ("ArrayList" | "LinkedList" | "Vector", [items]) => {
            core_call(context, "to-array", &mut [items.clone()])
        }
        ("HashMap" | "LinkedHashMap" | "TreeMap", []) => Ok(Value::map([])),
        ("HashMap" | "LinkedHashMap" | "TreeMap", [entries]) => {
            core_call(context, "into", &mut [Value::map([]), entries.clone()])
        }
        ("HashSet" | "LinkedHashSet", []) => Ok(Value::set([])),
        ("HashSet" | "LinkedHashSet", [members]) => core_call(context, "set", &mut [members.clone()]),
        ("MapEntry", [key, value]) => Ok(Value::entry(key, value)),
        ("Date", [Value::Int(millis)]) => Ok(crate::types::Object::Inst(*millis).value()),
        ("String", []) => Ok(Value::str("")),
        ("String" | "StringBuilder", [text]) => Ok(Value::str(crate::print::str(text))),
        ("Integer" | "Long", [text]) => parse(context, &mut [text.clone()], i64::MIN, i64::MAX),
        ("Double" | "Float", [text]) => double(context, &mut [text.clone()]),
        _ => Err(context
            .error("IllegalArgumentException", format!("No matching ctor found for class {}", class.full))),
    }
}

/// Bytes that `.repeat` may make at once.
const LONGEST: usize = 1 << 26;

/// `(.name target args…)`
pub(crate) fn method(context: &mut Context<'_>, name: &str, target: &Value, args: &mut [Value]) -> Eval {
    let count = args.len();
    let missing = |context: &Context<'_>| {
        let class = class_of(target).full;
        context.error(
            "IllegalArgumentException",
            format!("No matching method {name} found taking {count} args for class {class}"),
        )
    };
    match (target, name) {
        (Value::Nil, _) => {
            return Err(context.error(
                "NullPointerException",
                format!("Cannot invoke \"Object.{name}()\" because the value is null"),
            ));
        }
        (_, "toString") => return Ok(Value::str(crate::print::str(target))),
        (_, "equals") => {
            let other = args.first().cloned().unwrap_or_default();
            return crate::equal::equal(context, target, &other).map(Value::Bool);
        }
        (_, "hashCode") => return core_call(context, "hash", &mut [target.clone()]),
        (_, "getClass") => return Ok(Value::Class(class_of(target))),
        _ => {}
    }
    match target {
        Value::Str(text) => match string_method(context, text, name, args) {
            Some(result) => result,
            None => Err(missing(context)),
        },
        Value::Exception(exception) => Ok(match name {
            "getMessage" | "getLocalizedMessage" => {
                exception.message.as_deref().map_or(Value::Nil, Value::str)
            }
            "getCause" => exception.cause.clone(),
            "getData" => exception.data.clone(),
            _ => return Err(missing(context)),
        }),
        Value::Class(class) => match name {
            "getName" => Ok(Value::str(class.full)),
            "getSimpleName" => Ok(Value::str(class.short())),
            _ => Err(missing(context)),
        },
        Value::Object(object)
            if let (crate::types::Object::Namespace(own), "name" | "getName") = (&**object, name) =>
        {
            Ok(Value::Symbol(own.clone()))
        }
        Value::Object(object)
            if let (crate::types::Object::Type(of), "getName" | "getSimpleName") = (&**object, name) =>
        {
            Ok(Value::str(if name == "getName" { &*of.name } else { of.short() }))
        }
        Value::Object(object) if let (crate::types::Object::Inst(millis), "getTime") = (&**object, name) => {
            Ok(Value::Int(*millis))
        }
        Value::Object(object)
            if let (crate::types::Object::Inst(millis), "before" | "after", [Value::Object(other)]) =
                (&**object, name, &*args)
                && let crate::types::Object::Inst(other) = &**other =>
        {
            Ok(Value::Bool(if name == "before" { millis < other } else { millis > other }))
        }
        Value::Record(record) => {
            let field = record.fields.get(&Value::keyword(name)).cloned();
            match (field, record.of.method(name)) {
                (Some(value), _) if count == 0 => Ok(value),
                (_, Some(function)) => {
                    let mut all: Vec<Value> =
                        std::iter::once(target.clone()).chain(args.iter().cloned()).collect();
                    context.call(&function, &mut all)
                }
                _ => match collection_method(target, name).filter(|_| record.of.is_record) {
                    Some(function) => {
                        let mut all: Vec<Value> =
                            std::iter::once(target.clone()).chain(args.iter().cloned()).collect();
                        core_call(context, function, &mut all)
                    }
                    None => Err(missing(context)),
                },
            }
        }
        Value::Keyword(key) | Value::Symbol(key) if name == "getName" => Ok(Value::str(key.local())),
        Value::Keyword(key) | Value::Symbol(key) if name == "getNamespace" => {
            Ok(key.namespace().map_or(Value::Nil, Value::str))
        }
        number if number.is_number() => match name {
            "intValue" | "longValue" => core_call(context, "long", &mut [target.clone()]),
            "compareTo" if count == 1 => {
                core_call(context, "compare", &mut [target.clone(), args[0].clone()])
            }
            "isNaN" => core_call(context, "NaN?", &mut [target.clone()]),
            "isInfinite" => core_call(context, "infinite?", &mut [target.clone()]),
            "scale" if let Value::Decimal(decimal) = number => Ok(Value::Int(decimal.scale())),
            "precision" if let Value::Decimal(decimal) = number => Ok(Value::Int(decimal.precision())),
            "doubleValue" => core_call(context, "double", &mut [target.clone()]),
            _ => Err(missing(context)),
        },
        collection => {
            let Some(function) = collection_method(collection, name) else { return Err(missing(context)) };
            let mut all: Vec<Value> = std::iter::once(target.clone()).chain(args.iter().cloned()).collect();
            core_call(context, function, &mut all)
        }
    }
}

/// The function of the core that does what a method of a collection does.
fn collection_method(collection: &Value, name: &str) -> Option<&'static str> {
    Some(match name {
        "size" | "count" | "length" => "count",
        "isEmpty" => "empty?",
        "get" | "valAt" => "get",
        "nth" => "nth",
        "containsKey" => "contains?",
        "contains" if collection.is_set() || matches!(collection, Value::Object(_)) => "contains?",
        "keySet" => "keys",
        "values" => "vals",
        "cons" => "conj",
        "entryAt" => "find",
        "compareTo" => "compare",
        "equiv" => "=",
        "seq" | "rseq" | "first" | "next" | "assoc" | "empty" | "peek" | "pop" | "meta" => {
            return ["seq", "rseq", "first", "next", "assoc", "empty", "peek", "pop", "meta"]
                .into_iter()
                .find(|known| *known == name);
        }
        "withMeta" => "with-meta",
        "more" => "rest",
        "without" => "dissoc",
        "getKey" | "key" if matches!(collection, Value::Vector(_)) => "key",
        "getValue" | "val" if matches!(collection, Value::Vector(_)) => "val",
        "deref" => "deref",
        "invoke" | "applyTo" => return None,
        "comparator" => "comparator-of*",
        _ => return None,
    })
}

fn string_method(
    context: &mut Context<'_>,
    text: &Arc<crate::text::Text>,
    name: &str,
    args: &mut [Value],
) -> Option<Eval> {
    let string = |context: &mut Context<'_>, name: &str, args: &mut [Value]| match crate::core::find(
        "clojure.string",
        name,
    ) {
        Some(crate::core::Core::Function(native)) => context.call_native(native, args),
        _ => Ok(Value::Nil),
    };
    let this = Value::Str(Arc::clone(text));
    Some(match (name, &mut *args) {
        ("length", []) => core_call(context, "count", &mut [this]),
        ("isEmpty", []) => Ok(Value::Bool(text.is_empty())),
        ("isBlank", []) => string(context, "blank?", &mut [this]),
        ("toUpperCase", []) => string(context, "upper-case", &mut [this]),
        ("toLowerCase", []) => string(context, "lower-case", &mut [this]),
        ("trim" | "strip", []) => string(context, "trim", &mut [this]),
        ("contains", [part]) => {
            string(context, "includes?", &mut [this, Value::str(crate::print::str(part))])
        }
        ("startsWith", [part]) => string(context, "starts-with?", &mut [this, part.clone()]),
        ("endsWith", [part]) => string(context, "ends-with?", &mut [this, part.clone()]),
        ("equalsIgnoreCase", [other]) => {
            Ok(Value::Bool(other.as_str().is_some_and(|other| other.to_lowercase() == text.to_lowercase())))
        }
        ("compareTo" | "compareToIgnoreCase", [Value::Nil]) => {
            Err(context.error("NullPointerException", format!("Cannot {name} nil")))
        }
        ("compareTo", [other]) => core_call(context, "compare", &mut [this, other.clone()]),
        ("compareToIgnoreCase", [Value::Str(other)]) => {
            let mut both = [text, &*other].map(|text| Value::str(text.to_uppercase().to_lowercase()));
            core_call(context, "compare", &mut both)
        }
        ("indexOf", [part, rest @ ..]) => {
            let mut all: Vec<Value> = [this, part.clone()].into_iter().chain(rest.iter().cloned()).collect();
            string(context, "index-of", &mut all).map(|at| if at.is_nil() { Value::Int(-1) } else { at })
        }
        ("lastIndexOf", [part]) => string(context, "last-index-of", &mut [this, part.clone()])
            .map(|at| if at.is_nil() { Value::Int(-1) } else { at }),
        ("substring", [from]) => core_call(context, "subs", &mut [this, from.clone()]),
        ("substring", [from, to]) => core_call(context, "subs", &mut [this, from.clone(), to.clone()]),
        ("charAt", [at]) => core_call(context, "nth", &mut [this, at.clone()]),
        ("concat", [other]) => Ok(Value::str(format!("{text}{}", crate::print::str(other)))),
        ("repeat", [Value::Int(times)]) => {
            match usize::try_from(*times) {
                Ok(times) if text.len().saturating_mul(times) <= LONGEST => {
                    match context.charge_text(text.len() * times) {
                        Ok(()) => Ok(Value::str(text.repeat(times))),
                        Err(signal) => Err(signal),
                    }
                }
                _ => Err(context
                    .error("IllegalArgumentException", format!("Cannot repeat a string {times} times"))),
            }
        }
        ("replace", [from, to]) => string(
            context,
            "replace",
            &mut [this, Value::str(crate::print::str(from)), Value::str(crate::print::str(to))],
        ),
        ("replaceAll" | "replaceFirst" | "split" | "matches", [Value::Str(pattern), rest @ ..]) => {
            let regex = match crate::regex::compile(context, pattern) {
                Ok(regex) => Value::Regex(regex),
                Err(signal) => return Some(Err(signal)),
            };
            match (name, rest) {
                ("replaceAll", [with]) => string(context, "replace", &mut [this, regex, with.clone()]),
                ("replaceFirst", [with]) => {
                    string(context, "replace-first", &mut [this, regex, with.clone()])
                }
                ("split", []) => string(context, "split", &mut [this, regex]),
                ("split", [limit]) => string(context, "split", &mut [this, regex, limit.clone()]),
                ("matches", []) => core_call(context, "re-matches", &mut [regex, this])
                    .map(|found| Value::Bool(!found.is_nil())),
                _ => return None,
            }
        }
        _ => return None,
    })
}
