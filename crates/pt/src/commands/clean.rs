//! `pt clean`: removes what killed runners left behind, and nothing else.

use std::io::Write;

use clap::Args;
use pt_engine::remove_leftovers;
use pt_server::App;
use pt_store::Instance;

use crate::cli::{ContextArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};

/// Removes what killed jobs left behind, and nothing else.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CleanArgs {
    /// Does so for all projects.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Only tells what it would remove.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Removes the volumes that outlive jobs, too, with what they hold.
    #[arg(long)]
    pub(crate) volumes: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(args: &CleanArgs, config: &Config) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(clean(args, config))
}

async fn clean(args: &CleanArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let backend = app.backend().await?;
    let here = app.instance(args.project.polytope_file.as_deref())?;
    // The sandboxes of agents beside this checkout are of it, too.
    let beside = app.store.instances_beside(&here)?;
    let instances =
        if args.all { app.store.instances()? } else { [here].into_iter().chain(beside).collect() };
    if args.volumes {
        for instance in &instances {
            if !app.project_volumes(instance, &*backend).await?.is_empty() {
                refuse_while_running(&app, instance)?;
            }
        }
    }
    let mut err = anstream::stderr().lock();
    let mut removed = 0;
    let mut problems = Vec::new();
    for instance in &instances {
        let leftovers = app.leftovers(instance, &*backend).await?;
        let found = &leftovers.found;
        let names = found.containers.iter().map(|container| ("container", &container.name));
        let names = names.chain(found.networks.iter().map(|network| ("network", &network.name)));
        let volumes = if args.volumes { app.project_volumes(instance, &*backend).await? } else { Vec::new() };
        let names = names.chain(found.volumes.iter().map(|volume| ("volume", &volume.name)));
        for (kind, name) in names.chain(volumes.iter().map(|name| ("volume", name))) {
            writeln!(err, "{} {kind} {name}", if args.dry_run { "Would remove" } else { "Removing" })?;
            removed += 1;
        }
        if args.dry_run {
            continue;
        }
        problems.extend(remove_leftovers(&backend, leftovers).await);
        for orphan in app.jobs(Some(instance), false)?.iter().filter(|record| record.is_orphan()) {
            problems.extend(app.clear_away(orphan, &backend).await?);
        }
        for volume in volumes {
            problems.extend(backend.remove_volume(&volume).await.err());
        }
    }
    if let Some(problem) = problems.first() {
        return Err(Failure::new(format!(
            "{} of {removed} things could not be removed: {problem}",
            problems.len()
        )));
    }
    if removed == 0 {
        writeln!(err, "Nothing is left behind.")?;
    }
    Ok(())
}

/// Volumes are not pulled from under a running job.
fn refuse_while_running(app: &App, instance: &Instance) -> Outcome {
    let Some(job) = app.jobs(Some(instance), false)?.into_iter().find(|record| record.alive) else {
        return Ok(());
    };
    let (job, root) = (job.id(), instance.root.display());
    Err(Failure::new(format!("The volumes of {root} may be in use: job {job} runs."))
        .hint(format!("`pt stop {job}` stops it.")))
}
