//! One application: a store, a backend, the user's project.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pt_backend::docker::Docker;
use pt_backend::sim::{ScriptError, Sim, SimOptions};
use pt_backend::{Backend, BackendError};
use pt_engine::{Earlier, Engine, Guest, GuestSeat, Options, Outside, Planning, Running, guest};
use pt_model::{Data, Job, JobId, Map, StepId};
use pt_plan::{Kind, Named, Plan, Planned, Request};
use pt_spec::{Loaded, Project, RepoAddress, World, file_in};
use pt_store::{Apart, Instance, JobKey, JobRequest, Runner, RunnerLock, Scope, Store, StoreError};
use pt_syntax::Sources;
use tokio_util::task::AbortOnDropHandle;

use crate::Disk;
use crate::api::{Api, Served, Socket};
use crate::environment::{BackendChoice, Environment};
use crate::job_record::JobRecord;
use crate::metrics;
use crate::named::NamedInStore;
use crate::otlp::{Destination, Receiver};
use crate::outside::{ProjectAtHand, ProjectOutside};
use crate::port::Port;
use crate::repositories::Repositories;
use crate::telemetry::Exporter;
use crate::workshop::ProjectFiles;

/// How long after the logs were swept the next job sweeps them again.
const SWEEP_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// The application.
pub struct App {
    /// What it found around it.
    pub environment: Environment,
    /// What it remembers.
    pub store: Store,
    /// How many jobs this process has started.
    started: AtomicU32,
}

/// Something the application could not do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The backend.
    #[error("{0}")]
    Backend(#[from] BackendError),
    /// A file of the user's.
    #[error("Could not read {path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What went wrong.
        cause: std::io::Error,
    },
    /// A job that nobody can go on with.
    #[error("Nobody can go on with job {job}: {why}")]
    NotTakenOver {
        /// The job.
        job: JobId,
        /// Why not.
        why: String,
    },
    /// What `POLYTOPE_SIM` says.
    #[error("POLYTOPE_SIM: {0}")]
    SimScript(ScriptError),
    /// A port of this machine.
    #[error("Could not serve {what} at {address}: {cause}")]
    Port {
        /// What was to be served there.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// What went wrong.
        cause: std::io::Error,
    },
    /// The job's socket.
    #[error("Could not serve the job at {path}: {cause}")]
    Socket {
        /// The socket.
        path: String,
        /// What went wrong.
        cause: std::io::Error,
    },
}

impl AppError {
    /// The way out, if one is known and not part of the message.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Backend(error) if !error.hint.is_empty() => Some(&error.hint),
            // That of OpenTelemetry is chosen by nobody.
            Self::Port { what, .. } if *what == METRICS => {
                Some("Name another port, or 0 for any that is free.")
            }
            Self::Backend(_)
            | Self::Store(_)
            | Self::File { .. }
            | Self::Port { .. }
            | Self::SimScript(_)
            | Self::NotTakenOver { .. }
            | Self::Socket { .. } => None,
        }
    }
}

/// A project and the checkout it is.
#[derive(Clone)]
pub struct LoadedProject {
    /// The project and what is wrong with its files; without a polytope file it knows the standard modules only.
    pub loaded: Loaded,
    /// The checkout.
    pub instance: Instance,
    /// Whose values and secrets it reads.
    pub scope: Scope,
    /// The root polytope file.
    pub root_file: Option<PathBuf>,
}

/// How a plan is to be run.
#[derive(Clone, Debug, Default)]
pub struct RunRequest {
    /// The step whose end ends the job.
    pub until: Option<StepId>,
    /// The job's id, if one was wished.
    pub job: Option<JobId>,
    /// Whether somebody is there to answer questions.
    pub interactive: bool,
    /// Whether steps that have a `cache` are run whatever has changed.
    pub no_cache: bool,
    /// The earlier job that it resumes.
    pub resumes: Option<Earlier>,
    /// Whether steps may be added while it runs: such a job goes on until it is stopped.
    pub open: bool,
    /// The port at which its metrics are told, if at any; 0 for one that is free.
    pub metrics_port: Option<u16>,
    /// Whether what its services tell of themselves is received.
    pub otlp: bool,
}

/// A job that was started and is served. Both end with it.
pub struct Started {
    /// Which job.
    pub key: JobKey,
    /// The job.
    pub running: Running,
    /// What ends with it: its socket, and the lock by which others see that its runner lives.
    pub presence: Presence,
    /// What sends its trace to a collector, if there is one.
    pub exporter: Exporter,
    /// Where its metrics are told.
    pub metrics: Option<SocketAddr>,
    /// Where what services tell of themselves is received.
    pub otlp: Option<SocketAddr>,
}

/// What is served at ports of this machine while the job runs. They are taken before anything of it runs.
#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) metrics: Option<Port>,
    pub(crate) otlp: Option<Receiver>,
}

/// What is said of a port that cannot be had.
const METRICS: &str = "metrics";

impl Ports {
    /// Takes those that are wanted; 0 stands for any that is free.
    pub(crate) fn take(metrics: Option<u16>, otlp: Option<u16>) -> Result<Self, AppError> {
        let metrics = metrics.map(|port| Port::local(METRICS, port)).transpose()?;
        Ok(Self { metrics, otlp: otlp.map(Receiver::listen).transpose()? })
    }
}

/// That the runner of a job is there.
pub struct Presence {
    _served: Served,
    _ports: Vec<AbortOnDropHandle<()>>,
    _receiver: Option<Receiver>,
    _lock: RunnerLock,
}

impl App {
    /// How long a container may take to stop.
    pub const GRACE: Duration = Duration::from_secs(10);

    /// Opens the application's state.
    ///
    /// # Errors
    /// The state directory cannot be used.
    pub fn open(environment: Environment) -> Result<Self, AppError> {
        let store = Store::open(&environment.state_dir)?;
        Ok(Self { environment, store, started: AtomicU32::new(0) })
    }

    /// Connects to what runs containers.
    ///
    /// # Errors
    /// It is not there.
    pub async fn backend(&self) -> Result<Arc<dyn Backend>, AppError> {
        Ok(match &self.environment.backend {
            BackendChoice::Docker(options) => Arc::new(Docker::connect(options.clone()).await?),
            BackendChoice::Sim(script) => {
                let options: SimOptions = script.parse().map_err(AppError::SimScript)?;
                let sim = Sim::new(options);
                sim.info().await?;
                Arc::new(sim)
            }
        })
    }

    /// The checkout around the working directory, or that of this polytope file or directory; without a polytope file,
    /// the working directory itself.
    ///
    /// # Errors
    /// The file is not there, or the store cannot be written.
    pub fn instance(&self, file: Option<&Path>) -> Result<Instance, AppError> {
        self.instance_of(self.root_file(file)?.as_deref(), &self.environment.context)
    }

    pub(crate) fn root_file(&self, file: Option<&Path>) -> Result<Option<PathBuf>, AppError> {
        let here = &self.environment.working_dir;
        let Some(file) = file else { return Ok(pt_spec::find_root(&Disk, here)) };
        let path = here.join(file);
        let unreadable = |cause| AppError::File { path: file.display().to_string(), cause };
        let is_dir = fs::metadata(&path).map_err(unreadable)?.is_dir();
        Ok(Some(if is_dir { file_in(&Disk, &path).unwrap_or(path) } else { path }))
    }

    /// Whose values and secrets commands mean that run here.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn scope(&self, context: &str) -> Result<Scope, AppError> {
        let root_file = pt_spec::find_root(&Disk, &self.environment.working_dir);
        let instance = self.instance_of(root_file.as_deref(), context)?;
        Ok(scope(context, root_file.as_deref(), &instance))
    }

    pub(crate) fn instance_of(&self, root_file: Option<&Path>, context: &str) -> Result<Instance, AppError> {
        let root = root_file.and_then(Path::parent).unwrap_or(&self.environment.working_dir);
        Ok(self.store.instance_in(context, root, Timestamp::now())?)
    }

    /// A checkout beside this one, of the same files: with networks, volumes and job ids of its own, as long as what comes
    /// out lives.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn isolated_instance(&self, of: &Instance) -> Result<Apart, AppError> {
        Ok(self.store.instance_beside(of, Timestamp::now())?)
    }

    /// Loads the project around the working directory, or the one of this file or directory.
    ///
    /// # Errors
    /// The file is not there.
    pub fn load(&self, file: Option<&Path>, context: &str) -> Result<LoadedProject, AppError> {
        self.load_from(file, context, |repositories| repositories)
    }

    /// The same with the newest commits of other repositories, which are pinned in place of those that were.
    ///
    /// # Errors
    /// The file is not there.
    pub fn load_newest(&self, file: Option<&Path>, context: &str) -> Result<LoadedProject, AppError> {
        self.load_from(file, context, Repositories::updating)
    }

    fn load_from(
        &self,
        file: Option<&Path>,
        context: &str,
        fetch: impl FnOnce(Repositories) -> Repositories,
    ) -> Result<LoadedProject, AppError> {
        let root_file = self.root_file(file)?;
        let instance = self.instance_of(root_file.as_deref(), context)?;
        let scope = scope(context, root_file.as_deref(), &instance);
        let world = fetch(Repositories::new(&self.environment.state_dir, &instance.root));
        let loaded = self.loaded(&world, root_file.as_deref());
        Ok(LoadedProject { loaded, instance, scope, root_file })
    }

    pub(crate) fn loaded(&self, world: &dyn World, root_file: Option<&Path>) -> Loaded {
        match root_file {
            Some(root_file) => Project::load(world, root_file.to_owned()),
            None => {
                let project = Project::without_file(&self.environment.working_dir);
                Loaded { project, diagnostics: Vec::new() }
            }
        }
    }

    /// Fetches a repository, and looks for the polytope file of this one or of a directory in it.
    ///
    /// # Errors
    /// It is not to be had, or there is no such file: why, as a sentence without its end.
    pub fn reach(&self, address: &RepoAddress) -> Result<(), String> {
        let repositories = Repositories::without_lock(&self.environment.state_dir);
        let checkout = repositories.repository(&address.request).map_err(|error| error.message)?;
        let path = address.path.as_deref().unwrap_or("").trim_matches('/');
        let there = checkout.dir.join(path);
        if there.is_file() || file_in(&Disk, &there).is_some() {
            return Ok(());
        }
        let place = if path.is_empty() { String::new() } else { format!(" at {path}") };
        Err(format!("{} has no polytope file{place}", address.request.url))
    }

    /// Fetches what targets refer to that no file of the project does. Commits that the project does not pin already are
    /// not pinned for it.
    pub fn refer(&self, project: &mut LoadedProject, groups: &[Vec<Request>]) {
        let world = Repositories::new(&self.environment.state_dir, &project.instance.root).unpinned();
        for request in groups.iter().flatten().filter(|request| request.reference.contains('/')) {
            let found = project.loaded.project.refer(&world, &request.reference);
            project.loaded.diagnostics.extend(found);
        }
    }

    /// Plans what was asked for. Values and secrets that are not set are taken from `assumed`.
    ///
    /// # Errors
    /// A value or secret that is set cannot be read.
    pub fn plan(
        &self,
        project: &LoadedProject,
        groups: &[Vec<Request>],
        assumed: &(dyn Named + Sync),
    ) -> Result<Planned, AppError> {
        self.plan_by(pt_plan::plan_on_threads, project, groups, assumed)
    }

    /// The same, and the plan knows where its values came from.
    ///
    /// # Errors
    /// A value or secret that is set cannot be read.
    pub fn plan_with_provenance(
        &self,
        project: &LoadedProject,
        groups: &[Vec<Request>],
        assumed: &(dyn Named + Sync),
    ) -> Result<Planned, AppError> {
        self.plan_by(
            |project, groups, named| pt_plan::plan_with_provenance(project, groups, named),
            project,
            groups,
            assumed,
        )
    }

    fn plan_by(
        &self,
        plan: fn(&Project, &[Vec<Request>], &(dyn Named + Sync)) -> Planned,
        project: &LoadedProject,
        groups: &[Vec<Request>],
        assumed: &(dyn Named + Sync),
    ) -> Result<Planned, AppError> {
        let named = NamedInStore::new(&self.store, project.scope.clone(), assumed, self.environment.limits);
        let planned = plan(&project.loaded.project, groups, &named);
        Ok(named.checked(planned)?)
    }

    /// The project as a running job that is given more steps needs it ([`pt_engine::Control::add`]).
    pub fn planning(&self, project: &LoadedProject) -> Arc<dyn Planning> {
        self.at_hand(project.loaded.project.clone(), &project.scope)
    }

    fn at_hand(&self, project: Project, scope: &Scope) -> Arc<dyn Planning> {
        let (store, scope, limits) = (self.store.clone(), scope.clone(), self.environment.limits);
        Arc::new(ProjectAtHand { project, store, scope, limits })
    }

    /// Starts a job and serves its API. What jobs left that nobody can go on with is removed before.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be written.
    pub async fn start(
        &self,
        plan: Plan,
        project: LoadedProject,
        request: RunRequest,
    ) -> Result<Started, AppError> {
        let backend = self.backend().await?;
        self.clear_abandoned(&project.instance, &backend).await;
        self.start_on(backend, plan, project, request)
    }

    /// Starts a job on this backend, and serves its API.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn start_on(
        &self,
        backend: Arc<dyn Backend>,
        plan: Plan,
        project: LoadedProject,
        request: RunRequest,
    ) -> Result<Started, AppError> {
        self.start_with(backend, plan, project, request, None)
    }

    /// Starts a job with nothing but a guest, and serves its API. It ends when it is stopped.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be written.
    pub async fn start_for_guest(
        &self,
        project: LoadedProject,
        name: &str,
    ) -> Result<(Started, Guest), AppError> {
        let (guest, seat) = guest();
        let plan = Plan {
            target: name.to_owned(),
            target_id: name.to_owned(),
            kind: Kind::Module,
            args: Map::default(),
            requests: Vec::new(),
            steps: Vec::new(),
            secrets: Vec::new(),
            timeout: None,
        };
        let backend = self.backend().await?;
        self.clear_abandoned(&project.instance, &backend).await;
        let started = self.start_with(backend, plan, project, RunRequest::default(), Some(seat))?;
        Ok((started, guest))
    }

    /// What code finds of the project where no job runs.
    pub fn outside(&self, project: &LoadedProject) -> Arc<dyn Outside> {
        let LoadedProject { loaded, instance, scope, root_file } = project;
        Arc::new(ProjectOutside {
            store: self.store.clone(),
            scope: scope.clone(),
            limits: self.environment.limits,
            state_dir: self.environment.state_dir.clone(),
            files: ProjectFiles::new(&self.environment, &loaded.project, &instance.root),
            root: instance.root.clone(),
            root_file: root_file.clone(),
        })
    }

    /// Makes room among the logs, beside whatever else is done. What fails, or ends with the process, is done by a later job.
    fn sweep_logs(&self) {
        let (store, budget) = (self.store.clone(), self.environment.logs);
        let sweep = move || drop(store.sweep_logs(budget, Timestamp::now(), SWEEP_PAUSE));
        drop(thread::Builder::new().name("sweep".to_owned()).spawn(sweep));
    }

    fn start_with(
        &self,
        backend: Arc<dyn Backend>,
        plan: Plan,
        project: LoadedProject,
        request: RunRequest,
        seat: Option<GuestSeat>,
    ) -> Result<Started, AppError> {
        let outside = self.outside(&project);
        let LoadedProject { loaded, instance, scope, root_file } = project;
        let now = Timestamp::now();
        let key = match request.job {
            Some(job) => {
                let key = JobKey::new(instance.id.clone(), job);
                self.store.create_job_named(&key, now)?;
                key
            }
            None => self.store.create_job(&instance.id, &plan.target_id, now)?,
        };
        let lock = self.store.lock_runner(&key)?;
        // Nothing runs before everything else that can go wrong has gone well.
        let ports = Ports::take(request.metrics_port, request.otlp.then_some(0))?;
        let socket = self.seat(&key)?;
        let asked = JobRequest {
            metrics_port: ports.metrics.as_ref().map(|port| port.address.port()),
            otlp_port: ports.otlp.as_ref().map(|receiver| receiver.address.port()),
            working_dir: Some(self.environment.working_dir.clone()),
            files: Some(digest(loaded.project.sources())),
            ..asked(&plan, &scope, root_file.as_deref(), request.until.as_ref())
        };
        self.store.set_request(&key, &asked)?;
        // What cannot be forgotten now is no reason not to start; the next job tries again.
        drop(self.store.keep_jobs(&key.instance, self.environment.keep_jobs));
        self.sweep_logs();
        let engine = Engine { backend: Arc::clone(&backend), store: self.store.clone() };
        let options = Options {
            interactive: request.interactive,
            open: request.open,
            until: request.until,
            no_cache: request.no_cache,
            resumes: request.resumes,
            reception: ports.otlp.as_ref().map(Receiver::reception),
            ..self.options(&key, LoadedProject { loaded, instance, scope, root_file }, outside)
        };
        let running = engine.start_with(plan, options, seat)?;
        self.serve(key, running, socket, ports, lock, backend)
    }

    /// How jobs of a project run here.
    pub(crate) fn options(&self, key: &JobKey, project: LoadedProject, outside: Arc<dyn Outside>) -> Options {
        let LoadedProject { loaded, instance, scope, root_file: _ } = project;
        Options {
            job: key.clone(),
            outside,
            project: self.at_hand(loaded.project, &scope),
            scope,
            instance,
            working_dir: self.environment.working_dir.clone(),
            person: self.environment.person.clone(),
            interactive: false,
            open: false,
            until: None,
            no_cache: false,
            reception: None,
            resumes: None,
            grace: Self::GRACE,
        }
    }

    pub(crate) fn serve(
        &self,
        key: JobKey,
        running: Running,
        socket: Socket,
        ports: Ports,
        lock: RunnerLock,
        backend: Arc<dyn Backend>,
    ) -> Result<Started, AppError> {
        let api = Api {
            job: running.job.clone(),
            control: running.control.clone(),
            guests: running.guests.clone(),
            backend,
            lines: running.lines.clone(),
        };
        let otlp = ports.otlp.as_ref().map(|receiver| receiver.address);
        if let Some(receiver) = &ports.otlp {
            receiver.begin(Destination {
                key: key.clone(),
                job: running.job.clone(),
                control: running.control.clone(),
                intake: running.intake.clone(),
                store: self.store.clone(),
                full: OnceLock::new(),
            });
        }
        let metrics = ports.metrics.as_ref().map(|port| port.address);
        let metrics_port = ports.metrics.map(|port| port.serve(METRICS, metrics::router(api.clone())));
        let receiver = ports.otlp;
        let ports = metrics_port.into_iter().collect::<Result<_, _>>()?;
        let served = socket.serve(api);
        let exporter = Exporter::start(self.environment.telemetry.clone(), self.store.clone(), key.clone());
        let presence = Presence { _served: served, _ports: ports, _receiver: receiver, _lock: lock };
        Ok(Started { key, running, presence, exporter, metrics, otlp })
    }

    /// Takes the runner's place: tells who it is, and where it is asked.
    pub(crate) fn seat(&self, key: &JobKey) -> Result<Socket, AppError> {
        let (pid, socket, started_ts) = (std::process::id(), self.socket(key), Timestamp::now());
        self.store.set_runner(key, &Runner { pid, socket: socket.clone(), started_ts })?;
        let failed = |cause| AppError::Socket { path: socket.display().to_string(), cause };
        Socket::bind(&socket).map_err(failed)
    }

    /// Sockets have short names: the system allows hardly more than a hundred bytes for the whole path.
    fn socket(&self, key: &JobKey) -> PathBuf {
        let short: String = key.instance.as_str().chars().take(6).collect();
        let count = match self.started.fetch_add(1, Ordering::Relaxed) {
            0 => String::new(),
            count => format!("-{count}"),
        };
        self.store.dir().join("runners").join(format!("{short}-{}{count}.sock", std::process::id()))
    }

    /// The jobs of a checkout, or of all, newest first; those that have ended only if they are wanted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn jobs(&self, instance: Option<&Instance>, ended: bool) -> Result<Vec<JobRecord>, AppError> {
        let instances = match instance {
            Some(instance) => vec![instance.clone()],
            None => self.store.instances()?,
        };
        let mut records = Vec::new();
        for instance in instances {
            for summary in self.store.jobs(Some(&instance.id))?.into_iter().rev() {
                if summary.status.has_ended() && !ended {
                    continue;
                }
                let key = JobKey::new(instance.id.clone(), summary.id);
                // Alive is asked first: a job that ends meanwhile must not look as if its runner had left it.
                let alive = self.store.runner_alive(&key)?;
                let runner = self.store.runner(&key)?;
                let job = Job::fold(&self.store.events(&key, 0)?);
                if ended || !job.status.has_ended() {
                    records.push(JobRecord { instance: instance.clone(), key, job, alive, runner });
                }
            }
        }
        Ok(records)
    }

    /// The same of a checkout and of the isolated sandboxes beside it, its own first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn jobs_here(&self, instance: &Instance, ended: bool) -> Result<Vec<JobRecord>, AppError> {
        let mut records = self.jobs(Some(instance), ended)?;
        for beside in self.store.instances_beside(instance)? {
            records.extend(self.jobs(Some(&beside), ended)?);
        }
        Ok(records)
    }

    /// The jobs of a checkout whose runners live, newest first: those among them that are wanted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn running_jobs(
        &self,
        instance: &Instance,
        wanted: &dyn Fn(&JobKey) -> bool,
    ) -> Result<Vec<JobRecord>, AppError> {
        let mut records = Vec::new();
        for summary in self.store.jobs(Some(&instance.id))?.into_iter().rev() {
            let key = JobKey::new(instance.id.clone(), summary.id);
            if summary.status.has_ended() || !wanted(&key) || !self.store.runner_alive(&key)? {
                continue;
            }
            let runner = self.store.runner(&key)?;
            let job = Job::fold(&self.store.events(&key, 0)?);
            if !job.status.has_ended() {
                records.push(JobRecord { instance: instance.clone(), key, job, alive: true, runner });
            }
        }
        Ok(records)
    }
}

/// What was asked for, as one writes it on the command line: args in JSON, which is YAML, too.
fn asked(plan: &Plan, scope: &Scope, root_file: Option<&Path>, until: Option<&StepId>) -> JobRequest {
    let target = |request: &Request| match request.args.is_empty() {
        true => request.reference.clone(),
        false => format!("{}{}", request.reference, Data::Map(Box::new(request.args.clone()))),
    };
    JobRequest {
        groups: plan.requests.iter().map(|group| group.iter().map(target).collect()).collect(),
        context: scope.context.clone(),
        root_file: root_file.map(Path::to_owned),
        until: until.map(ToString::to_string),
        working_dir: None,
        files: None,
        metrics_port: None,
        otlp_port: None,
    }
}

/// A digest of the files of a project, without what was typed.
pub(crate) fn digest(sources: &Sources) -> String {
    let files = sources.iter().filter(|source| !source.name.starts_with('<'));
    JobRequest::digest(files.map(|source| source.text.as_str()))
}

/// Values and secrets belong to a project; outside of any, to the context's default project.
pub(crate) fn scope(context: &str, root_file: Option<&Path>, instance: &Instance) -> Scope {
    match root_file {
        Some(_) => Scope::new(context, instance.id.clone()),
        None => Scope::outside(context),
    }
}
