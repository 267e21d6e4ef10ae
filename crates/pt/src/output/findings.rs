//! Diagnostics for programs: JSON, and SARIF for CI.

use clap::ValueEnum;
use pt_syntax::{Diagnostic, Label, Severity, Sources, Span};
use serde_json::{Value, json};

use crate::commands::explain;
use crate::failure::Failure;
use crate::output::{Format, render};

/// The notations of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingFormat {
    Yaml,
    Json,
    Edn,
    Sarif,
}

/// Findings in a notation: a list with a map for each, or what SARIF makes of them.
pub(crate) fn write(
    found: &[Diagnostic],
    sources: &Sources,
    format: FindingFormat,
) -> Result<String, Failure> {
    let format = match format {
        FindingFormat::Yaml => Format::Yaml,
        FindingFormat::Json => Format::Json,
        FindingFormat::Edn => Format::Edn,
        FindingFormat::Sarif => return sarif(found, sources),
    };
    let list: Vec<Value> = found.iter().map(|diagnostic| finding(diagnostic, sources)).collect();
    render(&list, format, true)
}

/// Lines and columns from 1, columns in characters; the end is the place after the last character.
fn finding(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut shown = json!({
        "id": diagnostic.id,
        "severity": word(diagnostic.severity),
        "message": diagnostic.message,
        "notes": diagnostic.notes,
        "hints": diagnostic.hints,
    });
    if let Some(label) = diagnostic.labels.first() {
        let (start, end) = (sources.position(label.span), sources.position(end(label.span)));
        shown["file"] = json!(sources.get(label.span.source).name);
        shown["line"] = json!(start.line);
        shown["column"] = json!(start.column);
        shown["end-line"] = json!(end.line);
        shown["end-column"] = json!(end.column);
    }
    let labels: Vec<Value> = diagnostic.labels.iter().map(|label| labelled(label, sources)).collect();
    shown["labels"] = json!(labels);
    shown
}

/// A place and what to say about it; the first is the cause.
fn labelled(label: &Label, sources: &Sources) -> Value {
    let (start, end) = (sources.position(label.span), sources.position(end(label.span)));
    json!({
        "file": sources.get(label.span.source).name,
        "line": start.line,
        "column": start.column,
        "end-line": end.line,
        "end-column": end.column,
        "text": label.text,
    })
}

/// A log of one run, as SARIF 2.1.0.
fn sarif(found: &[Diagnostic], sources: &Sources) -> Result<String, Failure> {
    let mut ids: Vec<&str> = found.iter().map(|diagnostic| diagnostic.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Vec<Value> = ids.iter().map(|id| rule(id)).collect();
    let results: Vec<Value> = found.iter().map(|diagnostic| result(diagnostic, sources)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "polytope", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

/// A kind of mistake, with its page.
fn rule(id: &str) -> Value {
    let name: String = id.split('-').map(capitalized).collect();
    let mut rule = json!({"id": id, "name": name});
    if let Some(page) = explain::page(id) {
        rule["shortDescription"] = json!({"text": explain::summary(&page)});
        rule["help"] = json!({"text": page, "markdown": page});
    }
    rule
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut text = diagnostic.message.clone();
    for more in diagnostic.notes.iter().chain(&diagnostic.hints) {
        text.extend(["\n", more]);
    }
    let (first, others) = diagnostic.labels.split_at(diagnostic.labels.len().min(1));
    let locations =
        |labels: &[Label]| -> Vec<Value> { labels.iter().map(|label| location(label, sources)).collect() };
    json!({
        "ruleId": diagnostic.id,
        "level": word(diagnostic.severity),
        "message": {"text": text},
        "locations": locations(first),
        "relatedLocations": locations(others),
    })
}

fn location(label: &Label, sources: &Sources) -> Value {
    let (start, end) = (sources.position(label.span), sources.position(end(label.span)));
    let mut shown = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": sources.get(label.span.source).name},
            "region": {
                "startLine": start.line, "startColumn": start.column,
                "endLine": end.line, "endColumn": end.column,
            },
        },
    });
    if !label.text.is_empty() {
        shown["message"] = json!({"text": label.text});
    }
    shown
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn end(span: Span) -> Span {
    Span { start: span.end, ..span }
}
