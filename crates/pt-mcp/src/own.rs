//! What the project's own file gives agents to read: `mcp: {resources, prompts}`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pt_spec::{AgentMessage, AgentPrompt, AgentResource, Project};

use crate::arguments::Arguments;

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileContents {
    pub(crate) mime_type: String,
    pub(crate) body: Body,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Text.
    Text(String),
    /// Anything else, in base64.
    Blob(String),
}

/// A part of a prompt, ready to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A text.
    Text(String),
    /// A resource and its address.
    Resource(String, FileContents),
    /// An image, a sound or a text.
    File(FileContents),
}

/// Bytes that a file may have.
const LARGEST: u64 = 4_000_000;

/// Media types by the endings of files.
const TYPES: &[(&str, &str)] = &[
    ("gif", "image/gif"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("wav", "audio/wav"),
    ("webp", "image/webp"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

/// The resource at this address, and what the names in its braces stand for.
pub(crate) fn resource<'p>(
    project: &'p Project,
    uri: &str,
) -> Option<(&'p AgentResource, Vec<(String, String)>)> {
    project.for_agents().resources.iter().find_map(|resource| Some((resource, fits(&resource.uri, uri)?)))
}

/// Whether an address is a family of addresses.
pub(crate) fn is_template(uri: &str) -> bool {
    uri.contains('{')
}

/// The file of a resource, with the names in braces replaced.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(
    project: &Project,
    resource: &AgentResource,
    names: &[(String, String)],
) -> Result<FileContents, String> {
    let mut contents = read_file(project, &resource.path)?;
    if let Some(mime_type) = &resource.mime_type {
        contents.mime_type.clone_from(mime_type);
    }
    if let Body::Text(text) = &mut contents.body {
        for (name, value) in names {
            *text = text.replace(&format!("{{{name}}}"), value);
        }
    }
    Ok(contents)
}

/// Where a resource's file is.
pub(crate) fn path(project: &Project, resource: &AgentResource) -> PathBuf {
    project.root_dir().join(&resource.path)
}

/// The parts of a prompt.
///
/// # Errors
/// A param was not given, or something that it names cannot be read.
pub(crate) fn parts(project: &Project, prompt: &AgentPrompt, given: &Arguments) -> Result<Vec<Part>, String> {
    let mut values = Vec::new();
    for param in &prompt.params {
        let value = given.text(&[&crate::arguments::kebab(&param.id)]);
        values.push((param.id.as_str(), value.ok_or_else(|| format!("Missing argument: {}", param.id))?));
    }
    let fill = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (id, value)| text.replace(&format!("{{{id}}}"), value))
    };
    let part = |message: &AgentMessage| match message {
        AgentMessage::Text(text) => Ok(Part::Text(fill(text))),
        AgentMessage::File(path) => read_file(project, &fill(path)).map(Part::File),
        AgentMessage::Resource(uri) => {
            let uri = fill(uri);
            let (found, names) =
                resource(project, &uri).ok_or_else(|| format!("The project has no resource {uri}."))?;
            Ok(Part::Resource(uri, read(project, found, &names)?))
        }
    };
    prompt.messages.iter().map(part).collect()
}

fn read_file(project: &Project, path: &str) -> Result<FileContents, String> {
    let failed = |why: String| format!("Failed to read resource: {path}: {why}");
    let root = fs::canonicalize(project.root_dir()).map_err(|error| failed(error.to_string()))?;
    let Ok(full) = fs::canonicalize(root.join(path)) else {
        return Err(format!("Failed to read resource: File not found: {path}"));
    };
    if !full.starts_with(&root) {
        return Err(failed("it is outside of the project".to_owned()));
    }
    let size = fs::metadata(&full).map_err(|error| failed(error.to_string()))?.len();
    if size > LARGEST {
        return Err(failed(format!("it has {size} bytes, more than {LARGEST}")));
    }
    let bytes = fs::read(&full).map_err(|error| failed(error.to_string()))?;
    let known = media_type(&full);
    Ok(match String::from_utf8(bytes) {
        Ok(text) => {
            FileContents { mime_type: known.unwrap_or("text/plain").to_owned(), body: Body::Text(text) }
        }
        Err(error) => FileContents {
            mime_type: known.unwrap_or("application/octet-stream").to_owned(),
            body: Body::Blob(BASE64_STANDARD.encode(error.into_bytes())),
        },
    })
}

fn media_type(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, ty)| *ty)
}

/// What the names in the braces of a template stand for in an address, if it is one of its.
fn fits(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
    let mut names = Vec::new();
    let (mut template, mut uri) = (template, uri);
    while let Some((before, rest)) = template.split_once('{') {
        let (name, after) = rest.split_once('}')?;
        uri = uri.strip_prefix(before)?;
        let end = match after.split('{').next().and_then(|literal| literal.chars().next()) {
            Some(next) => uri.find(next)?,
            None => uri.len(),
        };
        let (value, rest) = uri.split_at(end);
        if value.is_empty() || value.contains('/') {
            return None;
        }
        names.push((name.to_owned(), value.to_owned()));
        (template, uri) = (after, rest);
    }
    (template == uri).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fit_templates() {
        for (template, uri, names) in [
            ("docs://style", "docs://style", Some(vec![])),
            ("docs://style", "docs://styles", None),
            ("docs://{topic}", "docs://style", Some(vec![("topic", "style")])),
            ("docs://{topic}", "docs://a/b", None),
            ("test://template/{id}/data", "test://template/123/data", Some(vec![("id", "123")])),
            ("test://template/{id}/data", "test://template//data", None),
            ("x://{a}-{b}", "x://1-2", Some(vec![("a", "1"), ("b", "2")])),
        ] {
            let names = names.map(|names| {
                names
                    .into_iter()
                    .map(|(name, value): (&str, &str)| (name.to_owned(), value.to_owned()))
                    .collect()
            });
            assert_eq!(fits(template, uri), names, "{template} {uri}");
        }
    }
}
