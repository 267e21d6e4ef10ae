//! Definitions in today's spelling.

use pt_model::{Data, Map};
use pt_spec::{
    After, Arg, Body, Condition, Definition, Kind, Name, Param, Project, Step, StepBody, Terms, Trigger,
    TriggerOn, TriggerTemplate, Type, Wanted, plain,
};
use pt_syntax::{Node, NodeKind};

/// A project as a polytope file would say it. What is broken says as much as was understood of it.
pub(super) fn project(project: &Project) -> Data {
    let mut file = Map::default();
    if !project.instructions().is_empty() {
        put(&mut file, "instructions", project.instructions().join("\n\n"));
    }
    let for_agents = &project.for_agents().written;
    if !for_agents.is_null() {
        put(&mut file, "mcp", for_agents.clone());
    }
    for (key, kind) in [("templates", Kind::Template), ("tools", Kind::Tool), ("modules", Kind::Module)] {
        let of_kind = project.definitions().filter(|definition| definition.kind == kind);
        let spelled: Vec<Data> = of_kind.map(|it| definition(project, it)).collect();
        if !spelled.is_empty() {
            put(&mut file, key, Data::List(spelled));
        }
    }
    if !project.triggers().is_empty() {
        put(
            &mut file,
            "triggers",
            project.triggers().iter().map(|it| trigger(project, it)).collect::<Data>(),
        );
    }
    Data::Map(Box::new(file))
}

fn trigger(project: &Project, trigger: &Trigger) -> Data {
    let mut spelled = Map::default();
    put(&mut spelled, "id", &*trigger.id.text);
    if let Some(info) = &trigger.info {
        put(&mut spelled, "info", &**info);
    }
    if !trigger.on.is_empty() {
        put(&mut spelled, "on", trigger.on.iter().map(occasion).collect::<Data>());
    }
    match &trigger.template {
        Some(TriggerTemplate::Named(name)) => put(&mut spelled, "template", &*name.text),
        Some(TriggerTemplate::Inline(inline)) => put(&mut spelled, "template", definition(project, inline)),
        Some(TriggerTemplate::Code(node)) => put(&mut spelled, "template", value(node)),
        None => {}
    }
    Data::Map(Box::new(spelled))
}

fn occasion(on: &TriggerOn) -> Data {
    let mut spelled = Map::default();
    if !on.events.is_empty() {
        put(&mut spelled, "events", on.events.iter().map(|event| Data::from(event.word())).collect::<Data>());
    }
    if let Some(schedule) = &on.schedule_text {
        put(&mut spelled, "schedule", &**schedule);
    }
    if let Some(when) = &on.when {
        put(&mut spelled, "when", value(when));
    }
    Data::Map(Box::new(spelled))
}

fn definition(project: &Project, definition: &Definition) -> Data {
    let mut spelled = Map::default();
    put(&mut spelled, "id", &*definition.id.text);
    let sources = project.sources();
    let line = sources.position(definition.span).line;
    put(&mut spelled, "origin", format!("{}:{line}", sources.get(definition.origin.file).name));
    for (key, text) in [("name", &definition.name), ("info", &definition.info)] {
        if let Some(text) = text {
            put(&mut spelled, key, &**text);
        }
    }
    if let Some(version) = &definition.api_version {
        put(&mut spelled, "api-version", version.clone());
    }
    if definition.is_default {
        put(&mut spelled, "default?", true);
    }
    if !definition.params.is_empty() {
        put(&mut spelled, "params", definition.params.iter().map(param).collect::<Data>());
    }
    match &definition.body {
        Body::Code(node) => put(&mut spelled, "code", value(node)),
        Body::Call { reference, args: given } => {
            put(&mut spelled, "module", &*reference.text);
            args(&mut spelled, given);
        }
        Body::Steps(steps) => put(&mut spelled, "run", steps.iter().map(step).collect::<Data>()),
        Body::Nothing => {}
    }
    if let Some(timeout) = &definition.timeout {
        put(&mut spelled, "timeout", value(timeout));
    }
    let limits = definition.limits.to_data();
    if !limits.is_null() {
        put(&mut spelled, "limits", limits);
    }
    if let Some(awaits) = &definition.awaits {
        put(&mut spelled, "await", names(awaits));
    }
    Data::Map(Box::new(spelled))
}

fn param(param: &Param) -> Data {
    let mut spelled = Map::default();
    put(&mut spelled, "id", &*param.id.text);
    for (key, text) in [("name", &param.name), ("info", &param.info)] {
        if let Some(text) = text {
            put(&mut spelled, key, &**text);
        }
    }
    put(&mut spelled, "type", ty(&param.ty));
    Data::Map(Box::new(spelled))
}

fn ty(of: &Type) -> Data {
    let form = |word: &str, parts: Vec<Data>| std::iter::once(Data::from(word)).chain(parts).collect();
    match of {
        Type::Atom(atom) => atom.word().into(),
        Type::List(of) => [ty(of)].into_iter().collect(),
        Type::Fields(fields) => fields.iter().map(|(key, of)| (key.clone(), ty(of))).collect(),
        Type::AnyMap => Data::Map(Box::default()),
        Type::MapOf(key, of) => form("map", vec![ty(key), ty(of)]),
        Type::Maybe(of) => form("maybe", vec![ty(of)]),
        Type::Default(of, value) => form("default", vec![ty(of), value.clone()]),
        Type::Either(types) => form("either", types.iter().map(ty).collect()),
        Type::Enum(words) => form("enum", words.clone()),
        Type::Regex(pattern) => form("regex", vec![Data::from(&*pattern.text)]),
        // What is no type is none in this spelling either.
        Type::Unknown(text) => Data::from(&**text),
    }
}

fn step(step: &Step) -> Data {
    let mut spelled = Map::default();
    if let Some(id) = &step.id {
        put(&mut spelled, "id", &*id.text);
    }
    if let Some(info) = &step.info {
        put(&mut spelled, "info", &**info);
    }
    match &step.does {
        StepBody::Call { reference, wanted, args: given } => {
            let key = if *wanted == Wanted::Template { "template" } else { "module" };
            put(&mut spelled, key, &*reference.text);
            args(&mut spelled, given);
        }
        StepBody::Code(node) => put(&mut spelled, "code", value(node)),
        StepBody::Nothing => {}
    }
    let Terms { when, for_each, retries, timeout, lock, cache } = &step.terms;
    for (key, node) in [
        ("when", when),
        ("for-each", for_each),
        ("retries", retries),
        ("timeout", timeout),
        ("lock", lock),
        ("cache", cache),
    ] {
        if let Some(node) = node {
            put(&mut spelled, key, value(node));
        }
    }
    match step.after.as_slice() {
        [] => {}
        [only] => put(&mut spelled, "run-when", after(only)),
        several => put(&mut spelled, "run-when", several.iter().map(after).collect::<Data>()),
    }
    Data::Map(Box::new(spelled))
}

fn after(after: &After) -> Data {
    let mut spelled = Map::default();
    match after.steps.as_slice() {
        [only] => put(&mut spelled, "after", &*only.text),
        several => {
            put(&mut spelled, "after", several.iter().map(|it| Data::from(&*it.text)).collect::<Data>());
        }
    }
    if after.condition != Condition::Success {
        put(&mut spelled, "after-condition", after.condition.word());
    }
    Data::Map(Box::new(spelled))
}

fn args(spelled: &mut Map, args: &[Arg]) {
    if !args.is_empty() {
        put(
            spelled,
            "args",
            args.iter().map(|arg| (arg.id.text.clone(), value(&arg.value))).collect::<Data>(),
        );
    }
}

/// A value as written. EDN's code forms become texts of code, which other notations have too.
fn value(node: &Node) -> Data {
    match &node.kind {
        NodeKind::Form(code) => format!("#pt-clj {code}").into(),
        NodeKind::List(items) => items.iter().map(value).collect(),
        NodeKind::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), value(&entry.value))).collect()
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Str(_) => {
            plain(node)
        }
    }
}

fn names(names: &[Name]) -> Data {
    names.iter().map(|name| Data::from(&*name.text)).collect()
}

fn put(map: &mut Map, key: &str, value: impl Into<Data>) {
    map.insert(key.into(), value.into());
}
