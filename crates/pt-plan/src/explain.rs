//! Where the values of a plan came from, for people and as JSON.

use std::fmt::Write;

use pt_model::Data;
use pt_syntax::{Sources, Span};
use serde_json::{Value, json};

use crate::plan::{CodeCall, Does, Plan, StepPlan};
use crate::provenance::{Origin, Origins, ParamPlace, Provenance};

/// A plan made by [`crate::plan_with_provenance`] as text: for each value that code or a container gets where it came
/// from, below that the params that handed it on. Secrets show as `[secret NAME]`.
pub fn explain(plan: &Plan, sources: &Sources) -> String {
    let mut out = format!("{} {}\n", plan.kind.word(), plan.target);
    for step in &plan.steps {
        explain_step(step, 1, sources, &mut out);
    }
    out
}

fn explain_step(step: &StepPlan, depth: usize, sources: &Sources, out: &mut String) {
    let indent = "  ".repeat(depth);
    let place = step.span.map(|span| format!("  ({})", at(span, sources))).unwrap_or_default();
    // Writing to a string cannot fail.
    _ = writeln!(out, "{indent}{}{place}", step.id);
    if !step.chain.is_empty() {
        _ = writeln!(out, "{indent}  {}", step.chain.join(" > "));
    }
    match &step.does {
        Does::Code(call) => lay_out(&Rows::of(call, sources).rows, depth + 1, out),
        Does::Group(steps) => steps.iter().for_each(|step| explain_step(step, depth + 1, sources, out)),
        Does::Late => {
            _ = writeln!(out, "{indent}  known when its turn comes: its args hold results of other steps");
        }
        Does::Skip => _ = writeln!(out, "{indent}  is not run: its `when` says no"),
        Does::Fails(found) => {
            found.iter().for_each(|diagnostic| _ = writeln!(out, "{indent}  fails: {}", diagnostic.message));
        }
    }
}

/// A line: a value, what gave it, where that stands. A line without a path goes on with the line before.
#[derive(Default)]
struct Row {
    path: String,
    value: String,
    origin: String,
    place: String,
}

/// How wide the columns may get; what is longer stands out.
const WIDEST: [usize; 3] = [32, 36, 48];

fn lay_out(rows: &[Row], depth: usize, out: &mut String) {
    let width = |column: usize, cell: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| cell(row).chars().count());
        widths.filter(|width| *width <= WIDEST[column]).max().unwrap_or_default()
    };
    let (path, value, origin) =
        (width(0, |row| &row.path), width(1, |row| &row.value), width(2, |row| &row.origin));
    for row in rows {
        let line = format!(
            "{:indent$}{:path$}  {:value$}  {:origin$}  {}",
            "",
            row.path,
            row.value,
            row.origin,
            row.place,
            indent = depth * 2,
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

struct Rows<'s> {
    sources: &'s Sources,
    rows: Vec<Row>,
}

impl<'s> Rows<'s> {
    fn of(call: &CodeCall, sources: &'s Sources) -> Self {
        let mut rows = Self { sources, rows: Vec::new() };
        let none = Origins::default();
        let origins = call.origins.as_ref().unwrap_or(&none);
        for (id, value) in &call.params {
            if let Some(origin) = origins.get(id.as_str()).filter(|_| !value.is_null()) {
                rows.value(id, value, origin);
            }
        }
        if call.module != "polytope/container" {
            let text = short(&call.snippet.text);
            let place = at(call.code_span, sources);
            rows.rows.push(Row { path: "code".to_owned(), value: text, origin: "written".to_owned(), place });
        }
        rows
    }

    /// A value as a whole, or part by part where the parts came from different places, or are things of their own.
    fn value(&mut self, path: &str, value: &Data, provenance: &Provenance) {
        let things = value.as_list().is_some_and(|items| items.iter().any(|item| item.as_map().is_some()));
        let of_parts = matches!(provenance.origin, Origin::List(..) | Origin::Map(..));
        let apart = of_parts && (things || !is_plain(provenance));
        let parts: Vec<(String, &Data, Provenance)> = match value {
            Data::List(items) if apart || things => items
                .iter()
                .enumerate()
                .map(|(at, item)| (label(path, at, item), item, provenance.item(at)))
                .collect(),
            Data::Map(entries) if apart => {
                entries.iter().map(|(key, of)| (format!("{path}.{key}"), of, provenance.entry(key))).collect()
            }
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Str(_)
            | Data::Secret(_)
            | Data::List(_)
            | Data::Map(_) => Vec::new(),
        };
        if parts.is_empty() {
            return self.row(path, short_data(value), provenance);
        }
        if !apart {
            self.row(path, count(value), provenance);
            for (path, part, _) in parts.iter().filter(|(_, part, _)| !part.is_null()) {
                let value = short_data(env_value(part).unwrap_or(part));
                self.rows.push(Row { path: format!("  {path}"), value, ..Row::default() });
            }
            return;
        }
        if !provenance.through.is_empty() {
            self.row(path, count(value), provenance);
        }
        for (path, part, of) in parts.into_iter().filter(|(_, part, _)| !part.is_null()) {
            match env_value(part) {
                Some(value) => self.value(&path, value, &of.entry("value")),
                None => self.value(&path, part, &of),
            }
        }
    }

    fn row(&mut self, path: &str, value: String, provenance: &Provenance) {
        let (origin, span) = told(&provenance.origin);
        let place = span.map(|span| at(span, self.sources)).unwrap_or_default();
        self.rows.push(Row { path: path.to_owned(), value, origin, place });
        match &provenance.origin {
            Origin::Text { pieces, .. } => pieces.iter().for_each(|piece| self.part("with", piece)),
            Origin::Code { mentions, .. } => {
                for (id, of) in mentions {
                    if !matches!(of.origin, Origin::Absent | Origin::Default(_)) {
                        self.part(&format!("from {id}:"), of);
                    }
                }
            }
            Origin::Written(_)
            | Origin::CommandLine
            | Origin::Default(_)
            | Origin::Absent
            | Origin::Value { .. }
            | Origin::Secret { .. }
            | Origin::Output(_)
            | Origin::List(..)
            | Origin::Map(..) => {}
        }
        self.passed("as", provenance);
    }

    /// A line about a part of the value before.
    fn part(&mut self, word: &str, of: &Provenance) {
        let (origin, span) = told(&of.origin);
        let place = span.map(|span| at(span, self.sources)).unwrap_or_default();
        self.rows.push(Row { origin: format!("{word} {origin}"), place, ..Row::default() });
        self.passed("  as", of);
    }

    /// The params that handed a value on.
    fn passed(&mut self, word: &str, provenance: &Provenance) {
        for passed in &provenance.through {
            let ParamPlace { id, definition, .. } = &passed.param;
            let origin = format!("{word} {id} of {definition}");
            self.rows.push(Row { origin, place: at(passed.span, self.sources), ..Row::default() });
        }
    }
}

/// Whether all of it stands in one place.
fn is_plain(provenance: &Provenance) -> bool {
    let plain = |part: &Provenance| part.through.is_empty() && is_plain(part);
    match &provenance.origin {
        Origin::Written(_) => true,
        Origin::List(place, items) => place.is_some() && items.iter().all(plain),
        Origin::Map(place, entries) => place.is_some() && entries.iter().all(|(_, part)| plain(part)),
        Origin::CommandLine
        | Origin::Default(_)
        | Origin::Absent
        | Origin::Value { .. }
        | Origin::Secret { .. }
        | Origin::Output(_)
        | Origin::Code { .. }
        | Origin::Text { .. } => false,
    }
}

/// What gave a value, in words, and where.
fn told(origin: &Origin) -> (String, Option<Span>) {
    match origin {
        Origin::Written(span) => ("written".to_owned(), Some(*span)),
        Origin::List(span, _) | Origin::Map(span, _) => ("written".to_owned(), *span),
        Origin::CommandLine => ("given on the command line".to_owned(), None),
        Origin::Default(param) => {
            (format!("default of {} of {}", param.id, param.definition), Some(param.span))
        }
        Origin::Absent => ("not given".to_owned(), None),
        Origin::Value { name, span } => (format!("value {name}"), Some(*span)),
        Origin::Secret { name, span } => (format!("secret {name}"), Some(*span)),
        Origin::Output(span) => ("output of a step".to_owned(), Some(*span)),
        Origin::Code { span, .. } => ("code".to_owned(), Some(*span)),
        Origin::Text { span, .. } => ("text with references".to_owned(), Some(*span)),
    }
}

/// `env DB`, `mounts /data`, `services db`: items are called by what people call them, others by their number.
fn label(path: &str, at: usize, item: &Data) -> String {
    let name = ["name", "id", "path"].into_iter().find_map(|key| item.get(key).as_str());
    name.map_or_else(|| format!("{path}[{at}]"), |name| format!("{path} {name}"))
}

/// Of an environment variable the value: its name is its label.
fn env_value(item: &Data) -> Option<&Data> {
    let map = item.as_map()?;
    let is_var = map.get("name").is_some_and(|name| name.as_str().is_some());
    if is_var && map.len() == 2 { map.get("value") } else { None }
}

fn count(value: &Data) -> String {
    match value.as_map() {
        Some(map) => pt_syntax::count(map.len(), "key").to_string(),
        None => pt_syntax::count(value.as_list().map_or(0, <[Data]>::len), "item").to_string(),
    }
}

fn at(span: Span, sources: &Sources) -> String {
    let position = sources.position(span);
    format!("{}:{}:{}", sources.get(span.source).name, position.line, position.column)
}

fn short_data(data: &Data) -> String {
    short(&data.as_text().map_or_else(|| data.to_string(), |text| text.masked()))
}

/// What fits into a column of a text.
fn short(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    let most = WIDEST[1] - 1;
    if line.chars().count() > most {
        return line.chars().take(most).chain(['…']).collect();
    }
    if line.len() < text.len() {
        format!("{line} …").chars().take(WIDEST[1]).collect()
    } else {
        line.to_owned()
    }
}

/// A plan made by [`crate::plan_with_provenance`] as JSON: `target`, `kind` and `steps`. A step has `id`, `at`, `chain`
/// and `values`, or `steps`, or `fails`. A value has its `path`, the `value`, what it is `from` (`written`,
/// `command-line`, `default`, `value`, `secret`, `output`, `code`, `text`), `at` which place, and the params it passed
/// `through`; beside these `name` of a value or secret, `param` of a default, `mentions` of code and `with` of texts.
pub fn explained(plan: &Plan, sources: &Sources) -> Value {
    let steps: Vec<Value> = plan.steps.iter().map(|step| explained_step(step, sources)).collect();
    json!({"target": plan.target, "kind": plan.kind.word(), "steps": steps})
}

fn explained_step(step: &StepPlan, sources: &Sources) -> Value {
    let mut shown = json!({"id": step.id});
    if let Some(span) = step.span {
        shown["at"] = place(span, sources);
    }
    if !step.chain.is_empty() {
        shown["chain"] = json!(step.chain);
    }
    match &step.does {
        Does::Code(call) => {
            let mut values = Vec::new();
            for (id, value) in &call.params {
                if let Some(origin) = call.origins.as_ref().and_then(|origins| origins.get(id.as_str())) {
                    add_values(id.to_string(), value, origin, sources, &mut values);
                }
            }
            shown["values"] = json!(values);
            shown["code"] = place(call.code_span, sources);
        }
        Does::Group(steps) => {
            shown["steps"] = steps.iter().map(|step| explained_step(step, sources)).collect();
        }
        Does::Late => shown["late"] = json!(true),
        Does::Skip => shown["skipped"] = json!(true),
        Does::Fails(found) => {
            shown["fails"] = found.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        }
    }
    shown
}

/// Every scalar of a value.
fn add_values(path: String, value: &Data, provenance: &Provenance, sources: &Sources, out: &mut Vec<Value>) {
    let inner = |mut part: Provenance| {
        part.through.extend(provenance.through.iter().cloned());
        part
    };
    match value {
        Data::Null => {}
        Data::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                add_values(format!("{path}[{at}]"), item, &inner(provenance.item(at)), sources, out);
            }
        }
        Data::Map(entries) if !entries.is_empty() => {
            for (key, entry) in &**entries {
                add_values(format!("{path}.{key}"), entry, &inner(provenance.entry(key)), sources, out);
            }
        }
        Data::Bool(_)
        | Data::Int(_)
        | Data::Float(_)
        | Data::Str(_)
        | Data::Secret(_)
        | Data::List(_)
        | Data::Map(_) => {
            let mut shown = json!({"path": path, "value": value});
            from(provenance, sources, &mut shown);
            out.push(shown);
        }
    }
}

fn from(provenance: &Provenance, sources: &Sources, shown: &mut Value) {
    let all = |parts: &mut dyn Iterator<Item = (Value, &Provenance)>| -> Value {
        let part = |(mut shown, part): (Value, &Provenance)| {
            from(part, sources, &mut shown);
            shown
        };
        parts.map(part).collect()
    };
    shown["from"] = json!(match &provenance.origin {
        Origin::Written(_) | Origin::List(..) | Origin::Map(..) => "written",
        Origin::CommandLine => "command-line",
        Origin::Absent => "nothing",
        Origin::Output(_) => "output",
        Origin::Default(param) => {
            shown["param"] = json!({"id": param.id, "of": param.definition});
            "default"
        }
        Origin::Value { name, .. } => {
            shown["name"] = json!(name);
            "value"
        }
        Origin::Secret { name, .. } => {
            shown["name"] = json!(name);
            "secret"
        }
        Origin::Code { mentions, .. } => {
            shown["mentions"] = all(&mut mentions.iter().map(|(id, of)| (json!({"param": id}), of)));
            "code"
        }
        Origin::Text { pieces, .. } => {
            shown["with"] = all(&mut pieces.iter().map(|piece| (json!({}), piece)));
            "text"
        }
    });
    if let (_, Some(span)) = told(&provenance.origin) {
        shown["at"] = place(span, sources);
    }
    if !provenance.through.is_empty() {
        let passed = provenance.through.iter().map(|passed| {
            json!({"param": passed.param.id, "of": passed.param.definition, "at": place(passed.span, sources)})
        });
        shown["through"] = passed.collect();
    }
}

fn place(span: Span, sources: &Sources) -> Value {
    let position = sources.position(span);
    json!({"file": sources.get(span.source).name, "line": position.line, "column": position.column})
}
