//! Triggers.

use pt_syntax::{Diagnostic, Node, NodeKind, Reading, is_id, references, suggest};

use super::Lowered;
use super::definition::{lower_definition, name_of};
use super::fields::Fields;
use crate::cron::Cron;
use crate::definition::{Kind, Name, Origin};
use crate::trigger::{EventKind, Trigger, TriggerOn, TriggerTemplate};

/// Lowers a list of triggers, or a map from ids to them.
pub(super) fn lower_triggers(node: Node, origin: &Origin, lowered: &mut Lowered) {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            items.into_iter().filter(|item| !item.is_null()).for_each(|item| {
                lower_trigger(None, item, origin, lowered);
            });
        }
        NodeKind::Map(entries) => entries.into_iter().for_each(|entry| {
            let id = Name { text: entry.key, span: entry.key_span };
            lower_trigger(Some(id), entry.value, origin, lowered);
        }),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => lowered.diagnostics.push(
            Diagnostic::warning("wrong-shape", "'triggers' must be a list or a map").at(span, "ignored"),
        ),
    }
}

fn lower_trigger(key: Option<Name>, node: Node, origin: &Origin, lowered: &mut Lowered) {
    let span = node.span;
    let Some(mut fields) = Fields::of(node) else {
        lowered
            .diagnostics
            .push(Diagnostic::warning("wrong-shape", "A trigger must be a map").at(span, "ignored"));
        return;
    };
    let id = fields.take("id").and_then(name_of);
    let Some(id) = key.or(id) else {
        lowered
            .diagnostics
            .push(Diagnostic::warning("missing-id", "A trigger must have an id").at(span, "ignored"));
        return;
    };
    let mut found = Vec::new();
    if !is_id(&id.text) {
        found.push(
            Diagnostic::error("invalid-id", format!("Must be a valid ID (got {:?})", id.text))
                .at(id.span, "")
                .hint("ids consist of a-z, 0-9, '_' and '-'"),
        );
    }
    let info = fields.take_text(&["info", "ìnfo"]);
    let on = match fields.take("on") {
        Some(node) => lower_occasions(node, &mut found),
        None => {
            let message = format!("The trigger '{}' does not say when it fires", id.text);
            found.push(
                Diagnostic::error("missing-on", message)
                    .at(id.span, "this one")
                    .hint("add `on: [{schedule: 15 3 * * *}]`"),
            );
            Vec::new()
        }
    };
    let template = match fields.take("template") {
        Some(node) => lower_template(&id, node, origin, &mut found),
        None => {
            let message = format!("The trigger '{}' does not say what it starts", id.text);
            found.push(
                Diagnostic::error("missing-body", message).at(id.span, "this one").hint("add `template`"),
            );
            None
        }
    };
    found.extend(fields.unknown("in a trigger", &["id", "info", "on", "template"]));
    let origin = origin.clone();
    lowered.triggers.push(Trigger { id, info, on, template, origin, span, diagnostics: found });
}

fn lower_template(
    id: &Name,
    node: Node,
    origin: &Origin,
    found: &mut Vec<Diagnostic>,
) -> Option<TriggerTemplate> {
    if let NodeKind::Map(_) = node.kind {
        let mut inline = Lowered::default();
        lower_definition(Some(id.clone()), node, Kind::Template, origin, &mut inline);
        found.extend(inline.diagnostics);
        let mut definition = inline.definitions.pop()?;
        // Its own id, if it has one, says nothing that the trigger's does not.
        found.append(&mut definition.diagnostics);
        return Some(TriggerTemplate::Inline(Box::new(definition)));
    }
    let code = matches!(node.kind, NodeKind::Form(_))
        || node.as_str().is_some_and(|text| matches!(references(text), Reading::Code(_)));
    if code {
        return Some(TriggerTemplate::Code(node));
    }
    let span = node.span;
    let name = name_of(node);
    if name.is_none() {
        found.push(
            Diagnostic::error("wrong-shape", "`template` must name a template, be one, or be code")
                .at(span, "this is none of these"),
        );
    }
    name.map(TriggerTemplate::Named)
}

fn lower_occasions(node: Node, found: &mut Vec<Diagnostic>) -> Vec<TriggerOn> {
    match node.kind {
        NodeKind::List(items) => items.into_iter().filter_map(|item| lower_occasion(item, found)).collect(),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Map(_)
        | NodeKind::Form(_) => lower_occasion(node, found).into_iter().collect(),
    }
}

/// A plain string is a schedule.
fn lower_occasion(node: Node, found: &mut Vec<Diagnostic>) -> Option<TriggerOn> {
    if node.as_str().is_some() {
        let (schedule, schedule_text) = (schedule(&node, found), node.as_str().map(str::to_owned));
        return Some(TriggerOn { schedule, schedule_text, ..TriggerOn::default() });
    }
    let span = node.span;
    let Some(mut fields) = Fields::of(node) else {
        found.push(
            Diagnostic::error("wrong-shape", "`on` must be a list of maps with `events` or `schedule`")
                .at(span, "this is neither a map nor a schedule"),
        );
        return None;
    };
    let events = fields.take("events").map(|node| events(&node, found)).unwrap_or_default();
    let times = fields.take("schedule");
    let schedule_text = times.as_ref().and_then(Node::as_str).map(str::to_owned);
    let schedule = times.and_then(|node| schedule(&node, found));
    let when = fields.take("when");
    found.extend(fields.unknown("in `on`", &["events", "schedule", "when"]));
    Some(TriggerOn { events, schedule, schedule_text, when })
}

fn events(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<EventKind> {
    let words = if node.as_str().is_some() { std::slice::from_ref(node) } else { node.items() };
    let mut event = |word: &Node| {
        let known = word.as_str().and_then(EventKind::from_word);
        if known.is_none() {
            let message = format!("There is no event {}", crate::plain(word));
            let unknown = Diagnostic::error("unknown-event", message).at(word.span, "");
            let all = EventKind::ALL.iter().map(|event| event.word());
            found.push(unknown.did_you_mean(suggest(word.as_str().unwrap_or_default(), all)));
        }
        known
    };
    words.iter().filter_map(&mut event).collect()
}

fn schedule(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Cron> {
    let read = node.as_str().map(Cron::parse);
    let message = match read {
        Some(Ok(cron)) => return Some(cron),
        Some(Err(bad)) => bad.message,
        None => format!("Must be a string (got {})", crate::plain(node)),
    };
    found.push(
        Diagnostic::error("invalid-schedule", format!("Not a schedule: {message}"))
            .at(node.span, "")
            .hint("write it as cron does: `15 3 * * *` is a quarter past three every night"),
    );
    None
}
