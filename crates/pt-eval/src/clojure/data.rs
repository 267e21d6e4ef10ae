//! Data into Clojure and back.

use pt_clj::{Object, Value, print};
use pt_model::{Data, Map};

use crate::data::{self, DEEPEST, TOO_DEEP, Unfit};

/// Data as code sees it: maps have keywords as keys.
pub(super) fn to_clojure(data: &Data) -> Value {
    match data {
        Data::Null => Value::Nil,
        Data::Bool(yes) => Value::Bool(*yes),
        Data::Int(number) => Value::Int(*number),
        Data::Float(number) => Value::Float(*number),
        Data::Str(text) => Value::str(text.as_str()),
        Data::Secret(text) => Value::str(text.expose()),
        Data::List(items) => Value::vector(items.iter().map(to_clojure).collect()),
        Data::Map(map) => map_to_clojure(map),
    }
}

/// A map as code sees it.
pub(super) fn map_to_clojure(map: &Map) -> Value {
    Value::map(map.iter().map(|(key, value)| (Value::keyword(key), to_clojure(value))))
}

/// A value of code as data, or why it is none. Sequences are realised beforehand.
pub(super) fn from_clojure(value: &Value) -> Result<Data, String> {
    Reading { strict: true }.read(value, 0).map_err(|unfit| unfit.message())
}

/// The same for people to look at: what is no data is what Clojure would print of it.
pub(super) fn shown(value: &Value) -> Data {
    Reading { strict: false }.read(value, 0).unwrap_or_default()
}

fn unfit(what: &'static str) -> Result<Data, Unfit> {
    Err(Unfit::new(what))
}

fn float(number: f64) -> Result<Data, Unfit> {
    data::number(number).map_err(Unfit::new)
}

#[derive(Clone, Copy)]
struct Reading {
    /// Whether what is no data is a mistake.
    strict: bool,
}

impl Reading {
    fn read(self, value: &Value, depth: usize) -> Result<Data, Unfit> {
        if depth > DEEPEST {
            return unfit(TOO_DEEP);
        }
        match self.part(value, depth) {
            Err(_) if !self.strict => Ok(Data::Str(print::str(value))),
            read => read,
        }
    }

    fn part(self, value: &Value, depth: usize) -> Result<Data, Unfit> {
        Ok(match value {
            Value::Nil => Data::Null,
            Value::Bool(yes) => Data::Bool(*yes),
            Value::Int(number) => Data::Int(*number),
            Value::Float(number) => return float(*number),
            Value::BigInt(number) => match i64::try_from(&**number) {
                Ok(number) => Data::Int(number),
                Err(_) => Data::Str(number.to_string()),
            },
            Value::Ratio(ratio) => {
                let (above, below) = &**ratio;
                let part = |number: String| number.parse::<f64>().unwrap_or(f64::NAN);
                return float(part(above.to_string()) / part(below.to_string()));
            }
            Value::Decimal(number) => {
                let text = number.to_string();
                return match text.parse::<i64>() {
                    Ok(integer) => Ok(Data::Int(integer)),
                    Err(_) => float(text.parse().unwrap_or(f64::NAN)),
                };
            }
            Value::Char(letter) => Data::Str(letter.to_string()),
            Value::Str(text) => Data::Str(text.as_str().to_owned()),
            Value::Keyword(name) | Value::Symbol(name) => Data::Str(name.as_str().to_owned()),
            Value::Map(map) => self.entries(map.iter(), depth)?,
            Value::Sorted(sorted) if !sorted.is_set() => self.entries(sorted.iter(), depth)?,
            Value::Record(record) => self.entries(record.fields.iter(), depth)?,
            Value::Object(object) => match &**object {
                Object::Inst(_) => Data::Str(
                    print::pr_str(value).trim_start_matches("#inst ").replace('"', "").replace("-00:00", "Z"),
                ),
                Object::Array { .. } | Object::Queue(..) => self.list(value, depth)?,
                Object::Tagged(_, inner) => return self.read(inner, depth + 1),
                Object::Type(_) | Object::Namespace(_) => Data::Str(print::pr_str(value)),
                Object::Multi(_) => return unfit("a function"),
                Object::Protocol(_) => return unfit("a protocol"),
                Object::Transient(_) => return unfit("a transient"),
                Object::Promise(_) => return unfit("a promise"),
                Object::Unbound(_) => return unfit("a var without a value"),
                Object::Matcher { .. } | Object::Plain => return unfit("an object"),
            },
            Value::Vector(_) | Value::Set(_) | Value::List(_) | Value::Lazy(_) | Value::Sorted(_) => {
                self.list(value, depth)?
            }
            Value::Class(_) | Value::Regex(_) | Value::Uuid(_) => Data::Str(print::str(value)),
            Value::Reduced(inner) => return self.read(&inner.0, depth + 1),
            Value::Native(_) | Value::Fn(_) | Value::Var(_) => return unfit("a function"),
            Value::Cell(_) => return unfit("an atom"),
            Value::Delay(_) => return unfit("a delay"),
            Value::Exception(_) => return unfit("an exception"),
        })
    }

    fn entries<'v>(
        self,
        entries: impl Iterator<Item = (&'v Value, &'v Value)>,
        depth: usize,
    ) -> Result<Data, Unfit> {
        let mut data = Map::default();
        for (key, value) in entries {
            let mut name = text(key);
            if data.contains_key(name.as_str()) {
                if self.strict {
                    return Err(Unfit::new(format!("a map with two keys that are both `{name}`")));
                }
                name = print::pr_str(key);
            }
            let key = name;
            match self.read(value, depth + 1) {
                Ok(value) => {
                    data.insert(key.into(), value);
                }
                Err(unfit) => return Err(unfit.within(format!(".{key}"))),
            }
        }
        Ok(Data::Map(Box::new(data)))
    }

    fn list(self, value: &Value, depth: usize) -> Result<Data, Unfit> {
        let items = value.items().unwrap_or_default();
        let items = items.iter().enumerate();
        let read = items
            .map(|(index, item)| {
                self.read(item, depth + 1).map_err(|unfit| unfit.within(format!("[{index}]")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Data::List(read))
    }
}

/// Keys: names of keywords, everything else as `str` gives it.
fn text(key: &Value) -> String {
    if let Value::Keyword(name) | Value::Symbol(name) = key {
        name.as_str().to_owned()
    } else {
        print::str(key)
    }
}
