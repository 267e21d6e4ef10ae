//! Plans as JSON.

use pt_model::Data;
use pt_spec::Kind;
use serde_json::{Value, json};

type Object = serde_json::Map<String, Value>;

use crate::plan::{CodeCall, Does, Plan, StepPlan};

/// The plan as data: `target`, `kind`, `args`, and `steps` for templates or `result` for modules and tools. A step has
/// `id`, `after`, `chain`, and one of `container` (the container's spec, what is as usual left out), `code` with `args`,
/// `steps` (with `await`, if a call returns before all of them have ended), and `fails` (the first of the reasons). The
/// steps of a template stand in a list `flatten` beside the name of the `template`. Secrets show as `[secret NAME]`.
pub fn describe(plan: &Plan) -> Value {
    let mut shown = Object::new();
    shown.insert("target".to_owned(), json!(plan.target));
    shown.insert("kind".to_owned(), json!(plan.kind.word()));
    if !plan.args.is_empty() {
        shown.insert("args".to_owned(), json!(plan.args));
    }
    match plan.steps.as_slice() {
        [StepPlan { does: Does::Fails(_), .. }] => {
            shown.extend(describe_does(&plan.steps[0]));
        }
        [only] if plan.kind != Kind::Template => {
            let mut result = Object::new();
            result.insert("chain".to_owned(), json!(only.chain));
            result.extend(describe_does(only));
            shown.insert("result".to_owned(), Value::Object(result));
        }
        steps => drop(shown.insert("steps".to_owned(), describe_steps(steps, 0))),
    }
    Value::Object(shown)
}

/// Steps inside so many templates.
fn describe_steps(steps: &[StepPlan], depth: usize) -> Value {
    let of_one_use = |a: &StepPlan, b: &StepPlan| {
        a.templates.get(depth).is_some() && a.templates.get(depth) == b.templates.get(depth)
    };
    steps
        .chunk_by(of_one_use)
        .map(|steps| match steps[0].templates.get(depth) {
            Some(template) => {
                json!({"template": template.reference, "flatten": describe_steps(steps, depth + 1)})
            }
            None => describe_step(&steps[0]),
        })
        .collect()
}

fn describe_step(step: &StepPlan) -> Value {
    let mut shown = Object::new();
    shown.insert("id".to_owned(), json!(step.id));
    if !step.run_when.is_empty() {
        let after: Vec<_> = step.run_when.iter().flat_map(|when| &when.steps).collect();
        shown.insert("after".to_owned(), json!(after));
        let conditions: Vec<&str> = step.run_when.iter().map(|when| when.condition.word()).collect();
        if conditions.iter().any(|condition| *condition != "success") {
            shown.insert("after-condition".to_owned(), json!(conditions));
        }
    }
    if !matches!(step.does, Does::Fails(_)) && !step.chain.is_empty() {
        shown.insert("chain".to_owned(), json!(step.chain));
    }
    shown.extend(describe_does(step));
    Value::Object(shown)
}

fn describe_does(step: &StepPlan) -> Object {
    let mut shown = Object::new();
    match &step.does {
        Does::Code(call) if call.module == "polytope/container" => {
            shown.insert("container".to_owned(), container(&call.params));
        }
        Does::Code(call) => {
            shown.insert("code".to_owned(), json!(code(call)));
            if !step.chain.is_empty() {
                shown.insert("args".to_owned(), without_refs(json!(call.params)));
            }
        }
        Does::Group(steps) => {
            shown.insert("steps".to_owned(), describe_steps(steps, 0));
            if let Some(awaits) = &step.awaits {
                shown.insert("await".to_owned(), json!(awaits.declared));
            }
        }
        Does::Late => drop(shown.insert("late".to_owned(), json!(true))),
        Does::Skip => drop(shown.insert("skipped".to_owned(), json!(true))),
        Does::Fails(found) => {
            let first = found.first().map(|diagnostic| diagnostic.message.as_str());
            shown.insert("fails".to_owned(), json!(first.unwrap_or_default()));
            if found.first().is_some_and(|diagnostic| diagnostic.id == "unknown-name")
                && let Some(reference) = step.chain.last()
            {
                shown.insert("ref".to_owned(), json!(reference));
            }
        }
    }
    shown
}

/// The name of a standard module; of the project's own code, that it is that; of a step's code, how it begins.
fn code(call: &CodeCall) -> String {
    if call.module.contains('/') {
        return call.module.clone();
    }
    if call.module != "custom-code" {
        return "own code".to_owned();
    }
    let text = call.snippet.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let prefix = match call.snippet.language {
        pt_eval::Language::Clojure => "clj",
        pt_eval::Language::JavaScript => "js",
        pt_eval::Language::Python => "py",
    };
    format!("{prefix}: {}", text.chars().take(CODE_SHOWN).collect::<String>())
}

/// How many characters of a step's code are shown.
const CODE_SHOWN: usize = 70;

/// The container that `polytope/container` starts when given these params.
fn container(params: &pt_model::Map) -> Value {
    let mut shown = Object::new();
    for (key, value) in params {
        let usual = match key.as_str() {
            "tty" => *value == Data::Bool(true),
            "no-stdin" | "update-image" => *value == Data::Bool(false),
            _ => value.is_null(),
        };
        if usual {
            continue;
        }
        let value = match (key.as_str(), value) {
            ("env", Data::List(vars)) => env(vars),
            ("cmd" | "entrypoint" | "mounts", Data::List(items)) => {
                items.iter().filter(|item| !item.is_null()).map(|item| json!(item)).collect()
            }
            (_, value) => json!(value),
        };
        shown.insert(key.to_string(), without_refs(value));
    }
    shown.entry("id").or_insert_with(|| json!("container"));
    Value::Object(shown)
}

/// The data with `<module-repo>` and `<module-project>` for what code calls its repository and its project: which these
/// are differs from checkout to checkout.
fn without_refs(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_refs).collect(),
        Value::Object(map) => {
            let shown = |(key, value): (String, Value)| match (key.as_str(), value.as_str()) {
                ("repo", Some(text)) if text.starts_with("local/") || text.starts_with("polytope/") => {
                    let shown =
                        if text.matches('/').count() == 1 { "<module-project>" } else { "<module-repo>" };
                    (key, json!(shown))
                }
                _ => (key, without_refs(value)),
            };
            Value::Object(map.into_iter().map(shown).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// Environment variables as a map of texts; the last of a name counts.
fn env(vars: &[Data]) -> Value {
    let mut shown = Object::new();
    for var in vars {
        let name = var.get("name").to_text().masked();
        let value = var.get("value");
        if !value.is_null() {
            shown.insert(name, json!(value.to_text()));
        }
    }
    Value::Object(shown)
}
