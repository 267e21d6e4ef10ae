//! Paths of the host that are not there.

use pt_model::HostDirs;
use pt_spec::Definition;
use pt_syntax::{Diagnostic, Node, Reading, references};

use super::{Around, written};

/// Warnings about the mounts that a definition writes out.
pub(super) fn check(definition: &Definition, around: &Around<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    written::each_node(definition, &mut |node| {
        if node.get("path").is_some()
            && let Some(source) = node.get("source")
            && let Some(path) = host_path(source)
            && let Some(text) = path.as_str()
            && let Reading::Literal = references(text)
            && let Some(full) = around.dirs.locate(text)
            && !around.world.exists(&full)
        {
            let diagnostic =
                Diagnostic::warning("missing-host-path", format!("There is no {text} on this machine"))
                    .at(path.span, "a step that mounts this fails");
            found.push(if HostDirs::is_relative_to_call(text) {
                diagnostic.note(
                    "paths that begin with ./ or ../ are relative to the directory in which `pt` is called",
                )
            } else {
                diagnostic.note(format!("looked for {}", full.display()))
            });
        }
    });
    found
}

/// The path of `{type: host, path: x}`.
fn host_path(source: &Node) -> Option<&Node> {
    (source.get("type")?.as_str()? == "host").then(|| source.get("path")).flatten()
}
