//! The project as it stands now: read again when one of its files has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use pt_plan::Request;
use pt_server::{App, AppError, LoadedProject};
use pt_spec::{Definition, Kind, Wanted};
use pt_store::Scope;

/// The project that agents work on.
pub(crate) struct CurrentProject {
    app: Arc<App>,
    file: Option<PathBuf>,
    context: String,
    read: Mutex<Option<Read>>,
}

struct Read {
    project: Arc<LoadedProject>,
    stamps: Vec<Stamp>,
}

/// A file and when it was last changed; nothing when it is not there.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

impl CurrentProject {
    /// The project around the working directory, or that of this file.
    pub(crate) fn new(app: Arc<App>, file: Option<PathBuf>, context: String) -> Self {
        Self { app, file, context, read: Mutex::new(None) }
    }

    /// The project, read again if need be. What did not change is the same `Arc`.
    ///
    /// # Errors
    /// The file that was named is not there.
    pub(crate) fn get(&self) -> Result<Arc<LoadedProject>, AppError> {
        if let Some(read) = self.kept().as_ref()
            && read.stamps.iter().all(|(path, then)| stamp(path) == *then)
        {
            return Ok(Arc::clone(&read.project));
        }
        let project = Arc::new(self.app.load(self.file.as_deref(), &self.context)?);
        let mut paths = vec![project.loaded.project.root_file().to_owned()];
        paths.extend(project.loaded.project.files().iter().map(|(path, _)| path.clone()));
        // A project may get its first polytope file, or one with another ending.
        let root = project.loaded.project.root_dir().to_owned();
        paths.extend(pt_spec::FILE_NAMES.iter().map(|name| root.join(name)));
        let stamps =
            paths.into_iter().map(|path| (stamp(&path), path)).map(|(at, path)| (path, at)).collect();
        *self.kept() = Some(Read { project: Arc::clone(&project), stamps });
        Ok(project)
    }

    /// Whose values and secrets it reads; if it is gone, whose it read before. Nothing, if it was never there.
    pub(crate) fn scope(&self) -> Option<Scope> {
        match self.get() {
            Ok(project) => Some(project.scope.clone()),
            Err(_) => self.kept().as_ref().map(|read| read.project.scope.clone()),
        }
    }

    /// The project, which knows what this reference names, too, if that is in another repository.
    ///
    /// # Errors
    /// The file that was named is not there.
    pub(crate) fn get_for(&self, request: &Request) -> Result<Arc<LoadedProject>, AppError> {
        let known = self.get()?;
        let elsewhere = request.reference.split_once('/').is_some_and(|(owner, _)| owner != "polytope");
        if !elsewhere || known.loaded.project.resolve(None, &request.reference, Wanted::Target).is_ok() {
            return Ok(known);
        }
        let mut project = self.app.load(self.file.as_deref(), &self.context)?;
        self.app.refer(&mut project, &[vec![request.clone()]]);
        Ok(Arc::new(project))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Read>> {
        self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// When a file was last changed, and its size; nothing when it is not there.
pub(crate) fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

/// The tools of a project that agents are shown, in the order of their declaration.
pub(crate) fn listed_tools(project: &LoadedProject) -> impl Iterator<Item = &Definition> {
    let only = project.loaded.project.mcp_only();
    callable_tools(project).filter(move |tool| {
        let id = &tool.id.text;
        !id.starts_with('_') && only.is_none_or(|only| only.iter().any(|name| name.text == *id))
    })
}

/// All tools of a project.
pub(crate) fn callable_tools(project: &LoadedProject) -> impl Iterator<Item = &Definition> {
    project.loaded.project.definitions().filter(|definition| definition.kind == Kind::Tool)
}

/// The tool with this name; `_` stands for `-` where no tool has exactly that name.
pub(crate) fn tool<'p>(project: &'p LoadedProject, name: &str) -> Option<&'p Definition> {
    let plain = |name: &str| name.replace('_', "-");
    callable_tools(project)
        .find(|tool| tool.id.text == name)
        .or_else(|| callable_tools(project).find(|tool| plain(&tool.id.text) == plain(name)))
}

/// What the project's files tell agents, the root file's text first.
pub(crate) fn instructions(project: &LoadedProject) -> String {
    let texts: Vec<&str> = project.loaded.project.instructions().iter().map(|text| text.trim()).collect();
    texts.join("\n\n")
}
