//! Faults of the simulated world, as scripted.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use super::SimOptions;
use super::world::refused;
use crate::backend::{BackendError, ErrorKind};
use crate::hint;

/// Deeds of a backend that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Any of them.
    Any,
    /// `info`
    Info,
    /// `ensure_image`
    EnsureImage,
    /// `create_network`
    CreateNetwork,
    /// `create_volume`
    CreateVolume,
    /// `create_container`
    CreateContainer,
    /// `start_container`
    StartContainer,
    /// `follow_container`
    FollowContainer,
    /// `stop_container`
    StopContainer,
    /// `remove_container`
    RemoveContainer,
    /// `find`
    Find,
    /// `exec`
    Exec,
}

/// A deed that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which deed.
    pub call: Call,
    /// Which call of it, from 1.
    pub nth: usize,
    /// Whether all later ones fail too.
    pub onwards: bool,
    /// How.
    pub kind: ErrorKind,
}

/// The script, and how far it is.
#[derive(Debug, Default)]
pub(super) struct Faults {
    script: Vec<Fault>,
    calls: BTreeMap<Call, usize>,
}

impl Faults {
    pub(super) fn new(script: Vec<Fault>) -> Self {
        Self { script, calls: BTreeMap::new() }
    }

    /// Counts a call and fails it if the script says so.
    pub(super) fn meet(&mut self, call: Call, attempt: &str) -> Result<(), BackendError> {
        for counted in [Call::Any, call] {
            *self.calls.entry(counted).or_default() += 1;
        }
        let fault = self.script.iter().find(|fault| {
            let count = self.calls.get(&fault.call).copied().unwrap_or_default();
            (fault.call == call || fault.call == Call::Any)
                && (count == fault.nth || (fault.onwards && count > fault.nth))
        });
        fault.map_or(Ok(()), |fault| Err(error(fault.kind, attempt)))
    }
}

/// What the Docker backend says then.
fn error(kind: ErrorKind, attempt: &str) -> BackendError {
    let engine =
        |message: &str, hint: &str| BackendError { kind, message: message.to_owned(), hint: hint.to_owned() };
    match kind {
        ErrorKind::NotInstalled => {
            engine("the Docker engine is not installed: there is no socket sim", hint::INSTALL)
        }
        ErrorKind::NotRunning => engine("the Docker engine at sim is not running", hint::START),
        ErrorKind::NoPermission => engine("no permission to use the Docker engine at sim", hint::PERMISSION),
        ErrorKind::ImageNotFound => {
            refused(kind, attempt, "the registry sim cannot be reached", hint::REGISTRY)
        }
        ErrorKind::PortTaken => {
            refused(kind, attempt, "a port of this machine is already in use", hint::PORT)
        }
        ErrorKind::DiskFull => refused(kind, attempt, "no space is left on the disk", hint::DISK),
        ErrorKind::NotFound => refused(kind, attempt, "it is not there", ""),
        ErrorKind::Refused | ErrorKind::Other => {
            refused(kind, attempt, "the simulated world was told to fail", "")
        }
    }
}

/// Why a script cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` is neither `taken-port PORT`, `late-stops MS` nor `fail CALL NTH KIND`")]
pub struct ScriptError {
    /// The entry.
    pub entry: String,
}

impl FromStr for SimOptions {
    type Err = ScriptError;

    /// Reads a script: entries apart by `;` or line ends, each `taken-port 8080`, or `late-stops 500` (milliseconds), or
    /// `fail create-container 2 disk-full` (the second one), or `fail any 5- not-running` (the fifth call of anything and all after it).
    fn from_str(script: &str) -> Result<Self, ScriptError> {
        let mut options = Self::default();
        for entry in script.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
            let told = || ScriptError { entry: entry.to_owned() };
            let words: Vec<&str> = entry.split_whitespace().collect();
            match words.as_slice() {
                ["taken-port", port] => options.taken_ports.push(port.parse().map_err(|_| told())?),
                ["late-stops", ms] => {
                    options.late_stops = Duration::from_millis(ms.parse().map_err(|_| told())?);
                }
                ["fail", call, nth, kind] => options.faults.push(Fault {
                    call: self::call(call).ok_or_else(told)?,
                    nth: nth.trim_end_matches('-').parse().map_err(|_| told())?,
                    onwards: nth.ends_with('-'),
                    kind: self::kind(kind).ok_or_else(told)?,
                }),
                _ => return Err(told()),
            }
        }
        Ok(options)
    }
}

fn call(name: &str) -> Option<Call> {
    Some(match name {
        "any" => Call::Any,
        "info" => Call::Info,
        "ensure-image" => Call::EnsureImage,
        "create-network" => Call::CreateNetwork,
        "create-volume" => Call::CreateVolume,
        "create-container" => Call::CreateContainer,
        "start-container" => Call::StartContainer,
        "follow-container" => Call::FollowContainer,
        "stop-container" => Call::StopContainer,
        "remove-container" => Call::RemoveContainer,
        "find" => Call::Find,
        "exec" => Call::Exec,
        _ => return None,
    })
}

fn kind(name: &str) -> Option<ErrorKind> {
    Some(match name {
        "not-installed" => ErrorKind::NotInstalled,
        "not-running" => ErrorKind::NotRunning,
        "no-permission" => ErrorKind::NoPermission,
        "image-not-found" => ErrorKind::ImageNotFound,
        "port-taken" => ErrorKind::PortTaken,
        "disk-full" => ErrorKind::DiskFull,
        "not-found" => ErrorKind::NotFound,
        "refused" => ErrorKind::Refused,
        "other" => ErrorKind::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read() {
        let options: SimOptions =
            "taken-port 8080; fail create-container 2 disk-full\nfail any 5- not-running".parse().unwrap();
        assert_eq!(options.taken_ports, [8080]);
        let fault = |call, nth, onwards, kind| Fault { call, nth, onwards, kind };
        assert_eq!(
            options.faults,
            [
                fault(Call::CreateContainer, 2, false, ErrorKind::DiskFull),
                fault(Call::Any, 5, true, ErrorKind::NotRunning),
            ]
        );
        let error = "fail everything 1 badly".parse::<SimOptions>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`fail everything 1 badly` is neither `taken-port PORT`, `late-stops MS` nor `fail CALL NTH KIND`"
        );
    }

    #[test]
    fn the_nth_call_fails_or_all_from_it_on() {
        let fault = |onwards| Fault { call: Call::Exec, nth: 2, onwards, kind: ErrorKind::Other };
        let met = |onwards| {
            let mut faults = Faults::new(vec![fault(onwards)]);
            [Call::Exec, Call::Find, Call::Exec, Call::Exec].map(|call| faults.meet(call, "").is_ok())
        };
        assert_eq!(met(false), [true, true, false, true]);
        assert_eq!(met(true), [true, true, false, false]);
    }
}
