//! What volumes hold: kept as datasets, put back, copied.

use std::io::{self, Write};
use std::sync::Arc;

use pt_backend::{
    ArchiveReader, Backend, BackendError, BuildRequest, ContainerRequest, ErrorKind, FileSource,
    MountRequest, PIECES, context_of,
};
use pt_model::{JobId, Labels};
use pt_store::{Dataset, DatasetSource, Store, StoreError, random_name};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::AppError;

/// An image that holds nothing. Containers of it never run; through them the files of volumes are reached.
const IMAGE: &str = "polytope/volume-access:1";

/// Their job, which there never was.
const ACCESS: &str = "volume-access";

/// Where a volume is mounted in such a container. What lies directly below the root has its name in archives.
const AT: &str = "volume";

/// The volumes of an engine, as files.
pub struct Volumes {
    backend: Arc<dyn Backend>,
    store: Store,
}

impl Volumes {
    /// Those of this engine; datasets are in this store.
    pub fn new(backend: Arc<dyn Backend>, store: Store) -> Self {
        Self { backend, store }
    }

    /// Stores what a volume holds as the next version of a dataset, with owners.
    pub async fn snapshot(
        &self,
        volume: &str,
        labels: &Labels,
        store: impl FnOnce(&Store, DatasetSource<'_>) -> Result<Dataset, StoreError> + Send + 'static,
    ) -> Result<Dataset, AppError> {
        let target = self.store.clone();
        self.through(&[volume], labels, async |ways| {
            let (tell, whole, mut archive) = ArchiveReader::channel();
            let storing = spawn_blocking(move || store(&target, DatasetSource::Archive(&mut archive)));
            let read = self.backend.stream_path(&ways[0], &format!("/{AT}"), tell).await;
            if read.is_ok() {
                // Who reads no more has had enough.
                _ = whole.send(());
            } else {
                drop(whole);
            }
            let stored = storing.await.map_err(broke)?;
            read?;
            Ok(stored?)
        })
        .await
    }

    /// Makes a volume anew with the files of a dataset. What it held is gone.
    pub async fn restore(&self, dataset: Dataset, volume: &str, labels: &Labels) -> Result<(), AppError> {
        // Whether it is whole is known before anything is removed.
        self.store.dataset_files(&dataset)?;
        self.backend.remove_volume(volume).await?;
        self.fill(volume, labels, &[volume], async |ways| {
            let (tell, pieces) = mpsc::channel(PIECES);
            let store = self.store.clone();
            let reading = spawn_blocking(move || store.archive_dataset(&dataset, AT, &mut Teller(tell)));
            let written = self.backend.stream_in(&ways[0], "/", pieces).await;
            // An archive that breaks off is of no use to say why.
            reading.await.map_err(broke)??;
            Ok(written?)
        })
        .await
    }

    /// Makes a new volume with what another holds.
    pub async fn copy(&self, from: &str, to: &str, labels: &Labels) -> Result<(), AppError> {
        self.fill(to, labels, &[from, to], async |ways| {
            let (tell, pieces) = mpsc::channel(PIECES);
            let path = format!("/{AT}");
            let (read, written) = tokio::join!(
                self.backend.stream_path(&ways[0], &path, tell),
                self.backend.stream_in(&ways[1], "/", pieces)
            );
            read?;
            Ok(written?)
        })
        .await
    }

    /// Creates a volume and fills it. One that is half full goes: nobody may take it for one that was filled.
    async fn fill(
        &self,
        volume: &str,
        labels: &Labels,
        volumes: &[&str],
        deed: impl AsyncFnOnce(&[String]) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        self.backend.create_volume(volume, labels).await?;
        let filled = self.through(volumes, labels, deed).await;
        if filled.is_err() {
            // The first error is the one to tell.
            drop(self.backend.remove_volume(volume).await);
        }
        filled
    }

    /// Does something by ways to the files of volumes, and leaves none of the ways behind.
    async fn through<T>(
        &self,
        volumes: &[&str],
        labels: &Labels,
        deed: impl AsyncFnOnce(&[String]) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut ways = Vec::new();
        let mut done = async {
            for volume in volumes {
                ways.push(self.access(volume, labels).await?);
            }
            deed(&ways).await
        }
        .await;
        for way in &ways {
            let left = self.backend.remove_container(way).await;
            done = done.and_then(|done| Ok(left.map(|()| done)?));
        }
        done
    }

    /// A container that never runs, with the volume in it. It is labelled as of a job that is over: if nobody is left to
    /// remove it, `pt clean` does.
    async fn access(&self, volume: &str, labels: &Labels) -> Result<String, AppError> {
        let dockerfile =
            FileSource::File { content: "FROM scratch\nLABEL polytope.access=1\n".into(), mode: 0o644 };
        let dockerfile = [MountRequest { path: "/Dockerfile".to_owned(), source: dockerfile }];
        let context = context_of(&dockerfile, "Dockerfile").map_err(broke)?;
        let (heard, _) = mpsc::unbounded_channel();
        let request = BuildRequest {
            context,
            dockerfile: "Dockerfile".to_owned(),
            tags: vec![IMAGE.to_owned()],
            ..BuildRequest::default()
        };
        self.backend.build_image(request, heard).await?;
        let mount =
            MountRequest { path: format!("/{AT}"), source: FileSource::Volume { name: volume.to_owned() } };
        let request = ContainerRequest {
            name: format!("polytope-volume-access-{}", random_name().map_err(broke)?),
            labels: labels.clone().job(&JobId::new(ACCESS)),
            image: IMAGE.to_owned(),
            cmd: Some(vec!["never-run".into()]),
            mounts: vec![mount],
            ..ContainerRequest::default()
        };
        Ok(self.backend.create_container(&request).await?)
    }
}

fn broke(cause: impl std::fmt::Display) -> AppError {
    AppError::from(BackendError {
        kind: ErrorKind::Other,
        message: format!("cannot reach the files of the volume: {cause}"),
        hint: String::new(),
    })
}

/// An archive that goes in pieces.
struct Teller(mpsc::Sender<Vec<u8>>);

impl Write for Teller {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let told = self.0.blocking_send(piece.to_vec());
        told.map(|()| piece.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
