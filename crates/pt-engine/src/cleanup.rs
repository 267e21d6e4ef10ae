//! What a job leaves in a backend, found by its labels, and its removal.

use pt_backend::{Backend, BackendError, Found};
use pt_model::{InstanceId, JobId, Labels};
use tokio::task::JoinSet;

use std::sync::Arc;

/// What is left of jobs: containers, networks, and volumes that live as long as a job.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// All of it; volumes of project scope are not among it.
    pub found: Found,
}

impl Leftovers {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.found.containers.is_empty() && self.found.networks.is_empty() && self.found.volumes.is_empty()
    }

    /// The jobs it is left of.
    pub fn jobs(&self) -> Vec<JobId> {
        let containers = self.found.containers.iter().map(|container| &container.labels);
        let networks = self.found.networks.iter().map(|network| &network.labels);
        let volumes = self.found.volumes.iter().map(|volume| &volume.labels);
        let mut jobs: Vec<JobId> = containers
            .chain(networks)
            .chain(volumes)
            .filter_map(|labels| labels.get(Labels::JOB))
            .map(JobId::from)
            .collect();
        jobs.sort();
        jobs.dedup();
        jobs
    }

    /// Only what is left of jobs for which this holds.
    pub fn retain(&mut self, keep: impl Fn(&JobId) -> bool) {
        let ours = |labels: &Labels| labels.get(Labels::JOB).is_some_and(|job| keep(&job.into()));
        self.found.containers.retain(|container| ours(&container.labels));
        self.found.networks.retain(|network| ours(&network.labels));
        self.found.volumes.retain(|volume| ours(&volume.labels));
    }
}

/// Finds what is left of an instance's jobs, or of one of them.
///
/// # Errors
/// The backend does not answer.
pub async fn find_leftovers(
    backend: &dyn Backend,
    instance: &InstanceId,
    job: Option<&JobId>,
) -> Result<Leftovers, BackendError> {
    let mut labels = Labels::default().with(Labels::INSTANCE, instance.as_str());
    if let Some(job) = job {
        labels = labels.job(job);
    }
    let mut leftovers = Leftovers { found: backend.find(&labels).await? };
    leftovers.retain(|_| true);
    Ok(leftovers)
}

/// Removes leftovers: containers first, side by side, then networks and volumes. Gives what could not be removed.
pub async fn remove_leftovers(backend: &Arc<dyn Backend>, leftovers: Leftovers) -> Vec<BackendError> {
    let Found { containers, networks, volumes } = leftovers.found;
    let mut removals = JoinSet::new();
    for container in containers {
        let backend = Arc::clone(backend);
        removals.spawn(async move { backend.remove_container(&container.id).await });
    }
    let mut problems: Vec<BackendError> =
        removals.join_all().await.into_iter().filter_map(Result::err).collect();
    for network in networks {
        problems.extend(backend.remove_network(&network.name).await.err());
    }
    for volume in volumes {
        problems.extend(backend.remove_volume(&volume.name).await.err());
    }
    problems
}
