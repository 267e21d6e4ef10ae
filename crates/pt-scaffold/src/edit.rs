//! Edits of polytope files that keep comments and layout.
//!
//! The text is read into a document, which tells where things stand; then lines are put in, and the result is read
//! again. It must say what the old text said and the new thing, or the edit is refused.

mod place;

use pt_spec::{FILE_NAMES, plain};
use pt_syntax::{Format, Node, NodeKind, Sources, parse};

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

/// The text of a polytope file in YAML with one more entry in `include`; nothing if it is there already.
///
/// # Errors
/// The text is laid out in a way that cannot be edited without risk.
pub fn include(text: &str, entry: Include<'_>) -> Edited {
    let root = read(text)?;
    let known = root.get("include");
    let there = known.is_some_and(|known| {
        known.items().iter().chain(known.as_str().map(|_| known)).any(|item| entry.is(item))
    });
    if there {
        return Ok(None);
    }
    let layout = Layout { text };
    let line = entry.line();
    let edited = match known {
        None => layout.append("include", &[format!("  - {line}")], &root)?,
        Some(Node { kind: NodeKind::Null, .. }) => {
            layout.fill(key_end(&root, "include"), &[format!("  - {line}")])?
        }
        Some(list @ Node { kind: NodeKind::List(_), .. }) => layout.add_item(list, &line)?,
        Some(only) => {
            let (start, end) = (only.span.start as usize, only.span.end as usize);
            format!("{}[{}, {line}]{}", &text[..start], &text[start..end], &text[end..])
        }
    };
    proven(&root, edited, "include", |new| {
        new.get("include").is_some_and(|list| list.items().iter().any(|item| entry.is(item)))
    })
}

/// The text of a polytope file in YAML whose tool has one more step that calls something; nothing if it has one already.
/// A tool that is not there is made.
///
/// # Errors
/// The text is laid out in a way that cannot be edited without risk, or the tool runs no steps.
pub fn add_step(text: &str, tool: &str, call: &str) -> Edited {
    let root = read(text)?;
    let layout = Layout { text };
    let step = format!("tool: {}", quoted(call));
    let made = |indent: usize| vec![format!("{:indent$}run:", ""), format!("{:indent$}  - {step}", "")];
    let tools = root.get("tools");
    let edited = match (tools, tools.and_then(|tools| tool_of(tools, tool))) {
        (None, _) => {
            let mut lines = vec![format!("  {}:", key(tool))];
            lines.extend(made(4));
            layout.append("tools", &lines, &root)?
        }
        (Some(Node { kind: NodeKind::Null, .. }), _) => {
            let mut lines = vec![format!("  {}:", key(tool))];
            lines.extend(made(4));
            layout.fill(key_end(&root, "tools"), &lines)?
        }
        (Some(tools @ Node { kind: NodeKind::List(_), .. }), None) => {
            layout.add_item(tools, &format!("id: {}\nrun:\n  - {step}", quoted(tool)))?
        }
        (Some(tools), None) => layout.add_entry(tools, &format!("{}:\n  run:\n    - {step}", key(tool)))?,
        (Some(tools), Some(found)) => match steps_of(found) {
            Some(steps) if steps.items().iter().any(|step| calls(step, call)) => return Ok(None),
            Some(steps @ Node { kind: NodeKind::List(_), .. }) => layout.add_item(steps, &step)?,
            None if found.is_null() => {
                let indent = layout.indent_of(key_start(tools, tool)) + 2;
                layout.fill(key_end(tools, tool), &made(indent))?
            }
            _ => return refused(format!("the tool `{tool}` runs no list of steps")),
        },
    };
    proven(&root, edited, "tools", |new| {
        let steps = new.get("tools").and_then(|tools| tool_of(tools, tool)).and_then(steps_of);
        steps.is_some_and(|steps| steps.items().iter().any(|step| calls(step, call)))
    })
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

fn read(text: &str) -> Result<Node, NotEdited> {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", text);
    let parsed = parse(source, text, Format::Yaml);
    if parsed.has_errors() {
        return refused("it cannot be read");
    }
    let root = parsed.document.root;
    if matches!(root.kind, NodeKind::Null | NodeKind::Map(_)) { Ok(root) } else { refused("it is no map") }
}

/// The edited text, if it says all that the old one said, and what it should say now.
fn proven(old: &Node, edited: String, key: &str, says: impl Fn(&Node) -> bool) -> Edited {
    let without = |root: &Node| {
        let mut map = plain(root).as_map().cloned().unwrap_or_default();
        map.shift_remove(key);
        map
    };
    match read(&edited) {
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
