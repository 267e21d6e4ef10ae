//! Data into Python and back.

use std::borrow::Cow;

use monty_types::unstable::{self, MontyGraph, MontyNode, NodeId};
use monty_types::{MontyDate, MontyObject, MontyTime, MontyType, ObjectRef};
use pt_model::{Data, Map};

use crate::data::{self, DEEPEST, TOO_DEEP, Unfit};

/// How many pieces a value may have: what stands in a list a thousand times counts a thousand times.
const MOST: usize = 4 << 20;

/// Data as a script sees it; keys stay as they are.
pub(super) fn to_python(data: &Data) -> MontyObject {
    whole(|graph| write(data, graph))
}

/// A map as a script sees it.
pub(super) fn map_to_python(map: &Map) -> MontyObject {
    whole(|graph| write_map(map, graph))
}

/// A value of the nodes that are written, the last of which holds the others.
fn whole(write: impl FnOnce(&mut MontyGraph) -> NodeId) -> MontyObject {
    let mut graph = MontyGraph::new();
    let root = write(&mut graph);
    unstable::object_from_graph(graph, root).unwrap_or_else(|_| MontyObject::none())
}

fn write(data: &Data, graph: &mut MontyGraph) -> NodeId {
    let node = match data {
        Data::Null => MontyNode::None,
        Data::Bool(yes) => MontyNode::Bool(*yes),
        Data::Int(number) => MontyNode::Int(*number),
        Data::Float(number) => MontyNode::Float(*number),
        Data::Str(text) => MontyNode::String(text.clone()),
        Data::Secret(text) => MontyNode::String(text.expose()),
        Data::List(items) => MontyNode::List(items.iter().map(|item| write(item, graph)).collect()),
        Data::Map(map) => return write_map(map, graph),
    };
    graph.push(node)
}

fn write_map(map: &Map, graph: &mut MontyGraph) -> NodeId {
    let entries = map.iter().map(|(key, value)| {
        let key = graph.push(MontyNode::String(key.to_string()));
        (key, write(value, graph))
    });
    let entries = MontyNode::Dict(entries.collect());
    graph.push(entries)
}

/// A script's value as data, or why it is none.
pub(super) fn from_python(value: ObjectRef<'_>) -> Result<Data, Unfit> {
    read(value, 0, &mut 0)
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

fn read(value: ObjectRef<'_>, depth: usize, pieces: &mut usize) -> Result<Data, Unfit> {
    *pieces += 1;
    if depth > DEEPEST {
        return unfit(TOO_DEEP);
    }
    if *pieces > MOST {
        return unfit(format!("a value of more than {MOST} pieces"));
    }
    Ok(match unstable::node(value) {
        MontyNode::None => Data::Null,
        MontyNode::Bool(yes) => Data::Bool(*yes),
        MontyNode::Int(number) => Data::Int(*number),
        MontyNode::BigInt(number) => {
            i64::try_from(number).map_or_else(|_| Data::Str(number.to_string()), Data::Int)
        }
        MontyNode::Float(number) => return float(*number),
        MontyNode::String(text) | MontyNode::Path(text) | MontyNode::Decimal(text) => Data::Str(text.clone()),
        MontyNode::List(items)
        | MontyNode::Tuple(items)
        | MontyNode::NamedTuple { values: items, .. }
        | MontyNode::Set(items)
        | MontyNode::FrozenSet(items) => {
            let item = |(index, item): (usize, &NodeId)| {
                let item = read(unstable::child(value, *item), depth + 1, pieces);
                item.map_err(|unfit: Unfit| unfit.within(format!("[{index}]")))
            };
            Data::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        MontyNode::Dict(entries) => map(value, entries, depth, pieces)?,
        MontyNode::ClassInstance { class_type, attrs, .. } => {
            let MontyNode::ClassType(class) = unstable::node(unstable::child(value, *class_type)) else {
                return unfit("an object");
            };
            if !class.is_dataclass {
                return unfit(format!("an object of the class {}", class.name));
            }
            map(value, attrs, depth, pieces)?
        }
        MontyNode::Date(date) => Data::Str(day(date)),
        MontyNode::DateTime(at) => {
            let date = MontyDate { year: at.year, month: at.month, day: at.day };
            let clock = clock(at.hour, at.minute, at.second, at.microsecond, at.offset_seconds);
            Data::Str(format!("{}T{clock}", day(&date)))
        }
        MontyNode::Time(MontyTime { hour, minute, second, microsecond, offset_seconds, .. }) => {
            Data::Str(clock(*hour, *minute, *second, *microsecond, *offset_seconds))
        }
        MontyNode::Exception { exc_type, arg } => {
            let arg = arg.as_ref().map(|arg| format!(": {arg}")).unwrap_or_default();
            Data::Str(format!("{exc_type}{arg}"))
        }
        MontyNode::Complex(_) => return unfit("a complex number"),
        MontyNode::TimeDelta(_) => return unfit("a timedelta"),
        MontyNode::TimeZone(_) => return unfit("a timezone"),
        MontyNode::Bytes(_) => return unfit("bytes"),
        MontyNode::Function { .. } | MontyNode::BuiltinFunction(_) => return unfit("a function"),
        MontyNode::Type(MontyType::Exception(name)) => return unfit(format!("the class {name}")),
        MontyNode::Type(class) => return unfit(format!("the class {}", class.name())),
        MontyNode::ClassType(class) => return unfit(format!("the class {}", class.name)),
        MontyNode::Module { .. } => return unfit("a module"),
        MontyNode::Cycle(..) => return unfit("an object that contains itself"),
        MontyNode::FileHandle(_) => return unfit("a file"),
        MontyNode::Ellipsis | MontyNode::NotImplemented => return unfit(value.py_repr()),
        MontyNode::Repr(shown) => return other(shown),
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

fn map(
    whole: ObjectRef<'_>,
    entries: &[(NodeId, NodeId)],
    depth: usize,
    pieces: &mut usize,
) -> Result<Data, Unfit> {
    let mut map = Map::default();
    for (key, value) in entries {
        // As `str` gives it: `1`, `True`, `None`.
        let key = unstable::child(whole, *key).to_string();
        match read(unstable::child(whole, *value), depth + 1, pieces) {
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
