//! Edits of polytope files that keep comments and layout.
//!
//! The text is read into a document, which tells where things stand; then lines are put in (`place`), or items in brackets
//! where the file is in JSON or EDN (`braced`), and the result is read again. It must say what the old text said and the new
//! thing, or the edit is refused.

mod braced;
mod place;

use pt_spec::{FILE_NAMES, plain};
use pt_syntax::{Format, Node, NodeKind, Sources, parse};

use braced::{Braced, Notation};
use place::Layout;

/// A new entry of `include`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include<'a> {
    /// A directory or file of the project.
    Path(&'a str),
    /// A repository: `gh:owner/name`, or a URL.
    Repo(&'a str),
}

/// Why a text was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEdited {
    /// What stood in the way.
    pub why: String,
}

type Edited = Result<Option<String>, NotEdited>;

/// The text of a polytope file with one more entry in `include`; nothing if it is there already.
///
/// # Errors
/// The text is laid out in a way that cannot be edited without risk.
pub fn include(text: &str, format: Format, entry: Include<'_>) -> Edited {
    let root = read(text, format)?;
    let known = root.get("include");
    let there = known.is_some_and(|known| {
        known.items().iter().chain(known.as_str().map(|_| known)).any(|item| entry.is(item))
    });
    if there {
        return Ok(None);
    }
    let edited = match Notation::of(format) {
        Some(notation) => Braced { text, notation }.include(&root, entry),
        None => include_in_lines(text, &root, entry)?,
    };
    proven(&root, edited, format, "include", |new| {
        new.get("include").is_some_and(|list| list.items().iter().any(|item| entry.is(item)))
    })
}

fn include_in_lines(text: &str, root: &Node, entry: Include<'_>) -> Result<String, NotEdited> {
    let layout = Layout { text };
    let line = entry.line();
    Ok(match root.get("include") {
        None => layout.append("include", &[format!("  - {line}")], root)?,
        Some(Node { kind: NodeKind::Null, .. }) => {
            layout.fill(key_end(root, "include"), &[format!("  - {line}")])?
        }
        Some(list @ Node { kind: NodeKind::List(_), .. }) => layout.add_item(list, &line)?,
        Some(only) => {
            let (start, end) = (only.span.start as usize, only.span.end as usize);
            format!("{}[{}, {line}]{}", &text[..start], &text[start..end], &text[end..])
        }
    })
}

/// The text of a polytope file whose tool has one more step that calls something; nothing if it has one already.
/// A tool that is not there is made.
///
/// # Errors
/// The text is laid out in a way that cannot be edited without risk, or the tool runs no steps.
pub fn add_step(text: &str, format: Format, tool: &str, call: &str) -> Edited {
    let root = read(text, format)?;
    let found = root.get("tools").and_then(|tools| tool_of(tools, tool));
    let steps = found.and_then(steps_of);
    if steps.is_some_and(|steps| steps.items().iter().any(|step| calls(step, call))) {
        return Ok(None);
    }
    let is_list = steps.is_some_and(|steps| matches!(steps.kind, NodeKind::List(_)));
    if found.is_some_and(|found| !found.is_null()) && !is_list {
        return refused(format!("the tool `{tool}` runs no list of steps"));
    }
    let edited = match Notation::of(format) {
        Some(notation) => Braced { text, notation }.add_step(&root, tool, call),
        None => add_step_in_lines(text, &root, tool, call)?,
    };
    proven(&root, edited, format, "tools", |new| {
        let steps = new.get("tools").and_then(|tools| tool_of(tools, tool)).and_then(steps_of);
        steps.is_some_and(|steps| steps.items().iter().any(|step| calls(step, call)))
    })
}

fn add_step_in_lines(text: &str, root: &Node, tool: &str, call: &str) -> Result<String, NotEdited> {
    let layout = Layout { text };
    let step = format!("tool: {}", quoted(call));
    let made = |indent: usize| vec![format!("{:indent$}run:", ""), format!("{:indent$}  - {step}", "")];
    let new = || [vec![format!("  {}:", key(tool))], made(4)].concat();
    let Some(tools) = root.get("tools") else { return layout.append("tools", &new(), root) };
    let Some(found) = tool_of(tools, tool) else {
        return if tools.is_null() {
            layout.fill(key_end(root, "tools"), &new())
        } else if matches!(tools.kind, NodeKind::List(_)) {
            layout.add_item(tools, &format!("id: {}\nrun:\n  - {step}", quoted(tool)))
        } else {
            layout.add_entry(tools, &format!("{}:\n  run:\n    - {step}", key(tool)))
        };
    };
    match steps_of(found) {
        Some(steps) => layout.add_item(steps, &step),
        None => {
            let indent = layout.indent_of(key_start(tools, tool)) + 2;
            layout.fill(key_end(tools, tool), &made(indent))
        }
    }
}

impl Include<'_> {
    fn is(self, item: &Node) -> bool {
        match self {
            Self::Path(path) => {
                let known = item.as_str().or_else(|| {
                    item.get("path").filter(|_| item.get("repo").is_none()).and_then(Node::as_str)
                });
                known.is_some_and(|known| bare(known) == bare(path))
            }
            Self::Repo(repo) => {
                let bare = |text: &str| text.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
                let known = item.get("repo").and_then(Node::as_str);
                known.is_some_and(|known| bare(known) == bare(repo))
            }
        }
    }

    fn line(self) -> String {
        match self {
            Self::Path(path) => scalar(path),
            Self::Repo(repo) => format!("repo: {}", scalar(repo)),
        }
    }
}

/// A path without what makes no difference.
fn bare(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let file = FILE_NAMES.iter().find_map(|name| path.strip_suffix(name)?.strip_suffix('/'));
    file.unwrap_or(path)
}

fn tool_of<'n>(tools: &'n Node, tool: &str) -> Option<&'n Node> {
    let by_id = || tools.items().iter().find(|item| item.get("id").and_then(Node::as_str) == Some(tool));
    tools.get(tool).or_else(by_id)
}

fn steps_of(tool: &Node) -> Option<&Node> {
    ["run", "steps", "run-steps"].iter().find_map(|key| tool.get(key))
}

fn calls(step: &Node, call: &str) -> bool {
    let called = step.as_str().or_else(|| ["tool", "module"].iter().find_map(|key| step.get(key)?.as_str()));
    called == Some(call)
}

fn key_start(map: &Node, key: &str) -> usize {
    map.entries().iter().find(|entry| entry.key == key).map_or(0, |entry| entry.key_span.start as usize)
}

fn key_end(map: &Node, key: &str) -> usize {
    map.entries().iter().find(|entry| entry.key == key).map_or(0, |entry| entry.key_span.end as usize)
}

fn read(text: &str, format: Format) -> Result<Node, NotEdited> {
    let mut sources = Sources::default();
    let source = sources.add("polytope", text);
    // A file that is made now says nothing yet, which is no JSON.
    let format = if text.trim().is_empty() { Format::Yaml } else { format };
    let parsed = parse(source, text, format);
    if parsed.has_errors() {
        return refused("it cannot be read");
    }
    let root = parsed.document.root;
    if matches!(root.kind, NodeKind::Null | NodeKind::Map(_)) { Ok(root) } else { refused("it is no map") }
}

/// The edited text, if it says all that the old one said, and what it should say now.
fn proven(old: &Node, edited: String, format: Format, key: &str, says: impl Fn(&Node) -> bool) -> Edited {
    let without = |root: &Node| {
        let mut map = plain(root).as_map().cloned().unwrap_or_default();
        map.shift_remove(key);
        map
    };
    match read(&edited, format) {
        Ok(new) if says(&new) && without(old) == without(&new) => Ok(Some(edited)),
        _ => refused(format!("`{key}` is laid out in a way that cannot be edited without risk")),
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, NotEdited> {
    Err(NotEdited { why: why.into() })
}

/// A text as YAML would have it: plain if that is safe.
fn scalar(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@+~".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || "./~".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "null", "~", "yes", "no"].contains(&text.to_lowercase().as_str())
        && !text.starts_with(".") | text.contains('/');
    if plain { text.to_owned() } else { quoted(text) }
}

fn key(text: &str) -> String {
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) { scalar(text) } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
