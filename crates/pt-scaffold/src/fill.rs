//! Words in double braces: `{{ project-name }}`, `{{ project-name | snake_case }}`.

/// What stands for the words.
pub(crate) struct Words<'a> {
    /// The name of what is made: `project-name`.
    pub(crate) name: &'a str,
    /// Further ones.
    pub(crate) values: &'a [(String, String)],
}

impl Words<'_> {
    /// The text with the words filled in. Braces that hold something else stay as they are.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find("}}");
            let word = end.filter(|end| !rest[..*end].contains('\n')).and_then(|end| {
                let word = self.word(&rest[2..end])?;
                Some((word, end + 2))
            });
            match word {
                Some((word, end)) => {
                    filled.push_str(&word);
                    rest = &rest[end..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// What `key | filter | filter` stands for.
    fn word(&self, inside: &str) -> Option<String> {
        let mut parts = inside.split('|').map(str::trim);
        let value = self.value(parts.next()?)?.to_owned();
        parts.try_fold(value, |value, filter| apply(filter, &value))
    }

    fn value(&self, key: &str) -> Option<&str> {
        let same = |known: &str| known.replace('_', "-") == key.replace('_', "-");
        let given = self.values.iter().find(|(known, _)| same(known)).map(|(_, value)| value.as_str());
        given.or_else(|| same("project-name").then_some(self.name))
    }
}

/// What was not filled in, and where.
#[derive(Debug, Default)]
pub(crate) struct Unfilled(Vec<(String, Vec<String>)>);

impl Unfilled {
    /// Takes note of the words that a file still has.
    pub(crate) fn look_at(&mut self, path: &str, text: &str) {
        for word in words_left(text) {
            match self.0.iter_mut().find(|(known, _)| *known == word) {
                Some((_, paths)) => paths.push(path.to_owned()),
                None => self.0.push((word, vec![path.to_owned()])),
            }
        }
    }

    /// A line about each.
    pub(crate) fn note(&self) -> Vec<String> {
        let one = |(word, paths): &(String, Vec<String>)| {
            let more = if paths.len() > 1 { format!(" and {} more", paths.len() - 1) } else { String::new() };
            let key = word.trim_matches(['{', '}', ' ']).split('|').next().unwrap_or_default().trim();
            format!("{word} in {}{more} was not filled in: `template-values: {{{key}: …}}` would.", paths[0])
        };
        self.0.iter().map(one).collect()
    }
}

/// The words in double braces that a text has, each once. What has a `$` before it is of others, as of GitHub's workflows.
pub(crate) fn words_left(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, _) in text.match_indices("{{") {
        let Some(end) = text[at..].find("}}") else { break };
        let inside = &text[at + 2..at + end];
        let is_name = |part: &str| {
            let part = part.trim();
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let word = format!("{{{{{inside}}}}}");
        if inside.split('|').all(is_name) && !text[..at].ends_with('$') && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn apply(filter: &str, value: &str) -> Option<String> {
    let words = words(value);
    let lower = |word: &String| word.to_lowercase();
    Some(match filter.replace('-', "_").as_str() {
        "kebab_case" => words.iter().map(lower).collect::<Vec<_>>().join("-"),
        "snake_case" => words.iter().map(lower).collect::<Vec<_>>().join("_"),
        "pascal_case" => words.iter().map(|word| capital(word)).collect(),
        "camel_case" => {
            words.iter().enumerate().map(|(at, w)| if at == 0 { lower(w) } else { capital(w) }).collect()
        }
        "upper" => value.to_uppercase(),
        "lower" => value.to_lowercase(),
        _ => return None,
    })
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

/// The words of a name: at signs between them, and where a small letter or digit is followed by a large one.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && (before.is_lowercase() || before.is_numeric())) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_braces_are_filled_in() {
        let values = [("port".to_owned(), "3000".to_owned())];
        let words = Words { name: "my-apiServer", values: &values };
        for (text, filled) in [
            ("id: {{ project-name }}", "id: my-apiServer"),
            ("{{project_name}}{{ port }}", "my-apiServer3000"),
            ("{{ project-name | snake_case }}", "my_api_server"),
            ("{{ project-name|kebab_case }}", "my-api-server"),
            ("class {{ project-name | pascal_case }}", "class MyApiServer"),
            ("{{ project-name | camel_case }}", "myApiServer"),
            ("{{ project-name | snake_case | upper }}", "MY_API_SERVER"),
            ("{{ project-name | lower }}", "my-apiserver"),
            (
                "${{ secrets.TOKEN }} {{ .Values.x }} {{ other }}",
                "${{ secrets.TOKEN }} {{ .Values.x }} {{ other }}",
            ),
            ("{{ project-name | reversed }}", "{{ project-name | reversed }}"),
            ("style={{color: 'red'}} {{{ project-name }}}", "style={{color: 'red'}} {my-apiServer}"),
            ("{{ project-name", "{{ project-name"),
            ("{{\nproject-name }}", "{{\nproject-name }}"),
        ] {
            assert_eq!(words.fill(text), filled);
        }
    }

    #[test]
    fn given_values_come_before_the_name() {
        let values = [("project_name".to_owned(), "Shop".to_owned())];
        assert_eq!(Words { name: "api", values: &values }.fill("{{ project-name }}"), "Shop");
    }
}
