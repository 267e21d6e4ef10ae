//! What a name is: `(doc map)`, `doc(pt.sleep)`.

use pt_eval::{Deed, FUNCTIONS, Language, Lines, RunnerFunction, help};

/// The documentation that a line asks for, if that is what it does.
pub(super) fn of(language: Language, text: &str, lines: &mut dyn Lines) -> Option<String> {
    let text = text.trim().trim_end_matches(';');
    let name = match language {
        Language::Clojure => text.strip_prefix("(doc ")?.strip_suffix(')')?.trim(),
        Language::JavaScript | Language::Python => text.strip_prefix("doc(")?.strip_suffix(')')?.trim(),
    };
    let name = name.trim_matches(['"', '\'']);
    if let Some(function) = FUNCTIONS.iter().find(|function| same(function.name, name)) {
        return Some(runner(function, language));
    }
    if let Some(about) = lines.about(name) {
        return Some(about);
    }
    if language == Language::Clojure
        && let Some(help) = help(name)
    {
        return Some(help);
    }
    if !lines.names().iter().any(|known| known == name) {
        return Some(format!("There is no '{name}'."));
    }
    Some(match language {
        Language::Clojure if name.contains('/') => {
            format!("{name} is as in Clojure: https://clojuredocs.org/{name}")
        }
        Language::Clojure => format!("{name} is as in Clojure: https://clojuredocs.org/clojure.core/{name}"),
        Language::JavaScript => {
            format!("{name} is as in JavaScript: https://developer.mozilla.org/docs/Web/JavaScript/Reference")
        }
        Language::Python => {
            format!("{name} is as in Python: https://docs.python.org/3/library/functions.html#{name}")
        }
    })
}

/// Whether `pt/await-done` or `pt.awaitDone` is this function.
fn same(function: &str, name: &str) -> bool {
    let Some(name) = name.strip_prefix("pt/").or_else(|| name.strip_prefix("pt.")) else { return false };
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    plain(function) == plain(name)
}

fn runner(function: &RunnerFunction, language: Language) -> String {
    let deed = match function.deed {
        Deed::Looks => "It may be called in args, too.",
        Deed::Acts | Deed::Waits => "It may be called in the `code:` of modules and steps, not in args.",
    };
    format!("{}\n{}\n{deed}", function.signature(language), function.info)
}
