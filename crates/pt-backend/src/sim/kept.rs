//! What containers of the simulated world have written, kept for who comes later.

use tokio::sync::{mpsc, watch};

use super::OUTPUT_CHUNKS;
use crate::backend::Chunk;

/// The output of a container from its first byte on, over all its runs. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Kept(watch::Sender<Vec<Chunk>>);

impl Default for Kept {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl Kept {
    pub(super) fn keep(&self, chunk: &Chunk) {
        self.0.send_modify(|chunks| chunks.push(chunk.clone()));
    }

    /// All of it, and what still comes until `over` closes.
    pub(super) fn follow(&self, mut over: watch::Receiver<()>) -> mpsc::Receiver<Chunk> {
        let mut kept = self.0.subscribe();
        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        tokio::spawn(async move {
            let mut told = 0;
            let mut ended = false;
            loop {
                let news: Vec<Chunk> = kept.borrow_and_update()[told..].to_vec();
                told += news.len();
                for chunk in news {
                    if output.send(chunk).await.is_err() {
                        return;
                    }
                }
                if ended {
                    return;
                }
                tokio::select! {
                    news = kept.changed() => ended = news.is_err(),
                    // Nothing is ever sent: it closes at the end. What was written before is looked for once more.
                    _ = over.changed() => ended = true,
                }
            }
        });
        chunks
    }
}
