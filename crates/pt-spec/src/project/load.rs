//! Reading a root file and what it includes.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::HashMap;
use pt_syntax::{Diagnostic, Severity, SourceId, Sources, Span};

use super::remote::Remotes;
use super::{Loaded, Namespace, Project};
use crate::definition::{Definition, Kind, Name, OWN, Origin};
use crate::for_agents::ForAgents;
use crate::lower::{Include, Lowered, lower_file};
use crate::path::tidy;
use crate::read::read;
use crate::repository::{RepoAddress, Repository};
use crate::standard::Standard;
use crate::world::{NotText, World, file_in};

pub(super) fn empty(root_file: PathBuf) -> Project {
    let mut sources = Sources::default();
    let standard = Standard::new(&mut sources);
    Project {
        root_file,
        sources,
        files: Vec::new(),
        definitions: Vec::new(),
        namespaces: vec![Namespace::default()],
        remotes: HashMap::default(),
        triggers: Vec::new(),
        instructions: Vec::new(),
        for_agents: ForAgents::default(),
        standard,
    }
}

pub(super) fn load(world: &dyn World, root_file: PathBuf) -> Loaded {
    let mut project = empty(root_file.clone());
    let mut loader = Loader::new(world, &mut project);
    let own = Place { namespace: OWN, repository: None, base: loader.project.root_dir().into() };
    loader.file(&root_file, None, &own);
    Remotes::default().of_own_definitions(&mut loader);
    let diagnostics = loader.diagnostics;
    Loaded { project, diagnostics }
}

pub(super) fn refer(world: &dyn World, project: &mut Project, reference: &str) -> Vec<Diagnostic> {
    let mut loader = Loader::new(world, project);
    Remotes::default().of_reference(&mut loader, reference);
    loader.diagnostics
}

pub(super) struct Loader<'w, 'p> {
    world: &'w dyn World,
    pub(super) project: &'p mut Project,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The first definition of each kind and name in each namespace.
    firsts: HashMap<(usize, Kind, String), usize>,
    seen: HashSet<(usize, PathBuf)>,
    /// The files that are being read, outermost first: each includes the next.
    open: Vec<SourceId>,
}

/// Where a file belongs.
pub(super) struct Place {
    pub(super) namespace: usize,
    /// The repository it comes from, if it is not the project's own.
    pub(super) repository: Option<Arc<Repository>>,
    /// Where included files are looked for that are not beside the including one.
    pub(super) base: Arc<Path>,
}

impl<'w, 'p> Loader<'w, 'p> {
    fn new(world: &'w dyn World, project: &'p mut Project) -> Self {
        Self {
            world,
            project,
            diagnostics: Vec::new(),
            firsts: HashMap::default(),
            seen: HashSet::new(),
            open: Vec::new(),
        }
    }

    /// Reads a file, then what it includes: of equal names the first one read is meant.
    fn file(&mut self, path: &Path, included_at: Option<Span>, place: &Place) {
        if !self.seen.insert((place.namespace, tidy(path))) {
            return;
        }
        let shown = match &place.repository {
            Some(repository) => {
                let inside = path.strip_prefix(&repository.dir).unwrap_or(path);
                format!("{}/{}", repository.reference, inside.display())
            }
            None => path.strip_prefix(self.project.root_dir()).unwrap_or(path).display().to_string(),
        };
        let text = match self.world.read(path) {
            Ok(text) => text,
            Err(error) => {
                let found = self.unreadable(shown, &error, included_at);
                self.diagnostics.push(found);
                return;
            }
        };
        let file = self.project.sources.add(shown, text);
        self.project.files.push((path.to_owned(), file));
        let (root, diagnostics) = read(&self.project.sources, file, path);
        self.diagnostics.extend(diagnostics);
        let dir: Arc<Path> = path.parent().unwrap_or(Path::new(".")).into();
        let origin = Origin {
            file,
            dir: Arc::clone(&dir),
            standard: None,
            repository: place.repository.clone(),
            namespace: place.namespace,
        };
        let lowered = lower_file(root, &origin);
        self.open.push(file);
        self.take(lowered, &dir, place, included_at.is_none());
        self.open.pop();
    }

    fn unreadable(&mut self, shown: String, error: &io::Error, included_at: Option<Span>) -> Diagnostic {
        let is_dir = error.kind() == io::ErrorKind::IsADirectory;
        let why = if is_dir { "it is a directory".to_owned() } else { error.to_string() };
        let found = Diagnostic {
            severity: if included_at.is_some() { Severity::Warning } else { Severity::Error },
            ..Diagnostic::error("unreadable-file", format!("Cannot read {shown}: {why}"))
        };
        let found = match (error.get_ref().and_then(|cause| cause.downcast_ref::<NotText>()), included_at) {
            (Some(NotText { text, at, .. }), _) => {
                let length = text.get(*at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let source = self.project.sources.add(shown, text.as_str());
                found.at(Span { source, start: place(*at), end: place(at + length) }, "from here on")
            }
            // The place of the file that was looked for.
            (None, None) => {
                let source = self.project.sources.add(shown, "");
                found.at(Span { source, start: 0, end: 0 }, "")
            }
            (None, Some(_)) => found,
        };
        match included_at {
            Some(span) => found.at(span, "included here"),
            None => found,
        }
    }

    fn take(&mut self, lowered: Lowered, dir: &Path, place: &Place, is_root: bool) {
        self.diagnostics.extend(lowered.diagnostics);
        if place.namespace == OWN {
            self.project.instructions.extend(lowered.instructions);
            self.project.triggers.extend(lowered.triggers);
            if is_root {
                self.project.for_agents = lowered.for_agents;
            }
        }
        for definition in lowered.definitions {
            let names = self.project.namespaces[place.namespace].of_mut(definition.kind);
            let at = self.project.definitions.len();
            let first = *names.entry(definition.id.text.clone()).or_insert(at);
            // Of a name that two kinds of definitions have, each of them has a first.
            let of_kind = (place.namespace, definition.kind, definition.id.text.clone());
            let first_of_kind = *self.firsts.entry(of_kind).or_insert(at);
            let firsts = [first, first_of_kind].map(|first| self.project.definitions.get(first));
            let found =
                firsts.into_iter().flatten().find_map(|first| repeated(&definition, first, &self.open));
            self.diagnostics.extend(found);
            self.project.definitions.push(definition);
        }
        for include in lowered.includes {
            match include {
                Include::Path(name) => self.include(&name, dir, place),
                Include::Repo { repo, revision, path } => {
                    self.include_repository(&repo, revision, path, place.namespace);
                }
            }
        }
    }

    fn include(&mut self, name: &Name, dir: &Path, place: &Place) {
        let bases = [dir, &*place.base];
        let inside = |path: &Path| {
            // A repository of somebody else's has no business with this machine's other files.
            place.repository.as_ref().is_none_or(|repository| tidy(path).starts_with(&repository.dir))
        };
        let paths = bases.iter().map(|base| base.join(&name.text)).filter(|path| inside(path));
        let found = paths.filter_map(|path| self.polytope_file(&path)).next();
        match found {
            Some(path) => self.file(&path, Some(name.span), place),
            None => {
                let message = format!("There is no polytope file at {}", name.text);
                let found = Diagnostic::warning("missing-include", message)
                    .at(name.span, "ignored; steps that use names from there will fail");
                let is_repository = name.text.starts_with("gh:") || name.text.contains("://");
                self.diagnostics.push(match is_repository {
                    true => found.hint(format!("write `{{repo: \"{}\"}}`", name.text)),
                    false => found,
                });
            }
        }
    }

    fn include_repository(
        &mut self,
        name: &Name,
        revision: Option<String>,
        path: Option<String>,
        namespace: usize,
    ) {
        let found = RepoAddress::parse(&name.text).and_then(|mut address| {
            address.request.revision = revision.or(address.request.revision);
            address.path = path.or(address.path);
            self.repository(&address, Some(name.span), namespace)
        });
        if let Err(message) = found {
            let message = format!("Cannot include {}: {message}", name.text);
            self.diagnostics.push(
                Diagnostic::warning("missing-repository", message)
                    .at(name.span, "ignored; steps that use names from there will fail"),
            );
        }
    }

    /// Reads the polytope file of another repository.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn repository(
        &mut self,
        address: &RepoAddress,
        at: Option<Span>,
        namespace: usize,
    ) -> Result<(), String> {
        let checkout = self.world.repository(&address.request).map_err(|error| error.message)?;
        if let Some(warning) = checkout.warning {
            let found = Diagnostic::warning("stale-repository", warning);
            self.diagnostics.push(match at {
                Some(span) => found.at(span, "used here"),
                None => found,
            });
        }
        let dir: Arc<Path> = tidy(&checkout.dir).into();
        let path = address.path.as_deref().unwrap_or_default().trim_start_matches('/');
        let wanted = tidy(&dir.join(path));
        let file = self.polytope_file(&wanted).filter(|file| file.starts_with(&dir));
        let file = file.ok_or_else(|| {
            let place = if path.is_empty() { "its root" } else { path };
            format!("{} has no polytope file at {place}", address.reference)
        })?;
        let reference = address.reference.clone();
        let repository = Some(Arc::new(Repository { reference, dir: Arc::clone(&dir) }));
        self.file(&file, at, &Place { namespace, repository, base: dir });
        Ok(())
    }

    fn polytope_file(&self, path: &Path) -> Option<PathBuf> {
        if self.world.is_dir(path) {
            file_in(self.world, path)
        } else {
            self.world.exists(path).then(|| path.to_owned())
        }
    }
}

/// That a definition is never used, since `first` has its name. A file may repeat what the files say that it includes: that
/// is how one replaces it. `open` are the files around the definition, its own the last.
fn repeated(definition: &Definition, first: &Definition, open: &[SourceId]) -> Option<Diagnostic> {
    let (file, other) = (definition.origin.file, first.origin.file);
    let replaced = file != other && open.contains(&other);
    // A tool and a module of a file may have one name, and the tool is meant.
    let of_two_kinds = file == other && first.kind != definition.kind;
    if replaced || of_two_kinds {
        return None;
    }
    let (word, id) = (definition.kind.word(), &definition.id);
    let message = match first.kind == definition.kind {
        true => format!("There are two {word}s named '{}'", id.text),
        false => format!("There are a {} and a {word} named '{}'", first.kind.word(), id.text),
    };
    let found = Diagnostic::warning("duplicate-id", message)
        .at(id.span, "this one is never used")
        .at(first.id.span, "this one is");
    Some(match file == other {
        true => found,
        false => found.hint("of files beside each other the first one included counts; rename one of them"),
    })
}
