//! What things may be called in Kubernetes.

/// The longest name of most things: a label of DNS.
const LONGEST: usize = 63;

/// The names that were given away: of one kind, each is given once.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Kind, id, name.
    given: Vec<(&'static str, String, String)>,
}

impl Names {
    /// What a thing of a kind is called: small letters, digits and `-`, at most 63, beginning with a letter.
    pub(super) fn of(&mut self, kind: &'static str, id: &str) -> String {
        if let Some((.., name)) = self.given.iter().find(|(of, known, _)| *of == kind && known == id) {
            return name.clone();
        }
        let wished = label(id, "x");
        let numbered = (2..).map(|number| with_number(&wished, number));
        let is_free = |name: &String| !self.given.iter().any(|(of, _, known)| *of == kind && known == name);
        let name = std::iter::once(wished.clone()).chain(numbered).find(is_free).unwrap_or(wished);
        self.given.push((kind, id.to_owned(), name.clone()));
        name
    }
}

/// The names of the ports of one service, each given once.
pub(super) fn port_names<'p>(wished: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let mut names = Names::default();
    wished
        .into_iter()
        .enumerate()
        // Ports may wish for the same name, and are two all the same.
        .map(|(number, wished)| {
            let name = label(wished, "port");
            if names.given.iter().any(|(.., known)| *known == name) {
                names.of("port", &with_number(&name, number + 1))
            } else {
                names.of("port", &name)
            }
        })
        .collect()
}

/// A text as a label of DNS that begins with a letter.
fn label(text: &str, before_digits: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().map(allowed).collect();
    let name = name.trim_matches('-');
    let name = match name.chars().next() {
        None => before_digits.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{before_digits}-{name}"),
        Some(_) => name.to_owned(),
    };
    name[..name.len().min(LONGEST)].trim_end_matches('-').to_owned()
}

fn with_number(name: &str, number: usize) -> String {
    let end = format!("-{number}");
    let kept = &name[..name.len().min(LONGEST - end.len())];
    format!("{}{end}", kept.trim_end_matches('-'))
}

/// Whether Kubernetes takes this as the key of an annotation: a name, and a domain before it if there is a `/`.
pub(super) fn is_key(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    let ends_well = |text: &str| {
        let is_good = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        is_good(text.chars().next()) && is_good(text.chars().last())
    };
    let is_name = name.len() <= LONGEST
        && ends_well(name)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_domain = |domain: &str| {
        let part = |part: &str| {
            ends_well(part) && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        domain.len() <= 253 && domain.split('.').all(part)
    };
    is_name && domain.is_none_or(is_domain)
}

/// Whether every Kubernetes takes this as the name of a variable.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A name as the key of an entry of a secret.
pub(super) fn secret_key(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

/// A text in which no `$` means anything: of two in a row, Kubernetes makes one, and `$(NAME)` is a variable. What
/// follows the text may begin with a parenthesis.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find('$') {
        let (plain, dollars) = rest.split_at(begin);
        let after = dollars.trim_start_matches('$');
        let count = dollars.len() - after.len();
        let is_plain = count == 1 && after.starts_with(|c| c != '(');
        escaped.push_str(plain);
        escaped.push_str(&"$".repeat(if is_plain { 1 } else { 2 * count }));
        rest = after;
    }
    escaped.push_str(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels_of_dns() {
        let long = "a".repeat(70);
        let mut names = Names::default();
        for (id, name) in [
            ("web", "web"),
            ("web_1", "web-1"),
            ("web-1", "web-1-2"),
            ("web_1", "web-1"),
            ("_", "x"),
            ("2nd", "x-2nd"),
            (long.as_str(), &long[..63]),
        ] {
            assert_eq!(names.of("Service", id), name, "{id}");
        }
        assert_eq!(names.of("Service", &format!("{long}b")), format!("{}-2", &long[..61]));
        assert_eq!(names.of("ConfigMap", "web-1"), "web-1");
    }

    #[test]
    fn ports_of_one_name_are_told_apart() {
        assert_eq!(port_names(["http", "http", "8080", "http"]), ["http", "http-2", "port-8080", "http-4"]);
    }

    #[test]
    fn keys_of_annotations() {
        for (key, good) in [
            ("team", true),
            ("example.com/team.name_1", true),
            ("my tag", false),
            ("Example.com/team", false),
            ("/team", false),
            ("team-", false),
            ("", false),
        ] {
            assert_eq!(is_key(key), good, "{key}");
        }
    }

    #[test]
    fn dollars_mean_nothing() {
        for (text, expected) in
            [("$5 $HOME", "$5 $HOME"), ("$(A)", "$$(A)"), ("$$(A)", "$$$$(A)"), ("$$", "$$$$"), ("5$", "5$$")]
        {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }
}
