//! The conversation with the editor.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ls_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions, CompletionOptions,
    InitializeResult, OneOf, PublishDiagnosticsParams, RenameOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, Uri, WorkDoneProgressOptions,
};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use pt_model::HostDirs;
use pt_plan::Around;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::diagnose::{diagnose, uri_of};
use crate::workspace::{Texts, Workspace};
use crate::{Surroundings, complete, declare, hover, locate, mend, outline};

/// Why the conversation broke off.
#[derive(Debug)]
pub struct ServeError(String);

impl std::fmt::Display for ServeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "The conversation with the editor broke off: {}", self.0)
    }
}

impl std::error::Error for ServeError {}

fn broken(cause: impl ToString) -> ServeError {
    ServeError(cause.to_string())
}

/// Speaks with the editor that started this process, until it says `exit`.
///
/// # Errors
/// What comes is not the protocol, or the editor is gone.
pub fn serve_stdio(surroundings: &dyn Surroundings, quiet: Duration) -> Result<(), ServeError> {
    let (connection, threads) = Connection::stdio();
    serve(&connection, surroundings, quiet)?;
    // The writer ends when nobody can write any more.
    drop(connection);
    threads.join().map_err(broken)
}

/// Speaks with an editor, until it says `exit`. Diagnostics are told when nothing has come for the time `quiet`.
///
/// # Errors
/// What comes is not the protocol, or the editor is gone.
pub fn serve(
    connection: &Connection,
    surroundings: &dyn Surroundings,
    quiet: Duration,
) -> Result<(), ServeError> {
    let (id, _) = connection.initialize_start().map_err(broken)?;
    let result = serde_json::to_value(introduction()).map_err(broken)?;
    connection.initialize_finish(id, result).map_err(broken)?;
    let workspace = Workspace::new(surroundings);
    Server { connection, workspace, told: BTreeSet::new(), stale: false }.run(quiet)
}

fn introduction() -> InitializeResult {
    let triggers = ["/", ".", " ", ":", "!", "{"].map(str::to_owned);
    let capabilities = ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(triggers.into()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(true.into()),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        ..ServerCapabilities::default()
    };
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    let server_info = Some(ServerInfo { name: "polytope".to_owned(), version });
    InitializeResult { capabilities, server_info, ..InitializeResult::default() }
}

struct Server<'s> {
    connection: &'s Connection,
    workspace: Workspace<'s>,
    /// The files of which something was told: when it is no longer true, that must be told, too.
    told: BTreeSet<PathBuf>,
    /// Something changed since the last diagnostics.
    stale: bool,
}

impl Server<'_> {
    fn run(mut self, quiet: Duration) -> Result<(), ServeError> {
        loop {
            let message = if self.stale {
                match self.connection.receiver.recv_timeout(quiet) {
                    Ok(message) => message,
                    Err(error) if error.is_timeout() => {
                        self.diagnose()?;
                        continue;
                    }
                    Err(error) => return Err(broken(error)),
                }
            } else {
                self.connection.receiver.recv().map_err(broken)?
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request).map_err(broken)? {
                        return Ok(());
                    }
                    let response = self.answer(request);
                    self.connection.sender.send(response.into()).map_err(broken)?;
                }
                Message::Notification(notification) => self.hear(notification)?,
                Message::Response(_) => {}
            }
        }
    }

    fn answer(&self, request: Request) -> Response {
        let (id, params, workspace) = (request.id, request.params, &self.workspace);
        match request.method.as_str() {
            "textDocument/completion" => reply(id, params, |at: ls_types::CompletionParams| {
                let at = at.text_document_position;
                Ok(complete::complete(workspace, &path(&at.text_document.uri)?, at.position))
            }),
            "textDocument/hover" => reply(id, params, |at: ls_types::HoverParams| {
                let at = at.text_document_position_params;
                Ok(hover::hover(workspace, &path(&at.text_document.uri)?, at.position))
            }),
            "textDocument/definition" => reply(id, params, |at: ls_types::GotoDefinitionParams| {
                let at = at.text_document_position_params;
                Ok(locate::definition(workspace, &path(&at.text_document.uri)?, at.position))
            }),
            "textDocument/references" => reply(id, params, |asked: ls_types::ReferenceParams| {
                let at = asked.text_document_position;
                let file = path(&at.text_document.uri)?;
                let with_declaration = asked.context.include_declaration;
                Ok(locate::references(workspace, &file, at.position, with_declaration))
            }),
            "textDocument/prepareRename" => reply(id, params, |at: ls_types::TextDocumentPositionParams| {
                locate::renamable(workspace, &path(&at.text_document.uri)?, at.position)
            }),
            "textDocument/rename" => reply(id, params, |asked: ls_types::RenameParams| {
                let at = asked.text_document_position;
                locate::rename(workspace, &path(&at.text_document.uri)?, at.position, &asked.new_name)
            }),
            "textDocument/documentSymbol" => reply(id, params, |of: ls_types::DocumentSymbolParams| {
                Ok(outline::symbols(workspace, &path(&of.text_document.uri)?))
            }),
            "textDocument/formatting" => reply(id, params, |of: ls_types::DocumentFormattingParams| {
                outline::layout(workspace, &path(&of.text_document.uri)?)
            }),
            "textDocument/codeAction" => reply(id, params, |asked: ls_types::CodeActionParams| {
                let file = path(&asked.text_document.uri)?;
                let about = &asked.context.diagnostics;
                let mut fixes: Vec<_> =
                    about.iter().filter_map(|found| declare::fix(workspace, &file, found)).collect();
                fixes.extend(mend::fixes(asked));
                Ok(fixes)
            }),
            "textDocument/codeLens" => reply(id, params, |of: ls_types::CodeLensParams| {
                Ok(outline::lenses(workspace, &path(&of.text_document.uri)?))
            }),
            method => {
                let message = format!("{method} is not offered");
                Response::new_err(id, ErrorCode::MethodNotFound as i32, message)
            }
        }
    }

    fn hear(&mut self, notification: Notification) -> Result<(), ServeError> {
        let params = notification.params;
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                if let Some((of, file)) =
                    heard(params, |of: &ls_types::DidOpenTextDocumentParams| &of.text_document.uri)
                {
                    self.workspace.open(&file, of.text_document.text);
                }
            }
            "textDocument/didChange" => {
                if let Some((of, file)) =
                    heard(params, |of: &ls_types::DidChangeTextDocumentParams| &of.text_document.uri)
                {
                    self.workspace.change(&file, of.content_changes);
                }
            }
            "textDocument/didClose" => {
                if let Some((_, file)) =
                    heard(params, |of: &ls_types::DidCloseTextDocumentParams| &of.text_document.uri)
                {
                    self.workspace.close(&file);
                }
            }
            // Other files may have changed on the disk.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.workspace.refresh(),
            _ => return Ok(()),
        }
        self.stale = true;
        Ok(())
    }

    /// Tells what is wrong in the files of all projects that are open.
    fn diagnose(&mut self) -> Result<(), ServeError> {
        self.stale = false;
        let mut told = BTreeSet::new();
        for view in self.workspace.views(Texts::Shown) {
            let root = view.project().root_dir();
            let (named, home) = (self.workspace.surroundings.named(root), self.workspace.surroundings.home());
            let dirs = HostDirs { home: home.as_deref(), working_dir: root, root };
            let around = Around { named: &*named, world: &self.workspace.overlay(root, Texts::Shown), dirs };
            for (file, diagnostics) in diagnose(&view, &around) {
                if !diagnostics.is_empty() || self.told.contains(&file) || self.workspace.is_open(&file) {
                    self.tell(&file, &diagnostics)?;
                }
                if !diagnostics.is_empty() {
                    told.insert(file);
                }
            }
        }
        for file in std::mem::replace(&mut self.told, told) {
            if !self.told.contains(&file) && !self.workspace.is_open(&file) {
                self.tell(&file, &[])?;
            }
        }
        Ok(())
    }

    fn tell(&self, file: &std::path::Path, diagnostics: &[ls_types::Diagnostic]) -> Result<(), ServeError> {
        let Some(uri) = uri_of(file) else { return Ok(()) };
        let (diagnostics, version) = (diagnostics.to_vec(), None);
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        let told = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
        self.connection.sender.send(told.into()).map_err(broken)
    }
}

/// The file that an address names.
fn path(uri: &Uri) -> Result<PathBuf, String> {
    uri.to_file_path().map(std::borrow::Cow::into_owned).ok_or_else(|| format!("{} is no file", uri.as_str()))
}

/// Answers a request of some method; what cannot be done is said, and shown by the editor.
fn reply<P: DeserializeOwned, R: Serialize>(
    id: RequestId,
    params: Value,
    answer: impl FnOnce(P) -> Result<R, String>,
) -> Response {
    let params = match serde_json::from_value(params) {
        Ok(params) => params,
        Err(error) => return Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
    };
    match answer(params) {
        Ok(result) => Response::new_ok(id, json!(result)),
        Err(message) => Response::new_err(id, ErrorCode::RequestFailed as i32, message),
    }
}

/// What a notification says, and of which file; nothing if it cannot be understood, as nobody waits for an answer.
fn heard<P: DeserializeOwned>(params: Value, uri: impl FnOnce(&P) -> &Uri) -> Option<(P, PathBuf)> {
    let params: P = serde_json::from_value(params).ok()?;
    let file = path(uri(&params)).ok()?;
    Some((params, file))
}
