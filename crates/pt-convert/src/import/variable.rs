//! `${VARIABLES}` of Compose files.

use std::path::Path;

use pt_spec::World;

/// A value or secret that the polytope file refers to in place of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `postgres-password`.
    pub name: String,
    /// The variable that it stands for: `POSTGRES_PASSWORD`.
    pub variable: String,
    /// Whether it sounds as if it should be kept secret.
    pub is_secret: bool,
    /// What the Compose file or `.env` says it is.
    pub default: Option<String>,
}

/// The variables of a Compose file: what `.env` says, and which were used.
#[derive(Debug, Default)]
pub(super) struct Variables {
    env: Vec<(String, String)>,
    used: Vec<Setting>,
}

/// Words in the names of what should not be shown.
const SECRET: [&str; 8] =
    ["password", "passwd", "secret", "token", "api-key", "private-key", "credential", "-pw"];

impl Variables {
    /// With the file `.env` of a directory, if there is one.
    pub(super) fn of_dir(world: &dyn World, dir: &Path) -> Self {
        let text = world.read(&dir.join(".env")).unwrap_or_default();
        Self { env: assignments(&text), used: Vec::new() }
    }

    /// The text with references in place of variables.
    pub(super) fn refer(&mut self, text: &str) -> String {
        let pieces = pieces(text);
        let whole = pieces.len() == 1;
        let refer = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Variable(variable) => self.reference(&variable, whole),
        };
        pieces.into_iter().map(refer).collect()
    }

    /// The reference to a variable that code or a container reads as a whole: `pt.secret password`.
    pub(super) fn refer_to(&mut self, name: &str) -> String {
        let variable =
            Variable { name: name.to_owned(), default: None, alternative: None, is_required: false };
        self.reference(&variable, true)
    }

    /// The reference to what somebody has to set.
    pub(super) fn require(&mut self, name: &str) -> String {
        let variable =
            Variable { name: name.to_owned(), default: None, alternative: None, is_required: true };
        self.reference(&variable, true)
    }

    /// The text as it is without anybody's settings.
    pub(super) fn resolve(&self, text: &str) -> String {
        let resolve = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Variable(variable) => self.value(&variable).unwrap_or_default(),
        };
        pieces(text).into_iter().map(resolve).collect()
    }

    pub(super) fn into_settings(self) -> Vec<Setting> {
        self.used
    }

    fn set(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.as_str())
    }

    fn value(&self, variable: &Variable) -> Option<String> {
        let set = self.set(&variable.name).filter(|value| !value.is_empty());
        if let Some(alternative) = &variable.alternative {
            return set.map(|_| self.resolve(alternative));
        }
        let default = || variable.default.as_deref().map(|default| self.resolve(default));
        set.map(str::to_owned).or_else(default)
    }

    fn reference(&mut self, variable: &Variable, whole: bool) -> String {
        // What depends on whether something is set is decided now.
        if let Some(alternative) = &variable.alternative {
            let is_set = self.set(&variable.name).is_some_and(|value| !value.is_empty());
            return if is_set { self.refer(alternative) } else { String::new() };
        }
        // Compose takes what nobody has set as empty.
        let default = self.value(variable).or_else(|| (!variable.is_required).then(String::new));
        let name = variable.name.to_lowercase().replace('_', "-").trim_matches('-').to_owned();
        let is_secret = SECRET.iter().any(|word| name.contains(word));
        match self.used.iter_mut().find(|used| used.name == name) {
            Some(used) => used.default = used.default.take().filter(|known| !known.is_empty()).or(default),
            None => {
                let variable = variable.name.clone();
                self.used.push(Setting { name: name.clone(), variable, is_secret, default });
            }
        }
        let reference = format!("pt.{} {name}", if is_secret { "secret" } else { "value" });
        if whole { reference } else { format!("{{{reference}}}") }
    }
}

/// `NAME=value` lines, as in `.env` files: comments, quotes, `export`.
pub(super) fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
        let value = match (quoted('"'), quoted('\'')) {
            (Some((inside, _)), _) => inside.replace("\\n", "\n"),
            (None, Some((inside, _))) => inside.to_owned(),
            (None, None) => value.split(" #").next().unwrap_or(value).trim_end().to_owned(),
        };
        found.push((name.trim().to_owned(), value));
    }
    found
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

/// `${NAME:-default}` or `${NAME:+alternative}`.
#[derive(Debug, PartialEq)]
struct Variable {
    name: String,
    default: Option<String>,
    alternative: Option<String>,
    is_required: bool,
}

/// A text in its pieces; `$$` is a dollar sign.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        plain.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            plain.push('$');
            rest = after;
        } else if let Some((variable, after)) = variable(rest) {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Variable(variable));
            rest = after;
        } else {
            plain.push('$');
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The variable that stands behind a dollar sign, and what follows it.
fn variable(text: &str) -> Option<(Variable, &str)> {
    let name = |text: &str| text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let begins = |text: &str| text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    let Some(inside) = text.strip_prefix('{') else {
        let end = name(text);
        let name = text[..end].to_owned();
        let variable = Variable { name, default: None, alternative: None, is_required: false };
        return begins(text).then_some((variable, &text[end..]));
    };
    let end = closing(inside)?;
    let (inside, after) = (&inside[..end], &inside[end + 1..]);
    let (name, operator) = inside.split_at(name(inside));
    let operator = operator.strip_prefix(':').unwrap_or(operator);
    let default = operator.strip_prefix('-').map(str::to_owned);
    let alternative = operator.strip_prefix('+').map(str::to_owned);
    let is_required = operator.starts_with('?');
    let known = operator.is_empty() || operator.starts_with(['-', '+', '?']);
    let name = name.to_owned();
    (begins(&name) && known).then_some((Variable { name, default, alternative, is_required }, after))
}

/// Where the brace closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_references() {
        for (text, referred, resolved) in [
            ("plain", "plain", "plain"),
            ("$PORT", "pt.value port", "8080"),
            ("${PORT}", "pt.value port", "8080"),
            (
                "http://${HOST:-localhost}:$PORT/",
                "http://{pt.value host}:{pt.value port}/",
                "http://localhost:8080/",
            ),
            ("${DB_PASSWORD:?must be set}", "pt.secret db-password", ""),
            ("${A-${B:-c}}", "pt.value a", "c"),
            ("${PORT:+set}", "set", "set"),
            ("${NONE:+set}", "", ""),
            ("100$", "100$", "100$"),
            ("$$HOME ${/id} $1", "$HOME ${/id} $1", "$HOME ${/id} $1"),
        ] {
            let mut variables = Variables { env: assignments("PORT=8080"), used: Vec::new() };
            assert_eq!(variables.resolve(text), resolved, "{text}");
            assert_eq!(variables.refer(text), referred, "{text}");
        }
    }

    #[test]
    fn lines_of_env_files() {
        let text = "# comment\nexport A=1\nB = \"two words\" # why\nC='$x'\nD=a#b #c\n\nnothing\nE=";
        let expected = [("A", "1"), ("B", "two words"), ("C", "$x"), ("D", "a#b"), ("E", "")];
        assert_eq!(assignments(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
