//! A Compose file becomes a polytope file.

mod assignments;
mod build;
mod document;
mod environment;
mod file;
mod interpolation;
mod keys;
mod left;
mod merge;
mod names;
mod notes;
mod port;
mod resources;
mod service;
mod shape;
mod shapes;
mod top;
mod variable;
mod volume;
mod wait;

use std::path::{Path, PathBuf};

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Sources};

pub use variable::Setting;

use assignments::{Assignment, assignments};
use file::ComposeFile;
use names::{Names, id_of};
use notes::Notes;
use service::{Imports, Service};
use variable::{Param, Variables};
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

/// Reads Compose files, each laid over those before it, and what they include and extend.
///
/// # Errors
/// A file is missing or has mistakes, or there are no services.
pub fn import(
    sources: &mut Sources,
    world: &dyn World,
    paths: &[PathBuf],
) -> Result<Imported, Vec<Diagnostic>> {
    let file = ComposeFile::load(sources, world, paths)?;
    let mut notes = Notes::default();
    let mut variables = Variables::with(dot_env(world, &file.dir)?);
    for included in &file.envs {
        let others = variables.and(included.says.clone());
        if !others.is_empty() {
            let message = format!(
                "`{}` says otherwise of {}: each has one value, that of the file before",
                included.path,
                listed(&others)
            );
            notes.add(message, "give one of them another name", included.at);
        }
    }
    file.services.iter().for_each(|service| variables.learn(&service.value));
    file.others.iter().for_each(|section| variables.learn(&section.value));
    let names = Names::of(&file.services);
    let mut imports = Imports {
        world,
        file: &file,
        names: &names,
        variables: &mut variables,
        notes: &mut notes,
        built: Vec::new(),
    };
    let mut services: Vec<Service> = file
        .services
        .iter()
        .filter_map(|named| imports.service(named).transpose())
        .collect::<Result<_, _>>()?;
    imports.other_sections();
    services.iter_mut().for_each(|service| service.find_image(&imports.built));
    let mut polytope = Map::default();
    polytope
        .insert("modules".into(), services.iter().flat_map(|service| &service.modules).cloned().collect());
    polytope.insert("templates".into(), templates(&services));
    tell_of_waits(&services, &mut notes);
    refuse_circles(&services, &mut notes);
    let notes = notes.into_diagnostics()?;
    Ok(Imported { file: Data::Map(Box::new(polytope)), settings: variables.into_settings(), notes })
}

/// What the file `.env` of a directory says, if there is one.
fn dot_env(world: &dyn World, dir: &Path) -> Result<Vec<Assignment>, Vec<Diagnostic>> {
    let path = dir.join(".env");
    if world.exists(&path) { env_of(world, &path, ".env") } else { Ok(Vec::new()) }
}

/// What such a file says.
fn env_of(world: &dyn World, path: &Path, name: &str) -> Result<Vec<Assignment>, Vec<Diagnostic>> {
    let unreadable =
        |why| vec![Diagnostic::error("compose-mistake", format!("The file `{name}` cannot be read: {why}"))];
    let text = world.read(path).map_err(|cause| unreadable(cause.to_string()))?;
    assignments(&text).map_err(unreadable)
}

/// `A`, `B`.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// `stack` with the services of no profile, and a template for each profile that has them too.
fn templates(services: &[Service]) -> Data {
    let mut profiles: Vec<&str> = Vec::new();
    for profile in services.iter().flat_map(|service| &service.profiles) {
        if !profiles.contains(&profile.as_str()) {
            profiles.push(profile);
        }
    }
    let stack = std::iter::once(template(STACK, None, services));
    stack
        .chain(profiles.iter().map(|profile| template(&template_id(profile), Some(profile), services)))
        .collect()
}

fn template(id: &str, profile: Option<&str>, services: &[Service]) -> Data {
    let runs = |service: &&Service| {
        service.profiles.is_empty() || service.profiles.iter().any(|own| Some(own.as_str()) == profile)
    };
    let chosen: Vec<&Service> = services.iter().filter(runs).collect();
    let ids: Vec<&str> = chosen.iter().map(|service| service.id.as_str()).collect();
    let mut params: Vec<&Param> = Vec::new();
    for param in chosen.iter().flat_map(|service| service.params()) {
        if !params.iter().any(|known| known.of == param.of) {
            params.push(param);
        }
    }
    // What nobody gives is what the module says.
    let declared = params.iter().map(|param| {
        map([
            ("id", Data::from(param.of.as_str())),
            ("type", [Data::from("maybe"), Data::from("str")].into_iter().collect()),
        ])
    });
    let mut template = Map::default();
    template.insert("id".into(), Data::from(id));
    if !params.is_empty() {
        template.insert("params".into(), declared.collect());
    }
    let mut builds = Vec::new();
    let steps: Vec<Data> = chosen.iter().flat_map(|service| service.steps(&ids, &mut builds)).collect();
    template.insert("run".into(), steps.into_iter().collect());
    Data::Map(Box::new(template))
}

/// The template of the services of no profile.
const STACK: &str = "stack";

/// The template of a profile.
fn template_id(profile: &str) -> String {
    let id = id_of(profile);
    if id == STACK { format!("{STACK}-profile") } else { id }
}

/// A module around another one.
fn module(id: &str, module: &str, params: &[Param], args: Data) -> Data {
    let mut around = Map::default();
    around.insert("id".into(), Data::from(id));
    if !params.is_empty() {
        let declared = params.iter().map(|param| {
            let default = [Data::from("default"), Data::from("str"), Data::from(param.default.as_str())];
            map([
                ("id", Data::from(param.name.as_str())),
                ("info", Data::from(format!("${{{}}} of the Compose file.", param.variable))),
                ("type", default.into_iter().collect()),
            ])
        });
        around.insert("params".into(), declared.collect());
    }
    around.insert("module".into(), Data::from(module));
    around.insert("args".into(), args);
    Data::Map(Box::new(around))
}

/// Says what is not waited for, or not as the file wants it.
fn tell_of_waits(services: &[Service], notes: &mut Notes) {
    for service in services {
        for wait in &service.waits {
            let Some(on) = services.iter().find(|other| other.id == wait.on) else {
                // Another program provides it.
                let message = format!("`{}` does not wait for `{}`", service.id, wait.on);
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
            if wait.until == Until::Started && on.health.is_some() {
                let message = format!(
                    "`{}` waits until `{}` is healthy, as others do, not only until it has started",
                    service.id, on.id
                );
                notes.add(message, "", wait.at);
            }
            if wait.until == Until::Healthy && on.health.is_none() {
                let when = if on.has_ports { "its ports accept connections" } else { "it runs" };
                notes.add(
                    format!("Nothing says when `{}` is healthy: it counts as such as soon as {when}", on.id),
                    "a health check of its image is not known here: give it a `healthcheck`",
                    wait.at,
                );
            }
        }
    }
}

/// Refuses services that wait for each other.
fn refuse_circles(services: &[Service], notes: &mut Notes) {
    let waits_of = |id: &str| services.iter().find(|service| service.id == id).map(|service| &service.waits);
    let mut told: Vec<&str> = Vec::new();
    for service in services {
        // The way to what is looked at: services, and where each of them says for what it waits.
        let mut way: Vec<(&str, usize)> = vec![(&service.id, 0)];
        let mut seen: Vec<&str> = Vec::new();
        while let Some((id, next)) = way.last_mut() {
            let Some(wait) = waits_of(id).and_then(|waits| waits.get(*next)) else {
                way.pop();
                continue;
            };
            *next += 1;
            if wait.on == service.id && !told.contains(&service.id.as_str()) {
                let mut ids: Vec<&str> = way.iter().map(|(id, _)| *id).collect();
                if !run_together(&ids, services) {
                    continue;
                }
                ids.push(&service.id);
                notes.refuse(format!("Services wait for each other: {}", ids.join(" → ")), wait.at);
                told.extend(ids);
            } else if !seen.contains(&wait.on.as_str()) {
                seen.push(&wait.on);
                way.push((&wait.on, 0));
            }
        }
    }
}

/// Whether there is a template that runs all services of these ids.
fn run_together(ids: &[&str], services: &[Service]) -> bool {
    let own =
        services.iter().filter(|service| ids.contains(&service.id.as_str()) && !service.profiles.is_empty());
    let own: Vec<&[String]> = own.map(|service| service.profiles.as_slice()).collect();
    let Some((first, others)) = own.split_first() else { return true };
    first.iter().any(|profile| others.iter().all(|profiles| profiles.contains(profile)))
}

/// A map of what there is.
fn map<const N: usize>(entries: [(&str, Data); N]) -> Data {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
