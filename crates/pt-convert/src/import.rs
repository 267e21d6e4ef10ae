//! A Compose file becomes a polytope file.

mod build;
mod environment;
mod file;
mod merge;
mod notes;
mod port;
mod resources;
mod service;
mod variable;
mod volume;
mod wait;

use std::path::Path;

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Sources, is_id};

pub use variable::Setting;

use file::ComposeFile;
use notes::Notes;
use service::{Imports, Service};
use variable::Variables;
use wait::Until;

/// What a Compose file became.
#[derive(Debug)]
pub struct Imported {
    /// The polytope file.
    pub file: Data,
    /// The values and secrets that it refers to, in the order of their first use.
    pub settings: Vec<Setting>,
    /// What could not be carried over.
    pub notes: Vec<Diagnostic>,
}

/// Reads a Compose file and what it includes and extends.
///
/// # Errors
/// A file is missing or has mistakes, or it has no services.
pub fn import(sources: &mut Sources, world: &dyn World, path: &Path) -> Result<Imported, Vec<Diagnostic>> {
    let file = ComposeFile::load(sources, world, path)?;
    let mut notes = Notes::default();
    let mut variables = Variables::of_dir(world, path.parent().unwrap_or(Path::new("")));
    let mut imports = Imports { world, file: &file, variables: &mut variables, notes: &mut notes };
    let services: Vec<Service> =
        file.services.iter().map(|named| imports.service(named)).collect::<Result<_, _>>()?;
    imports.unknown_top_level();
    let mut polytope = Map::default();
    polytope
        .insert("modules".into(), services.iter().flat_map(|service| &service.modules).cloned().collect());
    polytope.insert("templates".into(), templates(&services));
    tell_of_waits(&services, &mut notes);
    Ok(Imported {
        file: Data::Map(Box::new(polytope)),
        settings: variables.into_settings(),
        notes: notes.into_diagnostics(),
    })
}

/// `stack` with the services of no profile, and a template for each profile that has them too.
fn templates(services: &[Service]) -> Data {
    let mut profiles: Vec<&str> = Vec::new();
    for profile in services.iter().flat_map(|service| &service.profiles) {
        if !profiles.contains(&profile.as_str()) {
            profiles.push(profile);
        }
    }
    let run = |profile: Option<&str>| -> Data {
        let runs = |service: &&Service| {
            service.profiles.is_empty() || service.profiles.iter().any(|own| Some(own.as_str()) == profile)
        };
        let chosen: Vec<&Service> = services.iter().filter(runs).collect();
        let ids: Vec<&str> = chosen.iter().map(|service| service.id.as_str()).collect();
        let steps = chosen.iter().flat_map(|service| service.steps(&ids));
        // Each is waited for once, whoever waits for it.
        let mut waits: Vec<Data> = Vec::new();
        for wait in chosen.iter().flat_map(|service| &service.waits) {
            let Some(on) = chosen.iter().find(|service| service.id == wait.on) else { continue };
            if let Some(step) = wait::step(wait, on, &ids)
                && !waits.contains(&step)
            {
                waits.push(step);
            }
        }
        steps.chain(waits).collect()
    };
    let template = |id: &str, profile: Option<&str>| -> Data {
        [("id".to_owned(), Data::from(id)), ("run".to_owned(), run(profile))].into_iter().collect()
    };
    let stack = std::iter::once(template("stack", None));
    stack.chain(profiles.iter().map(|profile| template(&id_of(profile), Some(profile)))).collect()
}

/// Says what is not waited for, or not as the file wants it.
fn tell_of_waits(services: &[Service], notes: &mut Notes) {
    for service in services {
        for wait in &service.waits {
            let Some(on) = services.iter().find(|other| other.id == wait.on) else {
                let message = format!("`{}` waits for `{}`, which is no service", service.id, wait.on);
                notes.add(message, "", wait.at);
                continue;
            };
            // A template has the services of no profile, and those of one.
            let apart = match service.profiles.as_slice() {
                [] => on.profiles.first(),
                own => own.iter().find(|own| !on.profiles.is_empty() && !on.profiles.contains(own)),
            };
            if let Some(profile) = apart {
                let of = on.profiles.join(", ");
                let template = if service.profiles.is_empty() { "stack" } else { profile };
                notes.add(
                    format!(
                        "In the template `{template}`, `{}` does not wait for `{}`, which is of the profile {of}",
                        service.id, on.id
                    ),
                    "",
                    wait.at,
                );
            }
            match (wait.until, &on.health) {
                (Until::Healthy, None) => notes.add(
                    format!("Nothing says when `{}` is healthy: it is waited for until it runs", on.id),
                    "a health check of its image is not known here: give it a `healthcheck`",
                    wait.at,
                ),
                (Until::Healthy, Some(_)) if on.is_scaled => notes.add(
                    format!("There are several of `{}`: they are waited for until they run", on.id),
                    "",
                    wait.at,
                ),
                (Until::Healthy | Until::Started | Until::Completed, _) => {}
            }
        }
        let is_awaited = |other: &Service| {
            other.waits.iter().any(|wait| wait.on == service.id && wait.until == Until::Healthy)
        };
        if let Some(health) = &service.health
            && !services.iter().any(is_awaited)
        {
            notes.add("Health checks that nothing waits for are left out", "", health.at);
        }
    }
}

/// A name as an id: `Web.App` is `web-app`.
fn id_of(name: &str) -> String {
    let id: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .collect();
    if is_id(&id) { id } else { "service".to_owned() }
}

/// A map of what there is.
fn map<const N: usize>(entries: [(&str, Data); N]) -> Data {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
