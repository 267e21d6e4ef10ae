//! The protocol's requests, answered. A handler is made for each session, or for each request outside of any; what lasts
//! is in the server.

mod calls;
mod filling;
mod prompts;
mod resources;
mod safe;
mod telling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest,
    CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
#[expect(deprecated, reason = "clients of the revisions before 2026-07-28 ask for log messages")]
use rmcp::model::{LoggingLevel, SetLevelRequestParams};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio::task::JoinHandle;

use crate::listing::tools;
use crate::server::{Inner, Server};

/// Answers one client.
pub(crate) struct Handler {
    server: Server,
    #[expect(deprecated, reason = "see above")]
    level: Arc<Mutex<LoggingLevel>>,
    /// The files whose changes the client wants to hear of.
    watched: Mutex<HashMap<String, JoinHandle<()>>>,
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(JoinHandle::abort);
    }
}

impl Handler {
    #[expect(deprecated, reason = "see above")]
    pub(crate) fn new(server: Server) -> Self {
        Self { server, level: Arc::new(Mutex::new(LoggingLevel::Info)), watched: Mutex::default() }
    }

    fn inner(&self) -> &Inner {
        &self.server.inner
    }
}

impl ServerHandler for Handler {
    #[expect(deprecated, reason = "see above")]
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        let options = &self.inner().options;
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new(&options.name, &options.version).with_title("Polytope");
        // A project that cannot be read has nothing to say; its tools say why.
        info.instructions = self.inner().instructions().ok();
        info
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.inner().sessions.notify(context.peer);
    }

    async fn list_tools(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        one_page(asked)?;
        Ok(ListToolsResult::with_all_items(tools(self.inner())))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools(self.inner()).into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, context).await
    }

    async fn list_resources(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        one_page(asked)?;
        Ok(self.resources())
    }

    async fn list_resource_templates(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        one_page(asked)?;
        Ok(self.resource_templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.read(request)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.watch(request.uri, context.peer)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.unwatch(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.tools_list_changed = requested.tools_list_changed;
        Some(accepted)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.inner().sessions.changes();
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() || subscription.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
                () = subscription.cancelled() => return Ok(()),
            }
        }
    }

    async fn list_prompts(
        &self,
        asked: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        one_page(asked)?;
        Ok(self.prompts())
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(request, &context)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.completions(&request)
    }

    #[expect(deprecated, reason = "see above")]
    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = request.level;
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // The SDK takes a known method whose params it cannot read for an unknown one.
        let method = request.method;
        if KNOWN.contains(&method.as_str()) {
            return Err(ErrorData::invalid_params(format!("The params of {method} cannot be read."), None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Unknown method: {method}"), None))
    }
}

/// The methods that the SDK reads.
const KNOWN: &[&str] = &[
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tools/call",
    "tools/list",
];

/// Lists have one page: no cursor was ever given out.
fn one_page(asked: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match asked.and_then(|asked| asked.cursor) {
        None => Ok(()),
        Some(cursor) => {
            let message =
                format!("There is nothing at the cursor {cursor:?}: this list has one page. Ask without.");
            Err(ErrorData::invalid_params(message, None))
        }
    }
}
