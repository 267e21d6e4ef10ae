//! The built-in tools. One noun, one file; what they are called and given stands here in one table.

mod check;
mod containers;
mod describe;
mod docs;
mod list;
mod restart;
mod run;
mod stop;
mod values;
mod wait;

use pt_server::AppError;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::Question;
use crate::server::Inner;

pub(crate) use run::call as run_target;

/// Who calls, and how the one is told what happens meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The name and version of the agent's program.
    pub(crate) name: String,
    /// Canceled when nobody waits for the answer any more.
    pub(crate) canceled: CancellationToken,
    /// Where to tell how a long call goes.
    pub(crate) told: Option<mpsc::UnboundedSender<Told>>,
    /// Where to ask the person at the agent's side, if the agent's program can ask.
    pub(crate) asks: Option<mpsc::UnboundedSender<Question>>,
}

/// How a call goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// So many steps of so many have ended.
    Progress {
        /// Steps that have ended.
        done: usize,
        /// All steps.
        total: usize,
        /// What just happened.
        message: String,
    },
    /// A line of output.
    Line {
        /// The step that wrote it.
        step: String,
        /// The line.
        text: String,
    },
}

impl Caller {
    /// Tells, if anybody listens.
    pub(crate) fn tell(&self, told: Told) {
        if let Some(to) = &self.told {
            // Who left needs no news.
            let _ = to.send(told);
        }
    }
}

/// What a built-in tool changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// It adds or runs something.
    Changes,
    /// It may destroy something.
    Destroys,
}

/// A built-in tool.
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    /// Older names of it.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) info: &'static str,
    pub(crate) effect: Effect,
    properties: fn() -> Value,
    required: &'static [&'static str],
    /// Other names of its properties.
    also: &'static [(&'static str, &'static [&'static str])],
    does: Does,
}

#[derive(Clone, Copy)]
enum Does {
    Instructions,
    Run,
    ListTools,
    ListSteps,
    ListServices,
    ListContainers,
    DescribeStep,
    DescribeService,
    DescribeContainer,
    DescribeSandbox,
    Logs,
    Exec,
    WaitUntil,
    Docs,
    GetValues,
    SetValue,
    Stop,
    Restart,
    ReadMore,
}

fn text(info: &str) -> Value {
    json!({"type": "string", "description": info})
}

fn number(info: &str) -> Value {
    json!({"type": "integer", "description": info})
}

fn listing() -> Value {
    json!({"like": text("part of the id"), "tags": tags(), "limit": number("default 50")})
}

fn tags() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

/// All of them.
pub(crate) const BUILT_INS: &[BuiltIn] = &[
    BuiltIn {
        name: "get-server-instructions",
        aliases: &[],
        info: "What this project's authors tell agents. Read it first.",
        effect: Effect::Reads,
        properties: || json!({}),
        required: &[],
        also: &[],
        does: Does::Instructions,
    },
    BuiltIn {
        name: "run",
        aliases: &["run-tool", "run-module", "run-template"],
        info: "Runs any tool, module or template, also polytope/postgres and the like. Returns when its steps have ended or \
               only services are left running. A failure begins with its cause.",
        effect: Effect::Changes,
        properties: || json!({"tool": text("its id or reference"), "args": {"type": "object"}}),
        required: &["tool"],
        also: &[],
        does: Does::Run,
    },
    BuiltIn {
        name: "list-tools",
        aliases: &[],
        info: "What `run` can run: the project's tools, templates and modules, with their params.",
        effect: Effect::Reads,
        properties: listing,
        required: &[],
        also: &[("tags", &["tag"])],
        does: Does::ListTools,
    },
    BuiltIn {
        name: "list-steps",
        aliases: &["list-steps-in-job"],
        info: "Steps that run or ran in the sandbox: id, status, what they call.",
        effect: Effect::Reads,
        properties: listing,
        required: &[],
        also: &[("tags", &["tag"]), ("job", &[])],
        does: Does::ListSteps,
    },
    BuiltIn {
        name: "list-services",
        aliases: &["list-services-in-job"],
        info: "Services: id, status, addresses.",
        effect: Effect::Reads,
        properties: listing,
        required: &[],
        also: &[("tags", &["tag"]), ("job", &[])],
        does: Does::ListServices,
    },
    BuiltIn {
        name: "list-containers",
        aliases: &[],
        info: "Containers: id, status, exit code, image.",
        effect: Effect::Reads,
        properties: listing,
        required: &[],
        also: &[("tags", &["tag"])],
        does: Does::ListContainers,
    },
    BuiltIn {
        name: "describe-step",
        aliases: &[],
        info: "All about a step; why it failed.",
        effect: Effect::Reads,
        properties: || json!({"step": text("id")}),
        required: &["step"],
        also: &[("step", &["id", "ref"])],
        does: Does::DescribeStep,
    },
    BuiltIn {
        name: "describe-service",
        aliases: &[],
        info: "All about a service.",
        effect: Effect::Reads,
        properties: || json!({"service": text("id")}),
        required: &["service"],
        also: &[("service", &["id", "ref"])],
        does: Does::DescribeService,
    },
    BuiltIn {
        name: "describe-container",
        aliases: &[],
        info: "All about a container: command, environment, mounts, exit code.",
        effect: Effect::Reads,
        properties: || json!({"container": text("id")}),
        required: &["container"],
        also: &[("container", &["id", "ref"])],
        does: Does::DescribeContainer,
    },
    BuiltIn {
        name: "describe-sandbox",
        aliases: &["describe-job"],
        info: "Where you are: project, revision, the job that all calls share, and what is in it.",
        effect: Effect::Reads,
        properties: || json!({}),
        required: &[],
        also: &[("job", &["id"])],
        does: Does::DescribeSandbox,
    },
    BuiltIn {
        name: "get-container-logs",
        aliases: &["logs", "get-logs", "get-logs-in-job", "get-step-logs"],
        info: "The last lines of a container or a step.",
        effect: Effect::Reads,
        properties: || {
            json!({
                "container": text("id, or a step's id"),
                "limit": number("lines, default 100"),
                "like": text("only lines that contain this"),
                "before": number("only lines before this number"),
                "since": text("only lines of the last time, as 30s or 5m"),
            })
        },
        required: &["container"],
        also: &[("container", &["step", "id", "ref", "job"]), ("limit", &["tail", "lines"])],
        does: Does::Logs,
    },
    BuiltIn {
        name: "exec",
        aliases: &[],
        info: "Runs a command in a running container.",
        effect: Effect::Destroys,
        properties: || {
            json!({
                "container": text("id, or a step's id"),
                "cmd": {
                    "description": "a list of words, or a line for sh",
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                },
                "timeout": number("seconds, default 60"),
            })
        },
        required: &["container", "cmd"],
        also: &[("container", &["id", "ref"]), ("cmd", &["command"])],
        does: Does::Exec,
    },
    BuiltIn {
        name: "wait-until",
        aliases: &[],
        info: "Waits until a step or service is ready, finished or failed, instead of asking again and again.",
        effect: Effect::Reads,
        properties: || {
            json!({
                "step": text("id; of a tool called several times, its newest call"),
                "service": text("id"),
                "state": {"enum": ["ready", "finished", "failed"], "description": "default: a service ready, a step finished"},
                "timeout": number("seconds, default 60, at most 600"),
            })
        },
        required: &[],
        also: &[("step", &["id", "ref"]), ("state", &["status"])],
        does: Does::WaitUntil,
    },
    BuiltIn {
        name: "docs",
        aliases: &[],
        info: "Documentation: without uri, what there is. bluetext://intro is where to begin, bluetext://blueprints how to add \
               services, bluetext://polytope/standard-modules/ID a standard module.",
        effect: Effect::Reads,
        properties: || json!({"uri": text(""), "like": text("only the parts that contain this")}),
        required: &[],
        also: &[("uri", &["id", "path"])],
        does: Does::Docs,
    },
    BuiltIn {
        name: "get-values",
        aliases: &["list-values"],
        info: "The project's values, and the names of its secrets.",
        effect: Effect::Reads,
        properties: || json!({"like": text("part of the id"), "limit": number("default 50")}),
        required: &[],
        also: &[("like", &["id"])],
        does: Does::GetValues,
    },
    BuiltIn {
        name: "set-value",
        aliases: &[],
        info: "Sets a value. One that is set is only replaced with confirm.",
        effect: Effect::Destroys,
        properties: || json!({"id": text(""), "data": text(""), "confirm": {"type": "boolean"}}),
        required: &["id", "data"],
        also: &[("id", &["value", "name"])],
        does: Does::SetValue,
    },
    BuiltIn {
        name: "stop",
        aliases: &["stop-job", "stop-step"],
        info: "Stops a step and its containers; without step, all that agents started. Needs confirm.",
        effect: Effect::Destroys,
        properties: || json!({"step": text("id"), "confirm": {"type": "boolean"}}),
        required: &[],
        also: &[("step", &["id", "ref", "job"])],
        does: Does::Stop,
    },
    BuiltIn {
        name: "restart-container",
        aliases: &[],
        info: "Stops a running container and starts it again: it keeps its files, ports and services.",
        effect: Effect::Changes,
        properties: || json!({"container": text("id, or a step's id")}),
        required: &["container"],
        also: &[("container", &["id", "ref"])],
        does: Does::Restart,
    },
    BuiltIn {
        name: "read-more",
        aliases: &[],
        info: "Goes on where an answer was cut.",
        effect: Effect::Reads,
        properties: || json!({"cursor": text("")}),
        required: &["cursor"],
        also: &[],
        does: Does::ReadMore,
    },
];

impl BuiltIn {
    /// The tool with this name, in whatever spelling.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let name = crate::arguments::kebab(name);
        BUILT_INS.iter().find(|tool| tool.name == name || tool.aliases.contains(&name.as_str()))
    }

    /// The JSON Schema of its arguments.
    pub(crate) fn schema(&self) -> serde_json::Map<String, Value> {
        let mut properties = (self.properties)();
        // A name that says all needs no description.
        for property in properties.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            if property.get("description").is_some_and(|info| info == "") {
                property.as_object_mut().map(|schema| schema.remove("description"));
            }
        }
        let mut schema = serde_json::Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), properties);
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        schema
    }

    /// Carries it out.
    pub(crate) async fn call(&self, server: &Inner, given: &Arguments, caller: &Caller) -> Answer {
        if let Err(wrong) = check::arguments(self, given) {
            return Answer::failure(wrong);
        }
        let answer = match self.does {
            Does::Instructions => server.instructions().map(Answer::document),
            Does::Run => run::run(server, given, caller).await,
            Does::ListTools => list::tools(server, given),
            Does::ListSteps => list::steps(server, given),
            Does::ListServices => list::services(server, given),
            Does::ListContainers => list::containers(server, given),
            Does::DescribeStep => describe::step(server, given),
            Does::DescribeService => describe::service(server, given),
            Does::DescribeContainer => describe::container(server, given),
            Does::DescribeSandbox => describe::sandbox(server, given),
            Does::Logs => containers::logs(server, given),
            Does::Exec => containers::exec(server, given, caller).await,
            Does::WaitUntil => wait::until(server, given, caller).await,
            Does::Docs => Ok(docs::read(server, given)),
            Does::GetValues => values::get(server, given),
            Does::SetValue => values::set(server, given),
            Does::Stop => stop::stop(server, given).await,
            Does::Restart => restart::restart(server, given, caller).await,
            Does::ReadMore => Ok(read_more(server, given)),
        };
        answer.unwrap_or_else(|error| failed(&error))
    }
}

/// What went wrong, and the way out.
pub(crate) fn failed(error: &AppError) -> Answer {
    let hint = error.hint().map(|hint| format!("\nTry: {hint}")).unwrap_or_default();
    Answer::failure(format!("FAILED: {error}{hint}"))
}

fn read_more(server: &Inner, given: &Arguments) -> Answer {
    let cursor = given.text(&["cursor"]).unwrap_or_default();
    server.cut.read_on(&cursor).map_or_else(
        || Answer::failure("There is nothing to read on at this cursor: cut answers are kept for a while only. Ask again."),
        Answer::text,
    )
}
