//! Other projects, referred to as `owner/project`.
//!
//! What is fetched is what the project's own definitions refer to, and what those definitions refer to in turn: a
//! repository has many modules of which one is wanted.

use std::collections::HashSet;

use pt_syntax::{ModuleRef, Span};

use super::load::Loader;
use super::resolve::without_id;
use super::{Namespace, Project};
use crate::definition::{Body, Definition, Name, OWN, StepBody, Wanted};
use crate::repository::RepoAddress;

/// The definitions whose references were followed, and those that wait for it.
#[derive(Default)]
pub(super) struct Remotes {
    seen: HashSet<usize>,
    next: Vec<usize>,
}

impl Remotes {
    /// Fetches what the project's own definitions need.
    pub(super) fn of_own_definitions(mut self, loader: &mut Loader<'_, '_>) {
        let definitions = loader.project.definitions.iter().enumerate();
        self.next = definitions.filter(|(_, d)| d.origin.namespace == OWN).map(|(at, _)| at).collect();
        self.seen.extend(&self.next);
        self.run(loader);
    }

    /// Fetches what a reference of somebody outside needs.
    pub(super) fn of_reference(mut self, loader: &mut Loader<'_, '_>, reference: &str) {
        self.follow(loader, OWN, reference, None);
        self.run(loader);
    }

    fn run(&mut self, loader: &mut Loader<'_, '_>) {
        while let Some(at) = self.next.pop() {
            let definition = &loader.project.definitions[at];
            let namespace = definition.origin.namespace;
            for (reference, span) in references(loader.project, definition) {
                self.follow(loader, namespace, &reference, Some(span));
            }
        }
    }

    fn follow(&mut self, loader: &mut Loader<'_, '_>, namespace: usize, reference: &str, span: Option<Span>) {
        let project = &loader.project;
        let Ok(ModuleRef::Remote(remote)) = ModuleRef::parse(reference) else {
            self.wanted(project, project.named(namespace, reference, Wanted::Any));
            return;
        };
        if project.standard.owns(&remote.owner) {
            return;
        }
        let key = without_id(reference);
        if !project.remotes.contains_key(key) {
            let address = RepoAddress::github(
                &remote.owner,
                &remote.project,
                remote.rev.as_deref(),
                remote.path.as_deref(),
            );
            let theirs = loader.project.namespaces.len();
            loader.project.namespaces.push(Namespace::default());
            let found = loader.repository(&address, span, theirs).map(|()| theirs);
            loader.project.remotes.insert(key.to_owned(), found);
        }
        let project = &loader.project;
        if let Some(Ok(theirs)) = project.remotes.get(key) {
            let found = match &remote.id {
                Some(id) => project.named(*theirs, id, Wanted::Any),
                None => project.main_of(*theirs, &remote.project),
            };
            self.wanted(project, found);
        }
    }

    fn wanted(&mut self, project: &Project, definition: Option<&Definition>) {
        let is =
            |definition: &Definition| project.definitions.iter().position(|d| std::ptr::eq(d, definition));
        let wanted = definition.filter(|definition| definition.origin.namespace != OWN).and_then(is);
        self.next.extend(wanted.filter(|at| self.seen.insert(*at)));
    }
}

/// What a definition calls. Of the project's own, only what lies elsewhere: everything here is looked at anyway.
fn references(project: &Project, definition: &Definition) -> Vec<(String, Span)> {
    let elsewhere = |text: &str| {
        let owner = text.split_once('/').map(|(owner, _)| owner);
        match owner {
            Some(owner) => !project.standard.owns(owner),
            None => definition.origin.namespace != OWN,
        }
    };
    let called = match &definition.body {
        Body::Call { reference, .. } => vec![reference],
        Body::Steps(steps) => steps.iter().filter_map(|step| called_by(&step.does)).collect(),
        Body::Code(_) | Body::Nothing => Vec::new(),
    };
    let kept = called.into_iter().filter(|name| elsewhere(&name.text));
    kept.map(|name| (name.text.clone(), name.span)).collect()
}

fn called_by(step: &StepBody) -> Option<&Name> {
    match step {
        StepBody::Call { reference, .. } => Some(reference),
        StepBody::Code(_) | StepBody::Nothing => None,
    }
}
