//! The environment of a service.

use pt_model::Data;
use pt_syntax::{Node, NodeKind, Span};

use super::assignments::{Assignment, assignments, raw_assignments};
use super::interpolation::{Piece, pieces, setting_name, substituted};
use super::map;
use super::merge::scalar;
use super::service::Imports;
use super::volume::is_literal;

/// A variable that a file of `env_file` has set.
struct Known {
    name: String,
    text: String,
    is_secret: bool,
}

impl Imports<'_> {
    /// `env_file` and above it `environment`: name and value, in the order of their first naming.
    pub(super) fn environment(&mut self, id: &str, service: &Node) -> Vec<Data> {
        let environment = service.get("environment");
        let mut own: Vec<(String, Option<String>, Span)> = Vec::new();
        for entry in environment.map(Node::entries).unwrap_or_default() {
            own.push((entry.key.clone(), scalar(&entry.value), entry.value.span));
        }
        for item in environment.map(Node::items).unwrap_or_default() {
            let Some(text) = scalar(item) else { continue };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (text.as_str(), None),
            };
            own.push((name.to_owned(), value, item.span));
        }
        own.retain(|(name, _, at)| self.is_variable(name, *at));
        let mut variables: Vec<(String, Data)> = Vec::new();
        let mut set = |name: String, value: Data| match variables.iter_mut().find(|(known, _)| *known == name)
        {
            Some((_, known)) => *known = value,
            None => variables.push((name, value)),
        };
        // What is set below needs no secret of a file.
        let is_covered = |name: &str| own.iter().any(|(own, ..)| own == name);
        for (name, value) in self.env_files(id, service, &is_covered) {
            set(name, Data::from(value));
        }
        for (name, value, at) in own {
            let value = self.env_value(&name, value, at);
            set(name, value);
        }
        variables
            .into_iter()
            .map(|(name, value)| map([("name", Data::from(name)), ("value", value)]))
            .collect()
    }

    /// Whether a variable can have this name; it is said of one that cannot.
    fn is_variable(&mut self, name: &str, at: Span) -> bool {
        let is_name = !name.is_empty() && is_literal(name);
        if !is_name {
            self.notes.add(format!("`{name}` is no name of a variable: it is left out"), "", at);
        }
        is_name
    }

    /// A value; one that is not given is that of the person who runs it.
    fn env_value(&mut self, name: &str, value: Option<String>, at: Span) -> Data {
        Data::from(match value {
            Some(text) => {
                let written = Assignment { name: name.to_owned(), value: Some(text.clone()) };
                let is_plain = |piece: &Piece| matches!(piece, Piece::Text(_));
                if written.is_secret() && pieces(&text).iter().all(is_plain) && !text.is_empty() {
                    let message = format!("`{name}` stands in clear in the polytope file, too");
                    let hint =
                        format!("make it a secret: write `pt.secret {}` in its place", setting_name(name));
                    self.notes.add(message, &hint, at);
                }
                self.variables.refer(&text, at)
            }
            None => self.variables.refer_to(name, at),
        })
    }

    fn env_files(
        &mut self,
        id: &str,
        service: &Node,
        is_covered: &dyn Fn(&str) -> bool,
    ) -> Vec<(String, String)> {
        let Some(node) = service.get("env_file") else { return Vec::new() };
        let files: Vec<&Node> =
            if let NodeKind::List(items) = &node.kind { items.iter().collect() } else { vec![node] };
        let mut known: Vec<Known> = Vec::new();
        let mut found = Vec::new();
        for file in files {
            for assignment in self.env_file(file) {
                if !self.is_variable(&assignment.name, file.span) {
                    continue;
                }
                if !is_covered(&assignment.name) {
                    let value = self.assigned(&assignment, id, &known, file.span);
                    found.push((assignment.name.clone(), value));
                }
                let is_secret = assignment.is_secret();
                let Assignment { name, value: Some(text) } = assignment else { continue };
                let text = self.with_known(&text, &known).0;
                known.insert(0, Known { name, text, is_secret });
            }
        }
        found
    }

    /// What a file says, if it can be read.
    fn env_file(&mut self, file: &Node) -> Vec<Assignment> {
        let required = file.get("required").is_none_or(|required| self.flag(required));
        let Some(path) = file.get("path").unwrap_or(file).as_str() else { return Vec::new() };
        self.others_of(file, "env_file", &["path", "required", "format"]);
        let path = self.variables.resolve(path);
        let text = match self.world.read(&self.file.dir.join(&path)) {
            Ok(text) => text,
            Err(_) if !required => {
                let message = format!("There is no `{path}`: nothing of it is copied");
                self.notes.add(message, "make it, and import again", file.span);
                return Vec::new();
            }
            Err(cause) => {
                let message = format!("The env_file `{path}` cannot be read: {cause}");
                self.notes.add(message, "make it, and import again", file.span);
                return Vec::new();
            }
        };
        let read = match file.get("format").map(|format| (format.as_str(), format.span)) {
            None => assignments(&text),
            Some((Some("raw"), _)) => Ok(raw_assignments(&text)),
            Some((format, at)) => {
                let format = format.unwrap_or_default();
                self.notes.refuse(format!("An env_file has no format `{format}`"), at);
                return Vec::new();
            }
        };
        let message = format!("What `{path}` says of variables was copied: changes of it have no effect");
        self.notes.add(message, "", file.span);
        read.unwrap_or_else(|why| {
            self.notes.refuse(format!("The env_file `{path}` cannot be read: {why}"), file.span);
            Vec::new()
        })
    }

    /// The value of a variable of a file; one that is not to be shown is a secret.
    fn assigned(&mut self, assignment: &Assignment, id: &str, known: &[Known], at: Span) -> String {
        let name = &assignment.name;
        let Some(text) = &assignment.value else { return self.variables.refer_to(name, at) };
        let (text, has_secret) = self.with_known(text, known);
        let says_something = pieces(&text).iter().any(|piece| matches!(piece, Piece::Text(_)));
        if says_something && (has_secret || assignment.is_secret()) {
            let reference = self.variables.keep(name, &text, id);
            let message =
                format!("`{name}` was not copied: it became {}", reference.replacen("pt.", "the ", 1));
            self.notes.add(message, "", at);
            return reference;
        }
        self.variables.refer(&text, at)
    }

    /// The text with what the file said before in place of variables, and whether a secret is among that. What `.env`
    /// says comes first.
    fn with_known(&self, text: &str, known: &[Known]) -> (String, bool) {
        let of = |name: &str| {
            let known = known.iter().find(|known| known.name == name);
            known.filter(|_| self.variables.set(name).is_none())
        };
        let names = |known: &Known| {
            let is_it =
                |piece: &Piece| matches!(piece, Piece::Variable(variable) if variable.name == known.name);
            pieces(text).iter().any(is_it)
        };
        let has_secret =
            known.iter().any(|known| known.is_secret && of(&known.name).is_some() && names(known));
        (substituted(text, |name| of(name).map(|known| known.text.as_str())), has_secret)
    }
}
