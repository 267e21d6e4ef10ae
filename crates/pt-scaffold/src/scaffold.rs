//! Copying: first everything is decided, then it is written.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pt_spec::{FILE_NAMES, format_of};
use pt_syntax::{Format, Sources, Style, parse, render, suggest};

use crate::action::{Action, Conflict, ToolStep};
use crate::edit::{Include, NotEdited, add_step, include};
use crate::fill::{Unfilled, Words, words_left};
use crate::replace::replace;
use crate::template::Template;
use crate::tree;

/// How many names of files a message lists.
const LISTED: usize = 5;

/// How many bytes of a file are shown.
const SHOWN: usize = 8000;

/// The project that files are copied into.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The directory that paths of actions are relative to.
    pub root: &'a Path,
    /// The root polytope file; it need not be there.
    pub root_file: &'a Path,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Paths of the files that were written, from the root of the project.
    pub written: Vec<String>,
    /// Paths of the files that were there already and stayed.
    pub kept: Vec<String>,
    /// All of it for people and agents.
    pub text: String,
}

/// Why nothing was done.
#[derive(Debug)]
pub struct ScaffoldError {
    message: String,
}

impl fmt::Display for ScaffoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScaffoldError {}

fn error<T>(message: impl Into<String>) -> Result<T, ScaffoldError> {
    Err(ScaffoldError { message: message.into() })
}

/// A file that will be written.
struct NewFile {
    path: String,
    content: Vec<u8>,
    executable: bool,
    /// What was there is replaced.
    replaces: bool,
}

/// Copies a template as an action asks.
///
/// # Errors
/// Something forbids it, and nothing was written; or writing failed in the middle, which the message says.
pub fn scaffold(place: Place<'_>, action: &Action, template: &Template) -> Result<Report, ScaffoldError> {
    let target = inside(&from_root(place.root, &action.path)?)?;
    if action.must_be_new && !is_empty(&place.root.join(&target)) {
        return error(format!("{target} is not empty."));
    }
    let (files, kept, unfilled) = decide(place, action, template, &target)?;
    readable(&files, &target)?;
    let mut notes = unfilled.note();
    let root_text = edited_root(place, action, &target, &files, &mut notes)?;
    write(place, &files)?;
    if let Some(text) = root_text {
        replace(place.root_file, &text)
            .map_err(|cause| failed("The files were copied, but could not write", place.root_file, &cause))?;
    }
    let written: Vec<String> = files.into_iter().map(|file| file.path).collect();
    let text = tell(place, action, &target, &written, &kept, &notes);
    Ok(Report { written, kept, text })
}

/// What is written, and which files stay as they are.
fn decide(
    place: Place<'_>,
    action: &Action,
    template: &Template,
    target: &str,
) -> Result<(Vec<NewFile>, Vec<String>, Unfilled), ScaffoldError> {
    let (mut files, mut kept, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    let mut unfilled = Unfilled::default();
    let words = action.values.as_ref().map(|values| Words { name: action.name(), values });
    for file in &template.files {
        if action.leaves_out(&file.path) {
            continue;
        }
        let fill = |text: &str| words.as_ref().map_or_else(|| text.to_owned(), |words| words.fill(text));
        let path = match fill(stripped(&file.path, action.strip_path_prefix.as_deref())) {
            path if path.is_empty() => target.to_owned(),
            path => format!("{target}/{}", inside(&path)?),
        };
        let content = match std::str::from_utf8(&file.content) {
            Ok(text) => fill(text).into_bytes(),
            Err(_) => file.content.clone(),
        };
        let full = place.root.join(&path);
        stays_inside(place.root, &full)?;
        let exists = full.symlink_metadata().is_ok();
        if full.is_dir() {
            return error(format!("{path} would be a file, but is a directory."));
        }
        match action.on_conflict {
            Conflict::Skip if exists => kept.push(path),
            Conflict::Fail if exists => taken.push(path),
            Conflict::Skip | Conflict::Fail | Conflict::Overwrite => {
                if let (true, Ok(text)) = (words.is_some(), std::str::from_utf8(&content)) {
                    unfilled.look_at(&path, text);
                }
                files.push(NewFile { path, content, executable: file.executable, replaces: exists });
            }
        }
    }
    if !taken.is_empty() {
        return error(format!(
            "{} already; nothing was copied. `on-conflict: skip` keeps what is there, `overwrite` replaces it.",
            match taken.as_slice() {
                [only] => format!("{only} is there"),
                _ => format!("{} are there", listed(&taken)),
            }
        ));
    }
    if files.is_empty() && kept.is_empty() {
        return error("The template has no files.");
    }
    Ok((files, kept, unfilled))
}

/// Refuses a polytope file that nobody could read: included, it would keep all of the project from running.
fn readable(files: &[NewFile], target: &str) -> Result<(), ScaffoldError> {
    for file in files {
        let name = file.path.strip_prefix(target).unwrap_or(&file.path).trim_start_matches('/');
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        if !FILE_NAMES.contains(&name) {
            continue;
        }
        let mut sources = Sources::default();
        let found = parse(sources.add(&file.path, text), text, format_of(Path::new(name)));
        if found.has_errors() {
            let why = render(&found.diagnostics, &sources, Style::default());
            let words = words_left(text);
            let values = if words.is_empty() {
                String::new()
            } else {
                format!("\nNot filled in: {}. `template-values` gives what stands there.", words.join(", "))
            };
            return error(format!(
                "Nothing was copied: {} could not be read.\n{}{values}",
                file.path,
                why.trim_end()
            ));
        }
    }
    Ok(())
}

/// The root file's new text, if it changes. What it needs by hand is noted.
fn edited_root(
    place: Place<'_>,
    action: &Action,
    target: &str,
    files: &[NewFile],
    notes: &mut Vec<String>,
) -> Result<Option<String>, ScaffoldError> {
    let brings = FILE_NAMES.iter().any(|name| {
        let path = format!("{target}/{name}");
        files.iter().any(|file| file.path == path) || place.root.join(&path).is_file()
    });
    let includes = action.auto_include && brings;
    if !includes && action.add_to_tools.is_empty() {
        return Ok(None);
    }
    let name =
        place.root_file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let old = match fs::read_to_string(place.root_file) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(failed("Could not read", place.root_file, &cause)),
    };
    let format = format_of(place.root_file);
    let brought =
        files.iter().filter(|file| FILE_NAMES.iter().any(|name| file.path == format!("{target}/{name}")));
    let brought: Vec<&str> = brought.filter_map(|file| std::str::from_utf8(&file.content).ok()).collect();
    for step in &action.add_to_tools {
        probably_meant(step, &old, format, &brought)
            .map_or(Ok(()), |error| Err(ScaffoldError { message: error }))?;
    }
    let mut text = old.clone();
    let mut step = |edited: Result<Option<String>, NotEdited>, done: String, by_hand: String| match edited {
        Ok(Some(new)) => {
            notes.push(format!("{name}: {done}"));
            Some(new)
        }
        Ok(None) => None,
        Err(NotEdited { why }) => {
            notes.push(format!("{name} was left as it is ({why}). {by_hand}"));
            None
        }
    };
    if includes {
        let done = format!("includes {target}");
        let edited = step(
            include(&text, format, Include::Path(target)),
            done,
            format!("Add \"{target}\" to `include`."),
        );
        text = edited.unwrap_or(text);
    }
    for ToolStep { tool, call } in &action.add_to_tools {
        let by_hand = format!("Add a step that calls {call} to the tool `{tool}`.");
        let edited =
            step(add_step(&text, format, tool, call), format!("the tool `{tool}` calls {call}"), by_hand);
        text = edited.unwrap_or(text);
    }
    Ok((text != old).then_some(text))
}

/// What is wrong with a step that tools get whose names are nearly those of what there is: a slip would make another tool,
/// or one that calls nothing.
fn probably_meant(step: &ToolStep, root: &str, format: Format, brought: &[&str]) -> Option<String> {
    let known = tools(root, format);
    let brought: Vec<String> = brought.iter().flat_map(|text| tools(text, Format::Yaml)).collect();
    let callable: Vec<&String> = known.iter().chain(&brought).collect();
    let near = |name: &str, among: &[&String]| {
        let is_known = among.iter().any(|known| *known == name);
        let near = (!is_known).then(|| suggest(name, among.iter().map(|known| known.as_str())));
        near.flatten().map(str::to_owned)
    };
    let ToolStep { tool, call } = step;
    if let Some(near) = near(tool, &known.iter().collect::<Vec<_>>()) {
        return Some(format!(
            "`add-to-tools`: there is no tool `{tool}`; did you mean `{near}`? Nothing was copied. To have a tool of that \
             name, add it to `tools` first."
        ));
    }
    let near = near(call, &callable)?;
    Some(format!(
        "`add-to-tools`: there is no tool `{call}` to call; did you mean `{near}`? Nothing was copied."
    ))
}

/// The ids of the tools of a polytope file.
fn tools(text: &str, format: Format) -> Vec<String> {
    let mut sources = Sources::default();
    let root = parse(sources.add("", text), text, format).document.root;
    let Some(tools) = root.get("tools") else { return Vec::new() };
    let named = tools.entries().iter().map(|entry| entry.key.clone());
    let listed = tools.items().iter().filter_map(|tool| tool.get("id").and_then(|id| id.as_str()));
    named.chain(listed.map(str::to_owned)).collect()
}

fn write(place: Place<'_>, files: &[NewFile]) -> Result<(), ScaffoldError> {
    for (at, file) in files.iter().enumerate() {
        let path = place.root.join(&file.path);
        write_file(&path, file).map_err(|cause| {
            let mut failed = failed("Could not write", &path, &cause);
            if at > 0 {
                let before: Vec<String> = files[..at].iter().map(|file| file.path.clone()).collect();
                failed.message.extend([" What was copied before is there: ", &listed(&before), "."]);
            }
            failed
        })?;
    }
    Ok(())
}

fn write_file(path: &Path, file: &NewFile) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    if file.replaces {
        // A link is replaced, not what it leads to.
        fs::remove_file(path)?;
    }
    fs::write(path, &file.content)?;
    if file.executable {
        let mode = fs::metadata(path)?.permissions().mode();
        // Whoever may read it may execute it: the mask of the process holds for both.
        fs::set_permissions(path, fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    Ok(())
}

fn tell(
    place: Place<'_>,
    action: &Action,
    target: &str,
    written: &[String],
    kept: &[String],
    notes: &[String],
) -> String {
    let mut text = match written.len() {
        0 => format!("{target}: everything was there already.\n"),
        1 => format!("{target}: 1 file was written.\n"),
        n => format!("{target}: {n} files were written.\n"),
    };
    if !kept.is_empty() && !written.is_empty() {
        text.extend(["Kept as they were: ", &listed(kept), ".\n"]);
    }
    for note in notes {
        text.extend([note.as_str(), "\n"]);
    }
    let within = |path: &String| path.strip_prefix(target)?.strip_prefix('/').map(str::to_owned);
    let mut below: Vec<String> = written.iter().chain(kept).filter_map(within).collect();
    below.sort();
    if action.print_tree && !below.is_empty() {
        text.push('\n');
        text.push_str(&tree::draw(target, &below));
    }
    let usual = vec!["README.md".to_owned()];
    for file in action.print_files.as_ref().unwrap_or(&usual) {
        let path = format!("{target}/{}", file.trim_start_matches('/'));
        match fs::read_to_string(place.root.join(&path)) {
            Ok(content) => {
                let shown: String = content.chars().take(SHOWN).collect();
                let cut = if shown.len() < content.len() { "\n(cut)\n" } else { "" };
                text.extend(["\n--- ", &path, "\n", shown.trim_end(), "\n", cut]);
            }
            Err(_) if action.print_files.is_none() => {}
            Err(cause) => text.extend(["\n--- ", &path, "\n(not shown: ", &words_of(&cause), ")\n"]),
        }
    }
    text
}

/// A path of an action, from the root of the project; also where it begins with `/`, unless it is plainly one of this machine.
fn from_root(root: &Path, path: &str) -> Result<String, ScaffoldError> {
    let Some(meant) = path.strip_prefix('/') else { return Ok(path.to_owned()) };
    if let Ok(within) = Path::new(path).strip_prefix(root) {
        return Ok(within.to_string_lossy().into_owned());
    }
    let top = meant.split('/').next().unwrap_or_default();
    if !top.is_empty() && Path::new("/").join(top).is_dir() && !root.join(top).exists() {
        return error(format!(
            "`{path}` is not in the project, whose root is {}. `path` is from there: `{meant}`, if that is meant.",
            root.display()
        ));
    }
    Ok(meant.to_owned())
}

/// The path without what its beginning and end do not need. It stays below where it starts.
fn inside(path: &str) -> Result<String, ScaffoldError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() || parts.contains(&"..") {
        return error(format!("`{path}` leads out of the project, or nowhere."));
    }
    Ok(parts.join("/"))
}

/// Refuses a path of which a directory that is there already is a link out of the project.
fn stays_inside(root: &Path, path: &Path) -> Result<(), ScaffoldError> {
    let there = path.ancestors().skip(1).find_map(|dir| Some((dir, dir.canonicalize().ok()?)));
    match (there, root.canonicalize()) {
        (Some((dir, leads_to)), Ok(root)) if !leads_to.starts_with(&root) => {
            error(format!("{} leads out of the project, to {}.", dir.display(), leads_to.display()))
        }
        _ => Ok(()),
    }
}

fn stripped<'p>(path: &'p str, prefix: Option<&str>) -> &'p str {
    let prefix = prefix.map(|prefix| prefix.trim_matches('/')).filter(|prefix| !prefix.is_empty());
    let rest = prefix.and_then(|prefix| path.strip_prefix(prefix)?.strip_prefix('/'));
    rest.unwrap_or(path)
}

fn is_empty(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(cause) => cause.kind() == io::ErrorKind::NotFound,
    }
}

fn listed(paths: &[String]) -> String {
    let more = paths.len().saturating_sub(LISTED);
    let shown = paths.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn failed(what: &str, path: &Path, cause: &io::Error) -> ScaffoldError {
    ScaffoldError { message: format!("{what} {}: {}.", path.display(), words_of(cause)) }
}

/// What went wrong, without the system's number for it.
fn words_of(cause: &io::Error) -> String {
    cause.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_are_links_are_followed_inside_of_the_project_only() {
        let here = tempfile::tempdir().unwrap();
        let (root, outside) = (here.path().join("project"), here.path().join("outside"));
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("away")).unwrap();
        std::os::unix::fs::symlink("src", root.join("code")).unwrap();
        for (path, stays) in [("src/a", true), ("code/b/c", true), ("new/a", true), ("away/a", false)] {
            assert_eq!(stays_inside(&root, &root.join(path)).is_ok(), stays, "{path}");
        }
    }
}
