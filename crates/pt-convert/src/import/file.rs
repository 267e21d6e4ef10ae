//! A Compose file with all that it includes and extends.

use std::path::{Path, PathBuf};

use pt_spec::World;
use pt_syntax::{Diagnostic, Document, Entry, Format, Node, NodeKind, Sources, Span, parse, suggest};

use super::merge::{merge, rebase};

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
    /// What of its includes is left out: key and place.
    pub(super) left: Vec<(String, Span)>,
}

impl ComposeFile {
    /// Reads the file and those it needs.
    pub(super) fn load(
        sources: &mut Sources,
        world: &dyn World,
        path: &Path,
    ) -> Result<Self, Vec<Diagnostic>> {
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut reader = Reader { sources, world, dir: dir.clone(), left: Vec::new() };
        let (services, others) = reader.read(path, None, None, 0)?;
        let left = reader.left;
        if services.is_empty() {
            let message = format!("{} has no services", path.display());
            return Err(vec![
                Diagnostic::error("compose-mistake", message).hint("check that it is a Compose file"),
            ]);
        }
        let named = others.iter().find(|entry| entry.key == "name").and_then(|entry| entry.value.as_str());
        let of_dir = || Some(dir.file_name()?.to_string_lossy().into_owned());
        let name = named.map(str::to_owned).or_else(of_dir).unwrap_or_else(|| "project".to_owned());
        Ok(Self { name, services, others, dir, left })
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
    left: Vec<(String, Span)>,
}

type Read = (Vec<Entry>, Vec<Entry>);

impl Reader<'_> {
    /// Reads a file, whose relative paths are meant from a directory; without, from its own.
    fn read(
        &mut self,
        path: &Path,
        base: Option<PathBuf>,
        at: Option<Span>,
        depth: usize,
    ) -> Result<Read, Vec<Diagnostic>> {
        let document = self.document(path, at, depth)?;
        let NodeKind::Map(top) = document.root.kind else {
            let error =
                Diagnostic::error("compose-mistake", "A Compose file is a map with the key `services`");
            return Err(vec![error.at(document.root.span, "this is something else")]);
        };
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let (mut services, mut others) = (Vec::new(), Vec::new());
        for entry in top {
            match entry.key.as_str() {
                "services" => services = entry.value.entries().to_vec(),
                "include" => {
                    for item in entry.value.items() {
                        let base = item.get("project_directory").and_then(Node::as_str);
                        if let Some(env) = item.get("env_file") {
                            self.left.push(("include.env_file".to_owned(), env.span));
                        }
                        for included in included_files(item) {
                            let base = base.map(|base| dir.join(base));
                            let read = self.read(&dir.join(included), base, Some(item.span), depth + 1)?;
                            services.splice(0..0, read.0);
                            merge_sections(&mut others, read.1);
                        }
                    }
                }
                _ => merge_sections(&mut others, vec![entry]),
            }
        }
        let prefix = self.relative(&base.unwrap_or(dir));
        let mut resolved = Vec::new();
        for service in &services {
            let value = self.extended(service, &services, path, depth)?;
            resolved.push(Entry { value, ..service.clone() });
        }
        if !prefix.as_os_str().is_empty() {
            resolved.iter_mut().for_each(|service| rebase(&mut service.value, &prefix));
        }
        Ok((resolved, others))
    }

    /// The service with what it extends below it.
    fn extended(
        &mut self,
        service: &Entry,
        siblings: &[Entry],
        path: &Path,
        depth: usize,
    ) -> Result<Node, Vec<Diagnostic>> {
        let Some(extends) = service.value.get("extends") else { return Ok(service.value.clone()) };
        if depth > DEEPEST {
            return Err(vec![too_deep(extends.span)]);
        }
        let name = extends.as_str().or_else(|| extends.get("service").and_then(Node::as_str));
        let Some(name) = name else {
            let error = Diagnostic::error("compose-mistake", "`extends` names no service");
            return Err(vec![error.at(extends.span, "here")]);
        };
        let base = match extends.get("file").and_then(Node::as_str) {
            None => match siblings.iter().find(|sibling| sibling.key == name) {
                Some(sibling) => self.extended(sibling, siblings, path, depth + 1)?,
                None => return Err(vec![unknown(name, siblings, extends.span)]),
            },
            Some(file) => {
                let path = path.parent().unwrap_or(Path::new("")).join(file);
                let (services, _) = self.read(&path, None, Some(extends.span), depth + 1)?;
                match services.iter().find(|sibling| sibling.key == name) {
                    Some(sibling) => sibling.value.clone(),
                    None => return Err(vec![unknown(name, &services, extends.span)]),
                }
            }
        };
        let mut own = service.value.clone();
        if let NodeKind::Map(entries) = &mut own.kind {
            entries.retain(|entry| entry.key != "extends");
        }
        Ok(merge(base, own))
    }

    fn document(&mut self, path: &Path, at: Option<Span>, depth: usize) -> Result<Document, Vec<Diagnostic>> {
        if let Some(at) = at.filter(|_| depth > DEEPEST) {
            return Err(vec![too_deep(at)]);
        }
        let name = self.relative(path).display().to_string();
        let text = self.world.read(path).map_err(|cause| {
            let error = Diagnostic::error("compose-mistake", format!("Cannot read {name}: {cause}"));
            vec![at.into_iter().fold(error, |error, at| error.at(at, "needed here"))]
        })?;
        let source = self.sources.add(name, text.as_str());
        let parsed = parse(source, &text, Format::Yaml);
        // `!reset` and `!override` say how files are merged.
        let tags = parsed.diagnostics.iter().filter(|found| found.id == "unknown-tag");
        for span in tags.flat_map(|found| &found.labels).map(|label| label.span) {
            let tag = text.get(span.start as usize..span.end as usize).unwrap_or_default();
            self.left.push((tag.split_whitespace().next().unwrap_or_default().to_owned(), span));
        }
        if parsed.has_errors() { Err(parsed.diagnostics) } else { Ok(parsed.document) }
    }

    /// A path as seen from the root file's directory.
    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.dir).unwrap_or(path).to_owned()
    }
}

/// `include: [file]`, `include: [{path: file}]`, `include: [{path: [file, override]}]`.
fn included_files(item: &Node) -> Vec<&str> {
    let path = item.get("path").unwrap_or(item);
    path.as_str().into_iter().chain(path.items().iter().filter_map(Node::as_str)).collect()
}

/// Sections of one name become one; what is declared later wins.
fn merge_sections(sections: &mut Vec<Entry>, more: Vec<Entry>) {
    for entry in more {
        match sections.iter_mut().find(|section| section.key == entry.key) {
            Some(section) => section.value = merge(section.value.clone(), entry.value),
            None => sections.push(entry),
        }
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
