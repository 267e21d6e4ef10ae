//! `pt volumes`: what of a project's data lies in the engine.

use std::io::Write;

use clap::{Args, Subcommand};
use pt_backend::{Found, FoundVolume};
use pt_model::Labels;
use pt_server::App;
use pt_store::Instance;
use pt_syntax::suggest;
use serde_json::{Value, json};

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

/// Runs the command.
pub(crate) fn run(command: &VolumesCommand, config: &Config) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            VolumesCommand::List(args) => list(args, config).await,
            VolumesCommand::Get(args) => get(args, config).await,
            VolumesCommand::Remove(args) => remove(args, config).await,
        }
    })
}

/// A volume, and by whom it is used.
struct Volume {
    found: FoundVolume,
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

    fn described(&self) -> Value {
        let mut value =
            json!({"id": self.id(), "scope": if self.job().is_some() { "job" } else { "project" }});
        if let Some(job) = self.job() {
            value["job"] = json!(job);
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
    if let Some(used) = meant.iter().find(|volume| !volume.users.is_empty()) {
        let (id, users) = (used.id(), used.users.join(", "));
        return Err(Failure::new(format!("The volume {id} is in use: by {users}."))
            .hint("Stop the job first (`pt stop`); `pt clean` removes what dead jobs left."));
    }
    let backend = app.backend().await?;
    for volume in meant {
        let removed = backend.remove_volume(&volume.found.name).await;
        removed.map_err(|error| Failure::new(error.message).hint(error.hint))?;
        writeln!(anstream::stderr().lock(), "The volume {} is removed.", volume.id())?;
    }
    Ok(())
}

fn open(context: &ContextArgs, project: &ProjectArgs, config: &Config) -> Result<(App, Instance), Failure> {
    let app = config.open(context)?;
    let instance = app.instance(project.polytope_file.as_deref())?;
    Ok((app, instance))
}

/// All volumes of the project, those that outlive jobs first.
async fn all(app: &App, instance: &Instance) -> Result<Vec<Volume>, Failure> {
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
    let mut volumes: Vec<Volume> =
        volumes.into_iter().map(|found| Volume { users: users(&found.name), found }).collect();
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
