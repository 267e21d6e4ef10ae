//! The signals that end a job.

use std::io;

use pt_engine::Control;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The signals that end a job.
pub(super) struct Signals {
    interrupts: Signal,
    terminations: Signal,
    hangups: Signal,
}

/// What was heard.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// How often Ctrl-C was pressed.
    pub(super) interrupts: u32,
    /// Whether the job was asked to end otherwise.
    pub(super) ended: bool,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            terminations: signal(SignalKind::terminate())?,
            hangups: signal(SignalKind::hangup())?,
        })
    }

    /// The first Ctrl-C stops the job, the second kills it, the third leaves it. Without a terminal of its own a runner
    /// does not care when one goes.
    pub(super) async fn hear(mut self, control: Control, terminal: bool, tell: watch::Sender<Heard>) {
        loop {
            tokio::select! {
                Some(()) = self.interrupts.recv() => {
                    if control.is_stopping() {
                        control.kill();
                    } else {
                        control.stop("Ctrl-C was pressed (once more kills)");
                    }
                    tell.send_modify(|heard| heard.interrupts += 1);
                }
                Some(()) = self.terminations.recv() => {
                    control.stop("the runner was asked to end");
                    tell.send_modify(|heard| heard.ended = true);
                }
                Some(()) = self.hangups.recv() => {
                    if terminal {
                        control.stop("the terminal is gone");
                        tell.send_modify(|heard| heard.ended = true);
                    }
                }
                else => return,
            }
        }
    }
}
