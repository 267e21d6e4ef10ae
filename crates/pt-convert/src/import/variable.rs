//! `${VARIABLES}` of Compose files.

use std::collections::BTreeSet;

use pt_syntax::{Node, NodeKind, Span};
use serde_json::Value;

use super::assignments::Assignment;
use super::interpolation::{Piece, Variable, pieces, setting_name};

/// A value or secret that the polytope file refers to in place of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `postgres-password`.
    pub name: String,
    /// The variable that it stands for: `POSTGRES_PASSWORD`.
    pub variable: String,
    /// Whether it sounds as if it should be kept secret.
    pub is_secret: bool,
    /// What the Compose file or `.env` says it is. Of a secret, only what the Compose file says: that is none.
    pub default: Option<String>,
}

/// A param that stands in place of a variable with a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Param {
    /// What it is called in its module: `port`.
    pub(super) name: String,
    /// What it is called in templates. The same, unless the variable has several defaults.
    pub(super) of: String,
    /// The variable: `PORT`.
    pub(super) variable: String,
    pub(super) default: String,
}

/// The variables of a Compose file: what `.env` says, and which were used.
#[derive(Debug, Default)]
pub(super) struct Variables {
    env: Vec<(String, String)>,
    /// Those that are not to be shown, whatever their names are.
    hidden: BTreeSet<String>,
    /// Those that have a default somewhere, and that nothing sets: they become params.
    defaulted: BTreeSet<String>,
    /// All that a text of the file names.
    named: BTreeSet<String>,
    used: Vec<Setting>,
    /// Secrets of an `env_file`, by the names of their settings.
    kept: Vec<(String, String)>,
    /// The params of the module that is being made.
    params: Vec<Param>,
    /// What was decided now that Compose decides each time, and where it stands.
    decided: Vec<(String, Span)>,
}

/// Whether a literal text would be a reference or code in a polytope file, or a part of one.
fn means_something_here(piece: &Piece) -> bool {
    let Piece::Text(text) = piece else { return false };
    let begun = text.trim_start();
    text.contains("{pt.") || begun.starts_with("pt.") || begun.starts_with("#pt-")
}

impl Variables {
    /// With what `.env` says.
    pub(super) fn with(env: Vec<Assignment>) -> Self {
        let mut variables = Self::default();
        for assignment in env {
            let value = variables.take(&assignment);
            variables.env.extend(value.map(|value| (assignment.name, value)));
        }
        variables
    }

    /// And with what the `.env` of a file says that is included: what was said before holds. Gives the names of what it says
    /// otherwise.
    pub(super) fn and(&mut self, env: Vec<Assignment>) -> Vec<String> {
        let before = self.env.len();
        let mut others = Vec::new();
        for assignment in env {
            let Some(value) = self.take(&assignment) else { continue };
            let known = self.env[..before].iter().rev().find(|(name, _)| *name == assignment.name);
            match known {
                None => self.env.push((assignment.name, value)),
                Some((_, known)) if *known == value => {}
                Some(_) => others.push(assignment.name),
            }
        }
        others
    }

    /// The value of a line, which may refer to those before it.
    fn take(&mut self, assignment: &Assignment) -> Option<String> {
        if assignment.is_secret() {
            self.hidden.insert(assignment.name.clone());
        }
        assignment.value.as_deref().map(|value| self.resolve(value))
    }

    /// Learns which variables have a default in a part of the file.
    pub(super) fn learn(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Str(text) => self.learn_of(text),
            NodeKind::List(items) => items.iter().for_each(|item| self.learn(item)),
            NodeKind::Map(entries) => entries.iter().for_each(|entry| self.learn(&entry.value)),
            _ => {}
        }
    }

    fn learn_of(&mut self, text: &str) {
        for piece in pieces(text) {
            let Piece::Variable(variable) = piece else { continue };
            self.named.insert(variable.name.clone());
            let known = self.set(&variable.name).is_some() || self.hides(&variable);
            if variable.default.is_some() && !known {
                self.defaulted.insert(variable.name);
            }
        }
    }

    /// The params that the texts since the last call referred to.
    pub(super) fn take_params(&mut self) -> Vec<Param> {
        std::mem::take(&mut self.params)
    }

    /// The text at a place with references in the place of variables.
    pub(super) fn refer(&mut self, text: &str, at: Span) -> String {
        let pieces = pieces(text);
        if pieces.iter().any(means_something_here) {
            return self.quoted(pieces, at);
        }
        let whole = pieces.len() == 1;
        let refer = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Variable(variable) => self.reference(&variable, whole, at),
        };
        pieces.into_iter().map(refer).collect()
    }

    /// Code that gives the text: written out, a piece of it would be taken for a reference or for code.
    fn quoted(&mut self, pieces: Vec<Piece>, at: Span) -> String {
        let quote = |text: &str| Value::from(text).to_string();
        let quoted: Vec<String> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => quote(&text),
                Piece::Variable(variable) => {
                    let reference = self.reference(&variable, true, at);
                    match reference.split_once(' ') {
                        Some(("pt.param", name)) => format!("(:{name} params)"),
                        Some(("pt.value", name)) => format!("(pt/value {})", quote(name)),
                        Some(("pt.secret", name)) => format!("(pt/secret {})", quote(name)),
                        _ => quote(&reference),
                    }
                }
            })
            .collect();
        format!("pt.clj (str {})", quoted.join(" "))
    }

    /// The reference to a variable that code or a container reads as a whole: `pt.secret password`.
    pub(super) fn refer_to(&mut self, name: &str, at: Span) -> String {
        let variable = Variable { name: name.to_owned(), ..Variable::default() };
        self.reference(&variable, true, at)
    }

    /// What the variable stands for is not to be shown.
    pub(super) fn hide(&mut self, name: &str) {
        self.hidden.insert(name.to_owned());
    }

    /// The reference to what somebody has to set.
    pub(super) fn require(&mut self, name: &str, at: Span) -> String {
        let variable = Variable { name: name.to_owned(), is_required: true, ..Variable::default() };
        self.reference(&variable, true, at)
    }

    /// The reference to a secret that a service is given with a text of its own. Where that secret's name stands for
    /// something else, it is the service's.
    pub(super) fn keep(&mut self, variable: &str, text: &str, service: &str) -> String {
        let text = self.resolve(text);
        let name = setting_name(variable);
        let is_other = |name: &str| match self.kept.iter().find(|(known, _)| known == name) {
            Some((_, known)) => *known != text,
            None => {
                let named = self.named.iter().any(|variable| setting_name(variable) == *name);
                named && self.set(variable) != Some(&text)
            }
        };
        let own = std::iter::once(format!("{service}-{name}"));
        let numbered = (2..).map(|number| format!("{service}-{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(own).chain(numbered);
        let name = names.find(|name| !is_other(name)).unwrap_or(name);
        if !self.kept.iter().any(|(known, _)| *known == name) {
            self.kept.push((name.clone(), text));
        }
        if !self.used.iter().any(|used| used.name == name) {
            let variable = variable.to_owned();
            self.used.push(Setting { name: name.clone(), variable, is_secret: true, default: None });
        }
        format!("pt.secret {name}")
    }

    /// The text as it is without anybody's settings.
    pub(super) fn resolve(&self, text: &str) -> String {
        let resolve = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Variable(variable) => self.value(&variable).unwrap_or_default(),
        };
        pieces(text).into_iter().map(resolve).collect()
    }

    /// Whether all variables of a text have a value.
    pub(super) fn knows(&self, text: &str) -> bool {
        let has_value = |piece: &Piece| match piece {
            Piece::Text(_) => true,
            Piece::Variable(variable) => self.value(variable).is_some_and(|value| !value.is_empty()),
        };
        pieces(text).iter().all(has_value)
    }

    /// What was decided now since the last call: whole sentences, and where it stands.
    pub(super) fn take_decided(&mut self) -> Vec<(String, Span)> {
        std::mem::take(&mut self.decided)
    }

    pub(super) fn into_settings(self) -> Vec<Setting> {
        self.used
    }

    /// What `.env` says.
    pub(super) fn set(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.as_str())
    }

    /// Whether what a variable stands for is not to be shown.
    fn hides(&self, variable: &Variable) -> bool {
        variable.is_secret() || self.hidden.contains(&variable.name) || self.hides_default(variable)
    }

    /// Whether its default has a variable in it that is not to be shown.
    fn hides_default(&self, variable: &Variable) -> bool {
        let of = |piece: &Piece| matches!(piece, Piece::Variable(inner) if self.hides(inner));
        variable.default.as_deref().is_some_and(|default| pieces(default).iter().any(of))
    }

    fn value(&self, variable: &Variable) -> Option<String> {
        let set = self.set(&variable.name).filter(|value| !value.is_empty());
        if let Some(alternative) = &variable.alternative {
            return set.map(|_| self.resolve(alternative));
        }
        set.map(str::to_owned).or_else(|| self.said(variable))
    }

    /// What the file says of it, without `.env`.
    fn said(&self, variable: &Variable) -> Option<String> {
        variable.default.as_deref().map(|default| self.resolve(default))
    }

    fn reference(&mut self, variable: &Variable, whole: bool, at: Span) -> String {
        // What depends on whether something is set is decided now.
        if let Some(alternative) = &variable.alternative {
            let is_set = self.set(&variable.name).is_some_and(|value| !value.is_empty());
            let now = if is_set { "it is" } else { "it is not" };
            let message =
                format!("What depends on whether `{}` is set was decided now: {now}", variable.name);
            self.decided.push((message, at));
            return if is_set { self.refer(alternative, at) } else { String::new() };
        }
        self.tell_of_inner(variable, at);
        if let Some(reason) = &variable.reason {
            let name = &variable.name;
            self.decided.push((format!("Why `{name}` must be set is no longer told: {reason}"), at));
        }
        let name = variable.setting();
        let reference = |what: &str| if whole { what.to_owned() } else { format!("{{{what}}}") };
        if self.defaulted.contains(&variable.name) {
            let default = self.value(variable).unwrap_or_default();
            return reference(&format!("pt.param {}", self.param(&name, variable, default)));
        }
        let is_secret = self.hides(variable);
        // Compose takes what nobody has set as empty. What `.env` says of a secret is one.
        let known = match is_secret {
            true => self.said(variable).filter(|_| !self.hides_default(variable)),
            false => self.value(variable),
        };
        let default = known.or_else(|| (!variable.is_required && !is_secret).then(String::new));
        match self.used.iter_mut().find(|used| used.name == name) {
            Some(used) => used.default = used.default.take().filter(|known| !known.is_empty()).or(default),
            None => {
                let variable = variable.name.clone();
                self.used.push(Setting { name: name.clone(), variable, is_secret, default });
            }
        }
        reference(&format!("pt.{} {name}", if is_secret { "secret" } else { "value" }))
    }

    /// Says what becomes of variables in a default.
    fn tell_of_inner(&mut self, variable: &Variable, at: Span) {
        let Some(default) = variable.default.as_deref().filter(|_| self.set(&variable.name).is_none()) else {
            return;
        };
        let name = &variable.name;
        for piece in pieces(default) {
            let Piece::Variable(inner) = piece else { continue };
            let message = if self.hides(&inner) {
                format!("`{name}` is not what `{}` is unless it is set: set it, too", inner.name)
            } else {
                let value = self.value(&inner).unwrap_or_default();
                format!("What `{name}` is without being set was decided now: `{}` is `{value}`", inner.name)
            };
            self.decided.push((message, at));
        }
    }

    /// The name of the module's param with this default.
    fn param(&mut self, of: &str, variable: &Variable, default: String) -> String {
        let known = |param: &&Param| param.of == of && param.default == default;
        if let Some(param) = self.params.iter().find(known) {
            return param.name.clone();
        }
        let others = self.params.iter().filter(|param| param.of == of).count();
        let name = if others == 0 { of.to_owned() } else { format!("{of}-{}", others + 1) };
        let variable = variable.name.clone();
        self.params.push(Param { name: name.clone(), of: of.to_owned(), variable, default });
        name
    }
}

#[cfg(test)]
mod tests {
    use pt_syntax::Sources;

    use super::super::assignments::assignments;
    use super::*;

    fn nowhere() -> Span {
        Span { source: Sources::default().add("compose.yaml", ""), start: 0, end: 0 }
    }

    #[test]
    fn secrets_of_one_name_and_of_several() {
        let mut variables = Variables::with(assignments("API_TOKEN=abc").unwrap_or_default());
        variables.learn_of("$API_TOKEN $OTHER_TOKEN");
        for (variable, text, service, reference) in [
            ("API_TOKEN", "abc", "web", "pt.secret api-token"),
            ("API_TOKEN", "def", "web", "pt.secret web-api-token"),
            ("API_TOKEN", "def", "api", "pt.secret api-api-token"),
            ("OTHER_TOKEN", "x", "web", "pt.secret web-other-token"),
            ("DB_PASSWORD", "x", "web", "pt.secret db-password"),
            ("DB_PASSWORD", "x", "api", "pt.secret db-password"),
        ] {
            assert_eq!(variables.keep(variable, text, service), reference);
        }
    }

    #[test]
    fn an_address_with_a_password_is_a_secret_wherever_it_stands() {
        let env = assignments("URL=postgres://me:hunter2@db/app").unwrap_or_default();
        let mut variables = Variables::with(env);
        let text = "${X:-$URL} $URL";
        variables.learn_of(text);
        assert_eq!(variables.refer(text, nowhere()), "{pt.secret x} {pt.secret url}");
        let told = format!("{:?} {:?}", variables.take_decided(), variables.into_settings());
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn lines_of_env_see_those_before() {
        let env = assignments("A=1\nB=\"$A-${C:-2}\"\nC='$A'").unwrap_or_default();
        assert_eq!(Variables::with(env).resolve("$A $B $C"), "1 1-2 $A");
    }

    #[test]
    fn variables_become_references() {
        for (text, referred, resolved) in [
            ("plain", "plain", "plain"),
            ("$PORT", "pt.value port", "8080"),
            ("${PORT}", "pt.value port", "8080"),
            (
                "http://${HOST:-localhost}:$PORT/",
                "http://{pt.param host}:{pt.value port}/",
                "http://localhost:8080/",
            ),
            ("${DB_PASSWORD:?must be set}", "pt.secret db-password", ""),
            ("${A-${B:-c}}", "pt.param a", "c"),
            ("${A:-1} ${A:-2} ${A:-1}", "{pt.param a} {pt.param a-2} {pt.param a}", "1 2 1"),
            ("${A:-1} $A", "{pt.param a} {pt.param a-2}", "1 "),
            (
                "${PORT:-80} ${TOKEN:-t} ${A:-$TOKEN}",
                "{pt.value port} {pt.secret token} {pt.secret a}",
                "8080 t ",
            ),
            ("${PORT:+set}", "set", "set"),
            ("${NONE:+set}", "", ""),
            ("100$", "100$", "100$"),
            ("$$HOME ${/id} $1", "$HOME ${/id} $1", "$HOME ${/id} $1"),
        ] {
            let mut variables = Variables::with(assignments("PORT=8080").unwrap_or_default());
            variables.learn_of(text);
            assert_eq!(variables.resolve(text), resolved, "{text}");
            assert_eq!(variables.refer(text, nowhere()), referred, "{text}");
        }
    }
}
