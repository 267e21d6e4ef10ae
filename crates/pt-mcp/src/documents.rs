//! The documentation for agents, by `bluetext://` URIs.
//!
//! Texts that people write lie in `docs/` and are embedded. The pages of standard modules are made from their definitions,
//! so that there is one for each and none that is out of date.

use std::path::Path;
use std::sync::OnceLock;

use pt_model::Data;
use pt_server::Reference;
use pt_spec::{Definition, Project, Wanted};
use pt_syntax::Sources;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../docs/blueprints"]
struct Blueprints;

#[derive(RustEmbed)]
#[folder = "../../docs/code-gen-modules"]
struct CodeGenModules;

#[derive(RustEmbed)]
#[folder = "../../docs/language"]
struct Language;

/// What begins every URI.
const SCHEME: &str = "bluetext://";

/// What every standard module's reference begins with.
const OWNER: &str = "polytope/";

/// The overview for agents.
const INTRO: &str = include_str!("../../../docs/agents.md");

/// Families of documents: their URIs and names.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[
    ("bluetext://blueprints/{id}", "Blueprint"),
    ("bluetext://code-gen-modules/{id}", "Code Gen Module"),
    ("bluetext://polytope/standard-modules/{id}", "Polytope Module"),
    ("bluetext://polytope-docs/{id}", "Polytope Documentation: one topic"),
];

/// A document in the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its address.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// What it is about, one line.
    pub info: String,
}

/// Why there is no such document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The address does not begin with `bluetext://`.
    #[error("Unsupported URI scheme: {0}")]
    Scheme(String),
    /// No document can have that address.
    #[error("Failed to read resource: Unknown resource path: {0}")]
    Unknown(String),
    /// A family has no such document.
    #[error("Failed to read resource: File not found: {0}")]
    Missing(String),
}

/// All documents.
#[derive(Debug, Default)]
pub struct Documents {
    standard: OnceLock<Project>,
}

impl Documents {
    /// All of them, the most important first.
    pub fn list(&self) -> Vec<Document> {
        let document =
            |path: &str, name: String, info: String| Document { uri: format!("{SCHEME}{path}"), name, info };
        let mut all = vec![
            document(
                "intro",
                "Bluetext Documentation".to_owned(),
                "Overview and quick start: read this first.".to_owned(),
            ),
            document(
                "polytope-docs",
                "Polytope Documentation".to_owned(),
                "The whole language reference.".to_owned(),
            ),
            document(
                "blueprints",
                "Blueprints Documentation".to_owned(),
                "What blueprints are, and which there are.".to_owned(),
            ),
        ];
        for id in ids::<Blueprints>() {
            let info = summary(&text::<Blueprints>(&id).unwrap_or_default());
            all.push(document(&format!("blueprints/{id}"), format!("Blueprint: {id}"), info));
        }
        for id in ids::<CodeGenModules>() {
            let info = summary(&text::<CodeGenModules>(&id).unwrap_or_default());
            all.push(document(&format!("code-gen-modules/{id}"), format!("Code Gen Module: {id}"), info));
        }
        for id in ids::<Language>() {
            let info = summary(&text::<Language>(&id).unwrap_or_default());
            all.push(document(&format!("polytope-docs/{id}"), format!("Polytope Documentation: {id}"), info));
        }
        for reference in self.references() {
            let id = reference.strip_prefix(OWNER).unwrap_or(&reference);
            let info = self.definition_info(&reference);
            let name = format!("Polytope Module: {reference}");
            all.push(document(&format!("polytope/standard-modules/{id}"), name, info));
        }
        all
    }

    /// The text at this address, as Markdown.
    ///
    /// # Errors
    /// There is none.
    pub fn read(&self, uri: &str) -> Result<String, DocumentError> {
        let path = uri.strip_prefix(SCHEME).ok_or_else(|| DocumentError::Scheme(uri.to_owned()))?;
        let path = path.trim_end_matches('/');
        let missing = || DocumentError::Missing(path.to_owned());
        let family = |prefix: &str| path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
        match path {
            "intro" => return Ok(INTRO.to_owned()),
            "polytope-docs" => return Ok(whole_language()),
            "blueprints" => return text::<Blueprints>(INDEX).ok_or_else(missing),
            _ => {}
        }
        if let Some(id) = family("blueprints") {
            return text::<Blueprints>(id).ok_or_else(missing);
        }
        if let Some(id) = family("code-gen-modules") {
            return text::<CodeGenModules>(id).ok_or_else(missing);
        }
        if let Some(id) = family("polytope-docs") {
            return text::<Language>(id).ok_or_else(missing);
        }
        if let Some(id) = family("polytope/standard-modules") {
            return self.module_page(id).ok_or_else(missing);
        }
        Err(DocumentError::Unknown(path.to_owned()))
    }

    /// The ids of a family of documents.
    pub(crate) fn ids_for(&self, template: &str) -> Vec<String> {
        let family = template.trim_end_matches("{id}").trim_end_matches('/');
        match family.strip_prefix(SCHEME) {
            Some("blueprints") => ids::<Blueprints>(),
            Some("code-gen-modules") => ids::<CodeGenModules>(),
            Some("polytope-docs") => ids::<Language>(),
            Some("polytope/standard-modules") => {
                let bare = |reference: String| reference.strip_prefix(OWNER).unwrap_or_default().to_owned();
                self.references().into_iter().map(bare).collect()
            }
            _ => Vec::new(),
        }
    }

    fn standard(&self) -> &Project {
        self.standard.get_or_init(|| Project::without_file(Path::new("")))
    }

    fn references(&self) -> Vec<String> {
        let project = self.standard();
        project.standard().references(project.sources())
    }

    fn definition_info(&self, reference: &str) -> String {
        let found = self.standard().resolve(None, reference, Wanted::Any);
        let info = found.ok().and_then(|definition| definition.info.clone()).unwrap_or_default();
        info.trim().lines().next().unwrap_or_default().to_owned()
    }

    fn module_page(&self, id: &str) -> Option<String> {
        let reference = self.references().into_iter().find(|reference| {
            let known = reference.strip_prefix(OWNER).unwrap_or(reference);
            known == id || known.replace('!', "-") == id
        })?;
        let project = self.standard();
        let definition = project.resolve(None, &reference, Wanted::Any).ok()?;
        let mut page = Reference::new(project, definition, &reference).page();
        let services = services(definition);
        if !services.is_empty() {
            page.push_str("\n## Services\n\nUnless other ones are given:\n\n");
            services.iter().for_each(|service| page.extend([format!("- {service}\n")]));
        }
        let source = source(project.sources(), definition);
        page.extend([format!("\n## Definition\n\n```yaml\n{source}\n```\n")]);
        Some(page)
    }
}

/// The name of the file that tells of all the others.
const INDEX: &str = "index";

fn text<T: RustEmbed>(id: &str) -> Option<String> {
    let file = T::get(&format!("{id}.md"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// The ids of the texts of a family, without the one that tells of them all.
fn ids<T: RustEmbed>() -> Vec<String> {
    let mut ids: Vec<String> = T::iter()
        .filter_map(|path| path.strip_suffix(".md").map(str::to_owned))
        .filter(|id| id != INDEX)
        .collect();
    ids.sort();
    ids
}

/// The language reference as one text.
fn whole_language() -> String {
    let mut whole = text::<Language>(INDEX).unwrap_or_default();
    for id in ids::<Language>() {
        whole.push('\n');
        whole.push_str(&text::<Language>(&id).unwrap_or_default());
    }
    whole
}

/// The first sentence below the heading; where a table stands there, the heading.
fn summary(text: &str) -> String {
    let below = text.lines().skip(1).skip_while(|line| line.trim().is_empty());
    let paragraph: Vec<&str> = below.take_while(|line| !line.trim().is_empty()).collect();
    if paragraph.first().is_some_and(|line| line.starts_with('|')) {
        return text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
    }
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.split_inclusive(". ").next().unwrap_or_default();
    sentence.trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_list_can_be_read() {
        let documents = Documents::default();
        let list = documents.list();
        assert!(list.len() > 60, "{}", list.len());
        for document in list {
            let text = documents.read(&document.uri).unwrap();
            assert!(text.starts_with("# "), "{}: begins with its heading", document.uri);
            assert!(!document.info.is_empty(), "{}: says what it is about", document.uri);
        }
    }

    #[test]
    fn blueprints_and_code_generators_are_those_that_are_promised() {
        let promised = [
            "config-manager",
            "couchbase",
            "curity-identity-provider",
            "frontend",
            "init",
            "kong-api-gateway",
            "phantom-token-handler-access-control",
            "postgres",
            "python-api",
            "react-web-app",
            "redpanda",
            "redpanda-console",
            "web-app",
        ];
        assert_eq!(ids::<Blueprints>(), promised);
        assert_eq!(ids::<CodeGenModules>(), ["add-package-npm", "add-package-python", "boilerplate"]);
    }

    #[test]
    fn what_is_not_there_is_told_in_the_words_of_the_original() {
        let documents = Documents::default();
        for (uri, error) in [
            ("http://intro", "Unsupported URI scheme: http://intro"),
            ("bluetext://nothing", "Failed to read resource: Unknown resource path: nothing"),
            ("bluetext://blueprints/nothing", "Failed to read resource: File not found: blueprints/nothing"),
            (
                "bluetext://polytope/standard-modules/nothing",
                "Failed to read resource: File not found: polytope/standard-modules/nothing",
            ),
        ] {
            assert_eq!(documents.read(uri).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_standard_module_is_found_by_both_spellings() {
        let documents = Documents::default();
        let page = |id: &str| documents.read(&format!("bluetext://polytope/standard-modules/{id}")).unwrap();
        assert_eq!(page("redpanda-console"), page("redpanda!console"));
        assert!(page("redpanda!console").starts_with("# polytope/redpanda!console\n"));
    }
}
