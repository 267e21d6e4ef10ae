//! Reading data.

use pt_edn::{Mode, Reader};

use super::{natives, text};
use crate::Value;
use crate::context::{Context, Readers};
use crate::exception::Eval;

natives! { "clojure.edn":
    // a text: its first form and what follows
    "read-one*" 1 1 |context, args| {
        let source = text(context, &args[0])?.to_owned();
        let form = Reader::with_mode(&source, Mode::Clojure).read_next();
        match form {
            Some(Ok(form)) => {
                let value = crate::convert::quoted(context, &form)?;
                Ok(Value::vector(vec![value, Value::str(&source[form.span.end..])]))
            }
            Some(Err(error)) => Err(context.error("RuntimeException", error.message)),
            None => Err(context.error("RuntimeException", "EOF while reading")),
        }
    },
    "read-string" 1 2 |context, args| read(context, args, Mode::Edn),
}

pub(super) fn read(context: &mut Context<'_>, args: &[Value], mode: Mode) -> Eval {
    let source = match args {
        [_, source] | [source] => source,
        _ => &Value::Nil,
    };
    if source.is_nil() {
        return Ok(Value::Nil);
    }
    let space = context.spaces.current();
    let aliases = context
        .spaces
        .aliases(space)
        .into_iter()
        .map(|(alias, full)| (alias.into_string(), full.into_string()));
    let mut reader = Reader::with_mode(text(context, source)?, mode).within(space, aliases.collect());
    // A form takes much more than its text.
    let length = source.as_str().map_or(0, str::len);
    context.charge(length.saturating_mul(60))?;
    context.spend(length * 16)?;
    let options = match args {
        [Value::Map(options), _] => Some(options),
        _ => None,
    };
    let option = |name: &str| options.and_then(|options| options.get(&Value::keyword(name))).cloned();
    let form = reader.read_next();
    let before = std::mem::replace(
        &mut context.readers,
        Readers {
            by_tag: option("readers").unwrap_or_default(),
            default: option("default").unwrap_or_default(),
        },
    );
    let mut value = Ok(Value::Nil);
    for discarded in reader.discarded() {
        value = value.and_then(|_| crate::convert::quoted(context, discarded));
    }
    let value = value.and_then(|_| match form {
        Some(Ok(form)) => crate::convert::quoted(context, &form),
        Some(Err(error)) => Err(context.error("RuntimeException", error.message)),
        None => match (option("eof"), options) {
            (Some(eof), _) => Ok(eof),
            (None, Some(options)) if !options.contains_key(&Value::keyword("eof")) => {
                Err(context.error("RuntimeException", "EOF while reading"))
            }
            _ if mode == Mode::Clojure => Err(context.error("RuntimeException", "EOF while reading")),
            _ => Ok(Value::Nil),
        },
    });
    context.readers = before;
    value
}
