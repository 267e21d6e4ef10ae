//! Images built from a context.

use std::collections::HashMap;

use bollard::query_parameters::{BuildImageOptionsBuilder, TagImageOptionsBuilder};
use futures_util::StreamExt;

use super::Docker;
use super::image::name_and_tag;
use crate::backend::{BackendError, BuildRequest, ErrorKind, Progress};

impl Docker {
    /// Builds with the engine's own builder, which needs no session with us.
    pub(super) async fn build(
        &self,
        request: BuildRequest,
        output: Progress,
    ) -> Result<String, BackendError> {
        let attempt = match request.tags.first() {
            Some(tag) => format!("build the image {tag}"),
            None => "build an image".to_owned(),
        };
        let labels: HashMap<String, String> = request.labels.into_iter().collect();
        let args: HashMap<String, String> = request.args.into_iter().collect();
        let mut options = BuildImageOptionsBuilder::new()
            .dockerfile(&request.dockerfile)
            .labels(&labels)
            .buildargs(&args)
            .rm(true)
            .forcerm(true);
        if let Some(tag) = request.tags.first() {
            options = options.t(tag);
        }
        if let Some(target) = &request.target {
            options = options.target(target);
        }
        let context = bollard::body_full(request.context.into());
        let mut steps = self.client.build_image(options.build(), None, Some(context));
        let (mut digest, mut line) = (None, String::new());
        while let Some(step) = steps.next().await {
            let step = step.map_err(|error| self.failed(attempt.as_str(), error))?;
            if let Some(text) = step.stream.or(step.status.map(|status| format!("{status}\n"))) {
                line.push_str(&text);
                while let Some((whole, rest)) = line.split_once('\n') {
                    // Nobody listening is fine.
                    drop(output.send(whole.to_owned()));
                    line = rest.to_owned();
                }
            }
            if let Some(error) = step.error_detail {
                let reason = error.message.unwrap_or_default();
                return Err(BackendError {
                    kind: ErrorKind::Refused,
                    message: format!("cannot {attempt}: {}", reason.replace('\n', " ")),
                    hint: String::new(),
                });
            }
            digest = step.aux.and_then(|aux| aux.id).or(digest);
        }
        let digest = digest.ok_or_else(|| BackendError {
            kind: ErrorKind::Other,
            message: format!("cannot {attempt}: the engine does not say what it built"),
            hint: String::new(),
        })?;
        for tag in request.tags.iter().skip(1) {
            let (name, version) = name_and_tag(tag);
            // A name with a tag of its own.
            let (name, version) =
                if version.is_empty() { tag.rsplit_once(':').unwrap_or((tag, "")) } else { (name, version) };
            let options = TagImageOptionsBuilder::new().repo(name).tag(version).build();
            let tagged = self.client.tag_image(&digest, Some(options)).await;
            tagged.map_err(|error| self.failed(format!("tag the image {tag}"), error))?;
        }
        Ok(digest)
    }
}
