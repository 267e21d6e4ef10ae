//! Lists: a line each, bounded, and how many more there are.

use pt_model::OpenPort;
use pt_server::AppError;
use pt_spec::{Definition, Param};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::JobView;
use crate::server::Inner;

/// Entries of a list, unless another limit was given.
const LIMIT: usize = 50;

/// The most entries of a list, whatever was asked for.
const MOST: usize = 500;

/// Entries of a list and how to show them.
struct Listing {
    rows: Vec<String>,
    left_out: usize,
    empty: &'static str,
}

impl Listing {
    /// Those that are like what was asked for. Each row is an id and the rest of its line.
    fn of(rows: impl IntoIterator<Item = (String, String)>, given: &Arguments, empty: &'static str) -> Self {
        let like = given.text(&["like"]).map(|like| like.to_lowercase());
        let limit = given.number(&["limit"]).unwrap_or(LIMIT).clamp(1, MOST);
        let wanted = |id: &str| like.as_ref().is_none_or(|like| id.to_lowercase().contains(like));
        let all: Vec<String> = rows
            .into_iter()
            .filter(|(id, _)| wanted(id))
            .map(|(id, rest)| if rest.is_empty() { id } else { format!("{id}  {rest}") })
            .collect();
        let left_out = all.len().saturating_sub(limit);
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

/// What can be run.
pub(super) fn tools(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let project = server.sandbox.project.get()?;
    let mut rows: Vec<(String, String)> = Vec::new();
    for kind in [pt_spec::Kind::Tool, pt_spec::Kind::Template, pt_spec::Kind::Module] {
        let of_it = project.loaded.project.definitions().filter(|definition| definition.kind == kind);
        rows.extend(of_it.filter(|definition| !definition.id.text.starts_with('_')).map(row));
    }
    let standard = "polytope/*";
    rows.push((standard.to_owned(), "standard modules: docs {\"like\": \"standard-modules\"}".to_owned()));
    Ok(Listing::of(rows, given, "Nothing is like that.").answer())
}

fn row(definition: &Definition) -> (String, String) {
    let params: Vec<String> = definition.params.iter().map(param).collect();
    let params = if params.is_empty() { String::new() } else { format!(" {{{}}}", params.join(", ")) };
    let info = definition.info.as_deref().and_then(|info| info.trim().lines().next()).unwrap_or_default();
    let info = if info.is_empty() { String::new() } else { format!(": {info}") };
    (definition.id.text.clone(), format!("{}{params}{info}", definition.kind.word()))
}

fn param(param: &Param) -> String {
    let optional = if param.ty.is_optional() { "?" } else { "" };
    format!("{}{optional}: {}", param.id.text, param.ty)
}

/// Steps.
pub(super) fn steps(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = server.sandbox.views()?;
    let rows = views.iter().flat_map(|view| {
        view.job.steps.iter().map(move |(id, step)| {
            let calls = view.references.get(id).map(|name| format!(" {name}")).unwrap_or_default();
            let why = step.failure.as_ref().and_then(|failure| failure.message.lines().next());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            (named(view, id.as_str()), format!("{}{calls}{why}{}", step.status.word(), elsewhere(view)))
        })
    });
    Ok(Listing::of(rows, given, "Nothing has run yet. Call a tool, or: list-tools").answer())
}

/// Services.
pub(super) fn services(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = server.sandbox.views()?;
    let rows = views.iter().flat_map(|view| {
        view.job.services.iter().map(move |(id, service)| {
            let ports: Vec<String> = service.ports.iter().map(port).collect();
            let status = word(&service.status);
            (named(view, id.as_str()), format!("{status} {}{}", ports.join(", "), elsewhere(view)))
        })
    });
    Ok(Listing::of(rows, given, "There are no services.").answer())
}

/// Containers.
pub(super) fn containers(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let views = server.sandbox.views()?;
    let rows = views.iter().flat_map(|view| {
        view.job.containers.iter().map(move |(id, container)| {
            let code = container.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let again = match container.restarts {
                0 => String::new(),
                restarts => format!(", restarted {restarts} times"),
            };
            let rest = format!(
                "{}{code}{again} {}{}",
                word(&container.status),
                container.spec.image,
                elsewhere(view)
            );
            (named(view, id.as_str()), rest)
        })
    });
    Ok(Listing::of(rows, given, "There are no containers.").answer())
}

/// An id with the job that it is unique in.
fn named(view: &JobView, id: &str) -> String {
    format!("{}/{id}", view.key.job)
}

fn elsewhere(view: &JobView) -> &'static str {
    if view.own { "" } else { " [not started here]" }
}

/// A port and where it is reached.
pub(super) fn port(port: &OpenPort) -> String {
    let label = port.label.as_ref().map(|label| format!("{label} ")).unwrap_or_default();
    match port.address() {
        Some(address) => format!("{label}{address} (in its network :{})", port.port),
        None => format!("{label}in its network only :{}", port.port),
    }
}

/// The product's word for a status.
pub(super) fn word(status: &impl serde::Serialize) -> String {
    match serde_json::to_value(status) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
