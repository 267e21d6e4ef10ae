//! The config file: which contexts there are, which one is current, where things are.

pub(crate) mod edit;
mod read;

pub(crate) use read::read as read_text;

use std::env;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use pt_model::CodeLimits;
use pt_server::{App, BackendChoice, Environment};
use pt_store::{LogBudget, Scope};
use pt_syntax::{Diagnostic, Severity, Sources, Style, render, suggest};

use crate::cli::{ContextArgs, GlobalArgs};
use crate::damage;
use crate::failure::Failure;

/// The context that is always there.
pub(crate) const LOCAL: &str = Scope::LOCAL;

/// What the config file says; without one, the defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// Where it is, or would be.
    pub(crate) path: PathBuf,
    /// The name after `current-context`.
    pub(crate) current: Option<String>,
    /// The contexts that it declares, in their order.
    pub(crate) contexts: Vec<Context>,
    /// The port that `mcp: {port: …}` names.
    pub(crate) mcp_port: Option<u16>,
    /// The engine that `docker: {host: …}` names; `DOCKER_HOST` goes before it.
    pub(crate) docker_host: Option<String>,
    /// How many past jobs `jobs: {keep: …}` has remembered.
    pub(crate) keep_jobs: Option<usize>,
    /// How much `logs: {keep: …, keep-of-job: …}` lets logs take on the disk.
    pub(crate) logs: LogBudget,
    /// What `limits` lets code use up whose definition does not say; `POLYTOPE_LIMITS` goes before it.
    pub(crate) limits: CodeLimits,
}

/// A user and an instance, by a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// By which it is chosen.
    pub(crate) name: String,
    /// Where it is; this machine without.
    pub(crate) instance: Option<String>,
    /// As whom; who is logged in without.
    pub(crate) user: Option<String>,
}

impl Context {
    /// Whether it is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.instance.as_deref().is_none_or(|instance| instance == LOCAL)
    }
}

impl Config {
    /// Reads the file. Only one that was named must be there.
    pub(crate) fn read(global: &GlobalArgs) -> Result<Self, Failure> {
        let (mut config, findings, sources) = Self::look(global)?;
        sound(&findings, &sources, config.path.display())?;
        if let Some(text) = env::var(LIMITS).ok().filter(|text| !text.is_empty()) {
            let (limits, findings, sources) = read::read_limits(LIMITS, &text);
            sound(&findings, &sources, LIMITS)?;
            config.limits = limits.or(config.limits);
        }
        Ok(config)
    }

    /// What the file says as far as it can be understood, and what is wrong with it.
    pub(crate) fn look(global: &GlobalArgs) -> Result<(Self, Vec<Diagnostic>, Sources), Failure> {
        let path = path(global);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if global.config_file.is_none() && cause.kind() == std::io::ErrorKind::NotFound => {
                String::new()
            }
            Err(cause) => return Err(Failure::unreadable(path.display(), &cause)),
        };
        Ok(read::read(&path, &text))
    }

    /// All contexts, the one that is always there first.
    pub(crate) fn all(&self) -> Vec<Context> {
        let declared = self.contexts.iter().any(|context| context.name == LOCAL);
        let local = Context { name: LOCAL.to_owned(), ..Context::default() };
        Some(local).into_iter().filter(|_| !declared).chain(self.contexts.iter().cloned()).collect()
    }

    /// The context that was asked for, or the current one.
    pub(crate) fn find(&self, wanted: Option<&str>) -> Result<Context, Failure> {
        let name = wanted.or(self.current.as_deref()).unwrap_or(LOCAL);
        let all = self.all();
        if let Some(found) = all.iter().find(|context| context.name == name) {
            return Ok(found.clone());
        }
        let near = suggest(name, all.iter().map(|context| context.name.as_str()));
        let near = near.map(|near| format!("Did you mean '{near}'? ")).unwrap_or_default();
        let hint =
            format!("{near}`pt contexts list` shows those there are; they stand in {}.", self.path.display());
        Err(Failure::usage(format!("There is no context '{name}'.")).hint(hint))
    }

    /// The name of the context that was asked for, or of the current one. It must be one of this machine.
    pub(crate) fn context(&self, wanted: Option<&str>) -> Result<String, Failure> {
        self.usable(wanted).map(|context| context.name)
    }

    fn usable(&self, wanted: Option<&str>) -> Result<Context, Failure> {
        let context = self.find(wanted)?;
        if context.is_local() {
            return Ok(context);
        }
        let (name, instance) = (&context.name, context.instance.as_deref().unwrap_or_default());
        let message = format!(
            "The context '{name}' is on the instance {instance}, and remote instances are not there yet."
        );
        Err(Failure::new(message).hint("Use one of this machine: `-c local`, or `pt contexts use local`."))
    }

    /// The application in the context that was asked for.
    pub(crate) fn open(&self, wanted: &ContextArgs) -> Result<App, Failure> {
        let context = self.usable(wanted.context.as_deref())?;
        let mut environment = Environment::read()?;
        environment.context = context.name;
        (environment.limits, environment.logs) = (self.limits, self.logs);
        if let Some(keep) = self.keep_jobs {
            environment.keep_jobs = keep;
        }
        if let Some(user) = context.user {
            environment.person.name = user;
        }
        if let BackendChoice::Docker(options) = &mut environment.backend
            && options.host.is_none()
        {
            options.host.clone_from(&self.docker_host);
        }
        let app = App::open(environment)?;
        if let Some(salvage) = app.store.salvage() {
            damage::warn(&salvage.to_string());
        }
        Ok(app)
    }
}

/// The variable with what code may use up.
const LIMITS: &str = "POLYTOPE_LIMITS";

/// Fails if something in a text is wrong.
fn sound(findings: &[Diagnostic], sources: &Sources, name: impl Display) -> Result<(), Failure> {
    if findings.iter().all(|finding| finding.severity != Severity::Error) {
        return Ok(());
    }
    let shown = render(findings, sources, Style { color: false, ..Style::default() });
    Err(Failure::usage(format!("Could not read {name}:\n{}", shown.trim_end())))
}

/// Where the file is, or would be.
pub(crate) fn path(global: &GlobalArgs) -> PathBuf {
    global.config_file.clone().unwrap_or_else(|| path_in("XDG_CONFIG_HOME", ".config", "config.yaml"))
}

/// A file of ours below the directory that the variable names, or below this one at home.
pub(crate) fn path_in(variable: &str, below_home: &str, file: impl AsRef<Path>) -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).or_else(|| Some(set("HOME")?.join(below_home)));
    base.unwrap_or_default().join("polytope").join(file)
}
