//! Data into JavaScript and back.

use std::fmt::Write;

use pt_model::{Data, Map, camel};
use rquickjs::convert::Coerced;
use rquickjs::function::This;
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Error, FromJs, Function, Object, Promise, Type, Value};

use crate::data::{self, DEEPEST, TOO_DEEP};

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
    Unfit(String),
    /// It threw while being looked at.
    Threw(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Threw(error)
    }
}

/// A script's value as data; keys stay as they are.
pub(super) fn from_js(value: &Value<'_>) -> Result<Data, Trouble> {
    Reader { path: String::new(), around: Vec::new() }.read(value)
}

struct Reader<'js> {
    /// Where the value stands in the result: `[0].port`.
    path: String,
    /// The values it stands in.
    around: Vec<Value<'js>>,
}

impl<'js> Reader<'js> {
    fn read(&mut self, value: &Value<'js>) -> Result<Data, Trouble> {
        match value.type_of() {
            Type::Undefined | Type::Null | Type::Uninitialized => Ok(Data::Null),
            Type::Bool => Ok(Data::Bool(value.as_bool().unwrap_or_default())),
            Type::Int => Ok(Data::Int(value.as_int().unwrap_or_default().into())),
            Type::Float => self.number(value.as_number().unwrap_or_default()),
            Type::String => Ok(Data::Str(text(value)?)),
            Type::BigInt => {
                let digits = text(value)?;
                Ok(digits.parse().map_or(Data::Str(digits), Data::Int))
            }
            Type::Array | Type::Object | Type::Proxy | Type::Exception => self.nested(value),
            Type::Function | Type::Constructor => Err(self.unfit("a function")),
            Type::Symbol => Err(self.unfit("a symbol")),
            Type::Promise => match value.as_promise().and_then(Promise::result::<Value<'js>>) {
                Some(settled) => self.read(&settled?),
                None => Err(self.unfit("a promise that nothing settles")),
            },
            Type::Module | Type::Unknown => Err(self.unfit("such a value")),
        }
    }

    fn number(&self, number: f64) -> Result<Data, Trouble> {
        data::number(number).map_err(|what| self.unfit(what))
    }

    fn nested(&mut self, value: &Value<'js>) -> Result<Data, Trouble> {
        if self.around.contains(value) {
            return Err(self.unfit("an object that contains itself"));
        }
        if self.around.len() == DEEPEST {
            self.path.clear();
            return Err(self.unfit(TOO_DEEP));
        }
        let Some(object) = value.as_object() else { return Err(self.unfit("such a value")) };
        self.around.push(value.clone());
        let data = self.object(object);
        self.around.pop();
        data
    }

    fn object(&mut self, object: &Object<'js>) -> Result<Data, Trouble> {
        if object.as_value().is_error() {
            return Ok(Data::Str(text(object.as_value())?));
        }
        if let Some(array) = object.as_array() {
            return self.list(array);
        }
        if is(object, "Date")? {
            let iso: Function<'_> = object.get("toISOString")?;
            return Ok(Data::Str(iso.call((This(object.clone()),))?));
        }
        if is(object, "Set")? {
            return self.list(&array_from(object)?);
        }
        if is(object, "Map")? {
            return self.entries(&array_from(object)?);
        }
        let mut map = Map::default();
        for entry in object.props::<String, Value<'js>>() {
            let (key, value) = entry?;
            let value = self.at(&format!(".{key}"), &value)?;
            map.insert(key.into(), value);
        }
        Ok(Data::Map(Box::new(map)))
    }

    fn list(&mut self, array: &Array<'js>) -> Result<Data, Trouble> {
        let mut items = Vec::with_capacity(array.len().min(1024));
        for (index, item) in array.iter::<Value<'js>>().enumerate() {
            items.push(self.at(&format!("[{index}]"), &item?)?);
        }
        Ok(Data::List(items))
    }

    fn entries(&mut self, entries: &Array<'js>) -> Result<Data, Trouble> {
        let mut map = Map::default();
        for entry in entries.iter::<Array<'js>>() {
            let entry = entry?;
            let key = text(&entry.get::<Value<'js>>(0)?)?;
            let value = self.at(&format!(".{key}"), &entry.get::<Value<'js>>(1)?)?;
            map.insert(key.into(), value);
        }
        Ok(Data::Map(Box::new(map)))
    }

    fn at(&mut self, step: &str, value: &Value<'js>) -> Result<Data, Trouble> {
        let length = self.path.len();
        self.path.push_str(step);
        let data = self.read(value);
        self.path.truncate(length);
        data
    }

    fn unfit(&self, what: &str) -> Trouble {
        let mut message = format!("Cannot convert {what} to data.");
        if !self.path.is_empty() {
            // Writing to a string does not fail.
            write!(message, " It stands at `{}`.", self.path.trim_start_matches('.')).ok();
        }
        Trouble::Unfit(message)
    }
}

fn text(value: &Value<'_>) -> rquickjs::Result<String> {
    Ok(Coerced::<String>::from_js(value.ctx(), value.clone())?.0)
}

fn is(object: &Object<'_>, class: &str) -> rquickjs::Result<bool> {
    let class: Value<'_> = object.ctx().globals().get(class)?;
    Ok(class.is_function() && object.is_instance_of(&class))
}

fn array_from<'js>(object: &Object<'js>) -> rquickjs::Result<Array<'js>> {
    let array: Object<'js> = object.ctx().globals().get("Array")?;
    let from: Function<'js> = array.get("from")?;
    from.call((This(array), object.clone()))
}
