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

/// The variables that stand for secrets, each for one.
#[derive(Debug, Default)]
struct Variables {
    /// The names of secrets, and of variables.
    of: Vec<(String, String)>,
}

impl Variables {
    /// `db-password` as a variable: `DB_PASSWORD`.
    fn of(&mut self, secret: &str) -> String {
        if let Some((_, variable)) = self.of.iter().find(|(known, _)| known == secret) {
            return variable.clone();
        }
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let wished: String = secret.chars().map(allowed).collect();
        let wished =
            if wished.starts_with(|c: char| c.is_ascii_digit()) { format!("_{wished}") } else { wished };
        let numbered = (2..).map(|number| format!("{wished}_{number}"));
        let is_free = |variable: &String| !self.of.iter().any(|(_, known)| known == variable);
        let variable = std::iter::once(wished.clone()).chain(numbered).find(is_free).unwrap_or(wished);
        self.of.push((secret.to_owned(), variable.clone()));
        variable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_has_a_variable() {
        let mut variables = Variables::default();
        let given = ["db-password", "db_password", "2fa", "db-password"].map(|secret| variables.of(secret));
        assert_eq!(given, ["DB_PASSWORD", "DB_PASSWORD_2", "_2FA", "DB_PASSWORD"]);
    }
}
