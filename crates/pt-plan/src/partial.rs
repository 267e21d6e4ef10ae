//! Values of which a part is not known, against types.

use pt_model::{Data, Problem, Rule};
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
        // Of what is not known at all nothing is certain.
        if self.holes.iter().any(|hole| hole.path.is_empty() && !hole.is_text) {
            return Vec::new();
        }
        let errors = ty.check(&self.value).err().unwrap_or_default();
        errors.into_iter().filter(|error| self.is_certain(error, ty)).collect()
    }

    fn is_certain(&self, error: &TypeError, ty: &Type) -> bool {
        let path = &error.path.0;
        let of_kind =
            |rules: &[Rule]| matches!(&error.problem, Problem::Must { rule, .. } if rules.contains(rule));
        self.holes.iter().all(|hole| {
            if *path == hole.path {
                // Ports may be written as text of digits.
                let port = ty.holds_services() && last_is(&error.path, &["port", "expose-as"]);
                let other = [Rule::Integer, Rule::Number, Rule::Boolean, Rule::List, Rule::Map];
                hole.is_text && !port && of_kind(&other)
            } else if hole.path.starts_with(path) {
                of_kind(&[Rule::List, Rule::Map, Rule::Integer, Rule::Boolean])
            } else {
                !path.starts_with(&hole.path)
            }
        })
    }
}

fn last_is(path: &DataPath, words: &[&str]) -> bool {
    matches!(path.0.last(), Some(Segment::Key(key)) if words.contains(&key.as_str()))
}
