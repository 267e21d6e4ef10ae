//! Ports of containers: whether somebody listens there.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Docker;
use super::door::address;

/// The pause between two tries: whoever waits for a port goes on this long after it opens.
const PAUSE: Duration = Duration::from_millis(20);

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// After this many tries the container is looked for again: it may have been started anew elsewhere.
const TRIES: usize = 50;

impl Docker {
    pub(super) async fn until_it_accepts(&self, id: &str, port: u16) {
        if !self.is_reachable().await {
            return;
        }
        loop {
            if let Some(address) = address(&self.client, id).await
                && accepts(address, port).await
            {
                return;
            }
            sleep(PAUSE).await;
        }
    }
}

async fn accepts(address: IpAddr, port: u16) -> bool {
    for _ in 0..TRIES {
        if let Ok(Ok(_)) = timeout(PATIENCE, TcpStream::connect((address, port))).await {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}
