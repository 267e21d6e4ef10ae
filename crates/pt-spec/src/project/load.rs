//! Reading a root file and what it includes.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use pt_syntax::{Diagnostic, Sources, Span};

use super::{Loaded, Project};
use crate::definition::{Kind, Origin};
use crate::lower::{Include, Lowered, lower_file};
use crate::read::read;
use crate::standard::Standard;
use crate::world::{World, file_in};

pub(super) fn empty(root_file: PathBuf) -> Project {
    let mut sources = Sources::default();
    let standard = Standard::new(&mut sources);
    Project {
        root_file,
        sources,
        files: Vec::new(),
        definitions: Vec::new(),
        callables: HashMap::new(),
        templates: HashMap::new(),
        instructions: Vec::new(),
        mcp_only: None,
        standard,
    }
}

pub(super) fn load(world: &dyn World, root_file: PathBuf) -> Loaded {
    let mut loader =
        Loader { world, project: empty(root_file.clone()), diagnostics: Vec::new(), seen: HashSet::new() };
    loader.file(&root_file, None);
    Loaded { project: loader.project, diagnostics: loader.diagnostics }
}

struct Loader<'w> {
    world: &'w dyn World,
    project: Project,
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<PathBuf>,
}

impl Loader<'_> {
    /// Reads a file, then what it includes: of equal names the first one read is meant.
    fn file(&mut self, path: &Path, included_at: Option<Span>) {
        if !self.seen.insert(normal(path)) {
            return;
        }
        let shown = path.strip_prefix(self.project.root_dir()).unwrap_or(path).display().to_string();
        let text = match self.world.read(path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("Cannot read {}: {error}", path.display());
                self.diagnostics.push(match included_at {
                    Some(span) => Diagnostic::warning("unreadable-file", message).at(span, "included here"),
                    None => Diagnostic::error("unreadable-file", message),
                });
                return;
            }
        };
        let file = self.project.sources.add(shown, text);
        self.project.files.push((path.to_owned(), file));
        let (root, diagnostics) = read(&self.project.sources, file, path);
        self.diagnostics.extend(diagnostics);
        let dir: Arc<Path> = path.parent().unwrap_or(Path::new(".")).into();
        let lowered = lower_file(root, &Origin { file, dir: Arc::clone(&dir), standard: None });
        self.take(lowered, &dir);
    }

    fn take(&mut self, lowered: Lowered, dir: &Path) {
        self.diagnostics.extend(lowered.diagnostics);
        self.project.instructions.extend(lowered.instructions);
        if self.seen.len() == 1 {
            self.project.mcp_only = lowered.mcp_only;
        }
        for definition in lowered.definitions {
            let names = if definition.kind == Kind::Template {
                &mut self.project.templates
            } else {
                &mut self.project.callables
            };
            let at = self.project.definitions.len();
            let first = *names.entry(definition.id.text.clone()).or_insert(at);
            if let Some(first) = self.project.definitions.get(first)
                && first.origin.file == definition.origin.file
                && first.kind == definition.kind
            {
                let (word, id) = (definition.kind.word(), &definition.id);
                self.diagnostics.push(
                    Diagnostic::warning("duplicate-id", format!("There are two {word}s named '{}'", id.text))
                        .at(id.span, "this one is never used")
                        .at(first.id.span, "this one is"),
                );
            }
            self.project.definitions.push(definition);
        }
        for include in lowered.includes {
            self.include(include, dir);
        }
    }

    fn include(&mut self, include: Include, dir: &Path) {
        let name = match include {
            Include::Path(name) => name,
            Include::Repo(name) => {
                self.diagnostics.push(
                    Diagnostic::warning(
                        "not-supported",
                        format!("Including the repository {} is not supported", name.text),
                    )
                    .at(name.span, "ignored; steps that use names from there will fail"),
                );
                return;
            }
        };
        let root_dir = self.project.root_dir().to_owned();
        let found =
            [dir, root_dir.as_path()].iter().find_map(|base| self.polytope_file(&base.join(&name.text)));
        match found {
            Some(path) => self.file(&path, Some(name.span)),
            None => self.diagnostics.push(
                Diagnostic::warning("missing-include", format!("There is no polytope file at {}", name.text))
                    .at(name.span, "ignored; steps that use names from there will fail"),
            ),
        }
    }

    fn polytope_file(&self, path: &Path) -> Option<PathBuf> {
        if self.world.is_dir(path) {
            file_in(self.world, path)
        } else {
            self.world.exists(path).then(|| path.to_owned())
        }
    }
}

/// The path without `.` and `..`, so that one file is one path.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
    }
    normal
}
