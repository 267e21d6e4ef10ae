//! A project: the root polytope file and what it includes.

mod load;
mod remote;
mod resolve;

use std::path::{Path, PathBuf};

use foldhash::HashMap;
use pt_syntax::{Diagnostic, SourceId, Sources};

use crate::definition::{Definition, Kind, Name, OWN};
use crate::for_agents::ForAgents;
use crate::standard::Standard;
use crate::trigger::Trigger;
use crate::world::World;

pub use resolve::Resolved;

/// What was found at a root polytope file: the project as far as it could be understood, and what is wrong.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// What is wrong with its files as such. What is wrong inside definitions is told when they are used.
    pub diagnostics: Vec<Diagnostic>,
}

/// Everything that a root polytope file makes known, and the standard modules.
#[derive(Clone, Debug)]
pub struct Project {
    root_file: PathBuf,
    sources: Sources,
    files: Vec<(PathBuf, SourceId)>,
    definitions: Vec<Definition>,
    /// The project's own names, then those of projects that it refers to as `owner/project`.
    namespaces: Vec<Namespace>,
    /// The projects that were referred to, without `!id`: which namespace is theirs, or why there is none.
    remotes: HashMap<String, Result<usize, String>>,
    triggers: Vec<Trigger>,
    instructions: Vec<String>,
    for_agents: ForAgents,
    standard: Standard,
}

/// What names mean: places in the list of definitions.
#[derive(Clone, Debug, Default)]
struct Namespace {
    /// Tools and modules share their names.
    callables: HashMap<String, usize>,
    templates: HashMap<String, usize>,
}

impl Namespace {
    fn of(&self, kind: Kind) -> &HashMap<String, usize> {
        match kind {
            Kind::Template => &self.templates,
            Kind::Module | Kind::Tool => &self.callables,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut HashMap<String, usize> {
        match kind {
            Kind::Template => &mut self.templates,
            Kind::Module | Kind::Tool => &mut self.callables,
        }
    }
}

impl Project {
    /// Reads the root file and everything it includes.
    pub fn load(world: &dyn World, root_file: PathBuf) -> Loaded {
        load::load(world, root_file)
    }

    /// Fetches what a reference from outside the project's files needs, such as one of the command line. Without this,
    /// references to other repositories resolve if the project's files have them too.
    pub fn refer(&mut self, world: &dyn World, reference: &str) -> Vec<Diagnostic> {
        load::refer(world, self, reference)
    }

    /// A project without a polytope file: there are the standard modules and nothing else.
    pub fn without_file(dir: &Path) -> Self {
        load::empty(dir.join(crate::world::FILE_NAMES[0]))
    }

    /// Adds a text that is none of the project's files, such as a command line, so that findings can point into it.
    pub fn add_text(&mut self, name: &str, text: &str) -> SourceId {
        self.sources.add(name, text)
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
        pt_model::id_of_dir(self.root_dir())
    }

    /// The texts that were read; those of the standard modules too.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The project's own files that could be read, and their texts: the root file, then what it includes.
    pub fn files(&self) -> &[(PathBuf, SourceId)] {
        &self.files
    }

    /// What starts jobs by itself.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    /// Texts for agents, the root file's first.
    pub fn instructions(&self) -> &[String] {
        &self.instructions
    }

    /// Ids of the only tools that agents are to see, if the root file says so.
    pub fn mcp_only(&self) -> Option<&[Name]> {
        self.for_agents.only.as_deref()
    }

    /// What the root file says to agents alone.
    pub fn for_agents(&self) -> &ForAgents {
        &self.for_agents
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
        definition.origin.namespace == OWN
            && self.namespaces[OWN].of(definition.kind).get(&definition.id.text) == Some(&at)
    }

    /// The standard modules.
    pub fn standard(&self) -> &Standard {
        &self.standard
    }
}
