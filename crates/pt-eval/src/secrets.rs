//! Secrets go into code in clear and come out of it marked.

use pt_model::{Data, Failure, Map, Masker, Part, Text};

use crate::{EvalError, EvalErrorKind, Scope};

/// The secrets that a piece of code may have got hold of.
pub(crate) struct Secrets {
    masker: Masker,
}

impl Secrets {
    /// Those known beforehand, and those among the params.
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let mut secrets = Self { masker: scope.masker.clone() };
        secrets.learn_map(scope.params);
        secrets
    }

    /// Remembers the secrets within data on its way to the code.
    pub(crate) fn learn(&mut self, data: &Data) {
        match data {
            Data::Secret(text) => self.learn_text(text),
            Data::List(items) => items.iter().for_each(|item| self.learn(item)),
            Data::Map(map) => self.learn_map(map),
            Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) => {}
        }
    }

    fn learn_map(&mut self, map: &Map) {
        map.values().for_each(|value| self.learn(value));
    }

    fn learn_text(&mut self, text: &Text) {
        for part in text.parts() {
            if let Part::Secret(secret) = part {
                self.masker.add(secret.clone());
            }
        }
    }

    /// What code came to, on its way out. Kept apart, for the stack of the thousands who wait.
    #[inline(never)]
    pub(crate) fn close(&self, result: Result<Data, EvalError>) -> Result<Data, EvalError> {
        match result {
            Ok(data) => Ok(self.mark(data)),
            Err(error) => Err(self.hide(error)),
        }
    }

    /// Data on its way out of the code.
    pub(crate) fn mark(&self, data: Data) -> Data {
        if self.masker.is_empty() { data } else { self.masker.find_in(data) }
    }

    /// Text for people on its way out of the code.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.masker.mask(text)
    }

    /// An error on its way out.
    pub(crate) fn hide(&self, mut error: EvalError) -> EvalError {
        error.message = self.mask(&error.message);
        error.hint = error.hint.map(|hint| self.mask(&hint));
        if let EvalErrorKind::Failed(failure) = &mut error.kind {
            let Failure { message, place, data } = &mut **failure;
            *message = self.mask(message);
            *place = place.take().map(|place| self.mask(&place));
            *data = self.mark(std::mem::take(data));
        }
        error
    }
}
