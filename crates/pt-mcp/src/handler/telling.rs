//! Who calls, and what the one is told while a call goes on.

use std::sync::PoisonError;

use axum::http::request::Parts;
use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
#[expect(deprecated, reason = "clients of the revisions before 2026-07-28 ask for log messages")]
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use rmcp::service::RequestContext;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Handler;
use super::filling::is_deaf;
use super::safe::{UNSAFE, masker};
use crate::tools::{Caller, Told};

/// Lines of output that a call tells as log messages at most.
const TOLD_LINES: usize = 1000;

impl Handler {
    /// Who calls, and the task that passes on what the one is told meanwhile.
    pub(super) fn caller(&self, context: &RequestContext<RoleServer>) -> (Caller, Option<JoinHandle<()>>) {
        let parts = context.extensions.get::<Parts>();
        let name = match context.client_info() {
            Some(info) if !info.name.is_empty() && info.name != "rmcp" => {
                format!("{} {}", info.name, info.version)
            }
            _ => parts
                .and_then(|parts| parts.headers.get("user-agent"))
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or("an agent")
                .to_owned(),
        };
        let (told, telling) = if is_deaf(context) { (None, None) } else { self.tell(context) };
        (Caller { name, canceled: context.ct.clone(), told, asks: None }, telling)
    }

    #[expect(deprecated, reason = "see above")]
    fn tell(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> (Option<mpsc::UnboundedSender<Told>>, Option<JoinHandle<()>>) {
        let token = context.meta.get_progress_token();
        let in_session = context
            .extensions
            .get::<Parts>()
            .is_none_or(|parts| parts.headers.contains_key("mcp-session-id"));
        let level = context.meta.log_level();
        let session_level = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let wants = |level: &LoggingLevel| matches!(level, LoggingLevel::Debug | LoggingLevel::Info);
        let lines = level.as_ref().map_or(in_session && wants(&session_level), wants);
        if token.is_none() && !lines {
            return (None, None);
        }
        let (to, mut told) = mpsc::unbounded_channel();
        let masker = masker(self.inner());
        let safe = move |text: String| {
            masker.as_ref().map_or_else(|| UNSAFE.to_owned(), |masker| masker.mask(&text))
        };
        let peer = context.peer.clone();
        let telling = tokio::spawn(async move {
            let mut count: usize = 0;
            let mut progress: f64 = 0.0;
            while let Some(what) = told.recv().await {
                let sent = match what {
                    Told::Progress { done, total, message } => {
                        let Some(token) = &token else { continue };
                        // It must grow with each message, although a step's start ends no step.
                        progress = if done as f64 > progress { done as f64 } else { progress + 0.01 };
                        let param = ProgressNotificationParam::new(token.clone(), progress)
                            .with_total(total as f64)
                            .with_message(safe(message));
                        peer.notify_progress(param).await
                    }
                    Told::Line { step, text } => {
                        count += 1;
                        if !lines || count > TOLD_LINES {
                            continue;
                        }
                        let text = if count == TOLD_LINES {
                            "… more: get-container-logs".to_owned()
                        } else {
                            safe(text)
                        };
                        let param =
                            LoggingMessageNotificationParam::new(LoggingLevel::Info, Value::String(text));
                        peer.notify_logging_message(param.with_logger(step)).await
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        (Some(to), Some(telling))
    }
}
