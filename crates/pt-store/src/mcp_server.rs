//! MCP servers: the processes that serve agents, also while no job of theirs runs.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};

use jiff::Timestamp;
use pt_model::InstanceId;
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, private};

/// A process that serves agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct McpServer {
    /// Its process id.
    pub pid: u32,
    /// The checkout that it serves, also if what it runs is isolated from that.
    pub instance: InstanceId,
    /// Where agents reach it; nothing if it speaks to the one that started it.
    pub address: Option<String>,
    /// Whether its sandbox is isolated.
    pub isolated: bool,
    /// When it began.
    pub started_ts: Timestamp,
}

/// Held by the server as long as it lives: the kernel lets go of it however the process ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl Store {
    /// Writes down that this process serves agents, as long as what comes out lives.
    pub fn note_server(&self, server: &McpServer) -> Result<ServerLock, StoreError> {
        let dir = self.dir().join("servers");
        private::create_dir(&dir)?;
        let path = private::file_for(&dir, &format!("{}-{}", server.instance, server.pid), ".lock");
        let mut file = private::open_lock(&path)?;
        let line = serde_json::to_vec(server).map_err(StoreError::Unwritable)?;
        // Only who looks whether it lives holds it, for an instant.
        let written = file.lock().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(&line));
        written.map_err(StoreError::file("note the server", &path))?;
        Ok(ServerLock { _file: file })
    }

    /// The servers of a checkout that live, the first first.
    pub fn servers(&self, instance: &InstanceId) -> Result<Vec<McpServer>, StoreError> {
        let dir = self.dir().join("servers");
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(StoreError::file("read", &dir)(cause)),
        };
        let mut servers = Vec::new();
        for entry in entries {
            let path = entry.map_err(StoreError::file("read", &dir))?.path();
            // Somebody else may have removed it meanwhile; what a killed one had not finished says nothing.
            let Ok(file) = File::open(&path) else { continue };
            let Ok(server) = serde_json::from_reader::<_, McpServer>(&file) else { continue };
            match file.try_lock_shared() {
                Ok(()) => drop(fs::remove_file(&path)),
                Err(TryLockError::WouldBlock) if server.instance == *instance => servers.push(server),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(StoreError::file("lock", &path)(cause)),
            }
        }
        servers.sort_by_key(|server| server.started_ts);
        Ok(servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_known_as_long_as_they_live() {
        let store = Store::in_memory().unwrap();
        let server = |pid: u32| McpServer {
            pid,
            instance: InstanceId::new("shop"),
            address: Some(format!("http://localhost:{pid}/mcp")),
            isolated: false,
            started_ts: Timestamp::from_second(i64::from(pid)).unwrap(),
        };
        let shop = InstanceId::new("shop");
        assert_eq!(store.servers(&shop).unwrap(), []);
        let second = store.note_server(&server(2)).unwrap();
        let first = store.note_server(&server(1)).unwrap();
        assert_eq!(store.servers(&shop).unwrap(), [server(1), server(2)]);
        assert_eq!(store.servers(&InstanceId::new("other")).unwrap(), []);
        drop(first);
        assert_eq!(store.servers(&shop).unwrap(), [server(2)]);
        drop(second);
        assert_eq!(store.servers(&shop).unwrap(), []);
    }
}
