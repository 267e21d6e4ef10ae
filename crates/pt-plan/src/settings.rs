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

/// What code in args may ask for: values and secrets.
pub(crate) struct Settings<'n> {
    pub(crate) named: &'n dyn Named,
    pub(crate) not_set: Vec<(Store, String)>,
    pub(crate) secrets: Vec<Text>,
}

impl Host for Settings<'_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let store = match function {
            "value" => Store::Value,
            "secret" => Store::Secret,
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
            Failure { message, data: Data::Null }
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
