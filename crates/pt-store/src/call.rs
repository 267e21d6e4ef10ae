//! What agents called: a file per checkout, a line of JSON per call.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use pt_model::{InstanceId, JobId};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, private};

/// A call that an agent made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AgentCall {
    /// When it began.
    pub at: Timestamp,
    /// Who called: the name and version that the agent's program gives itself.
    pub caller: String,
    /// The tool.
    pub tool: String,
    /// What it was given, secrets masked; long texts cut.
    pub arguments: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Whether it failed.
    pub failed: bool,
    /// The job it ran as, if it ran anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

impl Store {
    /// Adds a call to those of a checkout.
    pub fn record_call(&self, instance: &InstanceId, call: &AgentCall) -> Result<(), StoreError> {
        let path = self.calls_file(instance);
        if let Some(dir) = path.parent() {
            private::create_dir(dir)?;
        }
        let mut line = serde_json::to_vec(call).map_err(StoreError::Unwritable)?;
        line.push(b'\n');
        // One write: lines of several processes stand one after the other.
        let written = private::options()
            .append(true)
            .create(true)
            .open(&path)
            .and_then(|mut file| file.write_all(&line));
        written.map_err(StoreError::file("write the list of calls", &path))
    }

    /// The calls of a checkout, the first first. Lines that are not whole are left out.
    pub fn agent_calls(&self, instance: &InstanceId) -> Result<Vec<AgentCall>, StoreError> {
        let path = self.calls_file(instance);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(StoreError::file("read the list of calls", &path)(cause)),
        };
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    fn calls_file(&self, instance: &InstanceId) -> PathBuf {
        private::file_for(&self.dir().join("calls"), instance.as_str(), ".jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_kept_in_their_order() {
        let store = Store::in_memory().unwrap();
        let shop = InstanceId::new("shop");
        let call = |tool: &str| AgentCall {
            at: Timestamp::UNIX_EPOCH,
            caller: "agent 1.0".to_owned(),
            tool: tool.to_owned(),
            arguments: "{}".to_owned(),
            took_ms: 3,
            failed: false,
            job: None,
        };
        assert_eq!(store.agent_calls(&shop).unwrap(), []);
        for tool in ["run", "docs"] {
            store.record_call(&shop, &call(tool)).unwrap();
        }
        assert_eq!(store.agent_calls(&shop).unwrap(), [call("run"), call("docs")]);
        assert_eq!(store.agent_calls(&InstanceId::new("other")).unwrap(), []);
    }
}
