//! Files of `NAME=value` lines: `.env`, and what `env_file` names.

/// What a file says of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assignment {
    pub(super) name: String,
    /// The value, `$` meaning what it does in a Compose file; nothing, if only the name stands there.
    pub(super) value: Option<String>,
}

impl Assignment {
    /// Whether its value is not to be shown: it sounds so, or it is an address with a password.
    pub(super) fn is_secret(&self) -> bool {
        pt_model::sounds_secret(&self.name) || self.value.as_deref().is_some_and(has_password)
    }
}

/// The lines of a file, or what is wrong with one of them, as Compose reads them: comments, `export`, single quotes
/// around what is meant as it stands, double quotes around what has escapes and variables, both over several lines.
pub(super) fn assignments(text: &str) -> Result<Vec<Assignment>, String> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        let line = || text[..text.len() - rest.len()].matches('\n').count() + 1;
        let (begun, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if begun.starts_with('#') {
            rest = after;
            continue;
        }
        let exported = rest.strip_prefix("export").filter(|after| after.starts_with([' ', '\t']));
        let statement = exported.map_or(rest, |after| after.trim_start_matches([' ', '\t']));
        let end = statement.find(['=', ':', '\n']).unwrap_or(statement.len());
        let name = statement[..end].trim();
        if let Some(other) = name.chars().find(|c| !c.is_alphanumeric() && !"_.-[]".contains(*c)) {
            return Err(format!("line {}: `{other}` in the name of a variable", line()));
        }
        let has_value = !statement[end..].is_empty() && !statement[end..].starts_with('\n');
        let value_at = statement[end..].strip_prefix(['=', ':', '\n']).unwrap_or_default();
        let value = if has_value {
            let value_at = value_at.trim_start_matches([' ', '\t', '\r']);
            let Some((value, after)) = value(value_at) else {
                return Err(format!("line {}: a quote is opened and not closed", line()));
            };
            rest = after;
            Some(value)
        } else {
            rest = value_at;
            None
        };
        found.push(Assignment { name: name.to_owned(), value });
    }
}

/// The lines of a file in which nothing means anything: `format: raw`.
pub(super) fn raw_assignments(text: &str) -> Vec<Assignment> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let assignment = |line: &str| match line.split_once('=') {
        Some((name, value)) => Assignment { name: name.to_owned(), value: Some(as_it_stands(value)) },
        None => Assignment { name: line.trim().to_owned(), value: None },
    };
    lines.map(assignment).collect()
}

/// The value that a text begins with, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let (line, after) = text.split_once('\n').unwrap_or((text, ""));
        let value = line.split(" #").next().unwrap_or_default();
        return Some((value.trim_end().to_owned(), after));
    };
    let mut inside = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if c == quote && !escaped => {
                let after = &text[at + 1..];
                return Some((if quote == '"' { unescaped(&inside) } else { as_it_stands(&inside) }, after));
            }
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            _ if c == quote => {}
            _ if escaped => inside.push('\\'),
            _ => {}
        }
        inside.push(c);
        escaped = false;
    }
    None
}

/// A text in which `$` means nothing, for who reads one in which it does.
fn as_it_stands(text: &str) -> String {
    text.replace('$', "$$")
}

/// What is between double quotes; variables stay.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('$') => plain.push_str("$$"),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('a') => plain.push('\u{7}'),
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('v') => plain.push('\u{b}'),
            Some(c @ ('"' | '\\')) => plain.push(c),
            Some('0') => {
                let mut code = String::new();
                while let Some(digit) = chars.next_if(|c| code.len() < 3 && ('0'..'8').contains(c)) {
                    code.push(digit);
                }
                match u32::from_str_radix(&code, 8).ok().filter(|_| code.len() == 3).and_then(char::from_u32)
                {
                    Some(c) => plain.push(c),
                    None => plain.extend(["\\0", &code]),
                }
            }
            other => plain.extend(['\\'].into_iter().chain(other)),
        }
    }
    plain
}

/// Whether it is an address with a password in it: `postgres://user:password@host`.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':'))
        .is_some_and(|(_, word)| !word.is_empty() && !word.starts_with('$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_compose_reads_them() {
        let text = "# comment\nexport A=1\nB = \"two words\" # why\nC='$x'\nD=a#b #c\n\nE=\nF=\"a\\$b\\tc $x\"\nG: yaml\n\
                    H=\"one\ntwo\"\nI='it\\'s\n$2'\nJ\nexport K\nL=\"\\\"q\\\" \\041 \\x\"\r\nM=$X-${Y}\nN='a'\n";
        let expected = [
            ("A", Some("1")),
            ("B", Some("two words")),
            ("C", Some("$$x")),
            ("D", Some("a#b")),
            ("E", Some("")),
            ("F", Some("a$$b\tc $x")),
            ("G", Some("yaml")),
            ("H", Some("one\ntwo")),
            ("I", Some("it's\n$$2")),
            ("J", None),
            ("K", None),
            ("L", Some("\"q\" \\041 \\x")),
            ("M", Some("$X-${Y}")),
            ("N", Some("a")),
        ];
        let expected = expected
            .map(|(name, value)| Assignment { name: name.to_owned(), value: value.map(str::to_owned) });
        assert_eq!(assignments(text), Ok(expected.into()));
    }

    #[test]
    fn what_compose_refuses() {
        for (text, why) in [
            ("A=1\nB C=2", "line 2: ` ` in the name of a variable"),
            ("A=\"x\nB=1", "line 1: a quote is opened and not closed"),
        ] {
            assert_eq!(assignments(text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn raw_lines_mean_what_they_say() {
        let value = Some("'$$x' # no comment".to_owned());
        assert_eq!(raw_assignments("A='$x' # no comment"), [Assignment { name: "A".to_owned(), value }]);
    }

    #[test]
    fn what_is_not_to_be_shown() {
        for (line, is_secret) in [
            ("DB_PASSWORD=x", true),
            ("DATABASE_URL=postgres://me:secret@db/app", true),
            ("DATABASE_URL=postgres://me:${PW}@db/app", false),
            ("DATABASE_URL=postgres://db/app", false),
            ("DB_PASSWORD_FILE=/run/secrets/db", false),
            ("TOKEN_ID=x", false),
        ] {
            let read = assignments(line).unwrap_or_default();
            assert_eq!(read.iter().any(Assignment::is_secret), is_secret, "{line}");
        }
    }
}
