//! What else is wrong with a project when the text of a file cannot be read as it was meant: one mistake hides no others.
//!
//! Lines that break a YAML file are blanked, and the rest is looked at; readers of JSON and EDN go on by themselves. What
//! could only follow from a mistake is left out: everything in the definition around it, and names that it may have declared.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pt_spec::{Checkout, Loaded, Project, RepoRequest, RepositoryError, World};
use pt_syntax::{Diagnostic, Format, Node, Severity, SourceId, Span, parse};

use super::finding::is_of_text;

/// A file with more broken lines than this is no polytope file.
const MOST_LINES: usize = 24;

/// Mistakes that are about a file as a whole: no line of it is to blame.
const OF_FILES: [&str; 7] = [
    "not-text",
    "second-document",
    "too-many-aliases",
    "too-deep",
    "file-too-large",
    "unreadable-file",
    "cyclic-alias",
];

/// The project without the lines that broke it.
pub(super) struct Recovered {
    pub(super) loaded: Loaded,
    /// Further mistakes of notation.
    pub(super) further: Vec<Diagnostic>,
    files: HashMap<SourceId, Mended>,
}

/// A file whose broken lines are blank; everything else stands where it stood.
struct Mended {
    original: SourceId,
    text: String,
    /// What the blanked lines said.
    lost: String,
    /// The definitions around them.
    around: Vec<Range<usize>>,
}

/// Reads a project once more without the lines that break its files. Nothing if there are none, or if it does not help.
pub(super) fn recover(loaded: &Loaded, world: &dyn World, broken: &[SourceId]) -> Option<Recovered> {
    let project = &loaded.project;
    let mut texts = HashMap::new();
    let mut further = Vec::new();
    for (path, source) in project.files().iter().filter(|(_, source)| broken.contains(source)) {
        let mended = mend(*source, &project.sources().get(*source).text, path, &mut further)?;
        texts.insert(path.clone(), mended);
    }
    let overlay = Overlay { world, texts: &texts };
    let mut again = Project::load(&overlay, project.root_file().to_owned());
    let files = again.project.files().iter();
    let files: HashMap<SourceId, Mended> =
        files.filter_map(|(path, source)| Some((*source, texts.remove(path)?))).collect();
    // What is wrong with the notation of these files is known.
    again.diagnostics.retain(|found| {
        let of_mended = found.labels.first().is_some_and(|label| files.contains_key(&label.span.source));
        !(of_mended && is_of_text(found))
    });
    Some(Recovered { loaded: again, further, files })
}

fn mend(source: SourceId, text: &str, path: &Path, further: &mut Vec<Diagnostic>) -> Option<Mended> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => return gone_on(source, text, Format::Json),
        Some("edn") => return gone_on(source, text, Format::Edn),
        Some(_) | None => {}
    }
    let mut mended =
        Mended { original: source, text: text.to_owned(), lost: String::new(), around: Vec::new() };
    for _ in 0..MOST_LINES {
        let found = parse(source, &mended.text, Format::Yaml).diagnostics;
        let Some(error) = found.into_iter().find(|found| found.severity == Severity::Error) else {
            return Some(mended);
        };
        if OF_FILES.contains(&error.id) {
            return None;
        }
        let at = error.labels.first()?.span.start as usize;
        let line = line_around(&mended.text, at);
        let written = &mended.text[line.clone()];
        if written.trim().is_empty() {
            return None;
        }
        mended.lost.push_str(written);
        mended.lost.push('\n');
        // What shows only now, before a line that was blanked, was its cause or its consequence.
        if !mended.around.is_empty() && mended.around.iter().all(|around| around.end <= at) {
            further.push(error);
        }
        mended.around.push(definition_around(&mended.text, &line));
        mended.text.replace_range(line.clone(), &" ".repeat(line.len()));
    }
    None
}

/// A file whose reader went on after its mistakes.
fn gone_on(source: SourceId, text: &str, format: Format) -> Option<Mended> {
    let parsed = parse(source, text, format);
    if parsed.diagnostics.iter().any(|found| OF_FILES.contains(&found.id)) {
        return None;
    }
    let mut mended =
        Mended { original: source, text: text.to_owned(), lost: String::new(), around: Vec::new() };
    for found in parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        let at = found.labels.first()?.span.start as usize;
        let around = item_around(&parsed.document.root, at);
        mended.lost.push_str(&text[around.clone()]);
        mended.around.push(around);
    }
    Some(mended)
}

/// The definition in which a place stands; the key of the root with all that it holds, if the place is in none.
fn item_around(root: &Node, at: usize) -> Range<usize> {
    let place = |start: Span, end: Span| start.start as usize..end.end as usize;
    let entry = root.entries().iter().find(|entry| place(entry.key_span, entry.value.span).contains(&at));
    let Some(entry) = entry else { return place(root.span, root.span) };
    let items = entry.value.items().iter().map(|item| place(item.span, item.span));
    let entries = entry.value.entries().iter().map(|entry| place(entry.key_span, entry.value.span));
    let within = items.chain(entries).find(|range| range.contains(&at));
    within.unwrap_or_else(|| place(entry.key_span, entry.value.span))
}

fn line_around(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    start..text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// The item of `modules:`, `templates:` or the like in which a line stands; the whole of them, if it is their head.
fn definition_around(text: &str, line: &Range<usize>) -> Range<usize> {
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .collect();
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_head = |line: &str| indent(line) == 0 && !line.starts_with('-');
    let here = lines.partition_point(|(start, _)| *start <= line.start).saturating_sub(1);
    let head = (0..=here).rev().find(|at| is_head(lines[*at].1)).unwrap_or(0);
    let end_of = |at: usize| lines.get(at).map_or(text.len(), |(start, _)| *start);
    let next_head = (here + 1..lines.len()).find(|at| is_head(lines[*at].1)).unwrap_or(lines.len());
    if head == here || head + 1 >= lines.len() {
        return lines[head].0..end_of(next_head);
    }
    let column = indent(lines[head + 1].1);
    let begins = |at: &usize| indent(lines[*at].1) <= column;
    let first = (head + 1..=here).rev().find(begins).unwrap_or(head + 1);
    let last = (here + 1..next_head).find(begins).unwrap_or(next_head);
    lines[first].0..end_of(last)
}

impl Recovered {
    /// Findings about the recovered project as findings about the project; without those that may follow from what is lost.
    pub(super) fn certain(&self, found: Vec<Diagnostic>, project: &Project) -> Vec<Diagnostic> {
        let certain = found.into_iter().filter(|found| !self.follows(found));
        certain.filter_map(|found| self.translated(found, project)).collect()
    }

    fn follows(&self, found: &Diagnostic) -> bool {
        let Some(label) = found.labels.first() else { return !self.files.is_empty() };
        let at = label.span.start as usize;
        let within = |mended: &Mended| mended.around.iter().any(|around| around.contains(&at));
        if self.files.get(&label.span.source).is_some_and(within) {
            return true;
        }
        let word = self.loaded.project.sources().slice(label.span).trim_matches(['"', '\'', ':']);
        found.id == "unknown-name" && self.files.values().any(|mended| mended.lost.contains(word))
    }

    fn translated(&self, mut found: Diagnostic, project: &Project) -> Option<Diagnostic> {
        for label in &mut found.labels {
            label.span = Span { source: self.original(label.span.source, project)?, ..label.span };
        }
        Some(found)
    }

    fn original(&self, source: SourceId, project: &Project) -> Option<SourceId> {
        if let Some(mended) = self.files.get(&source) {
            return Some(mended.original);
        }
        let path = self.loaded.project.files().iter().find(|(_, id)| *id == source).map(|(path, _)| path);
        match path {
            Some(path) => project.files().iter().find(|(known, _)| known == path).map(|(_, id)| *id),
            // The standard modules are read first, in the same order; what could not be read has a name alone.
            None => {
                let name = |project: &Project| project.sources().name(source).map(str::to_owned);
                (name(project) == name(&self.loaded.project)).then_some(source)
            }
        }
    }
}

/// The files, some of them with other texts.
struct Overlay<'w> {
    world: &'w dyn World,
    texts: &'w HashMap<PathBuf, Mended>,
}

impl World for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.texts.get(path).map_or_else(|| self.world.read(path), |mended| Ok(mended.text.clone()))
    }

    fn exists(&self, path: &Path) -> bool {
        self.world.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.world.is_dir(path)
    }

    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        self.world.repository(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_around_a_line_is_an_item_of_its_list_or_map() {
        let text =
            "modules:\n  - id: a\n    x: 1\n\n  - id: b\n    y:\n      - 2\ntemplates:\n  t:\n    run: z\n";
        let table = [
            ("x: 1", "  - id: a\n    x: 1\n\n"),
            ("- 2", "  - id: b\n    y:\n      - 2\n"),
            ("run: z", "  t:\n    run: z\n"),
            ("templates:", "templates:\n  t:\n    run: z\n"),
        ];
        for (needle, expected) in table {
            let line = line_around(text, text.find(needle).unwrap());
            assert_eq!(&text[definition_around(text, &line)], expected, "{needle}");
        }
    }
}
