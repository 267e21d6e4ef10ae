//! What there is to run, for who named nothing.

use std::io::Write;

use pt_spec::{Definition, Kind, Project};

use crate::failure::{Failure, Outcome};
use crate::table::Table;

/// Lists the project's targets, for a command that needs one: it has failed.
pub(crate) fn show(project: &Project, command: &str) -> Outcome {
    let mut out = anstream::stdout().lock();
    let mut any = false;
    for (heading, kind) in [("TEMPLATE", Kind::Template), ("TOOL", Kind::Tool), ("MODULE", Kind::Module)] {
        let mut of_kind = project.definitions().filter(|definition| definition.kind == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        if any {
            writeln!(out)?;
        }
        any = true;
        let mut table = Table::new(&[heading, "INFO"]);
        of_kind.for_each(|definition| table.row(vec![call(definition), info(definition)]));
        out.write_all(table.render().as_bytes())?;
    }
    let message = if any {
        let does = if command == "run" { "runs one" } else { "shows what one would run" };
        format!(
            "Which target? `pt {command} NAME` {does}, `pt {command} 'NAME{{param: value}}'` with arguments."
        )
    } else {
        "Which target? No polytope file here declares one. `pt run polytope/hello-world` runs everywhere."
            .to_owned()
    };
    Err(Failure::usage(message))
}

/// The name, and the args that it cannot do without.
fn call(definition: &Definition) -> String {
    let required = definition.params.iter().filter(|param| !param.ty.is_optional());
    let required: Vec<String> = required.map(|param| format!("{}: …", param.id.text)).collect();
    let id = &definition.id.text;
    if required.is_empty() { id.clone() } else { format!("{id}{{{}}}", required.join(", ")) }
}

/// The first sentence or line, as far as a line of a table goes.
fn info(definition: &Definition) -> String {
    const MOST: usize = 80;
    let info = definition.info.as_deref().unwrap_or_default().trim();
    let line = info.lines().next().unwrap_or_default();
    let line = line.split_once(". ").map_or(line, |(sentence, _)| sentence).trim_end_matches('.');
    if line.chars().count() > MOST {
        line.chars().take(MOST - 1).chain(['…']).collect()
    } else {
        line.to_owned()
    }
}
