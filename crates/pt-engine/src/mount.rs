//! Mounts as written become mounts as a backend takes them: paths made absolute, volumes named, repositories fetched.
//!
//! All of it may read files and wait; it is done on the thread of the step that asks.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use pt_backend::{FileSource, MountRequest};
use pt_model::{CreateVolume, HostDirs, Labels, Mount, MountSource, Text, VolumeId, VolumeScope};
use pt_plan::Home;
use pt_spec::{StandardFile, standard_files, tidy};

use crate::args::local_id;
use crate::context::JobContext;
use crate::outside::{Outside, RepositoryAt};

/// What mounts are relative to.
pub(crate) struct Places<'a> {
    pub(crate) context: &'a JobContext,
    pub(crate) home: &'a Home,
}

/// Mounts that a backend can take, and the volumes they need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mounts {
    pub(crate) requests: Vec<MountRequest>,
    pub(crate) volumes: Vec<NeededVolume>,
}

/// A volume that must be there before the container is created.
#[derive(Clone, Debug)]
pub(crate) struct NeededVolume {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) create: CreateVolume,
    /// Where it is mounted.
    pub(crate) path: String,
    /// The file or directory of this machine that is copied into it when it is new.
    pub(crate) fill: Option<PathBuf>,
}

/// Files of this machine.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) path: PathBuf,
    pub(crate) read_only: bool,
}

impl Places<'_> {
    /// Resolves the mounts of a container.
    ///
    /// # Errors
    /// What cannot be mounted, and why.
    pub(crate) fn resolve(&self, mounts: &[Mount]) -> Result<Mounts, String> {
        let mut resolved = Mounts::default();
        for Mount { path, source } in mounts {
            match source {
                MountSource::Repo { repo: Some(repo), path: from, .. } if is_standard(repo) => {
                    resolved.requests.extend(standard(repo, from.as_deref().unwrap_or("/"), path)?);
                }
                MountSource::Volume { id, scope, create, source } => {
                    let volume = self.volume(id.as_ref(), *scope, *create, path, source.as_deref())?;
                    let source = FileSource::Volume { name: volume.name.clone() };
                    resolved.requests.push(MountRequest { path: path.clone(), source });
                    resolved.volumes.push(volume);
                }
                MountSource::String { data } => {
                    resolved.requests.push(MountRequest { path: path.clone(), source: file(data.clone()) });
                }
                MountSource::Host { .. } | MountSource::Repo { .. } | MountSource::Dataset { .. } => {
                    let Files { path: from, read_only } = self.files(source)?;
                    let source = FileSource::Host { path: from, read_only };
                    resolved.requests.push(MountRequest { path: path.clone(), source });
                }
            }
        }
        Ok(resolved)
    }

    /// Where the files of a source are on this machine.
    ///
    /// # Errors
    /// They are not there, or the source has none.
    pub(crate) fn files(&self, source: &MountSource) -> Result<Files, String> {
        match source {
            MountSource::Host { path } => self.host(path),
            MountSource::Repo { repo, path, revision } => {
                self.repo(repo.as_deref(), path.as_deref(), revision.as_deref())
            }
            MountSource::Dataset { dataset, path, version } => {
                self.dataset(dataset, path.as_deref(), *version)
            }
            MountSource::String { .. } => Err("A text has no files.".to_owned()),
            MountSource::Volume { .. } => Err("The files of a volume are not on this machine.".to_owned()),
        }
    }

    fn host(&self, path: &str) -> Result<Files, String> {
        let options = &self.context.options;
        let dirs = HostDirs {
            home: options.person.home.as_deref(),
            working_dir: &options.working_dir,
            root: &options.instance.root,
        };
        let full = dirs
            .locate(path)
            .ok_or_else(|| format!("Host path {path}: the home directory is unknown; set HOME"))?;
        match full.canonicalize() {
            Ok(path) => Ok(Files { path, read_only: false }),
            Err(_) if HostDirs::is_relative_to_call(path) => Err(format!(
                "Host path not found: {path} (looked for {}; paths that begin with ./ are relative to the directory from which `pt` is called)",
                tidy(&full).display()
            )),
            Err(_) => Err(format!("Host path not found: {path} (looked for {})", tidy(&full).display())),
        }
    }

    /// Where a path of a repository is.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn repo(
        &self,
        repo: Option<&str>,
        path: Option<&str>,
        revision: Option<&str>,
    ) -> Result<Files, String> {
        let options = &self.context.options;
        let found = Found { root: &options.instance.root, outside: &*options.outside, home: self.home };
        found.repo(repo, path, revision)
    }

    fn dataset(&self, reference: &str, path: Option<&str>, version: Option<i64>) -> Result<Files, String> {
        let id = local_id(reference);
        let number = version.map(u32::try_from).transpose().ok().filter(|number| *number != Some(0));
        let missing = || match version {
            Some(version) => format!("There is no version {version} of the dataset '{id}'."),
            None => format!("There is no dataset '{id}'."),
        };
        let store = &self.context.engine.store;
        let instance = &self.context.options.instance.id;
        let dataset =
            store.dataset(instance, id, number.ok_or_else(missing)?).map_err(|error| error.to_string())?;
        let dataset = dataset.ok_or_else(missing)?;
        let root =
            store.unpack_dataset(&dataset, &self.context.options.job).map_err(|error| error.to_string())?;
        let mut read = self.context.datasets_read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(format!("{id}@{}", dataset.version));
        let wanted = match path.unwrap_or_default().trim_matches('/') {
            "" => root.clone(),
            path => root.join(path),
        };
        match wanted.canonicalize() {
            Ok(path) if path.starts_with(&root) => Ok(Files { path, read_only: true }),
            Ok(_) | Err(_) => Err(format!("The dataset '{id}' has no {}.", path.unwrap_or("/"))),
        }
    }

    fn volume(
        &self,
        id: Option<&VolumeId>,
        scope: VolumeScope,
        create: CreateVolume,
        path: &str,
        source: Option<&MountSource>,
    ) -> Result<NeededVolume, String> {
        let context = self.context;
        let fill = source.map(|source| self.files(source)).transpose();
        let fill = fill.map_err(|why| format!("The volume at {path} cannot be filled: {why}"))?;
        let id = id.cloned().unwrap_or_else(|| {
            let number = context.anonymous_volumes.fetch_add(1, Ordering::Relaxed) + 1;
            VolumeId::new(format!("volume-{number}"))
        });
        let id = if create == CreateVolume::Always { self.free_volume(&id, scope)? } else { id };
        let instance = &context.options.instance;
        let labels = Labels::of_instance(&instance.id, &instance.root.display().to_string())
            .with(Labels::VOLUME, id.as_str());
        let (name, labels) = match scope {
            VolumeScope::Job => (context.names.job_volume(&id), labels.job(&context.options.job.job)),
            VolumeScope::Project => (context.names.project_volume(&id), labels),
        };
        let fill = fill.map(|files| files.path);
        Ok(NeededVolume { name, labels, create, path: path.to_owned(), fill })
    }

    /// The id, or the id with a number if there is a volume of it.
    fn free_volume(&self, id: &VolumeId, scope: VolumeScope) -> Result<VolumeId, String> {
        let context = self.context;
        let labels = Labels::default().with(Labels::INSTANCE, context.options.instance.id.as_str());
        let found = context.runtime.block_on(context.engine.backend.find(&labels));
        let found = found.map_err(|error| error.to_string())?;
        let name = |id: &VolumeId| match scope {
            VolumeScope::Job => context.names.job_volume(id),
            VolumeScope::Project => context.names.project_volume(id),
        };
        let is_free = |id: &VolumeId| !found.volumes.iter().any(|volume| volume.name == name(id));
        let numbered = (2..).map(|number| VolumeId::new(format!("{id}-{number}")));
        Ok([id.clone()].into_iter().chain(numbered).find(is_free).unwrap_or_else(|| id.clone()))
    }
}

/// Where the files of repositories are found.
pub(crate) struct Found<'a> {
    /// The directory of the root file.
    pub(crate) root: &'a Path,
    pub(crate) outside: &'a dyn Outside,
    /// What asks.
    pub(crate) home: &'a Home,
}

impl Found<'_> {
    /// The project's own repository is its live working tree; others, and its own past, are read-only.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn repo(
        &self,
        repo: Option<&str>,
        path: Option<&str>,
        revision: Option<&str>,
    ) -> Result<Files, String> {
        let candidates = self.candidates(repo, path, revision)?;
        let found = candidates.iter().find_map(|candidate| {
            let path = candidate.path.canonicalize().ok()?;
            Some(Files { path, read_only: candidate.read_only })
        });
        found.ok_or_else(|| {
            let looked: Vec<String> =
                candidates.iter().map(|c| tidy(&c.path).display().to_string()).collect();
            format!(
                "Repository path not found: {} (looked for {})",
                path.unwrap_or("/"),
                looked.join(" and ")
            )
        })
    }

    /// Where a path of a repository may be, first of all.
    fn candidates(
        &self,
        repo: Option<&str>,
        path: Option<&str>,
        revision: Option<&str>,
    ) -> Result<Vec<Files>, String> {
        let (home, args) = (self.home, self.home.of_args());
        let within = |root: &Path, dir: Option<&Path>, read_only: bool| -> Vec<Files> {
            let paths = match path {
                None | Some("" | "/") => vec![root.to_owned()],
                Some(path) if path.starts_with('/') => vec![root.join(path.trim_start_matches('/'))],
                Some(path) => dir.into_iter().chain([root]).map(|dir| dir.join(path)).collect(),
            };
            paths.into_iter().map(|path| Files { path, read_only }).collect()
        };
        let own = repo.is_none_or(|repo| repo == "." || repo.starts_with("local/"));
        // What a definition calls its own repository is the checkout that it came from.
        let of_definition =
            repo.is_some() && [home.repo_ref.as_deref(), home.project_ref.as_deref()].contains(&repo);
        if revision.is_none() {
            let checkout = home.checkout.as_deref();
            let elsewhere = |checkout: &Path| within(checkout, Some(&home.dir), true);
            if of_definition && let Some(checkout) = checkout {
                return Ok(elsewhere(checkout));
            }
            if own {
                let root = repo_root(self.root);
                let checkout = args.checkout.as_deref();
                let beside = Some(&*args.dir).filter(|dir| dir.is_absolute() && checkout.is_none());
                let mut candidates = within(&root, beside, false);
                // A file of another repository may mean its own when it says none.
                let elsewhere = |checkout: &Path| within(checkout, Some(&args.dir), true);
                candidates.extend(checkout.filter(|_| repo.is_none()).map(elsewhere).into_iter().flatten());
                return Ok(candidates);
            }
        }
        let reference = repo.filter(|_| !own);
        let dir = self.outside.repository(&RepositoryAt { reference, revision })?;
        if !own {
            return Ok(within(&dir, None, true));
        }
        let root = repo_root(self.root);
        let below = args.dir.strip_prefix(&root).ok().map(|below| dir.join(below));
        Ok(within(&dir, below.as_deref(), true))
    }
}

pub(crate) fn is_standard(repo: &str) -> bool {
    repo.starts_with("polytope/") || repo.starts_with("pt/")
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

/// The Git work tree around a directory, or the directory itself.
pub(crate) fn repo_root(dir: &Path) -> PathBuf {
    dir.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(dir).to_owned()
}
