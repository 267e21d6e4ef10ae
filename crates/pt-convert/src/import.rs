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

use std::path::Path;

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Sources, is_id};

pub use variable::Setting;

use file::ComposeFile;
use notes::Notes;
use service::{Imports, Service};
use variable::Variables;

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
    polytope.insert(
        "modules".to_owned(),
        services.iter().flat_map(|service| &service.modules).cloned().collect(),
    );
    polytope.insert("templates".to_owned(), templates(&services));
    Ok(Imported {
        file: Data::Map(polytope),
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
        chosen.iter().flat_map(|service| service.steps(&ids)).collect()
    };
    let template = |id: &str, profile: Option<&str>| -> Data {
        [("id".to_owned(), Data::from(id)), ("run".to_owned(), run(profile))].into_iter().collect()
    };
    let stack = std::iter::once(template("stack", None));
    stack.chain(profiles.iter().map(|profile| template(&id_of(profile), Some(profile)))).collect()
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
