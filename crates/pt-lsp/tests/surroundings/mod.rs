//! A project in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pt_lsp::Surroundings;
use pt_model::{Secret, Text};
use pt_plan::Named;
use pt_spec::World;

/// Files, the value `port` and the secret `api-key`.
pub(crate) struct Memory(BTreeMap<PathBuf, String>);

impl Memory {
    pub(crate) fn new(files: Vec<(String, String)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text)).collect())
    }
}

impl World for &Memory {
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

struct Settings;

impl Named for Settings {
    fn value(&self, name: &str) -> Option<String> {
        (name == "port").then(|| "8080".to_owned())
    }

    fn secret(&self, name: &str) -> Option<Text> {
        (name == "api-key").then(|| Text::from(Secret::new(name, "hunter2")))
    }
}

impl Surroundings for Memory {
    fn world(&self, _: &Path) -> Box<dyn World + '_> {
        Box::new(self)
    }

    fn named(&self, _: &Path) -> Box<dyn Named + Sync + '_> {
        Box::new(Settings)
    }

    fn home(&self) -> Option<PathBuf> {
        None
    }

    fn standard_file(&self, name: &str, _: &str) -> Option<PathBuf> {
        Some(Path::new("/cache").join(name))
    }

    fn names_in(&self, dir: &Path) -> Vec<String> {
        let below = |file: &PathBuf| {
            let rest = file.strip_prefix(dir).ok()?.to_str()?;
            Some(rest.split_once('/').map_or_else(|| rest.to_owned(), |(dir, _)| format!("{dir}/")))
        };
        self.0.keys().filter_map(below).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn values(&self, _: &Path) -> Vec<String> {
        vec!["port".to_owned()]
    }

    fn secrets(&self, _: &Path) -> Vec<String> {
        vec!["api-key".to_owned()]
    }
}
