//! The keeper of logs: the one place through which every line passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use pt_model::{ContainerId, LogLine, StepId, Stream};
use pt_store::{LogWriter, StoreError};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::counts::{LineCounts, LineOrigin};
use crate::engine::{Notice, Shown};
use crate::lines::Lines;
use crate::mask::Mask;

/// Lines of one origin on their way to the keeper.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) step: StepId,
    pub(crate) container: Option<ContainerId>,
    pub(crate) stream: Stream,
    pub(crate) lines: Vec<String>,
    /// Whether they are not the container's own output: a command wrote them that was run beside it, or its telemetry.
    pub(crate) beside: bool,
}

/// Where lines go. Sending waits while the keeper is busy: a container that writes faster than can be kept is slowed
/// down, nothing is dropped. It fails only when the keeper is gone, that is when the store could not be written; then the
/// job is ending, and there is nobody left to tell.
#[derive(Clone, Debug)]
pub(crate) struct LogSender {
    items: mpsc::Sender<Item>,
    mask: Mask,
    /// Whether others may bring lines.
    takes_in: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Item {
    Lines(Written),
    /// Let go of when everything sent before has been kept and told.
    Mark(oneshot::Sender<()>),
    /// Nothing follows that is to be kept.
    End,
}

impl LogSender {
    /// Leads nowhere.
    pub(crate) fn closed() -> Self {
        Self { items: mpsc::channel(1).0, mask: Mask::default(), takes_in: Arc::default() }
    }

    /// Whether there is anything to hide.
    pub(crate) fn has_secrets(&self) -> bool {
        !self.mask.is_empty()
    }

    /// A line as it is kept.
    pub(crate) fn masked(&self, line: &str) -> String {
        self.mask.mask(line)
    }

    /// Where others bring lines.
    pub(crate) fn intake(&self) -> Intake {
        let takes_in = Arc::clone(&self.takes_in);
        Intake { items: self.items.downgrade(), mask: self.mask.clone(), takes_in }
    }

    /// Takes no more lines from others: whoever brings some all the time would keep the job from ending.
    pub(crate) fn close_intake(&self) {
        self.takes_in.store(false, Ordering::Relaxed);
    }

    /// Cuts output into the lines to send.
    pub(crate) fn lines(&self) -> Lines {
        Lines::new(self.mask.clone())
    }

    pub(crate) async fn send(&self, written: Written) {
        drop(self.items.send(Item::Lines(written)).await);
    }

    pub(crate) fn blocking_send(&self, written: Written) {
        drop(self.items.blocking_send(Item::Lines(written)));
    }

    /// Keeps what was sent so far, and nothing more.
    pub(crate) async fn end(&self) {
        drop(self.items.send(Item::End).await);
    }

    /// Waits until everything sent so far has been told, so that what is told next comes after it.
    pub(crate) async fn settle(&self) {
        let (mark, passed) = oneshot::channel();
        if self.items.send(Item::Mark(mark)).await.is_ok() {
            drop(passed.await);
        }
    }

    /// The same, from a thread.
    pub(crate) fn blocking_settle(&self) {
        let (mark, passed) = oneshot::channel();
        if self.items.blocking_send(Item::Mark(mark)).is_ok() {
            drop(passed.blocking_recv());
        }
    }
}

/// Where others bring lines that belong to a job. It takes them as long as the job says something itself. Cheap to copy about.
#[derive(Clone, Debug)]
pub struct Intake {
    items: mpsc::WeakSender<Item>,
    mask: Mask,
    takes_in: Arc<AtomicBool>,
}

impl Intake {
    /// Whether there is anything to hide.
    pub fn has_secrets(&self) -> bool {
        !self.mask.is_empty()
    }

    /// A text as anyone may see it.
    pub fn masked(&self, text: &str) -> String {
        self.mask.mask(text)
    }

    /// Keeps log records that a step or a container has sent, each a line. False if the job is over.
    pub async fn records(&self, step: StepId, container: Option<ContainerId>, lines: Vec<String>) -> bool {
        let items = self.items.upgrade().filter(|_| self.takes_in.load(Ordering::Relaxed));
        let Some(items) = items else { return false };
        let written = Written { step, container, stream: Stream::Otlp, lines, beside: true };
        items.send(Item::Lines(written)).await.is_ok()
    }
}

/// Lines that may be on their way to those who watch before the writers have to wait.
const ROOM: usize = 8192;

/// Starts the keeper. It ends when all senders are gone, with every line stored, and gives the log back.
pub(crate) fn keep_logs(
    writer: LogWriter,
    mask: Mask,
    notices: mpsc::UnboundedSender<Notice>,
    counts: LineCounts,
) -> (LogSender, JoinHandle<Result<LogWriter, StoreError>>) {
    let (sender, receiver) = mpsc::channel(256);
    let takes_in = Arc::new(AtomicBool::new(true));
    let sender = LogSender { items: sender, mask: mask.clone(), takes_in };
    let seq = writer.next_seq();
    let room = Arc::new(Semaphore::new(ROOM));
    let keeper = Keeper { writer, mask, notices, counts, room, seq, untold: Vec::new() };
    (sender, tokio::spawn(keeper.run(receiver)))
}

struct Keeper {
    writer: LogWriter,
    mask: Mask,
    notices: mpsc::UnboundedSender<Notice>,
    counts: LineCounts,
    room: Arc<Semaphore>,
    seq: u64,
    /// Lines that are not in the file yet: nobody is told of what would be lost with the process.
    untold: Vec<Shown>,
}

/// Lines after which those who watch are told, though more are coming. Those on their way are several times as many.
const AT_ONCE: usize = 256;

impl Keeper {
    async fn run(mut self, mut receiver: mpsc::Receiver<Item>) -> Result<LogWriter, StoreError> {
        while let Some(item) = receiver.recv().await {
            match item {
                Item::Lines(written) => self.keep(written).await?,
                Item::Mark(passed) => {
                    // Who waited for it may read the file.
                    self.tell()?;
                    drop(passed);
                }
                Item::End => break,
            }
            if receiver.is_empty() {
                self.tell()?;
            }
        }
        self.tell()?;
        Ok(self.writer)
    }

    async fn keep(&mut self, written: Written) -> Result<(), StoreError> {
        let at = Timestamp::now();
        let Written { step, container, stream, lines, beside } = written;
        let origin = LineOrigin { step: step.clone(), container: container.clone(), stream };
        self.counts.add(origin, lines.len() as u64);
        let mut texts = lines.into_iter();
        while !texts.as_slice().is_empty() {
            let mut lines = Vec::with_capacity(texts.len().min(AT_ONCE));
            for text in texts.by_ref().take(AT_ONCE) {
                let (seq, text) = (self.seq, self.mask.mask_own(text));
                let (step, container) = (step.clone(), container.clone());
                let line = LogLine { seq, at, step, container, stream, beside, text };
                self.seq += 1;
                self.writer.append(&line)?;
                lines.push(line);
            }
            if !self.notices.is_closed() {
                self.tell_later(lines).await?;
            }
        }
        Ok(())
    }

    /// Has lines told with the next ones, as soon as those who watch have room for them.
    async fn tell_later(&mut self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        let untold: usize = self.untold.iter().map(|shown| shown.lines.len()).sum();
        if untold >= AT_ONCE {
            self.tell()?;
        }
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let room = match Arc::clone(&self.room).try_acquire_many_owned(count) {
            Ok(room) => Some(room),
            Err(_) => {
                // Whoever is slow to watch must not keep others from seeing what there is.
                self.tell()?;
                Arc::clone(&self.room).acquire_many_owned(count).await.ok()
            }
        };
        self.untold.push(Shown { lines, _room: room });
        Ok(())
    }

    /// Makes the lines visible in the file, and then tells of them.
    fn tell(&mut self) -> Result<(), StoreError> {
        self.writer.flush()?;
        for shown in self.untold.drain(..) {
            // Nobody may be watching any more; the line is stored all the same.
            let _ = self.notices.send(Notice::Lines(shown));
        }
        Ok(())
    }
}
