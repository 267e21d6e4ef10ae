//! Receives what the services of a job tell of themselves: OpenTelemetry's protocol over HTTP, logs and traces.
//!
//! A job that receives listens on the loopback address and, as soon as its first container is made, where the job's network finds
//! this machine; nowhere else. Each container is told an address of its own, `http://172.20.0.1:4318/web`, so that nobody has to
//! guess who sends: what is posted without such a path is its whose id its `service.name` is. Log records become lines of the job's
//! log, spans are kept beside its events. Both are masked like all output.

mod body;
mod json;
mod message;
mod record;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use pt_engine::{Control, Intake, Reception, Welcome};
use pt_model::{ContainerId, Job, ReceivedSpan, ServiceId, StepId, Text};
use pt_store::{JobKey, Store};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use self::body::{Notation, Refused};
use self::message::{Logs, Resource, Scope, Traces};
use crate::AppError;
use crate::port::Port;

/// What is said of a port that cannot be had.
pub(crate) const OTLP: &str = "OpenTelemetry";

/// How many are received at once; others wait. Each may take some hundred MB of memory at worst.
const AT_ONCE: usize = 2;

/// Receives for one job. It listens until this is dropped.
pub(crate) struct Receiver {
    /// The port of the loopback address.
    pub(crate) address: SocketAddr,
    desk: Arc<Desk>,
    doors: Arc<Doors>,
}

/// What is received lands here.
struct Desk {
    /// Nothing as long as the job is being started.
    job: OnceLock<Destination>,
    room: Semaphore,
}

/// The job that it is all about.
pub(crate) struct Destination {
    pub(crate) key: JobKey,
    pub(crate) job: watch::Receiver<Job>,
    pub(crate) control: Control,
    pub(crate) intake: Intake,
    pub(crate) store: Store,
    /// Whether it was told that no more spans are kept.
    pub(crate) full: OnceLock<()>,
}

/// By address: where it is reached, and who answers; nothing where this machine has no such address.
type OpenDoors = HashMap<IpAddr, Option<(SocketAddr, AbortOnDropHandle<()>)>>;

/// Where is listened.
struct Doors {
    router: Router,
    /// The port that is taken everywhere, if it is free.
    port: u16,
    open: Mutex<OpenDoors>,
    /// Whether containers were told a name in place of an address.
    guessed: OnceLock<()>,
}

/// Whose something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sender {
    step: Option<StepId>,
    container: Option<ContainerId>,
}

impl Receiver {
    /// Listens on a port of the loopback address; 0 stands for any that is free.
    ///
    /// # Errors
    /// The port cannot be had.
    pub(crate) fn listen(port: u16) -> Result<Self, AppError> {
        let desk = Arc::new(Desk { job: OnceLock::new(), room: Semaphore::new(AT_ONCE) });
        let router = Router::new()
            .route("/v1/logs", post(logs))
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .route("/{container}/v1/logs", post(logs))
            .route("/{container}/v1/traces", post(traces))
            .route("/{container}/v1/metrics", post(metrics))
            .with_state(Arc::clone(&desk));
        let port = Port::local(OTLP, port)?;
        let address = port.address;
        let task = port.serve(OTLP, router.clone())?;
        let open = Mutex::new(HashMap::from([(address.ip(), Some((address, task)))]));
        let doors = Doors { router, port: address.port(), open, guessed: OnceLock::new() };
        Ok(Self { address, desk, doors: Arc::new(doors) })
    }

    /// Receives containers: opens a door where their network finds this machine, and tells them of it.
    pub(crate) fn reception(&self) -> Reception {
        let doors = Arc::clone(&self.doors);
        Arc::new(move |container, env, host| doors.welcome(container, env, host))
    }

    /// From now on what is received has somewhere to go.
    pub(crate) fn begin(&self, destination: Destination) {
        // There is one job, and it begins once.
        let _ = self.desk.job.set(destination);
    }
}

impl Drop for Receiver {
    /// Whoever may still welcome containers keeps no door open.
    fn drop(&mut self) {
        self.doors.open().clear();
    }
}

impl Doors {
    fn open(&self) -> MutexGuard<'_, OpenDoors> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where an address of this machine is listened at, if it is one.
    fn at(&self, address: IpAddr) -> Option<SocketAddr> {
        let mut open = self.open();
        let door = open.entry(address).or_insert_with(|| {
            let port = Port::at(OTLP, address, self.port).or_else(|_| Port::at(OTLP, address, 0)).ok()?;
            let address = port.address;
            Some((address, port.serve(OTLP, self.router.clone()).ok()?))
        });
        door.as_ref().map(|(address, _)| *address)
    }

    fn welcome(&self, container: &ContainerId, env: &[(String, Text)], host: Option<IpAddr>) -> Welcome {
        let mut welcome = Welcome::default();
        // Once opened it is there for all, also for one that sends elsewhere.
        let address = host.and_then(|host| self.at(host));
        let mut tell = |name: &str, value: String| welcome.env.push((name.to_owned(), value));
        let own_way = env.iter().any(|(name, _)| name.starts_with("OTEL_EXPORTER_OTLP_"));
        if !own_way {
            let host = match address {
                Some(address) => address.to_string(),
                None => format!("host.docker.internal:{}", self.port),
            };
            tell("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{host}/{container}"));
            tell("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned());
        }
        tell("OTEL_SERVICE_NAME", container.to_string());
        if address.is_none() && !own_way && self.guessed.set(()).is_ok() {
            let seen = host.map_or("unknown".to_owned(), |host| host.to_string());
            welcome.trouble = Some(format!(
                "OpenTelemetry: containers find this machine at an address ({seen}) that it does not have itself, as with an engine \
                 in a virtual machine or elsewhere. They are told host.docker.internal, which Docker Desktop leads here; where it \
                 does not lead here, nothing of theirs is received."
            ));
        }
        welcome
    }
}

async fn logs(State(desk): State<Arc<Desk>>, path: Option<Path<String>>, request: Request) -> Response {
    desk.take(path, request, Destination::logs).await
}

async fn traces(State(desk): State<Arc<Desk>>, path: Option<Path<String>>, request: Request) -> Response {
    desk.take(path, request, Destination::traces).await
}

async fn metrics() -> Response {
    let why = "Metrics are not received here: OTEL_METRICS_EXPORTER=none keeps them from being sent.";
    Refused(StatusCode::NOT_FOUND, why.to_owned()).into_response()
}

/// What is posted, and who it says it comes from.
struct Posted<'r> {
    notation: Notation,
    bytes: &'r [u8],
    container: Option<ContainerId>,
}

impl Desk {
    async fn take(
        &self,
        path: Option<Path<String>>,
        request: Request,
        keep: impl AsyncFnOnce(&Destination, Posted<'_>) -> Result<Response, Refused>,
    ) -> Response {
        let taken = async {
            let destination = self.job.get().ok_or_else(not_now)?;
            let notation = Notation::of(request.headers())?;
            let container = path.map(|Path(id)| ContainerId::new(id));
            if let Some(id) =
                container.as_ref().filter(|id| !destination.job.borrow().containers.contains_key(*id))
            {
                return Err(Refused(
                    StatusCode::NOT_FOUND,
                    format!("There is no container '{id}' in this job."),
                ));
            }
            let _room = self.room.acquire().await.map_err(|_| not_now())?;
            let bytes = body::received(request).await?;
            keep(destination, Posted { notation, bytes: &bytes, container }).await
        };
        taken.await.unwrap_or_else(IntoResponse::into_response)
    }
}

fn not_now() -> Refused {
    Refused(StatusCode::SERVICE_UNAVAILABLE, "The job does not run.".to_owned())
}

impl Destination {
    async fn logs(&self, posted: Posted<'_>) -> Result<Response, Refused> {
        let Posted { notation, bytes, container } = posted;
        let sent: Logs = notation.read(bytes)?;
        let mut rejected = 0;
        for of_resource in &sent.resource_logs {
            let (service, sender) = self.sender(container.as_ref(), of_resource.resource.as_ref());
            let service = if sender.is_called(service) { "" } else { service };
            let mut lines = Vec::new();
            for of_scope in &of_resource.scope_logs {
                let records = of_scope.log_records.iter();
                lines.extend(records.map(|it| {
                    record::line(it, service, of_scope.scope.as_ref(), &|text| self.intake.masked(text))
                }));
            }
            match sender.step {
                Some(step) if !lines.is_empty() => {
                    if !self.intake.records(step, sender.container, lines).await {
                        return Err(not_now());
                    }
                }
                Some(_) => {}
                None => rejected += lines.len(),
            }
        }
        let why = (rejected > 0).then(|| {
            "service.name (OTEL_SERVICE_NAME) is the id of no container, service or step of this job."
                .to_owned()
        });
        Ok(notation.taken("LogRecords", rejected, why))
    }

    async fn traces(&self, posted: Posted<'_>) -> Result<Response, Refused> {
        // The trace of a job that is over has been sent: what came now would not follow it.
        if self.job.borrow().status.has_ended() {
            return Err(not_now());
        }
        let Posted { notation, bytes, container } = posted;
        let (spans, invalid) = self.spans(&notation.read(bytes)?, container.as_ref());
        let (store, key, count) = (self.store.clone(), self.key.clone(), spans.len());
        let kept = tokio::task::spawn_blocking(move || store.add_spans(&key, &spans)).await;
        let kept =
            kept.map_err(|error| error.to_string()).and_then(|kept| kept.map_err(|error| error.to_string()));
        let kept = kept.map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error))?;
        let why = match () {
            () if kept < count => Some(self.tell_full()),
            () if invalid > 0 => Some("Spans need ids and moments.".to_owned()),
            () => None,
        };
        Ok(notation.taken("Spans", count - kept + invalid, why))
    }

    /// The spans as they are kept, and how many are none.
    fn spans(&self, sent: &Traces, container: Option<&ContainerId>) -> (Vec<ReceivedSpan>, usize) {
        let (mut spans, mut invalid) = (Vec::new(), 0);
        let hide = |text: &str| self.intake.masked(text);
        let hide: Option<record::Hide<'_>> = self.intake.has_secrets().then_some(&hide);
        let shown = |text: &str| hide.map_or_else(|| text.to_owned(), |hide| hide(text));
        for of_resource in &sent.resource_spans {
            let (service, Sender { step, container }) = self.sender(container, of_resource.resource.as_ref());
            for of_scope in &of_resource.scope_spans {
                let scope = of_scope.scope.as_ref().map_or("", |Scope { name, .. }| name);
                for span in &of_scope.spans {
                    let Some(body) = record::span(span, hide) else {
                        invalid += 1;
                        continue;
                    };
                    let (step, container) = (step.clone(), container.clone());
                    spans.push(ReceivedSpan {
                        service: shown(service),
                        scope: shown(scope),
                        step,
                        container,
                        body,
                    });
                }
            }
        }
        (spans, invalid)
    }

    /// Says once that no more is kept.
    fn tell_full(&self) -> String {
        let why = format!(
            "No more spans of this job are kept: {} at most, of {} MiB.",
            Store::MOST_SPANS,
            Store::MOST_SPAN_BYTES >> 20
        );
        if self.full.set(()).is_ok() {
            self.control.warn(&why);
        }
        why
    }

    /// What the sender calls itself, and whose it is: of the container to whose address it was sent, or of what has its name.
    fn sender<'r>(
        &self,
        container: Option<&ContainerId>,
        resource: Option<&'r Resource>,
    ) -> (&'r str, Sender) {
        let service = resource.and_then(|resource| resource.text("service.name")).unwrap_or_default();
        let job = self.job.borrow();
        let of_container = |id: &ContainerId| {
            let step = job.containers.get(id)?.step.clone();
            Some(Sender { step: Some(step), container: Some(id.clone()) })
        };
        let named = || {
            let of_service = || of_container(&job.services.get(&ServiceId::new(service))?.container);
            let of_step = || {
                let step = StepId::new(service);
                job.steps.contains_key(&step).then_some(Sender { step: Some(step), container: None })
            };
            of_container(&ContainerId::new(service)).or_else(of_service).or_else(of_step)
        };
        let sender = container.and_then(of_container).or_else(named);
        (service, sender.unwrap_or_default())
    }
}

impl Sender {
    /// Whether a service calls itself as its container or step is called here.
    fn is_called(&self, service: &str) -> bool {
        self.container.as_ref().is_some_and(|id| id.as_str() == service)
            || self.step.as_ref().is_some_and(|id| id.as_str() == service)
    }
}
