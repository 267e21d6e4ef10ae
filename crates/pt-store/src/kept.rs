//! How steps ended well, so that they need not run again while nothing changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pt_model::{Data, InstanceId, JobId, StepId};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::job::encode;
use crate::key::Sealed;
use crate::{Store, StoreError};

/// The most ends that are kept of a step: one may go back to an older branch and forth again.
const KEPT: i64 = 10;

/// How a step ended well, and what had gone into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptEnd {
    /// The job in which it did.
    pub job: JobId,
    /// When.
    pub at: Timestamp,
    /// What went into it.
    pub inputs: Inputs,
    /// What it gave.
    pub output: Data,
}

/// What goes into a step: names, as people read them, and digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inputs {
    /// Its code, its args, images, volumes.
    pub things: BTreeMap<String, String>,
    /// Files, by their paths.
    pub files: BTreeMap<String, String>,
}

impl Store {
    /// Keeps an end of a step, beside the latest of those before.
    pub fn keep_end(&self, instance: &InstanceId, step: &StepId, end: &KeptEnd) -> Result<(), StoreError> {
        let sealed = self.key().seal(&encode(end)?, &place(instance, step))?;
        self.database().write("keep how a step ended", |tx| {
            tx.prepare_cached(
                "INSERT INTO kept_end (instance, step, nonce, sealed) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![instance.as_str(), step.as_str(), sealed.nonce, sealed.text])?;
            tx.prepare_cached(
                "DELETE FROM kept_end WHERE number IN (
                     SELECT number FROM kept_end WHERE instance = ?1 AND step = ?2
                     ORDER BY number DESC LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![instance.as_str(), step.as_str(), KEPT])?;
            Ok(())
        })
    }

    /// The ends that are kept of a step, the latest first.
    pub fn kept_ends(&self, instance: &InstanceId, step: &StepId) -> Result<Vec<KeptEnd>, StoreError> {
        let rows: Vec<Sealed> = self.database().read("look how a step ended", |tx| {
            tx.prepare_cached(
                "SELECT nonce, sealed FROM kept_end WHERE instance = ?1 AND step = ?2 ORDER BY number DESC",
            )?
            .query_map(params![instance.as_str(), step.as_str()], |row| {
                Ok(Sealed { nonce: row.get(0)?, text: row.get(1)? })
            })?
            .collect()
        })?;
        let unreadable = |why: &str| self.database().damaged(format!("the kept end of step {step} {why}"));
        rows.iter()
            .map(|sealed| {
                let text = self
                    .key()
                    .open_sealed(sealed, &place(instance, step))
                    .ok_or_else(|| unreadable("cannot be decrypted"))?;
                serde_json::from_str(&text).map_err(|cause| unreadable(&format!("cannot be read ({cause})")))
            })
            .collect()
    }
}

/// What a sealed end is bound to.
fn place(instance: &InstanceId, step: &StepId) -> Vec<u8> {
    format!("kept end {instance} {step}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ends_are_kept() {
        let store = Store::in_memory().unwrap();
        let (shop, build) = (InstanceId::new("shop"), StepId::new("build"));
        let end = |number: i64| KeptEnd {
            job: JobId::new(format!("ci-{number}")),
            at: Timestamp::UNIX_EPOCH,
            inputs: Inputs { files: [("a".to_owned(), number.to_string())].into(), ..Inputs::default() },
            output: Data::Int(number),
        };
        assert_eq!(store.kept_ends(&shop, &build).unwrap(), []);
        for number in 1..=KEPT + 2 {
            store.keep_end(&shop, &build, &end(number)).unwrap();
        }
        let kept = store.kept_ends(&shop, &build).unwrap();
        assert_eq!(kept.first(), Some(&end(KEPT + 2)));
        assert_eq!(kept.last(), Some(&end(3)));
        assert_eq!(store.kept_ends(&shop, &StepId::new("test")).unwrap(), []);
    }
}
