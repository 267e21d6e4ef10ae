//! A project: the root polytope file and what it includes.

mod load;
mod resolve;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pt_syntax::{Diagnostic, SourceId, Sources};

use crate::definition::{Definition, Kind};
use crate::standard::Standard;
use crate::world::World;

pub use resolve::Resolved;

/// What was found at a root polytope file: the project as far as it could be understood, and what is wrong.
#[derive(Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// What is wrong with its files as such. What is wrong inside definitions is told when they are used.
    pub diagnostics: Vec<Diagnostic>,
}

/// Everything that a root polytope file makes known, and the standard modules.
#[derive(Debug)]
pub struct Project {
    root_file: PathBuf,
    sources: Sources,
    files: Vec<(PathBuf, SourceId)>,
    definitions: Vec<Definition>,
    /// Tools and modules share one namespace.
    callables: HashMap<String, usize>,
    templates: HashMap<String, usize>,
    instructions: Vec<String>,
    mcp_only: Option<Vec<String>>,
    standard: Standard,
}

impl Project {
    /// Reads the root file and everything it includes.
    pub fn load(world: &dyn World, root_file: PathBuf) -> Loaded {
        load::load(world, root_file)
    }

    /// A project without a polytope file: there are the standard modules and nothing else.
    pub fn without_file(dir: &Path) -> Self {
        load::empty(dir.join(crate::world::FILE_NAMES[0]))
    }

    /// The root polytope file.
    pub fn root_file(&self) -> &Path {
        &self.root_file
    }

    /// The directory of the root polytope file.
    pub fn root_dir(&self) -> &Path {
        self.root_file.parent().unwrap_or(Path::new("."))
    }

    /// The name of its directory, made an id.
    pub fn id(&self) -> String {
        let name = self.root_dir().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let id: String = name.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
        let id = id.trim_matches('-');
        if id.is_empty() { "project".to_owned() } else { id.to_owned() }
    }

    /// The texts that were read; those of the standard modules too.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The project's own files that could be read, and their texts: the root file, then what it includes.
    pub fn files(&self) -> &[(PathBuf, SourceId)] {
        &self.files
    }

    /// Texts for agents, the root file's first.
    pub fn instructions(&self) -> &[String] {
        &self.instructions
    }

    /// Ids of the only tools that agents are to see, if the root file says so.
    pub fn mcp_only(&self) -> Option<&[String]> {
        self.mcp_only.as_deref()
    }

    /// The project's own definitions that a name can reach, in the order of their declaration.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.definitions
            .iter()
            .enumerate()
            .filter(|(at, definition)| self.reaches(definition, *at))
            .map(|(_, d)| d)
    }

    /// Every definition that the project's files declare, those too that no name can reach because another has it.
    pub fn declared(&self) -> &[Definition] {
        &self.definitions
    }

    fn reaches(&self, definition: &Definition, at: usize) -> bool {
        let names = if definition.kind == Kind::Template { &self.templates } else { &self.callables };
        names.get(&definition.id.text) == Some(&at)
    }

    /// The standard modules.
    pub fn standard(&self) -> &Standard {
        &self.standard
    }
}
