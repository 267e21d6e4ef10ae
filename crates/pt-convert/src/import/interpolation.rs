//! What of a text stands for variables, and what `.env` files say of these.

/// Words in the names of what should not be shown.
const SECRET: [&str; 8] =
    ["password", "passwd", "secret", "token", "api-key", "private-key", "credential", "-pw"];

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
pub(super) enum Piece {
    Text(String),
    Variable(Variable),
}

/// `${NAME:-default}` or `${NAME:+alternative}`.
#[derive(Debug, PartialEq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) alternative: Option<String>,
    pub(super) is_required: bool,
}

impl Variable {
    /// What the value or secret is called that stands for it: `POSTGRES_PASSWORD` is `postgres-password`.
    pub(super) fn setting(&self) -> String {
        self.name.to_lowercase().replace('_', "-").trim_matches('-').to_owned()
    }

    /// Whether it, or what it is without it, sounds as if it should be kept secret.
    pub(super) fn is_secret(&self) -> bool {
        let name = self.setting();
        let by_default = || {
            let of = |piece: &Piece| matches!(piece, Piece::Variable(inner) if inner.is_secret());
            self.default.as_deref().is_some_and(|default| pieces(default).iter().any(of))
        };
        SECRET.iter().any(|word| name.contains(word)) || by_default()
    }
}

/// A text in its pieces; `$$` is a dollar sign.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
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
    fn lines_of_env_files() {
        let text = "# comment\nexport A=1\nB = \"two words\" # why\nC='$x'\nD=a#b #c\n\nnothing\nE=";
        let expected = [("A", "1"), ("B", "two words"), ("C", "$x"), ("D", "a#b"), ("E", "")];
        assert_eq!(assignments(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
