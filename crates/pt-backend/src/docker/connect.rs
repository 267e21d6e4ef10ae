//! Finds the engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use super::Docker;
use super::error::explain;
use crate::backend::{BackendError, ErrorKind};
use crate::hint;

/// How long an engine may take to say that it is there.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long any request may go without an answer, in seconds.
const REQUEST_TIMEOUT: u64 = 120;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where engines are installed: an installed engine that does not listen is told from none at all.
const PROGRAMS: [&str; 4] =
    ["/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/usr/bin/dockerd-rootless.sh"];

/// What the outside says about where the engine is.
#[derive(Clone, Debug, Default)]
pub struct DockerOptions {
    /// `DOCKER_HOST`: `unix:///path` or `tcp://host:port`. Nothing else is tried when it is given.
    pub host: Option<String>,
    /// `XDG_RUNTIME_DIR`, where an engine without root listens.
    pub runtime_dir: Option<PathBuf>,
    /// `DOCKER_CONFIG` or `~/.docker`: the current context and registry logins.
    pub config_dir: Option<PathBuf>,
}

impl Docker {
    /// Connects to the engine that answers: the given host, else the current context's, else the one at the default
    /// socket, else the rootless one.
    ///
    /// # Errors
    /// Nothing answers; the error is about the place where an engine should have been.
    pub async fn connect(options: DockerOptions) -> Result<Self, BackendError> {
        let mut first = None;
        for address in addresses(&options) {
            match open(&address, options.config_dir.clone()).await {
                Ok(docker) => return Ok(docker),
                Err(error) if error.kind == ErrorKind::NotInstalled => {
                    first.get_or_insert(error);
                }
                // One that is there and does not answer says more than one that is not.
                Err(error) => return Err(error),
            }
        }
        Err(first.unwrap_or_else(|| missing(DEFAULT_SOCKET)))
    }
}

fn addresses(options: &DockerOptions) -> Vec<String> {
    if let Some(host) = options.host.as_ref().filter(|host| !host.is_empty()) {
        return vec![host.clone()];
    }
    if let Some(host) = options.config_dir.as_deref().and_then(context_host) {
        return vec![host];
    }
    let rootless = options.runtime_dir.as_deref().map(|dir| unix(&dir.join("docker.sock")));
    std::iter::once(unix(Path::new(DEFAULT_SOCKET))).chain(rootless).collect()
}

fn unix(path: &Path) -> String {
    format!("unix://{}", path.display())
}

/// The host of the docker client's current context. The directory of a context is named by a hash; rather than
/// compute it, look at all, they are few.
fn context_host(config_dir: &Path) -> Option<String> {
    let config: serde_json::Value = read_json(&config_dir.join("config.json"))?;
    let name = config.get("currentContext")?.as_str().filter(|name| !matches!(*name, "" | "default"))?;
    let contexts = std::fs::read_dir(config_dir.join("contexts/meta")).ok()?;
    contexts
        .flatten()
        .filter_map(|entry| read_json(&entry.path().join("meta.json")))
        .find(|meta| meta["Name"] == name)
        .and_then(|meta| meta["Endpoints"]["docker"]["Host"].as_str().map(str::to_owned))
}

fn read_json(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

async fn open(address: &str, config_dir: Option<PathBuf>) -> Result<Docker, BackendError> {
    let version = bollard::API_DEFAULT_VERSION;
    let client = match address.split_once("://") {
        Some(("unix", path)) if !Path::new(path).exists() => return Err(missing(path)),
        Some(("unix", path)) => bollard::Docker::connect_with_unix(path, REQUEST_TIMEOUT, version),
        Some(("tcp" | "http", _)) => bollard::Docker::connect_with_http(address, REQUEST_TIMEOUT, version),
        _ => return Err(unsupported(address)),
    }
    .map_err(|error| explain("connect to the Docker engine", address, &error))?;
    match tokio::time::timeout(PATIENCE, client.ping()).await {
        Ok(Ok(_)) => Ok(Docker {
            client,
            address: address.to_owned(),
            config_dir,
            networks: Mutex::new(()),
            reachable: OnceCell::new(),
            addresses: Default::default(),
        }),
        Ok(Err(error)) => Err(explain("connect to the Docker engine", address, &error)),
        Err(_) => Err(silent(address)),
    }
}

/// No socket: the engine is not installed, or installed and not started.
fn missing(path: &str) -> BackendError {
    let installed = PROGRAMS.iter().any(|program| Path::new(program).exists());
    let (kind, state, hint) = if installed {
        (ErrorKind::NotRunning, "is not running", hint::START)
    } else {
        (ErrorKind::NotInstalled, "is not installed", hint::INSTALL)
    };
    BackendError {
        kind,
        message: format!("the Docker engine {state}: there is no socket {path}"),
        hint: hint.to_owned(),
    }
}

/// It takes connections and says nothing.
pub(super) fn silent(address: &str) -> BackendError {
    BackendError {
        kind: ErrorKind::NotRunning,
        message: format!("the Docker engine at {address} did not answer within {} s", PATIENCE.as_secs()),
        hint: hint::RESTART.to_owned(),
    }
}

fn unsupported(address: &str) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!("cannot connect to the Docker engine at {address}: only unix:// and tcp:// are known"),
        hint: "for an engine behind ssh, forward its socket: `ssh -L /tmp/docker.sock:/var/run/docker.sock HOST`, \
               then DOCKER_HOST=unix:///tmp/docker.sock"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_host_comes_first_then_the_context_then_the_usual_sockets() {
        let config = tempfile::tempdir().unwrap();
        let mut options = DockerOptions {
            host: None,
            runtime_dir: Some("/run/user/1000".into()),
            config_dir: Some(config.path().to_owned()),
        };
        assert_eq!(addresses(&options), ["unix:///var/run/docker.sock", "unix:///run/user/1000/docker.sock"]);

        let meta = config.path().join("contexts/meta/0123abcd");
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(config.path().join("config.json"), r#"{"currentContext": "lab"}"#).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name": "lab", "Endpoints": {"docker": {"Host": "unix:///lab.sock"}}}"#,
        )
        .unwrap();
        assert_eq!(addresses(&options), ["unix:///lab.sock"]);

        options.host = Some("tcp://10.0.0.1:2375".to_owned());
        assert_eq!(addresses(&options), ["tcp://10.0.0.1:2375"]);
    }

    /// What does not answer, and what a person reads then.
    #[tokio::test(start_paused = true)]
    async fn an_engine_that_cannot_be_reached_is_told_by_cause_and_cure() {
        let dir = tempfile::tempdir().unwrap();
        let dead = dir.path().join("dead.sock");
        drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
        let host = |host: String| DockerOptions { host: Some(host), ..DockerOptions::default() };

        let error = Docker::connect(host(unix(&dead))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotRunning);
        assert_eq!(error.message, format!("the Docker engine at unix://{} is not running", dead.display()));
        assert_eq!(error.hint, hint::START);

        let error = Docker::connect(host(unix(&dir.path().join("none.sock")))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotInstalled | ErrorKind::NotRunning), "{error:?}");
        assert!(error.message.contains("there is no socket"), "{error}");

        let silent = dir.path().join("silent.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&silent).unwrap();
        let error = Docker::connect(host(unix(&silent))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotRunning);
        assert!(error.message.ends_with("did not answer within 5 s"), "{error}");

        let error = Docker::connect(host("ssh://lab".to_owned())).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused);
    }
}
