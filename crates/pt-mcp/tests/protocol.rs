//! What clients of all kinds get, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use served::Served;

const SHOP: &str = r#"
instructions: Be kind to the shop.
tools:
  - id: greet
    name: Greet
    info: Says hello.
    params:
      - {id: to-whom, info: Whom to greet., type: [default, str, world]}
      - {id: how_often, info: How often., type: [maybe, int]}
    run:
      - id: say
        module: polytope/container
        args: {image: debian, cmd: ["echo", "hello {pt.param to-whom}"]}
  - id: _hidden
    info: Helps the others.
    run: [greet]
  - id: two-steps
    info: Runs two steps.
    run:
      - {id: first, module: polytope/container, args: {image: debian, cmd: echo one}}
      - {id: second, module: polytope/container, args: {image: debian, cmd: echo two}, after: first}
"#;

const JSON: [(&str, &str); 2] = [("accept", "application/json"), ("content-type", "application/json")];
const BOTH: [(&str, &str); 2] =
    [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];

fn names(reply: &Value) -> Vec<&str> {
    reply["result"]["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_post_is_answered_with_one_json_body() {
    let shop = Served::new(SHOP).await;
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}"#;
    let reply = shop.send(Method::POST, "/mcp", &JSON, body).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["content-type"], "application/json");
    let message: Value = serde_json::from_str(&reply.text).unwrap();
    assert_eq!((&message["jsonrpc"], &message["id"]), (&json!("2.0"), &json!(7)));
    assert_eq!(names(&message)[..3], ["greet", "two-steps", "get-server-instructions"]);
    assert_eq!(
        message["result"]["tools"][0],
        json!({
            "name": "greet",
            "title": "Greet",
            "description": "Says hello.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "to-whom": {"type": "string", "default": "world", "description": "Whom to greet."},
                    "how_often": {"type": "integer", "description": "How often."},
                },
            },
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_arguments_have_many_spellings() {
    let shop = Served::new(SHOP).await;
    for (tool, arguments, text) in [
        ("greet", json!({"to-whom": "you"}), "hello you"),
        ("greet", json!({"to_whom": "you"}), "hello you"),
        ("greet", json!({"toWhom": "you", "howOften": 3}), "hello you"),
        ("two_steps", json!({}), "== first ==\none\n== second ==\ntwo"),
        ("_hidden", json!({}), "hello world"),
        ("run", json!({"tool": "greet", "args": {"to-whom": "you"}}), "hello you"),
        ("run", json!({"module": "greet", "to-whom": "you"}), "hello you"),
        ("get_server_instructions", json!({}), "Be kind to the shop."),
        (
            "list-steps-in-job",
            json!({"job": "sandbox-1", "like": "two-steps.f"}),
            "two-steps.first  success polytope/container",
        ),
        ("list-services-in-job", json!({"job": "sandbox-1"}), "There are no services."),
        ("get-logs-in-job", json!({"step": "two-steps.second"}), "two\n"),
        (
            "logs",
            json!({"container": "container", "tail": 1}),
            "[of container-8, the newest; sandbox-1/container is the first]\nhello you\n",
        ),
        ("logs", json!({"container": "sandbox-1/container", "tail": 1}), "hello you\n"),
    ] {
        assert_eq!(shop.call(tool, arguments).await, (text.to_owned(), false), "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_the_codes_of_json_rpc() {
    let shop = Served::new(SHOP).await;
    for (body, status, code, message) in [
        ("{", 400, -32700, "Parse error"),
        ("[]", 400, -32600, "Invalid request"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400, -32600, "Invalid request: this is no message"),
        (r#"{"jsonrpc":"2.0","id":1}"#, 400, -32600, "Invalid request: `method` must be a text."),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#,
            400,
            -32602,
            "The params of tools/list must be a map, and are a list.",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":5}}"#,
            400,
            -32602,
            "The cursor of tools/list must be a text, and is 5.",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"nothing/known"}"#,
            200,
            -32601,
            "Unknown method: nothing/known",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}"#,
            200,
            -32602,
            "Unknown tool: nope",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":3}}"#,
            200,
            -32602,
            "The params of tools/call",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"http://x"}}"#,
            200,
            -32602,
            "Unsupported URI scheme: http://x",
        ),
    ] {
        let reply = shop.send(Method::POST, "/mcp", &JSON, body).await;
        let answer = reply.message();
        let error = &answer["error"];
        assert_eq!((reply.status.as_u16(), error["code"].as_i64()), (status, Some(code)), "{body}");
        let id = if body.contains(r#""id":1"#) { json!(1) } else { Value::Null };
        assert_eq!(answer["id"], id, "{body}");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{body}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_has_a_second_page() {
    let shop = Served::new(SHOP).await;
    for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
        let error = &shop.request(method, json!({"cursor": "garbage"})).await["error"];
        assert_eq!(error["code"], -32602, "{method}");
        let message = "There is nothing at the cursor \"garbage\": this list has one page. Ask without.";
        assert_eq!(error["message"], message, "{method}");
        assert!(shop.request(method, json!({})).await["result"].is_object(), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_port_is_taken_the_next_free_one_is_had() {
    let shop = Served::new(SHOP).await;
    let other = shop.server.serve_http(shop.listening.port).await.unwrap();
    assert!(other.port > shop.listening.port);
    assert_eq!(other.url(), format!("http://localhost:{}/mcp", other.port));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_are_refused() {
    let shop = Served::new(SHOP).await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for (header, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
        for (method, path) in
            [(Method::POST, "/mcp"), (Method::GET, "/sse"), (Method::POST, "/messages?sessionId=1")]
        {
            let headers = [JSON.as_slice(), &[(header, value)]].concat();
            let reply = shop.send(method, path, &headers, body).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{header}: {value} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_initialized_used_and_deleted() {
    let shop = Served::new(SHOP).await;
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "agent", "version": "1.0"},
    }});
    let reply = shop.send(Method::POST, "/mcp", &BOTH, &initialize.to_string()).await;
    let result = &reply.message()["result"];
    assert_eq!(result["serverInfo"]["name"], "polytope");
    assert_eq!(result["instructions"], "Be kind to the shop.");
    assert_eq!(result["capabilities"]["tools"], json!({"listChanged": true}));
    let session = reply.headers["mcp-session-id"].to_str().unwrap().to_owned();
    let headers = [BOTH.as_slice(), &[("mcp-session-id", &session)]].concat();
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(shop.send(Method::POST, "/mcp", &headers, initialized).await.status, StatusCode::ACCEPTED);

    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "two-steps", "arguments": {}, "_meta": {"progressToken": "p"},
    }});
    let messages = shop.send(Method::POST, "/mcp", &headers, &call.to_string()).await.messages();
    let of = |method: &str| messages.iter().filter(|message| message["method"] == method).collect::<Vec<_>>();
    let progress: Vec<f64> =
        of("notifications/progress").iter().filter_map(|m| m["params"]["progress"].as_f64()).collect();
    assert!(progress.len() > 3 && progress.is_sorted(), "{progress:?}");
    assert_eq!(messages.last().unwrap()["result"]["isError"], false, "the answer comes last");

    assert_eq!(shop.send(Method::DELETE, "/mcp", &headers, "").await.status, StatusCode::ACCEPTED);
    let gone = shop.send(Method::POST, "/mcp", &headers, &call.to_string()).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_a_stream_hears_of_lines_while_they_are_written() {
    let shop = Served::new(SHOP).await;
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "two-steps", "arguments": {}, "_meta": {"io.modelcontextprotocol/logLevel": "info"},
    }});
    let messages = shop.send(Method::POST, "/mcp", &BOTH, &call.to_string()).await.messages();
    let lines: Vec<&Value> =
        messages.iter().map(|m| &m["params"]["data"]).filter(|data| !data.is_null()).collect();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(messages.last().unwrap()["result"]["isError"], false);
    // A client that takes JSON only gets nothing but the answer.
    let reply = shop.send(Method::POST, "/mcp", &JSON, &call.to_string()).await;
    assert_eq!(reply.headers["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_tools_follows_the_polytope_file() {
    let shop = Served::new(SHOP).await;
    assert!(names(&shop.request("tools/list", json!({})).await).contains(&"greet"));
    shop.write("mcp: {only: [shut]}\ntools:\n  - {id: open, info: Opens., run: [polytope/noop]}\n  - {id: shut, info: Shuts., run: [polytope/noop]}\n");
    let reply = shop.request("tools/list", json!({})).await;
    assert_eq!(names(&reply)[..2], ["shut", "get-server-instructions"]);
    assert!(!shop.call("open", json!({})).await.1, "what is not listed can be called");
    shop.write("tools:\n  - {id: run, info: Runs., run: [polytope/noop]}\n");
    let reply = shop.request("tools/list", json!({})).await;
    assert_eq!(names(&reply).iter().filter(|name| **name == "run").count(), 1, "the project's own wins");
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_and_completion() {
    let shop = Served::new(SHOP).await;
    let prompts = shop.request("prompts/list", json!({})).await;
    assert_eq!(prompts["result"]["prompts"].as_array().unwrap().len(), 4);
    let prompt = shop
        .request("prompts/get", json!({"name": "add-service", "arguments": {"blueprint": "postgres"}}))
        .await;
    let text = prompt["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("bluetext://blueprints/postgres"), "{text}");
    let fix = |arguments: Value| {
        shop.request("prompts/get", json!({"name": "fix-failure", "arguments": arguments}))
    };
    for (arguments, begin) in [
        (json!({}), "Something failed here: the newest step that failed. Find it with list-steps"),
        (json!({"step": "api"}), "Something failed here: api. Find it with list-steps"),
    ] {
        let got = fix(arguments).await;
        let text = got["result"]["messages"][0]["content"]["text"].as_str().unwrap().to_owned();
        assert!(text.starts_with(begin), "{text}");
    }
    let missing = shop.request("prompts/get", json!({"name": "add-service"})).await;
    assert_eq!(missing["error"]["code"], -32602);
    for (reference, argument, begun, found) in [
        (
            json!({"type": "ref/prompt", "name": "add-service"}),
            "blueprint",
            "redp",
            json!(["redpanda", "redpanda-console"]),
        ),
        (json!({"type": "ref/prompt", "name": "run-and-check"}), "target", "two", json!(["two-steps"])),
        (
            json!({"type": "ref/resource", "uri": "bluetext://code-gen-modules/{id}"}),
            "id",
            "boil",
            json!(["boilerplate"]),
        ),
        (json!({"type": "ref/prompt", "name": "nothing"}), "x", "", json!([])),
    ] {
        let params = json!({"ref": reference, "argument": {"name": argument, "value": begun}});
        assert_eq!(
            shop.request("completion/complete", params).await["result"]["completion"]["values"],
            found
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn built_in_tools_are_short() {
    let shop = Served::new("modules: []\n").await;
    let reply = shop.request("tools/list", json!({})).await;
    let all = reply["result"]["tools"].to_string();
    // A token is four characters, more or less.
    let tokens = all.chars().count() / 4;
    println!("{} built-in tools: about {tokens} tokens", names(&reply).len());
    assert!(tokens < 3000, "{tokens} tokens");
}
