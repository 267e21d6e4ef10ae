//! What a job needs of the world around it.

use std::path::PathBuf;
use std::sync::Arc;

use pt_model::Data;
use pt_plan::{Home, Planned, Request};
use pt_syntax::Sources;

/// The files of the project, other repositories, and what was set for it. Whoever starts jobs provides it.
///
/// Everything here may read files and wait for the network: it is called where that holds up nobody else.
pub trait Outside: Send + Sync {
    /// The project as its files are now. It knows what `reference` names, even if that is of another repository to which
    /// no file of the project refers.
    ///
    /// # Errors
    /// Its files cannot be read; says why.
    fn project(&self, reference: &str) -> Result<Arc<dyn Planning>, String>;

    /// The directory that holds the files of a repository at a revision.
    ///
    /// # Errors
    /// It is not to be had; says why.
    fn repository(&self, repository: &RepositoryAt<'_>) -> Result<PathBuf, String>;

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read; says why.
    fn read(&self, path: &std::path::Path) -> Result<String, String>;

    /// The commit of the project's repository, with `+` behind it if files differ from it; none outside of a repository.
    fn revision(&self) -> Option<String> {
        None
    }

    /// Carries out what standard modules alone may ask for: copying templates into the project, say. Paths in the arguments
    /// were written in a file at `home`.
    ///
    /// # Errors
    /// It cannot be done; says why.
    fn carry_out(&self, _home: &Home, function: &str, _args: &[Data]) -> Result<Data, String> {
        Err(format!("pt/{function}: there is no project here"))
    }
}

/// A repository as code and mounts refer to it.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryAt<'a> {
    /// `owner/name`, `owner/project/name`, or a URL; the project's own without.
    pub reference: Option<&'a str>,
    /// Branch, tag or commit. Without, the default branch; of the project's own repository, its live working tree.
    pub revision: Option<&'a str>,
}

/// A project that was loaded: requests are planned against it.
pub trait Planning: Send + Sync {
    /// Plans what was asked for, with the results of steps as they are known.
    ///
    /// # Errors
    /// What is set for the project cannot be read; says why.
    fn plan(&self, requests: &[Vec<Request>], outputs: &Outputs<'_>) -> Result<Planned, String>;

    /// Its files, so that failures can point into them.
    fn sources(&self) -> &Sources;
}

/// The results of steps, as [`pt_plan::Named::output`] asks for them: the level, the step, the path.
pub type Outputs<'a> = dyn Fn(usize, &str, Option<&str>) -> Option<Data> + 'a;

/// No result is known.
pub fn no_outputs(_: usize, _: &str, _: Option<&str>) -> Option<Data> {
    None
}
