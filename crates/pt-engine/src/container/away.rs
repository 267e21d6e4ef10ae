//! An engine that does not answer: nothing is known of what it runs, so nothing is given up. What was asked of it is asked again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pt_backend::{BackendError, ErrorKind};
use pt_model::Labels;
use tokio::time::{Instant, sleep};

use super::{ContainerTask, FOLLOW_AGAIN, Report, Wish, unwanted};

/// How long the removal of a container waits for the engine, unless everything is to be killed. The job has ended otherwise.
const LAST_PATIENCE: Duration = Duration::from_secs(60);

impl ContainerTask {
    /// Asks until the engine answers, as long as the container is wanted. What is asked for must be the same when it is done twice.
    pub(super) async fn patiently<T, F>(&self, ask: impl Fn() -> F) -> Result<T, BackendError>
    where
        F: Future<Output = Result<T, BackendError>>,
    {
        loop {
            match ask().await {
                Err(error) if self.is_waited_out(&error) => self.wait_out(&error).await,
                Ok(answer) => {
                    self.network.away.store(false, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether what failed is to be tried again when the engine answers.
    pub(super) fn is_waited_out(&self, error: &BackendError) -> bool {
        error.kind == ErrorKind::NotRunning && self.is_wanted()
    }

    /// Waits a moment for the engine. The first container of a job that does says so.
    pub(super) async fn wait_out(&self, error: &BackendError) {
        if !self.network.away.swap(true, Ordering::Relaxed) {
            let (id, why) = (&self.id, self.explain(&self.request.name, error));
            self.report(Report::Trouble(format!("Container '{id}' waits for its engine: {why}")));
        }
        tokio::select! {
            () = sleep(FOLLOW_AGAIN) => {}
            () = unwanted(self.wish.clone()) => {}
        }
    }

    /// Creates the container. One that came into being although the engine could not say so any more is removed first.
    pub(super) async fn create_patiently(&mut self) -> Result<String, BackendError> {
        loop {
            match self.create().await {
                Err(error) if self.is_waited_out(&error) => {
                    self.wait_out(&error).await;
                    self.patiently(|| self.remove_untold()).await?;
                }
                answer => return answer,
            }
        }
    }

    async fn remove_untold(&self) -> Result<(), BackendError> {
        for container in self.backend.find(&self.own_labels()).await?.containers {
            self.backend.remove_container(&container.id).await?;
        }
        Ok(())
    }

    /// What no other container carries.
    pub(super) fn own_labels(&self) -> Labels {
        let mut labels = self.request.labels.clone();
        labels.0.remove(Labels::PORTS);
        labels
    }

    /// Removes the container. The engine is waited for, but not for ever.
    pub(super) async fn remove_patiently(&self, id: &str) -> Result<(), BackendError> {
        let deadline = Instant::now() + LAST_PATIENCE;
        let mut wish = self.wish.clone();
        let mut told = false;
        loop {
            match self.backend.remove_container(id).await {
                Err(error)
                    if error.kind == ErrorKind::NotRunning
                        && Instant::now() < deadline
                        && *wish.borrow() != Wish::Kill
                        && wish.has_changed().is_ok() =>
                {
                    if !std::mem::replace(&mut told, true) {
                        let (own, why) = (&self.id, self.explain(id, &error));
                        let seconds = LAST_PATIENCE.as_secs();
                        self.report(Report::Trouble(format!(
                            "Container '{own}' is still to be removed, and its engine waited for, up to {seconds} s: {why}"
                        )));
                    }
                    tokio::select! {
                        () = sleep(FOLLOW_AGAIN) => {}
                        _ = wish.wait_for(|wish| *wish == Wish::Kill) => {}
                    }
                }
                answer => return answer,
            }
        }
    }
}
