//! How many lines a job has said.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use pt_model::{ContainerId, StepId, Stream};

/// Where lines come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LineOrigin {
    /// The step that they belong to.
    pub step: StepId,
    /// The container that wrote them.
    pub container: Option<ContainerId>,
    /// Where they were written.
    pub stream: Stream,
}

/// How many lines were kept, by where they came from. Cheap to copy about; all copies count the same.
#[derive(Clone, Debug, Default)]
pub struct LineCounts(Arc<Mutex<IndexMap<LineOrigin, u64>>>);

impl LineCounts {
    /// Counts lines.
    pub fn add(&self, origin: LineOrigin, lines: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(origin).or_default() += lines;
    }

    /// What was counted so far, in the order in which the first lines came.
    pub fn now(&self) -> Vec<(LineOrigin, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(origin, lines)| (origin.clone(), *lines)).collect()
    }
}
