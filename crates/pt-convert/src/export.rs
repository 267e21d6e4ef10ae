//! The containers of a plan for other tools.

mod compose;
mod container;
mod kubernetes;

use pt_model::Data;

pub use compose::export_compose;
pub use kubernetes::export_kubernetes;

/// What a plan became.
#[derive(Debug)]
pub struct Exported {
    /// The documents of the file: one for Compose, one for each object of Kubernetes.
    pub documents: Vec<Data>,
    /// What was left out, and why: whole sentences.
    pub notes: Vec<String>,
}

/// A map of what there is: entries that are null, or empty lists and maps, are left out.
fn present<const N: usize>(entries: [(&str, Data); N]) -> Data {
    let is_there = |data: &Data| match data {
        Data::Null => false,
        Data::List(items) => !items.is_empty(),
        Data::Map(map) => !map.is_empty(),
        Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) | Data::Secret(_) => true,
    };
    entries.into_iter().filter(|(_, data)| is_there(data)).map(|(key, data)| (key.to_owned(), data)).collect()
}

/// `db-password` as a variable: `DB_PASSWORD`.
fn variable(secret: &str) -> String {
    secret.to_uppercase().replace(['-', '.'], "_")
}
