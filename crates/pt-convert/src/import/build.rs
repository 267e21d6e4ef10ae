//! Images that are built from sources.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind};

use super::merge::scalar;
use super::service::Imports;
use super::volume::{host, listed};
use super::{id_of, map};

impl Imports<'_> {
    /// The args of `polytope/build-image`, if the service has a `build`.
    pub(super) fn build(&mut self, service: &Node, image: &str) -> Option<Data> {
        let build = service.get("build")?;
        let part = |key: &str| build.get(key).and_then(scalar);
        let context =
            build.as_str().map(str::to_owned).or_else(|| part("context")).unwrap_or_else(|| ".".to_owned());
        let mut args = Map::default();
        let tags = build.get("tags").map(|tags| listed(tags)).unwrap_or_default();
        let tags = std::iter::once(image.to_owned()).chain(tags.into_iter().filter_map(scalar));
        args.insert("tags".into(), tags.map(|tag| Data::from(self.variables.refer(&tag))).collect());
        let context = self.variables.refer(&context);
        let source = |path: &str, source: Data| map([("path", Data::from(path)), ("source", source)]);
        let mut sources = Vec::new();
        if context.contains("://") || context.starts_with("git@") {
            sources.push(source("/", map([("type", Data::from("repo")), ("repo", Data::from(context))])));
        } else {
            sources.push(source("/", host(&context)));
        }
        if let Some(text) = part("dockerfile_inline") {
            let data =
                map([("type", Data::from("string")), ("data", Data::from(self.variables.resolve(&text)))]);
            sources.push(source("/Dockerfile.inline", data));
            args.insert("dockerfile".into(), Data::from("Dockerfile.inline"));
        }
        args.insert("sources".into(), sources.into_iter().collect());
        for key in ["dockerfile", "target"] {
            if let Some(text) = part(key) {
                args.insert(key.into(), Data::from(self.variables.refer(&text)));
            }
        }
        let labels = build.get("labels").map(Node::entries).unwrap_or_default();
        if !labels.is_empty() {
            let label =
                |entry: &pt_syntax::Entry| Some((entry.key.clone(), Data::from(scalar(&entry.value)?)));
            args.insert("labels".into(), labels.iter().filter_map(label).collect());
        }
        const CARRIED: [&str; 6] = ["context", "dockerfile", "dockerfile_inline", "target", "tags", "labels"];
        for entry in build.entries().iter().filter(|entry| !CARRIED.contains(&entry.key.as_str())) {
            let is_empty = matches!(&entry.value.kind, NodeKind::Null);
            if !is_empty && !entry.key.starts_with("x-") {
                self.notes.add(format!("`build.{}` cannot be carried over", entry.key), "", entry.key_span);
            }
        }
        Some(Data::Map(Box::new(args)))
    }

    /// What the image of a service is called that names none.
    pub(super) fn built_image(&self, service: &str) -> String {
        format!("{}-{}", id_of(&self.file.name), id_of(service))
    }
}
