//! What others do to a container, its network and its volumes behind our back: seen, told, and mended where it can be.

use std::sync::PoisonError;
use std::time::Duration;

use pt_backend::{BackendError, ErrorKind, Exit, Running};
use pt_model::{ContainerChange, Labels};
use tokio::time::sleep;

use super::{ContainerTask, Report, unwanted};
use crate::mount::NeededVolume;

/// Exit codes of what SIGKILL and SIGTERM ended.
const BY_SIGNAL: [i64; 2] = [137, 143];

/// How often it is looked, and in which steps, what whoever has sent a signal does next.
const LOOKS: u32 = 9;
const PAUSE: Duration = Duration::from_millis(100);

/// What became of a container that has exited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It has exited, and is there.
    Exited,
    /// Somebody has removed it.
    Removed,
    /// Somebody has started it once more.
    Restarted,
}

/// Who starts a container again that runs in another run than was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starter {
    /// A runner that could not say so any more.
    Us,
    Others,
}

impl ContainerTask {
    /// What comes after an exit. Whoever has sent a signal that is not ours may be about to remove the container, or to start it
    /// again: of that an exit is only the beginning.
    pub(super) async fn afterwards(&self, exit: Exit) -> Afterwards {
        if !BY_SIGNAL.contains(&exit.code) || exit.out_of_memory {
            return Afterwards::Exited;
        }
        for _ in 0..LOOKS {
            if !self.is_wanted() {
                break;
            }
            // An engine that does not answer says no more than was heard.
            let Ok(found) = self.backend.find(&self.own_labels()).await else { break };
            match found.containers.first() {
                None => return Afterwards::Removed,
                Some(container) if container.running => return Afterwards::Restarted,
                Some(_) => {}
            }
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = unwanted(self.wish.clone()) => {}
            }
        }
        Afterwards::Exited
    }

    /// Takes note of the run that is seen, and tells if it is another one than was known. Gives the one that is known now.
    pub(super) fn see_run(&self, known: u64, seen: u64, starter: &mut Starter) -> u64 {
        if known == 0 || seen == 0 || known == seen {
            return if seen == 0 { known } else { seen };
        }
        match std::mem::replace(starter, Starter::Others) {
            Starter::Us => self.change(ContainerChange::Started),
            Starter::Others => self.tell_restart(),
        }
        seen
    }

    pub(super) fn tell_restart(&self) {
        let message = format!(
            "Container '{}' was stopped and started once more by somebody else: it runs from its beginning.",
            self.id
        );
        self.report(Report::Trouble(message));
    }

    /// Starts the container. A network that somebody has removed since it was made is made once more.
    pub(super) async fn start_networked(&self, id: &str) -> Result<Running, BackendError> {
        match self.backend.start_container(id).await {
            Err(error) if error.kind == ErrorKind::NotFound && self.mend_network(id).await? => {
                self.backend.start_container(id).await
            }
            answer => answer,
        }
    }

    /// Makes the network anew if it is what is missing, not the container; says whether it was.
    async fn mend_network(&self, id: &str) -> Result<bool, BackendError> {
        if self.backend.has_run(id).await.is_err() {
            return Ok(false);
        }
        let network = &self.network;
        self.backend.create_network(&network.name, &network.labels).await?;
        let message = format!(
            "The network of the job was removed by somebody else. It is made anew for container '{}'; what ran before is no longer \
             connected.",
            self.id
        );
        self.report(Report::Trouble(message));
        Ok(true)
    }

    /// Tells if a volume is new that the job has used before.
    pub(super) fn see_volume(&self, volume: &NeededVolume, is_new: bool) {
        let mut used = self.network.volumes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = !used.insert(volume.name.clone());
        if is_known && is_new {
            let id = volume.labels.get(Labels::VOLUME).unwrap_or(&volume.name);
            let message = format!(
                "Volume '{id}' was removed by somebody else: container '{}' gets an empty one.",
                self.id
            );
            self.report(Report::Trouble(message));
        }
    }
}
