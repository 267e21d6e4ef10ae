//! Documents and files of the project, as resources.

use std::sync::PoisonError;

use pt_spec::AgentResource;
use rmcp::model::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use rmcp::service::Peer;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;

use super::Handler;
use super::safe::masked;
use crate::documents::DocumentError;
use crate::own::{self, Body, FileContents};
use crate::sessions;

impl Handler {
    /// Those of the project, then the documents.
    pub(super) fn resources(&self) -> ListResourcesResult {
        let own = |resource: &AgentResource| {
            let name = resource.name.clone().unwrap_or_else(|| resource.uri.clone());
            let mut listed = Resource::new(resource.uri.clone(), name);
            listed.description.clone_from(&resource.info);
            listed.mime_type.clone_from(&resource.mime_type);
            listed
        };
        let document = |document: crate::Document| {
            Resource::new(document.uri, document.name)
                .with_description(document.info)
                .with_mime_type("text/markdown")
        };
        let project = self.inner().sandbox.project.get().ok();
        let resources = project.iter().flat_map(|project| &project.loaded.project.for_agents().resources);
        let mut listed: Vec<Resource> =
            resources.filter(|resource| !own::is_template(&resource.uri)).map(own).collect();
        listed.extend(self.inner().documents.list().into_iter().map(document));
        ListResourcesResult::with_all_items(listed)
    }

    /// Families of them.
    pub(super) fn resource_templates(&self) -> ListResourceTemplatesResult {
        let project = self.inner().sandbox.project.get().ok();
        let resources = project.iter().flat_map(|project| &project.loaded.project.for_agents().resources);
        let own = resources.filter(|resource| own::is_template(&resource.uri)).map(|resource| {
            let name = resource.name.clone().unwrap_or_else(|| resource.uri.clone());
            let mut listed = ResourceTemplate::new(resource.uri.clone(), name);
            listed.description.clone_from(&resource.info);
            listed.mime_type.clone_from(&resource.mime_type);
            listed
        });
        let documents = crate::documents::TEMPLATES
            .iter()
            .map(|(uri, name)| ResourceTemplate::new(*uri, *name).with_mime_type("text/markdown"));
        ListResourceTemplatesResult::with_all_items(own.chain(documents).collect())
    }

    /// What one holds.
    pub(super) fn read(&self, request: ReadResourceRequestParams) -> Result<ReadResourceResponse, ErrorData> {
        if let Some(own) = self.own_resource(&request.uri) {
            let contents =
                own.map_err(|error| ErrorData::resource_not_found(error, Some(json!({"uri": request.uri}))))?;
            let contents = ReadResourceResult::new(vec![resource_contents(request.uri, contents)]);
            return Ok(masked(self.inner(), contents)?.into());
        }
        let text = self.inner().documents.read(&request.uri).map_err(|error| match error {
            DocumentError::Scheme(_) => ErrorData::invalid_params(error.to_string(), None),
            DocumentError::Unknown(_) | DocumentError::Missing(_) => {
                ErrorData::resource_not_found(error.to_string(), Some(json!({"uri": request.uri})))
            }
        })?;
        let contents = ResourceContents::text(text, request.uri).with_mime_type("text/markdown");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    /// Tells of changes from now on. Documents do not change while the server runs; files of the project do.
    pub(super) fn watch(&self, uri: String, peer: Peer<RoleServer>) -> Result<(), ErrorData> {
        let file = self.inner().sandbox.project.get().ok().and_then(|project| {
            let project = &project.loaded.project;
            own::resource(project, &uri).map(|(resource, _)| own::path(project, resource))
        });
        let Some(file) = file else {
            let read = self.inner().documents.read(&uri);
            return read.map(drop).map_err(|error| ErrorData::resource_not_found(error.to_string(), None));
        };
        let watching = sessions::watch_file(peer, uri.clone(), file);
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = watched.insert(uri, watching) {
            before.abort();
        }
        Ok(())
    }

    /// Tells no more.
    pub(super) fn unwatch(&self, uri: &str) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watching) = watched.remove(uri) {
            watching.abort();
        }
    }

    /// The project's own resource at this address.
    fn own_resource(&self, uri: &str) -> Option<Result<FileContents, String>> {
        let project = self.inner().sandbox.project.get().ok()?;
        let project = &project.loaded.project;
        let (resource, names) = own::resource(project, uri)?;
        Some(own::read(project, resource, &names))
    }
}

/// A file as the protocol has it.
pub(super) fn resource_contents(uri: String, contents: FileContents) -> ResourceContents {
    match contents.body {
        Body::Text(text) => ResourceContents::text(text, uri),
        Body::Blob(blob) => ResourceContents::blob(blob, uri),
    }
    .with_mime_type(contents.mime_type)
}
