//! Patience with a job that stops.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::watch::Watcher;

/// Waits until a job takes long to stop.
#[derive(Default)]
pub(super) struct Slow {
    /// When to say so; nothing while it runs, nor once it was said.
    at: Option<Instant>,
    is_stopping: bool,
}

impl Slow {
    /// After how long it is said: most containers stop at once.
    const PATIENCE: Duration = Duration::from_secs(2);

    pub(super) fn look(&mut self, watcher: Option<&Watcher>) {
        if !self.is_stopping && watcher.is_some_and(Watcher::is_stopping) {
            self.is_stopping = true;
            self.at = Some(Instant::now() + Self::PATIENCE);
        }
    }

    pub(super) async fn told(&mut self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
        self.at = None;
    }
}
