//! Shows a running job, line by line: output on stdout, everything else on stderr.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use pt_engine::{Notice, Wait};
use pt_model::{
    ContainerChange, ContainerId, ContainerStatus, Data, Event, Failure, Job, LogLine, OpenPort, ServiceId,
    ServiceStatus, Status, StepId, What,
};

use crate::answer::ask;
use crate::output::LineOut;

/// Shows what happens to a job.
pub(crate) struct Watcher {
    job: Job,
    width: usize,
    /// The last lines of each step, for when it fails.
    last: HashMap<StepId, VecDeque<String>>,
    progress_shown: HashMap<ContainerId, Instant>,
    /// How long steps had waited when it was said, in seconds.
    waits_shown: HashMap<StepId, u64>,
    /// Steps whose reasons to fail were shown before the job began.
    doomed: HashSet<StepId>,
    out: LineOut,
}

/// What programs say, on any system, that find no space, and what to do about it.
const DISK_FULL: &str = "No space left on device";
const DISK_CURE: &str = "A disk is full, perhaps that of the container engine: `docker system df` shows what takes the space, \
                         `docker system prune` removes what nothing uses.";

/// The pause between two shown steps of an image pull.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);

impl Watcher {
    /// How many of a failed step's last lines are shown.
    pub(crate) const LAST_LINES: usize = 10;

    /// A watcher that comes later: this has happened already.
    pub(crate) fn of(past: &[Event]) -> Self {
        let mut watcher = Self { job: Job::fold(past), ..Self::new(HashSet::new()) };
        watcher.width = watcher.job.steps.keys().map(|step| step.as_str().chars().count()).max().unwrap_or(4);
        watcher
    }

    /// Says which job is followed from here on, and what of it can be used.
    pub(crate) fn attached(&self) -> io::Result<()> {
        let (job, status) = (self.job.id.as_ref().map_or("", |id| id.as_str()), self.job.status.word());
        err(Style::new(), format_args!("Job {job} is {status}; Ctrl-C leaves it so."))?;
        let open = self.job.services.iter().filter(|(_, service)| service.status == ServiceStatus::Running);
        for (id, service) in open {
            self.service(id, &service.step, &service.ports)?;
        }
        Ok(())
    }

    /// How the job stands.
    pub(crate) fn status(&self) -> Status {
        self.job.status
    }

    /// A watcher that has seen nothing yet but why these steps will fail.
    pub(crate) fn new(doomed: HashSet<StepId>) -> Self {
        let (last, progress_shown, waits_shown) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self {
            job: Job::default(),
            width: 4,
            last,
            progress_shown,
            waits_shown,
            doomed,
            out: LineOut::default(),
        }
    }

    /// Shows one notice.
    pub(crate) fn show(&mut self, notice: Notice) -> io::Result<()> {
        self.show_all(std::iter::once(notice))
    }

    /// Shows notices that are there at once.
    pub(crate) fn show_all(&mut self, notices: impl Iterator<Item = Notice>) -> io::Result<()> {
        for notice in notices {
            self.show_next(notice)?;
        }
        self.out.flush()
    }

    fn show_next(&mut self, notice: Notice) -> io::Result<()> {
        match notice {
            Notice::Lines(shown) => shown.lines.iter().try_for_each(|line| self.line(line)),
            Notice::Event(event) => self.event(event),
            Notice::Input(request) => {
                self.out.flush()?;
                ask(request);
                Ok(())
            }
            Notice::Progress { container, text } => {
                self.out.flush()?;
                self.progress(&container, &text)
            }
        }
    }

    /// Whether the job has been asked to stop and has not.
    pub(crate) fn is_stopping(&self) -> bool {
        self.job.status == Status::Stopping
    }

    /// Says which containers take their time to stop, and how long they may.
    pub(crate) fn waiting(&self, grace: Duration, interrupted: bool) -> io::Result<()> {
        let live = self.job.containers.iter().filter(|(_, container)| {
            matches!(container.status, ContainerStatus::Running | ContainerStatus::Stopping)
        });
        let names: Vec<&str> = live.map(|(id, _)| id.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let (names, seconds) = (names.join(", "), grace.as_secs());
        let again = if interrupted { " again" } else { "" };
        err(Style::new(), format_args!("Waiting up to {seconds} s for {names} to stop; Ctrl-C{again} kills."))
    }

    /// Says what steps wait for that have been waiting for something to be ready: of each step the first thing, and again when it
    /// takes twice as long.
    pub(crate) fn waits(&mut self, waits: &[Wait]) -> io::Result<()> {
        for wait in waits.iter().filter(|wait| wait.why.contains(": ")) {
            let due = self.waits_shown.get(&wait.step).is_none_or(|shown| wait.seconds >= shown * 2);
            if due {
                self.waits_shown.insert(wait.step.clone(), wait.seconds.max(1));
                let text = format!("Waits for {}, {} s.", wait.why, wait.seconds);
                self.note(&wait.step, "○", Style::new(), &text)?;
            }
        }
        Ok(())
    }

    /// Keeps a line, for when its step fails.
    pub(crate) fn remember(&mut self, line: &LogLine) {
        if !self.last.contains_key(&line.step) {
            self.last.insert(line.step.clone(), VecDeque::new());
        }
        let Some(last) = self.last.get_mut(&line.step) else { return };
        let mut room = String::new();
        if last.len() == Self::LAST_LINES {
            room = last.pop_front().unwrap_or_default();
        }
        shown(&line.text).clone_into(&mut room);
        last.push_back(room);
    }

    /// Shows a line of output, with the next ones or when [told to](Self::flush).
    pub(crate) fn line(&mut self, line: &LogLine) -> io::Result<()> {
        self.remember(line);
        write_line(&mut self.out, &line.step, self.width, &line.text)
    }

    /// Shows the lines that there are.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn progress(&mut self, container: &ContainerId, text: &str) -> io::Result<()> {
        let now = Instant::now();
        let due = self.progress_shown.get(container).is_none_or(|shown| now - *shown >= PROGRESS_PAUSE);
        if !due {
            return Ok(());
        }
        self.progress_shown.insert(container.clone(), now);
        match self.job.containers.get(container) {
            Some(of) => self.note(&of.step.clone(), "●", Style::new(), text),
            None => Ok(()),
        }
    }

    /// Shows what happened, after the lines that came before it.
    pub(crate) fn event(&mut self, event: Event) -> io::Result<()> {
        self.out.flush()?;
        self.job.apply(&event);
        match &event.what {
            What::JobCreated { job, steps, .. } => {
                self.width = steps.iter().map(|step| step.as_str().chars().count()).max().unwrap_or(4);
                err(Style::new(), format_args!("Job {job} runs."))
            }
            What::StepAdded { step, .. } => {
                self.width = self.width.max(step.as_str().chars().count());
                Ok(())
            }
            What::ContainerChanged { container, change } => {
                if let ContainerChange::Pulling { .. } = change {
                    // That it has begun is said here; how far it is, from a while later.
                    self.progress_shown.insert(container.clone(), Instant::now());
                }
                self.container(container, change)
            }
            What::ServiceOpened { service, step, ports, .. } => self.service(service, step, ports),
            What::StepCompared { step, same_as, reason } => {
                let (mark, runs) = if same_as.is_some() { ("=", "Not run again") } else { ("≠", "Runs") };
                self.note(step, mark, Style::new(), &format!("{runs}: {reason}."))
            }
            What::StepKept { step, job, .. } => {
                self.note(step, "✔", green(), &format!("Step finished in {job}."))
            }
            What::StepFinished { step, status, failure, .. } => {
                let message = failure.as_ref().map_or("", |failure| failure.message.as_str());
                self.step(step, *status, message)
            }
            What::StepRetrying { step, retry, delay_ms, failure } => {
                let first = failure.message.lines().next().unwrap_or_default();
                let pause = *delay_ms as f64 / 1e3;
                let first = first.trim_end_matches('.');
                let text = format!("Step failed: {first}. Retry {retry} in {pause} s.");
                self.note(step, "↻", yellow(), &text)
            }
            What::JobStopping { reason } => err(Style::new(), format_args!("Stopping: {reason}.")),
            What::Warned { step, message } => {
                let place = step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
                err(yellow(), format_args!("Warning: {place}{message}"))
            }
            What::JobFinished { status } => self.finished(*status),
            What::JobTakenOver => {
                err(yellow(), format_args!("The job's runner was gone: another one goes on with it."))
            }
            What::JobStarted
            | What::StepActed { .. }
            | What::StepStarted { .. }
            | What::ContainerRequested { .. }
            | What::ServiceReady { .. }
            | What::ServiceClosed { .. } => Ok(()),
        }
    }

    fn container(&self, id: &ContainerId, change: &ContainerChange) -> io::Result<()> {
        let Some(container) = self.job.containers.get(id) else { return Ok(()) };
        let step = &container.step;
        let plain = Style::new();
        match change {
            ContainerChange::Pulling { image } => {
                self.note(step, "●", plain, &format!("Pulling image {image}."))
            }
            ContainerChange::Started => self.note(step, "●", plain, &format!("Container {id} started.")),
            ContainerChange::Restarting { exit_code, restarts, delay_ms, .. } => {
                let of = match container.spec.restart.max_restarts {
                    Some(max) => format!(" (restart {} of {max})", restarts + 1),
                    None => format!(" (restart {})", restarts + 1),
                };
                let seconds = f64::from(u32::try_from(*delay_ms).unwrap_or(u32::MAX)) / 1000.0;
                let text = format!(
                    "Container {id} exited with code {exit_code}; it starts again in {seconds} s{of}."
                );
                self.note(step, "●", yellow(), &text)
            }
            ContainerChange::Exited { exit_code, out_of_memory } => {
                let memory = if *out_of_memory { " It ran out of memory." } else { "" };
                let style =
                    if *exit_code == 0 || self.job.status == Status::Stopping { plain } else { red() };
                self.note(step, "●", style, &format!("Container {id} exited with code {exit_code}.{memory}"))
            }
            ContainerChange::Created { .. }
            | ContainerChange::Stopping
            | ContainerChange::Ready
            | ContainerChange::Failed { .. }
            | ContainerChange::Removed => Ok(()),
        }
    }

    fn service(&self, service: &ServiceId, step: &StepId, ports: &[OpenPort]) -> io::Result<()> {
        for port in ports {
            let (Some(address), Some(exposed)) = (port.address(), port.exposed_as) else { continue };
            let taken = exposed.requested != exposed.port;
            let instead =
                if taken { format!(" (port {} is taken)", exposed.requested) } else { String::new() };
            let label = port.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
            self.note(step, "●", Style::new(), &format!("Service {service}{label}: {address}{instead}"))?;
        }
        Ok(())
    }

    fn step(&self, step: &StepId, status: Status, message: &str) -> io::Result<()> {
        match status {
            Status::Success => self.note(step, "✔", green(), "Step finished."),
            Status::Failed if self.doomed.contains(step) => {
                self.note(step, "✘", red(), "Step failed (see above).")
            }
            Status::Failed => {
                let first = message.lines().next().unwrap_or_default();
                self.note(step, "✘", red(), &format!("Step failed: {first}"))
            }
            Status::Canceled => self.note(step, "○", Style::new(), "Step did not run."),
            Status::Skipped => self.note(step, "○", Style::new(), "Step skipped: its `when` says no."),
            Status::Stopped => self.note(step, "○", Style::new(), "Step stopped."),
            Status::Queued | Status::Starting | Status::Running | Status::Stopping => Ok(()),
        }
    }

    fn note(&self, step: &StepId, mark: &str, style: Style, text: &str) -> io::Result<()> {
        for line in text.lines() {
            err(
                style,
                format_args!("{mark} {step:width$} {line}", step = step.as_str(), width = self.width),
            )?;
        }
        Ok(())
    }

    /// The steps that failed by themselves, not for a part of theirs.
    fn failed(&self) -> impl Iterator<Item = (&StepId, Option<&Failure>)> {
        let failed = || self.job.steps.iter().filter(|(_, step)| step.status == Status::Failed);
        let is_part = |part: &StepId, id: &StepId| {
            part.as_str().strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        failed()
            .filter(move |(id, _)| !failed().any(|(part, _)| is_part(part, id)))
            .map(|(id, step)| (id, step.failure.as_ref()))
    }

    fn finished(&self, status: Status) -> io::Result<()> {
        for (id, failure) in self.failed() {
            if status == Status::Success || self.doomed.contains(id) {
                // Dealt with by the code that called it; said before the job began.
                continue;
            }
            let message = failure.map(Failure::told).unwrap_or_default();
            err(red(), format_args!("\n✘ Step '{id}' failed: {message}"))?;
            if let Some(data) = failure.and_then(data_told) {
                err(Style::new(), format_args!("  Its data: {data}"))?;
            }
            for (container, state) in
                self.job.containers.iter().filter(|(_, container)| container.step == *id)
            {
                if let (ContainerStatus::Exited, Some(code)) = (state.status, state.exit_code) {
                    err(Style::new(), format_args!("  Container {container} exited with code {code}."))?;
                }
            }
            let last = self.last.get(id).map(|lines| lines.iter()).into_iter().flatten();
            for (index, line) in last.enumerate() {
                if index == 0 {
                    err(Style::new(), format_args!("  Its last lines:"))?;
                }
                err(Style::new(), format_args!("    {line}"))?;
            }
            if self.last.get(id).is_some_and(|lines| lines.iter().any(|line| line.contains(DISK_FULL))) {
                err(Style::new(), format_args!("  {DISK_CURE}"))?;
            }
        }
        let took = match (self.job.started_ts, self.job.finished_ts) {
            (Some(start), Some(end)) => format!(
                " after {:.1} s",
                (end.as_second() - start.as_second()) as f64
                    + f64::from(end.subsec_nanosecond() - start.subsec_nanosecond()) / 1e9
            ),
            _ => String::new(),
        };
        let job = self.job.id.as_ref().map_or("", |id| id.as_str());
        let (style, word) = match status {
            Status::Success => (green(), "succeeded"),
            Status::Failed => (red(), "failed"),
            Status::Queued
            | Status::Starting
            | Status::Running
            | Status::Stopping
            | Status::Stopped
            | Status::Skipped
            | Status::Canceled => (Style::new(), "stopped"),
        };
        err(style, format_args!("Job {job} {word}{took}."))
    }
}

/// The data of a failure, if they say more than what is shown of its containers anyway.
fn data_told(failure: &Failure) -> Option<&Data> {
    let of_container = |key: &pt_model::Key| ["container-id", "exit-code"].contains(&key.as_str());
    let says_more = match &failure.data {
        Data::Null => false,
        Data::Map(map) => !map.keys().all(of_container),
        Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) | Data::Secret(_) | Data::List(_) => {
            true
        }
    };
    says_more.then_some(&failure.data)
}

/// A line of output as `STEP | line`.
pub(crate) fn write_line(out: &mut LineOut, step: &StepId, width: usize, text: &str) -> io::Result<()> {
    let style = if out.is_styled() { colour_of(step) } else { Style::new() };
    writeln!(out, "{style}{step:width$} |{style:#} {}", shown(text), step = step.as_str())?;
    out.end_line()
}

/// What a terminal would show of a line that overwrites itself, as progress bars do.
fn shown(text: &str) -> &str {
    text.rsplit('\r').find(|piece| !piece.is_empty()).unwrap_or("")
}

fn err(style: Style, text: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(anstream::stderr().lock(), "{style}{text}{style:#}")
}

/// A colour that a step keeps.
fn colour_of(step: &StepId) -> Style {
    const COLOURS: [AnsiColor; 6] = [
        AnsiColor::Cyan,
        AnsiColor::Green,
        AnsiColor::Magenta,
        AnsiColor::Yellow,
        AnsiColor::Blue,
        AnsiColor::BrightCyan,
    ];
    let sum: usize = step.as_str().bytes().map(usize::from).sum();
    Style::new().fg_color(Some(COLOURS[sum % COLOURS.len()].into()))
}

fn red() -> Style {
    Style::new().fg_color(Some(AnsiColor::Red.into()))
}

fn green() -> Style {
    Style::new().fg_color(Some(AnsiColor::Green.into()))
}

fn yellow() -> Style {
    Style::new().fg_color(Some(AnsiColor::Yellow.into()))
}
