//! Images: looked for, pulled, and told about while they come.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use docker_credential::DockerCredential;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::Docker;
use super::error::is_missing;
use crate::backend::{BackendError, ImagePolicy, Progress};

/// Least time between two lines about a pull.
const PACE: Duration = Duration::from_millis(200);

/// The name under which logins to Docker Hub are kept.
const HUB: &str = "https://index.docker.io/v1/";

impl Docker {
    pub(super) async fn ensure_image_here(
        &self,
        image: &str,
        policy: ImagePolicy,
        progress: &Progress,
    ) -> Result<(), BackendError> {
        let present = match self.client.inspect_image(image).await {
            Ok(_) => true,
            Err(error) if is_missing(&error) => false,
            Err(error) => return Err(self.failed(format!("look for the image {image}"), error)),
        };
        match (present, policy) {
            (true, ImagePolicy::WhenMissing) => Ok(()),
            (false, _) => self.pull(image, progress).await,
            (true, ImagePolicy::Newer) => {
                if let Err(error) = self.pull(image, progress).await {
                    tell(progress, format!("{error}; the image that is here is used"));
                }
                Ok(())
            }
        }
    }

    async fn pull(&self, image: &str, progress: &Progress) -> Result<(), BackendError> {
        tell(progress, format!("pulling {image}"));
        let credentials = self.credentials(registry(image)).await;
        let (name, tag) = name_and_tag(image);
        let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
        let mut steps = self.client.create_image(Some(options), None, credentials);
        let mut pull = Pull::default();
        let (mut last_told, mut last_line) = (Instant::now(), String::new());
        while let Some(step) = steps.next().await {
            pull.apply(step.map_err(|error| self.failed(format!("pull the image {image}"), error))?);
            if last_told.elapsed() >= PACE && pull.line() != last_line {
                (last_told, last_line) = (Instant::now(), pull.line());
                tell(progress, last_line.clone());
            }
        }
        let end = if pull.layers.is_empty() {
            format!("{image} is up to date")
        } else {
            format!("pulled {image}: {}", pull.line())
        };
        tell(progress, end);
        Ok(())
    }

    /// The login for a registry as the docker client stores it. Without one, or with one that cannot be read, the pull
    /// is tried without: the registry's answer is the better error.
    async fn credentials(&self, registry: String) -> Option<DockerCredentials> {
        let config = self.config_dir.as_ref()?.join("config.json");
        tokio::task::spawn_blocking(move || stored_login(config, &registry)).await.ok().flatten()
    }
}

/// May run the program that keeps the logins.
fn stored_login(config: PathBuf, registry: &str) -> Option<DockerCredentials> {
    let stored = docker_credential::get_credential_from_reader(File::open(config).ok()?, registry).ok()?;
    let login =
        DockerCredentials { serveraddress: Some(registry.to_owned()), ..DockerCredentials::default() };
    Some(match stored {
        DockerCredential::IdentityToken(token) => DockerCredentials { identitytoken: Some(token), ..login },
        DockerCredential::UsernamePassword(user, password) => {
            DockerCredentials { username: Some(user), password: Some(password), ..login }
        }
    })
}

/// Nobody listening is fine.
fn tell(progress: &Progress, line: String) {
    drop(progress.send(line));
}

/// The registry of an image's name, as logins are keyed.
fn registry(image: &str) -> String {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => match host {
            "docker.io" | "index.docker.io" => HUB.to_owned(),
            host => host.to_owned(),
        },
        _ => HUB.to_owned(),
    }
}

/// Without a tag the engine would pull all there are.
pub(super) fn name_and_tag(image: &str) -> (&str, &str) {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) { (image, "") } else { (image, "latest") }
}

/// How far a pull is: a fold of the engine's messages.
#[derive(Debug, Default)]
struct Pull {
    layers: BTreeMap<String, Layer>,
}

#[derive(Debug, Default)]
struct Layer {
    done: bool,
    current: i64,
    total: i64,
}

impl Pull {
    fn apply(&mut self, step: CreateImageInfo) {
        let (Some(id), Some(status)) = (step.id, step.status) else { return };
        let (current, total) =
            step.progress_detail.map_or((None, None), |progress| (progress.current, progress.total));
        if status == "Pulling fs layer" || status == "Waiting" || self.layers.contains_key(&id) {
            let layer = self.layers.entry(id).or_default();
            match status.as_str() {
                "Downloading" => {
                    layer.current = current.unwrap_or(layer.current);
                    layer.total = total.unwrap_or(layer.total);
                }
                "Download complete" => layer.current = layer.total,
                "Pull complete" => layer.done = true,
                _ => {}
            }
        } else if status == "Already exists" {
            self.layers.insert(id, Layer { done: true, ..Layer::default() });
        }
    }

    /// `4 of 7 layers, 31.2 of 87.5 MB`.
    fn line(&self) -> String {
        let done = self.layers.values().filter(|layer| layer.done).count();
        let current: i64 = self.layers.values().map(|layer| layer.current).sum();
        let total: i64 = self.layers.values().map(|layer| layer.total).sum();
        match (self.layers.len(), total) {
            (all, 0) => format!("{done} of {all} layers"),
            (all, total) => {
                format!("{done} of {all} layers, {} of {} MB", megabytes(current), megabytes(total))
            }
        }
    }
}

/// Tenths are enough; integers spare the rounding of large sums.
fn megabytes(bytes: i64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::ProgressDetail;

    #[test]
    fn names_without_a_tag_mean_latest_and_names_without_a_host_the_hub() {
        for (image, (name, tag), at) in [
            ("postgres", ("postgres", "latest"), HUB),
            ("docker.io/library/postgres:16", ("docker.io/library/postgres:16", ""), HUB),
            ("localhost:5000/app", ("localhost:5000/app", "latest"), "localhost:5000"),
            ("ghcr.io/a/b@sha256:00", ("ghcr.io/a/b@sha256:00", ""), "ghcr.io"),
            ("bitnami/redis", ("bitnami/redis", "latest"), HUB),
        ] {
            assert_eq!(name_and_tag(image), (name, tag), "{image}");
            assert_eq!(registry(image), at, "{image}");
        }
    }

    #[test]
    fn a_pull_is_told_in_layers_and_megabytes() {
        let step = |id: &str, status: &str, progress: Option<(i64, i64)>| CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: progress
                .map(|(current, total)| ProgressDetail { current: Some(current), total: Some(total) }),
            ..CreateImageInfo::default()
        };
        let mut pull = Pull::default();
        let mut told = Vec::new();
        for step in [
            step("16", "Pulling from library/postgres", None),
            step("aaa", "Already exists", None),
            step("bbb", "Pulling fs layer", None),
            step("ccc", "Pulling fs layer", None),
            step("bbb", "Downloading", Some((31_200_000, 80_000_000))),
            step("ccc", "Downloading", Some((7_000_000, 7_500_000))),
            step("ccc", "Download complete", None),
            step("ccc", "Pull complete", None),
        ] {
            pull.apply(step);
            told.push(pull.line());
        }
        assert_eq!(
            told,
            [
                "0 of 0 layers",
                "1 of 1 layers",
                "1 of 2 layers",
                "1 of 3 layers",
                "1 of 3 layers, 31.2 of 80.0 MB",
                "1 of 3 layers, 38.2 of 87.5 MB",
                "1 of 3 layers, 38.7 of 87.5 MB",
                "2 of 3 layers, 38.7 of 87.5 MB",
            ]
        );
    }
}
