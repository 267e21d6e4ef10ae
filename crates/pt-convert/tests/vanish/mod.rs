//! Looks for values of a Compose file that leave no trace: neither does anything become of them, nor is a word said.
//!
//! Each word and number of a value is changed in turn. Whatever is carried over then becomes something else, and what is
//! spoken of is spoken of at its place.

use std::path::Path;

use pt_convert::import;
use pt_syntax::{Format, Node, NodeKind, Sources, Span, parse};

use crate::{With, yaml};

/// What became of a file: the polytope file, and what was said, with the places.
struct Became {
    file: String,
    notes: Vec<(String, Vec<Span>)>,
}

fn become_of(path: &Path, text: &str) -> Option<Became> {
    let imported = import(&mut Sources::default(), &With(path, text), &[path.to_owned()]).ok()?;
    let places = |note: &pt_syntax::Diagnostic| note.labels.iter().map(|label| label.span).collect();
    Some(Became {
        file: format!("{}{:?}", yaml(&imported), imported.settings),
        notes: imported.notes.iter().map(|note| (note.message.clone(), places(note))).collect(),
    })
}

/// A scalar, and the spans of all that it stands in, up to the place.
struct Leaf {
    span: Span,
    around: Vec<Span>,
}

/// The parts of the values at a place that leave no trace. None, if the file is refused.
pub(crate) fn vanished(path: &Path, text: &str, at: &[&str]) -> Option<Vec<String>> {
    let became = become_of(path, text)?;
    let source = Sources::default().add("compose.yaml", text);
    let root = parse(source, text, Format::Yaml).document.root;
    let node = at.iter().try_fold(&root, |node, key| node.get(key))?;
    let mut leaves = Vec::new();
    for entry in node.entries().iter().filter(|entry| entry.key != "image") {
        gather(&entry.value, &[entry.key_span], &mut leaves);
    }
    let told = |leaf: &Leaf| {
        let spans = became.notes.iter().flat_map(|(_, places)| places);
        spans.into_iter().any(|span| *span == leaf.span || leaf.around.contains(span))
    };
    let mut found = Vec::new();
    for leaf in leaves.iter().filter(|leaf| !told(leaf)) {
        let (start, end) = (leaf.span.start as usize, leaf.span.end as usize);
        // Whether a change is seen; nothing, if the file is refused with it.
        let is_seen = |from: usize, to: usize, other: &str| {
            let changed = format!("{}{other}{}", &text[..from], &text[to..]);
            let changed = become_of(path, &changed)?;
            let said =
                |became: &Became| became.notes.iter().map(|(message, _)| message.clone()).collect::<Vec<_>>();
            Some(changed.file != became.file || said(&changed) != said(&became))
        };
        for (from, to) in words(&text[start..end]) {
            let word = &text[start + from..start + to];
            let of_word = others(word);
            let seen = of_word.iter().filter_map(|other| is_seen(start + from, start + to, other));
            let seen: Vec<bool> = seen.collect();
            // What can only be changed together with its neighbours.
            let as_a_whole = || WHOLE.iter().any(|other| is_seen(start, end, other) == Some(true));
            if !seen.contains(&true) && (!seen.is_empty() || !as_a_whole()) {
                found.push(format!("`{word}` of `{}`", &text[start..end]));
            }
        }
    }
    Some(found)
}

fn gather(node: &Node, around: &[Span], leaves: &mut Vec<Leaf>) {
    let inside: Vec<Span> = around.iter().copied().chain([node.span]).collect();
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| gather(item, &inside, leaves)),
        NodeKind::Map(entries) => {
            for entry in entries.iter().filter(|entry| !entry.key.starts_with("x-")) {
                let inside: Vec<Span> = inside.iter().copied().chain([entry.key_span]).collect();
                gather(&entry.value, &inside, leaves);
            }
        }
        NodeKind::Null => {}
        NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Str(_) | NodeKind::Form(_) => {
            leaves.push(Leaf { span: node.span, around: around.to_vec() });
        }
    }
}

/// Where the words and numbers of a text are.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric() || *c == '_') {
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at + c.len_utf8(),
            _ => found.push((at, at + c.len_utf8())),
        }
    }
    found
}

/// Values that may stand in a value's place.
const WHOLE: [&str; 4] = ["always", "none", "\"9000-9003:8000-8003\"", "\"7\""];

/// Other words that may stand in a word's place.
fn others(word: &str) -> Vec<String> {
    let kinds = [
        "true",
        "false",
        "always",
        "none",
        "missing",
        "bind",
        "volume",
        "tmpfs",
        "tcp",
        "udp",
        "db",
        "ro",
        "CMD",
        "NONE",
        "service_healthy",
        "1",
    ];
    let kinds = kinds.into_iter().filter(|kind| *kind != word).map(str::to_owned);
    let digit = |at: usize| {
        let digit = word[at..].chars().next()?.to_digit(10)?;
        Some(format!("{}{}{}", &word[..at], (digit + 1) % 10, &word[at + 1..]))
    };
    let last = word.char_indices().last().map_or(0, |(at, _)| at);
    let numbers = digit(0).into_iter().chain(digit(last));
    [format!("{word}x"), format!("x{word}"), format!("{word}2")]
        .into_iter()
        .chain(numbers)
        .chain(kinds)
        .collect()
}
