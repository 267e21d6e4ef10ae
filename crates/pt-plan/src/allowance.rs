//! What a piece of code may use up, and whose word that is.

use std::time::Duration;

use pt_eval::{EvalError, Limit, Limits};
use pt_model::{CodeLimits, duration_text, size_text};
use pt_spec::Definition;

/// What a piece of code may use up, and whose word that is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// As its definition says, else as is said for all code.
    pub limits: CodeLimits,
    /// The definition, if its author can be asked for more: `module 'web'`.
    whose: Option<String>,
}

impl Allowance {
    pub(crate) fn of(definition: &Definition, for_all: CodeLimits) -> Self {
        let named = || format!("{} '{}'", definition.kind.word(), definition.id.text);
        Self { limits: definition.limits.or(for_all), whose: definition.origin.is_own().then(named) }
    }

    /// For code in args, which has to be done soon, and runs where there is no more room for calls than usual.
    pub(crate) fn in_args(definition: &Definition, for_all: CodeLimits) -> Limits {
        Limits::of_args().set(definition.limits.or(for_all)).shallow()
    }

    /// The error of code, with how to let it use up more if it is about that.
    pub fn advise(&self, error: EvalError) -> EvalError {
        let Some(limit) = error.limit().filter(|_| error.hint.is_none()) else { return error };
        if limit == Limit::Depth && self.limits.depth == Some(CodeLimits::DEEPEST) {
            return error;
        }
        let key = limit.key();
        let example = match limit {
            Limit::Time => duration_text(self.limits.time.unwrap_or(USUAL_TIME).saturating_mul(2)),
            Limit::Memory => size_text(self.limits.memory.unwrap_or(USUAL_MEMORY).saturating_mul(2)),
            Limit::Depth => {
                let depth = self.limits.depth.or(error.usual_depth()).unwrap_or_default();
                depth.saturating_mul(2).min(CodeLimits::DEEPEST).to_string()
            }
        };
        let all = "for all code, `limits` in the config file";
        error.with_hint(match &self.whose {
            Some(whose) => {
                format!("`limits: {{{key}: {example}}}` in the {whose} gives its code more; {all}")
            }
            None => format!("`limits: {{{key}: {example}}}` in the config file gives code more"),
        })
    }
}

const USUAL_TIME: Duration = Duration::from_secs(10);
const USUAL_MEMORY: u64 = 256_000_000;
