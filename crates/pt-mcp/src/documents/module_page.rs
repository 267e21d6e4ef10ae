//! The page of a standard module, made from its definition.

use pt_model::Data;
use pt_spec::{Atom, Definition, Param, Type};
use pt_syntax::Sources;

/// The page: what the module is for, an example, its params and services, and how it is defined.
pub(super) fn page(sources: &Sources, definition: &Definition, reference: &str) -> String {
    let info = definition.info.as_deref().unwrap_or_default().trim();
    let mut page = format!("# {reference}\n\n{info}\n\n## Example\n\n{}", example(definition, reference));
    if !definition.params.is_empty() {
        page.push_str("\n## Params\n\n| Param | Type | Default | |\n| --- | --- | --- | --- |\n");
        for param in &definition.params {
            page.push_str(&row(param));
        }
    }
    let services = services(definition);
    if !services.is_empty() {
        page.push_str("\n## Services\n\nUnless other ones are given:\n\n");
        services.iter().for_each(|service| page.extend([format!("- {service}\n")]));
    }
    page.extend([format!("\n## Definition\n\n```yaml\n{}\n```\n", source(sources, definition))]);
    page
}

fn row(param: &Param) -> String {
    let (ty, default) = if let Type::Default(of, value) = &param.ty {
        (of.to_string(), format!("`{}`", cell(&value.to_string())))
    } else if param.ty.is_optional() {
        (param.ty.to_string(), String::new())
    } else {
        (param.ty.to_string(), "required".to_owned())
    };
    let info = param.info.as_deref().unwrap_or_default();
    format!("| `{}` | `{}` | {default} | {} |\n", param.id.text, cell(&ty), cell(info))
}

/// Text as it may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// How the module is used in a polytope file.
fn example(definition: &Definition, reference: &str) -> String {
    let id = reference.rsplit(['/', '!']).next().unwrap_or(reference);
    let mut yaml = format!("```yaml\nmodules:\n  - id: {id}\n    module: {reference}\n");
    let required: Vec<&Param> = definition.params.iter().filter(|param| !param.ty.is_optional()).collect();
    if !required.is_empty() {
        yaml.push_str("    args:\n");
        for param in required {
            yaml.extend([format!("      {}: {}\n", param.id.text, sample(&param.ty))]);
        }
    }
    yaml.push_str("```\n");
    yaml
}

/// A value of the type, in flow notation.
pub(super) fn sample(ty: &Type) -> String {
    match ty {
        Type::Atom(atom) => match atom {
            Atom::Str | Atom::Any | Atom::InstanceType => "text",
            Atom::Bool => "true",
            Atom::Int | Atom::Num => "1",
            Atom::Id | Atom::ServiceRef => "some-id",
            Atom::DockerImage => "debian:12",
            Atom::AbsolutePath | Atom::UrlPath => "/path",
            Atom::EnvVar => "{name: NAME, value: text}",
            Atom::MountSource => "{type: host, path: ./src}",
            Atom::ServiceSpec => "{id: api, ports: [{port: 8080, protocol: http}]}",
            Atom::DatasetSink => "results",
            Atom::DataSize => "1GB",
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
        Type::Regex(pattern) => match simplest(&pattern.text) {
            text if ty.check(&Data::from(text.as_str())).is_ok() => text,
            _ => format!("pt.value something # that matches {}", pattern.text),
        },
        Type::Unknown(_) => "…".to_owned(),
    }
}

/// A text that a simple regex matches: of each class its first character, of what may be repeated one.
fn simplest(regex: &str) -> String {
    let mut text = String::new();
    let mut rest = regex.chars();
    while let Some(c) = rest.next() {
        match c {
            '[' => {
                text.extend(rest.next());
                rest.by_ref().take_while(|c| *c != ']').for_each(drop);
            }
            '\\' => text.extend(rest.next()),
            '+' | '*' | '?' | '^' | '$' | '(' | ')' => {}
            other => text.push(other),
        }
    }
    text
}

/// The services that are opened when nothing else is said.
fn services(definition: &Definition) -> Vec<String> {
    let mut services = Vec::new();
    for param in definition.params.iter().filter(|param| param.ty.holds_services()) {
        let Ok(value) = param.ty.check(&Data::Null) else { continue };
        for service in param.ty.services_in(&value) {
            services.push(format!("`{service}` (param `{}`)", param.id.text));
        }
    }
    services
}

/// The definition as it is written.
fn source(sources: &Sources, definition: &Definition) -> String {
    let text = &sources.get(definition.origin.file).text;
    let (start, end) = (definition.span.start as usize, definition.span.end as usize);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = start - line;
    let own = &text[start..end];
    let mut lines = own.lines();
    let mut written = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let cut = line.len() - line.trim_start_matches(' ').len();
        written.push('\n');
        written.push_str(&line[cut.min(indent)..]);
    }
    written.trim_end().to_owned()
}
