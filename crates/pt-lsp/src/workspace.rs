//! What is open in the editor, over what lies on the disk.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ls_types::TextDocumentContentChangeEvent;
use pt_spec::{Checkout, Loaded, Project, RepoRequest, RepositoryError, World, tidy};
use pt_syntax::{Format, Parsed, SourceId, Span, parse};

use crate::Surroundings;
use crate::text::Lines;

/// The editor's texts and the projects they belong to.
pub(crate) struct Workspace<'s> {
    pub(crate) surroundings: &'s dyn Surroundings,
    open: BTreeMap<PathBuf, Buffer>,
    /// Projects as loaded since the last change.
    views: RefCell<HashMap<(PathBuf, Texts), Rc<View>>>,
}

/// A text in the editor, saved or not.
struct Buffer {
    text: String,
    /// The last text that could be read to its end: what names it defines while somebody types is known from there.
    sound: Option<String>,
}

/// Which texts of open files count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Texts {
    /// What the editor shows: for what is said about it.
    Shown,
    /// The last one without mistakes of notation: for looking up names.
    Sound,
}

/// A project and its files.
pub(crate) struct View {
    pub(crate) loaded: Loaded,
    /// The project's own files in the order of reading, the root file first.
    pub(crate) files: Vec<PathBuf>,
}

impl<'s> Workspace<'s> {
    pub(crate) fn new(surroundings: &'s dyn Surroundings) -> Self {
        Self { surroundings, open: BTreeMap::new(), views: RefCell::default() }
    }

    pub(crate) fn open(&mut self, path: &Path, text: String) {
        let path = tidy(path);
        let kept = self.open.remove(&path).and_then(|buffer| buffer.sound);
        let sound = if read(&path, &text).has_errors() { kept } else { Some(text.clone()) };
        self.open.insert(path, Buffer { text, sound });
        self.refresh();
    }

    pub(crate) fn change(&mut self, path: &Path, changes: Vec<TextDocumentContentChangeEvent>) {
        let Some(buffer) = self.open.get(&tidy(path)) else { return };
        let mut text = buffer.text.clone();
        for change in changes {
            match change.range {
                None => text = change.text,
                Some(range) => {
                    let lines = Lines::of(&text);
                    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
                    text.replace_range(start..end.max(start), &change.text);
                }
            }
        }
        self.open(path, text);
    }

    pub(crate) fn close(&mut self, path: &Path) {
        self.open.remove(&tidy(path));
        self.refresh();
    }

    /// Whether the editor shows a file.
    pub(crate) fn is_open(&self, path: &Path) -> bool {
        self.open.contains_key(path)
    }

    /// Something changed: projects are read again when next asked for.
    pub(crate) fn refresh(&mut self) {
        self.views.borrow_mut().clear();
    }

    /// The text of a file as the editor shows it, or as it lies on the disk.
    pub(crate) fn text(&self, path: &Path) -> Option<String> {
        self.overlay(dir_of(path), Texts::Shown).read(path).ok()
    }

    /// The polytope file that an include names.
    pub(crate) fn polytope_file(&self, path: &Path) -> Option<PathBuf> {
        let path = tidy(path);
        let overlay = self.overlay(dir_of(&path), Texts::Shown);
        if overlay.is_dir(&path) {
            return pt_spec::file_in(&overlay, &path);
        }
        overlay.exists(&path).then_some(path)
    }

    /// The project that a file belongs to.
    pub(crate) fn view(&self, path: &Path, texts: Texts) -> Rc<View> {
        let path = tidy(path);
        let root = self.root(&path);
        let view = self.load(&root, texts);
        // A file that nobody includes is a project of its own.
        if view.files.contains(&path) { view } else { self.load(&path, texts) }
    }

    /// The projects of all open files.
    pub(crate) fn views(&self, texts: Texts) -> Vec<Rc<View>> {
        let mut roots = BTreeSet::new();
        let mut views = Vec::new();
        for path in self.open.keys() {
            let view = self.view(path, texts);
            if roots.insert(view.loaded.project.root_file().to_owned()) {
                views.push(view);
            }
        }
        views
    }

    fn root(&self, path: &Path) -> PathBuf {
        let dir = dir_of(path);
        pt_spec::find_root(&self.overlay(dir, Texts::Shown), dir).unwrap_or_else(|| path.to_owned())
    }

    fn load(&self, root: &Path, texts: Texts) -> Rc<View> {
        let key = (root.to_owned(), texts);
        if let Some(view) = self.views.borrow().get(&key) {
            return Rc::clone(view);
        }
        let overlay = self.overlay(dir_of(root), texts);
        let loaded = Project::load(&overlay, root.to_owned());
        let (mut files, checkouts) = (overlay.read.into_inner(), overlay.checkouts.into_inner());
        files.retain(|file| !checkouts.iter().any(|dir| file.starts_with(dir)));
        let view = Rc::new(View { loaded, files });
        self.views.borrow_mut().insert(key, Rc::clone(&view));
        view
    }

    /// The files as the editor would have them.
    pub(crate) fn overlay(&self, root: &Path, texts: Texts) -> Overlay<'_> {
        Overlay {
            open: &self.open,
            disk: self.surroundings.world(root),
            texts,
            read: RefCell::default(),
            checkouts: RefCell::default(),
        }
    }
}

impl View {
    /// The project.
    pub(crate) fn project(&self) -> &Project {
        &self.loaded.project
    }

    /// The file of the project in which a span stands; none for the standard modules.
    pub(crate) fn file(&self, source: SourceId) -> Option<PathBuf> {
        let project = &self.loaded.project;
        // Own files are named by their place below the root, and read after the standard modules.
        let own = project.definitions().map(|definition| definition.origin.file).min();
        let path = tidy(&project.root_dir().join(&project.sources().get(source).name));
        let is_standard = own.is_some_and(|first| source < first) && self.is_standard(source);
        (!is_standard && self.files.contains(&path)).then_some(path)
    }

    fn is_standard(&self, source: SourceId) -> bool {
        let sources = self.loaded.project.sources();
        let name = &sources.get(source).name;
        name.strip_prefix("polytope/").and_then(|rest| rest.strip_suffix("/polytope.yml")).is_some_and(
            |project| {
                let module = self.loaded.project.standard().module(sources, project, None);
                module.is_none_or(|module| module.origin.file == source)
            },
        )
    }

    /// The text in which a span stands.
    pub(crate) fn source(&self, span: Span) -> &str {
        &self.loaded.project.sources().get(span.source).text
    }
}

/// The disk as the editor would have it.
pub(crate) struct Overlay<'w> {
    open: &'w BTreeMap<PathBuf, Buffer>,
    disk: Box<dyn World + 'w>,
    texts: Texts,
    /// What was read, in order.
    read: RefCell<Vec<PathBuf>>,
    /// Where other repositories lie; their files are nobody's to change.
    checkouts: RefCell<Vec<PathBuf>>,
}

impl World for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        let path = tidy(path);
        let text = match self.open.get(&path) {
            Some(Buffer { sound: Some(text), .. }) if self.texts == Texts::Sound => text.clone(),
            Some(buffer) => buffer.text.clone(),
            None => self.disk.read(&path)?,
        };
        self.read.borrow_mut().push(path);
        Ok(text)
    }

    fn exists(&self, path: &Path) -> bool {
        let path = tidy(path);
        self.open.contains_key(&path) || self.disk.exists(&path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.disk.is_dir(path)
    }

    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        let checkout = self.disk.repository(request)?;
        self.checkouts.borrow_mut().push(checkout.dir.clone());
        Ok(checkout)
    }
}

fn dir_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Reads a text in the notation that its file's name tells.
pub(crate) fn read(path: &Path, text: &str) -> Parsed {
    parse(SourceId(0), text, format_of(path))
}

/// The notation of a file.
pub(crate) fn format_of(path: &Path) -> Format {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Format::Json,
        Some("edn") => Format::Edn,
        Some(_) | None => Format::Yaml,
    }
}
