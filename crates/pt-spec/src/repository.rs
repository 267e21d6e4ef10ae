//! Other repositories that polytope files refer to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A repository that somebody refers to, at a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoRequest {
    /// What Git fetches it from.
    pub url: String,
    /// Branch, tag or commit; without, the default branch.
    pub revision: Option<String>,
}

/// Where the polytope file of another repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoAddress {
    /// What people and code call the repository: `owner/name` for GitHub's, else its URL.
    pub reference: String,
    /// What to fetch.
    pub request: RepoRequest,
    /// Directory or file inside it; without, its root.
    pub path: Option<String>,
}

impl RepoAddress {
    /// A repository of GitHub.
    pub fn github(owner: &str, name: &str, revision: Option<&str>, path: Option<&str>) -> Self {
        let url = format!("https://github.com/{owner}/{name}.git");
        let request = RepoRequest { url, revision: revision.map(str::to_owned) };
        Self { reference: format!("{owner}/{name}"), request, path: path.map(str::to_owned) }
    }

    /// Reads `gh:owner/name[@rev][:path]`, or any URL that Git understands, to which `@rev` and `:path` may be added.
    ///
    /// # Errors
    /// The text is neither; says what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(github) = text.strip_prefix("gh:") {
            let (rest, path) = cut(github, ':');
            let (name, revision) = cut(rest, '@');
            return match name.split_once('/') {
                Some((owner, name)) if is_name(owner) && is_name(name) => {
                    Ok(Self::github(owner, name.strip_suffix(".git").unwrap_or(name), revision, path))
                }
                _ => Err("must be written gh:OWNER/NAME".to_owned()),
            };
        }
        // What follows the host is a path to which `@revision` and `:path` may be added.
        let host = match text.find("://") {
            Some(at) => text[at + 3..].find('/').map_or(text.len(), |slash| at + 3 + slash),
            None => text.find(':').map_or(0, |colon| colon + 1),
        };
        let (place, path) = cut(&text[host..], ':');
        let (place, revision) = match place.rsplit_once(".git@") {
            Some((before, revision)) => (format!("{before}.git"), Some(revision.to_owned())),
            None => match place.rsplit_once('@').filter(|(_, revision)| !revision.contains('/')) {
                Some((before, revision)) => (before.to_owned(), Some(revision.to_owned())),
                None => (place.to_owned(), None),
            },
        };
        let (url, path) = (text[..host].to_owned() + &place, path.map(str::to_owned));
        let scp_like = |text: &str| {
            text.split_once(':').is_some_and(|(host, path)| host.contains('@') && !path.is_empty())
        };
        if url.starts_with('-') || !(url.contains("://") || scp_like(&url)) {
            return Err("must be gh:OWNER/NAME or the URL of a Git repository".to_owned());
        }
        Ok(Self { reference: url.clone(), request: RepoRequest { url, revision }, path })
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['-', '.'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A repository on this machine, at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Where its files are.
    pub dir: PathBuf,
    /// What people should know: that it may be old, say.
    pub warning: Option<String>,
}

/// Why a repository is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryError {
    /// What was attempted, and what went wrong.
    pub message: String,
}

impl fmt::Display for RepositoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RepositoryError {}

/// The repository that a file belongs to which is not the project's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// What people and code call it.
    pub reference: String,
    /// Where its files are on this machine.
    pub dir: Arc<Path>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_written_in_many_ways() {
        let github = "must be written gh:OWNER/NAME";
        let any = "must be gh:OWNER/NAME or the URL of a Git repository";
        for (text, expected) in [
            ("gh:bluetext-io/bluetext", "https://github.com/bluetext-io/bluetext.git"),
            ("gh:A/b.c@v1.0:x/y", "https://github.com/A/b.c.git at v1.0 in x/y"),
            ("gh:a/b.git", "https://github.com/a/b.git"),
            ("https://example.com/a.git", "https://example.com/a.git"),
            ("https://me@example.com/a.git@main", "https://me@example.com/a.git at main"),
            ("git@example.com:a/b.git@v1", "git@example.com:a/b.git at v1"),
            ("file:///srv/a", "file:///srv/a"),
            ("file:///srv/a@v1:sub/polytope.yml", "file:///srv/a at v1 in sub/polytope.yml"),
            ("ssh://git@example.com:22/a.git@x/y:b", "ssh://git@example.com:22/a.git at x/y in b"),
            ("git@example.com:a/b@v1:c", "git@example.com:a/b at v1 in c"),
            ("https://example.com/a@b/c.git", "https://example.com/a@b/c.git"),
            ("gh:bluetext", github),
            ("gh:a/b/c", github),
            ("gh:-a/b", github),
            ("./a", any),
            ("--upload-pack=x://y", any),
        ] {
            let shown = match RepoAddress::parse(text) {
                Ok(RepoAddress { request, path, .. }) => {
                    let revision = request.revision.map(|revision| format!(" at {revision}"));
                    let path = path.map(|path| format!(" in {path}"));
                    format!("{}{}{}", request.url, revision.unwrap_or_default(), path.unwrap_or_default())
                }
                Err(message) => message,
            };
            assert_eq!(shown, expected, "{text}");
        }
    }
}
