//! Going on with a job whose runner is gone.

use pt_server::{JobRecord, Unset};

use super::{Signals, announce, follow};
use crate::cli::ContextArgs;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::targets;

/// Runs an orphaned job to its end, for another process, which waits for its id.
pub(crate) fn go_on(context: &ContextArgs, record: &JobRecord, config: &Config) -> Outcome {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("Could not start: {error}")))?;
    runtime.block_on(async {
        let succession = config.open(context)?.claim(&record.key)?;
        let request = succession.request.clone();
        let mut app = config.open(&ContextArgs { context: Some(request.context) })?;
        if let Some(dir) = request.working_dir.filter(|dir| dir.is_dir()) {
            app.environment.working_dir = dir;
        }
        let mut project = app.load(request.root_file.as_deref(), &app.environment.context)?;
        let groups = targets::read(&request.groups.join(&",".to_owned()), &mut project.loaded.project)?;
        app.refer(&mut project, &groups);
        let planned = app.plan(&project, &groups, &Unset)?;
        let Some(plan) = targets::startable(&project.loaded, planned)? else { return Err(Failure::silent(1)) };
        let signals = Signals::new()?;
        let changed = succession.files_changed(&project);
        let started = app.take_over(succession, plan, project).await?;
        if changed {
            started.running.control.warn(
                "The project's files have changed since the job began: what it had not begun runs as they are now.",
            );
        }
        announce(&started)?;
        follow(started, None, None, signals).await.map(drop)
    })
}
