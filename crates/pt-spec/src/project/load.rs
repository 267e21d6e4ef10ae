//! Reading a root file and what it includes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::HashMap;
use pt_syntax::{Diagnostic, Sources, Span};

use super::remote::Remotes;
use super::{Loaded, Namespace, Project};
use crate::definition::{Name, OWN, Origin};
use crate::for_agents::ForAgents;
use crate::lower::{Include, Lowered, lower_file};
use crate::path::tidy;
use crate::read::read;
use crate::repository::{RepoAddress, Repository};
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
    seen: HashSet<(usize, PathBuf)>,
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
        Self { world, project, diagnostics: Vec::new(), seen: HashSet::new() }
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
                let message = format!("Cannot read {shown}: {error}");
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
        let origin = Origin {
            file,
            dir: Arc::clone(&dir),
            standard: None,
            repository: place.repository.clone(),
            namespace: place.namespace,
        };
        let lowered = lower_file(root, &origin);
        self.take(lowered, &dir, place, included_at.is_none());
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
