//! `pt lsp`: what editors show of a project while it is written.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use pt_lsp::Surroundings;
use pt_plan::Named;
use pt_server::{App, Environment, NamedInStore, Repositories, Unset};
use pt_spec::World;
use pt_store::{Instance, Scope};

use crate::config::Config;
use crate::failure::{Failure, Outcome};

/// Helps editors with polytope files: a language server over stdin and stdout.
///
/// Editors start it. How to tell yours is in docs/editors.md.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct LspArgs {
    /// Speaks over stdin and stdout: what it does anyway, and what editors like to say.
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Who types is not interrupted: what is wrong is told after a pause of this length.
const PAUSE: Duration = Duration::from_millis(150);

/// Runs the command.
pub(crate) fn run(_: &LspArgs, config: &Config) -> Outcome {
    let environment = Environment { limits: config.limits, ..Environment::read()? };
    let here = Here { app: App::open(environment)? };
    pt_lsp::serve_stdio(&here, PAUSE).map_err(|error| Failure::new(error.to_string()))
}

/// The disk and the store of this machine.
struct Here {
    app: App,
}

impl Here {
    /// A store that cannot be read knows nothing: help with the text goes on without it.
    fn instance(&self, dir: &Path) -> Option<Instance> {
        self.app.store.instance(dir, Timestamp::now()).ok()
    }

    fn scope(&self, dir: &Path) -> Option<Scope> {
        Some(Scope::new("local", self.instance(dir)?.id))
    }
}

impl Surroundings for Here {
    fn world(&self, dir: &Path) -> Box<dyn World + '_> {
        Box::new(Repositories::new(&self.app.environment.state_dir, dir).fetched_only())
    }

    fn named(&self, dir: &Path) -> Box<dyn Named + Sync + '_> {
        match self.scope(dir) {
            Some(scope) => {
                Box::new(NamedInStore::new(&self.app.store, scope, &Unset, self.app.environment.limits))
            }
            None => Box::new(Unset),
        }
    }

    fn home(&self) -> Option<PathBuf> {
        self.app.environment.person.home.clone()
    }

    fn standard_file(&self, name: &str, text: &str) -> Option<PathBuf> {
        let below: PathBuf =
            Path::new(name).components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let file = self.app.environment.state_dir.join("standard").join(below);
        if fs::read_to_string(&file).is_ok_and(|there| there == text) {
            return Some(file);
        }
        fs::create_dir_all(file.parent()?).ok()?;
        fs::write(&file, text).ok()?;
        Some(file)
    }

    fn names_in(&self, dir: &Path) -> Vec<String> {
        let named = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            Some(if entry.path().is_dir() { format!("{name}/") } else { name })
        };
        let mut names: Vec<_> = fs::read_dir(dir).into_iter().flatten().flatten().filter_map(named).collect();
        names.sort();
        names
    }

    fn values(&self, dir: &Path) -> Vec<String> {
        let values = self.scope(dir).and_then(|scope| self.app.store.values(&scope).ok());
        values.into_iter().flatten().map(|value| value.id).collect()
    }

    fn secrets(&self, dir: &Path) -> Vec<String> {
        let secrets = self.scope(dir).and_then(|scope| self.app.store.secrets(&scope).ok());
        secrets.into_iter().flatten().map(|secret| secret.id).collect()
    }
}
