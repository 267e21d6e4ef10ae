//! What a `.dockerignore` keeps out of a build.

/// The rules of a `.dockerignore`: the last one that fits a path decides.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// Whether what fits is taken after all: `!README.md`.
    taken: bool,
    /// The pieces of the pattern between slashes.
    pieces: Vec<String>,
}

impl Ignored {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rule = |line: &str| {
            let (taken, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            let pieces = pattern.split('/').filter(|piece| !piece.is_empty() && *piece != ".");
            Rule { taken, pieces: pieces.map(str::to_owned).collect() }
        };
        Self { rules: lines.map(rule).filter(|rule| !rule.pieces.is_empty()).collect() }
    }

    /// Whether the path, or a directory that it is in, is kept out.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').filter(|piece| !piece.is_empty()).collect();
        let fits = |rule: &&Rule| (1..=path.len()).any(|depth| fits(&rule.pieces, &path[..depth]));
        self.rules.iter().rev().find(fits).is_some_and(|rule| !rule.taken)
    }

    /// Whether something within what is kept out may be taken after all.
    pub(crate) fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.taken)
    }
}

/// Whether all of a path is what the pattern says; `**` is any number of directories.
fn fits(pattern: &[String], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        // What is in a directory is not the directory: `out/**`.
        Some((first, [])) if first == "**" => !path.is_empty(),
        Some((first, rest)) if first == "**" => (0..=path.len()).any(|skipped| fits(rest, &path[skipped..])),
        Some((first, rest)) => path.split_first().is_some_and(|(name, within)| {
            let (first, name): (Vec<char>, Vec<char>) = (first.chars().collect(), name.chars().collect());
            fits_name(&first, &name) && fits(rest, within)
        }),
    }
}

/// Whether a name is what a piece says: `*` any text, `?` any letter, `[a-z]` one of these, `\*` a star.
fn fits_name(piece: &[char], name: &[char]) -> bool {
    match piece {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|skipped| fits_name(rest, &name[skipped..])),
        ['?', rest @ ..] => name.split_first().is_some_and(|(_, name)| fits_name(rest, name)),
        ['[', rest @ ..] if rest.contains(&']') => {
            let end = rest.iter().position(|c| *c == ']').unwrap_or_default();
            let (set, rest) = (&rest[..end], &rest[end + 1..]);
            name.split_first().is_some_and(|(c, name)| is_in(set, *c) && fits_name(rest, name))
        }
        ['\\', c, rest @ ..] | [c, rest @ ..] => {
            name.split_first().is_some_and(|(first, name)| first == c && fits_name(rest, name))
        }
    }
}

fn is_in(set: &[char], c: char) -> bool {
    let (not, mut set) = match set {
        ['^' | '!', rest @ ..] => (true, rest),
        set => (false, set),
    };
    let mut found = false;
    while let [first, rest @ ..] = set {
        if let ['-', last, rest @ ..] = rest {
            found |= (*first..=*last).contains(&c);
            set = rest;
        } else {
            found |= *first == c;
            set = rest;
        }
    }
    found != not
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_out() {
        for (rules, out, taken) in [
            ("# nothing\n\n", "", "a .dockerignore"),
            ("node_modules", "node_modules node_modules/a/b", "src/node_modules"),
            ("/target/\n*.log", "target target/x a.log", "src/target logs/a.log"),
            ("**/*.log", "a.log b/c/a.log", "a.logs"),
            ("*/temp*", "a/temp a/tempo/x", "temp a/b/temp"),
            ("temp?", "temps", "temp temp/s"),
            ("docs\n!docs/README.md", "docs docs/a", "docs/README.md"),
            ("**\n!src/**", "a b/c src", "src/a src/b/c"),
            ("[a-c]x\n[^x]y\n\\*", "ax ay *", "dx xy z"),
            ("./a/./b", "a/b", "a b"),
        ] {
            let ignored = Ignored::parse(rules);
            for (paths, expected) in [(out, true), (taken, false)] {
                for path in paths.split(' ').filter(|path| !path.is_empty()) {
                    assert_eq!(ignored.has(path), expected, "{rules}: {path}");
                }
            }
        }
    }
}
