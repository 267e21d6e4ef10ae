//! Jobs that nobody can go on with: all they did came from somebody who is gone, an agent or a REPL. What they left is removed
//! by who starts next, for it belongs to nobody. Other jobs whose runners are gone wait for their person, who may want to go on
//! with them, or to look at what they left.

use std::sync::Arc;

use futures_util::future::join_all;
use pt_backend::Backend;
use pt_model::Job;
use pt_store::{Instance, JobKey};

use crate::app::{App, AppError};
use crate::job_record::JobRecord;

impl App {
    /// The jobs of this kind in a checkout, and in the sandboxes beside it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn abandoned_jobs(&self, instance: &Instance) -> Result<Vec<JobRecord>, AppError> {
        let mut abandoned = Vec::new();
        let beside = self.store.instances_beside(instance)?;
        for instance in [instance.clone()].into_iter().chain(beside) {
            for summary in self.store.jobs(Some(&instance.id))? {
                let key = JobKey::new(instance.id.clone(), summary.id);
                if summary.status.has_ended() || self.store.runner_alive(&key)? {
                    continue;
                }
                // What was asked for is written by who has the runner's lock already: without it the job is just beginning.
                let Some(request) = self.store.request(&key)? else { continue };
                if !request.groups.is_empty() {
                    continue;
                }
                let runner = self.store.runner(&key)?;
                let job = Job::fold(&self.store.events(&key, 0)?);
                abandoned.push(JobRecord { instance: instance.clone(), key, job, alive: false, runner });
            }
        }
        Ok(abandoned)
    }

    /// Removes what such jobs left, and closes their books. What cannot be removed keeps nobody from starting: the next one
    /// tries again, and `pt clean` says what is wrong.
    pub async fn clear_abandoned(&self, instance: &Instance, backend: &Arc<dyn Backend>) {
        let jobs = self.abandoned_jobs(instance).unwrap_or_default();
        drop(join_all(jobs.iter().map(|job| self.clear_away(job, backend))).await);
    }
}
