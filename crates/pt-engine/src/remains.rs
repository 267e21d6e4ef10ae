//! What a job whose runner is gone left: in the books, in the log, and in the backend. Whoever goes on with the job begins here.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use pt_backend::{Backend, BackendError, FoundContainer, FoundVolume, PublishedPort};
use pt_model::{
    ContainerChange, ContainerId, ContainerStatus, Event, Job, Labels, LogLine, MountSource, Status, StepId,
    Stream, VolumeScope, What,
};
use pt_store::{JobKey, LogFilter, Store, StoreError};

use crate::engine::Engine;

/// What is left of a job.
#[derive(Debug)]
pub struct Remains {
    /// Its state, as far as it was stored.
    pub job: Job,
    pub(crate) steps: HashMap<StepId, StepRemains>,
    pub(crate) containers: HashMap<ContainerId, FoundContainer>,
    /// The highest number of a volume without a name.
    pub(crate) anonymous_volumes: u32,
    /// Whether a container had failed after its step had ended.
    pub(crate) failed_unheard: bool,
}

/// What is left of a step's last try.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepRemains {
    /// Its containers.
    pub(crate) containers: Vec<ContainerId>,
    /// What its code had called that is not to be done twice.
    pub(crate) acted: Option<String>,
    /// Whether code that waits for it called it.
    pub(crate) called: bool,
    /// When the try began, or the pause before it.
    pub(crate) since: Timestamp,
    /// The pause before the next try, if it is in that.
    pub(crate) pause: Option<Duration>,
}

impl StepRemains {
    /// The pause before a try is over when something of it is seen.
    fn begin_again(&mut self) {
        if let Some(pause) = self.pause.take() {
            self.since = self.since.saturating_add(pause).unwrap_or(self.since);
            self.containers.clear();
        }
    }
}

/// Lines that were kept of a container, by stream: their lengths and hashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    out: Vec<(usize, u64)>,
    err: Vec<(usize, u64)>,
}

/// Why it cannot be known what is left.
#[derive(Debug, thiserror::Error)]
pub enum RemainsError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backend does not answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl Remains {
    /// Looks for what is left of a job, and removes what is only half made. The caller holds the runner's lock.
    ///
    /// # Errors
    /// The store or the backend fails.
    pub async fn of(engine: &Engine, key: &JobKey) -> Result<Self, RemainsError> {
        let events = engine.store.events(key, 0)?;
        let job = Job::fold(&events);
        let mut steps = steps_of(&events);
        let labels = Labels::default().with(Labels::INSTANCE, key.instance.as_str()).job(&key.job);
        let found = engine.backend.find(&labels).await?;
        let mut containers = HashMap::new();
        for container in found.containers {
            let id = container.labels.get(Labels::CONTAINER).map(ContainerId::from);
            match id.filter(|id| is_whole(&job, id, &container)) {
                Some(id) => drop(containers.insert(id, container)),
                None => engine.backend.remove_container(&container.id).await?,
            }
        }
        remove_unfilled(&*engine.backend, &job, &containers, &found.volumes).await?;
        find_printed(engine, key, &mut steps)?;
        let numbers = found.volumes.iter().filter_map(|volume| volume.labels.get(Labels::VOLUME));
        let numbers = numbers.filter_map(|id| id.strip_prefix("volume-")?.parse().ok());
        Ok(Self {
            anonymous_volumes: numbers.max().unwrap_or_default(),
            failed_unheard: failed_unheard(&job, &events),
            job,
            steps,
            containers,
        })
    }

    /// Whether there is anything to go on with: a runner may have died before it wrote a word.
    pub fn has_begun(&self) -> bool {
        self.job.id.is_some()
    }
}

/// What is known of the steps, beyond what the job shows.
fn steps_of(events: &[Event]) -> HashMap<StepId, StepRemains> {
    let mut steps: HashMap<StepId, StepRemains> = HashMap::new();
    for event in events {
        match &event.what {
            What::StepAdded { step, called, .. } => steps.entry(step.clone()).or_default().called = *called,
            What::StepStarted { step } => steps.entry(step.clone()).or_default().since = event.at,
            What::StepActed { step, function } => {
                let step = steps.entry(step.clone()).or_default();
                step.begin_again();
                step.acted = Some(format!("pt/{function}"));
            }
            What::StepRetrying { step, delay_ms, .. } => {
                let step = steps.entry(step.clone()).or_default();
                step.acted = None;
                step.since = event.at;
                step.pause = Some(Duration::from_millis(*delay_ms));
            }
            What::ContainerRequested { container, step, .. } => {
                let step = steps.entry(step.clone()).or_default();
                step.begin_again();
                step.containers.retain(|id| id != container);
                step.containers.push(container.clone());
            }
            What::JobCreated { .. }
            | What::JobStarted
            | What::JobTakenOver
            | What::JobStopping { .. }
            | What::JobFinished { .. }
            | What::StepFinished { .. }
            | What::StepKept { .. }
            | What::StepCompared { .. }
            | What::ContainerChanged { .. }
            | What::ServiceOpened { .. }
            | What::ServiceReady { .. }
            | What::ServiceClosed { .. }
            | What::Warned { .. } => {}
        }
    }
    steps
}

/// Whether the job knows the container, and it was made to the end: what has not run and was never told of may lack its files.
fn is_whole(job: &Job, id: &ContainerId, found: &FoundContainer) -> bool {
    let Some(known) = job.containers.get(id) else { return false };
    let has_run = found.running || found.exit_code.is_some();
    match &known.backend_id {
        Some(backend_id) => *backend_id == found.id || has_run,
        None => has_run,
    }
}

/// A volume that was to be filled from something, for a container that was never made, may be half full.
async fn remove_unfilled(
    backend: &dyn Backend,
    job: &Job,
    made: &HashMap<ContainerId, FoundContainer>,
    volumes: &[FoundVolume],
) -> Result<(), BackendError> {
    let is_unmade = |id: &ContainerId| !made.contains_key(id);
    let unmade = job.containers.iter().filter(|(id, container)| !container.removed && is_unmade(id));
    for mount in unmade.flat_map(|(_, container)| &container.spec.mounts) {
        let MountSource::Volume { id: Some(id), scope: VolumeScope::Job, source: Some(_), .. } =
            &mount.source
        else {
            continue;
        };
        let named = volumes.iter().find(|volume| volume.labels.get(Labels::VOLUME) == Some(id.as_str()));
        let Some(volume) = named else { continue };
        if !made.values().any(|container| container.volumes.contains(&volume.name)) {
            backend.remove_volume(&volume.name).await?;
        }
    }
    Ok(())
}

/// Which steps have printed in their last try.
fn find_printed(
    engine: &Engine,
    key: &JobKey,
    steps: &mut HashMap<StepId, StepRemains>,
) -> Result<(), StoreError> {
    for line in engine.store.read_logs(key, 0, LogFilter::default()).readable() {
        let line = line?;
        if line.stream == Stream::Log {
            let step = steps.entry(line.step).or_default();
            if step.acted.is_none() && step.since <= line.at {
                step.acted = Some("pt/log, or something else that prints".to_owned());
            }
        }
    }
    Ok(())
}

/// The lines that were kept of a container since it was created last. What was said before was said by others of its id.
pub(crate) fn heard_of(store: &Store, key: &JobKey, id: &ContainerId) -> Result<Heard, StoreError> {
    let mut heard = Heard::default();
    for line in lines_of(store, key, id)? {
        let line = line?;
        heard.note(line.stream, &line.text);
    }
    Ok(heard)
}

/// Whether a container has written a line that holds this text.
pub(crate) fn has_said(
    store: &Store,
    key: &JobKey,
    id: &ContainerId,
    text: &str,
) -> Result<bool, StoreError> {
    for line in lines_of(store, key, id)? {
        if line?.text.contains(text) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a container, and nothing that ran beside its command, has written since it was last made.
pub(crate) fn lines_of(
    store: &Store,
    key: &JobKey,
    id: &ContainerId,
) -> Result<impl Iterator<Item = Result<LogLine, StoreError>>, StoreError> {
    let is_made = |event: &Event| {
        matches!(&event.what, What::ContainerChanged { container, change: ContainerChange::Created { .. } }
            if container == id)
    };
    let created = store.events(key, 0)?.iter().rev().find(|event| is_made(event)).map(|event| event.at);
    let filter = LogFilter { container: Some(id.clone()), ..LogFilter::default() };
    let is_its = move |line: &LogLine| !line.beside && created.is_some_and(|created| created <= line.at);
    Ok(store.read_logs(key, 0, filter).readable().filter(move |line| line.as_ref().map_or(true, &is_its)))
}

fn failed_unheard(job: &Job, events: &[Event]) -> bool {
    let has_failed = |step: &StepId| {
        let mut its = job.containers.values().filter(|container| container.step == *step);
        its.any(|container| container.status == ContainerStatus::Failed)
    };
    events.iter().any(|event| {
        matches!(&event.what, What::Warned { step: Some(step), .. }
            if has_failed(step) && job.steps.get(step).is_some_and(|step| step.status != Status::Failed))
    })
}

impl Heard {
    fn note(&mut self, stream: Stream, text: &str) {
        self.of(stream).push((text.len(), hash(text)));
    }

    fn of(&mut self, stream: Stream) -> &mut Vec<(usize, u64)> {
        if stream == Stream::Stderr { &mut self.err } else { &mut self.out }
    }
}

/// Tells lines that were kept from those that were not, where a container's output is read from its first byte once more.
#[derive(Debug)]
pub(crate) struct News {
    heard: Heard,
    next: [usize; 2],
    /// The first lines of a stream whose beginning the backend keeps no more, until it is known where they stand.
    missed: bool,
}

impl News {
    pub(crate) fn after(heard: Heard) -> Self {
        Self { heard, next: [0, 0], missed: false }
    }

    /// Whether lines were told of as new that may have been kept before: the backend had forgotten where they stood.
    pub(crate) fn missed(&self) -> bool {
        self.missed
    }

    /// What of the line, as it is kept, was not heard before.
    pub(crate) fn of(&mut self, stream: Stream, line: String) -> Option<String> {
        let at = usize::from(stream == Stream::Stderr);
        let heard = self.heard.of(stream);
        let mut line = line.as_str();
        loop {
            let Some((length, known)) = heard.get(self.next[at]).copied() else {
                return Some(line.to_owned());
            };
            if (line.len(), hash(line)) == (length, known) {
                self.next[at] += 1;
                return None;
            }
            // A line that had no end when its container exited goes on in what the next run wrote.
            let is_piece = length > 0 && line.get(..length).is_some_and(|piece| hash(piece) == known);
            if is_piece {
                self.next[at] += 1;
                line = line.get(length..).unwrap_or_default();
                continue;
            }
            // The backend keeps only the end: what it still has stands somewhere later among what was heard.
            let wanted = (line.len(), hash(line));
            let later = heard.iter().skip(self.next[at]).position(|line| *line == wanted);
            match later {
                Some(skipped) => self.next[at] += skipped,
                None => {
                    self.missed = true;
                    self.next[at] = heard.len();
                }
            }
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The ports that were published when a container was made, as a label tells them.
pub(crate) fn ports_label(ports: &[PublishedPort]) -> String {
    let told = ports.iter().map(|port| {
        let protocol = if port.udp { "udp" } else { "tcp" };
        format!("{}:{}/{protocol}", port.container, port.host)
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The same read back.
pub(crate) fn published_ports(labels: &Labels) -> Vec<PublishedPort> {
    let told = labels.get(Labels::PORTS).unwrap_or_default().split(' ');
    told.filter_map(|port| {
        let (ports, protocol) = port.split_once('/')?;
        let (container, host) = ports.split_once(':')?;
        Some(PublishedPort {
            container: container.parse().ok()?,
            host: host.parse().ok()?,
            udp: protocol == "udp",
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_told_from_what_was_not() {
        for (heard, read, expected) in [
            (&[][..], &["a", "b"][..], &["a", "b"][..]),
            (&["a", "b"], &["a", "b", "c"], &["c"]),
            (&["tick", "tick"], &["tick", "tick", "tick"], &["tick"]),
            (&["a"], &["a"], &[]),
            // The first run ended without a line end.
            (&["half", "way", "c"], &["halfway", "c", "d"], &["d"]),
            (&["half"], &["half and more", "c"], &[" and more", "c"]),
            // The beginning is kept no more.
            (&["a", "b", "c"], &["b", "c", "d"], &["d"]),
            (&["a", "b", "c"], &["x", "y"], &["x", "y"]),
            (&["", "a"], &["", "a", ""], &[""]),
        ] {
            let mut known = Heard::default();
            heard.iter().for_each(|line| known.note(Stream::Stdout, line));
            let mut news = News::after(known);
            let told: Vec<String> =
                read.iter().filter_map(|line| news.of(Stream::Stdout, (*line).to_owned())).collect();
            assert_eq!(told, expected, "{heard:?} then {read:?}");
            assert_eq!(news.missed(), read.first() == Some(&"x"), "{heard:?} then {read:?}");
        }
    }

    #[test]
    fn ports_are_read_back_from_their_label() {
        let ports = [(80, 8080, false), (53, 53, true)].map(|(container, host, udp)| PublishedPort {
            container,
            host,
            udp,
        });
        let label = ports_label(&ports);
        assert_eq!(label, "80:8080/tcp 53:53/udp");
        assert_eq!(published_ports(&Labels::default().with(Labels::PORTS, &label)), ports);
        assert_eq!(published_ports(&Labels::default()), []);
    }
}
