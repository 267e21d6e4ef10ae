//! What standard modules do to the files of a project: `scaffold` and `new-project`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use pt_engine::inside;
use pt_model::{Data, HostDirs, MountSource};
use pt_plan::Home;
use pt_scaffold::{Action, Place, Template, TemplateFile, scaffold};
use pt_spec::{Definition, Kind, Project, RepoAddress, RepoRequest, World, args_schema, standard_files};

use crate::Environment;
use crate::repositories::{Repositories, without_password};

/// How many names a new project tries.
const NAMES: u32 = 20;

/// The files of one project, for the standard modules of one job.
#[derive(Debug)]
pub(crate) struct ProjectFiles {
    state_dir: PathBuf,
    working_dir: PathBuf,
    home_dir: Option<PathBuf>,
    root: PathBuf,
    root_file: PathBuf,
    /// Steps that run side by side change the root file one after another.
    turn: Mutex<()>,
}

impl ProjectFiles {
    pub(crate) fn new(environment: &Environment, project: &Project, root: &Path) -> Self {
        Self {
            state_dir: environment.state_dir.clone(),
            working_dir: environment.working_dir.clone(),
            home_dir: environment.person.home.clone(),
            root: root.to_owned(),
            root_file: project.root_file().to_owned(),
            turn: Mutex::default(),
        }
    }

    /// Copies a template into the project.
    fn scaffold(&self, home: &Home, asked: &Data) -> Result<String, String> {
        let action = Action::read(asked)?;
        if asked.get("template").is_null() {
            return Err("`template` is missing: what to copy".to_owned());
        }
        let (template, warning) = self.template(home, asked.get("template"))?;
        let place = Place { root: &self.root, root_file: &self.root_file };
        let report = scaffold(place, &action, &template).map_err(|error| error.to_string())?;
        Ok(warning.map_or_else(String::new, |warning| format!("{warning}\n")) + &report.text)
    }

    /// Makes a project of its own below the working directory, from files that a standard project brings.
    fn new_project(&self, home: &Home, asked: &Data) -> Result<String, String> {
        let (template, _) = self.template(home, asked.get("template"))?;
        let wished = asked.get("name").as_str().unwrap_or_default();
        let named = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if wished.is_empty() || wished.starts_with(['.', '-']) || !wished.chars().all(named) {
            return Err(format!(
                "`{wished}` cannot be the name of a directory: use letters, digits, - and _"
            ));
        }
        let free = |name: &String| !self.working_dir.join(name).exists();
        let numbered = (1..=NAMES).map(|number| format!("{wished}-{number}"));
        let name = std::iter::once(wished.to_owned()).chain(numbered).find(free);
        let name =
            name.ok_or_else(|| format!("{wished} and {wished}-1 to {wished}-{NAMES} are there already"))?;
        let action =
            Action { path: name.clone(), values: Some(Vec::new()), print_tree: true, ..Action::default() };
        let action = Action { print_files: Some(Vec::new()), ..action };
        let dir = self.working_dir.join(&name);
        let place = Place { root: &self.working_dir, root_file: &dir.join("polytope.yml") };
        let report = scaffold(place, &action, &template).map_err(|error| error.to_string())?;
        let mut text = if name == wished {
            String::new()
        } else {
            format!("{wished} is there already: the project is made in {name}.\n")
        };
        text.push_str(&report.text);
        if let Err(why) = git_init(&dir) {
            text.extend(["It is no Git repository yet: ", &why, "\n"]);
        }
        text.extend(["\nGo on with:\n  cd ", &name, "\n  pt run stack\n"]);
        Ok(text)
    }

    /// The project's tools as they are now, as models are told of tools.
    fn tools(&self) -> Data {
        let world = Repositories::new(&self.state_dir, &self.root).fetched_only();
        let loaded = Project::load(&world, self.root_file.clone());
        let tools = loaded
            .project
            .definitions()
            .filter(|tool| tool.kind == Kind::Tool && !tool.id.text.starts_with('_'));
        let tell = |tool: &Definition| {
            let schema = serde_json::from_value(args_schema(&tool.params)).unwrap_or_default();
            let entries = [
                ("name", Data::Str(tool.id.text.clone())),
                ("description", Data::Str(tool.info.clone().unwrap_or_default())),
                ("parameters", schema),
            ];
            entries.into_iter().collect::<Data>()
        };
        Data::List(tools.map(tell).collect())
    }

    /// The paths of the files at a source, or the text of one of them.
    fn read_code(&self, home: &Home, asked: &Data) -> Result<Data, String> {
        let (files, _) = self.template(home, asked.get("source"))?;
        let Some(path) = asked.get("path").as_str() else {
            return Ok(Data::List(files.files.into_iter().map(|file| Data::Str(file.path)).collect()));
        };
        let file = files
            .files
            .into_iter()
            .find(|file| file.path == path.trim_start_matches("./").trim_start_matches('/'));
        let file = file.ok_or_else(|| format!("There is no file {path}"))?;
        String::from_utf8(file.content).map(Data::Str).map_err(|_| format!("{path} is not text"))
    }

    /// The files to copy, and what people should know about where they come from.
    fn template(&self, home: &Home, source: &Data) -> Result<(Template, Option<String>), String> {
        if let Some(text) = source.as_str() {
            return match address(text) {
                Some(address) => self.of_repository(address.request, address.path.as_deref()),
                None => Ok((self.of_host(text)?, None)),
            };
        }
        match MountSource::from_data(source).map_err(|error| format!("template: {error}"))? {
            MountSource::Host { path } => Ok((self.of_host(&path)?, None)),
            MountSource::Repo { repo, path, revision } => {
                self.of_repo(home, repo.as_deref(), path.as_deref(), revision)
            }
            MountSource::String { data } => {
                let content = data.masked().into_bytes();
                let file = TemplateFile { path: String::new(), content, executable: false };
                Ok((Template { files: vec![file] }, None))
            }
            MountSource::Volume { .. } | MountSource::Dataset { .. } => {
                Err("template: must be a directory, a file or a repository".to_owned())
            }
        }
    }

    fn of_host(&self, path: &str) -> Result<Template, String> {
        let dirs =
            HostDirs { home: self.home_dir.as_deref(), working_dir: &self.working_dir, root: &self.root };
        let full = dirs.locate(path).ok_or("the home directory is unknown; set HOME")?;
        read(&full, path)
    }

    fn of_repo(
        &self,
        home: &Home,
        repo: Option<&str>,
        path: Option<&str>,
        revision: Option<String>,
    ) -> Result<(Template, Option<String>), String> {
        let own = repo.is_none_or(|repo| repo == "." || repo.starts_with("local/"));
        if let Some(standard) = repo.and_then(|repo| repo.strip_prefix("polytope/")) {
            return Ok((of_standard(standard, path.unwrap_or("/"))?, None));
        }
        if own && revision.is_none() {
            let root = repo_root(&self.root);
            let mut places = within(&home.dir, root, path);
            // What a module of another repository brings lies there.
            places.extend(home.checkout.iter().flat_map(|dir| within(&home.dir, dir, path)));
            return Ok((first_of(&places, path.unwrap_or("/"))?, None));
        }
        match (&home.checkout, repo) {
            (Some(checkout), Some(repo)) if home.repo_ref.as_deref() == Some(repo) && revision.is_none() => {
                Ok((first_of(&within(&home.dir, checkout, path), path.unwrap_or("/"))?, None))
            }
            (_, Some(repo)) if !own => {
                let mut address = match (address(repo), repo.split('/').collect::<Vec<_>>().as_slice()) {
                    (Some(address), _) => address,
                    (None, [owner, name] | [owner, name, _]) => RepoAddress::github(owner, name, None, None),
                    (None, _) => return Err(format!("template: `{repo}` is no repository")),
                };
                address.request.revision = revision.or(address.request.revision);
                self.of_repository(address.request, path.or(address.path.as_deref()))
            }
            _ => Err("template: revisions of the project's own repository are not supported yet".to_owned()),
        }
    }

    /// Files of another repository, as they are now.
    fn of_repository(
        &self,
        request: RepoRequest,
        path: Option<&str>,
    ) -> Result<(Template, Option<String>), String> {
        let found = Repositories::without_lock(&self.state_dir).repository(&request);
        let checkout = found.map_err(|error| error.to_string())?;
        let full = checkout.dir.join(path.unwrap_or_default().trim_start_matches('/'));
        let place = InRepository { root: checkout.dir, full };
        let shown = format!("{} in {}", path.unwrap_or("/"), without_password(&request.url));
        Ok((first_of(&[place], &shown)?, checkout.warning))
    }
}

impl ProjectFiles {
    /// Carries out what a standard module asks for.
    pub(crate) fn carry_out(&self, home: &Home, function: &str, args: &[Data]) -> Result<Data, String> {
        // Whoever broke in the middle has told so; what he left is on the disk for everybody to see.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = args.first().unwrap_or(&Data::Null);
        match function {
            "scaffold" => self.scaffold(home, asked).map(Data::Str),
            "new-project" => self.new_project(home, asked).map(Data::Str),
            "project-tools" => Ok(self.tools()),
            "read-code" => self.read_code(home, asked),
            _ => Err(format!("The runner has no function pt/{function}.")),
        }
    }
}

/// A text that names a repository: `gh:owner/name`, or a URL, to which `@rev` adds a revision.
fn address(text: &str) -> Option<RepoAddress> {
    let mut address = RepoAddress::parse(text).ok()?;
    // After the last slash an @ can only begin a revision.
    if address.request.revision.is_none()
        && let Some((url, revision)) = address.request.url.rsplit_once('@')
        && url.contains("://")
        && !revision.contains('/')
        && url.rsplit('/').next().is_some_and(|name| !name.is_empty())
        && url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'))
    {
        address.request = RepoRequest { url: url.to_owned(), revision: Some(revision.to_owned()) };
    }
    Some(address)
}

/// Files that a standard project brings. Scripts can be executed.
fn of_standard(project: &str, path: &str) -> Result<Template, String> {
    let project = project.split('/').next().unwrap_or(project);
    let file = |file: pt_spec::StandardFile| TemplateFile {
        executable: file.text.starts_with("#!"),
        path: file.path,
        content: file.text.into_bytes(),
    };
    let files: Vec<_> = standard_files(project, path).into_iter().map(file).collect();
    if files.is_empty() {
        Err(format!("polytope/{project} brings no {path}"))
    } else {
        Ok(Template { files })
    }
}

/// A path of a repository, and what it must not lead out of.
struct InRepository {
    root: PathBuf,
    full: PathBuf,
}

/// Where a path of a repository may lead: `/x` from its root, else from the directory of the declaring file or its root.
fn within(dir: &Path, root: &Path, path: Option<&str>) -> Vec<InRepository> {
    let place = |root: &Path, full: PathBuf| InRepository { root: root.to_owned(), full };
    match path {
        None | Some("" | "/") => vec![place(root, root.to_owned())],
        Some(path) if path.starts_with('/') => vec![place(root, root.join(path.trim_start_matches('/')))],
        Some(path) => {
            // A file may be included from beside a project that is in no repository.
            let around = if dir.starts_with(root) { root } else { dir };
            vec![place(around, dir.join(path)), place(root, root.join(path))]
        }
    }
}

fn first_of(places: &[InRepository], path: &str) -> Result<Template, String> {
    for InRepository { root, full } in places {
        let found = inside(root, full).map_err(|why| format!("Could not read the template {path}: {why}"))?;
        if let Some(full) = found {
            return read(&full, path);
        }
    }
    let looked: Vec<String> = places.iter().map(|place| place.full.display().to_string()).collect();
    Err(format!("Template not found: {path} (looked for {})", looked.join(" and ")))
}

fn read(full: &Path, path: &str) -> Result<Template, String> {
    if !full.exists() {
        return Err(format!("Template not found: {path} (looked for {})", full.display()));
    }
    Template::read(full).map_err(|error| format!("Could not read the template {path}: {error}"))
}

/// The Git work tree around a directory, or the directory itself.
fn repo_root(dir: &Path) -> &Path {
    dir.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(dir)
}

/// Makes a directory a Git repository with the branch `main`.
fn git_init(dir: &Path) -> Result<(), String> {
    let dir = fs::canonicalize(dir).map_err(|error| error.to_string())?;
    let mut git = Command::new("git");
    // Whatever repository somebody is in: this is a new one.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(variable);
    }
    let output = git.args(["init", "--quiet", "--initial-branch=main"]).current_dir(dir).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("git cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_a_repository_lie_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let (root, modules) = (dir.path().join("repo"), dir.path().join("repo/modules"));
        for name in ["repo/modules", "repo/api", "beside"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("main.py"), "").unwrap();
        }
        std::os::unix::fs::symlink("../beside", root.join("link")).unwrap();
        for (path, found) in [
            ("/api", "1 file"),
            ("api", "1 file"),
            ("../api", "1 file"),
            ("/api/../../beside", "leads out"),
            ("../../beside", "leads out"),
            ("/link", "leads out"),
            ("none", "not found"),
        ] {
            let shown = match first_of(&within(&modules, &root, Some(path)), path) {
                Ok(template) => format!("{} file", template.files.len()),
                Err(why) if why.contains("leads out of the repository") => "leads out".to_owned(),
                Err(why) if why.starts_with("Template not found") => "not found".to_owned(),
                Err(why) => why,
            };
            assert_eq!(shown, found, "{path}");
        }
    }
}
