//! A Compose file with all that it includes and extends.

use std::path::{Path, PathBuf};

use pt_spec::World;
use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Sources, Span, suggest};

use super::assignments::Assignment;
use super::document::{Documents, documents};
use super::env_of;
use super::merge::{Tags, lay, merge, rebase, rebase_section};
use super::notes::refused;

/// How many files may include and extend each other in a row.
const DEEPEST: usize = 32;

/// What was read of a Compose file, other files merged in.
#[derive(Debug)]
pub(super) struct ComposeFile {
    /// What the project is called.
    pub(super) name: String,
    /// The services, `extends` resolved.
    pub(super) services: Vec<Entry>,
    /// `volumes`, `configs`, `secrets`, `networks` and whatever else stands at the top.
    pub(super) others: Vec<Entry>,
    /// The directory that relative paths are meant from.
    pub(super) dir: PathBuf,
    /// What of its includes is left out: what to say, a hint, and the place.
    pub(super) left: Vec<(String, &'static str, Span)>,
    /// What files say of variables that belong to its includes.
    pub(super) envs: Vec<IncludedEnv>,
}

/// The `.env` of an include, or what it names in place of that.
#[derive(Debug)]
pub(super) struct IncludedEnv {
    /// Seen from the root file.
    pub(super) path: String,
    pub(super) says: Vec<Assignment>,
    /// Where it is included.
    pub(super) at: Span,
}

impl ComposeFile {
    /// Reads the files, each laid over those before it, and those they need.
    pub(super) fn load(
        sources: &mut Sources,
        world: &dyn World,
        paths: &[PathBuf],
    ) -> Result<Self, Vec<Diagnostic>> {
        let path = paths.first().map_or(Path::new(""), PathBuf::as_path);
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut reader = Reader {
            sources,
            world,
            dir: dir.clone(),
            tags: Tags::default(),
            left: Vec::new(),
            envs: Vec::new(),
        };
        let Read { mut services, mut others } = reader.read(paths, None, None, 0)?;
        let Reader { tags, left, envs, .. } = reader;
        services.iter_mut().chain(&mut others).for_each(|entry| tags.take_away(&mut entry.value));
        if services.is_empty() {
            let message = format!("{} has no services", path.display());
            return Err(vec![
                Diagnostic::error("compose-mistake", message).hint("check that it is a Compose file"),
            ]);
        }
        let named = others.iter().find(|entry| entry.key == "name").and_then(|entry| entry.value.as_str());
        let of_dir = || Some(dir.file_name()?.to_string_lossy().into_owned());
        let name = named.map(str::to_owned).or_else(of_dir).unwrap_or_else(|| "project".to_owned());
        Ok(Self { name, services, others, dir, left, envs })
    }

    /// Whether a section at the top has an entry, which may say nothing about itself.
    pub(super) fn declares(&self, section: &str, name: &str) -> bool {
        self.declared(section, name).is_some()
    }

    /// An entry of a section at the top: a volume, a secret.
    pub(super) fn declared(&self, section: &str, name: &str) -> Option<&Node> {
        self.others.iter().find(|entry| entry.key == section)?.value.get(name)
    }
}

struct Reader<'a> {
    sources: &'a mut Sources,
    world: &'a dyn World,
    /// The directory of the root file.
    dir: PathBuf,
    tags: Tags,
    left: Vec<(String, &'static str, Span)>,
    envs: Vec<IncludedEnv>,
}

#[derive(Default)]
struct Read {
    services: Vec<Entry>,
    others: Vec<Entry>,
}

/// A document, and where its relative paths are meant from.
struct Place<'a> {
    path: &'a Path,
    /// Seen from the root file's directory.
    prefix: PathBuf,
    depth: usize,
}

impl Reader<'_> {
    /// Reads files, each document laid over those before it. Relative paths are meant from a directory; without, from
    /// that of the first.
    fn read(
        &mut self,
        paths: &[PathBuf],
        base: Option<PathBuf>,
        at: Option<Span>,
        depth: usize,
    ) -> Result<Read, Vec<Diagnostic>> {
        let own = || paths.first().and_then(|path| path.parent()).unwrap_or(Path::new("")).to_owned();
        let prefix = self.relative(&base.unwrap_or_else(own));
        let mut all = Read::default();
        for path in paths {
            let place = Place { path, prefix: prefix.clone(), depth };
            for top in self.documents(path, at, depth)? {
                self.document(top, &place, &mut all)?;
            }
        }
        Ok(all)
    }

    /// Lays a document over what was read before.
    fn document(
        &mut self,
        top: Vec<Entry>,
        place: &Place<'_>,
        all: &mut Read,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut included = Read::default();
        let mut services = Vec::new();
        for mut entry in top {
            match entry.key.as_str() {
                "services" => services = entry.value.entries().to_vec(),
                "include" => {
                    for item in entry.value.items() {
                        let read = self.included(item, place)?;
                        lay(&mut included.services, read.services, &self.tags);
                        lay(&mut included.others, read.others, &self.tags);
                    }
                }
                section => {
                    rebase_section(section, &mut entry.value, &place.prefix);
                    lay(&mut all.others, vec![entry], &self.tags);
                }
            }
        }
        let mut resolved = Vec::new();
        for service in &services {
            if let Some(other) = included.services.iter().find(|other| other.key == service.key) {
                let message = format!("A file that is included has a service `{}`, too", service.key);
                let error = refused(message, service.key_span).at(other.key_span, "the other one");
                return Err(vec![error.hint("give it another name, or extend it")]);
            }
            let value = self.extended(service, &services, &all.services, place)?;
            resolved.push(Entry { value, ..service.clone() });
        }
        lay(&mut all.services, included.services, &self.tags);
        lay(&mut all.services, resolved, &self.tags);
        // What a file says itself is over what it includes.
        lay(&mut included.others, std::mem::take(&mut all.others), &self.tags);
        all.others = included.others;
        Ok(())
    }

    /// Reads what an item of `include` names.
    fn included(&mut self, item: &Node, place: &Place<'_>) -> Result<Read, Vec<Diagnostic>> {
        let dir = place.path.parent().unwrap_or(Path::new("")).to_owned();
        let base = item.get("project_directory").and_then(Node::as_str).map(|base| dir.join(base));
        let paths = item.get("path").unwrap_or(item);
        let paths = paths.as_str().into_iter().chain(paths.items().iter().filter_map(Node::as_str));
        let paths: Vec<PathBuf> = paths.map(|path| dir.join(path)).collect();
        let own = || paths.first().and_then(|path| path.parent()).map(Path::to_owned);
        let from = base.clone().or_else(own).unwrap_or_default();
        match item.get("env_file") {
            Some(env) => {
                let named = env.as_str().into_iter().chain(env.items().iter().filter_map(Node::as_str));
                for path in named {
                    self.env(&dir.join(path), env.span)?;
                }
            }
            None if !self.relative(&from).as_os_str().is_empty() && self.world.exists(&from.join(".env")) => {
                self.env(&from.join(".env"), item.span)?;
            }
            None => {}
        }
        self.read(&paths, base, Some(item.span), place.depth + 1)
    }

    /// Reads what sets the variables of a file that is included.
    fn env(&mut self, path: &Path, at: Span) -> Result<(), Vec<Diagnostic>> {
        let name = self.relative(path).display().to_string();
        let says = env_of(self.world, path, &name).map_err(|found| {
            found.into_iter().map(|error| error.at(at, "needed here")).collect::<Vec<_>>()
        })?;
        self.envs.push(IncludedEnv { path: name, says, at });
        Ok(())
    }

    /// The service with what it extends below it.
    fn extended(
        &mut self,
        service: &Entry,
        siblings: &[Entry],
        before: &[Entry],
        place: &Place<'_>,
    ) -> Result<Node, Vec<Diagnostic>> {
        let mut own = service.value.clone();
        if let NodeKind::Map(entries) = &mut own.kind {
            entries.retain(|entry| entry.key != "extends");
        }
        rebase(&mut own, &place.prefix);
        let Some(extends) = service.value.get("extends") else { return Ok(own) };
        if place.depth > DEEPEST {
            return Err(vec![too_deep(extends.span)]);
        }
        let name = extends.as_str().or_else(|| extends.get("service").and_then(Node::as_str));
        let Some(name) = name else {
            return Err(vec![refused("`extends` names no service", extends.span)]);
        };
        let named = |entries: &[Entry]| entries.iter().find(|entry| entry.key == name).cloned();
        let deeper = Place { depth: place.depth + 1, prefix: place.prefix.clone(), ..*place };
        let base = match extends.get("file").and_then(Node::as_str) {
            None => match (named(siblings), named(before)) {
                (Some(sibling), _) => self.extended(&sibling, siblings, before, &deeper)?,
                (None, Some(sibling)) => sibling.value,
                (None, None) => return Err(vec![unknown(name, siblings, extends.span)]),
            },
            Some(file) => {
                let path = place.path.parent().unwrap_or(Path::new("")).join(file);
                let read = self.read(&[path], None, Some(extends.span), deeper.depth)?;
                match named(&read.services) {
                    Some(sibling) => sibling.value,
                    None => return Err(vec![unknown(name, &read.services, extends.span)]),
                }
            }
        };
        Ok(merge(base, own, &self.tags))
    }

    /// The maps that a file holds.
    fn documents(
        &mut self,
        path: &Path,
        at: Option<Span>,
        depth: usize,
    ) -> Result<Vec<Vec<Entry>>, Vec<Diagnostic>> {
        if let Some(at) = at.filter(|_| depth > DEEPEST) {
            return Err(vec![too_deep(at)]);
        }
        let name = self.relative(path).display().to_string();
        let text = self.world.read(path).map_err(|cause| {
            let error = Diagnostic::error("compose-mistake", format!("Cannot read {name}: {cause}"));
            vec![at.into_iter().fold(error, |error, at| error.at(at, "needed here"))]
        })?;
        let source = self.sources.add(name, text.as_str());
        let Documents { tops, tags } = documents(source, &text, &mut self.tags)?;
        let told = tags.into_iter().map(|(tag, at)| (format!("`{tag}` cannot be carried over"), "", at));
        self.left.extend(told);
        Ok(tops)
    }

    /// A path as seen from the root file's directory.
    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.dir).unwrap_or(path).to_owned()
    }
}

fn unknown(name: &str, services: &[Entry], at: Span) -> Diagnostic {
    let error = Diagnostic::error("compose-mistake", format!("There is no service '{name}' to extend"));
    let near = suggest(name, services.iter().map(|service| service.key.as_str()));
    near.into_iter()
        .fold(error.at(at, "named here"), |error, near| error.hint(format!("did you mean '{near}'?")))
}

fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error("compose-mistake", "Files or services that need each other go in a circle")
        .at(at, "here")
}
