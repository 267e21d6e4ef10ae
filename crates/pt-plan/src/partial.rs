//! Values of which a part is not known, against types.

use pt_model::Data;
use pt_spec::{DataPath, Segment, Type, TypeError};

/// A value with holes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partial {
    /// The value; in each hole null, or as a stand-in for a text the reference as written.
    pub(crate) value: Data,
    pub(crate) holes: Vec<Hole>,
}

/// A part of a value that is not known.
#[derive(Clone, Debug)]
pub(crate) struct Hole {
    pub(crate) path: Vec<Segment>,
    /// Whether it is text, whatever it says.
    pub(crate) is_text: bool,
}

impl Partial {
    /// What is wrong with the value whatever fills its holes.
    pub(crate) fn errors(&self, ty: &Type) -> Vec<TypeError> {
        let errors = ty.check(&self.value).err().unwrap_or_default();
        errors.into_iter().filter(|error| self.is_certain(error, ty)).collect()
    }

    fn is_certain(&self, error: &TypeError, ty: &Type) -> bool {
        let path = &error.path.0;
        let of_kind = |words: &[&str]| words.iter().any(|word| error.message.starts_with(word));
        self.holes.iter().all(|hole| {
            if *path == hole.path {
                // Ports may be written as text of digits.
                let port = ty.holds_services() && last_is(&error.path, &["port", "expose-as"]);
                let other = [
                    "Must be an integer",
                    "Must be a number",
                    "Must be a boolean",
                    "Must be a list (",
                    "Must be a map (",
                ];
                hole.is_text && !port && of_kind(&other)
            } else if hole.path.starts_with(path) {
                of_kind(&["Must be a list (", "Must be a map (", "Must be an integer", "Must be a boolean"])
            } else {
                !path.starts_with(&hole.path)
            }
        })
    }
}

fn last_is(path: &DataPath, words: &[&str]) -> bool {
    matches!(path.0.last(), Some(Segment::Key(key)) if words.contains(&key.as_str()))
}
