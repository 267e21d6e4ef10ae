//! Mounts as written become mounts as a backend takes them: paths made absolute, volumes named.

use std::path::{Component, Path, PathBuf};

use pt_backend::{FileSource, MountRequest};
use pt_model::{CreateVolume, HostDirs, Labels, Mount, MountSource, Text, VolumeId, VolumeScope};
use pt_plan::Home;
use pt_spec::{StandardFile, standard_files};

use crate::engine::Options;
use crate::name::Names;

/// What mounts are relative to.
pub(crate) struct Places<'a> {
    pub(crate) options: &'a Options,
    pub(crate) home: &'a Home,
    pub(crate) names: &'a Names,
}

/// Mounts that a backend can take, and the volumes they need.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    pub(crate) requests: Vec<MountRequest>,
    pub(crate) volumes: Vec<NeededVolume>,
}

/// A volume that must be there before the container is created.
#[derive(Debug)]
pub(crate) struct NeededVolume {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) create: CreateVolume,
}

impl Places<'_> {
    /// Resolves the mounts of a container.
    ///
    /// # Errors
    /// What cannot be mounted, and why.
    pub(crate) fn resolve(&self, mounts: &[Mount], anonymous: &mut u32) -> Result<Mounts, String> {
        let mut resolved = Mounts::default();
        for mount in mounts {
            let source = match &mount.source {
                MountSource::Host { path } => self.host(path)?,
                MountSource::Repo { repo: Some(repo), path, .. } if repo.starts_with("polytope/") => {
                    resolved.requests.extend(standard(repo, path.as_deref().unwrap_or("/"), &mount.path)?);
                    continue;
                }
                MountSource::Repo { repo, path, revision } => {
                    self.repo(repo.as_deref(), path.as_deref(), revision.as_deref())?
                }
                MountSource::String { data } => file(data.clone()),
                MountSource::Volume { source: Some(_), .. } => {
                    return Err(not_yet(&mount.path, "volumes with a `source`"));
                }
                MountSource::Volume { id, scope, create, source: None } => {
                    let volume = self.volume(id.as_ref(), *scope, *create, anonymous);
                    let name = volume.name.clone();
                    resolved.volumes.push(volume);
                    FileSource::Volume { name }
                }
                MountSource::Dataset { .. } => return Err(not_yet(&mount.path, "datasets as mounts")),
            };
            resolved.requests.push(MountRequest { path: mount.path.clone(), source });
        }
        Ok(resolved)
    }

    fn host(&self, path: &str) -> Result<FileSource, String> {
        let dirs = HostDirs {
            home: self.options.person.home.as_deref(),
            working_dir: &self.options.working_dir,
            root: &self.options.instance.root,
        };
        let full = dirs
            .locate(path)
            .ok_or_else(|| format!("Host path {path}: the home directory is unknown; set HOME"))?;
        match full.canonicalize() {
            Ok(path) => Ok(FileSource::Host { path, read_only: false }),
            Err(_) if HostDirs::is_relative_to_call(path) => Err(format!(
                "Host path not found: {path} (looked for {}; paths that begin with ./ are relative to the directory from which `pt` is called)",
                tidy(&full).display()
            )),
            Err(_) => Err(format!("Host path not found: {path} (looked for {})", tidy(&full).display())),
        }
    }

    /// The project's own repository is its live working tree.
    fn repo(
        &self,
        repo: Option<&str>,
        path: Option<&str>,
        revision: Option<&str>,
    ) -> Result<FileSource, String> {
        if repo.is_some_and(|repo| repo != "." && !repo.starts_with("local/")) {
            return Err(not_yet(repo.unwrap_or_default(), "mounts from other repositories"));
        }
        if let Some(revision) = revision {
            return Err(not_yet(revision, "mounts at a revision"));
        }
        let root = repo_root(&self.options.instance.root);
        let candidates = match path {
            None | Some("" | "/") => vec![root],
            Some(path) if path.starts_with('/') => vec![root.join(path.trim_start_matches('/'))],
            Some(path) => vec![self.home.dir.join(path), root.join(path)],
        };
        let found = candidates.iter().find_map(|candidate| candidate.canonicalize().ok());
        match found {
            Some(path) => Ok(FileSource::Host { path, read_only: false }),
            None => Err(format!(
                "Repository path not found: {} (looked for {})",
                path.unwrap_or("/"),
                candidates.iter().map(|c| tidy(c).display().to_string()).collect::<Vec<_>>().join(" and ")
            )),
        }
    }

    fn volume(
        &self,
        id: Option<&VolumeId>,
        scope: VolumeScope,
        create: CreateVolume,
        anonymous: &mut u32,
    ) -> NeededVolume {
        let id = id.cloned().unwrap_or_else(|| {
            *anonymous += 1;
            VolumeId::new(format!("volume-{anonymous}"))
        });
        let instance = &self.options.instance;
        let labels = Labels::of_instance(&instance.id, &instance.root.display().to_string())
            .with(Labels::VOLUME, id.as_str());
        match scope {
            VolumeScope::Job => NeededVolume {
                name: self.names.job_volume(&id),
                labels: labels.job(&self.options.job.job),
                create,
            },
            VolumeScope::Project => NeededVolume { name: self.names.project_volume(&id), labels, create },
        }
    }
}

/// Text as a file; executable if it names its interpreter.
fn file(content: Text) -> FileSource {
    let mode = if content.expose().starts_with("#!") { 0o755 } else { 0o644 };
    FileSource::File { content, mode }
}

/// Files that a standard module brings with it.
fn standard(repo: &str, path: &str, target: &str) -> Result<Vec<MountRequest>, String> {
    let project = repo.split('/').nth(1).unwrap_or_default();
    let files = standard_files(project, path);
    if files.is_empty() {
        return Err(format!("Repository path not found: {path} in {repo}"));
    }
    let target = target.trim_end_matches('/');
    let request = |StandardFile { path, text }: StandardFile| {
        let path = if path.is_empty() { target.to_owned() } else { format!("{target}/{path}") };
        MountRequest { path, source: file(Text::from(text)) }
    };
    Ok(files.into_iter().map(request).collect())
}

fn not_yet(what: &str, kind: &str) -> String {
    format!("{what}: {kind} are not supported yet")
}

/// The Git work tree around a directory, or the directory itself.
fn repo_root(dir: &Path) -> PathBuf {
    dir.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(dir).to_owned()
}

/// The path without `.` and `x/..`, for people.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidy.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => tidy.push(part),
        }
    }
    tidy
}
