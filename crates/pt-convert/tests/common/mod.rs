//! A disk, and settings that are always set.

use std::path::Path;
use std::{fs, io};

use pt_model::{Secret, Text};
use pt_plan::Named;
use pt_spec::World;

pub(crate) struct Disk;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        fs::read_to_string(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// Whatever is asked for is set.
pub(crate) struct Anything;

impl Named for Anything {
    fn value(&self, _: &str) -> Option<String> {
        Some("8080".to_owned())
    }

    fn secret(&self, name: &str) -> Option<Text> {
        Some(Text::from(Secret::new(name, "open sesame")))
    }
}
