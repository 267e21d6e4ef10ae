//! Reading data.

use pt_edn::{Mode, Reader};

use super::{natives, text};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;

natives! { "clojure.edn":
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
    let mut reader = Reader::with_mode(text(context, source)?, mode);
    match reader.read_next() {
        Some(Ok(form)) => crate::convert::quoted(context, &form),
        Some(Err(error)) => Err(context.error("RuntimeException", error.message)),
        None => match args {
            // `(read-string {:eof x} "")`
            [Value::Map(options), _] if options.contains_key(&Value::keyword("eof")) => {
                Ok(options.get(&Value::keyword("eof")).cloned().unwrap_or_default())
            }
            _ => Ok(Value::Nil),
        },
    }
}
