//! Labels: how things created for a job are told from everything else on the machine.

use std::collections::BTreeMap;

use crate::{ContainerId, InstanceId, JobId, StepId};

/// The labels of something created in a backend. What lacks [`Labels::INSTANCE`] is not ours and is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    /// Which project instance it belongs to.
    pub const INSTANCE: &str = "dev.polytope.instance";
    /// Root directory of that project, for people who look.
    pub const PROJECT: &str = "dev.polytope.project";
    /// Which job; absent on what outlives jobs (project volumes).
    pub const JOB: &str = "dev.polytope.job";
    /// Which step.
    pub const STEP: &str = "dev.polytope.step";
    /// Which container, by its id in the job.
    pub const CONTAINER: &str = "dev.polytope.container";
    /// The ports of a container that were published when it was made: `80:8080/tcp` and so on, apart by blanks.
    pub const PORTS: &str = "dev.polytope.ports";
    /// Which volume, by its id in its scope.
    pub const VOLUME: &str = "dev.polytope.volume";

    /// Labels of something that belongs to an instance.
    pub fn of_instance(instance: &InstanceId, project: &str) -> Self {
        Self::default().with(Self::INSTANCE, instance.as_str()).with(Self::PROJECT, project)
    }

    /// With one more label.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Also of this job.
    #[must_use]
    pub fn job(self, job: &JobId) -> Self {
        self.with(Self::JOB, job.as_str())
    }

    /// Also of this step.
    #[must_use]
    pub fn step(self, step: &StepId) -> Self {
        self.with(Self::STEP, step.as_str())
    }

    /// Also with this id in its job.
    #[must_use]
    pub fn container(self, container: &ContainerId) -> Self {
        self.with(Self::CONTAINER, container.as_str())
    }

    /// The label's value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether it carries all labels of `other` with the same values.
    pub fn includes(&self, other: &Self) -> bool {
        other.0.iter().all(|(key, value)| self.get(key) == Some(value))
    }
}
