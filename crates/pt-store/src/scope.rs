//! Whose values and secrets, and which names mean the same.

use pt_model::{InstanceId, kebab};

/// Where values and secrets belong: a context of the command line, and a project in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The context's name: `local` unless chosen with `-c`.
    pub context: String,
    /// The project.
    pub instance: InstanceId,
}

impl Scope {
    /// The context that is always there.
    pub const LOCAL: &str = "local";

    /// The values and secrets of a project.
    pub fn new(context: impl Into<String>, instance: InstanceId) -> Self {
        Self { context: context.into(), instance }
    }

    /// The context's default project: what commands use that run outside of any project.
    pub fn outside(context: impl Into<String>) -> Self {
        Self::new(context, InstanceId::new("0".repeat(16)))
    }
}

/// Whether two names of values or secrets mean the same: they are equal, or become so when camelCase is written in
/// kebab-case and `_` as `-`. Programs that camelCase keys as they read configuration find their values that way.
pub fn same_name(one: &str, other: &str) -> bool {
    one == other || kebab(one) == kebab(other)
}

/// Of these names, the one meant: the same one, else the first that means the same.
pub(crate) fn meant<'a>(names: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<&'a str> {
    names.clone().find(|name| *name == wanted).or_else(|| {
        let wanted = kebab(wanted);
        names.into_iter().find(|name| kebab(name) == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_camel_snake_and_kebab_case_are_the_same() {
        for (one, other) in [
            ("db-password", "dbPassword"),
            ("db_password", "db-password"),
            ("apiKey", "api_key"),
            ("a-b-c", "aBC"),
            ("s3-bucket", "s3Bucket"),
            ("DB_HOST", "DB-HOST"),
        ] {
            assert!(same_name(one, other), "{one} = {other}");
        }
        for (one, other) in [("db-host", "dbhost"), ("DB_HOST", "db-host"), ("a", "b"), ("", "-")] {
            assert!(!same_name(one, other), "{one} ≠ {other}");
        }
    }

    #[test]
    fn an_equal_name_wins_over_one_that_means_the_same() {
        let names = ["db-host", "dbHost", "port"];
        assert_eq!(meant(names.into_iter(), "dbHost"), Some("dbHost"));
        assert_eq!(meant(names.into_iter(), "db_host"), Some("db-host"));
        assert_eq!(meant(names.into_iter(), "host"), None);
    }
}
