//! The documents of one file: as trees, and of the right shape.

use pt_syntax::{Diagnostic, Entry, Format, Node, NodeKind, SourceId, Span, parse};

use super::keys::KEYS;
use super::merge::Tags;
use super::notes::refused;
use super::shape::Shape;
use super::shapes::TOP;

/// What a file holds.
pub(super) struct Documents {
    /// The maps of its documents.
    pub(super) tops: Vec<Vec<Entry>>,
    /// Tags that nothing here knows.
    pub(super) tags: Vec<(String, Span)>,
}

/// Reads a file; tags that say how its maps are merged are learnt.
pub(super) fn documents(source: SourceId, text: &str, tags: &mut Tags) -> Result<Documents, Vec<Diagnostic>> {
    let (mut tops, mut others, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for text in split(text) {
        let parsed = parse(source, &text, Format::Yaml);
        if parsed.has_errors() {
            return Err(parsed.diagnostics);
        }
        let mut root = parsed.document.root;
        read_numbers(&mut root, &text);
        let found = parsed.diagnostics.iter().filter(|found| found.id == "unknown-tag");
        for span in found.flat_map(|found| &found.labels).map(|label| label.span) {
            let tag = text.get(span.start as usize..span.end as usize).unwrap_or_default();
            let tag = tag.split_whitespace().next().unwrap_or_default();
            if !tags.learn(tag, span, &root) {
                others.push((tag.to_owned(), span));
            }
        }
        match root.kind {
            NodeKind::Map(top) => {
                judge(&top, root.span, &mut mistakes);
                tops.push(top);
            }
            NodeKind::Null => {}
            _ => {
                let error =
                    Diagnostic::error("compose-mistake", "A Compose file is a map with the key `services`");
                mistakes.push(error.at(root.span, "this is something else"));
            }
        }
    }
    if mistakes.is_empty() { Ok(Documents { tops, tags: others }) } else { Err(mistakes) }
}

/// Numbers as Compose reads them, whose YAML is the older one: `022` is 18, as of a mode, and `1_000` is 1000.
fn read_numbers(node: &mut Node, text: &str) {
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(|item| read_numbers(item, text)),
        NodeKind::Map(entries) => entries.iter_mut().for_each(|entry| read_numbers(&mut entry.value, text)),
        NodeKind::Int(_) | NodeKind::Str(_) => {
            // What is in quotes is longer as it is written, and begins with one.
            let written = text.get(node.span.start as usize..node.span.end as usize).unwrap_or_default();
            if let Some(number) = older_number(written) {
                node.kind = NodeKind::Int(number);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Float(_) | NodeKind::Form(_) => {}
    }
}

/// A number that YAML 1.2 reads as another one, or as text.
fn older_number(written: &str) -> Option<i64> {
    let unsigned = written.strip_prefix(['-', '+']).unwrap_or(written);
    let is_meant = |c: char| c.is_ascii_digit() || c == '_';
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) || !unsigned.chars().all(is_meant) {
        return None;
    }
    let digits: String = unsigned.chars().filter(char::is_ascii_digit).collect();
    let number = match digits.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        Some(octal) => i64::from_str_radix(octal, 8).ok()?,
        None if unsigned.contains('_') => digits.parse().ok()?,
        None => return None,
    };
    Some(if written.starts_with('-') { -number } else { number })
}

/// Finds what Compose refuses because it has another shape.
fn judge(top: &[Entry], at: Span, found: &mut Vec<Diagnostic>) {
    let services = top.iter().find(|entry| entry.key == "services");
    // What has neither is no Compose file, or one of before there were versions: that is said of the whole.
    if services.is_none() && !top.iter().any(|entry| entry.key == "include") {
        let known = |entry: &&Entry| TOP.iter().any(|(key, _)| *key == entry.key);
        if top.iter().filter(known).count() == 0 {
            return;
        }
    }
    Shape::Keys(TOP).judge(&Node { span: at, kind: NodeKind::Map(top.to_vec()) }, "", found);
    let keys: Vec<(&'static str, Shape)> = KEYS.iter().map(|(key, shape, _)| (*key, *shape)).collect();
    for service in services.map(|services| services.value.entries()).unwrap_or_default() {
        let name = &service.key;
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)) {
            let message = format!("A service cannot be called `{name}`");
            found.push(refused(message, service.key_span).hint("letters, digits and . _ - are allowed"));
        }
        if service.key.starts_with("x-") && !matches!(service.value.kind, NodeKind::Map(_)) {
            continue;
        }
        Shape::of_keys(&service.value, &format!("services.{name}"), &keys, found);
    }
}

/// The documents of a text, each at its place: what stands before it is blank.
fn split(text: &str) -> Vec<String> {
    let is_mark = |line: &str| {
        line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.starts_with([' ', '\t']))
    };
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // What stands before the first mark may be directives and comments of the first document.
        if at > 0 && is_mark(line) {
            starts.push(at);
        }
        at += line.len();
    }
    let begins_blank =
        |text: &str| text.lines().all(|line| line.trim().is_empty() || line.starts_with(['#', '%']));
    if starts.len() > 1 && begins_blank(&text[..starts[1]]) {
        starts.remove(1);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let blank = |text: &str| -> String {
        text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }).collect()
    };
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(
            |(number, (start, end))| {
                if number == 0 { text[..end].to_owned() } else { blank(&text[..*start]) + &text[*start..end] }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_older_yaml() {
        for (written, number) in [
            ("010", Some(8)),
            ("0440", Some(288)),
            ("-017", Some(-15)),
            ("1_000", Some(1000)),
            ("00", Some(0)),
            ("0", None),
            ("10", None),
            ("09", None),
            ("\"010\"", None),
            ("0x10", None),
            ("_1", None),
        ] {
            assert_eq!(older_number(written), number, "{written}");
        }
    }

    #[test]
    fn documents_stay_at_their_places() {
        assert_eq!(split("a: 1\n"), ["a: 1\n"]);
        assert_eq!(
            split("# é\n---\na: 1\n--- # next\nb: 2"),
            ["# é\n---\na: 1\n", "    \n   \n    \n--- # next\nb: 2"]
        );
        assert_eq!(split("a: |\n  ---\n"), ["a: |\n  ---\n"]);
    }
}
