//! What is wrong with a project, as far as it is not known from an earlier time.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use pt_model::HostDirs;
use pt_plan::Around;
use pt_spec::World;
use pt_syntax::{Diagnostic, Severity};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answers::Answers;
use crate::app::{App, AppError, LoadedProject, scope};
use crate::disk::Disk;
use crate::named::{NamedInStore, Unset};
use crate::repositories::Repositories;
use crate::seen::Watched;

impl App {
    /// Everything that is wrong with a project.
    ///
    /// # Errors
    /// A value or secret that is set cannot be read.
    pub fn check(&self, project: &LoadedProject) -> Result<Vec<Diagnostic>, AppError> {
        self.check_in(&Disk, project)
    }

    /// What `tell` makes of a project and of everything that is wrong with it; or made of it at an earlier time, if its
    /// files, values and secrets are the same. `question` says what was asked for beside that. Of a project with mistakes
    /// nothing is kept, nor of one that takes something from other repositories.
    ///
    /// # Errors
    /// The file is not there, or a value or secret that is set cannot be read.
    pub fn check_once<A: Serialize + DeserializeOwned, E: From<AppError>>(
        &self,
        file: Option<&Path>,
        question: &str,
        tell: impl FnOnce(&LoadedProject, &[Diagnostic]) -> Result<A, E>,
    ) -> Result<A, E> {
        let context = self.environment.context.as_str();
        let root_file = self.root_file(file)?;
        let instance = self.instance_of(root_file.as_deref(), context)?;
        let scope = scope(context, root_file.as_deref(), &instance);
        let settings = self.store.settings_digest(&scope).map_err(AppError::from)?;
        let answers = Answers::in_dir(&self.environment.state_dir);
        let home = self.environment.person.home.as_deref();
        let question = format!(
            "{question} {root_file:?} {home:?} {:?} {:?} {}",
            self.environment.working_dir,
            self.environment.limits,
            this_program()
        );
        if let Some(answer) = answers.recall(&question, &settings) {
            return Ok(answer);
        }
        let seen = RefCell::default();
        let repositories = Repositories::new(&self.environment.state_dir, &instance.root);
        let world = Watched { world: repositories, seen: &seen };
        let loaded = self.loaded(&world, root_file.as_deref());
        let project = LoadedProject { loaded, instance, scope, root_file };
        let found = self.check_in(&world, &project)?;
        let answer = tell(&project, &found)?;
        drop(world);
        let seen = seen.into_inner();
        // Somebody may have set a value while the check looked at it.
        let same = self.store.settings_digest(&project.scope).is_ok_and(|now| now == settings);
        if same && seen.is_whole() && found.iter().all(|diagnostic| diagnostic.severity < Severity::Error) {
            answers.keep(&question, settings, seen, &answer);
        }
        Ok(answer)
    }

    fn check_in(&self, world: &dyn World, project: &LoadedProject) -> Result<Vec<Diagnostic>, AppError> {
        let named = NamedInStore::new(&self.store, project.scope.clone(), &Unset, self.environment.limits);
        let dirs = HostDirs {
            home: self.environment.person.home.as_deref(),
            working_dir: &self.environment.working_dir,
            root: project.loaded.project.root_dir(),
        };
        let found = pt_plan::check(&project.loaded, &Around { named: &named, world, dirs });
        Ok(named.checked(found)?)
    }
}

/// Which build of the program this is: another one may answer otherwise.
fn this_program() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let built = fs::metadata(&program).and_then(|file| Ok((file.len(), file.modified()?)));
    format!("{} {} {built:?}", env!("CARGO_PKG_VERSION"), program.display())
}
