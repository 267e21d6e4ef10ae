//! Settings for tests.

use std::collections::BTreeMap;

use pt_model::{Secret, Text};
use pt_plan::Named;

/// Values and secrets in memory.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, String>,
}

impl Named for Settings {
    fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.secrets.get(name).map(|value| Text::from(Secret::new(name, value.as_str())))
    }
}
