//! A polytope file, a simulated world and what somebody does meanwhile → what happened, event by event.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pt_backend::Backend;
use pt_backend::sim::{Sim, SimOptions};
use pt_engine::{
    Control, Engine, InputRequest, Notice, Options, Outputs, Outside, Person, Planning, RepositoryAt, Running,
};
use pt_model::{ContainerChange, Data, Labels, LogLine, Secret, Text, What};
use pt_plan::{Named, Plan, Planned, Request};
use pt_spec::{Project, World};
use pt_store::{JobKey, Scope, Store};
use pt_syntax::Sources;

/// A project of one file.
struct OneFile<'a>(&'a str);

impl World for OneFile<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        if self.exists(path) { Ok(self.0.to_owned()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn exists(&self, path: &Path) -> bool {
        path == Path::new("/project/polytope.yml")
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }
}

/// Every secret is set, to the same text.
struct Hunter<'a>(&'a Outputs<'a>);

impl Named for Hunter<'_> {
    fn value(&self, _: &str) -> Option<String> {
        None
    }

    fn secret(&self, name: &str) -> Option<Text> {
        Some(Text::from(Secret::new(name, "hunter2")))
    }

    fn output(&self, level: usize, step: &str, path: Option<&str>) -> Option<Data> {
        (self.0)(level, step, path)
    }
}

/// The project, loaded.
struct AtHand(Project);

impl Planning for AtHand {
    fn plan(&self, requests: &[Vec<Request>], outputs: &Outputs<'_>) -> Result<Planned, String> {
        Ok(pt_plan::plan(&self.0, requests, &Hunter(outputs)))
    }

    fn sources(&self) -> &Sources {
        self.0.sources()
    }
}

/// The project's file is all there is; other repositories are directories of the store.
struct Little {
    file: String,
    dir: PathBuf,
}

impl Outside for Little {
    fn project(&self, _: &str) -> Result<Arc<dyn Planning>, String> {
        Ok(Arc::new(AtHand(load(&self.file))))
    }

    fn repository(&self, repository: &RepositoryAt<'_>) -> Result<PathBuf, String> {
        let RepositoryAt { reference, revision } = *repository;
        let name = format!("{}@{}", reference.unwrap_or("own"), revision.unwrap_or("HEAD")).replace('/', "-");
        Some(self.dir.join(&name)).filter(|dir| dir.is_dir()).ok_or_else(|| format!("There is no {name}."))
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// A project of this one file, to plan against.
pub(crate) fn at_hand(file: &str) -> impl Planning + 'static {
    AtHand(load(file))
}

fn load(file: &str) -> Project {
    Project::load(&OneFile(file), PathBuf::from("/project/polytope.yml")).project
}

/// What code logs: its lines, and the end of the step if it failed.
pub(crate) fn logs(code: &str) -> String {
    logs_of("#pt-clj", code)
}

/// The same of code with this prefix.
pub(crate) fn logs_of(prefix: &str, code: &str) -> String {
    let code: String = code.trim().lines().map(|line| format!("      {line}\n")).collect();
    let happened = happens(&format!("  - id: a\n    code: |\n      {prefix}\n{code}"), None, "", &[]);
    let shown = |line: &str| match line.strip_prefix("a | ") {
        Some(line) => Some(line.to_owned()),
        None => line.strip_prefix("a failed: ").map(|why| format!("failed: {why}")),
    };
    happened.lines().filter_map(shown).collect::<Vec<_>>().join("\n")
}

/// Asserts what code logs.
#[track_caller]
pub(crate) fn assert_logs(code: &str, expected: &str) {
    let lines = |text: &str| text.trim().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&logs(code)), lines(expected), "{code}");
}

/// What somebody does when a line has come to pass.
pub(crate) type Deed = fn(&Control, &Store, &JobKey);

/// Runs the template `t` of a file. `faults` scripts the world, `deeds` are done after lines.
pub(crate) fn happens(steps: &str, until: Option<&str>, faults: &str, deeds: &[(&str, Deed)]) -> String {
    happens_in(&format!("templates:\n- id: t\n  run:\n{steps}"), until, faults, deeds)
}

/// Runs the template `t` of a whole file.
pub(crate) fn happens_in(file: &str, until: Option<&str>, faults: &str, deeds: &[(&str, Deed)]) -> String {
    // Servers of this machine answer in its time.
    let simulated = !file.contains("pt/http-request");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(simulated).build();
    runtime.unwrap().block_on(run(file, until, faults, deeds))
}

async fn run(file: &str, until: Option<&str>, faults: &str, deeds: &[(&str, Deed)]) -> String {
    let (engine, plan, options) = set_up(file, until, faults);
    let key = options.job.clone();
    let running = engine.start(plan, options).unwrap();
    see_through(&engine, &key, running, deeds).await
}

/// An engine in a world of its own, and what it needs to run the template `t` of a file.
pub(crate) fn set_up(file: &str, until: Option<&str>, faults: &str) -> (Engine, Plan, Options) {
    let project = AtHand(load(file));
    let request = Request { reference: "t".to_owned(), ..Request::default() };
    let planned = project.plan(&[vec![request]], &pt_engine::no_outputs).unwrap();
    let plan = planned.plan.unwrap_or_else(|| panic!("{:?}", planned.diagnostics));
    let store = Store::in_memory().unwrap();
    let instance = store.instance(store.dir(), Timestamp::now()).unwrap();
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(faults.parse::<SimOptions>().unwrap()));
    let engine = Engine { backend, store: store.clone() };
    let options = Options {
        job: store.create_job(&instance.id, "t", Timestamp::now()).unwrap(),
        instance: instance.clone(),
        project: Arc::new(project),
        outside: Arc::new(Little { file: file.to_owned(), dir: store.dir().to_owned() }),
        scope: Scope::new("local", instance.id.clone()),
        working_dir: PathBuf::from("/project"),
        person: Person { uid: 1000, gid: 1000, name: "ann".to_owned(), home: None },
        interactive: file.contains("interactive"),
        open: file.starts_with("# open"),
        until: until.map(Into::into),
        no_cache: false,
        reception: None,
        resumes: None,
        grace: Duration::from_secs(10),
    };
    (engine, plan, options)
}

/// What happens until a job is over.
pub(crate) async fn see_through(
    engine: &Engine,
    key: &JobKey,
    mut running: Running,
    deeds: &[(&str, Deed)],
) -> String {
    let Engine { backend, store } = engine;
    // In the time of this machine, not of the simulated world: a container that nobody stops runs for ever.
    let control = running.control.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(120));
        control.kill();
    });
    let (mut happened, mut stopped) = (String::new(), String::new());
    while let Some(notice) = running.notices.recv().await {
        let line = match notice {
            Notice::Event(event) => told(&event.what),
            Notice::Lines(shown) => {
                let told = |line: &LogLine| format!("{} | {}", line.step, line.text);
                Some(shown.lines.iter().map(told).collect::<Vec<_>>().join("\n"))
            }
            Notice::Input(InputRequest { kind, answer, .. }) => {
                drop(answer.send(Data::from("forty-two")));
                Some(format!("asked for {kind}"))
            }
            Notice::Progress { .. } => None,
        };
        let Some(line) = line else { continue };
        // Code that is stopped ends before its containers or after them, as chance has it: told at the end.
        if line.ends_with(" stopped") && !line.starts_with("job ") {
            writeln!(stopped, "{line}").unwrap();
            continue;
        }
        if line.starts_with("job ") {
            happened.push_str(&stopped);
        }
        writeln!(happened, "{line}").unwrap();
        deeds
            .iter()
            .filter(|(after, _)| line.lines().next() == Some(*after))
            .for_each(|(_, deed)| deed(&running.control, store, key));
    }
    match running.done.await.unwrap() {
        Ok(_) => {
            let stored = serde_json::to_string(&store.events(key, 0).unwrap()).unwrap();
            assert!(!["hunter2", "471100"].iter().any(|secret| stored.contains(secret)), "{stored}");
        }
        Err(error) => writeln!(happened, "error: {error}").unwrap(),
    }
    let left = backend.find(&Labels::default()).await;
    if left.is_ok_and(|left| !left.containers.is_empty() || !left.networks.is_empty()) {
        happened.push_str("something is left\n");
    }
    happened
}

/// An event in words; nothing for those that no test is about.
fn told(what: &What) -> Option<String> {
    Some(match what {
        What::JobStopping { reason } => format!("stopping: {reason}"),
        What::JobFinished { status } => format!("job {}", status.word()),
        What::StepStarted { step } => format!("{step} started"),
        What::StepCompared { step, reason, .. } => format!("{step} compared: {reason}"),
        What::StepKept { step, .. } => format!("{step} kept"),
        What::StepRetrying { step, retry, .. } => format!("{step} retry {retry}"),
        What::StepFinished { step, status, failure, .. } => match failure {
            Some(failure) => format!("{step} {}: {}", status.word(), failure.told()),
            None => format!("{step} {}", status.word()),
        },
        What::ContainerRequested { container, spec, .. } => format!("{container} requested: {}", spec.image),
        What::ContainerChanged { container, change } => match change {
            ContainerChange::Pulling { .. } => format!("{container} pulling"),
            ContainerChange::Started => format!("{container} runs"),
            ContainerChange::Restarting { exit_code, restarts, delay_ms, .. } => {
                format!("{container} exited with {exit_code}, restart {restarts} in {delay_ms} ms")
            }
            ContainerChange::Stopping => format!("{container} stopping"),
            ContainerChange::Exited { exit_code, .. } => format!("{container} exited with {exit_code}"),
            ContainerChange::Failed { message } => format!("{container} failed: {message}"),
            // When is chance; that nothing is left is verified at the end.
            ContainerChange::Created { .. } | ContainerChange::Ready | ContainerChange::Removed => {
                return None;
            }
        },
        What::ServiceOpened { service, .. } => format!("service {service} opened"),
        What::ServiceClosed { service } => format!("service {service} closed"),
        // When is chance.
        What::ServiceReady { .. } => return None,
        What::Warned { message, .. } => format!("warning: {message}"),
        What::JobTakenOver => "taken over".to_owned(),
        What::JobCreated { .. } | What::JobStarted | What::StepActed { .. } | What::StepAdded { .. } => {
            return None;
        }
    })
}

#[track_caller]
pub(crate) fn assert_happens(happened: &str, expected: &str) {
    let expected: String = expected.trim().lines().map(|line| format!("{}\n", line.trim())).collect();
    let lines: String = happened.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert_eq!(lines, expected, "\n{happened}");
}
