//! What can be counted and measured of a job, for Prometheus: its state, what its containers use up, what it said.

mod exposition;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::join_all;
use pt_backend::{Backend, Usage};
use pt_engine::{LineCounts, LineOrigin};
use pt_model::{Container, ContainerId, ContainerStatus, Job, ServiceStatus, Status};
use pt_store::{JobKey, LogFilter, StoreError};

use self::exposition::{Exposition, Kind};
use crate::App;
use crate::api::Api;

/// How long the engine may take to tell what containers use up: whoever scrapes waits ten seconds, mostly.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seconds up to which steps are counted together.
const STEP_SECONDS: [f64; 12] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0];

const STATUSES: [Status; 9] = [
    Status::Queued,
    Status::Starting,
    Status::Running,
    Status::Stopping,
    Status::Success,
    Status::Failed,
    Status::Stopped,
    Status::Canceled,
    Status::Skipped,
];

const CONTAINER_STATUSES: [ContainerStatus; 7] = [
    ContainerStatus::Pulling,
    ContainerStatus::Spawning,
    ContainerStatus::Running,
    ContainerStatus::Restarting,
    ContainerStatus::Stopping,
    ContainerStatus::Exited,
    ContainerStatus::Failed,
];

/// What a job's containers use up, as far as that is known.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    of: Vec<(ContainerId, Usage)>,
    /// Whether the engine told it; nobody asked it about a job without containers that run.
    answered: Option<bool>,
}

impl Usages {
    /// Asks for all containers that run.
    pub(crate) async fn ask(backend: &dyn Backend, job: &Job) -> Self {
        let running = job.containers.iter().filter_map(|(id, container)| {
            let backend_id = container.backend_id.as_ref()?;
            (container.status == ContainerStatus::Running).then_some((id, backend_id))
        });
        let asked = running.map(async |(id, backend_id)| (id.clone(), backend.usage(backend_id).await));
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Self::default();
        }
        let Ok(answers) = tokio::time::timeout(PATIENCE, join_all(asked)).await else {
            return Self { of: Vec::new(), answered: Some(false) };
        };
        let answered = Some(answers.iter().all(|(_, usage)| usage.is_ok()));
        let told = |(id, usage): (ContainerId, Result<Option<Usage>, _>)| Some((id, usage.ok()??));
        Self { of: answers.into_iter().filter_map(told).collect(), answered }
    }
}

/// Where the metrics of a running job are told.
pub(crate) fn router(api: Api) -> Router {
    Router::new().route("/metrics", get(show)).with_state(api)
}

/// Tells the metrics of a running job.
pub(crate) async fn show(State(api): State<Api>) -> Response {
    let job = api.job.borrow().clone();
    let usages = Usages::ask(&*api.backend, &job).await;
    ([(CONTENT_TYPE, exposition::MEDIA_TYPE)], text(&job, &usages, &api.lines.now())).into_response()
}

impl App {
    /// What can be counted of a job that nobody runs any more, in the text format of Prometheus.
    ///
    /// # Errors
    /// Its events or its log cannot be read.
    pub fn metrics_of(&self, key: &JobKey) -> Result<String, StoreError> {
        let counts = LineCounts::default();
        for line in self.store.read_logs(key, 0, LogFilter::default()).readable() {
            let line = line?;
            counts.add(LineOrigin { step: line.step, container: line.container, stream: line.stream }, 1);
        }
        let job = Job::fold(&self.store.events(key, 0)?);
        Ok(text(&job, &Usages::default(), &counts.now()))
    }
}

/// A job in the text format of Prometheus.
pub(crate) fn text(job: &Job, usages: &Usages, lines: &[(LineOrigin, u64)]) -> String {
    let id = job.id.as_ref().map_or("", |id| id.as_str());
    let mut out = Exposition::default();
    out.family("polytope_build_info", Kind::Gauge, "The version of Polytope that tells this; always 1.");
    out.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    of_job(&mut out, id, job);
    of_steps(&mut out, id, job);
    of_containers(&mut out, id, job);
    of_usage(&mut out, id, job, usages);
    out.family("polytope_service_ready", Kind::Gauge, "Whether a service that is open answers: 1 or 0.");
    for (service, state) in job.services.iter().filter(|(_, it)| it.status == ServiceStatus::Running) {
        let (step, container) = (state.step.as_str(), state.container.as_str());
        let labels = [("job", id), ("step", step), ("container", container), ("service", service.as_str())];
        out.sample(&labels, u8::from(state.ready));
    }
    out.family(
        "polytope_log_lines_total",
        Kind::Counter,
        "Lines of output that were kept; by code, container is empty.",
    );
    for (LineOrigin { step, container, stream }, lines) in lines {
        let container = container.as_ref().map_or("", |container| container.as_str());
        let labels =
            [("job", id), ("step", step.as_str()), ("container", container), ("stream", stream.word())];
        out.sample(&labels, lines);
    }
    out.into_text()
}

fn of_job(out: &mut Exposition, id: &str, job: &Job) {
    out.family("polytope_job_status", Kind::Gauge, "How a job stands: 1 for its status, 0 for all others.");
    for status in STATUSES {
        out.sample(&[("job", id), ("status", status.word())], u8::from(job.status == status));
    }
    let moments = [
        (
            "polytope_job_created_timestamp_seconds",
            "When a job was created, seconds since 1970.",
            job.created_ts,
        ),
        (
            "polytope_job_finished_timestamp_seconds",
            "When a job was over, seconds since 1970.",
            job.finished_ts,
        ),
    ];
    for (name, help, moment) in moments {
        out.family(name, Kind::Gauge, help);
        if let Some(moment) = moment {
            out.sample(&[("job", id)], moment.as_duration().as_secs_f64());
        }
    }
    out.family("polytope_events_total", Kind::Counter, "Events of a job that were recorded.");
    out.sample(&[("job", id)], job.events);
}

fn of_steps(out: &mut Exposition, id: &str, job: &Job) {
    out.family("polytope_steps", Kind::Gauge, "Steps of a job, by status.");
    for status in STATUSES {
        let count = job.steps.values().filter(|step| step.status == status).count();
        out.sample(&[("job", id), ("status", status.word())], count);
    }
    out.family("polytope_step_retries_total", Kind::Counter, "How often a step was tried again.");
    for (step, state) in &job.steps {
        out.sample(&[("job", id), ("step", step.as_str())], state.retries);
    }
    out.family(
        "polytope_step_duration_seconds",
        Kind::Histogram,
        "How long steps took that have begun and ended, by status.",
    );
    for status in STATUSES.into_iter().filter(|status| status.has_ended()) {
        let of_status = job.steps.values().filter(|step| step.status == status);
        let took = of_status.filter_map(|step| Some(step.finished_ts?.duration_since(step.started_ts?)));
        let seconds: Vec<f64> = took.map(|took| took.as_secs_f64().max(0.0)).collect();
        if !seconds.is_empty() {
            out.histogram(&[("job", id), ("status", status.word())], &STEP_SECONDS, &seconds);
        }
    }
}

fn of_containers(out: &mut Exposition, id: &str, job: &Job) {
    out.family("polytope_containers", Kind::Gauge, "Containers of a job, by status.");
    for status in CONTAINER_STATUSES {
        let count = job.containers.values().filter(|container| container.status == status).count();
        out.sample(&[("job", id), ("status", status.word())], count);
    }
    out.family(
        "polytope_container_restarts_total",
        Kind::Counter,
        "How often a container was started again.",
    );
    for (container, state) in &job.containers {
        out.sample(&whose(id, container, state), state.restarts);
    }
}

fn of_usage(out: &mut Exposition, id: &str, job: &Job, usages: &Usages) {
    out.family(
        "polytope_engine_up",
        Kind::Gauge,
        "Whether the container engine told what containers use up: 1 or 0.",
    );
    if let Some(answered) = usages.answered {
        out.sample(&[("job", id)], u8::from(answered));
    }
    type Measure = fn(&Usage) -> Option<String>;
    let measures: [(&'static str, Kind, &str, Measure); 7] = [
        (
            "polytope_container_cpu_seconds_total",
            Kind::Counter,
            "Time of all processors that a container has used since it was started.",
            |usage| Some(usage.cpu.as_secs_f64().to_string()),
        ),
        (
            "polytope_container_memory_bytes",
            Kind::Gauge,
            "Memory of a container, without what the kernel would give back.",
            |usage| Some(usage.memory.to_string()),
        ),
        (
            "polytope_container_memory_limit_bytes",
            Kind::Gauge,
            "The most memory a container may have.",
            |usage| usage.memory_limit.map(|limit| limit.to_string()),
        ),
        (
            "polytope_container_network_receive_bytes_total",
            Kind::Counter,
            "Bytes that came to a container over networks.",
            |usage| Some(usage.received.to_string()),
        ),
        (
            "polytope_container_network_transmit_bytes_total",
            Kind::Counter,
            "Bytes that a container sent over networks.",
            |usage| Some(usage.sent.to_string()),
        ),
        (
            "polytope_container_disk_read_bytes_total",
            Kind::Counter,
            "Bytes that a container read from disks.",
            |usage| Some(usage.read.to_string()),
        ),
        (
            "polytope_container_disk_written_bytes_total",
            Kind::Counter,
            "Bytes that a container wrote to disks.",
            |usage| Some(usage.written.to_string()),
        ),
    ];
    for (name, kind, help, measure) in measures {
        out.family(name, kind, help);
        for (container, usage) in &usages.of {
            let state = job.containers.get(container);
            if let Some((state, value)) = state.zip(measure(usage)) {
                out.sample(&whose(id, container, state), value);
            }
        }
    }
}

/// The labels of what is told of a container.
fn whose<'l>(job: &'l str, id: &'l ContainerId, container: &'l Container) -> [(&'static str, &'l str); 3] {
    [("job", job), ("step", container.step.as_str()), ("container", id.as_str())]
}
