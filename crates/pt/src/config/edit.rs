//! Changes of the config file, as a text: comments and layout stay.

use pt_syntax::{Entry, Node, NodeKind, Sources, parse};

use super::Context;

/// Why a text was not changed.
pub(crate) const BY_HAND: &str = "its contexts are laid out in a way that only you should change";

/// With this context as the current one.
pub(crate) fn current(text: &str, name: &str) -> String {
    let root = root(text);
    match root.get("current-context") {
        Some(node) if !node.is_null() => {
            let (start, end) = (node.span.start as usize, node.span.end as usize);
            format!("{}{}{}", &text[..start], scalar(name), &text[end..])
        }
        Some(_) | None => {
            let rest: String =
                text.split_inclusive('\n').filter(|line| !line.starts_with("current-context:")).collect();
            format!("current-context: {}\n{rest}", scalar(name))
        }
    }
}

/// With this context, in place of the one of its name if there is one. Nothing if the text must be changed by hand.
pub(crate) fn with(text: &str, context: &Context) -> Option<String> {
    let text = without(text, &context.name)?;
    let root = root(&text);
    let contexts = root.get("contexts");
    if let Some(contexts) = contexts.filter(|contexts| is_flow(&text, contexts))
        && (is_flow(&text, &root) || !contexts.entries().is_empty())
    {
        let entry = in_flow(&text, contexts, &context.name, |quote| fields(context, quote));
        return Some(add_in_flow(&text, contexts, &entry));
    }
    if is_flow(&text, &root) && contexts.is_none() {
        let one = |quote| format!("{{{}: {}}}", key(&context.name, quote), fields(context, quote));
        return Some(add_in_flow(&text, &root, &in_flow(&text, &root, "contexts", one)));
    }
    let line = |indent: &str| format!("{indent}{}: {}\n", scalar(&context.name), fields(context, false));
    match contexts {
        Some(contexts) => match contexts.entries().last() {
            Some(last) => {
                let indent = indent(&text, last)?;
                let at = end_of_lines(&text, &last.value);
                let (before, after) = text.split_at(at);
                let gap = if before.ends_with('\n') { "" } else { "\n" };
                Some(format!("{before}{gap}{}{after}", line(indent)))
            }
            // `contexts:` or `contexts: {}`, on a line of its own.
            None => {
                let lines = text.split_inclusive('\n');
                Some(
                    lines
                        .map(|one| {
                            if one.starts_with("contexts:") {
                                format!("contexts:\n{}", line("  "))
                            } else {
                                one.to_owned()
                            }
                        })
                        .collect(),
                )
            }
        },
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            Some(format!("{text}{gap}contexts:\n{}", line("  ")))
        }
    }
}

/// Without the context of this name. Nothing if the text must be changed by hand.
pub(crate) fn without(text: &str, name: &str) -> Option<String> {
    let root = root(text);
    let Some(contexts) = root.get("contexts") else { return Some(text.to_owned()) };
    let Some(entry) = contexts.entries().iter().find(|entry| entry.key == name) else {
        return Some(text.to_owned());
    };
    if is_flow(text, contexts) {
        return Some(without_in_flow(text, contexts, name));
    }
    indent(text, entry)?;
    let start = start_of_line(text, entry.key_span.start as usize);
    let end = end_of_lines(text, &entry.value).max(end_of_line(text, entry.key_span.end as usize));
    let alone = contexts.entries().len() == 1;
    let before = if alone { text[..start].trim_end_matches("contexts:\n") } else { &text[..start] };
    Some(format!("{before}{}", &text[end..]))
}

fn root(text: &str) -> Node {
    let mut sources = Sources::default();
    parse(sources.add("config", text), text, pt_syntax::Format::Yaml).document.root
}

/// The blanks before an entry that begins its line.
fn indent<'t>(text: &'t str, entry: &Entry) -> Option<&'t str> {
    let at = entry.key_span.start as usize;
    let indent = &text[start_of_line(text, at)..at];
    (indent.bytes().all(|byte| byte == b' ') && !indent.is_empty()).then_some(indent)
}

fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Where the line ends in which a value ends.
fn end_of_lines(text: &str, value: &Node) -> usize {
    let end = value.span.end as usize;
    // A block may count the line end as its own.
    if end > value.span.start as usize && text[..end].ends_with('\n') { end } else { end_of_line(text, end) }
}

/// Whether a map is written in braces.
fn is_flow(text: &str, map: &Node) -> bool {
    matches!(map.kind, NodeKind::Map(_)) && text[map.span.start as usize..].starts_with('{')
}

/// An entry of a map in braces, its words quoted if the map's are, as in JSON.
fn in_flow(text: &str, map: &Node, name: &str, value: impl FnOnce(bool) -> String) -> String {
    let first = map.entries().first().map(|entry| &text[entry.key_span.start as usize..]);
    let quote = first.map_or_else(|| text.contains("\"contexts\""), |first| first.starts_with('"'));
    format!("{}: {}", key(name, quote), value(quote))
}

/// With one more entry in a map in braces: on a line of its own if the last one has one.
fn add_in_flow(text: &str, map: &Node, entry: &str) -> String {
    let Some(last) = map.entries().last() else {
        let at = map.span.start as usize + 1;
        return format!("{}{entry}{}", &text[..at], &text[at..]);
    };
    let at = end_of_entry(last);
    let gap = indent(text, last).map_or_else(|| " ".to_owned(), |indent| format!("\n{indent}"));
    format!("{},{gap}{entry}{}", &text[..at], &text[at..])
}

/// Without an entry of a map in braces, and the comma that parted it from the others.
fn without_in_flow(text: &str, map: &Node, name: &str) -> String {
    let entries = map.entries();
    let Some(at) = entries.iter().position(|entry| entry.key == name) else { return text.to_owned() };
    let (start, end) = match (at.checked_sub(1), entries.get(at + 1)) {
        (_, Some(next)) => (entries[at].key_span.start as usize, next.key_span.start as usize),
        (Some(before), None) => (end_of_entry(&entries[before]), end_of_entry(&entries[at])),
        (None, None) => (map.span.start as usize + 1, map.span.end as usize - 1),
    };
    format!("{}{}", &text[..start], &text[end..])
}

fn end_of_entry(entry: &Entry) -> usize {
    entry.value.span.end.max(entry.key_span.end) as usize
}

fn fields(context: &Context, quote: bool) -> String {
    let field = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!("{}: {}", key(name, quote), key(value, quote)))
    };
    let fields = [field("instance", &context.instance), field("user", &context.user)];
    format!("{{{}}}", fields.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn key(text: &str, quote: bool) -> String {
    if quote { serde_json::Value::from(text).to_string() } else { scalar(text) }
}

/// As it is where that is plain in every position, else in quotes.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    let other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !other.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str, user: &str) -> Context {
        Context { name: name.to_owned(), instance: None, user: Some(user.to_owned()) }
    }

    #[test]
    fn contexts_are_added_beside_the_others() {
        for (before, after) in [
            ("", "contexts:\n  lab: {user: me}\n"),
            ("# mine\nmcp: {port: 1}", "# mine\nmcp: {port: 1}\ncontexts:\n  lab: {user: me}\n"),
            ("contexts: {}\n", "contexts:\n  lab: {user: me}\n"),
            (
                "contexts:\n    a: # first\n      user: x\nmcp: {}\n",
                "contexts:\n    a: # first\n      user: x\n    lab: {user: me}\nmcp: {}\n",
            ),
            ("contexts:\n  lab:\n    user: you\n  b: {}\n", "contexts:\n  b: {}\n  lab: {user: me}\n"),
            ("contexts:\n  b: {}", "contexts:\n  b: {}\n  lab: {user: me}\n"),
            ("contexts: {a: {}} # all\n", "contexts: {a: {}, lab: {user: me}} # all\n"),
            ("contexts: {lab: {user: you}, a: {}}\n", "contexts: {a: {}, lab: {user: me}}\n"),
            ("contexts: {\n  a: {} # mine\n}\n", "contexts: {\n  a: {},\n  lab: {user: me} # mine\n}\n"),
            ("{contexts: {}}", "{contexts: {lab: {user: me}}}"),
            ("{mcp: {port: 1}}", "{mcp: {port: 1}, contexts: {lab: {user: me}}}"),
            ("{\"contexts\": {\"a\": {}}}", "{\"contexts\": {\"a\": {}, \"lab\": {\"user\": \"me\"}}}"),
        ] {
            assert_eq!(with(before, &context("lab", "me")).unwrap(), after);
        }
        assert_eq!(with("", &context("true", "a: b")).unwrap(), "contexts:\n  \"true\": {user: \"a: b\"}\n");
    }

    #[test]
    fn contexts_are_removed_with_their_lines() {
        for (before, after) in [
            ("contexts:\n  lab: {user: me}\n", ""),
            ("contexts:\n  a: {}\n  lab:\n    user: me # I\n\n  b: {}\n", "contexts:\n  a: {}\n\n  b: {}\n"),
            ("contexts:\n  a: {}\n", "contexts:\n  a: {}\n"),
            ("contexts:\n  lab:\n  b: {}\n", "contexts:\n  b: {}\n"),
            ("contexts: {a: {}, lab: {user: me}}\n", "contexts: {a: {}}\n"),
            ("contexts: {lab: {}, a: {}}\n", "contexts: {a: {}}\n"),
            ("contexts: {lab: {}}\n", "contexts: {}\n"),
        ] {
            assert_eq!(without(before, "lab").unwrap(), after);
        }
    }

    #[test]
    fn the_current_context_is_replaced_where_it_stands() {
        for (before, after) in [
            ("", "current-context: lab\n"),
            (
                "# c\ncontexts: {}\ncurrent-context: a # now\n",
                "# c\ncontexts: {}\ncurrent-context: lab # now\n",
            ),
            ("current-context:\nmcp: {}\n", "current-context: lab\nmcp: {}\n"),
        ] {
            assert_eq!(current(before, "lab"), after);
        }
    }
}
