//! Clojure, by the evaluator of pt-clj.

use pt_model::Data;

use crate::host::Session;
use crate::{EvalError, Limits, Scope, Snippet};

pub(crate) fn run(
    _: &Snippet<'_>,
    _: &Scope<'_>,
    _: &Limits,
    _: &mut Session<'_>,
) -> Result<Data, EvalError> {
    Err(EvalError::unsupported("Clojure code is not supported by this build."))
}
