//! Diagnostics as people read them: the source line with the cause underlined.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{Diagnostic, Label, Severity, SourceId, Sources, Span, count};

/// How many further places a group names.
const MAX_PLACES: usize = 8;

/// How long a source line may be that is shown.
const MAX_LINE: usize = 4096;

/// How diagnostics look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 120 }
    }
}

/// Renders diagnostics one after another, sorted by file and place. Those that say the same of several places are shown
/// once. Ends with a line end, unless there is nothing to show.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() }.term_width(style.width);
    let mut out = String::new();
    for group in grouped(diagnostics) {
        if !out.is_empty() {
            out.push('\n');
        }
        let text = renderer.render(&report(&group, sources));
        let placed = !group.diagnostic.labels.is_empty();
        // Without a source line above them, notes need no bar.
        for line in text.trim_end().lines().filter(|line| placed || plain(line).trim() != "|") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// A line without the colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    parts.fold(first.to_owned(), |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// A diagnostic and where else the same is true.
struct Said<'d> {
    diagnostic: &'d Diagnostic,
    others: Vec<Span>,
}

fn grouped(diagnostics: &[Diagnostic]) -> Vec<Said<'_>> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    // What has no place comes first.
    sorted.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
    let mut groups: Vec<Said<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str, &[String], &str), usize> = HashMap::new();
    for diagnostic in sorted {
        let label = diagnostic.labels.first().map_or("", |label| &label.text);
        let key = (diagnostic.id, diagnostic.message.as_str(), diagnostic.hints.as_slice(), label);
        match (known.get(&key), diagnostic.labels.first()) {
            (Some(at), Some(label)) => {
                let group = &mut groups[*at];
                if group.diagnostic.labels.first().is_none_or(|first| first.span != label.span)
                    && group.others.last() != Some(&label.span)
                {
                    group.others.push(label.span);
                }
            }
            (Some(_), None) => {}
            (None, _) => {
                known.insert(key, groups.len());
                groups.push(Said { diagnostic, others: Vec::new() });
            }
        }
    }
    groups
}

fn report<'s>(said: &Said<'s>, sources: &'s Sources) -> [Group<'s>; 1] {
    let diagnostic = said.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        level.primary_title(&*diagnostic.message).id(diagnostic.id).elements(snippets(diagnostic, sources));
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(&**note));
    }
    if !said.others.is_empty() {
        group = group.element(Level::NOTE.message(more_places(&said.others, sources)));
    }
    for hint in &diagnostic.hints {
        group = group.element(Level::HELP.message(&**hint));
    }
    [group]
}

fn more_places(others: &[Span], sources: &Sources) -> String {
    let mut text = format!("and at {}: ", count(others.len(), "more place"));
    for (at, span) in others.iter().take(MAX_PLACES).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        // Writing to a string cannot fail.
        let place = sources.position(*span);
        _ = write!(text, "{comma}{}:{}:{}", sources.get(span.source).name, place.line, place.column);
    }
    if others.len() > MAX_PLACES {
        text.push_str(", …");
    }
    text
}

/// A snippet for each file that a label names; the cause's comes first.
fn snippets<'s>(
    diagnostic: &'s Diagnostic,
    sources: &'s Sources,
) -> Vec<Snippet<'s, annotate_snippets::Annotation<'s>>> {
    let mut files: Vec<SourceId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.source) {
            files.push(label.span.source);
        }
    }
    let labels = |file: SourceId| {
        diagnostic.labels.iter().enumerate().filter(move |(_, label)| label.span.source == file)
    };
    files.into_iter().map(|file| snippet(file, labels(file).collect(), sources)).collect()
}

fn snippet<'s>(
    file: SourceId,
    labels: Vec<(usize, &'s Label)>,
    sources: &'s Sources,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let source = sources.get(file);
    let places: Vec<Range<usize>> =
        labels.iter().map(|(_, label)| first_line(label.span, &source.text)).collect();
    let first = places.iter().map(|place| place.start).min().unwrap_or(0);
    let last = places.iter().map(|place| place.end).max().unwrap_or(0);
    // Only the lines in question: the renderer's work grows with the text it is given.
    let start = source.text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source.text[last..].find('\n').map_or(source.text.len(), |newline| last + newline);
    let (mut start, mut end) = (start, end);
    if end - start > MAX_LINE && places.len() == 1 {
        start = source.text.floor_char_boundary(start.max(first.saturating_sub(MAX_LINE / 2)));
        end = source.text.ceil_char_boundary(end.min(last + MAX_LINE / 2));
    }
    let (line, _) = source.line(start);
    let annotations = labels.iter().zip(places).map(|((at, label), place)| {
        let kind = if *at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(place.start - start..place.end - start);
        if label.text.is_empty() { annotation } else { annotation.label(&*label.text) }
    });
    Snippet::source(&source.text[start..end]).line_start(line).path(&*source.name).annotations(annotations)
}

/// The part of a place on its first line: a map of forty lines is pointed at, not drawn around.
fn first_line(span: Span, text: &str) -> Range<usize> {
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let end = text.ceil_char_boundary((span.end as usize).clamp(start, text.len()));
    let line = text[start..end].find(['\n', '\r']).map_or(end, |newline| start + newline);
    start..line.min(text.floor_char_boundary(start + MAX_LINE))
}
