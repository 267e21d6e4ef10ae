//! Data into Python and back.

use std::borrow::Cow;

use monty_types::{MontyDate, MontyObject, MontyTime, MontyType};
use pt_model::{Data, Map};

use crate::data::{self, DEEPEST, TOO_DEEP, Unfit};

/// Data as a script sees it; keys stay as they are.
pub(super) fn to_python(data: &Data) -> MontyObject {
    match data {
        Data::Null => MontyObject::None,
        Data::Bool(yes) => MontyObject::Bool(*yes),
        Data::Int(number) => MontyObject::Int(*number),
        Data::Float(number) => MontyObject::Float(*number),
        Data::Str(text) => MontyObject::String(text.clone()),
        Data::Secret(text) => MontyObject::String(text.expose()),
        Data::List(items) => MontyObject::List(items.iter().map(to_python).collect()),
        Data::Map(map) => map_to_python(map),
    }
}

/// A map as a script sees it.
pub(super) fn map_to_python(map: &Map) -> MontyObject {
    let entry =
        |(key, value): (&pt_model::Key, &Data)| (MontyObject::String(key.to_string()), to_python(value));
    MontyObject::dict(map.iter().map(entry).collect::<Vec<_>>())
}

/// A script's value as data, or why it is none.
pub(super) fn from_python(value: &MontyObject) -> Result<Data, Unfit> {
    read(value, 0)
}

/// The way out, if `list` makes data of it.
pub(super) fn hint(unfit: &Unfit) -> Option<&'static str> {
    let lazy = ["a range", "an iterator"].contains(&&*unfit.what) || unfit.what.contains("of a dict");
    lazy.then_some("make a list of it: `list(…)`")
}

fn unfit(what: impl Into<Cow<'static, str>>) -> Result<Data, Unfit> {
    Err(Unfit::new(what))
}

fn float(number: f64) -> Result<Data, Unfit> {
    data::number(number).map_err(Unfit::new)
}

fn read(value: &MontyObject, depth: usize) -> Result<Data, Unfit> {
    if depth > DEEPEST {
        return unfit(TOO_DEEP);
    }
    Ok(match value {
        MontyObject::None => Data::Null,
        MontyObject::Bool(yes) => Data::Bool(*yes),
        MontyObject::Int(number) => Data::Int(*number),
        MontyObject::BigInt(number) => {
            i64::try_from(number).map_or_else(|_| Data::Str(number.to_string()), Data::Int)
        }
        MontyObject::Float(number) => return float(*number),
        MontyObject::String(text) | MontyObject::Path(text) => Data::Str(text.clone()),
        MontyObject::List(items)
        | MontyObject::Tuple(items)
        | MontyObject::NamedTuple { values: items, .. }
        | MontyObject::Set(items)
        | MontyObject::FrozenSet(items) => {
            let item = |(index, item)| {
                read(item, depth + 1).map_err(|unfit: Unfit| unfit.within(format!("[{index}]")))
            };
            Data::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        MontyObject::Dict(entries) => map(entries.iter(), depth)?,
        MontyObject::ClassInstance(instance) if instance.class_type.is_dataclass => {
            map(instance.attrs.iter(), depth)?
        }
        MontyObject::ClassInstance(instance) => {
            return unfit(format!("an object of the class {}", instance.class_type.name));
        }
        MontyObject::Date(date) => Data::Str(day(date)),
        MontyObject::DateTime(at) => {
            let date = MontyDate { year: at.year, month: at.month, day: at.day };
            let clock = clock(at.hour, at.minute, at.second, at.microsecond, at.offset_seconds);
            Data::Str(format!("{}T{clock}", day(&date)))
        }
        MontyObject::Time(MontyTime { hour, minute, second, microsecond, offset_seconds, .. }) => {
            Data::Str(clock(*hour, *minute, *second, *microsecond, *offset_seconds))
        }
        MontyObject::Exception { exc_type, arg } => {
            let arg = arg.as_ref().map(|arg| format!(": {arg}")).unwrap_or_default();
            Data::Str(format!("{exc_type}{arg}"))
        }
        MontyObject::TimeDelta(_) => return unfit("a timedelta"),
        MontyObject::TimeZone(_) => return unfit("a timezone"),
        MontyObject::Bytes(_) => return unfit("bytes"),
        MontyObject::Function { .. } | MontyObject::BuiltinFunction(_) => return unfit("a function"),
        MontyObject::Type(MontyType::Exception(name)) => return unfit(format!("the class {name}")),
        MontyObject::Type(class) => return unfit(format!("the class {}", class.name())),
        MontyObject::Cycle(..) => return unfit("an object that contains itself"),
        MontyObject::FileHandle(_) => return unfit("a file"),
        MontyObject::Ellipsis | MontyObject::NotImplemented => return unfit(value.py_repr()),
        MontyObject::Repr(shown) => return other(shown),
    })
}

/// What monty can only show: `<function f at 0x…>`, `range(0, 3)`, `<map object>`.
fn other(shown: &str) -> Result<Data, Unfit> {
    let word = shown.trim_start_matches('<').split([' ', '(']).next().unwrap_or_default();
    let what = match word {
        "function" | "bound" | "method" | "built-in" => "a function",
        "module" => "a module",
        "deeply" => TOO_DEEP,
        "coroutine" => "a coroutine",
        "range" => "a range",
        "dict_keys" => "the keys of a dict",
        "dict_values" => "the values of a dict",
        "dict_items" => "the items of a dict",
        word if word.ends_with("iterator") || word.starts_with("itertools.") => "an iterator",
        "generator" | "map" | "filter" | "zip" | "enumerate" | "reversed" => "an iterator",
        _ => return unfit(format!("`{shown}`")),
    };
    unfit(what)
}

fn map<'v>(
    entries: impl Iterator<Item = &'v (MontyObject, MontyObject)>,
    depth: usize,
) -> Result<Data, Unfit> {
    let mut map = Map::default();
    for (key, value) in entries {
        // As `str` gives it: `1`, `True`, `None`.
        let key = key.to_string();
        match read(value, depth + 1) {
            Ok(value) => map.insert(key.into(), value),
            Err(unfit) => return Err(unfit.within(format!(".{key}"))),
        };
    }
    Ok(Data::Map(Box::new(map)))
}

fn day(date: &MontyDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// As `isoformat` gives it.
fn clock(hour: u8, minute: u8, second: u8, microsecond: u32, offset: Option<i32>) -> String {
    let fraction = if microsecond == 0 { String::new() } else { format!(".{microsecond:06}") };
    let zone = offset.map(|offset| {
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    });
    format!("{hour:02}:{minute:02}:{second:02}{fraction}{}", zone.unwrap_or_default())
}
