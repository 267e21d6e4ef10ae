//! What services are called here.

use pt_syntax::{Entry, Node, is_id};

use super::merge::scalar;

/// The ids of all services, each one's own, and the other names by which they are reached.
pub(super) struct Names {
    /// Names in the file and ids.
    ids: Vec<(String, String)>,
    /// Names of services, and what else others call them.
    aliases: Vec<(String, String)>,
}

impl Names {
    pub(super) fn of(services: &[Entry]) -> Self {
        let mut names = Self { ids: Vec::new(), aliases: Vec::new() };
        for service in services {
            let wished = id_of(&service.key);
            let numbered = (2..).map(|number| format!("{wished}-{number}"));
            let free = |id: &String| !names.is_taken(id);
            let id = std::iter::once(wished.clone()).chain(numbered).find(free).unwrap_or(wished);
            names.ids.push((service.key.clone(), id));
        }
        for service in services {
            let networks = service.value.get("networks").map(Node::entries).unwrap_or_default();
            let aliases = networks.iter().filter_map(|network| network.value.get("aliases"));
            for alias in aliases.flat_map(Node::items).filter_map(scalar) {
                names.alias(&service.key, &alias);
            }
            // `links: [database:db]` calls the service `database` also `db`.
            for link in service.value.get("links").map(Node::items).unwrap_or_default() {
                if let Some((other, alias)) = scalar(link).as_deref().and_then(|link| link.split_once(':')) {
                    names.alias(other, alias);
                }
            }
        }
        names
    }

    /// The id of a service.
    pub(super) fn id(&self, name: &str) -> String {
        self.ids.iter().find(|(known, _)| known == name).map_or_else(|| id_of(name), |(_, id)| id.clone())
    }

    /// The id of the module that builds its image.
    pub(super) fn image_id(&self, name: &str) -> String {
        let wished = format!("{}-image", self.id(name));
        if self.is_taken(&wished) { format!("{wished}-build") } else { wished }
    }

    /// Whether it is what another service is called than that with this id.
    pub(super) fn is_of_other(&self, name: &str, id: &str) -> bool {
        name != id && self.is_taken(name)
    }

    /// What others call a service beside its name.
    pub(super) fn aliases(&self, name: &str) -> impl Iterator<Item = &str> {
        self.aliases.iter().filter(move |(service, _)| service == name).map(|(_, alias)| alias.as_str())
    }

    /// Whether this is the id of a service.
    pub(super) fn is_service(&self, id: &str) -> bool {
        self.is_taken(id)
    }

    fn is_taken(&self, id: &str) -> bool {
        self.ids.iter().any(|(_, taken)| taken == id)
    }

    fn alias(&mut self, service: &str, alias: &str) {
        let alias = id_of(alias);
        let alias = (service.to_owned(), alias);
        if !self.is_taken(&alias.1) && !self.aliases.contains(&alias) {
            self.aliases.push(alias);
        }
    }
}

/// A name as an id: `Web.App` is `web-app`.
pub(super) fn id_of(name: &str) -> String {
    let id: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .collect();
    if is_id(&id) { id } else { "service".to_owned() }
}
