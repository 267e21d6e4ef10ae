//! What people and agents are told of a module, template or tool: its params, what it runs, and an example.

use std::fmt::Write;

use pt_model::{Data, Map};
use pt_plan::{Does, Named, Request, StepPlan, describe, plan, tree};
use pt_spec::{Atom, Body, Definition, Kind, Param, Project, StepBody, Type, plain, standard_files};
use pt_syntax::{Format, Node, Sources, parse};
use serde::Serialize;
use serde_json::Value;

use crate::named::Unset;

/// A module, template or tool, described.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// How it is called.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it is: `module`, `template` or `tool`.
    pub kind: &'static str,
    /// What it is for.
    pub info: String,
    /// What it can be given.
    pub params: Vec<ParamReference>,
    /// What its code may use up, if it says so.
    #[serde(skip_serializing_if = "Data::is_null")]
    pub limits: Data,
    /// What runs when it is given what the example gives.
    pub runs: Value,
    /// How it is used.
    pub example: Example,
    #[serde(skip)]
    tree: String,
}

/// A param, described.
#[derive(Clone, Debug, Serialize)]
pub struct ParamReference {
    /// Its id.
    pub id: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    pub info: String,
    /// What its values must be.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it must be given.
    pub required: bool,
    /// What stands in for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Data>,
}

/// How something is used.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// On the command line.
    pub command: String,
    /// In a polytope file.
    pub file: String,
}

impl Reference {
    /// Describes a definition that `reference` names.
    pub fn new(project: &Project, definition: &Definition, reference: &str) -> Self {
        let args = example_args(definition);
        let request =
            Request { reference: reference.to_owned(), args: args.data.clone(), ..Request::default() };
        let planned = plan(project, &[vec![request]], &Unset as &dyn Named).plan;
        // What people have set, or what only they know, decides what their own modules do in the end.
        let planned = planned.filter(|plan| !plan.steps.iter().any(fails));
        let tree = planned.as_ref().map_or_else(|| outline(definition), tree);
        let runs = planned.as_ref().map(describe).and_then(|mut shown| {
            let shown = shown.as_object_mut()?;
            shown.shift_remove("result").or_else(|| shown.shift_remove("steps"))
        });
        Self {
            reference: reference.to_owned(),
            kind: definition.kind.word(),
            info: one_line(definition.info.as_deref().unwrap_or_default()),
            params: definition.params.iter().map(ParamReference::new).collect(),
            limits: definition.limits.to_data(),
            runs: runs.unwrap_or_else(|| tree.lines().map(str::trim).collect()),
            example: Example::new(definition.kind, reference, &args),
            tree,
        }
    }

    /// What runs, as a tree.
    pub fn tree(&self) -> &str {
        &self.tree
    }

    /// The page about it, in Markdown.
    pub fn page(&self) -> String {
        let Self { reference, info, params, example, .. } = self;
        let mut page = format!("# {reference}\n\n{info}\n\n## Example\n\n```\n$ {}\n```\n", example.command);
        page.extend(["\nIn a polytope file:\n\n```yaml\n", &example.file, "```\n"]);
        if !params.is_empty() {
            page.push_str("\n## Params\n\n| Param | Type | Default | |\n| --- | --- | --- | --- |\n");
        }
        for param in params {
            let default = match &param.default {
                Some(default) => format!("`{}`", cell(&default.to_string())),
                None if param.required => "required".to_owned(),
                None => String::new(),
            };
            // Writing to a string cannot fail.
            _ = writeln!(
                page,
                "| `{}` | `{}` | {default} | {} |",
                param.id,
                cell(&param.ty),
                cell(&param.info)
            );
        }
        page.extend(["\n## What the example runs\n\n```\n", &self.tree, "```\n"]);
        page
    }
}

impl ParamReference {
    fn new(param: &Param) -> Self {
        let (ty, default) = if let Type::Default(of, value) = &param.ty {
            (of.to_string(), Some(value.clone()))
        } else {
            (param.ty.to_string(), None)
        };
        Self {
            id: param.id.text.clone(),
            name: param.name.clone(),
            info: one_line(param.info.as_deref().unwrap_or_default()),
            ty,
            required: !param.ty.is_optional(),
            default,
        }
    }
}

/// Args as data, and as they are written in braces.
struct Args {
    text: String,
    data: Map,
    /// What must stand beside it, as in a list of steps, if it cannot work alone.
    beside: Vec<String>,
    /// Which of those it comes after, as it is written.
    after: Option<String>,
}

impl Example {
    fn new(kind: Kind, reference: &str, args: &Args) -> Self {
        let given = if args.data.is_empty() { "" } else { &args.text };
        let bare = given.is_empty() && !reference.contains('!');
        // What must stand beside it, only a file can say.
        let command = if !args.beside.is_empty() {
            "pt run stack".to_owned()
        } else if bare {
            format!("pt run {reference}")
        } else {
            format!("pt run '{}'", format!("{reference}{given}").replace('\'', r"'\''"))
        };
        let key = kind.word();
        // What is shown must not call itself.
        let id = if reference == "stack" { "all" } else { "stack" };
        let mut file = format!("templates:\n  - id: {id}\n    run:\n");
        args.beside.iter().for_each(|step| file.extend(["      - ", step, "\n"]));
        file.extend(["      - ", key, ": ", reference, "\n"]);
        if let Some(after) = &args.after {
            file.extend(["        after: ", after, "\n"]);
        }
        if !given.is_empty() {
            file.extend(["        args: ", given, "\n"]);
        }
        Self { command, file }
    }
}

/// The args of the example: a standard module brings its own, others show what they require.
fn example_args(definition: &Definition) -> Args {
    let brought =
        definition.origin.standard.as_deref().and_then(|project| brought(project, &definition.id.text));
    brought.unwrap_or_else(|| {
        let required = definition.params.iter().filter(|param| !param.ty.is_optional());
        let given: Vec<String> =
            required.map(|param| format!("{}: {}", param.id.text, sample(&param.ty))).collect();
        let text = format!("{{{}}}", given.join(", "));
        let data = read(&text).map(|root| plain(&root)).and_then(|data| data.as_map().cloned());
        Args { text, data: data.unwrap_or_default(), beside: Vec::new(), after: None }
    })
}

fn brought(project: &str, module: &str) -> Option<Args> {
    let examples = standard_files(project, "/examples.yml").into_iter().next()?.text;
    let root = read(&examples)?;
    let args = root.get(module)?;
    let written = |node: &Node| {
        let text = examples.get(node.span.start as usize..node.span.end as usize)?;
        Some(text.trim().to_owned())
    };
    let beside = root.get("beside").and_then(|beside| beside.get(module));
    let steps = beside.and_then(|beside| beside.get("steps")).map(Node::items).unwrap_or_default();
    Some(Args {
        text: written(args)?,
        data: plain(args).as_map().cloned()?,
        beside: steps.iter().filter_map(written).collect(),
        after: beside.and_then(|beside| written(beside.get("after")?)),
    })
}

fn read(text: &str) -> Option<Node> {
    let mut sources = Sources::default();
    let source = sources.add("<example>", text);
    let parsed = parse(source, text, Format::Yaml);
    (!parsed.has_errors()).then_some(parsed.document.root)
}

fn fails(step: &StepPlan) -> bool {
    match &step.does {
        Does::Fails(_) => true,
        Does::Group(steps) => steps.iter().any(fails),
        Does::Code(_) | Does::Late | Does::Skip => false,
    }
}

/// What a definition does, as far as it says so itself.
fn outline(definition: &Definition) -> String {
    let mut text = String::new();
    let mut line = |line: &str| text.extend([line, "\n"]);
    match &definition.body {
        Body::Code(_) => line("code"),
        Body::Call { reference, .. } => line(&reference.text),
        Body::Steps(steps) => {
            for step in steps {
                match &step.does {
                    StepBody::Call { reference, .. } => line(&reference.text),
                    StepBody::Code(_) => line("code"),
                    StepBody::Nothing => {}
                }
            }
        }
        Body::Nothing => {}
    }
    text
}

/// A value of the type, as it is written in braces.
fn sample(ty: &Type) -> String {
    match ty {
        Type::Atom(atom) => match atom {
            Atom::Str | Atom::Any | Atom::InstanceType => "text",
            Atom::Bool => "true",
            Atom::Int | Atom::Num => "1",
            Atom::Id | Atom::ServiceRef => "some-id",
            Atom::DockerImage => "\"alpine:3\"",
            Atom::AbsolutePath | Atom::UrlPath => "/path",
            Atom::EnvVar => "{name: NAME, value: text}",
            Atom::MountSource => "{type: host, path: src}",
            Atom::ServiceSpec => "{id: api, ports: [{port: 8080, protocol: http}]}",
            Atom::DatasetSink => "results",
            Atom::DataSize => "1G",
            Atom::Duration => "10s",
            Atom::HttpMethod => "GET",
            Atom::Code => "\"#pt-clj (println 1)\"",
        }
        .to_owned(),
        Type::List(of) => format!("[{}]", sample(of)),
        Type::Fields(fields) => {
            let required = fields.iter().filter(|(_, of)| !of.is_optional());
            let fields: Vec<String> = required.map(|(key, of)| format!("{key}: {}", sample(of))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Type::AnyMap => "{}".to_owned(),
        Type::MapOf(_, of) => format!("{{key: {}}}", sample(of)),
        Type::Maybe(of) => sample(of),
        Type::Default(_, value) => value.to_string(),
        Type::Either(types) => types.first().map(sample).unwrap_or_default(),
        Type::Enum(words) => words.first().map(Data::to_string).unwrap_or_default(),
        Type::Regex(pattern) => Data::Str(pattern.text.clone()).to_string(),
        Type::Unknown(_) => "text".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
