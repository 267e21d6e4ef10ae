//! Calls from the thread of a script to the thread that has the host.

use std::sync::mpsc::{Receiver, Sender, channel};

use pt_model::{Data, Failure};

use crate::host::Session;

enum Request {
    Call { function: &'static str, args: Vec<Data> },
    Print(String),
    Ended,
}

/// The script's end.
pub(super) struct Caller {
    requests: Sender<Request>,
    answers: Receiver<Result<Data, Failure>>,
}

/// The host's end.
pub(super) struct Desk {
    requests: Receiver<Request>,
    answers: Sender<Result<Data, Failure>>,
}

/// A bridge between the two.
pub(super) fn open() -> (Caller, Desk) {
    let (ask, requests) = channel();
    let (answer, answers) = channel();
    (Caller { requests: ask, answers }, Desk { requests, answers: answer })
}

/// Tells the host's end, when it goes, that nothing more will come. The script's functions hold senders as well, and
/// would keep the host's end waiting if QuickJS ever leaked one.
pub(super) struct Ending(Sender<Request>);

impl Drop for Ending {
    fn drop(&mut self) {
        // With the host gone nobody needs to know.
        self.0.send(Request::Ended).ok();
    }
}

impl Caller {
    /// To be held as long as the script may call.
    pub(super) fn ending(&self) -> Ending {
        Ending(self.requests.clone())
    }

    /// Asks the host and waits.
    pub(super) fn call(&self, function: &'static str, args: Vec<Data>) -> Result<Data, Failure> {
        let gone = || Failure { message: "The runner has ended.".to_owned(), data: Data::Null };
        self.requests.send(Request::Call { function, args }).map_err(|_| gone())?;
        self.answers.recv().map_err(|_| gone())?
    }

    /// Hands over text that was printed, and waits until it is: what the script says and what is said of it keep their
    /// order, and a script cannot print faster than somebody reads.
    pub(super) fn print(&self, text: String) {
        // With the host gone nobody reads it.
        if self.requests.send(Request::Print(text)).is_ok() {
            self.answers.recv().ok();
        }
    }
}

impl Desk {
    /// Answers until the script has ended.
    pub(super) fn serve(self, session: &mut Session<'_>) {
        for request in &self.requests {
            match request {
                Request::Ended => return,
                Request::Print(text) => {
                    session.print(&text);
                    if self.answers.send(Ok(Data::Null)).is_err() {
                        return;
                    }
                }
                Request::Call { function, args } => {
                    if self.answers.send(session.call(function, args)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}
