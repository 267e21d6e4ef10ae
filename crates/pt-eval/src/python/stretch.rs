//! Scripts that wait, in little memory.
//!
//! From one wait for the runner to the next a script runs on a thread of its own: reading and running it goes deep into the
//! stack, and pages of a stack that were touched once stay. While it waits it is a few hundred bytes, and nothing of the
//! interpreter is left on the thread that waits. So thousands of scripts can wait side by side.

use std::mem::take;
use std::panic::resume_unwind;
use std::thread;

use monty::{FunctionCall, RunProgress};
use monty_types::{CallArgs, MontyException};

use super::runner::Runner;
use super::{Begun, Ran, watched_run};
use crate::host::Host;
use crate::limits::Clock;
use crate::{EvalError, Limits};

/// Stack of a stretch, in bytes. Only touched pages cost memory.
const STACK: usize = 64 << 20;

/// A script of more bytes stays where it is while it waits: to write and read it would take longer than most waits.
const LARGEST: usize = 64 << 10;

/// A script that waits.
struct Waiting {
    /// The call, and all that is to go on.
    packed: Box<[u8]>,
    name: String,
    of_pt: bool,
    args: CallArgs,
}

/// Runs a script to its end.
pub(super) fn run<H: Host + Send + ?Sized>(
    begun: Begun<'_>,
    limits: &Limits,
    runner: &mut Runner<'_, '_, H>,
) -> Ran<()> {
    let clock = limits.clock();
    let mut ran = on_its_own(begun, limits, &clock, runner);
    loop {
        let waiting = match ran {
            Ran::Aside(waiting) => waiting,
            Ran::Done(result) => return Ran::Done(result),
            Ran::Unfit(error) => return Ran::Unfit(error),
            Ran::Raised(error) => return Ran::Raised(error),
        };
        ran = answered(*waiting, limits, &clock, runner);
    }
}

/// What a script comes to once its call is answered.
fn answered<H: Host + Send + ?Sized>(
    waiting: Waiting,
    limits: &Limits,
    clock: &Clock,
    runner: &mut Runner<'_, '_, H>,
) -> Ran<Box<Waiting>> {
    let Waiting { packed, name, of_pt, args } = waiting;
    let answer = runner.call(&name, of_pt, &args);
    on_its_own(Begun::Waiting(packed, answer), limits, clock, runner)
}

/// The call that a script waits for, if it may take long, and the script fits into few bytes.
fn aside<H: Host + ?Sized>(progress: &mut RunProgress, runner: &Runner<'_, '_, H>) -> Option<Box<Waiting>> {
    let RunProgress::FunctionCall(call) = progress else { return None };
    let of_pt = call.object_id.is_some();
    if !runner.waits(&call.function_name, of_pt) {
        return None;
    }
    let args = take(&mut call.args);
    match pack(call) {
        Some(packed) => Some(Box::new(Waiting { packed, name: take(&mut call.function_name), of_pt, args })),
        None => {
            call.args = args;
            None
        }
    }
}

fn pack(call: &FunctionCall) -> Option<Box<[u8]>> {
    let packed = minicbor_serde::to_vec(call).ok()?;
    (packed.len() <= LARGEST).then(|| packed.into_boxed_slice())
}

/// A call from its bytes.
pub(super) fn unpack(packed: &[u8]) -> Result<FunctionCall, MontyException> {
    minicbor_serde::from_slice(packed)
        .map_err(|cause| MontyException::runtime_error(format!("the script cannot go on: {cause}")))
}

/// Runs a script to its next wait.
fn on_its_own<H: Host + Send + ?Sized>(
    begun: Begun<'_>,
    limits: &Limits,
    clock: &Clock,
    runner: &mut Runner<'_, '_, H>,
) -> Ran<Box<Waiting>> {
    let ran = thread::scope(|scope| {
        let stretch = || watched_run(begun, limits, clock.clone(), runner, aside);
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, stretch)?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    ran.unwrap_or_else(|cause: std::io::Error| {
        Ran::Done(Err(EvalError::code(format!("The system gives no thread for the script: {cause}"))))
    })
}
