//! Values and secrets by their names.

use pt_eval::{Host, NoHost};
use pt_model::{Data, Failure, Text};

use crate::missing::Store;
use crate::plan::Named;

/// The value with this name, in whatever spelling.
pub(crate) fn value(named: &dyn Named, name: &str) -> Option<String> {
    spellings(name).find_map(|name| named.value(&name))
}

/// The secret with this name, in whatever spelling.
pub(crate) fn secret(named: &dyn Named, name: &str) -> Option<Text> {
    spellings(name).find_map(|name| named.secret(&name))
}

/// What code in args may ask for: values, secrets, and results of steps.
pub(crate) struct Settings<'n> {
    named: &'n dyn Named,
    level: usize,
    pub(crate) not_set: Vec<(Store, String)>,
    pub(crate) secrets: Vec<Text>,
    /// Whether it asked for the result of a step, which nobody knows yet.
    pub(crate) late: bool,
}

impl<'n> Settings<'n> {
    pub(crate) fn new(named: &'n dyn Named, level: usize) -> Self {
        Self { named, level, not_set: Vec::new(), secrets: Vec::new(), late: false }
    }

    fn output(&mut self, args: &[Data]) -> Result<Data, Failure> {
        let text = |at: usize| args.get(at).and_then(Data::as_str);
        let found = self.named.output(self.level, text(0).unwrap_or_default(), text(1));
        found.ok_or_else(|| {
            self.late = true;
            Failure::new("The result of a step is known when the step has ended.", Data::Null)
        })
    }
}

impl Host for Settings<'_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let store = match function {
            "value" => Store::Value,
            "secret" => Store::Secret,
            "output" => return self.output(&args),
            _ => return NoHost.call(function, args),
        };
        let name = args.first().map(|name| name.to_text().masked()).unwrap_or_default();
        let found = match store {
            Store::Value => value(self.named, &name).map(Data::Str),
            Store::Secret => secret(self.named, &name).map(|secret| {
                self.secrets.push(secret.clone());
                Data::from(secret)
            }),
        };
        found.ok_or_else(|| {
            let message = store.not_set(&name);
            self.not_set.push((store, name));
            Failure::new(message, Data::Null)
        })
    }

    fn print(&mut self, _: &str) {}
}

/// The name, and how programs write it that copy settings from file to file: `dbHost`, `db_host`, `db-host`. The others
/// are made only when they are asked for.
fn spellings(name: &str) -> impl Iterator<Item = String> {
    std::iter::once_with(|| name.to_owned()).chain(std::iter::once_with(|| others(name)).flatten())
}

fn others(name: &str) -> Vec<String> {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    let mut camel = String::new();
    for (index, word) in kebab.split('-').enumerate() {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        camel.push_str(&if index == 0 { first.to_owned() } else { first.to_uppercase() });
        camel.push_str(rest);
    }
    let snake = kebab.replace('-', "_");
    let mut all: Vec<String> = Vec::new();
    for spelling in [kebab, snake, camel] {
        if spelling != name && !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}
