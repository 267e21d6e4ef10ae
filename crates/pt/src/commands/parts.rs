//! `pt steps`, `pt containers`, `pt services`: the parts of jobs.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use pt_model::{ContainerStatus, Job, ServiceStatus};
use pt_server::JobRecord;
use pt_syntax::suggest;
use serde_json::{Value, json};

use crate::cli::{ContextArgs, OutputArgs, ProjectArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::jobs_of::{self, JobsOfArgs};
use crate::table::Table;

/// What can be done with parts of jobs: the word stands in for `NOUN`.
#[derive(Debug, Subcommand)]
pub(crate) enum PartsCommand {
    List(ListPartsArgs),
    Get(GetPartArgs),
}

/// Lists the NOUNs of the project's jobs that run.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListPartsArgs {
    #[command(flatten)]
    of: JobsOfArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Shows all that is known of a NOUN.
///
/// Of several jobs with such a NOUN, one that runs counts, or else the newest.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetPartArgs {
    /// The NOUN.
    #[arg(value_name = "id")]
    id: String,
    #[command(flatten)]
    context: ContextArgs,
    /// Takes it of this job.
    #[arg(long, value_name = "job", add = ArgValueCandidates::new(complete::jobs))]
    job: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// A kind of parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Step,
    Container,
    Service,
}

/// Runs the command.
pub(crate) fn run(part: Part, command: &PartsCommand, config: &Config) -> Outcome {
    match command {
        PartsCommand::List(args) => list(part, args, config),
        PartsCommand::Get(args) => get(part, args, config),
    }
}

fn list(part: Part, args: &ListPartsArgs, config: &Config) -> Outcome {
    let records = args.of.records(config)?;
    let found: Vec<Value> = records.iter().flat_map(|record| part.all(record)).collect();
    args.output.print_list(
        &found,
        |one| one["id"].as_str().unwrap_or_default().to_owned(),
        || {
            part.table(&records).unwrap_or_else(|| {
                format!("No {}s: nothing runs here. With --all, those of past jobs.\n", part.word())
            })
        },
    )
}

fn get(part: Part, args: &GetPartArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let mut records = match &args.job {
        Some(job) => vec![jobs_of::find(&app, &instance, job)?],
        None => app.jobs_here(&instance, true)?,
    };
    // Stable: the newest of either kind stays in front.
    records.sort_by_key(|record| record.job.status.has_ended());
    let mut all = records.iter().flat_map(|record| part.all(record));
    match all.find(|one| one["id"] == args.id.as_str()) {
        Some(found) => args.output.print(&found),
        None => {
            let all: Vec<Value> = records.iter().flat_map(|record| part.all(record)).collect();
            let near = suggest(&args.id, all.iter().filter_map(|one| one["id"].as_str()));
            let near = near.map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
            let word = part.word();
            Err(Failure::new(format!("No {word} '{}' is known here.", args.id))
                .hint(format!("{near}`pt {word}s list --all` lists them.")))
        }
    }
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Container => "container",
            Self::Service => "service",
        }
    }

    /// All that is known of a job's parts.
    fn all(self, record: &JobRecord) -> Vec<Value> {
        let job = &record.job;
        let whole = |id: &str, mut facts: Value| {
            let mut whole = json!({"id": id, "job": record.id()});
            if record.instance.isolated {
                whole["isolated"] = json!(true);
            }
            if let (Some(whole), Some(facts)) = (whole.as_object_mut(), facts.as_object_mut()) {
                whole.append(facts);
            }
            whole
        };
        match self {
            Self::Step => {
                let steps = job.steps.iter().map(|(id, step)| {
                    let mut facts = json!(step);
                    let of = job.containers.iter().filter(|(_, container)| container.step == *id);
                    facts["containers"] = of.map(|(id, _)| json!(id)).collect();
                    whole(id.as_str(), facts)
                });
                steps.collect()
            }
            Self::Container => {
                let containers = job.containers.iter();
                containers.map(|(id, container)| whole(id.as_str(), json!(container))).collect()
            }
            Self::Service => {
                let services = job.services.iter().map(|(id, service)| {
                    let mut facts = json!(service);
                    for (port, shown) in
                        service.ports.iter().zip(facts["ports"].as_array_mut().into_iter().flatten())
                    {
                        if let Some(address) = port.address() {
                            shown["url"] = json!(address);
                        }
                    }
                    whole(id.as_str(), facts)
                });
                services.collect()
            }
        }
    }

    /// For people; nothing if there is nothing to show.
    fn table(self, records: &[JobRecord]) -> Option<String> {
        let mut table = Table::new(match self {
            Self::Step => &["STEP", "STATUS", "CONTAINERS", "JOB"],
            Self::Container => &["CONTAINER", "STATUS", "IMAGE", "STEP", "JOB"],
            Self::Service => &["SERVICE", "STATUS", "PORT", "LABEL", "ADDRESS", "CONTAINER", "JOB"],
        });
        let mut any = false;
        for record in records {
            for row in self.rows(&record.job) {
                any = true;
                table.row(row.into_iter().chain([record.shown()]).collect());
            }
        }
        any.then(|| table.render())
    }

    fn rows(self, job: &Job) -> Vec<Vec<String>> {
        match self {
            Self::Step => {
                let rows = job.steps.iter().map(|(id, step)| {
                    let of = job.containers.iter().filter(|(_, container)| container.step == *id);
                    let of: Vec<&str> = of.map(|(id, _)| id.as_str()).collect();
                    vec![id.to_string(), step.status.word().to_owned(), of.join(", ")]
                });
                rows.collect()
            }
            Self::Container => {
                let rows = job.containers.iter().map(|(id, container)| {
                    let status = match container.exit_code {
                        Some(code) if container.status == ContainerStatus::Exited => {
                            format!("exited ({code})")
                        }
                        Some(_) | None => status(&json!(container.status)),
                    };
                    vec![id.to_string(), status, container.spec.image.clone(), container.step.to_string()]
                });
                rows.collect()
            }
            Self::Service => {
                let mut rows = Vec::new();
                for (id, service) in &job.services {
                    for port in &service.ports {
                        let address = port.address().filter(|_| service.status == ServiceStatus::Running);
                        rows.push(vec![
                            id.to_string(),
                            // It is open from its start on; whether anybody listens shows later.
                            match service.status {
                                ServiceStatus::Running if !service.ready => "starting".to_owned(),
                                ServiceStatus::Running | ServiceStatus::Stopped => {
                                    status(&json!(service.status))
                                }
                            },
                            format!("{}/{}", port.port, port.protocol.word()),
                            port.label.clone().unwrap_or_default(),
                            address.unwrap_or_else(|| "–".to_owned()),
                            service.container.to_string(),
                        ]);
                    }
                }
                rows
            }
        }
    }
}

/// The word that data has for it.
fn status(data: &Value) -> String {
    data.as_str().unwrap_or_default().to_owned()
}
