//! Datasets: what code stores of containers and of this machine.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use pt_backend::{ArchiveReader, BackendError};
use pt_model::{Data, Failure, MountSource};
use pt_store::{DatasetSource, Lineage};

use super::StepHost;
use crate::args::{Args, entry, failure, local_id};
use crate::call::container;
use crate::mount::Places;

impl StepHost {
    /// `(pt/store-dataset source sink)`; the source is a path of a container, or any mount source with files.
    pub(super) fn store_dataset(&self, args: &Args<'_>) -> Result<Data, Failure> {
        let (source, sink) = (args.at(0), args.at(1));
        let id = if sink.as_map().is_some() { entry(sink, &["dataset", "id"]) } else { sink };
        let dataset = local_id(&args.text_of(id, "dataset")?).to_owned();
        let why = |error: String| failure(format!("Dataset '{dataset}' could not be stored: {error}"));
        if source.get("type").as_str() == Some("container-path") {
            let container = container(args, entry(source, &["container-id", "container", "ref"]))?;
            let path = args.text_of(source.get("path"), "path")?;
            let id = self.backend_id(&container)?;
            return self.store_path_of(&id, &path, &dataset).map_err(why);
        }
        let source = match source.get("type").as_str() {
            Some("host-path") => MountSource::Host { path: args.text_of(source.get("path"), "path")? },
            _ => MountSource::from_data(source).map_err(|error| args.invalid(&error))?,
        };
        let places = Places { context: &self.context, home: &self.call.home };
        let path = places.files(&source).map_err(why)?.path;
        let lineage = Lineage { path: Some(path.clone()), ..self.lineage() };
        self.put_dataset(&dataset, DatasetSource::Path(&path), &lineage).map_err(why)
    }

    /// Stores a path of a container while it is still being read.
    fn store_path_of(&self, id: &str, path: &str, dataset: &str) -> Result<Data, String> {
        let (tell, whole, mut archive) = ArchiveReader::channel();
        let (backend, token) = (Arc::clone(&self.context.engine.backend), self.token.clone());
        let (id, path) = (id.to_owned(), path.to_owned());
        let reading = self.context.runtime.spawn(async move {
            tokio::select! {
                read = backend.stream_path(&id, &path, tell) => {
                    read.map_err(|error: BackendError| error.to_string())?;
                    // Who reads no more has had enough.
                    _ = whole.send(());
                    Ok(())
                }
                () = token.cancelled() => Err("the step is stopping".to_owned()),
            }
        });
        let stored = self.put_dataset(dataset, DatasetSource::Archive(&mut archive), &self.lineage());
        drop(archive);
        // An archive that breaks off is of no use to say why.
        let read = self.context.runtime.block_on(reading).map_err(|error| error.to_string());
        read.flatten().and(stored)
    }

    fn put_dataset(&self, id: &str, source: DatasetSource<'_>, lineage: &Lineage) -> Result<Data, String> {
        let store = &self.context.engine.store;
        let stored =
            store.put_dataset(&self.context.options.instance.id, id, source, lineage, Timestamp::now());
        stored.map(|stored| Data::Int(i64::from(stored.version))).map_err(|error| error.to_string())
    }

    fn lineage(&self) -> Lineage {
        let options = &self.context.options;
        let read = self.context.datasets_read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Lineage {
            job: Some(options.job.job.clone()),
            step: Some(self.step.clone()),
            module: Some(self.call.module.clone()),
            path: None,
            inputs: read.into_iter().collect(),
            revision: options.outside.revision(),
        }
    }
}
