//! The job in which code calls what needs one.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pt_engine::{Control, Guest};
use pt_model::{Data, Failure};
use pt_server::{App, Environment, LoadedProject, Visit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use crate::failure;
use crate::job_name::means;
use crate::watch::Watcher;

/// A job that takes calls.
pub(crate) enum Job {
    /// Begun for this code.
    Own(Own),
    /// Another process runs it.
    Others(Visit),
}

/// A job that was begun for this code, and ends with it.
pub(crate) struct Own {
    runtime: Runtime,
    guest: Guest,
    control: Control,
    /// Shows what happens, to the end.
    shown: JoinHandle<()>,
}

impl Job {
    /// Begins a job in which nothing happens but what the code calls.
    pub(super) fn begin(
        app: &App,
        project: LoadedProject,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Self, failure::Failure> {
        let runtime = Runtime::new()?;
        let (started, guest) = runtime.block_on(app.start_for_guest(project, "repl"))?;
        let control = started.running.control.clone();
        let (interrupts, terminations) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        runtime.spawn(hear(control.clone(), interrupt, interrupts, terminations));
        let shown = runtime.spawn(async move {
            let (mut running, presence) = (started.running, started.presence);
            let mut watcher = Watcher::new(HashSet::new());
            while let Some(notice) = running.notices.recv().await {
                // Where nobody reads it there is nobody to tell.
                let _ = watcher.show(notice);
            }
            drop(presence);
        });
        Ok(Self::Own(Own { runtime, guest, control, shown }))
    }

    /// Takes part in a job that runs, called by its id or its target.
    ///
    /// # Errors
    /// There is none, or its runner does not answer.
    pub(crate) fn visit(name: &str) -> Result<Self, failure::Failure> {
        let app = App::open(Environment::read()?)?;
        let instance = app.instance(None)?;
        let records = app.jobs_here(&instance, false)?;
        let record = records.into_iter().find(|record| record.alive && means(name, record.id()));
        let Some(record) = record else {
            let message = format!("No job '{name}' runs here.");
            return Err(failure::Failure::new(message).hint("`pt ps` lists those that run."));
        };
        let socket = record.runner.as_ref().map(|runner| runner.socket.clone()).unwrap_or_default();
        Visit::enter(&socket).map(Self::Others).map_err(|error| {
            failure::Failure::new(format!("Job {} could not be entered: {error}", record.id()))
        })
    }

    /// Calls a runner function as a step of the job.
    pub(super) fn call(
        &mut self,
        function: &str,
        args: Vec<Data>,
        interrupt: &Arc<AtomicBool>,
    ) -> Result<Data, Failure> {
        match self {
            Self::Own(own) => own.guest.wait_for(function, args, interrupt),
            Self::Others(visit) => visit.wait_for(function, &args, interrupt),
        }
    }

    /// Leaves a job of others, and ends one's own.
    pub(super) fn leave(self) {
        match self {
            Self::Own(Own { runtime, guest, control, shown }) => {
                control.stop("the code has ended");
                // A watcher that broke has said so.
                let _ = runtime.block_on(shown);
                drop(guest);
            }
            Self::Others(visit) => drop(visit),
        }
    }
}

/// Ctrl-C ends what the code waits for, and the code; once more, while the job stops, kills what runs.
async fn hear(
    control: Control,
    interrupt: Arc<AtomicBool>,
    mut interrupts: Signal,
    mut terminations: Signal,
) {
    loop {
        tokio::select! {
            Some(()) = interrupts.recv() => {}
            Some(()) = terminations.recv() => control.stop("the runner was asked to end"),
            else => return,
        }
        if control.is_stopping() && interrupt.load(Ordering::Relaxed) {
            control.kill();
        }
        interrupt.store(true, Ordering::Relaxed);
    }
}
