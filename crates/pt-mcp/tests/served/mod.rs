//! A server for a project in a temporary directory, on a simulated world, and a client that knows little.
#![expect(dead_code, reason = "each test uses a part of it")]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use pt_backend::docker::{Docker, DockerOptions};
use pt_engine::Person;
use pt_mcp::{Listening, Options, Server};
use pt_server::{App, BackendChoice, Environment};
use pt_store::Apart;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A project that is served.
pub(crate) struct Served {
    pub(crate) dir: Arc<TempDir>,
    pub(crate) app: Arc<App>,
    pub(crate) server: Server,
    /// Its own checkout, if it is isolated.
    pub(crate) apart: Option<Apart>,
    pub(crate) listening: Listening,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A stream of events.
pub(crate) struct Events {
    body: hyper::body::Incoming,
    read: String,
    /// The connection lives as long as this.
    _sender: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
}

impl Events {
    /// The data of the next event that has some.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            if let Some((line, rest)) = self.read.split_once('\n') {
                let (data, rest) =
                    (line.strip_prefix("data: ").map(|data| data.trim().to_owned()), rest.to_owned());
                self.read = rest;
                match data {
                    Some(data) if !data.is_empty() => return data,
                    _ => continue,
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(30), self.body.frame()).await;
            let frame = frame.expect("an event comes").expect("the stream goes on").unwrap();
            self.read.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Value {
        let data = self.next().await;
        serde_json::from_str(&data).unwrap_or_else(|_| panic!("no message: {data}"))
    }
}

impl Reply {
    /// The message in it: the body, or the last one of its events.
    pub(crate) fn message(&self) -> Value {
        let last = self
            .text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("data: ").filter(|d| d.starts_with('{')));
        serde_json::from_str(last.unwrap_or(&self.text)).unwrap_or_else(|_| panic!("no message: {self:?}"))
    }

    /// All messages in it.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter_map(|data| serde_json::from_str(data).ok()).collect()
    }
}

impl Served {
    /// Serves a project with this polytope file, on a simulated world.
    pub(crate) async fn new(polytope_file: &str) -> Self {
        Self::on(BackendChoice::Sim(String::new()), polytope_file).await
    }

    /// The same on a Docker engine; nothing where there is none, which is said.
    pub(crate) async fn on_docker(polytope_file: &str) -> Option<Self> {
        let options = DockerOptions { host: std::env::var("DOCKER_HOST").ok(), ..DockerOptions::default() };
        if let Err(error) = Docker::connect(options.clone()).await {
            // Straight to the screen: what passes is not shown otherwise.
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            return None;
        }
        Some(Self::on(BackendChoice::Docker(options), polytope_file).await)
    }

    async fn on(backend: BackendChoice, polytope_file: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        std::fs::create_dir(dir.path().join("shop")).unwrap();
        std::fs::write(dir.path().join("shop/polytope.yml"), polytope_file).unwrap();
        Self::serve(dir, backend, false).await
    }

    /// Another server beside this one, for the same project, with a sandbox apart.
    pub(crate) async fn isolated_beside(&self) -> Self {
        Self::serve(Arc::clone(&self.dir), self.app.environment.backend.clone(), true).await
    }

    /// The same in one sandbox with the developer's volumes, as two agents of one checkout have it.
    pub(crate) async fn beside(&self) -> Self {
        Self::serve(Arc::clone(&self.dir), self.app.environment.backend.clone(), false).await
    }

    async fn serve(dir: Arc<TempDir>, backend: BackendChoice, isolated: bool) -> Self {
        let app = Arc::new(App::open(environment(dir.path(), backend)).unwrap());
        let isolated = isolated.then(|| app.isolated_instance(&app.instance(None).unwrap()).unwrap());
        let apart = isolated.clone();
        let options = Options {
            name: "polytope".to_owned(),
            version: "0.0.0".to_owned(),
            context: "local".to_owned(),
            polytope_file: None,
            isolated,
        };
        let (server, _) = Server::new(Arc::clone(&app), options);
        let listening = server.serve_http(0).await.unwrap();
        Self { dir, app, server, apart, listening }
    }

    /// The file of the project at this path.
    pub(crate) fn file(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join("shop").join(path)
    }

    /// Writes the polytope file anew.
    pub(crate) fn write(&self, polytope_file: &str) {
        std::fs::write(self.dir.path().join("shop/polytope.yml"), polytope_file).unwrap();
    }

    /// Sends a body to a path.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let stream = TcpStream::connect(("127.0.0.1", self.listening.port)).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", format!("localhost:{}", self.listening.port));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Opens a stream of events, which goes on.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Events {
        let stream = TcpStream::connect(("127.0.0.1", self.listening.port)).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(body.unwrap_or_default().as_bytes()));
        let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        Events { body: response.into_body(), read: String::new(), _sender: sender }
    }

    /// A request as the simplest of clients sends it: no session, JSON only.
    pub(crate) async fn request(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let headers = [("accept", "application/json"), ("content-type", "application/json")];
        let reply = self.send(Method::POST, "/mcp", &headers, &body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        serde_json::from_str(&reply.text).unwrap()
    }

    /// Calls a tool: its text, and whether it failed.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> (String, bool) {
        let reply = self.request("tools/call", json!({"name": tool, "arguments": arguments})).await;
        let result = &reply["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{reply}"));
        (text.to_owned(), result["isError"].as_bool().unwrap_or(false))
    }
}

fn environment(dir: &Path, backend: BackendChoice) -> Environment {
    Environment {
        state_dir: dir.join("state"),
        working_dir: dir.join("shop"),
        context: "local".to_owned(),
        person: Person { uid: 1000, gid: 1000, home: None, name: "somebody".to_owned() },
        backend,
        keep_jobs: Environment::KEEP_JOBS,
        logs: Default::default(),
        telemetry: None,
        limits: Default::default(),
    }
}
