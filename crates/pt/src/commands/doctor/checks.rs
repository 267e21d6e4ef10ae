//! The checks, in the order in which one failing explains the next.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use pt_backend::{Backend, ErrorKind};
use pt_server::{App, BackendChoice};
use pt_store::Instance;
use pt_syntax::{Severity, Style, render};
use rustix::fs::statvfs;

use super::{DoctorArgs, Finding};
use crate::cli::GlobalArgs;
use crate::commands::datasets::size;
use crate::commands::mcp;
use crate::config::Config;
use crate::failure::Failure;

/// Less free space than this fails, less than that is worth a warning.
const TOO_LITTLE: u64 = 200_000_000;
const LITTLE: u64 = 2_000_000_000;

/// The oldest engine that is known to do: 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

/// Checks everything. What depends on something that failed is left out.
pub(super) async fn all(args: &DoctorArgs, global: &GlobalArgs) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let (config, finding) = config(global);
    findings.push(finding);
    findings.push(git());
    let app = match config.open(&args.context) {
        Ok(app) => app,
        Err(error) => {
            let cure =
                error.hint.unwrap_or_else(|| "Name another directory in POLYTOPE_STATE_DIR.".to_owned());
            findings.push(Finding::failed("state", error.message.unwrap_or_default(), cure));
            return Ok(findings);
        }
    };
    findings.push(Finding::ok("state", format!("{} can be written", app.store.dir().display())));
    findings.push(space(&app));
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    findings.push(ports(&app, &instance, &config)?);
    match app.backend().await {
        Ok(backend) => {
            findings.push(engine(&app, &*backend).await);
            findings.push(leftovers(&app, &*backend).await?);
        }
        Err(error) => {
            let failure = Failure::from(error);
            let cure = failure
                .hint
                .unwrap_or_else(|| "Start the engine, or name another one in DOCKER_HOST.".to_owned());
            findings.push(Finding::failed("engine", sentence(&failure.message.unwrap_or_default()), cure));
        }
    }
    Ok(findings)
}

/// The config file; with mistakes, what can be understood of it.
fn config(global: &GlobalArgs) -> (Config, Finding) {
    const CHECK: &str = "config";
    let (config, findings, sources) = match Config::look(global) {
        Ok(looked) => looked,
        Err(error) => {
            let message = error.message.unwrap_or_default();
            return (
                Config::default(),
                Finding::failed(CHECK, message, "Check the path after --config-file."),
            );
        }
    };
    let path = config.path.display();
    let finding = if findings.iter().any(|finding| finding.severity == Severity::Error) {
        let shown = render(&findings, &sources, Style { color: false, ..Style::default() });
        Finding::failed(CHECK, shown, format!("Correct {path}."))
    } else if config.path.exists() {
        Finding::ok(CHECK, format!("{path} is in order"))
    } else {
        Finding::ok(CHECK, format!("there is no {path}: the defaults hold"))
    };
    // A current context that is not there is told above; the rest is checked in the one that is always there.
    let known = config.find(None).is_ok();
    (Config { current: config.current.clone().filter(|_| known), ..config }, finding)
}

/// Only repositories of others need it.
fn git() -> Finding {
    const CHECK: &str = "git";
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            Finding::ok(CHECK, String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(_) | Err(_) => Finding::warning(
            CHECK,
            "git cannot be run: projects that use other repositories will not load",
            "Install git, as with `apt install git` or `brew install git`.",
        ),
    }
}

fn space(app: &App) -> Finding {
    const CHECK: &str = "disk";
    let dir = app.store.dir();
    let free = match statvfs(dir) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            return Finding::warning(
                CHECK,
                format!("how much is free at {} is unknown: {error}", dir.display()),
                "Look with `df`.",
            );
        }
    };
    let message = format!("{} are free at {}", size(free), dir.display());
    let cure = "Free some space: `pt clean --all`, `docker system prune`.";
    match free {
        ..TOO_LITTLE => Finding::failed(CHECK, message, cure),
        TOO_LITTLE..LITTLE => Finding::warning(CHECK, message, cure),
        _ => Finding::ok(CHECK, message),
    }
}

/// The ports that the project's jobs have published before, and that of the MCP server: others may have taken them.
fn ports(app: &App, instance: &Instance, config: &Config) -> Result<Finding, Failure> {
    const CHECK: &str = "ports";
    let records = app.jobs(Some(instance), true)?;
    let mut wanted: Vec<(u16, String)> =
        vec![(config.mcp_port.unwrap_or(mcp::PORT), "the MCP server".to_owned())];
    let mut ours = Vec::new();
    for record in &records {
        for (id, service) in &record.job.services {
            for exposed in
                service.ports.iter().filter(|port| !port.protocol.is_udp()).filter_map(|port| port.exposed_as)
            {
                if record.alive {
                    ours.push(exposed.port);
                }
                if !wanted.iter().any(|(port, _)| *port == exposed.requested) {
                    wanted.push((exposed.requested, format!("the service {id}")));
                }
            }
        }
    }
    let is_taken =
        |port: u16| !ours.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err();
    let taken: Vec<String> = wanted
        .iter()
        .filter(|(port, _)| is_taken(*port))
        .map(|(port, what)| format!("port {port} of {what} is taken"))
        .collect();
    Ok(match taken.as_slice() {
        [] if wanted.len() == 1 => {
            Finding::ok(CHECK, format!("port {} is free for the MCP server", wanted[0].0))
        }
        [] => Finding::ok(
            CHECK,
            format!("the {} ports that this project uses are free, or its own", wanted.len()),
        ),
        taken => Finding::warning(
            CHECK,
            format!("{}; others are chosen instead", taken.join(", ")),
            "See who listens there: `ss -ltnp` or `lsof -iTCP -sTCP:LISTEN`.",
        ),
    })
}

async fn engine(app: &App, backend: &dyn Backend) -> Finding {
    const CHECK: &str = "engine";
    let place = match &app.environment.backend {
        BackendChoice::Docker(options) => {
            options.host.as_ref().map(|host| format!(" at {host}")).unwrap_or_default()
        }
        BackendChoice::Sim(_) => String::new(),
    };
    match backend.info().await {
        Ok(info) => {
            let message = format!("{} {} (API {}) answers{place}", info.kind, info.version, info.api_version);
            let old = version(&info.api_version).is_some_and(|version| version < OLDEST_API)
                && info.kind == "docker";
            if old {
                Finding::failed(
                    CHECK,
                    format!("{message}, which is too old"),
                    "Install Docker 20.10 or newer.",
                )
            } else {
                Finding::ok(CHECK, message)
            }
        }
        Err(error) => {
            let cure = match (error.hint.is_empty(), error.kind) {
                (false, _) => error.hint,
                (true, ErrorKind::NoPermission) => {
                    "Join the group docker, or use a rootless engine.".to_owned()
                }
                (true, _) => "Restart the engine.".to_owned(),
            };
            Finding::failed(CHECK, sentence(&error.message), cure)
        }
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What killed jobs of any project have left.
async fn leftovers(app: &App, backend: &dyn Backend) -> Result<Finding, Failure> {
    const CHECK: &str = "leftovers";
    let (mut things, mut dead) = (0, 0);
    for instance in app.store.instances()? {
        let left = app.leftovers(&instance, backend).await?.found;
        things += left.containers.len() + left.networks.len() + left.volumes.len();
        dead += app.jobs(Some(&instance), false)?.iter().filter(|record| record.is_orphan()).count();
    }
    if things == 0 && dead == 0 {
        return Ok(Finding::ok(CHECK, "no killed job has left anything"));
    }
    let counted =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let jobs = counted(dead, "job has lost its runner", "jobs have lost their runners");
    let left = counted(things, "thing is left in the engine", "things are left in the engine");
    Ok(Finding::warning(CHECK, format!("{jobs}; {left}"), "`pt clean --all` removes them, and nothing else."))
}

fn sentence(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}
