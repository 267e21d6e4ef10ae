//! Data into JavaScript and back.

use std::borrow::Cow;

use pt_model::{Data, Map, camel};
use rquickjs::atom::PredefinedAtom;
use rquickjs::convert::Coerced;
use rquickjs::function::This;
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Error, FromJs, Function, Object, Promise, Type, Value};

use crate::data::{self, DEEPEST, TOO_DEEP, Unfit};

/// Numbers up to here are exact in JavaScript.
const EXACT: i64 = 1 << 53;

/// Data as a script sees it: keys in camel case; as written they work too, but do not show.
pub(super) fn to_js<'js>(ctx: &Ctx<'js>, data: &Data) -> rquickjs::Result<Value<'js>> {
    let ctx = ctx.clone();
    Ok(match data {
        Data::Null => Value::new_null(ctx),
        Data::Bool(yes) => Value::new_bool(ctx, *yes),
        Data::Int(number) if (-EXACT..=EXACT).contains(number) => Value::new_number(ctx, *number as f64),
        Data::Int(number) => Value::new_big_int(ctx, *number)?,
        Data::Float(number) => Value::new_number(ctx, *number),
        Data::Str(text) => rquickjs::String::from_str(ctx, text)?.into_value(),
        Data::Secret(text) => rquickjs::String::from_str(ctx, &text.expose())?.into_value(),
        Data::List(items) => {
            let array = Array::new(ctx.clone())?;
            for (index, item) in items.iter().enumerate() {
                array.set(index, to_js(&ctx, item)?)?;
            }
            array.into_value()
        }
        Data::Map(map) => map_to_js(&ctx, map)?.into_value(),
    })
}

/// A map as a script sees it.
pub(super) fn map_to_js<'js>(ctx: &Ctx<'js>, map: &Map) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    for (key, value) in map {
        let value = to_js(ctx, value)?;
        let name = camel(key);
        // An alias, unless it is taken by a key that is written just so.
        if name != *key {
            object.prop(key.as_str(), Property::from(value.clone()).writable().configurable())?;
            if map.contains_key(name.as_str()) {
                continue;
            }
        }
        // Defined, not assigned: `__proto__` is a key like any other.
        object.prop(name, Property::from(value).writable().configurable().enumerable())?;
    }
    Ok(object)
}

/// Why a value is not data.
pub(super) enum Trouble {
    /// There is no data like it.
    Unfit(Unfit),
    /// It takes more memory than it may.
    TooLarge,
    /// It threw while being looked at.
    Threw(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Threw(error)
    }
}

/// A script's value as data of at most so many bytes; keys stay as they are.
pub(super) fn from_js(value: &Value<'_>, most: usize) -> Result<Data, Trouble> {
    Reader { around: Vec::new(), plain: None, left: most }.read(value)
}

/// Bytes that a value takes at least.
const VALUE: usize = 32;

struct Reader<'js> {
    /// The values it stands in.
    around: Vec<Value<'js>>,
    /// What `{}` inherits from, once somebody has asked.
    plain: Option<Object<'js>>,
    /// Bytes that may still be taken: an array of nothing may be long, and what stands in many places is copied.
    left: usize,
}

impl<'js> Reader<'js> {
    fn read(&mut self, value: &Value<'js>) -> Result<Data, Trouble> {
        self.take(VALUE)?;
        match value.type_of() {
            Type::Undefined | Type::Null | Type::Uninitialized => Ok(Data::Null),
            Type::Bool => Ok(Data::Bool(value.as_bool().unwrap_or_default())),
            Type::Int => Ok(Data::Int(value.as_int().unwrap_or_default().into())),
            Type::Float => self.number(value.as_number().unwrap_or_default()),
            Type::String => Ok(Data::Str(self.text(value)?)),
            Type::BigInt => {
                let digits = self.text(value)?;
                Ok(digits.parse().map_or(Data::Str(digits), Data::Int))
            }
            Type::Array | Type::Object | Type::Proxy | Type::Exception => self.nested(value),
            Type::Function | Type::Constructor => Err(unfit("a function")),
            Type::Symbol => Err(unfit("a symbol")),
            Type::Promise => match value.as_promise().and_then(Promise::result::<Value<'js>>) {
                Some(settled) => self.read(&settled?),
                None => Err(unfit("a promise that nothing settles")),
            },
            Type::Module | Type::Unknown => Err(unfit("such a value")),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Trouble> {
        self.left = self.left.checked_sub(bytes).ok_or(Trouble::TooLarge)?;
        Ok(())
    }

    fn text(&mut self, value: &Value<'js>) -> Result<String, Trouble> {
        let text = text(value)?;
        self.take(text.len())?;
        Ok(text)
    }

    fn number(&self, number: f64) -> Result<Data, Trouble> {
        data::number(number).map_err(unfit)
    }

    fn nested(&mut self, value: &Value<'js>) -> Result<Data, Trouble> {
        if self.around.contains(value) {
            return Err(unfit("an object that contains itself"));
        }
        if self.around.len() == DEEPEST {
            return Err(unfit(TOO_DEEP));
        }
        let Some(object) = value.as_object() else { return Err(unfit("such a value")) };
        self.around.push(value.clone());
        let data = self.object(object);
        self.around.pop();
        data
    }

    fn object(&mut self, object: &Object<'js>) -> Result<Data, Trouble> {
        if object.as_value().is_error() {
            return Ok(Data::Str(self.text(object.as_value())?));
        }
        if let Some(array) = object.as_array() {
            return self.list(array);
        }
        if self.is_plain(object)? {
            return self.entries_of(object);
        }
        let class = class(object)?;
        match class.as_str() {
            "Date" => {
                let time: f64 = call(object, "getTime")?;
                if time.is_nan() {
                    return Err(unfit("an invalid date"));
                }
                Ok(Data::Str(call(object, "toISOString")?))
            }
            "Set" | "Arguments" => self.list(&array_from(object)?),
            "Map" => self.map(&array_from(object)?),
            "Number" | "String" | "Boolean" | "BigInt" => {
                let value: Value<'js> = call(object, "valueOf")?;
                if value.is_object() { Err(unfit("such a value")) } else { self.read(&value) }
            }
            "RegExp" => Err(unfit("a regular expression")),
            "Generator" | "AsyncGenerator" => Err(unfit("a generator")),
            class if class.ends_with("Array") => self.list(&array_from(object)?),
            class if class.ends_with(" Iterator") || class == "Iterator Helper" => Err(unfit("an iterator")),
            class if UNFIT.contains(&class) => Err(unfit(class.to_owned())),
            // What a script made of a class of its own, or of no prototype.
            _ => match object.get::<_, Value<'js>>("toJSON")?.as_function() {
                Some(to_json) => {
                    let json: Value<'js> = to_json.call((This(object.clone()),))?;
                    self.read(&json)
                }
                None => self.entries_of(object),
            },
        }
    }

    /// Whether it is an object as `{}` writes it, of which nothing more needs to be known.
    fn is_plain(&mut self, object: &Object<'js>) -> Result<bool, Trouble> {
        let plain = match self.plain.take() {
            Some(plain) => Some(plain),
            None => Object::new(object.ctx().clone())?.get_prototype(),
        };
        let same = object.get_prototype() == plain && !object.as_value().is_proxy();
        self.plain = plain;
        // `arguments`, `Math` and the like inherit from the same, and are told by what else they have.
        Ok(same
            && !object.contains_key("toJSON")?
            && !object.contains_key("callee")?
            && !object.contains_key(PredefinedAtom::SymbolToStringTag)?)
    }

    fn entries_of(&mut self, object: &Object<'js>) -> Result<Data, Trouble> {
        let mut map = Map::default();
        for entry in object.props::<String, Value<'js>>() {
            let (key, value) = entry?;
            self.take(key.len())?;
            let value = self.at(&value, || format!(".{key}"))?;
            map.insert(key.into(), value);
        }
        Ok(Data::Map(Box::new(map)))
    }

    fn list(&mut self, array: &Array<'js>) -> Result<Data, Trouble> {
        // Not its `len`, which has no more than 32 bits.
        let length = array.as_object().get::<_, f64>("length")? as usize;
        let mut items = Vec::with_capacity(length.min(1024));
        for index in 0..length {
            items.push(self.at(&array.get(index)?, || format!("[{index}]"))?);
        }
        Ok(Data::List(items))
    }

    fn map(&mut self, entries: &Array<'js>) -> Result<Data, Trouble> {
        let mut map = Map::default();
        for entry in entries.iter::<Array<'js>>() {
            let entry = entry?;
            let key = entry.get::<Value<'js>>(0)?;
            if key.is_object() || key.is_symbol() {
                return Err(unfit("a Map with a key that is no text"));
            }
            let key = self.text(&key)?;
            let value = self.at(&entry.get::<Value<'js>>(1)?, || format!(".{key}"))?;
            map.insert(key.into(), value);
        }
        Ok(Data::Map(Box::new(map)))
    }

    /// A value within another, one step inwards.
    fn at(&mut self, value: &Value<'js>, step: impl FnOnce() -> String) -> Result<Data, Trouble> {
        self.read(value).map_err(|trouble| match trouble {
            Trouble::Unfit(unfit) => Trouble::Unfit(unfit.within(step())),
            Trouble::TooLarge | Trouble::Threw(_) => trouble,
        })
    }
}

fn unfit(what: impl Into<Cow<'static, str>>) -> Trouble {
    Trouble::Unfit(Unfit::new(what))
}

/// Classes of the language whose objects hold what does not show.
const UNFIT: [&str; 14] = [
    "ArrayBuffer",
    "Atomics",
    "DOMException",
    "DataView",
    "FinalizationRegistry",
    "Intl",
    "JSON",
    "Math",
    "Reflect",
    "SharedArrayBuffer",
    "Symbol",
    "WeakMap",
    "WeakRef",
    "WeakSet",
];

fn text<'js>(value: &Value<'js>) -> rquickjs::Result<String> {
    match Coerced::<String>::from_js(value.ctx(), value.clone()) {
        Ok(Coerced(text)) => Ok(text),
        // Half of a pair of units of UTF-16 is no character.
        Err(Error::Utf8(_) | Error::FromJs { .. }) if value.is_string() => {
            let plain: Object<'js> = value.ctx().globals().get("String")?;
            let prototype: Object<'js> = plain.get("prototype")?;
            let mended: Function<'js> = prototype.get("toWellFormed")?;
            Ok(mended.call((This(value.clone()),))?)
        }
        Err(error) => Err(error),
    }
}

/// What the language calls an object: `Date` of `[object Date]`.
pub(super) fn class(object: &Object<'_>) -> rquickjs::Result<String> {
    let plain = Object::new(object.ctx().clone())?;
    let to_string: Function<'_> = plain.get("toString")?;
    let named: String = to_string.call((This(object.clone()),))?;
    Ok(named.trim_start_matches("[object ").trim_end_matches(']').to_owned())
}

fn call<'js, T: FromJs<'js>>(object: &Object<'js>, method: &str) -> rquickjs::Result<T> {
    let method: Function<'js> = object.get(method)?;
    method.call((This(object.clone()),))
}

fn array_from<'js>(object: &Object<'js>) -> rquickjs::Result<Array<'js>> {
    let array: Object<'js> = object.ctx().globals().get("Array")?;
    let from: Function<'js> = array.get("from")?;
    from.call((This(array), object.clone()))
}
