//! What comes before a container's first start: image, network, volumes, and the container itself.

use pt_backend::{BackendError, ErrorKind};
use pt_model::{ContainerChange, CreateVolume, Labels};
use tokio::sync::mpsc;

use super::{ContainerTask, Report, unwanted};
use crate::mount::NeededVolume;
use crate::reception::Welcome;
use crate::remains::ports_label;

impl ContainerTask {
    /// Image, network, volumes and the container itself; nothing if it is no longer wanted. The image and the network do
    /// not wait for each other. Only the wait for the image is cut short: what is asked of a backend and not waited for
    /// may still come into being after the job has been cleared away.
    pub(super) async fn make(&mut self) -> Result<Option<String>, BackendError> {
        let image = async {
            tokio::select! {
                image = self.patiently(|| self.image()) => image,
                () = unwanted(self.wish.clone()) => Ok(()),
            }
        };
        let (network, image) = tokio::join!(self.network_made(), image);
        network?;
        image?;
        let mut empty = Vec::new();
        let mut shared = Vec::new();
        for volume in &self.volumes {
            if self.volume(volume).await? {
                empty
                    .extend(volume.fill.clone().map(|fill| (volume.name.clone(), volume.path.clone(), fill)));
            } else if volume.labels.get(Labels::JOB).is_none() {
                shared.push(volume);
            }
        }
        self.tell_of_others(&shared).await;
        if !self.is_wanted() {
            return Ok(None);
        }
        self.welcome().await;
        let id = self.create_patiently().await?;
        for (volume, path, fill) in empty {
            if let Err(error) = self.patiently(|| self.backend.copy_in(&id, &fill, &path)).await {
                // Nobody may take it for one that was filled. The first error is the one to tell.
                drop(self.backend.remove_container(&id).await);
                drop(self.backend.remove_volume(&volume).await);
                return Err(error);
            }
        }
        Ok(Some(id))
    }

    /// Creates the container; its label tells the ports that it has.
    pub(super) async fn create(&mut self) -> Result<String, BackendError> {
        let request = &mut self.request;
        request.labels.0.remove(Labels::PORTS);
        if !request.ports.is_empty() {
            request.labels = request.labels.clone().with(Labels::PORTS, &ports_label(&request.ports));
        }
        self.backend.create_container(&self.request).await
    }

    /// Has somebody receive what it tells of itself, and tells it where.
    pub(super) async fn welcome(&mut self) {
        let Some(reception) = self.reception.clone() else { return };
        // Where that cannot be had, it is told what serves elsewhere.
        let host = self.patiently(|| self.backend.host_address(&self.network.name)).await.ok().flatten();
        let Welcome { env, trouble } = reception(&self.id, &self.request.env, host);
        for (name, value) in env {
            if !self.request.env.iter().any(|(known, _)| *known == name) {
                self.request.env.push((name, value.into()));
            }
        }
        if let Some(trouble) = trouble {
            self.report(Report::Trouble(trouble));
        }
    }

    async fn network_made(&self) -> Result<(), BackendError> {
        let network = &self.network;
        let make = || self.backend.create_network(&network.name, &network.labels);
        network.made.get_or_try_init(|| self.patiently(make)).await?;
        Ok(())
    }

    async fn image(&self) -> Result<(), BackendError> {
        let (progress, mut steps) = mpsc::unbounded_channel();
        let image = self.request.image.clone();
        let pull = self.backend.ensure_image(&image, self.image_policy, progress);
        tokio::pin!(pull);
        let mut pulling = false;
        let mut tell = |text| {
            if !pulling {
                pulling = true;
                self.change(ContainerChange::Pulling { image: image.clone() });
            }
            self.report(Report::Progress(text));
        };
        loop {
            tokio::select! {
                done = &mut pull => {
                    // The last steps may have come with the end.
                    while let Ok(text) = steps.try_recv() {
                        tell(text);
                    }
                    return done;
                }
                Some(text) = steps.recv() => tell(text),
            }
        }
    }

    /// Makes sure of a volume; says whether it is new.
    async fn volume(&self, volume: &NeededVolume) -> Result<bool, BackendError> {
        if volume.create == CreateVolume::Never {
            let found = self.patiently(|| self.backend.find(&volume.labels)).await?;
            if !found.volumes.iter().any(|found| found.name == volume.name) {
                let id = volume.labels.get(Labels::VOLUME).unwrap_or(&volume.name);
                return Err(BackendError {
                    kind: ErrorKind::NotFound,
                    message: format!(
                        "There is no volume '{id}', and it may not be created here (create: never)"
                    ),
                    hint: "Run what creates it first, or leave out `create`.".to_owned(),
                });
            }
            return Ok(false);
        }
        let create = || self.backend.create_volume(&volume.name, &volume.labels);
        // Of one that is to be filled it must be known whether it is new: asked twice, nobody could tell.
        let is_new = if volume.fill.is_some() { create().await? } else { self.patiently(create).await? };
        self.see_volume(volume, is_new);
        Ok(is_new)
    }

    /// Says which of these volumes other jobs use that run: caches may be shared, the directory of a database may not.
    async fn tell_of_others(&self, volumes: &[&NeededVolume]) {
        let Some(first) = volumes.first() else { return };
        let instance = first.labels.get(Labels::INSTANCE).unwrap_or_default();
        // A hint that cannot be had stands in nobody's way.
        let Ok(found) = self.backend.find(&Labels::default().with(Labels::INSTANCE, instance)).await else {
            return;
        };
        for volume in volumes {
            let other = found.containers.iter().find(|other| {
                let job = other.labels.get(Labels::JOB);
                other.running && job != Some(self.key.job.as_str()) && other.volumes.contains(&volume.name)
            });
            let Some(labels) = other.map(|other| &other.labels) else { continue };
            let id = volume.labels.get(Labels::VOLUME).unwrap_or(&volume.name);
            let (job, step) =
                (labels.get(Labels::JOB).unwrap_or("?"), labels.get(Labels::STEP).unwrap_or("?"));
            self.report(Report::Trouble(format!(
                "Step {}: step {step} of job {job}, which runs, uses the volume '{id}', too. A cache may be shared; what only \
                 one may write, as the directory of a database, breaks. Stop that job first (pt stop {job}), or work apart \
                 from it: pt run --mcp --isolated.",
                self.step
            )));
        }
    }
}
