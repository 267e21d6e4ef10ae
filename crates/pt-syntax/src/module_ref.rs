//! References to modules: `api`, `polytope/redpanda!console`.

use std::fmt;
use std::str::FromStr;

/// Names a module, template or tool, here or in another project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModuleRef {
    /// `api`
    Local(String),
    /// `owner/project@rev:path!id`
    Remote(RemoteRef),
}

/// Names a module of another project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemoteRef {
    /// `polytope` for the standard modules.
    pub owner: String,
    /// The project.
    pub project: String,
    /// Branch, tag or commit.
    pub rev: Option<String>,
    /// Directory or file of the polytope file in it.
    pub path: Option<String>,
    /// The module in it; its default one if absent.
    pub id: Option<String>,
}

/// Why a text does not name a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadModuleRef {
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for BadModuleRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for BadModuleRef {}

/// Whether the text is an id: lower-case letters, digits, `-` and `_`.
pub fn is_id(text: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.bytes().all(valid)
}

impl ModuleRef {
    /// Reads `id` or `owner/project[@rev][:path][!id]`.
    pub fn parse(text: &str) -> Result<Self, BadModuleRef> {
        if text.is_empty() {
            return Err(BadModuleRef { message: "A module must be named: the text is empty".to_owned() });
        }
        let (rest, id) = split(text, '!');
        let (rest, path) = split(rest, ':');
        let (name, rev) = split(rest, '@');
        let Some((owner, project)) = name.split_once('/') else {
            if let Some(mark) = text.chars().find(|char| matches!(char, '@' | ':' | '!')) {
                let message = format!("`{text}` is not a module: `{mark}` may only follow OWNER/PROJECT");
                return Err(BadModuleRef { message });
            }
            check("module id", text, text)?;
            return Ok(Self::Local(text.to_owned()));
        };
        check("owner", owner, text)?;
        check("project", project, text)?;
        id.map_or(Ok(()), |id| check("module id", id, text))?;
        check_free("revision", rev, text)?;
        check_free("path", path, text)?;
        let part = |part: Option<&str>| part.map(str::to_owned);
        let (owner, project) = (owner.to_owned(), project.to_owned());
        Ok(Self::Remote(RemoteRef { owner, project, rev: part(rev), path: part(path), id: part(id) }))
    }

    /// The id that a step gets which runs this module and has no id of its own: the last component.
    pub fn step_id(&self) -> &str {
        match self {
            Self::Local(id) => id,
            Self::Remote(remote) => remote.id.as_ref().unwrap_or(&remote.project),
        }
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn check(what: &str, part: &str, whole: &str) -> Result<(), BadModuleRef> {
    if is_id(part) {
        return Ok(());
    }
    let message = match part.chars().find(|char| !is_id(char.encode_utf8(&mut [0; 4]))) {
        None => format!("`{whole}` is not a module: its {what} is empty"),
        Some('/') => {
            format!("`{whole}` is not a module: OWNER/PROJECT has one slash; a path follows a colon")
        }
        Some(' ') => format!("`{whole}` is not a module: its {what} contains a blank"),
        Some(bad) => format!(
            "`{whole}` is not a module: its {what} contains `{bad}`; ids are made of a-z, 0-9, `-` and `_`"
        ),
    };
    Err(BadModuleRef { message })
}

fn check_free(what: &str, part: Option<&str>, whole: &str) -> Result<(), BadModuleRef> {
    let Some(part) = part else { return Ok(()) };
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-');
    let message = match part.chars().find(|char| !char.is_ascii() || !valid(*char as u8)) {
        None if part.is_empty() => format!("`{whole}` is not a module: its {what} is empty"),
        None => return Ok(()),
        Some('@') => format!("`{whole}` is not a module: the order is OWNER/PROJECT@REVISION:PATH!ID"),
        Some(bad) => format!("`{whole}` is not a module: its {what} contains `{bad}`"),
    };
    Err(BadModuleRef { message })
}

impl FromStr for ModuleRef {
    type Err = BadModuleRef;

    fn from_str(text: &str) -> Result<Self, BadModuleRef> {
        Self::parse(text)
    }
}

impl fmt::Display for ModuleRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remote = match self {
            Self::Local(id) => return out.write_str(id),
            Self::Remote(remote) => remote,
        };
        write!(out, "{}/{}", remote.owner, remote.project)?;
        for (mark, part) in [('@', &remote.rev), (':', &remote.path), ('!', &remote.id)] {
            if let Some(part) = part {
                write!(out, "{mark}{part}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ones_and_the_ids_of_their_steps() {
        let table = [
            ("my-module", "my-module"),
            ("0", "0"),
            ("-x", "-x"),
            ("_x", "_x"),
            ("polytope/redis", "redis"),
            ("polytope/redpanda!console", "console"),
            ("polytope/kafka!kcat", "kcat"),
            ("my-user/my-project", "my-project"),
            ("my-org/my-project@21f9ea12:my/repo/path!my-module", "my-module"),
            ("a/b@feature/x", "b"),
            ("a/b:dir/polytope.yml", "b"),
            ("a/b@v1.0!c", "c"),
        ];
        for (text, step_id) in table {
            let parsed = ModuleRef::parse(text).unwrap();
            assert_eq!((parsed.step_id(), parsed.to_string().as_str()), (step_id, text));
        }
    }

    #[test]
    fn bad_ones() {
        let table = [
            ("", "A module must be named: the text is empty"),
            (
                "Web",
                "`Web` is not a module: its module id contains `W`; ids are made of a-z, 0-9, `-` and `_`",
            ),
            (
                "my.mod",
                "`my.mod` is not a module: its module id contains `.`; ids are made of a-z, 0-9, `-` and `_`",
            ),
            ("a b", "`a b` is not a module: its module id contains a blank"),
            ("a!b", "`a!b` is not a module: `!` may only follow OWNER/PROJECT"),
            ("a/b/c", "`a/b/c` is not a module: OWNER/PROJECT has one slash; a path follows a colon"),
            ("/b", "`/b` is not a module: its owner is empty"),
            ("a/", "`a/` is not a module: its project is empty"),
            ("a/b!", "`a/b!` is not a module: its module id is empty"),
            ("a/b@", "`a/b@` is not a module: its revision is empty"),
            ("a/b@x y", "`a/b@x y` is not a module: its revision contains ` `"),
            ("a/b:p@r", "`a/b:p@r` is not a module: the order is OWNER/PROJECT@REVISION:PATH!ID"),
            ("a/é", "`a/é` is not a module: its project contains `é`; ids are made of a-z, 0-9, `-` and `_`"),
        ];
        for (text, message) in table {
            assert_eq!(ModuleRef::parse(text).unwrap_err().message, message);
        }
    }
}
