//! Lists: a line each, bounded, and how many more there are.

use pt_model::{Container, OpenPort, Service, ServiceStatus, StepId};
use pt_server::{AppError, LoadedProject};
use pt_spec::{Definition, Param};
use pt_syntax::{Diagnostic, Severity, Style, render};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::{JobView, belongs};
use crate::server::Inner;
use crate::tools::describe::missing;

/// Entries of a list, unless another limit was given.
const LIMIT: usize = 50;

/// The most entries of a list, whatever was asked for.
const MOST: usize = 500;

/// Entries of a list and how to show them.
struct Listing {
    rows: Vec<String>,
    left_out: usize,
    /// Why there are no rows.
    empty: String,
}

/// An entry of a list.
#[derive(Default)]
struct Row {
    id: String,
    rest: String,
    /// By which `tags` finds it: `name`, or `name=data`.
    tags: Vec<String>,
}

impl Listing {
    /// Those that are like what was asked for. `empty` is said where there are none at all.
    fn of(rows: impl IntoIterator<Item = Row>, given: &Arguments, nouns: &str, empty: &str) -> Self {
        let like = given.text(&["like"]);
        let lower = like.as_ref().map(|like| like.to_lowercase());
        let limit = given.number(&["limit"]).unwrap_or(LIMIT).clamp(1, MOST);
        let tags = given.texts(&["tags", "tag"]);
        let has = |row: &Row, wanted: &String| {
            row.tags.iter().any(|tag| tag == wanted || tag.split('=').next() == Some(wanted.as_str()))
        };
        let wanted = |row: &Row| {
            lower.as_ref().is_none_or(|like| row.id.to_lowercase().contains(like))
                && tags.iter().all(|tag| has(row, tag))
        };
        let rows: Vec<Row> = rows.into_iter().collect();
        let there = rows.len();
        let all: Vec<String> = rows
            .into_iter()
            .filter(wanted)
            .map(|Row { id, rest, .. }| if rest.is_empty() { id } else { format!("{id}  {rest}") })
            .collect();
        let left_out = all.len().saturating_sub(limit);
        let empty = match there {
            0 => empty.to_owned(),
            _ => {
                let mut filters: Vec<String> = like.iter().map(|like| format!("like '{like}'")).collect();
                if !tags.is_empty() {
                    filters.push(format!("tags {}", tags.join(", ")));
                }
                none_fits(there, nouns, &filters.join(" and "))
            }
        };
        Self { rows: all.into_iter().take(limit).collect(), left_out, empty }
    }

    fn answer(self) -> Answer {
        if self.rows.is_empty() {
            return Answer::document(self.empty);
        }
        let mut text = self.rows.join("\n");
        if self.left_out > 0 {
            text.extend([format!("\n… and {} more: narrow with like, or raise limit", self.left_out)]);
        }
        Answer::document(text)
    }
}

/// That there is something, and none of it is what was asked for.
pub(super) fn none_fits(there: usize, nouns: &str, filters: &str) -> String {
    format!("None of {there} {nouns} fits: {filters}. Ask without, or with less.")
}

/// What can be run. Its tag is its kind.
pub(super) fn tools(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let project = server.sandbox.project.get()?;
    let mut rows: Vec<Row> = Vec::new();
    for kind in [pt_spec::Kind::Tool, pt_spec::Kind::Template, pt_spec::Kind::Module] {
        let of_it = project.loaded.project.definitions().filter(|definition| definition.kind == kind);
        rows.extend(of_it.filter(|definition| !definition.id.text.starts_with('_')).map(row));
    }
    rows.push(Row {
        id: "polytope/*".to_owned(),
        rest: "standard modules: docs {\"like\": \"standard-modules\"}".to_owned(),
        tags: vec![pt_spec::Kind::Module.word().to_owned()],
    });
    let mut answer = Listing::of(rows, given, "tools, templates and modules", "").answer();
    if let Some(unread) = unread(&project) {
        answer.text = format!("{unread}\n{}", answer.text);
    }
    Ok(answer)
}

/// That not all of the project could be read, and why: what is missing in a list would else seem never to have been there.
fn unread(project: &LoadedProject) -> Option<String> {
    let loaded = &project.loaded;
    let errors: Vec<Diagnostic> =
        loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if errors.is_empty() {
        return None;
    }
    let why = render(&errors, loaded.project.sources(), Style::default());
    Some(format!(
        "NOT COMPLETE: the polytope file cannot be read, and nothing of it runs until it is mended.\n{why}"
    ))
}

fn row(definition: &Definition) -> Row {
    let params: Vec<String> = definition.params.iter().map(param).collect();
    let params = if params.is_empty() { String::new() } else { format!(" {{{}}}", params.join(", ")) };
    let info = definition.info.as_deref().and_then(|info| info.trim().lines().next()).unwrap_or_default();
    let info = if info.is_empty() { String::new() } else { format!(": {info}") };
    let kind = definition.kind.word();
    Row { id: definition.id.text.clone(), rest: format!("{kind}{params}{info}"), tags: vec![kind.to_owned()] }
}

fn param(param: &Param) -> String {
    let optional = if param.ty.is_optional() { "?" } else { "" };
    format!("{}{optional}: {}", param.id.text, param.ty)
}

/// The jobs whose things are listed: all, or the one that was asked for.
fn views(server: &Inner, given: &Arguments) -> Result<Result<Vec<JobView>, Box<Answer>>, AppError> {
    let Some(wanted) = given.text(&["job"]) else { return server.sandbox.views().map(Ok) };
    let mut views = server.sandbox.views_for(&wanted)?;
    if !views.iter().any(|view| view.key.job.as_str() == wanted) {
        let known = views.iter().map(|view| view.key.job.to_string());
        return Ok(Err(Box::new(missing("job", &wanted, known))));
    }
    views.retain(|view| view.key.job.as_str() == wanted);
    Ok(Ok(views))
}

/// Steps, those of the newest call first. Their tags, and those of services, are those of their containers.
pub(super) fn steps(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = match views(server, given)? {
        Ok(views) => views,
        Err(answer) => return Ok(*answer),
    };
    let rows = views.iter().flat_map(|view| {
        let job = &view.job;
        let is_whole = |id: &&StepId| job.steps.get(*id).is_some_and(|step| step.parent.is_none());
        let newest_first = job.steps.keys().rev().filter(is_whole);
        let of = move |whole: &'_ StepId| {
            let whole = whole.clone();
            job.steps.iter().filter(move |(id, _)| belongs(job, id, &whole))
        };
        newest_first.flat_map(of).map(move |(id, step)| {
            let calls = view.references.get(id).map(|name| format!(" {name}")).unwrap_or_default();
            let why = step.failure.as_ref().and_then(|failure| failure.message.lines().next());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let of_it = job.containers.values().filter(|container| belongs(job, &container.step, id));
            Row {
                id: named(view, id.as_str()),
                rest: format!("{}{calls}{why}{}", step.status.word(), elsewhere(view)),
                tags: of_it.flat_map(tags).collect(),
            }
        })
    });
    Ok(Listing::of(rows, given, "steps", "Nothing has run yet. Call a tool, or: list-tools").answer())
}

/// Services.
pub(super) fn services(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = match views(server, given)? {
        Ok(views) => views,
        Err(answer) => return Ok(*answer),
    };
    let rows = views.iter().flat_map(|view| {
        view.job.services.iter().rev().map(move |(id, service)| {
            let ports: Vec<String> = service.ports.iter().map(port).collect();
            let status = state(service);
            Row {
                id: named(view, id.as_str()),
                rest: format!("{status} {}{}", ports.join(", "), elsewhere(view)),
                tags: view.job.containers.get(&service.container).map(tags).unwrap_or_default(),
            }
        })
    });
    Ok(Listing::of(rows, given, "services", "There are no services.").answer())
}

/// Containers, the newest first.
pub(super) fn containers(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = match views(server, given)? {
        Ok(views) => views,
        Err(answer) => return Ok(*answer),
    };
    let rows = views.iter().flat_map(|view| {
        view.job.containers.iter().rev().map(move |(id, container)| {
            let code = container.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let again = match container.restarts {
                0 => String::new(),
                1 => ", restarted once".to_owned(),
                restarts => format!(", restarted {restarts} times"),
            };
            let rest = format!(
                "{}{code}{again} {} of step {}{}",
                word(&container.status),
                container.spec.image,
                container.step,
                elsewhere(view)
            );
            Row { id: named(view, id.as_str()), rest, tags: tags(container) }
        })
    });
    Ok(Listing::of(rows, given, "containers", "There are no containers.").answer())
}

fn tags(container: &Container) -> Vec<String> {
    container.spec.tags.iter().map(|(name, data)| format!("{name}={data}")).collect()
}

/// The id of a thing of the sandbox; of another job, with that job's.
pub(super) fn named(view: &JobView, id: &str) -> String {
    if view.own { id.to_owned() } else { format!("{}/{id}", view.key.job) }
}

fn elsewhere(view: &JobView) -> &'static str {
    if view.own { "" } else { " [not in the sandbox]" }
}

/// A port and where it is reached.
pub(super) fn port(port: &OpenPort) -> String {
    let label = port.label.as_ref().map(|label| format!("{label} ")).unwrap_or_default();
    match port.address() {
        Some(address) => format!("{label}{address} (in its network :{})", port.port),
        None => format!("{label}in its network only :{}", port.port),
    }
}

/// How a service stands: also whether it can be used yet.
pub(super) fn state(service: &Service) -> String {
    if service.status == ServiceStatus::Running && !service.ready {
        return "running (accepts no connections yet)".to_owned();
    }
    word(&service.status)
}

/// The product's word for a status.
pub(super) fn word(status: &impl serde::Serialize) -> String {
    match serde_json::to_value(status) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
