//! Builds the tree from events.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::alias::{Anchors, Size, TooMuch};
use super::mistake::Context;
use crate::finding::Findings;
use crate::parse::{MAX_DEPTH, span, too_deep};
use crate::scalar::special;
use crate::{Diagnostic, Entry, Node, NodeKind, SourceId, Span, entries};

/// A tree that grows by events. Breaks off where reading on would make no sense.
pub(super) struct Tree<'t> {
    source: SourceId,
    text: &'t str,
    base: usize,
    /// Levels of the document around the text.
    levels_around: usize,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: Anchors,
    findings: Findings,
    /// End of the last event that stood in the text.
    end: usize,
}

/// A collection whose end has not come.
struct Open {
    kind: OpenKind,
    start: usize,
    /// End of the last child; block collections end there.
    end: usize,
    anchor: usize,
    flow: bool,
    size: Size,
}

enum OpenKind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Key>, merges: Vec<(usize, Node)> },
}

/// The key of an entry whose value has not come.
struct Key {
    text: String,
    span: Span,
    /// `<<`
    merge: bool,
}

/// A finished node on its way into its collection.
struct Done {
    node: Node,
    size: Size,
    /// A plain `<<`.
    merge: bool,
    /// The text of a scalar as a key.
    key: Option<String>,
}

impl<'t> Tree<'t> {
    pub(super) fn new(source: SourceId, text: &'t str, base: usize, levels_around: usize) -> Self {
        Self {
            source,
            text,
            base,
            levels_around,
            open: Vec::new(),
            root: None,
            documents: 0,
            anchors: Anchors::default(),
            findings: Findings::default(),
            end: 0,
        }
    }

    /// Whether anything has a name for aliases.
    pub(super) fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// Takes the next event in.
    pub(super) fn take(&mut self, event: Event<'_>, place: Range<usize>) -> ControlFlow<()> {
        let end = place.end;
        let flow = match event {
            Event::DocumentStart(..) => self.document(place),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag, place),
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", &place);
                let start = self.dash_before(place.start, style);
                self.begin(OpenKind::List(Vec::new()), start..place.end, anchor, style)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", &place);
                let kind = OpenKind::Map { entries: Vec::new(), key: None, merges: Vec::new() };
                self.begin(kind, place, anchor, style)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, place),
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentEnd
            | Event::Comment(..)
            | Event::Anchor(..) => ControlFlow::Continue(()),
            // The parser's events may grow; a new one cannot carry data.
            _ => ControlFlow::Continue(()),
        };
        self.end = self.end.max(end);
        flow
    }

    /// What is open: it explains what a mistake means.
    pub(super) fn context(&self) -> Context {
        // A pair in a list, `[a: 1]`, is a map without a bracket.
        let bracket = |open: &&Open| open.flow && self.text[open.start..].starts_with(['[', '{']);
        let brackets = self.open.iter().filter(bracket).map(|open| open.start).collect();
        Context { end: self.end, brackets }
    }

    /// The tree, what is still open closed where the text broke off.
    pub(super) fn finish(mut self) -> (Node, Findings) {
        // Nobody is left to name them, and to keep them may cost what was just refused.
        self.open.iter_mut().for_each(|open| open.anchor = 0);
        while !self.open.is_empty() {
            let end = self.end;
            if self.close(end..end).is_break() {
                break;
            }
        }
        let root =
            self.root.unwrap_or(Node { span: span(self.source, self.base, 0, 0), kind: NodeKind::Null });
        (root, self.findings)
    }

    fn span(&self, place: &Range<usize>) -> Span {
        span(self.source, self.base, place.start, place.end)
    }

    fn document(&mut self, place: Range<usize>) -> ControlFlow<()> {
        self.documents += 1;
        if self.documents == 1 {
            return ControlFlow::Continue(());
        }
        // A file may end with a line that begins nothing.
        let says_nothing =
            |line: &str| matches!(line.trim(), "" | "---" | "...") || line.trim().starts_with('#');
        let (first, rest) = self.text.split_at(self.text.floor_char_boundary(self.end.min(place.start)));
        // The first may end within its line; what follows there was read.
        let begun = usize::from(!first.ends_with('\n'));
        if rest.lines().skip(begun).all(says_nothing) {
            return ControlFlow::Break(());
        }
        let diagnostic = Diagnostic::error("second-document", "A polytope file holds one document")
            .at(self.span(&place), "a second one begins here")
            .hint("remove the `---`, or move what follows to a file of its own and include that");
        self.stop(diagnostic)
    }

    fn stop(&mut self, diagnostic: Diagnostic) -> ControlFlow<()> {
        self.findings.push(diagnostic);
        ControlFlow::Break(())
    }

    /// The parser places a list that is indented like its key at its first item: step back to the dash.
    fn dash_before(&self, start: usize, style: StructureStyle) -> usize {
        let before = self.text[..start].trim_end_matches([' ', '\t']);
        if style == StructureStyle::Block && !self.text[start..].starts_with('-') && before.ends_with('-') {
            before.len() - 1
        } else {
            start
        }
    }

    fn begin(
        &mut self,
        kind: OpenKind,
        place: Range<usize>,
        anchor: usize,
        style: StructureStyle,
    ) -> ControlFlow<()> {
        if self.open.len() + self.levels_around >= MAX_DEPTH {
            let place = place.start..next_char(self.text, place.start);
            return self.stop(too_deep(self.span(&place)));
        }
        let flow = style == StructureStyle::Flow;
        let (start, end) = (place.start, place.end);
        self.open.push(Open { kind, start, end, anchor, flow, size: Size::collection() });
        ControlFlow::Continue(())
    }

    fn close(&mut self, place: Range<usize>) -> ControlFlow<()> {
        let Some(open) = self.open.pop() else { return ControlFlow::Continue(()) };
        let end = if open.flow { place.end } else { open.end };
        let kind = match open.kind {
            OpenKind::List(items) => NodeKind::List(items),
            OpenKind::Map { entries, key, merges } => {
                let mut entries = entries;
                // Only where the text broke off: a key whose value never came.
                if let Some(key) = key {
                    let value = Node { span: key.span, kind: NodeKind::Null };
                    entries.push(Entry { key: key.text, key_span: key.span, value });
                }
                if open.flow {
                    entries.iter().filter_map(glued).for_each(|diagnostic| self.findings.push(diagnostic));
                }
                let entries = entries::unique(entries, &mut self.findings);
                NodeKind::Map(entries::merged(entries, merges))
            }
        };
        let node = Node { span: self.span(&(open.start..end)), kind };
        self.end = self.end.max(end);
        self.done(Done { node, size: open.size, merge: false, key: None }, open.anchor, end)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        place: Range<usize>,
    ) -> ControlFlow<()> {
        // The parser writes a missing value as `~`.
        let text = if style == ScalarStyle::Plain && place.is_empty() { Cow::Borrowed("") } else { text };
        let merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
        let size = Size::scalar(&text);
        let key = self.awaits_key().then(|| text.clone().into_owned());
        let kind = self.resolve(text, style, tag.as_deref(), &place);
        let node = Node { span: self.span(&place), kind };
        self.done(Done { node, size, merge, key }, anchor, place.end)
    }

    fn resolve(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: &Range<usize>,
    ) -> NodeKind {
        let plain = style == ScalarStyle::Plain;
        let Some(tag) = tag else { return resolved(text, plain) };
        match tag.core_suffix() {
            Some("str") => NodeKind::Str(text.into_owned()),
            Some("null") if text.is_empty() => NodeKind::Null,
            Some("int" | "float" | "bool" | "null") => resolved(text, true),
            None if tag.parts() == ("", "!") || tag.parts() == ("!", "") => NodeKind::Str(text.into_owned()),
            _ => {
                self.unknown_tag(tag, place);
                resolved(text, plain)
            }
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, place: &Range<usize>) {
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(expected)) {
            self.unknown_tag(tag, place);
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, place: &Range<usize>) {
        let name = tag.original();
        // The event's place leaves the tag out; it stands shortly before.
        let start = self.text[self.end.min(place.start)..place.start].rfind(&name);
        let start = start.map_or(place.start, |at| self.end.min(place.start) + at);
        let end = if start == place.start { place.end } else { start + name.len() };
        self.findings.push(
            Diagnostic::warning("unknown-tag", format!("The tag `{name}` means nothing here"))
                .at(self.span(&(start..end)), "ignored")
                .hint(meant_by(&name)),
        );
    }

    fn alias(&mut self, anchor: usize, place: Range<usize>) -> ControlFlow<()> {
        let depth = self.anchors.size(anchor).map_or(0, |size| size.depth);
        if self.open.len() + self.levels_around + depth > MAX_DEPTH {
            return self.stop(too_deep(self.span(&place)));
        }
        match self.anchors.copy(anchor) {
            Ok(Some((node, size))) => {
                let key = self.awaits_key().then(|| key_text(&node.kind)).flatten();
                self.done(Done { node, size, merge: false, key }, 0, place.end)
            }
            Ok(None) => {
                let name = self.text[place.clone()].trim_start_matches('*').to_owned();
                let diagnostic = Diagnostic::error("cyclic-alias", format!("`{name}` contains itself"))
                    .at(self.span(&place), "this alias stands inside the value it names");
                self.findings.push(diagnostic);
                self.nothing(place)
            }
            Err(TooMuch) => self.too_many_aliases(place),
        }
    }

    fn too_many_aliases(&mut self, place: Range<usize>) -> ControlFlow<()> {
        let diagnostic =
            Diagnostic::error("too-many-aliases", "The aliases of this file stand for too much text")
                .at(self.span(&place), "reading stopped here")
                .hint("write the values out, or move them into a module with params");
        self.stop(diagnostic)
    }

    fn unknown_alias(&mut self, name: &str, place: Range<usize>) -> ControlFlow<()> {
        let diagnostic =
            Diagnostic::error("unknown-alias", format!("No anchor `&{name}` stands above this alias"))
                .at(self.span(&place), "")
                .hint(format!("if this is text, put it in quotes: '*{name}'"));
        self.findings.push(diagnostic);
        self.nothing(place)
    }

    fn nothing(&mut self, place: Range<usize>) -> ControlFlow<()> {
        let node = Node { span: self.span(&place), kind: NodeKind::Null };
        let key = self.awaits_key().then(|| self.text[place.clone()].to_owned());
        self.done(Done { node, size: Size::scalar(""), merge: false, key }, 0, place.end)
    }

    /// Whether the next node is a key.
    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: OpenKind::Map { key: None, .. }, .. }))
    }

    /// Puts a finished node where it belongs.
    fn done(&mut self, done: Done, anchor: usize, end: usize) -> ControlFlow<()> {
        if anchor > 0 && self.anchors.define(anchor, &done.node, done.size).is_err() {
            let start = (done.node.span.start as usize).saturating_sub(self.base);
            return self.too_many_aliases(start..next_char(self.text, start));
        }
        let Done { node, size, merge, key } = done;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return ControlFlow::Continue(());
        };
        open.size.add(size);
        open.end = open.end.max(end);
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map { entries, key: waiting, merges } => match waiting.take() {
                None => {
                    let text = key.unwrap_or_else(|| {
                        self.findings.push(complex_key(node.span));
                        self.text[range(node.span, self.base)].to_owned()
                    });
                    *waiting = Some(Key { text, span: node.span, merge });
                }
                Some(key) if key.merge => {
                    // An alias of nothing is told as such.
                    let is_unknown =
                        node.is_null() && self.text[range(node.span, self.base)].starts_with('*');
                    if let Some(diagnostic) = not_a_merge(&node).filter(|_| !is_unknown) {
                        self.findings.push(diagnostic);
                    }
                    merges.push((entries.len(), node));
                }
                Some(key) => entries.push(Entry { key: key.text, key_span: key.span, value: node }),
            },
        }
        ControlFlow::Continue(())
    }
}

fn resolved(text: Cow<'_, str>, plain: bool) -> NodeKind {
    plain.then(|| special(&text)).flatten().unwrap_or_else(|| NodeKind::Str(text.into_owned()))
}

/// The text of an aliased scalar as a key.
fn key_text(kind: &NodeKind) -> Option<String> {
    match kind {
        NodeKind::Str(text) | NodeKind::Form(text) => Some(text.clone()),
        NodeKind::Null => Some(String::new()),
        NodeKind::Bool(value) => Some(value.to_string()),
        NodeKind::Int(value) => Some(value.to_string()),
        NodeKind::Float(value) => Some(value.to_string()),
        NodeKind::List(_) | NodeKind::Map(_) => None,
    }
}

/// `{port:5433}` is the key `port:5433` without a value: never what was meant.
fn glued(entry: &Entry) -> Option<Diagnostic> {
    let missing = entry.value.is_null() && entry.value.span.start == entry.value.span.end;
    let (key, value) = entry.key.split_once(':').filter(|(_, value)| missing && !value.starts_with("//"))?;
    let diagnostic = Diagnostic::warning("missing-space", "A space is missing after the colon")
        .at(entry.key_span, "a key without a value")
        .hint(format!("write `{key}: {value}`"));
    Some(diagnostic)
}

fn complex_key(at: Span) -> Diagnostic {
    Diagnostic::error("complex-key", "A key must be a word or text")
        .at(at, "this is a list or a map")
        .hint("if braces or brackets are part of the text, put it in quotes")
}

fn not_a_merge(node: &Node) -> Option<Diagnostic> {
    let is_map = |node: &Node| matches!(node.kind, NodeKind::Map(_));
    let ok = is_map(node) || (matches!(node.kind, NodeKind::List(_)) && node.items().iter().all(is_map));
    let diagnostic = || {
        Diagnostic::error("merge-of-no-map", "Only a map, or a list of maps, can be merged with `<<`")
            .at(node.span, "this is neither")
            .hint("write `<<: *name`, where `&name` stands before a map")
    };
    (!ok).then(diagnostic)
}

fn range(span: Span, base: usize) -> Range<usize> {
    (span.start as usize).saturating_sub(base)..(span.end as usize).saturating_sub(base)
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// What somebody means who writes a tag of ours as YAML has them.
fn meant_by(tag: &str) -> String {
    let word = tag.trim_start_matches('!');
    let language = match word.split(['/', ':']).next().unwrap_or_default() {
        "js" | "javascript" | "pt-js" | "pt.js" => Some("js"),
        "py" | "python" | "pt-py" | "pt.py" => Some("py"),
        "clj" | "clojure" | "pt-clj" | "pt.clj" => Some("clj"),
        _ => None,
    };
    if let Some(language) = language {
        return format!(
            "code begins with its language, inside of the quotes or the block: `\"#pt-{language} …\"`"
        );
    }
    let kind = word.trim_start_matches("pt-").trim_start_matches("pt.");
    if matches!(kind, "param" | "input" | "value" | "secret" | "output") {
        return format!("write `pt.{kind} NAME`");
    }
    "remove it, or put the value in quotes if it is text that begins with `!`".to_owned()
}
