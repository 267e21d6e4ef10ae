//! The keeper of logs: the one place through which every line passes.

use std::sync::Arc;

use jiff::Timestamp;
use pt_model::{ContainerId, LogLine, Masker, StepId, Stream};
use pt_store::{LogWriter, StoreError};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::engine::{Notice, Shown};

/// Lines of one origin on their way to the keeper.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) step: StepId,
    pub(crate) container: Option<ContainerId>,
    pub(crate) stream: Stream,
    pub(crate) lines: Vec<String>,
}

/// Where lines go. Sending waits while the keeper is busy: a container that writes faster than can be kept is slowed
/// down, nothing is dropped.
pub(crate) type LogSender = mpsc::Sender<Written>;

/// Lines that may be on their way to those who watch before the writers have to wait.
const ROOM: usize = 8192;

/// Starts the keeper. It ends when all senders are gone, with every line stored.
pub(crate) fn keep_logs(
    writer: LogWriter,
    masker: Masker,
    notices: mpsc::UnboundedSender<Notice>,
) -> (LogSender, JoinHandle<Result<(), StoreError>>) {
    let (sender, receiver) = mpsc::channel(256);
    let keeper = Keeper { writer, masker, notices, room: Arc::new(Semaphore::new(ROOM)), seq: 0 };
    (sender, tokio::spawn(keeper.run(receiver)))
}

struct Keeper {
    writer: LogWriter,
    masker: Masker,
    notices: mpsc::UnboundedSender<Notice>,
    room: Arc<Semaphore>,
    seq: u64,
}

impl Keeper {
    async fn run(mut self, mut receiver: mpsc::Receiver<Written>) -> Result<(), StoreError> {
        while let Some(written) = receiver.recv().await {
            self.keep(written).await?;
            if receiver.is_empty() {
                self.writer.flush()?;
            }
        }
        self.writer.flush()
    }

    async fn keep(&mut self, written: Written) -> Result<(), StoreError> {
        let at = Timestamp::now();
        for text in written.lines {
            let line = LogLine {
                seq: self.seq,
                at,
                step: written.step.clone(),
                container: written.container.clone(),
                stream: written.stream,
                text: self.masker.mask(&text),
            };
            self.seq += 1;
            self.writer.append(&line)?;
            if !self.notices.is_closed() {
                let room = Arc::clone(&self.room).acquire_owned().await.ok();
                // Nobody may be watching any more; the line is stored all the same.
                let _ = self.notices.send(Notice::Line(Shown { line, _room: room }));
            }
        }
        Ok(())
    }
}
