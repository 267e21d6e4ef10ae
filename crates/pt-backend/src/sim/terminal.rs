//! What reaches a command from who attends it: what they type, and the size of their window.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::shell::Process;
use crate::backend::{ExecOrder, ExecSignal};

/// The keys that a terminal makes signals of.
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;

/// Where a command reads, and what it sees of the window. Without somebody who attends there is nothing to read.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    typed: Option<mpsc::UnboundedReceiver<Vec<u8>>>,
    /// What was read beyond the end of a line.
    left: Vec<u8>,
    size: Arc<Mutex<(u16, u16)>>,
}

impl Process {
    /// Takes orders from now on; gives the signal that ends the command, once it comes.
    pub(super) fn attend(&mut self, mut orders: mpsc::Receiver<ExecOrder>) -> oneshot::Receiver<ExecSignal> {
        let (signal, signalled) = oneshot::channel();
        let (keys, typed) = mpsc::unbounded_channel();
        let size = Arc::clone(&self.terminal.size);
        self.terminal.typed = Some(typed);
        let tty = self.tty;
        let mut next = orders.try_recv().ok();
        if let Some(ExecOrder::Resize { columns, rows }) = next {
            *size.lock().unwrap_or_else(PoisonError::into_inner) = (columns, rows);
        }
        tokio::spawn(async move {
            let mut keys = Some(keys);
            loop {
                let order = match next.take() {
                    Some(order) => order,
                    None => match orders.recv().await {
                        Some(order) => order,
                        None => return,
                    },
                };
                match order {
                    ExecOrder::Input(bytes) if tty && bytes.contains(&CTRL_C) => {
                        signal.send(ExecSignal::Interrupt).ok(); // It may have ended.
                        return;
                    }
                    ExecOrder::Input(bytes) if tty && bytes.contains(&CTRL_D) => keys = None,
                    ExecOrder::Input(bytes) => {
                        let sent = keys.as_ref().map(|keys| keys.send(bytes));
                        drop(sent); // A command that has ended reads no more.
                    }
                    ExecOrder::EndOfInput => keys = None,
                    ExecOrder::Resize { columns, rows } => {
                        *size.lock().unwrap_or_else(PoisonError::into_inner) = (columns, rows);
                    }
                    ExecOrder::Signal(which) => {
                        signal.send(which).ok(); // It may have ended.
                        return;
                    }
                }
            }
        });
        signalled
    }

    /// The next line of its standard input, with its end; nothing at the end.
    pub(super) async fn read_line(&mut self) -> Option<Vec<u8>> {
        let Terminal { typed, left, .. } = &mut self.terminal;
        loop {
            if let Some(end) = left.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let mut line: Vec<u8> = left.drain(..=end).collect();
                line[end] = b'\n';
                return Some(line);
            }
            let more = match typed {
                Some(typed) => typed.recv().await,
                None => None,
            };
            match more {
                Some(bytes) => left.extend(bytes),
                None if left.is_empty() => return None,
                None => return Some(std::mem::take(left)),
            }
        }
    }

    /// Columns and rows of the window; none without a terminal.
    pub(super) fn window(&self) -> Option<(u16, u16)> {
        let size = self.terminal.size.lock().unwrap_or_else(PoisonError::into_inner);
        self.tty.then_some(*size)
    }
}
