//! Names of what a job creates in a backend: legible, unique on the machine, within what engines allow.

use pt_model::{ContainerId, JobId, VolumeId};
use pt_store::Instance;

/// What a container of a job is called in the backend.
pub fn container_name(instance: &Instance, job: &JobId, id: &ContainerId) -> String {
    Names::new(instance, job).container(id)
}

/// What a volume of a project is called in the backend.
pub fn volume_name(instance: &Instance, id: &VolumeId) -> String {
    Names::new(instance, &JobId::new("")).project_volume(id)
}

/// Makes the names for one job.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    instance: String,
    job: String,
}

impl Names {
    /// Names for a job of an instance: all begin with the project's name and a piece of the instance's id.
    pub(crate) fn new(instance: &Instance, job: &JobId) -> Self {
        let short: String = instance.id.as_str().chars().take(6).collect();
        let instance = format!("{}-{short}", tame(&instance.project));
        Self { job: format!("{instance}-{}", tame(job.as_str())), instance }
    }

    pub(crate) fn network(&self) -> String {
        self.job.clone()
    }

    pub(crate) fn container(&self, id: &ContainerId) -> String {
        format!("{}-{}", self.job, tame(id.as_str()))
    }

    pub(crate) fn job_volume(&self, id: &VolumeId) -> String {
        format!("{}-{}", self.job, tame(id.as_str()))
    }

    pub(crate) fn project_volume(&self, id: &VolumeId) -> String {
        format!("{}-{}", self.instance, tame(id.as_str()))
    }
}

/// The text with everything replaced that engines refuse in names, at most 60 characters.
fn tame(text: &str) -> String {
    let tame: String =
        text.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c.to_ascii_lowercase() } else { '-' }
            })
            .take(60)
            .collect();
    let tame = tame.trim_matches(['-', '_']);
    if tame.is_empty() { "x".to_owned() } else { tame.to_owned() }
}
