//! The MCP server: what coding agents see of a project, and what they may do with it.
//!
//! A [`Server`] serves one project to any number of agents, over streamable HTTP ([`Server::serve_http`]) or stdin and
//! stdout ([`Server::serve_stdio`]). The project's tools are tools here; beside them stand a few built-in ones
//! (`tools/`), and the documentation as resources (`documents`). Everything that agents run, runs in one sandbox
//! (`sandbox`): what they ask about later is what ran there.
//!
//! Three rules hold for every answer: it is bounded ([`answer`]), it holds no secret, and a failure begins with what an
//! agent needs to go on ([`digest`]).
//!
//! The SDK (rmcp) is met in `handler`, `http`, `stdio` and `sessions` only; tools and documents know nothing of it.

mod answer;
mod arguments;
mod asking;
mod content;
mod digest;
mod documents;
mod handler;
mod http;
mod listing;
mod message;
mod own;
mod project;
mod prompts;
mod rounds;
mod sandbox;
mod server;
mod sessions;
mod sse;
mod stdio;
mod tools;

pub use documents::{Document, DocumentError, Documents};
pub use http::Listening;
pub use sandbox::{Said, TARGET};
pub use server::{Options, Server};
