//! Images that are built from sources.

use pt_model::{Data, Map};
use pt_syntax::{Node, Span};

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
        let build = service.get("build").filter(|build| !build.is_null())?;
        let part = |key: &str| build.get(key).and_then(|node| Some((scalar(node)?, node.span)));
        let context = scalar(build).map(|context| (context, build.span)).or_else(|| part("context"));
        let (context, at) = context.unwrap_or_else(|| (".".to_owned(), build.span));
        let mut args = Map::default();
        let image_at = service.get("image").map_or(build.span, |image| image.span);
        let tags = build.get("tags").map(|tags| listed(tags)).unwrap_or_default();
        let tags = tags.into_iter().filter_map(|tag| Some((scalar(tag)?, tag.span)));
        let tags = std::iter::once((image.to_owned(), image_at)).chain(tags);
        let mut named: Vec<String> = Vec::new();
        for (tag, at) in tags {
            let tag = self.variables.refer(&tag, at);
            if !named.contains(&tag) {
                named.push(tag);
            }
        }
        args.insert("tags".into(), named.into_iter().map(Data::from).collect());
        let context = self.variables.refer(&context, at);
        let source = |path: &str, source: Data| map([("path", Data::from(path)), ("source", source)]);
        let mut sources = Vec::new();
        if context.contains("://") || context.starts_with("git@") {
            sources.push(source("/", map([("type", Data::from("repo")), ("repo", Data::from(context))])));
        } else {
            sources.push(source("/", host(&context)));
        }
        if let Some((text, at)) = part("dockerfile_inline") {
            if part("dockerfile").is_some() {
                self.notes.refuse("An image has either a `dockerfile` or a `dockerfile_inline`", at);
            }
            let text = self.variables.refer(&text, at);
            let data = map([("type", Data::from("string")), ("data", Data::from(text))]);
            sources.push(source("/Dockerfile.inline", data));
            args.insert("dockerfile".into(), Data::from("Dockerfile.inline"));
        }
        args.insert("sources".into(), sources.into_iter().collect());
        for key in ["dockerfile", "target"] {
            if let Some((text, at)) = part(key) {
                args.insert(key.into(), Data::from(self.variables.refer(&text, at)));
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
        let of_map =
            node.entries().iter().map(|entry| (entry.key.clone(), scalar(&entry.value), entry.value.span));
        let of_list = node.items().iter().filter_map(|item| Some((scalar(item)?, item.span)));
        let of_list = of_list.map(|(item, at)| match item.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned()), at),
            None => (item, None, at),
        });
        let given: Vec<(String, Option<String>, Span)> = of_map.chain(of_list).collect();
        let value = |(name, text, at): (String, Option<String>, Span)| {
            let value = match text {
                Some(text) => self.variables.refer(&text, at),
                None => self.variables.refer_to(&name, at),
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
