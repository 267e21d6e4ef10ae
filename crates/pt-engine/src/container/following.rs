//! What a container writes, read to its end, across connections that break.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pt_backend::{BackendError, Chunk, ErrorKind, Exit, Running};
use pt_model::Stream;
use tokio::time::{sleep, timeout};

use super::meddling::Starter;
use super::{ContainerTask, FOLLOW_AGAIN, Report};
use crate::log::Written;
use crate::remains::{Heard, News};

/// How output ended.
enum Passed {
    /// With the container.
    Exited(Exit),
    /// While nobody says that the container has exited: the connection broke, or it has closed what it writes to.
    Silent(Rest),
}

/// Last words that had no line end.
type Rest = [(Stream, Vec<String>); 2];

/// How long the exit may come after the end of the output, before the output counts as broken off.
const QUIET: Duration = Duration::from_millis(1500);

impl ContainerTask {
    /// Passes the output on until there is no more, stops the container when that is wished, and gives its exit, and
    /// whether it exited because somebody wants it started once more. Without what a start gave, it is followed.
    pub(super) async fn watch(&self, id: &str, running: Option<Running>) -> Option<(Exit, bool)> {
        let reading = async {
            match running {
                Some(running) => {
                    let run = running.run;
                    match self.pass_on(running, None).await {
                        Passed::Exited(exit) => {
                            self.see_run(run, exit.run, &mut Starter::Others);
                            Some(exit)
                        }
                        Passed::Silent(rest) => {
                            let exit = self.follow(id, run, Starter::Others).await;
                            if exit.is_none() {
                                // It is gone, and with it what could have been read once more.
                                for (stream, words) in rest {
                                    self.write(stream, words).await;
                                }
                            }
                            exit
                        }
                    }
                }
                None => self.follow(id, 0, Starter::Others).await,
            }
        };
        tokio::pin!(reading);
        let restart = AtomicBool::new(false);
        tokio::select! {
            exit = &mut reading => {
                let again = restart.load(Ordering::Relaxed) || self.restart_waits().await;
                exit.map(|exit| (exit, again))
            }
            stopped = self.stop_when_wished(id) => match stopped {
                Ok(()) => reading.await,
                // It may be gone all the same: an engine that ends says nothing more.
                Err(()) => timeout(self.grace, reading).await.ok().flatten(),
            }
            .map(|exit| (exit, false)),
            () = self.stop_for_restart(id, &restart) => reading.await.map(|exit| (exit, true)),
        }
    }

    /// Whether a restart is wished that nobody has come to yet: who wished it was told that it will be.
    async fn restart_waits(&self) -> bool {
        tokio::select! {
            biased;
            () = self.restart_wished.notified() => true,
            () = ready(()) => false,
        }
    }

    /// Reads what the container has written from its first byte on, and passes on what was not heard before; until it has
    /// exited, or is gone. An engine that does not answer is waited for: nothing is known of what it runs. Tells of a run that is
    /// another one than was known.
    pub(super) async fn follow(&self, id: &str, mut run: u64, mut starter: Starter) -> Option<Exit> {
        let mut pause = Duration::from_millis(100);
        let mut told = false;
        loop {
            self.log.settle().await;
            match self.backend.follow_container(id).await {
                Ok(running) => {
                    run = self.see_run(run, running.run, &mut starter);
                    told = false;
                    let heard = self.heard_of().await;
                    match self.pass_on(running, Some(News::after(heard))).await {
                        Passed::Exited(exit) => {
                            self.see_run(run, exit.run, &mut starter);
                            return Some(exit);
                        }
                        Passed::Silent(_) => {}
                    }
                }
                Err(error) if error.kind == ErrorKind::NotFound => return None,
                Err(error) => {
                    self.out_of_sight(id, &error, &mut told);
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(FOLLOW_AGAIN);
        }
    }

    /// Says once that the engine does not answer.
    pub(super) fn out_of_sight(&self, id: &str, error: &BackendError, told: &mut bool) {
        if !std::mem::replace(told, true) {
            let (id, why) = (&self.id, self.explain(id, error));
            self.report(Report::Trouble(format!("Container '{id}' is out of sight, and waited for: {why}")));
        }
    }

    /// What was kept of this container, while nothing is written that belongs to it.
    async fn heard_of(&self) -> Heard {
        let (store, key, id) = (self.store.clone(), self.key.clone(), self.id.clone());
        let read = tokio::task::spawn_blocking(move || crate::remains::heard_of(&store, &key, &id)).await;
        match read {
            Ok(Ok(heard)) => heard,
            Ok(Err(error)) => {
                let why = format!("What container '{}' said before cannot be read: {error}", self.id);
                self.report(Report::Trouble(why));
                Heard::default()
            }
            // The runtime is going down.
            Err(_) => Heard::default(),
        }
    }

    /// Passes output on until it ends; of output that was heard before, only the news.
    async fn pass_on(&self, running: Running, mut news: Option<News>) -> Passed {
        let Running { mut output, mut exit, .. } = running;
        let (mut out, mut err) = (self.log.lines(), self.log.lines());
        let mut fresh = |stream, lines: Vec<String>| -> Vec<String> {
            let Some(news) = &mut news else { return lines };
            lines.into_iter().filter_map(|line| news.of(stream, self.log.masked(&line))).collect()
        };
        while let Some(Chunk { stream, bytes }) = output.recv().await {
            let lines = if stream == Stream::Stderr { err.take(&bytes) } else { out.take(&bytes) };
            self.write(stream, fresh(stream, lines)).await;
        }
        let exited = timeout(QUIET, &mut exit).await;
        let rest = [(Stream::Stdout, out.finish()), (Stream::Stderr, err.finish())]
            .map(|(stream, words)| (stream, fresh(stream, words.into_iter().collect())));
        // A connection may have broken amid a line, which is whole when it is read again.
        let Ok(Ok(exit)) = exited else { return Passed::Silent(rest) };
        for (stream, words) in rest {
            self.write(stream, words).await;
        }
        if news.is_some_and(|news| news.missed()) {
            let message = format!(
                "Container '{}' wrote more than the engine keeps while nobody listened: lines of it are missing.",
                self.id
            );
            self.report(Report::Trouble(message));
        }
        self.log.settle().await;
        Passed::Exited(exit)
    }

    async fn write(&self, stream: Stream, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let listeners = if self.log.has_secrets() {
            let masked: Vec<String> = lines.iter().map(|line| self.log.masked(line)).collect();
            self.voice.hear(&masked)
        } else {
            self.voice.hear(&lines)
        };
        let (step, container) = (self.step.clone(), Some(self.id.clone()));
        self.log.send(Written { step, container, stream, lines, beside: false }).await;
        listeners.iter().for_each(|listener| listener.notify_one());
    }
}
