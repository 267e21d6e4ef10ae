//! Who is told when the list of tools changes.

use std::path::PathBuf;
use std::sync::Weak;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::Peer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::listing::tools;
use crate::project::stamp;
use crate::server::{Inner, Server};

/// Between two looks at the polytope files.
const PAUSE: Duration = Duration::from_secs(1);

/// The changes of the list of tools, counted.
#[derive(Debug)]
pub(crate) struct Sessions {
    changes: watch::Sender<u64>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { changes: watch::Sender::new(0) }
    }
}

impl Sessions {
    /// The changes from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells this client of each change, until it goes.
    pub(crate) fn notify(&self, peer: Peer<RoleServer>) {
        let mut changes = self.changes();
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                if peer.is_transport_closed() || peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Tells this client of each change of a file, until it goes or is tired of it.
pub(crate) fn watch_file(peer: Peer<RoleServer>, uri: String, path: PathBuf) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut known = stamp(&path);
        loop {
            tokio::time::sleep(PAUSE).await;
            let now = stamp(&path);
            if now == known {
                continue;
            }
            known = now;
            let updated = ResourceUpdatedNotificationParam::new(uri.clone());
            if peer.is_transport_closed() || peer.notify_resource_updated(updated).await.is_err() {
                return;
            }
        }
    })
}

/// Looks at the polytope files now and then, while somebody wants to know.
pub(crate) fn watch(server: &Server) -> JoinHandle<()> {
    let server: Weak<Inner> = std::sync::Arc::downgrade(&server.inner);
    tokio::spawn(async move {
        let mut known = None;
        loop {
            tokio::time::sleep(PAUSE).await;
            let Some(server) = server.upgrade() else { return };
            if server.sessions.changes.receiver_count() == 0 {
                known = None;
                continue;
            }
            let now = tools(&server);
            if known.as_ref().is_some_and(|known| *known != now) {
                server.sessions.changes.send_modify(|count| *count += 1);
            }
            known = Some(now);
        }
    })
}
