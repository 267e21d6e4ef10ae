//! Code from outside of a job that calls the runner as a step of it: what somebody types, say.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use pt_model::{Data, Failure};
use tokio_util::sync::CancellationToken;

use crate::args::failure;
use crate::host::{StepHost, stopped};

/// The step of a job that calls what its guest asks for. Dropping the guest ends the step.
pub struct Guest {
    calls: Sender<GuestCall>,
}

/// Where a guest's calls arrive: handed to the job, which runs them as a step.
pub struct GuestSeat {
    calls: Receiver<GuestCall>,
}

/// A call, and what becomes of its answer.
struct GuestCall {
    function: String,
    args: Vec<Data>,
    /// Cancelled to end the wait for the answer.
    stop: CancellationToken,
    answer: Box<dyn FnOnce(Result<Data, Failure>) + Send>,
}

/// A guest, and the seat that it takes in a job.
pub fn guest() -> (Guest, GuestSeat) {
    let (sender, calls) = mpsc::channel();
    (Guest { calls: sender }, GuestSeat { calls })
}

impl Guest {
    /// Calls a runner function; `answer` hears what came of it. Cancelling the token ends whatever it waits for.
    pub fn call(
        &self,
        function: &str,
        args: Vec<Data>,
        answer: impl FnOnce(Result<Data, Failure>) + Send + 'static,
    ) -> CancellationToken {
        let stop = CancellationToken::new();
        let answer = Box::new(answer);
        let call = GuestCall { function: function.to_owned(), args, stop: stop.clone(), answer };
        if let Err(mpsc::SendError(call)) = self.calls.send(call) {
            (call.answer)(Err(failure("The job is over.")));
        }
        stop
    }

    /// Calls a runner function and waits for its answer, or until `interrupt` is set.
    ///
    /// # Errors
    /// It failed, or was interrupted.
    pub fn wait_for(&self, function: &str, args: Vec<Data>, interrupt: &AtomicBool) -> Result<Data, Failure> {
        let (sender, answer) = mpsc::channel();
        // Nobody may be waiting any more.
        let stop = self.call(function, args, move |result| drop(sender.send(result)));
        loop {
            match answer.recv_timeout(LOOK) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(failure("The job is over.")),
                Err(RecvTimeoutError::Timeout) if interrupt.load(Ordering::Relaxed) => stop.cancel(),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// How often is looked whether somebody interrupts a wait, or the step is to stop.
const LOOK: Duration = Duration::from_millis(20);

impl GuestSeat {
    /// Answers the guest until it leaves.
    ///
    /// # Errors
    /// The step is to stop.
    #[inline(never)]
    pub(crate) fn serve(self, host: &mut StepHost, interrupt: &AtomicBool) -> Result<Data, Failure> {
        while !interrupt.load(Ordering::Relaxed) {
            let GuestCall { function, args, stop, answer } = match self.calls.recv_timeout(LOOK) {
                Ok(call) => call,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(Data::Null),
            };
            host.context.mask.learn_from(&args);
            answer(host.call_until(stop, &function, args));
        }
        Err(stopped())
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guest")
    }
}

impl fmt::Debug for GuestSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestSeat")
    }
}
