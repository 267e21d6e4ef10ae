//! What jobs were asked for.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::job::{encode, unknown};
use crate::key::Sealed;
use crate::{JobKey, Store, StoreError};

/// What a job was asked for, enough to ask for it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobRequest {
    /// The targets as one writes them on the command line; each group waits for those before it.
    pub groups: Vec<Vec<String>>,
    /// Whose values and secrets it ran with.
    pub context: String,
    /// The root polytope file; without one it knew the standard modules only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_file: Option<PathBuf>,
    /// The step whose end ends the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Directory from which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<PathBuf>,
    /// A digest of the project's files as they were then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    /// The port at which its metrics are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_port: Option<u16>,
    /// The port at which its services' telemetry is received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_port: Option<u16>,
}

impl JobRequest {
    /// The digest of texts: another one as soon as one of them is another.
    pub fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
        let mut hasher = Sha256::new();
        for text in texts {
            hasher.update(Sha256::digest(text.as_bytes()));
        }
        hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// Writes down what a job was asked for.
    pub fn set_request(&self, job: &JobKey, request: &JobRequest) -> Result<(), StoreError> {
        let sealed = self.key().seal(&encode(request)?, &place(job))?;
        self.database().write("note what a job was asked for", |tx| {
            let written = tx.execute(
                "INSERT OR REPLACE INTO job_request (job, nonce, sealed)
                 SELECT number, ?3, ?4 FROM job WHERE instance = ?1 AND id = ?2",
                params![job.instance.as_str(), job.job.as_str(), sealed.nonce, sealed.text],
            )?;
            if written == 0 { Err(unknown(job).into()) } else { Ok(()) }
        })
    }

    /// What a job was asked for; nothing for jobs of versions that did not write it down.
    pub fn request(&self, job: &JobKey) -> Result<Option<JobRequest>, StoreError> {
        let sealed = self.database().read("read what a job was asked for", |tx| {
            tx.prepare_cached(
                "SELECT nonce, sealed FROM job_request JOIN job ON job.number = job_request.job
                 WHERE instance = ?1 AND id = ?2",
            )?
            .query_row(params![job.instance.as_str(), job.job.as_str()], |row| {
                Ok(Sealed { nonce: row.get(0)?, text: row.get(1)? })
            })
            .optional()
        })?;
        let Some(sealed) = sealed else { return Ok(None) };
        let text = self.key().open_sealed(&sealed, &place(job)).ok_or_else(|| {
            self.database().damaged(format!("what job {job} was asked for cannot be decrypted"))
        })?;
        self.decode(&text, "the request", job).map(Some)
    }
}

/// What a sealed request is bound to.
fn place(job: &JobKey) -> Vec<u8> {
    format!("request {job}").into_bytes()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pt_model::InstanceId;

    use super::*;

    #[test]
    fn a_request_is_kept_with_its_job() {
        let store = Store::in_memory().unwrap();
        let job = store.create_job(&InstanceId::new("shop"), "stack", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(store.request(&job).unwrap(), None);
        let request = JobRequest {
            groups: vec![vec!["build".to_owned()], vec!["stack{\"password\":\"x\"}".to_owned()]],
            context: "local".to_owned(),
            root_file: Some("/shop/polytope.yml".into()),
            until: None,
            working_dir: Some("/shop/api".into()),
            files: None,
            metrics_port: Some(9464),
            otlp_port: None,
        };
        store.set_request(&job, &request).unwrap();
        assert_eq!(store.request(&job).unwrap(), Some(request));
        store.delete_job(&job).unwrap();
        assert_eq!(store.request(&job).unwrap(), None);
    }
}
