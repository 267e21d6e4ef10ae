//! What shape a value of a Compose file must have, and what to say of one that has another.

use pt_syntax::{Diagnostic, Node, NodeKind, any_of, suggest};

use super::interpolation::is_broken;
use super::notes::refused;

/// The shapes of the Compose specification. Nothing at all, which says nothing, has every shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Any,
    /// Something that is judged elsewhere.
    Apart,
    Text,
    /// One of these words, or a text with variables.
    Word(&'static [&'static str]),
    /// A number, or the text of one.
    Number,
    /// True or false, or the text of it.
    Flag,
    Scalar,
    List(&'static Self),
    /// A map whose keys are names of something.
    Names(&'static Self),
    /// A map with these keys, and such that begin with `x-`.
    Keys(&'static [(&'static str, Self)]),
    /// One of these, which can be told apart by their kinds.
    Either(&'static [Self]),
}

/// A list of texts.
pub(super) const TEXTS: Shape = Shape::List(&Shape::Text);
/// One text, or a list of them.
pub(super) const TEXT_OR_LIST: Shape = Shape::Either(&[Shape::Text, TEXTS]);
/// `[NAME=value]` or `{NAME: value}`.
pub(super) const ASSIGNMENTS: Shape = Shape::Either(&[Shape::Names(&Shape::Scalar), TEXTS]);

impl Shape {
    /// Finds what in a node has not this shape. The path is what Compose calls the node: `services.web.ports[0]`.
    pub(super) fn judge(&self, node: &Node, path: &str, found: &mut Vec<Diagnostic>) {
        if let NodeKind::Str(text) = &node.kind
            && is_broken(text)
        {
            let diagnostic = refused(format!("`{path}` has a `${{` that begins no variable"), node.span);
            found.push(diagnostic.hint("write `$$` for a dollar sign"));
            return;
        }
        match (self.chosen(node), &node.kind) {
            (_, NodeKind::Null) => {}
            (Some(Self::List(of)), NodeKind::List(items)) => {
                for (number, item) in items.iter().enumerate() {
                    let path = format!("{path}[{number}]");
                    if item.is_null() {
                        found.push(refused(format!("`{path}` is nothing"), item.span));
                    }
                    of.judge(item, &path, found);
                }
            }
            (Some(Self::Names(of)), NodeKind::Map(entries)) => {
                entries.iter().for_each(|entry| of.judge(&entry.value, &within(path, &entry.key), found));
            }
            (Some(Self::Keys(keys)), NodeKind::Map(_)) => judge_keys(node, path, keys, found),
            // Interpolation is everywhere, also where nothing else is known.
            (Some(Self::Any), NodeKind::List(items)) => {
                items.iter().for_each(|item| Self::Any.judge(item, path, found));
            }
            (Some(Self::Any), NodeKind::Map(entries)) => {
                entries.iter().for_each(|entry| Self::Any.judge(&entry.value, path, found));
            }
            (Some(_), _) => {}
            (None, kind) => {
                let message = format!("`{path}` must be {}, not {}", self.name(), name_of(kind));
                found.push(refused(message, node.span));
            }
        }
    }

    /// Finds what in a map has not the shapes of these keys.
    pub(super) fn of_keys(node: &Node, path: &str, keys: &[(&str, Self)], found: &mut Vec<Diagnostic>) {
        match &node.kind {
            NodeKind::Map(_) => judge_keys(node, path, keys, found),
            NodeKind::Null => {}
            kind => found.push(refused(format!("`{path}` must be a map, not {}", name_of(kind)), node.span)),
        }
    }

    /// The shape that the node has, not looking into it; of several, the one that it has.
    fn chosen(&self, node: &Node) -> Option<&Self> {
        let has = match (self, &node.kind) {
            (_, NodeKind::Null) | (Self::Any | Self::Apart, _) => true,
            (Self::Either(shapes), _) => return shapes.iter().find_map(|shape| shape.chosen(node)),
            (Self::Word(words), NodeKind::Str(text)) => text.contains('$') || words.contains(&text.as_str()),
            (Self::Number, NodeKind::Str(text)) => text.contains('$') || is_number(text),
            (Self::Flag, NodeKind::Str(text)) => text.contains('$') || flag(text).is_some(),
            (Self::Text | Self::Scalar, NodeKind::Str(_))
            | (Self::Number | Self::Scalar, NodeKind::Int(_) | NodeKind::Float(_))
            | (Self::Flag | Self::Scalar, NodeKind::Bool(_))
            | (Self::List(_), NodeKind::List(_))
            | (Self::Names(_) | Self::Keys(_), NodeKind::Map(_)) => true,
            (
                Self::Text
                | Self::Word(_)
                | Self::Number
                | Self::Flag
                | Self::Scalar
                | Self::List(_)
                | Self::Names(_)
                | Self::Keys(_),
                _,
            ) => false,
        };
        has.then_some(self)
    }

    fn name(&self) -> String {
        match self {
            Self::Any | Self::Apart => "anything".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Word(words) => any_of(words).to_string(),
            Self::Number => "a number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Scalar => "text, a number, true or false".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Names(_) | Self::Keys(_) => "a map".to_owned(),
            Self::Either(shapes) => shapes.iter().map(Self::name).collect::<Vec<_>>().join(" or "),
        }
    }
}

/// Finds keys that Compose does not know, and judges the values of those it knows.
fn judge_keys(node: &Node, path: &str, keys: &[(&str, Shape)], found: &mut Vec<Diagnostic>) {
    for entry in node.entries() {
        let inner = within(path, &entry.key);
        match keys.iter().find(|(key, _)| *key == entry.key) {
            Some((_, shape)) => shape.judge(&entry.value, &inner, found),
            None if entry.key.starts_with("x-") => Shape::Any.judge(&entry.value, &inner, found),
            None => {
                let of = if path.is_empty() { "a Compose file".to_owned() } else { format!("`{path}`") };
                let message = format!("Compose knows no `{}` in {of}", entry.key);
                let near = suggest(&entry.key, keys.iter().map(|(key, _)| *key));
                found.push(refused(message, entry.key_span).did_you_mean(near));
            }
        }
    }
}

fn within(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn name_of(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Null => "nothing".to_owned(),
        NodeKind::Bool(yes) => format!("`{yes}`"),
        NodeKind::Int(number) => format!("the number {number}"),
        NodeKind::Float(number) => format!("the number {number}"),
        NodeKind::Str(text) => format!("`{text}`"),
        NodeKind::List(_) => "a list".to_owned(),
        NodeKind::Map(_) => "a map".to_owned(),
        NodeKind::Form(_) => "code".to_owned(),
    }
}

/// What a text says that stands for true or false.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "y" | "yes" | "on" => Some(true),
        "false" | "f" | "0" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `512m` is one, too: what unit it has is for its reader to say.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) || text == "all"
}
