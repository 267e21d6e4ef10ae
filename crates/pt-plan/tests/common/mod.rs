//! Files and settings for tests.
#![expect(dead_code, unreachable_pub, reason = "every test uses its own part")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pt_model::{Secret, Text};
use pt_plan::Named;
use pt_spec::World;

/// The real files.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// Files in memory.
#[derive(Default)]
pub struct Files(pub BTreeMap<PathBuf, String>);

impl Files {
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.into(), text.to_owned());
        self
    }
}

impl World for Files {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path) || self.is_dir(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file != path && file.starts_with(path))
    }
}

/// Values and secrets in memory.
#[derive(Default)]
pub struct Settings {
    pub values: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
}

impl Named for Settings {
    fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.secrets.get(name).map(|value| Text::from(Secret::new(name, value.as_str())))
    }
}
