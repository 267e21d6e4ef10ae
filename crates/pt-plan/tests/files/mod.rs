//! Polytope files for tests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pt_spec::{Checkout, RepoRequest, RepositoryError, World};

/// Files in memory.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<PathBuf, String>);

impl Files {
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), text.to_owned());
        self
    }
}

impl World for Files {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path) || self.is_dir(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file != path && file.starts_with(path))
    }

    /// Repositories of GitHub lie at `/github/owner/name`, their revisions at `/github/owner/name@rev`.
    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        let name = request.url.trim_start_matches("https://github.com/").trim_end_matches(".git");
        let revision = request.revision.as_ref().map(|revision| format!("@{revision}"));
        let dir = PathBuf::from(format!("/github/{name}{}", revision.unwrap_or_default()));
        if self.is_dir(&dir) {
            return Ok(Checkout { dir, warning: None });
        }
        Err(RepositoryError { message: format!("{} cannot be fetched", request.url) })
    }
}
