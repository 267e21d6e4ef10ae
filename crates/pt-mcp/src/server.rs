//! One server for one project.

use std::path::PathBuf;
use std::sync::Arc;

use pt_model::{Job, JobId};
use pt_plan::Plan;
use pt_server::{App, AppError, LoadedProject, RunRequest};
use pt_store::Apart;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::answer::CutAnswers;
use crate::documents::Documents;
use crate::project::{CurrentProject, instructions};
use crate::rounds::Rounds;
use crate::sandbox::{Said, Sandbox};
use crate::sessions::Sessions;

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name by which agents know it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whose values and secrets its jobs run with.
    pub context: String,
    /// The polytope file, if it is not the one around the working directory.
    pub polytope_file: Option<PathBuf>,
    /// The checkout to run as, if it is not the project's own: with networks, volumes and job ids of its own.
    pub isolated: Option<Apart>,
}

/// A server. Cheap to copy about.
#[derive(Clone)]
pub struct Server {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) sandbox: Sandbox,
    pub(crate) documents: Documents,
    pub(crate) cut: CutAnswers,
    pub(crate) sessions: Sessions,
    pub(crate) rounds: Rounds,
}

impl Server {
    /// A server with an idle sandbox. What jobs say comes out of the receiver; who drops it is told nothing.
    pub fn new(app: Arc<App>, options: Options) -> (Self, mpsc::UnboundedReceiver<Said>) {
        let (said_to, said) = mpsc::unbounded_channel();
        let (file, context) = (options.polytope_file.clone(), options.context.clone());
        let project = CurrentProject::new(Arc::clone(&app), file, context);
        let isolated = options.isolated.as_ref().map(|apart| apart.instance.clone());
        let sandbox = Sandbox::new(app, project, isolated, said_to);
        let inner = Inner {
            options,
            sandbox,
            documents: Documents::default(),
            cut: CutAnswers::default(),
            sessions: Sessions::default(),
            rounds: Rounds::default(),
        };
        (Self { inner: Arc::new(inner) }, said)
    }

    /// Opens the sandbox with what the developer wants to run. It goes on when that has ended.
    ///
    /// # Errors
    /// The backend is not there, or the store cannot be written.
    pub async fn start(
        &self,
        plan: Plan,
        project: &LoadedProject,
        request: RunRequest,
    ) -> Result<JobId, AppError> {
        Ok(self.inner.sandbox.open(plan, project, request).await?.key.job)
    }

    /// Removes what earlier agents left whose servers were killed, while this one begins.
    pub(crate) fn tidy(&self) -> JoinHandle<()> {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.sandbox.tidy().await })
    }

    /// How the sandbox's job stands, if one was opened.
    pub fn job(&self) -> Option<Job> {
        self.inner.sandbox.job_state()
    }

    /// Stops everything that runs in the sandbox, and waits for its end.
    pub async fn close(&self, reason: &str) {
        self.inner.sandbox.close(reason).await;
    }

    /// Kills everything that runs in the sandbox, at once.
    pub fn kill(&self) {
        self.inner.sandbox.kill();
    }
}

impl Inner {
    /// What the project's authors tell agents, and how to begin.
    pub(crate) fn instructions(&self) -> Result<String, AppError> {
        let own = instructions(&*self.sandbox.project.get()?);
        Ok(if own.is_empty() { HOW_TO_BEGIN.to_owned() } else { own })
    }
}

/// What agents are told where the project tells them nothing.
const HOW_TO_BEGIN: &str = "Polytope runs this project's tools, services and tests in containers. list-tools shows what there is, \
describe-sandbox what runs. Read bluetext://intro (docs) before you change polytope.yml, and bluetext://blueprints before you \
add a service.";
