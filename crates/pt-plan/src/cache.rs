//! Steps that need not run again as long as nothing that goes into them has changed.

use std::time::Duration;

use pt_model::Data;
use pt_spec::Definition;
use pt_syntax::{Diagnostic, Node};

use crate::bind::Bound;
use crate::plan::CodeCall;
use crate::planner::Planner;
use crate::terms::{Term, duration};

/// What goes into a step beside its code and its args.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cache {
    /// Files and directories, as patterns relative to the file in which the step is written; without, those that its container
    /// mounts.
    pub files: Option<Vec<String>>,
    /// Anything else.
    pub key: Data,
    /// How long an end is good for.
    pub max_age: Option<Duration>,
}

impl Cache {
    /// Why nobody could tell whether the code must run again.
    pub fn refusal(&self, call: &CodeCall) -> Option<&'static str> {
        match () {
            () if !call.services.is_empty() => Some("`cache` is for steps that end; this one opens services"),
            () if call.snippet.settings && self.key.is_null() => Some(
                "What values and secrets this code reads cannot be told: name them in `cache: {files: […], key: […]}`",
            ),
            () if self.files.is_none() && call.module != CONTAINER => Some(
                "Which files this code reads cannot be told: name them in `cache: {files: […]}`, `[]` for none",
            ),
            () => None,
        }
    }
}

/// The module whose args tell all that goes into it.
const CONTAINER: &str = "polytope/container";

const CACHE: Term = Term {
    key: "cache",
    ty: "{files: [maybe, [either, str, [str]]], key: [maybe, any], max-age: [maybe, duration]}",
    short: "files",
    least: &[],
};

impl<'p> Planner<'p> {
    /// What `cache:` says; nothing if it says no.
    pub(crate) fn cache(
        &mut self,
        definition: &'p Definition,
        bound: &Bound,
        node: &'p Node,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Cache> {
        let data = self.known(definition, bound, node, found)?;
        if matches!(data, Data::Null | Data::Bool(false)) {
            return None;
        }
        if matches!(data, Data::Bool(true)) {
            return Some(Cache::default());
        }
        match self.checked(data, node, &CACHE) {
            Ok(cache) => Some(Cache {
                files: files(cache.get("files")),
                key: cache.get("key").clone(),
                max_age: duration(cache.get("max-age")),
            }),
            Err(mut wrong) => {
                found.append(&mut wrong);
                None
            }
        }
    }
}

fn files(data: &Data) -> Option<Vec<String>> {
    let text = |data: &Data| data.to_text().masked();
    match data.as_list() {
        Some(files) => Some(files.iter().map(text).collect()),
        None => (!data.is_null()).then(|| vec![text(data)]),
    }
}
