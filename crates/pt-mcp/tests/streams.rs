//! What clients hear that keep a connection open.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use served::Served;

const SHOP: &str = r#"
tools:
  - {id: greet, info: Says hello., run: [{id: say, module: polytope/container, args: {image: debian, cmd: echo hello}}]}
  - {id: long, info: Takes long., run: [{id: wait, module: polytope/container, args: {image: debian, cmd: sleep 100}}]}
"#;

const BOTH: [(&str, &str); 2] =
    [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];

fn initialize(version: &str) -> String {
    let client = json!({"name": "agent", "version": "1.0"});
    let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).to_string()
}

const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// Begins a session: its id.
async fn begin(shop: &Served) -> String {
    let reply = shop.send(Method::POST, "/mcp", &BOTH, &initialize("2025-11-25")).await;
    let session = reply.headers["mcp-session-id"].to_str().unwrap().to_owned();
    let headers = [BOTH.as_slice(), &[("mcp-session-id", &session)]].concat();
    assert_eq!(shop.send(Method::POST, "/mcp", &headers, INITIALIZED).await.status, StatusCode::ACCEPTED);
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_hears_when_the_list_of_tools_changes() {
    let shop = Served::new(SHOP).await;
    let session = begin(&shop).await;
    let mut events =
        shop.open("/mcp", &[("accept", "text/event-stream"), ("mcp-session-id", &session)], None).await;
    // The server has looked at the file before it changes.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    shop.write(&SHOP.replace("id: greet", "id: welcome"));
    assert_eq!(events.message().await["method"], "notifications/tools/list_changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_canceled_stops_its_steps() {
    let shop = Served::new(SHOP).await;
    let session = begin(&shop).await;
    let headers = [BOTH.as_slice(), &[("mcp-session-id", &session)]].concat();
    let params = json!({"name": "long", "_meta": {"progressToken": "p"}});
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}).to_string();
    let mut events = shop.open("/mcp", &headers, Some(&call)).await;
    while events.message().await["params"]["message"] != "long.wait: running" {}
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}});
    shop.send(Method::POST, "/mcp", &headers, &cancel.to_string()).await;
    let (text, failed) =
        shop.call("wait-until", json!({"step": "long", "state": "finished", "timeout": 30})).await;
    assert_eq!((text.as_str(), failed), ("Step long has ended: stopped.", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_the_first_revision_are_answered_in_a_stream() {
    let shop = Served::new(SHOP).await;
    let mut events = shop.open("/sse", &[("accept", "text/event-stream")], None).await;
    let address = events.next().await;
    assert!(address.starts_with("/messages?sessionId="), "{address}");
    let say = async |message: &str| shop.send(Method::POST, &address, &BOTH[1..], message).await;

    assert_eq!(say(&initialize("2024-11-05")).await.status, StatusCode::ACCEPTED);
    assert_eq!(events.message().await["result"]["protocolVersion"], "2024-11-05");
    assert_eq!(say(INITIALIZED).await.status, StatusCode::ACCEPTED);
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"greet"}}"#;
    assert_eq!(say(call).await.status, StatusCode::ACCEPTED);
    let answer: Value = loop {
        let message = events.message().await;
        if message["id"] == 2 {
            break message;
        }
    };
    assert_eq!(answer["result"]["content"][0]["text"], "hello");

    for (message, id, code) in [
        ("{", Value::Null, -32700),
        (r#"{"jsonrpc":"1.0","id":3,"method":"ping"}"#, json!(3), -32600),
        (r#"{"jsonrpc":"2.0","id":4,"method":"ping","params":7}"#, json!(4), -32602),
    ] {
        let reply = say(message).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{message}");
        let answer = reply.message();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{message}");
    }
}
