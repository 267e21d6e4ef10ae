//! Jobs as they are found in the store.

use pt_model::{Job, JobId};
use pt_store::{Instance, JobKey, Runner};

/// A job as the store knows it, and whether its runner lives.
#[derive(Clone, Debug)]
pub struct JobRecord {
    /// The checkout it belongs to.
    pub instance: Instance,
    /// Which job.
    pub key: JobKey,
    /// Its state.
    pub job: Job,
    /// Whether the process that runs it lives.
    pub alive: bool,
    /// That process, or the one that ran it last.
    pub runner: Option<Runner>,
}

impl JobRecord {
    /// Its id.
    pub fn id(&self) -> &JobId {
        &self.key.job
    }

    /// Its id for people, who are told what is not the checkout's own.
    pub fn shown(&self) -> String {
        let isolated = if self.instance.isolated { " (isolated)" } else { "" };
        format!("{}{isolated}", self.id())
    }

    /// Whether its runner went away before it was over.
    pub fn is_orphan(&self) -> bool {
        !self.job.status.has_ended() && !self.alive
    }
}
