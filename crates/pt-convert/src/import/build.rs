//! Images that are built from sources.

use pt_model::{Data, Map};
use pt_syntax::Node;

use super::map;
use super::merge::scalar;
use super::names::id_of;
use super::service::Imports;
use super::volume::{host, listed};

/// Keys of `build` that become args.
const CARRIED: [&str; 7] = ["context", "dockerfile", "dockerfile_inline", "target", "tags", "labels", "args"];

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
                map([("type", Data::from("string")), ("data", Data::from(self.variables.refer(&text)))]);
            sources.push(source("/Dockerfile.inline", data));
            args.insert("dockerfile".into(), Data::from("Dockerfile.inline"));
        }
        args.insert("sources".into(), sources.into_iter().collect());
        for key in ["dockerfile", "target"] {
            if let Some(text) = part(key) {
                args.insert(key.into(), Data::from(self.variables.refer(&text)));
            }
        }
        for key in ["labels", "args"] {
            let given = self.named_texts(build.get(key));
            if !given.is_empty() {
                args.insert(key.into(), given.into_iter().collect());
            }
        }
        self.others_of(build, "build", &CARRIED);
        Some(Data::Map(Box::new(args)))
    }

    /// `{NAME: value}` or `[NAME=value]`; what has no value is that of a variable.
    fn named_texts(&mut self, node: Option<&Node>) -> Vec<(String, Data)> {
        let Some(node) = node else { return Vec::new() };
        let of_map = node.entries().iter().map(|entry| (entry.key.clone(), scalar(&entry.value)));
        let of_list = node.items().iter().filter_map(scalar).map(|item| match item.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (item, None),
        });
        let given: Vec<(String, Option<String>)> = of_map.chain(of_list).collect();
        let value = |(name, text): (String, Option<String>)| {
            let value = match text {
                Some(text) => self.variables.refer(&text),
                None => self.variables.refer_to(&name),
            };
            (name, Data::from(value))
        };
        given.into_iter().map(value).collect()
    }

    /// What the image of a service is called that names none.
    pub(super) fn built_image(&self, service: &str) -> String {
        format!("{}-{}", id_of(&self.file.name), self.names.id(service))
    }
}
