//! The standard modules: polytope files of the product itself, read one by one when first used.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use pt_syntax::{SourceId, Sources};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::definition::{Definition, OWN, Origin};
use crate::lower::lower_file;
use crate::read::read;

#[derive(RustEmbed)]
#[folder = "../../std"]
struct Files;

/// A file that a standard project brings beside its polytope file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardFile {
    /// Its path below the one asked for; empty for that file itself.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of a standard project at a path from its root, which may be one file or a directory.
pub fn standard_files(project: &str, path: &str) -> Vec<StandardFile> {
    let root = format!("{project}/{}", path.trim_matches('/'));
    let below = |file: &str| {
        let rest = file.strip_prefix(root.trim_end_matches('/'))?;
        if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
    };
    Files::iter()
        .filter_map(|file| {
            let path = below(&file)?;
            Some(StandardFile { path, text: text_of(Files::get(&file)?) })
        })
        .collect()
}

/// All of our own are texts, which is quick to see; only others are looked at letter by letter.
fn text_of(file: EmbeddedFile) -> String {
    String::from_utf8(file.data.into_owned())
        .unwrap_or_else(|other| String::from_utf8_lossy(other.as_bytes()).into_owned())
}

/// The projects of the built-in owners `polytope` and `pt`.
#[derive(Clone, Debug)]
pub struct Standard {
    projects: Vec<StandardProject>,
}

#[derive(Clone, Debug)]
struct StandardProject {
    name: Arc<str>,
    source: SourceId,
    definitions: OnceLock<Vec<Definition>>,
}

impl Standard {
    /// Adds the texts of all standard projects to `sources`; none is parsed.
    pub(crate) fn new(sources: &mut Sources) -> Self {
        let mut projects = Vec::new();
        for path in Files::iter() {
            // Deeper ones belong to templates that a standard project brings.
            if let Some(name) = path.strip_suffix("/polytope.yml").filter(|name| !name.contains('/'))
                && let Some(file) = Files::get(&path)
            {
                let text = text_of(file);
                let source = sources.add(format!("polytope/{path}"), text);
                projects.push(StandardProject { name: name.into(), source, definitions: OnceLock::new() });
            }
        }
        Self { projects }
    }

    /// Whether projects of this owner are built in.
    pub fn owns(&self, owner: &str) -> bool {
        matches!(owner, "polytope" | "pt")
    }

    /// The module of a project; without a name the one that the project is known for.
    pub fn module(&self, sources: &Sources, project: &str, module: Option<&str>) -> Option<&Definition> {
        let definitions = self.projects.iter().find(|known| &*known.name == project)?.definitions(sources);
        let named = |id: &str| definitions.iter().find(|definition| definition.id.text == id);
        match module {
            Some(module) => named(module),
            None => definitions
                .iter()
                .find(|definition| definition.is_default)
                .or_else(|| named(project))
                .or(if let [only] = definitions { Some(only) } else { None }),
        }
    }

    /// Every module as people refer to it, by project: `polytope/postgres`, `polytope/postgres!simple`.
    pub fn references(&self, sources: &Sources) -> Vec<String> {
        let mut references = Vec::new();
        for project in &self.projects {
            let name = &project.name;
            let default = self.module(sources, name, None);
            references.extend(default.map(|_| format!("polytope/{name}")));
            for definition in project.definitions(sources) {
                if !default.is_some_and(|default| std::ptr::eq(default, definition)) {
                    references.push(format!("polytope/{name}!{}", definition.id.text));
                }
            }
        }
        references
    }

    /// The standard module that somebody may mean who forgot `polytope/`.
    pub(crate) fn named(&self, sources: &Sources, name: &str) -> Option<String> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        self.references(sources).into_iter().find(|reference| {
            reference
                .strip_prefix("polytope/")
                .is_some_and(|known| known == bare || known.rsplit('!').next() == Some(bare))
        })
    }
}

impl StandardProject {
    fn definitions(&self, sources: &Sources) -> &[Definition] {
        self.definitions.get_or_init(|| {
            let path = Path::new("polytope.yml");
            let (root, _) = read(sources, self.source, path);
            let standard = Some(Arc::clone(&self.name));
            let origin = Origin {
                file: self.source,
                dir: Path::new("").into(),
                standard,
                repository: None,
                namespace: OWN,
            };
            lower_file(root, &origin).definitions
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ty::Type;

    #[test]
    fn every_standard_module_is_sound() {
        let mut sources = Sources::default();
        let standard = Standard::new(&mut sources);
        let mut wrong = Vec::new();
        for project in &standard.projects {
            let text = &sources.get(project.source).text;
            let parsed = pt_syntax::parse(project.source, text, pt_syntax::Format::Yaml);
            wrong.extend(
                parsed.diagnostics.iter().map(|found| format!("{}: {}", project.name, found.message)),
            );
            for definition in project.definitions(&sources) {
                let name = format!("{}!{}", project.name, definition.id.text);
                wrong.extend(definition.diagnostics.iter().map(|found| format!("{name}: {}", found.message)));
                let bad = |ty: &Type| format!("{ty:?}").contains("Unknown(");
                let params = definition.params.iter().filter(|param| param.info.is_none() || bad(&param.ty));
                wrong.extend(params.map(|param| format!("{name}: {}: no info, or no type", param.id.text)));
                if definition.info.is_none() {
                    wrong.push(format!("{name}: no info"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn standard_projects_bring_files() {
        let paths = |path| -> Vec<String> {
            standard_files("kong", path).into_iter().map(|file| file.path).collect()
        };
        assert_eq!(paths("/scripts"), ["watch"]);
        assert_eq!(paths("scripts/watch"), [""]);
        assert_eq!(paths("/script"), Vec::<String>::new());
    }

    #[test]
    fn a_project_stands_for_its_default_module() {
        let mut sources = Sources::default();
        let standard = Standard::new(&mut sources);
        for (project, module, found) in [
            ("postgres", None, Some("postgres")),
            ("postgres", Some("simple"), Some("simple")),
            ("kafka", None, Some("kafka-kraft")),
            ("curity", None, Some("idsvr")),
            ("container", None, Some("container")),
            ("container", Some("nothing"), None),
            ("nothing", None, None),
        ] {
            let module = standard.module(&sources, project, module);
            assert_eq!(module.map(|definition| definition.id.text.as_str()), found, "{project}");
        }
    }
}
