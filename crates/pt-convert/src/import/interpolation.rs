//! What of a text stands for variables, and what `.env` files say of these.

/// What the value or secret is called that stands for a variable: `POSTGRES_PASSWORD` is `postgres-password`.
pub(super) fn setting_name(variable: &str) -> String {
    variable.to_lowercase().replace(['_', '.'], "-").trim_matches('-').to_owned()
}

#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Variable(Variable),
}

/// `${NAME:-default}` or `${NAME:+alternative}`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) default: Option<String>,
    pub(super) alternative: Option<String>,
    pub(super) is_required: bool,
    /// What Compose says where it is required and not set.
    pub(super) reason: Option<String>,
}

impl Variable {
    /// What the value or secret is called that stands for it.
    pub(super) fn setting(&self) -> String {
        setting_name(&self.name)
    }

    /// Whether it, or what it is without it, sounds as if it should be kept secret.
    pub(super) fn is_secret(&self) -> bool {
        let by_default = || {
            let of = |piece: &Piece| matches!(piece, Piece::Variable(inner) if inner.is_secret());
            self.default.as_deref().is_some_and(|default| pieces(default).iter().any(of))
        };
        pt_model::sounds_secret(&self.name) || by_default()
    }
}

/// A part of a text as it is written.
enum Token<'t> {
    Plain(&'t str),
    /// `$$`.
    Dollar,
    Variable(Variable, &'t str),
    /// A dollar sign with a brace that begins no variable.
    Broken,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        let (plain, begun) = rest.split_at(dollar);
        tokens.push(Token::Plain(plain));
        let after = &begun[1..];
        if let Some(after) = after.strip_prefix('$') {
            tokens.push(Token::Dollar);
            rest = after;
        } else if let Some((variable, after)) = variable(after) {
            tokens.push(Token::Variable(variable, &begun[..begun.len() - after.len()]));
            rest = after;
        } else {
            tokens.push(if after.starts_with('{') { Token::Broken } else { Token::Plain("$") });
            rest = after;
        }
    }
    tokens.push(Token::Plain(rest));
    tokens
}

/// Whether a text has a `${` that begins no variable: Compose refuses that.
pub(super) fn is_broken(text: &str) -> bool {
    tokens(text).iter().any(|token| matches!(token, Token::Broken))
}

/// A text in its pieces; `$$` is a dollar sign.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for token in tokens(text) {
        match token {
            Token::Plain(text) => plain.push_str(text),
            Token::Dollar | Token::Broken => plain.push('$'),
            Token::Variable(variable, _) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Variable(variable));
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The text with what is known of its variables in their place; that may have variables, too.
pub(super) fn substituted<'k>(text: &str, known: impl Fn(&str) -> Option<&'k str>) -> String {
    let token = |token| match token {
        Token::Plain(text) => text.to_owned(),
        Token::Dollar => "$$".to_owned(),
        Token::Broken => "$".to_owned(),
        Token::Variable(variable, written) => match known(&variable.name).filter(|known| !known.is_empty()) {
            Some(known) => variable.alternative.unwrap_or_else(|| known.to_owned()),
            None => written.to_owned(),
        },
    };
    tokens(text).into_iter().map(token).collect()
}

/// The parts of a text between colons, those within `${}` and `[]` left alone.
pub(super) fn between_colons(text: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// The variable that stands behind a dollar sign, and what follows it.
fn variable(text: &str) -> Option<(Variable, &str)> {
    let name = |text: &str| text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let begins = |text: &str| text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    let Some(inside) = text.strip_prefix('{') else {
        let end = name(text);
        let name = text[..end].to_owned();
        let variable = Variable { name, ..Variable::default() };
        return begins(text).then_some((variable, &text[end..]));
    };
    let end = closing(inside)?;
    let (inside, after) = (&inside[..end], &inside[end + 1..]);
    let (name, operator) = inside.split_at(name(inside));
    let operator = operator.strip_prefix(':').unwrap_or(operator);
    let default = operator.strip_prefix('-').map(str::to_owned);
    let alternative = operator.strip_prefix('+').map(str::to_owned);
    let reason = operator.strip_prefix('?').map(str::to_owned);
    let is_required = reason.is_some();
    let reason = reason.filter(|reason| !reason.is_empty());
    let known = operator.is_empty() || operator.starts_with(['-', '+', '?']);
    let name = name.to_owned();
    (begins(&name) && known).then_some((Variable { name, default, alternative, is_required, reason }, after))
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
    fn what_begins_a_variable_is_one() {
        for (text, broken) in [
            ("${A}", false),
            ("${A:-${B}}", false),
            ("$1 $ $$", false),
            ("${A", true),
            ("${}", true),
            ("${1}", true),
            ("${A!b}", true),
            ("$${A", false),
        ] {
            assert_eq!(is_broken(text), broken, "{text}");
        }
    }

    #[test]
    fn colons_outside_of_variables() {
        assert_eq!(between_colons("${A:-b}:/c:ro"), ["${A:-b}", "/c", "ro"]);
        assert_eq!(between_colons("[::1]:80:81"), ["[::1]", "80", "81"]);
    }

    #[test]
    fn what_is_known_stands_in_the_place_of_variables() {
        let known = |name: &str| (name == "HOST").then_some("db$$");
        let text = "${HOST:-x}:$PORT $$HOST ${HOST:+y}";
        assert_eq!(substituted(text, known), "db$$:$PORT $$HOST y");
    }
}
