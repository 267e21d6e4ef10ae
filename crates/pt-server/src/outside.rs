//! What running jobs need of the world: the project as it is now, other repositories, files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pt_engine::{Outputs, Outside, Planning, RepositoryAt};
use pt_model::{CodeLimits, Data, Text};
use pt_plan::{Home, Named, Planned, Request};
use pt_spec::{Project, RepoAddress, World};
use pt_store::{Scope, Store};
use pt_syntax::Sources;

use crate::disk::Disk;
use crate::named::{NamedInStore, Unset};
use crate::repositories::{Repositories, revision_of_work_tree};
use crate::workshop::ProjectFiles;

/// The world around the jobs of one project.
pub(crate) struct ProjectOutside {
    pub(crate) store: Store,
    pub(crate) scope: Scope,
    /// What all code may use up.
    pub(crate) limits: CodeLimits,
    pub(crate) state_dir: PathBuf,
    /// The directory of the root file, or where there is none, the working directory.
    pub(crate) root: PathBuf,
    pub(crate) root_file: Option<PathBuf>,
    /// What standard modules may do to its files.
    pub(crate) files: ProjectFiles,
}

/// A project with what is set for it.
pub(crate) struct ProjectAtHand {
    pub(crate) project: Project,
    pub(crate) store: Store,
    pub(crate) scope: Scope,
    /// What all code may use up.
    pub(crate) limits: CodeLimits,
}

impl ProjectOutside {
    fn repositories(&self) -> Repositories {
        Repositories::new(&self.state_dir, &self.root)
    }
}

impl Outside for ProjectOutside {
    fn project(&self, reference: &str) -> Result<Arc<dyn Planning>, String> {
        let world = self.repositories();
        let mut project = match &self.root_file {
            Some(root_file) => Project::load(&world, root_file.clone()).project,
            None => Project::without_file(&self.root),
        };
        // What cannot be had is told by the plan, which does not find it.
        project.refer(&world, reference);
        let (store, scope, limits) = (self.store.clone(), self.scope.clone(), self.limits);
        Ok(Arc::new(ProjectAtHand { project, store, scope, limits }))
    }

    fn repository(&self, repository: &RepositoryAt<'_>) -> Result<PathBuf, String> {
        let RepositoryAt { reference, revision } = *repository;
        let Some(reference) = reference else {
            let root = self.root.ancestors().find(|dir| dir.join(".git").exists()).ok_or_else(|| {
                format!("{} is in no Git repository: it has no revisions", self.root.display())
            })?;
            return self.repositories().revision_of(root, revision.unwrap_or("HEAD"));
        };
        let mut request = address(reference)?.request;
        request.revision = revision.map(str::to_owned).or(request.revision);
        let checkout = self.repositories().repository(&request);
        checkout.map(|checkout| checkout.dir).map_err(|error| error.message)
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        Disk.read(path).map_err(|error| error.to_string())
    }

    fn revision(&self) -> Option<String> {
        revision_of_work_tree(&self.root)
    }

    fn carry_out(&self, home: &Home, function: &str, args: &[Data]) -> Result<Data, String> {
        self.files.carry_out(home, function, args)
    }
}

/// `owner/name`, `owner/project/name`, or whatever an include may say.
fn address(reference: &str) -> Result<RepoAddress, String> {
    let parts: Vec<&str> = reference.split('/').collect();
    let is_name = |part: &&str| !part.is_empty() && !part.contains(':');
    match parts.as_slice() {
        [owner, name] | [owner, _, name] if parts.iter().all(is_name) => {
            Ok(RepoAddress::github(owner, name, None, None))
        }
        _ => RepoAddress::parse(reference).map_err(|must| format!("The repository {reference} {must}")),
    }
}

impl Planning for ProjectAtHand {
    fn plan(&self, requests: &[Vec<Request>], outputs: &Outputs<'_>) -> Result<Planned, String> {
        let named = NamedInStore::new(&self.store, self.scope.clone(), &Unset, self.limits);
        let named = WithOutputs { named, outputs };
        let planned = pt_plan::plan(&self.project, requests, &named);
        named.named.checked(planned).map_err(|error| error.to_string())
    }

    fn sources(&self) -> &Sources {
        self.project.sources()
    }
}

/// What is set, and the results of steps.
struct WithOutputs<'a> {
    named: NamedInStore<'a>,
    outputs: &'a Outputs<'a>,
}

impl Named for WithOutputs<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.named.value(name)
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.named.secret(name)
    }

    fn limits(&self) -> CodeLimits {
        self.named.limits()
    }

    fn output(&self, level: usize, step: &str, path: Option<&str>) -> Option<Data> {
        (self.outputs)(level, step, path)
    }
}
