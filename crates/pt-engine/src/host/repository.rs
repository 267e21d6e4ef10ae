//! Files of repositories.

use std::path::{Component, Path};

use pt_model::{Data, Failure};
use pt_spec::standard_files;

use super::StepHost;
use crate::args::{Args, entry};
use crate::inside::inside;
use crate::mount::Found;

impl StepHost {
    /// `read-repo-file`: the text of a file of the user's project, or of another repository.
    pub(super) fn read_repo_file(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let options = &self.context.options;
        Found { root: &options.instance.root, outside: &*options.outside, home: &self.call.home }.read(args)
    }
}

impl Found<'_> {
    /// The text of the file that args name.
    pub(super) fn read(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let path = args.text(0, "path")?;
        let repo = args.optional_text(entry(args.at(1), &["repo"]), "repo")?;
        let revision = args.optional_text(entry(args.at(1), &["revision"]), "revision")?;
        // A path is from the repository's root, with and without a slash.
        let path = format!("/{}", path.trim_start_matches('/'));
        if Path::new(&path).components().any(|part| part == Component::ParentDir) {
            return Err(
                args.failure(format!("{path}: Must not lead out of the repository: write it without `..`"))
            );
        }
        if let Some(project) = repo.as_deref().and_then(standard_project) {
            let file = standard_files(project, &path).into_iter().find(|file| file.path.is_empty());
            return match file {
                Some(file) => Ok(Data::Str(file.text)),
                None => Err(args.failure(format!("Repository path not found: {path} in polytope/{project}"))),
            };
        }
        // Without a word it is the user's project, wherever the code comes from.
        let repo = repo.unwrap_or_else(|| ".".to_owned());
        let root = self.repo(Some(&repo), Some("/"), revision.as_deref());
        let root = root.map_err(|why| args.failure(why))?.path;
        let full = root.join(path.trim_start_matches('/'));
        let found = inside(&root, &full).map_err(|why| args.failure(format!("{path}: {why}")))?;
        let found = found.ok_or_else(|| {
            args.failure(format!("Repository path not found: {path} (looked for {})", full.display()))
        })?;
        let text = self.outside.read(&found);
        text.map(Data::Str).map_err(|why| args.failure(format!("{path}: {why}")))
    }
}

fn standard_project(repo: &str) -> Option<&str> {
    let rest = repo.strip_prefix("polytope/").or_else(|| repo.strip_prefix("pt/"))?;
    rest.split('/').next()
}
