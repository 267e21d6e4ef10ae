//! The secrets of a job, which grow while it runs.

use std::sync::{Arc, PoisonError, RwLock};

use pt_model::{Data, Failure, Masker, Part, Secret};

/// Hides the secrets that the job has met so far. Clones are handles of the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask(Arc<RwLock<Masker>>);

impl Mask {
    /// Looks for these too from now on.
    pub(crate) fn learn(&self, secrets: impl IntoIterator<Item = Secret>) {
        let mut masker = self.0.write().unwrap_or_else(PoisonError::into_inner);
        secrets.into_iter().for_each(|secret| masker.add(secret));
    }

    /// Looks for the secrets within data, too.
    pub(crate) fn learn_from(&self, data: &[Data]) {
        for data in data {
            match data {
                Data::Secret(text) => {
                    let secrets = text.parts().iter().filter_map(|part| match part {
                        Part::Secret(secret) => Some(secret.clone()),
                        Part::Plain(_) => None,
                    });
                    self.learn(secrets);
                }
                Data::List(items) => self.learn_from(items),
                Data::Map(map) => map.values().for_each(|value| self.learn_from(std::slice::from_ref(value))),
                Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) => {}
            }
        }
    }

    /// Whether there is nothing to hide.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What is looked for now.
    pub(crate) fn now(&self) -> Masker {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text as anyone may see it.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).mask(text)
    }

    /// A text that is nobody else's, as anyone may see it.
    pub(crate) fn mask_own(&self, text: String) -> String {
        let masker = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if masker.is_empty() { text } else { masker.mask(&text) }
    }

    /// The data with the secrets in its texts marked as such.
    pub(crate) fn find_in(&self, data: Data) -> Data {
        self.0.read().unwrap_or_else(PoisonError::into_inner).find_in(data)
    }

    /// The data as anyone may see it: numbers that were secrets are marked, too.
    pub(crate) fn hide_in(&self, data: Data) -> Data {
        self.0.read().unwrap_or_else(PoisonError::into_inner).hide_in(data)
    }

    /// The failure as anyone may see it.
    pub(crate) fn hide_failure(&self, failure: Failure) -> Failure {
        Failure {
            message: self.mask(&failure.message),
            place: failure.place.map(|place| self.mask(&place)),
            data: self.hide_in(failure.data),
        }
    }

    /// Where to cut bytes of which more will follow, so that no secret is cut in two.
    pub(crate) fn place_to_cut(&self, bytes: &[u8]) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).place_to_cut(bytes)
    }
}
