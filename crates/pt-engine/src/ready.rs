//! Whether something can be used: asked again and again, until it says yes or its time is over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pt_backend::{Backend, ExecOrder, ExecRequest, Knock};
use pt_model::{ContainerId, Probe, Readiness, ServiceId, Text};
use pt_store::{JobKey, Store};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::log::LogSender;

/// Pauses between two tries: whoever waits goes on this long after it is ready. What takes long is asked less often.
const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_millis(45);
const PATIENT: Duration = Duration::from_secs(10);

/// How long one try of a command may take.
const COMMAND: Duration = Duration::from_secs(30);

/// What is to be ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Service(ServiceId),
    Container(ContainerId),
}

impl Subject {
    /// Its name, as people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Service(id) => id.as_str(),
            Self::Container(id) => id.as_str(),
        }
    }
}

/// What is being waited for, and why it is not ready.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Arc<Mutex<HashMap<Subject, Waited>>>);

#[derive(Clone, Debug)]
pub(crate) struct Waited {
    pub(crate) since: Instant,
    pub(crate) why: String,
}

impl Waits {
    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Waited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn of(&self, subject: &Subject) -> Option<Waited> {
        self.lock().get(subject).cloned()
    }

    fn note(&self, subject: &Subject, why: &str) {
        let mut waits = self.lock();
        let waited = waits.entry(subject.clone());
        let waited = waited.or_insert_with(|| Waited { since: Instant::now(), why: String::new() });
        if waited.why != why {
            why.clone_into(&mut waited.why);
        }
    }

    fn forget(&self, subject: &Subject) {
        self.lock().remove(subject);
    }
}

/// What a container says, as far as somebody listens to it.
#[derive(Debug, Default)]
pub(crate) struct Voice {
    last: Mutex<String>,
    listeners: Mutex<Vec<(String, Arc<Notify>)>>,
}

impl Voice {
    /// Hears lines, masked; gives who waited for one of them, to be notified once the lines are on their way.
    pub(crate) fn hear(&self, lines: &[String]) -> Vec<Arc<Notify>> {
        if let Some(last) = lines.last() {
            last.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |text: &String| lines.iter().any(|line| line.contains(text));
        listeners.extract_if(.., |(text, _)| said(text)).map(|(_, listener)| listener).collect()
    }

    /// The last line.
    pub(crate) fn last(&self) -> String {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn listen(&self, text: &str) -> Arc<Notify> {
        let listener = Arc::new(Notify::new());
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push((text.to_owned(), Arc::clone(&listener)));
        listener
    }
}

/// Everything that is needed to find out.
pub(crate) struct Question {
    pub(crate) subject: Subject,
    pub(crate) readiness: Readiness,
    /// The ports of a service, of TCP.
    pub(crate) ports: Vec<u16>,
    pub(crate) container: ContainerId,
    /// The backend's id of it.
    pub(crate) backend_id: String,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) voice: Arc<Voice>,
    pub(crate) waits: Waits,
    pub(crate) store: Store,
    pub(crate) key: JobKey,
    pub(crate) log: LogSender,
}

impl Question {
    /// Waits until it is ready; says what stood in the way when its time is over.
    pub(crate) async fn answered(self) -> Result<(), String> {
        let answer = match self.readiness.timeout_ms {
            Some(ms) => {
                let time = Duration::from_millis(ms);
                timeout(time, self.until_ready()).await.map_err(|_| self.too_late(time))
            }
            None => {
                self.until_ready().await;
                Ok(())
            }
        };
        self.waits.forget(&self.subject);
        answer
    }

    fn too_late(&self, time: Duration) -> String {
        let why = self.waits.of(&self.subject).map(|waited| waited.why).unwrap_or_default();
        let (last, what) = (self.voice.last(), self.subject.name());
        let last = if last.is_empty() { String::new() } else { format!(", last line: {last}") };
        format!("'{what}' was not ready within {} s: {why}{last}", time.as_secs_f64())
    }

    async fn until_ready(&self) {
        match &self.readiness.probe {
            Some(Probe::Log(text)) => self.until_said(text).await,
            Some(Probe::Exec(cmd)) => self.until_succeeds(cmd).await,
            Some(Probe::Tcp(port)) => self.until_answers(Knock { port: *port, http: None }).await,
            Some(Probe::Http { path, port, status }) => {
                let Some(port) = port.or_else(|| self.ports.first().copied()) else {
                    self.waits.note(&self.subject, "no port is named that it should answer at");
                    return std::future::pending().await;
                };
                self.until_answers(Knock { port, http: Some((path.clone(), *status)) }).await;
            }
            // Of UDP nobody can tell.
            None => {
                for port in &self.ports {
                    self.until_answers(Knock { port: *port, http: None }).await;
                }
            }
        }
    }

    async fn until_answers(&self, knock: Knock) {
        let began = Instant::now();
        while let Err(why) = self.backend.knock(&self.backend_id, &knock).await {
            self.not_yet(&why, began).await;
        }
    }

    async fn until_succeeds(&self, cmd: &[Text]) {
        let began = Instant::now();
        while let Err(why) = self.run(cmd).await {
            self.not_yet(&why, began).await;
        }
    }

    async fn not_yet(&self, why: &str, began: Instant) {
        self.waits.note(&self.subject, why);
        sleep(if began.elapsed() < PATIENT { SHORT } else { LONG }).await;
    }

    async fn run(&self, cmd: &[Text]) -> Result<(), String> {
        let request = ExecRequest { cmd: cmd.to_vec(), ..ExecRequest::default() };
        let told = Probe::Exec(cmd.to_vec());
        // A command that does not end hears that nobody waits any more: the next one shall not run beside it.
        let (attend, orders) = mpsc::channel(1);
        drop(attend.send(ExecOrder::EndOfInput).await);
        let running = self.backend.exec_attended(&self.backend_id, &request, orders).await;
        let mut running = running.map_err(|_| format!("{told} cannot be run"))?;
        let over = async {
            while running.output.recv().await.is_some() {}
            running.exit.await
        };
        match timeout(COMMAND, over).await {
            Ok(Ok(exit)) if exit.code == 0 => Ok(()),
            Ok(Ok(exit)) => Err(format!("{told} exits with {}", exit.code)),
            Ok(Err(_)) => Err(format!("{told} was lost sight of")),
            Err(_) => Err(format!("{told} does not end")),
        }
    }

    /// Listens first, and then looks at what was said before.
    async fn until_said(&self, text: &str) {
        self.waits.note(&self.subject, &format!("it has not said {text:?}"));
        let said = self.voice.listen(text);
        self.log.settle().await;
        let (store, key, id) = (self.store.clone(), self.key.clone(), self.container.clone());
        let wanted = text.to_owned();
        let before =
            tokio::task::spawn_blocking(move || crate::remains::has_said(&store, &key, &id, &wanted));
        if !before.await.is_ok_and(|found| found.is_ok_and(|found| found)) {
            said.notified().await;
            // The line is told before what follows from it.
            self.log.settle().await;
        }
    }
}
