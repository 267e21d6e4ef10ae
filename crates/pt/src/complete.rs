//! What there is to complete to: asked by shells while a command is typed. Whatever goes wrong, nothing is offered.

use std::collections::BTreeMap;

use clap_complete::CompletionCandidate;
use clap_complete::env::CompleteEnv;
use pt_server::{App, LoadedProject};
use pt_spec::{Definition, Kind, Wanted};

use crate::cli::{self, ContextArgs, GlobalArgs};
use crate::commands::explain;
use crate::config::{Config, LOCAL};

/// By which the shell's script says that it asks, and which shell it is.
pub(crate) const VARIABLE: &str = "PT_COMPLETE";

/// Answers a shell and ends, if it was one that called.
pub(crate) fn answer() {
    CompleteEnv::with_factory(cli::tree).var(VARIABLE).complete();
}

type Candidates = Vec<CompletionCandidate>;

/// What can be run.
pub(crate) fn targets() -> Candidates {
    [Kind::Template, Kind::Tool, Kind::Module].into_iter().flat_map(definitions).collect()
}

/// The modules that can be used.
pub(crate) fn modules() -> Candidates {
    definitions(Kind::Module)
}

/// The project's tools.
pub(crate) fn tools() -> Candidates {
    definitions(Kind::Tool)
}

/// The project's templates.
pub(crate) fn templates() -> Candidates {
    definitions(Kind::Template)
}

fn definitions(kind: Kind) -> Candidates {
    let Some((_, LoadedProject { loaded, .. })) = here() else { return Vec::new() };
    let project = loaded.project;
    let candidate = |reference: &str, definition: &Definition| {
        let info = definition.info.as_deref().unwrap_or_default().trim();
        let line = info.lines().next().filter(|line| !line.is_empty());
        CompletionCandidate::new(reference).help(line.map(|line| line.to_owned().into()))
    };
    let own = project.definitions().filter(|definition| definition.kind == kind);
    let mut all: Candidates = own.map(|definition| candidate(&definition.id.text, definition)).collect();
    if kind == Kind::Module {
        for reference in project.standard().references(project.sources()) {
            if let Ok(definition) = project.resolve(None, &reference, Wanted::Any) {
                all.push(candidate(&reference, definition));
            }
        }
    }
    all
}

/// Names of values that are set.
pub(crate) fn values() -> Candidates {
    let ids = app().and_then(|app| {
        let scope = app.scope(&app.environment.context).ok()?;
        Some(app.store.values(&scope).ok()?.into_iter().map(|value| value.id).collect())
    });
    plain(ids.unwrap_or_default())
}

/// Names of secrets that are set.
pub(crate) fn secrets() -> Candidates {
    let ids = app().and_then(|app| {
        let scope = app.scope(&app.environment.context).ok()?;
        Some(app.store.secrets(&scope).ok()?.into_iter().map(|secret| secret.id).collect())
    });
    plain(ids.unwrap_or_default())
}

/// The project's jobs, the newest first.
pub(crate) fn jobs() -> Candidates {
    of_jobs(true, |record| vec![record.id().to_string()])
}

/// The project's jobs that run.
pub(crate) fn live_jobs() -> Candidates {
    of_jobs(false, |record| vec![record.id().to_string()])
}

/// Steps of jobs.
pub(crate) fn steps() -> Candidates {
    of_jobs(true, |record| record.job.steps.keys().map(ToString::to_string).collect())
}

/// Containers of jobs.
pub(crate) fn containers() -> Candidates {
    of_jobs(true, |record| record.job.containers.keys().map(ToString::to_string).collect())
}

/// Containers that run, and steps that have some.
pub(crate) fn live_containers() -> Candidates {
    of_jobs(false, |record| {
        let live = record.job.containers.iter().filter(|(_, container)| !container.removed);
        live.flat_map(|(id, container)| [id.to_string(), container.step.to_string()]).collect()
    })
}

/// Services of jobs.
pub(crate) fn services() -> Candidates {
    of_jobs(true, |record| record.job.services.keys().map(ToString::to_string).collect())
}

/// What `pt logs` can show.
pub(crate) fn logs() -> Candidates {
    let mut all = jobs();
    all.extend(steps());
    all
}

/// The datasets of the project.
pub(crate) fn datasets() -> Candidates {
    let ids = app().and_then(|app| {
        let instance = app.instance(None).ok()?;
        let mut ids: Vec<String> =
            app.store.datasets(&instance.id).ok()?.into_iter().map(|one| one.id).collect();
        ids.dedup();
        Some(ids)
    });
    plain(ids.unwrap_or_default())
}

/// The kinds of mistakes, with what each is about.
pub(crate) fn mistakes() -> Candidates {
    let candidate = |id: String| {
        let about = explain::page(&id).map(|page| explain::summary(&page).into());
        CompletionCandidate::new(id).help(about)
    };
    explain::ids().map(candidate).collect()
}

/// The contexts of the config file.
pub(crate) fn contexts() -> Candidates {
    let all = config().map(|config| config.all()).unwrap_or_default();
    plain(all.into_iter().map(|context| context.name).collect())
}

fn of_jobs(ended: bool, names: impl Fn(&pt_server::JobRecord) -> Vec<String>) -> Candidates {
    let records = app().and_then(|app| {
        let instance = app.instance(None).ok()?;
        app.jobs_here(&instance, ended).ok()
    });
    // In the order of the jobs, each once.
    let mut seen = BTreeMap::new();
    let mut all = Vec::new();
    for name in records.unwrap_or_default().iter().flat_map(names) {
        if seen.insert(name.clone(), ()).is_none() {
            all.push(name);
        }
    }
    plain(all)
}

fn plain(ids: Vec<String>) -> Candidates {
    let ranked = ids.into_iter().enumerate();
    ranked.map(|(rank, id)| CompletionCandidate::new(id).display_order(Some(rank))).collect()
}

fn here() -> Option<(App, LoadedProject)> {
    let app = app()?;
    let project = app.load(None, LOCAL).ok()?;
    Some((app, project))
}

fn app() -> Option<App> {
    config()?.open(&ContextArgs::default()).ok()
}

fn config() -> Option<Config> {
    Config::read(&GlobalArgs::default()).ok()
}
