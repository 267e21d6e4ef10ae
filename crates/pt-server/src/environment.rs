//! What the process finds around it, read once.

use std::env;
use std::path::PathBuf;

use pt_backend::docker::DockerOptions;
use pt_engine::Person;
use pt_model::CodeLimits;
use pt_store::{LogBudget, Scope};

use crate::telemetry::Telemetry;

/// The surroundings of a process. Nobody below reads an environment variable or asks for the time zone of things.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Directory from which `pt` was called.
    pub working_dir: PathBuf,
    /// Whose jobs, values and secrets commands mean that name no other: `local` unless the config file says so.
    pub context: String,
    /// The person who calls.
    pub person: Person,
    /// What runs containers.
    pub backend: BackendChoice,
    /// How many jobs of a checkout that are over are remembered.
    pub keep_jobs: usize,
    /// How much logs may take on the disk.
    pub logs: LogBudget,
    /// What code may use up whose definition does not say.
    pub limits: CodeLimits,
    /// Where traces of jobs go.
    pub telemetry: Option<Telemetry>,
}

/// Which backend was chosen.
#[derive(Clone, Debug)]
pub enum BackendChoice {
    /// A Docker engine: at `DOCKER_HOST`, or at the usual sockets.
    Docker(DockerOptions),
    /// A simulated world in memory, for tests: `POLYTOPE_BACKEND=sim`, and what is special about it in `POLYTOPE_SIM`.
    Sim(String),
}

impl Environment {
    /// How many past jobs of a checkout are remembered unless the config file says otherwise.
    pub const KEEP_JOBS: usize = 500;

    /// Reads the surroundings.
    ///
    /// # Errors
    /// The working directory is gone.
    pub fn read() -> std::io::Result<Self> {
        let home = var("HOME").map(PathBuf::from);
        let state_dir = var("POLYTOPE_STATE_DIR")
            .map(PathBuf::from)
            .or_else(|| var("XDG_DATA_HOME").map(|dir| PathBuf::from(dir).join("polytope")))
            .or_else(|| home.as_ref().map(|home| home.join(".local/share/polytope")))
            .unwrap_or_else(|| PathBuf::from(".polytope"));
        let backend = if var("POLYTOPE_BACKEND").as_deref() == Some("sim") {
            BackendChoice::Sim(var("POLYTOPE_SIM").unwrap_or_default())
        } else {
            BackendChoice::Docker(DockerOptions {
                host: var("DOCKER_HOST"),
                runtime_dir: var("XDG_RUNTIME_DIR").map(PathBuf::from),
                config_dir: var("DOCKER_CONFIG")
                    .map(PathBuf::from)
                    .or_else(|| home.as_ref().map(|home| home.join(".docker"))),
            })
        };
        let person = Person {
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            name: var("USER").or_else(|| var("LOGNAME")).unwrap_or_else(|| "user".to_owned()),
            home,
        };
        let context = Scope::LOCAL.to_owned();
        let (working_dir, keep_jobs, limits) = (env::current_dir()?, Self::KEEP_JOBS, CodeLimits::default());
        let (logs, telemetry) = (LogBudget::default(), Telemetry::read(var));
        Ok(Self { state_dir, working_dir, context, person, backend, keep_jobs, logs, limits, telemetry })
    }
}

/// A variable that is set and not empty.
fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
