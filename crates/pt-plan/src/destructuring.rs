//! Where code takes params apart: `{:keys [port]} params`, `const { dbHost } = params`. Found without reading the code.

use std::ops::Range;

/// A param that becomes a variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where its name stands.
    pub name: Range<usize>,
    /// How.
    pub how: How,
}

/// How it is taken.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    /// By a word after `:keys`, which names the variable, too.
    Keys {
        /// Where `:keys` begins.
        from: usize,
    },
    /// By a word that names the variable, too: `{ dbHost }`.
    Shorthand,
    /// With a name of the variable's own: `{ dbHost: host }`.
    Renamed,
}

const MAPS: [&str; 2] = ["params", "inputs"];

/// What Clojure takes of the params.
pub fn clojure(code: &str) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (from, word) in code.match_indices(":keys") {
        let after = &code[from + word.len()..];
        let Some(names) = after.trim_start().strip_prefix('[') else { continue };
        let Some(end) = names.find(']') else { continue };
        let Some(close) = closing(&names[end + 1..]) else { continue };
        if !is_params(&names[end + 1 + close + 1..]) {
            continue;
        }
        let start = code.len() - names.len();
        for name in names[..end].split_whitespace() {
            let at = start + (name.as_ptr() as usize - names.as_ptr() as usize);
            taken.push(Taken { name: at..at + name.len(), how: How::Keys { from } });
        }
    }
    taken
}

/// What JavaScript takes of the params.
pub fn javascript(code: &str) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (close, _) in code.match_indices('}') {
        let after = code[close + 1..].trim_start();
        let Some(value) = after.strip_prefix('=').filter(|rest| !rest.starts_with('=')) else { continue };
        if !is_params(value) {
            continue;
        }
        let Some(open) = opening(&code[..close]) else { continue };
        let (mut at, mut depth) = (open + 1, 0_i32);
        for part in code[open + 1..close].split(',') {
            let word = part.trim_start();
            let start = at + (part.len() - word.len());
            at += part.len() + 1;
            // What is taken apart within a param has names of its own.
            let is_inside = depth > 0;
            depth += part
                .chars()
                .map(|c| i32::from("{[(".contains(c)) - i32::from("}])".contains(c)))
                .sum::<i32>();
            if is_inside {
                continue;
            }
            let end = word.find(|char: char| !in_word(char)).unwrap_or(word.len());
            if end == 0 {
                continue;
            }
            let renamed = word[end..].trim_start().starts_with(':');
            let how = if renamed { How::Renamed } else { How::Shorthand };
            taken.push(Taken { name: start..start + end, how });
        }
    }
    taken
}

/// Whether the pattern that a text ends with takes all that there is: `{a, ...rest} =`, `{:keys [a] :as all}`.
pub fn takes_rest(before: &str) -> bool {
    let pattern = before.trim_end().trim_end_matches('=').trim_end();
    let inside = pattern.strip_suffix('}').and_then(|inside| Some(&inside[opening(inside)?..]));
    inside.is_some_and(|inside| inside.contains("...") || inside.contains(":as "))
}

fn in_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '$')
}

/// Whether a text begins with the map of the params.
fn is_params(text: &str) -> bool {
    let text = text.trim_start();
    let word = text.split(|char: char| !in_word(char) && char != '-').next();
    word.is_some_and(|word| MAPS.contains(&word)) && !text[word.map_or(0, str::len)..].starts_with('.')
}

/// Where the map ends that the text stands in.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where the map begins that the text stands in.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, char) in text.char_indices().rev() {
        match char {
            '}' => depth += 1,
            '{' if depth == 0 => return Some(at),
            '{' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'c>(code: &'c str, taken: &[Taken]) -> Vec<&'c str> {
        taken.iter().map(|taken| &code[taken.name.clone()]).collect()
    }

    #[test]
    fn clojure_takes_keys_of_the_params_alone() {
        let table = [
            ("(let [{:keys [port db-host]} params] port)", vec!["port", "db-host"]),
            ("(let [{a :b :keys [port] :or {port 1}} params])", vec!["port"]),
            ("(let [{:keys [x]} other])", vec![]),
            ("(let [{:keys [x]} params-of])", vec![]),
            ("(let [{:keys [x", vec![]),
        ];
        for (code, expected) in table {
            assert_eq!(names(code, &clojure(code)), expected, "{code}");
        }
    }

    #[test]
    fn some_patterns_take_all() {
        let table = [
            ("const {a, ...rest} = ", true),
            ("const {a, b} =", false),
            ("(let [{:keys [a] :as all} ", true),
            ("(let [{:keys [a]} ", false),
            ("x", false),
        ];
        for (before, expected) in table {
            assert_eq!(takes_rest(before), expected, "{before}");
        }
    }

    #[test]
    fn javascript_takes_names_with_or_without_their_own_variables() {
        let table = [
            ("const { dbHost, port: p, log = 1 } = params;", vec!["dbHost", "port", "log"]),
            ("const {a} = other; let {b}=inputs", vec!["b"]),
            ("if (x) {} == params", vec![]),
            ("const { ...rest } = params", vec![]),
            ("const {a} = params.b", vec![]),
            ("const {a, b: {c, d}, e} = params", vec!["a", "b", "e"]),
        ];
        for (code, expected) in table {
            assert_eq!(names(code, &javascript(code)), expected, "{code}");
        }
        let code = "const { port: p } = params";
        assert_eq!(javascript(code)[0].how, How::Renamed);
    }
}
