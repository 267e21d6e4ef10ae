//! Commands in containers that run already, watched from the first byte to the exit code; somebody may attend them.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::exec::{ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use pt_model::Text;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::container::{environment, exposed};
use super::error::is_missing;
use super::run::{OUTPUT_CHUNKS, RECHECK, pump};
use super::{Docker, wording};
use crate::backend::{BackendError, ExecOrder, ExecRequest, ExecSignal, Exit, Running};

/// By which a command that somebody attends is found in its container, with everything it has started: engines tell
/// only pids of the machine, and send no signals to commands.
const MARK: &str = "POLYTOPE_EXEC";

/// What the sender of a signal ends with when nothing carries the mark.
const NOBODY: i64 = 3;

/// How long a command whose output has ended may take to end.
const AWAY: Duration = Duration::from_secs(60);

/// Seconds go by before a command counts as one that has thrown its mark away.
const SIGNAL_ATTEMPTS: usize = 12;

type Input = Pin<Box<dyn AsyncWrite + Send>>;

impl Docker {
    pub(super) async fn exec_attached(
        &self,
        id: &str,
        request: &ExecRequest,
        mut orders: Option<mpsc::Receiver<ExecOrder>>,
    ) -> Result<Running, BackendError> {
        let attempt = "run a command in the container";
        let first = orders.as_mut().and_then(|orders| orders.try_recv().ok());
        let size = match &first {
            // Engines before 23 do not know it, and are told when it runs.
            Some(ExecOrder::Resize { columns, rows }) if request.tty => {
                Some(vec![usize::from(*rows), usize::from(*columns)])
            }
            Some(_) | None => None,
        };
        let mark = new_mark();
        let mut env = environment(&request.env);
        env.extend(orders.as_ref().map(|_| mark.clone()));
        let config = ExecConfig {
            attach_stdin: Some(orders.is_some()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            console_size: size,
            tty: Some(request.tty),
            env: Some(env),
            cmd: Some(exposed(&request.cmd)),
            user: request.user.clone(),
            working_dir: request.workdir.clone(),
            ..ExecConfig::default()
        };
        let created = self.client.create_exec(id, config).await;
        let exec = created.map_err(|error| self.failed(attempt, error))?.id;
        let options = StartExecOptions { detach: false, tty: request.tty, output_capacity: None };
        let started = self.client.start_exec(&exec, Some(options)).await;
        let started = started.map_err(|error| self.failed(attempt, error))?;

        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        let (exit, exited) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (seen, over) = oneshot::channel();
        let mut attendant = None;
        match started {
            StartExecResults::Attached { output: pieces, input } => {
                if let Some(orders) = orders {
                    let told = Told {
                        client: self.client.clone(),
                        container: id.to_owned(),
                        exec: exec.clone(),
                        user: request.user.clone(),
                        mark,
                    };
                    attendant = Some(tokio::spawn(told.obey(first, orders, input)));
                }
                tokio::spawn(pump(pieces, wording::of_exec, output, over, ended));
            }
            StartExecResults::Detached => drop((output, over, ended)),
        }
        let client = self.client.clone();
        tokio::spawn(async move {
            let code = watch(&client, &exec, end, seen).await;
            drop(attendant.inspect(JoinHandle::abort));
            if let Some(code) = code {
                exit.send(Exit { code, out_of_memory: false, run: 0 }).ok(); // Nobody may be waiting.
            }
        });
        Ok(Running { output: chunks, exit: exited, address: None, run: 0 })
    }
}

/// A mark that no other command carries.
fn new_mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{MARK}={}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A command that is told things while it runs.
struct Told {
    client: bollard::Docker,
    container: String,
    exec: String,
    user: Option<String>,
    mark: String,
}

impl Told {
    /// Carries orders out. Who attended and left has hung up.
    async fn obey(self, first: Option<ExecOrder>, mut orders: mpsc::Receiver<ExecOrder>, input: Input) {
        let mut input = Some(input);
        let mut next = first;
        loop {
            let order = match next.take() {
                Some(order) => order,
                None => match orders.recv().await {
                    Some(order) => order,
                    None => break,
                },
            };
            match order {
                ExecOrder::Input(bytes) => {
                    let Some(open) = &mut input else { continue };
                    let written = async { open.write_all(&bytes).await.and(open.flush().await) };
                    if written.await.is_err() {
                        input = None; // It reads no more; what it does besides goes on.
                    }
                }
                ExecOrder::EndOfInput => {
                    if let Some(open) = &mut input {
                        drop(open.shutdown().await);
                    }
                }
                ExecOrder::Resize { columns, rows } => {
                    // An engine that cannot, or a command that is over: the size is a nicety.
                    let size = ResizeExecOptions { height: rows, width: columns };
                    drop(self.client.resize_exec(&self.exec, size).await);
                }
                ExecOrder::Signal(signal) => self.signal(signal).await,
            }
        }
        self.signal(ExecSignal::Hangup).await;
    }

    /// Sends a signal to everything that carries the mark, as soon as something does: engines say that a command runs
    /// before it does. In an image without a shell nothing can.
    async fn signal(&self, signal: ExecSignal) {
        let script = format!(
            "heard={NOBODY}; for p in /proc/[0-9]*; do \
             if {{ tr '\\0' '\\n' <\"$p/environ\"; }} 2>/dev/null | grep -qx '{}'; \
             then kill -{} \"${{p#/proc/}}\"; heard=0; fi; done; exit $heard",
            self.mark,
            signal.number()
        );
        let mut pause = Duration::from_millis(5);
        for _ in 0..SIGNAL_ATTEMPTS {
            if self.aside(&["sh", "-c", &script]).await != Some(NOBODY) {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(RECHECK);
        }
    }

    /// Runs a command beside this one to its exit code.
    async fn aside(&self, argv: &[&str]) -> Option<i64> {
        let cmd: Vec<Text> = argv.iter().copied().map(Text::from).collect();
        let config =
            ExecConfig { cmd: Some(exposed(&cmd)), user: self.user.clone(), ..ExecConfig::default() };
        let exec = self.client.create_exec(&self.container, config).await.ok()?.id;
        let options = StartExecOptions { detach: true, ..StartExecOptions::default() };
        self.client.start_exec(&exec, Some(options)).await.ok()?;
        timeout(AWAY, code_of(&self.client, &exec)).await.ok().flatten()
    }
}

/// The exit code. An exec has no wait: it is looked at when its output ends.
async fn watch(
    client: &bollard::Docker,
    exec: &str,
    output_ended: oneshot::Receiver<()>,
    seen: oneshot::Sender<()>,
) -> Option<i64> {
    drop(output_ended.await);
    let code = timeout(AWAY, code_of(client, exec)).await.ok().flatten();
    drop(seen);
    code
}

async fn code_of(client: &bollard::Docker, exec: &str) -> Option<i64> {
    let mut pause = Duration::from_millis(5);
    loop {
        match client.inspect_exec(exec).await {
            Ok(state) if state.running != Some(true) => return state.exit_code,
            Err(error) if is_missing(&error) => return None,
            Ok(_) | Err(_) => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(RECHECK);
    }
}
