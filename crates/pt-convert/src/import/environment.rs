//! The environment of a service.

use pt_model::Data;
use pt_syntax::{Node, NodeKind};

use super::interpolation::assignments;
use super::map;
use super::merge::scalar;
use super::service::Imports;

impl Imports<'_> {
    /// `env_file` and above it `environment`: name and value, in the order of their first naming.
    pub(super) fn environment(&mut self, service: &Node) -> Vec<Data> {
        let mut variables: Vec<(String, Data)> = Vec::new();
        let mut set = |name: String, value: Data| match variables.iter_mut().find(|(known, _)| *known == name)
        {
            Some((_, known)) => *known = value,
            None => variables.push((name, value)),
        };
        for (name, value) in self.env_files(service) {
            set(name, Data::from(value));
        }
        let environment = service.get("environment");
        for entry in environment.map(Node::entries).unwrap_or_default() {
            set(entry.key.clone(), self.env_value(&entry.key, scalar(&entry.value)));
        }
        for item in environment.map(Node::items).unwrap_or_default() {
            let Some(text) = scalar(item) else { continue };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (text.as_str(), None),
            };
            set(name.to_owned(), self.env_value(name, value));
        }
        variables
            .into_iter()
            .map(|(name, value)| map([("name", Data::from(name)), ("value", value)]))
            .collect()
    }

    /// A value; one that is not given is that of the person who runs it.
    fn env_value(&mut self, name: &str, value: Option<String>) -> Data {
        Data::from(match value {
            Some(text) => self.variables.refer(&text),
            None => self.variables.refer_to(name),
        })
    }

    fn env_files(&mut self, service: &Node) -> Vec<(String, String)> {
        let Some(node) = service.get("env_file") else { return Vec::new() };
        let files: Vec<&Node> =
            if let NodeKind::List(items) = &node.kind { items.iter().collect() } else { vec![node] };
        let mut found = Vec::new();
        for file in files {
            let required =
                !matches!(file.get("required").map(|node| &node.kind), Some(NodeKind::Bool(false)));
            let Some(path) = file.get("path").unwrap_or(file).as_str() else { continue };
            self.others_of(file, "env_file", &["path", "required"]);
            let path = self.variables.resolve(path);
            match self.world.read(&self.file.dir.join(&path)) {
                Ok(text) => {
                    let values = assignments(&text);
                    found
                        .extend(values.into_iter().map(|(name, value)| (name, self.variables.refer(&value))));
                    let message =
                        format!("What `{path}` says of variables was copied: changes of it have no effect");
                    self.notes.add(message, "", file.span);
                }
                Err(_) if !required => {}
                Err(cause) => {
                    let message = format!("The env_file `{path}` cannot be read: {cause}");
                    self.notes.add(message, "make it, and import again", file.span);
                }
            }
        }
        found
    }
}
