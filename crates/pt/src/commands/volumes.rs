//! `pt volumes`: what of a project's data lies in the engine.

use std::io::Write;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use pt_backend::{Found, FoundVolume};
use pt_engine::volume_name;
use pt_model::{Labels, VolumeId};
use pt_server::{App, Volumes};
use pt_store::{DatasetSource, Instance, Lineage, Store};
use pt_syntax::suggest;
use serde_json::{Value, json};

use super::datasets::size;
use crate::cli::{ContextArgs, OutputArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::table::Table;

/// What can be done with volumes.
#[derive(Debug, Subcommand)]
pub(crate) enum VolumesCommand {
    List(ListVolumesArgs),
    Get(GetVolumeArgs),
    #[command(name = "rm", visible_alias = "delete")]
    Remove(RemoveVolumesArgs),
    Snapshot(SnapshotArgs),
    Restore(RestoreArgs),
    Clone(CloneArgs),
}

/// Lists the volumes of the project and of its jobs, and who uses them.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListVolumesArgs {
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Shows a volume: whose it is, what it is called in the engine, and who uses it.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetVolumeArgs {
    /// Its id, or its name in the engine.
    #[arg(value_name = "volume")]
    volume: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Removes volumes, with what they hold. One that is in use stays.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RemoveVolumesArgs {
    /// Their ids, or their names in the engine.
    #[arg(value_name = "volume", required = true)]
    volumes: Vec<String>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Stores what a volume holds as the next version of a dataset.
///
/// What is being written while it is read may be torn: stop who writes.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SnapshotArgs {
    /// Its id, or its name in the engine.
    #[arg(value_name = "volume")]
    volume: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// The dataset [default: volume-ID].
    #[arg(long, value_name = "id")]
    dataset: Option<String>,
}

/// Makes a volume of the project anew with the files of a dataset. What it held is gone.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RestoreArgs {
    /// Its id, or its name in the engine.
    #[arg(value_name = "volume")]
    volume: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// The dataset [default: volume-ID].
    #[arg(long, value_name = "id")]
    dataset: Option<String>,
    /// Its version [default: the newest].
    #[arg(long = "dataset-version", value_name = "number")]
    of: Option<u32>,
}

/// Makes a new volume of the project with what another holds.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CloneArgs {
    /// Its id, or its name in the engine.
    #[arg(value_name = "volume")]
    volume: String,
    /// The id of the new one.
    #[arg(value_name = "new")]
    new: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(command: &VolumesCommand, config: &Config) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            VolumesCommand::List(args) => list(args, config).await,
            VolumesCommand::Get(args) => get(args, config).await,
            VolumesCommand::Remove(args) => remove(args, config).await,
            VolumesCommand::Snapshot(args) => snapshot(args, config).await,
            VolumesCommand::Restore(args) => restore(args, config).await,
            VolumesCommand::Clone(args) => copy(args, config).await,
        }
    })
}

/// A volume, and by whom it is used.
struct Volume {
    found: FoundVolume,
    /// Whether it is of a sandbox beside the checkout.
    isolated: bool,
    users: Vec<String>,
}

impl Volume {
    fn id(&self) -> &str {
        self.found.labels.get(Labels::VOLUME).unwrap_or(&self.found.name)
    }

    fn job(&self) -> Option<&str> {
        self.found.labels.get(Labels::JOB)
    }

    fn is(&self, wanted: &str) -> bool {
        self.id() == wanted || self.found.name == wanted
    }

    fn check_unused(&self) -> Outcome {
        if self.users.is_empty() {
            return Ok(());
        }
        let (id, users) = (self.id(), self.users.join(", "));
        Err(Failure::new(format!("The volume {id} is in use: by {users}."))
            .hint("Stop the job first (`pt stop`); `pt clean` removes what dead jobs left."))
    }

    fn described(&self) -> Value {
        let mut value =
            json!({"id": self.id(), "scope": if self.job().is_some() { "job" } else { "project" }});
        if let Some(job) = self.job() {
            value["job"] = json!(job);
        }
        if self.isolated {
            value["isolated"] = json!(true);
        }
        value["name"] = json!(self.found.name);
        value["used-by"] = json!(self.users);
        value
    }
}

async fn list(args: &ListVolumesArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    let described: Vec<Value> = volumes.iter().map(Volume::described).collect();
    args.output.print_list(
        &described,
        |one| one["id"].as_str().unwrap_or_default().to_owned(),
        || {
            if volumes.is_empty() {
                return "There are no volumes of this project.\n".to_owned();
            }
            let mut table = Table::new(&["VOLUME", "SCOPE", "USED BY", "NAME IN THE ENGINE"]);
            for volume in &volumes {
                let scope = volume.job().map_or_else(|| "project".to_owned(), |job| format!("job {job}"));
                let scope = if volume.isolated { format!("{scope} (isolated)") } else { scope };
                let users = if volume.users.is_empty() { "–".to_owned() } else { volume.users.join(", ") };
                table.row(vec![volume.id().to_owned(), scope, users, volume.found.name.clone()]);
            }
            table.render()
        },
    )
}

async fn get(args: &GetVolumeArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    args.output.print(&find(&volumes, &args.volume)?.described())
}

async fn remove(args: &RemoveVolumesArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    // All are looked up before one is removed.
    let meant: Vec<&Volume> =
        args.volumes.iter().map(|wanted| find(&volumes, wanted)).collect::<Result<_, Failure>>()?;
    meant.iter().try_for_each(|volume| volume.check_unused())?;
    let backend = app.backend().await?;
    for volume in meant {
        let removed = backend.remove_volume(&volume.found.name).await;
        removed.map_err(|error| Failure::new(error.message).hint(error.hint))?;
        writeln!(anstream::stderr().lock(), "The volume {} is removed.", volume.id())?;
    }
    Ok(())
}

async fn snapshot(args: &SnapshotArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    let volume = find(&volumes, &args.volume)?;
    let dataset = args.dataset.clone().unwrap_or_else(|| dataset_of(volume.id()));
    let files = Volumes::new(app.backend().await?, app.store.clone());
    let id = instance.id.clone();
    let store = move |store: &Store, source: DatasetSource<'_>| {
        store.put_dataset(&id, &dataset, source, &Lineage::default(), Timestamp::now())
    };
    let stored = files.snapshot(&volume.found.name, &volume.found.labels, store).await?;
    args.output.print_or(&stored, || {
        let (volume, size) = (volume.id(), size(stored.size_b));
        format!("The volume {volume} is stored as {}, version {}: {size}.\n", stored.id, stored.version)
    })
}

async fn restore(args: &RestoreArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    let there = volumes.iter().find(|volume| volume.is(&args.volume));
    there.map_or(Ok(()), Volume::check_unused)?;
    let id = there.map_or(args.volume.as_str(), Volume::id);
    let dataset = args.dataset.clone().unwrap_or_else(|| dataset_of(id));
    let found = app.store.dataset(&instance.id, &dataset, args.of)?;
    let dataset = found.ok_or_else(|| {
        let version = args.of.map(|of| format!(", version {of}")).unwrap_or_default();
        Failure::new(format!("This project has no dataset '{dataset}'{version}."))
            .hint("`pt datasets list` lists them; --dataset names one.")
    })?;
    let (name, labels) = match there {
        Some(volume) => (volume.found.name.clone(), volume.found.labels.clone()),
        None => of_project(&instance, id),
    };
    let files = Volumes::new(app.backend().await?, app.store.clone());
    let (of, version) = (dataset.id.clone(), dataset.version);
    files.restore(dataset, &name, &labels).await?;
    writeln!(anstream::stderr().lock(), "The volume {id} holds {of}, version {version}.")?;
    Ok(())
}

async fn copy(args: &CloneArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let volumes = all(&app, &instance).await?;
    let volume = find(&volumes, &args.volume)?;
    let (name, labels) = of_project(&instance, &args.new);
    if volumes.iter().any(|volume| volume.found.name == name) {
        return Err(Failure::new(format!("There is a volume '{}' already.", args.new))
            .hint(format!("Choose another id, or remove it: pt volumes rm {}", args.new)));
    }
    let files = Volumes::new(app.backend().await?, app.store.clone());
    files.copy(&volume.found.name, &name, &labels).await?;
    writeln!(anstream::stderr().lock(), "The volume {} holds what {} does.", args.new, volume.id())?;
    Ok(())
}

fn dataset_of(volume: &str) -> String {
    format!("volume-{volume}")
}

/// The name and labels of a volume that is the project's.
fn of_project(instance: &Instance, id: &str) -> (String, Labels) {
    let id = VolumeId::new(id);
    let labels = Labels::of_instance(&instance.id, &instance.root.display().to_string());
    (volume_name(instance, &id), labels.with(Labels::VOLUME, id.as_str()))
}

fn open(context: &ContextArgs, project: &ProjectArgs, config: &Config) -> Result<(App, Instance), Failure> {
    let app = config.open(context)?;
    let instance = app.instance(project.polytope_file.as_deref())?;
    Ok((app, instance))
}

/// All volumes of the project, those that outlive jobs first, and those of isolated sandboxes last.
async fn all(app: &App, instance: &Instance) -> Result<Vec<Volume>, Failure> {
    let mut volumes = of(app, instance).await?;
    for beside in app.store.instances_beside(instance)? {
        volumes.extend(of(app, &beside).await?);
    }
    Ok(volumes)
}

async fn of(app: &App, instance: &Instance) -> Result<Vec<Volume>, Failure> {
    let labels = Labels::default().with(Labels::INSTANCE, instance.id.as_str());
    let backend = app.backend().await?;
    let found = backend.find(&labels).await;
    let Found { containers, volumes, .. } =
        found.map_err(|error| Failure::new(error.message).hint(error.hint))?;
    let users = |name: &String| {
        let users = containers.iter().filter(|container| container.volumes.contains(name)).map(|container| {
            let label = |key| container.labels.get(key);
            match (label(Labels::CONTAINER), label(Labels::JOB)) {
                (Some(container), Some(job)) => format!("{container} of job {job}"),
                _ => container.name.clone(),
            }
        });
        users.collect()
    };
    let mut volumes: Vec<Volume> = volumes
        .into_iter()
        .map(|found| Volume { users: users(&found.name), isolated: instance.isolated, found })
        .collect();
    volumes.sort_by(|a, b| (a.job(), a.id()).cmp(&(b.job(), b.id())));
    Ok(volumes)
}

fn find<'v>(volumes: &'v [Volume], wanted: &str) -> Result<&'v Volume, Failure> {
    // Sorted: of two with one id, the project's comes first.
    volumes.iter().find(|volume| volume.is(wanted)).ok_or_else(|| {
        let near = suggest(wanted, volumes.iter().map(Volume::id));
        let near = near.map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
        Failure::new(format!("This project has no volume '{wanted}'."))
            .hint(format!("{near}`pt volumes list` lists them."))
    })
}
