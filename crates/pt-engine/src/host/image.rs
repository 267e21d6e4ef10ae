//! Images that code builds.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use jiff::Timestamp;
use pt_backend::{BuildRequest, context_of};
use pt_model::{Data, Failure, Mount, MountSource, Stream};
use tokio::sync::{mpsc, oneshot};

use super::StepHost;
use crate::args::{Args, entry, failure};
use crate::container::explain;
use crate::log::Written;
use crate::mount::Places;

/// The builds of one step, by their ids.
#[derive(Debug, Default)]
pub(super) struct Builds(HashMap<String, Build>);

#[derive(Debug)]
enum Build {
    Runs(oneshot::Receiver<Result<Data, Failure>>),
    Ended(Result<Data, Failure>),
}

impl StepHost {
    /// Begins to build an image; gives the build's id.
    pub(super) fn spawn_image_build(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        let wish = args.at(0);
        let text = |data: &Data| data.to_text().expose();
        let mut mounts = Vec::new();
        for (at, item) in entry(wish, &["sources"]).as_list().unwrap_or_default().iter().enumerate() {
            let source = MountSource::from_data(item.get("source"));
            let source = source.map_err(|error| args.failure(format!("sources[{at}].source: {error}")))?;
            let path = args.text_of(item.get("path"), "sources.path")?;
            mounts.push(Mount { path, source });
        }
        if mounts.is_empty() {
            return Err(args.wrong("sources", "Must be a list of sources", entry(wish, &["sources"])));
        }
        let tags = match entry(wish, &["tags"]) {
            Data::List(tags) => tags.iter().map(text).collect(),
            Data::Null => Vec::new(),
            tag => vec![text(tag)],
        };
        let texts = |key: &str| -> Vec<(String, String)> {
            let given = entry(wish, &[key]).as_map().into_iter().flatten();
            given.map(|(name, value)| (name.to_string(), text(value))).collect()
        };
        let places = Places { context: &self.context, home: &self.call.home };
        let sources = places.resolve(&mounts).map_err(|why| args.failure(why))?;
        let dockerfile = args.optional_text(entry(wish, &["dockerfile"]), "dockerfile")?;
        let dockerfile = dockerfile.unwrap_or_else(|| "Dockerfile".to_owned());
        let context = context_of(&sources.requests, &dockerfile)
            .map_err(|error| args.failure(format!("sources: {error}")))?;
        let request = BuildRequest {
            context,
            dockerfile,
            tags,
            labels: texts("labels"),
            target: args.optional_text(entry(wish, &["target"]), "target")?,
            args: texts("args"),
        };
        let id = format!("{:016x}", RandomState::new().hash_one(self.builds.0.len()));
        let (ended, end) = oneshot::channel();
        let build = self.build(request, ended);
        self.context.runtime.spawn(build);
        self.builds.0.insert(id.clone(), Build::Runs(end));
        Ok(Data::Str(id))
    }

    /// What sees a build through. It is dropped when the step is to stop; the engine gives it up then.
    fn build(
        &self,
        request: BuildRequest,
        ended: oneshot::Sender<Result<Data, Failure>>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (backend, log) = (Arc::clone(&self.context.engine.backend), self.log.clone());
        let (step, token) = (self.step.clone(), self.token.clone());
        async move {
            let (tags, started) = (request.tags.clone(), Timestamp::now());
            let (output, mut lines) = mpsc::unbounded_channel();
            let telling = async {
                while let Some(line) = lines.recv().await {
                    let (step, lines) = (step.clone(), vec![line]);
                    log.send(Written { step, container: None, stream: Stream::Log, lines, beside: false })
                        .await;
                }
            };
            let building = async { tokio::join!(backend.build_image(request, output), telling).0 };
            let result = tokio::select! {
                built = building => match built {
                    Ok(digest) => Ok(result(digest, &tags, started)),
                    Err(error) => Err(failure(explain(&error))),
                },
                () = token.cancelled() => Err(failure("The job was stopped.")),
            };
            // The step may have ended without asking.
            drop(ended.send(result));
        }
    }

    pub(super) fn await_image_build(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        let id = args.text(0, "build")?;
        let build = self.builds.0.remove(&id);
        let result = match build {
            Some(Build::Ended(result)) => result,
            Some(Build::Runs(end)) => self
                .wait(async { end.await.unwrap_or_else(|_| Err(failure("The build was lost sight of."))) }),
            None => return Err(args.failure(format!("This step has begun no build '{id}'."))),
        };
        self.builds.0.insert(id, Build::Ended(result.clone()));
        result
    }
}

fn result(digest: String, tags: &[String], started: Timestamp) -> Data {
    let map = |entries: Vec<(&str, Data)>| -> Data {
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let metadata = map(vec![
        ("tags", tags.iter().map(|tag| Data::from(tag.as_str())).collect()),
        ("started-ts", Data::Str(started.to_string())),
        ("finished-ts", Data::Str(Timestamp::now().to_string())),
    ]);
    map(vec![("digest", Data::Str(digest)), ("metadata", metadata)])
}
