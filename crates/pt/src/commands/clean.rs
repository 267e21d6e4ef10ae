//! `pt clean`: removes what killed runners left behind, and nothing else.

use std::io::Write;

use pt_engine::remove_leftovers;
use pt_server::{App, Environment, JobRecord};

use crate::cli::CleanArgs;
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub(crate) fn run(args: &CleanArgs) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(clean(args))
}

async fn clean(args: &CleanArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let backend = app.backend().await?;
    let here = app.instance()?;
    let instances = if args.all { app.store.instances()? } else { vec![here] };
    let mut err = anstream::stderr().lock();
    let mut removed = 0;
    let mut problems = Vec::new();
    for instance in &instances {
        let leftovers = app.leftovers(instance, &*backend).await?;
        let found = &leftovers.found;
        let names = found.containers.iter().map(|container| ("container", &container.name));
        let names = names.chain(found.networks.iter().map(|network| ("network", &network.name)));
        for (kind, name) in names.chain(found.volumes.iter().map(|volume| ("volume", &volume.name))) {
            writeln!(err, "{} {kind} {name}", if args.dry_run { "Would remove" } else { "Removing" })?;
            removed += 1;
        }
        if args.dry_run {
            continue;
        }
        problems.extend(remove_leftovers(&backend, leftovers).await);
        for orphan in app.jobs(Some(instance))?.iter().filter(|record| JobRecord::is_orphan(record)) {
            problems.extend(app.clear_away(orphan, &backend).await?);
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
