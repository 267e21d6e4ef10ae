//! What engines say when they refuse, and what a person needs to know instead.

use std::io;

use bollard::errors::Error;

use crate::backend::{BackendError, ErrorKind};
use crate::hint;

/// What is wrong, in an engine's words and in ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    kind: ErrorKind,
    pub(super) text: String,
    hint: &'static str,
}

/// Says that `attempt` ("create the container web") failed, why, and the way out.
pub(super) fn explain(attempt: &str, address: &str, error: &Error) -> BackendError {
    let reason = if let Error::DockerResponseServerError { status_code, message } = error {
        reason(*status_code, message)
    } else if let Error::DockerStreamError { error } = error {
        reason(500, error)
    } else if matches!(error, Error::RequestTimeoutError) {
        let text = format!("the Docker engine at {address} does not answer");
        Reason { kind: ErrorKind::NotRunning, text, hint: hint::RESTART }
    } else if matches!(error, Error::SocketNotFoundError(_)) {
        return unreachable_engine(address, Some(io::ErrorKind::NotFound));
    } else if let Some(kind) = io_kind(error) {
        return unreachable_engine(address, Some(kind));
    } else if is_transport(error) {
        return unreachable_engine(address, None);
    } else {
        Reason { kind: ErrorKind::Other, text: one_line(&error.to_string()), hint: "" }
    };
    BackendError {
        kind: reason.kind,
        message: format!("cannot {attempt}: {}", reason.text),
        hint: reason.hint.to_owned(),
    }
}

/// Whether the engine says that the thing is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Whether the engine says that the thing is in another state than asked for.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}

fn unreachable_engine(address: &str, kind: Option<io::ErrorKind>) -> BackendError {
    let (error, message, hint) = match kind {
        Some(io::ErrorKind::PermissionDenied) => (
            ErrorKind::NoPermission,
            format!("no permission to use the Docker engine at {address}"),
            hint::PERMISSION,
        ),
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            (ErrorKind::NotRunning, format!("the Docker engine at {address} is not running"), hint::START)
        }
        _ => (ErrorKind::NotRunning, format!("the Docker engine at {address} went away"), hint::RESTART),
    };
    BackendError { kind: error, message, hint: hint.to_owned() }
}

/// The I/O error at the bottom of a client error.
fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    let mut cause = Some(error as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        // The library's variants are transparent: their source is the inner error's source.
        if let Some(Error::IOError { err }) = error.downcast_ref::<Error>() {
            return Some(err.kind());
        }
        cause = error.source();
    }
    None
}

fn is_transport(error: &Error) -> bool {
    matches!(error, Error::HyperResponseError { .. } | Error::HyperLegacyError { .. })
}

/// Reads an engine's answer. Engines have no codes for these: the words of 20.10 to 29 and of Podman are matched.
pub(super) fn reason(status: u16, said: &str) -> Reason {
    let told = |kind, text: String, hint| Reason { kind, text, hint };
    let has = |needle: &str| said.contains(needle);
    let line = one_line(said);
    if has("port is already allocated") || has("address already in use") || has("ports are not available") {
        let port = port_in(said).map_or_else(|| "a port".to_owned(), |port| format!("port {port}"));
        return told(ErrorKind::PortTaken, format!("{port} of this machine is already in use"), hint::PORT);
    }
    if has("cannot expose privileged port") || has("bind: permission denied") {
        let port = between(said, "privileged port ", ",").map(str::to_owned);
        let port = port.or_else(|| port_in(said).map(|port| port.to_string())).unwrap_or_default();
        let text = format!("port {port} of this machine is for root alone");
        return told(ErrorKind::PortTaken, text, hint::PORT);
    }
    if let Some(name) = between(said, "The container name \"/", "\" is already in use") {
        let text = format!("there is a container called {name} already");
        return told(ErrorKind::Refused, text, hint::LEFTOVER);
    }
    if has("no space left on device") {
        return told(ErrorKind::DiskFull, "no space is left on the disk".to_owned(), hint::DISK);
    }
    if has("address pool") || has("address pools have been fully subnetted") {
        return told(ErrorKind::Other, "every address range for networks is taken".to_owned(), hint::POOLS);
    }
    if has("No such image") || has("no such image") || has("image not known") {
        return told(ErrorKind::ImageNotFound, "the image is not here".to_owned(), hint::TAG);
    }
    if has("manifest unknown") || has("manifest for ") || has("name unknown") {
        return told(ErrorKind::ImageNotFound, "the registry has no such tag".to_owned(), hint::TAG);
    }
    if has("pull access denied")
        || has("unauthorized")
        || has("authentication required")
        || has("no basic auth credentials")
        || has("denied: requested")
    {
        let text = "the registry has no such image, or does not show it to you".to_owned();
        return told(ErrorKind::ImageNotFound, text, hint::LOGIN);
    }
    if has("toomanyrequests") {
        let text = "the registry refuses more pulls for now (rate limit)".to_owned();
        return told(ErrorKind::ImageNotFound, text, hint::LIMIT);
    }
    if has("no matching manifest for") {
        let text = format!("there is no build of the image for this machine: {line}");
        return told(ErrorKind::ImageNotFound, text, hint::TAG);
    }
    if let Some(registry) = unreachable_registry(said) {
        let text = format!("the registry {registry} cannot be reached");
        return told(ErrorKind::ImageNotFound, text, hint::REGISTRY);
    }
    if let Some(command) = quoted_after(said, "exec: ") {
        return told(ErrorKind::Refused, unexecutable(command, said), hint::COMMAND);
    }
    if let Some(user) = between(said, "unable to find user ", ":") {
        let text = format!("the image knows no user {user}");
        return told(ErrorKind::Refused, text, hint::USER);
    }
    if let Some(directory) = between(said, "Cannot mkdir: ", " is not a directory") {
        let text = format!("the working directory {directory} is not a directory");
        return told(ErrorKind::Refused, text, hint::WORKDIR);
    }
    if let Some(directory) = between(said, "chdir to cwd (\"", "\")") {
        let text = format!("there is no working directory {directory}");
        return told(ErrorKind::Refused, text, hint::WORKDIR);
    }
    if let Some((_, path)) = said.split_once("bind source path does not exist: ") {
        let text = format!("{} does not exist on this machine", one_line(path));
        return told(ErrorKind::Refused, text, hint::MOUNT);
    }
    if has("No command specified") || has("no command specified") {
        let text = "neither the image nor the request says what to run".to_owned();
        return told(ErrorKind::Refused, text, hint::NO_COMMAND);
    }
    let kind = match status {
        404 => ErrorKind::NotFound,
        400..=499 => ErrorKind::Refused,
        _ => ErrorKind::Other,
    };
    told(kind, line, "")
}

fn unexecutable(command: &str, said: &str) -> String {
    if said.contains("permission denied") {
        format!("{command} may not be executed")
    } else if said.contains("$PATH") {
        format!("the command {command} is not in the image's $PATH")
    } else {
        format!("there is no {command} in the image")
    }
}

/// The registry of `Get "https://registry-1.docker.io/v2/": dial tcp: …`, whatever kept it away.
fn unreachable_registry(said: &str) -> Option<&str> {
    let failed =
        ["dial tcp", "no such host", "i/o timeout", "Client.Timeout", "connection refused", "x509:", "tls:"];
    let (_, url) = said.split_once("://")?;
    failed.iter().any(|sign| said.contains(sign)).then(|| url.split(['/', '"', ' ']).next().unwrap_or(url))
}

/// The host port: `Bind for 127.0.0.1:8080 failed`, `listen tcp4 127.0.0.1:8080: bind: …`, `127.0.0.1:8080:172.18.0.2:80`.
fn port_in(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("127.0.0.1:").or_else(|| said.split_once("0.0.0.0:"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn quoted_after<'a>(said: &'a str, before: &str) -> Option<&'a str> {
    said.split(before).skip(1).find_map(|rest| Some(rest.strip_prefix('"')?.split_once('"')?.0))
}

fn between<'a>(said: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(said.split_once(before)?.1.split_once(after)?.0)
}

/// One line, without the layers of programs that passed it on.
fn one_line(said: &str) -> String {
    let line = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    let line = line.trim_end_matches(": unknown");
    ["OCI runtime create failed: ", "OCI runtime exec failed: ", "failed to create task for container: "]
        .iter()
        .fold(line, |line, layer| line.strip_prefix(layer).unwrap_or(line))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_words_become_one_line_with_a_kind() {
        use ErrorKind::{DiskFull, ImageNotFound, NotFound, Other, PortTaken, Refused};
        for (status, said, kind, text) in [
            (
                500,
                "driver failed programming external connectivity on endpoint web (4f): Bind for 127.0.0.1:8080 failed: port is already allocated",
                PortTaken,
                "port 8080 of this machine is already in use",
            ),
            (
                500,
                "driver failed programming external connectivity on endpoint web (4f): Error starting userland proxy: listen tcp4 127.0.0.1:5432: bind: address already in use",
                PortTaken,
                "port 5432 of this machine is already in use",
            ),
            (
                500,
                "failed to set up container networking: driver failed programming external connectivity on endpoint web: failed to bind host port for 127.0.0.1:80:172.18.0.2:80/tcp: address already in use",
                PortTaken,
                "port 80 of this machine is already in use",
            ),
            (
                500,
                "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
                DiskFull,
                "no space is left on the disk",
            ),
            (
                500,
                "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
                Other,
                "every address range for networks is taken",
            ),
            (
                500,
                "all predefined address pools have been fully subnetted",
                Other,
                "every address range for networks is taken",
            ),
            (404, "No such image: nothing:latest", ImageNotFound, "the image is not here"),
            (
                404,
                "manifest for busybox:nope not found: manifest unknown: manifest unknown",
                ImageNotFound,
                "the registry has no such tag",
            ),
            (
                404,
                "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
                ImageNotFound,
                "the registry has no such image, or does not show it to you",
            ),
            (
                500,
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host",
                ImageNotFound,
                "the registry registry-1.docker.io cannot be reached",
            ),
            (
                500,
                "Get \"http://127.0.0.1:5999/v2/\": dial tcp 127.0.0.1:5999: connect: connection refused",
                ImageNotFound,
                "the registry 127.0.0.1:5999 cannot be reached",
            ),
            (
                400,
                "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"nope\": executable file not found in $PATH: unknown",
                Refused,
                "the command nope is not in the image's $PATH",
            ),
            (
                400,
                "OCI runtime create failed: runc create failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory: unknown",
                Refused,
                "there is no /nope in the image",
            ),
            (
                400,
                "OCI runtime create failed: runc create failed: unable to start container process: exec: \"/etc\": permission denied: unknown",
                Refused,
                "/etc may not be executed",
            ),
            (
                400,
                "unable to find user nope: no matching entries in passwd file",
                Refused,
                "the image knows no user nope",
            ),
            (
                500,
                "Cannot mkdir: /bin/sh is not a directory",
                Refused,
                "the working directory /bin/sh is not a directory",
            ),
            (
                400,
                "OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd (\"/nope\") set in config.json failed: no such file or directory: unknown",
                Refused,
                "there is no working directory /nope",
            ),
            (
                400,
                "invalid mount config for type \"bind\": bind source path does not exist: /nonono",
                Refused,
                "/nonono does not exist on this machine",
            ),
            (404, "network shop not found", NotFound, "network shop not found"),
            (
                409,
                "Conflict. The container name \"/web\" is already in use by container \"4f\". You have to remove (or rename) that container to be able to reuse that name.",
                Refused,
                "there is a container called web already",
            ),
            (
                500,
                "driver failed programming external connectivity on endpoint web (4f): Error starting userland proxy: error while calling PortManager.AddPort(): cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf",
                PortTaken,
                "port 80 of this machine is for root alone",
            ),
            (409, "Container 1ac2 is not running", Refused, "Container 1ac2 is not running"),
            (500, "something\nunheard of\n", Other, "something; unheard of"),
        ] {
            let reason = reason(status, said);
            assert_eq!((reason.kind, reason.text.as_str()), (kind, text), "{said}");
        }
    }

    #[test]
    fn an_engine_that_may_not_be_used_is_told_from_one_that_does_not_answer() {
        let told = |kind: io::ErrorKind| {
            let error = explain("x", "unix:///var/run/docker.sock", &Error::IOError { err: kind.into() });
            (error.kind, error.message)
        };
        for (io, kind, message) in [
            (
                io::ErrorKind::PermissionDenied,
                ErrorKind::NoPermission,
                "no permission to use the Docker engine at unix:///var/run/docker.sock",
            ),
            (
                io::ErrorKind::ConnectionRefused,
                ErrorKind::NotRunning,
                "the Docker engine at unix:///var/run/docker.sock is not running",
            ),
            (
                io::ErrorKind::ConnectionReset,
                ErrorKind::NotRunning,
                "the Docker engine at unix:///var/run/docker.sock went away",
            ),
        ] {
            assert_eq!(told(io), (kind, message.to_owned()));
        }
    }
}
