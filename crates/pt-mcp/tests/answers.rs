//! What answers hold, and what they never do.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use jiff::Timestamp;
use pt_model::Secret;
use pt_store::Scope;
use serde_json::{Value, json};
use served::Served;

const SHOP: &str = r#"
tools:
  - id: leak
    info: Shows what it knows.
    run:
      - id: show
        module: polytope/container
        args: {image: debian, cmd: "sh -c 'echo it is $KEY; sleep 100'", env: [{name: KEY, value: pt.secret key}], services: [{id: leak, ports: [{port: 80}]}]}
  - id: chatter
    info: Writes much.
    run:
      - id: seq
        module: polytope/container
        args: {image: debian, cmd: "seq 50000"}
  - id: web
    info: Serves.
    run:
      - id: serve
        module: polytope/container
        args: {image: debian, services: [{id: web, ports: [{port: 8080, protocol: http}]}]}
  - id: broken
    info: Does not work.
    run:
      - {id: first, module: polytope/container, args: {image: debian, cmd: "sh -c 'echo ModuleNotFoundError: No module named flask; exit 1'"}}
      - {id: second, module: polytope/container, args: {image: debian, cmd: "echo never"}, after: first}
  - id: needs
    info: Needs a value.
    run:
      - {id: needs, module: polytope/container, args: {image: debian, cmd: "echo {pt.value size}"}}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_a_secret() {
    let shop = Served::new(SHOP).await;
    let instance = shop.app.instance(None).unwrap();
    let scope = Scope::new("local", instance.id.clone());
    shop.app.store.set_secret(&scope, &Secret::new("key", "hunter2-hunter2"), Timestamp::now()).unwrap();
    for (tool, arguments) in [
        ("leak", json!({})),
        ("get-container-logs", json!({"container": "leak.show"})),
        ("describe-container", json!({"container": "container"})),
        ("exec", json!({"container": "container", "cmd": "echo $KEY"})),
        ("exec", json!({"container": "container", "cmd": "echo hunter2-hunter2"})),
        ("get-values", json!({})),
        ("set-value", json!({"id": "copy", "data": "hunter2-hunter2"})),
        ("get-values", json!({})),
        ("list-steps", json!({})),
    ] {
        let reply = shop.request("tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert!(!reply.to_string().contains("hunter2"), "{tool}: {reply}");
        assert!(reply["result"]["content"][0]["text"].is_string(), "{tool}: {reply}");
    }
    let calls = shop.app.store.agent_calls(&instance.id).unwrap();
    assert_eq!(calls.len(), 9, "every call is recorded");
    assert_eq!(calls[0].tool, "leak");
    assert!(calls[0].job.is_some());
    assert!(!format!("{calls:?}").contains("hunter2"));
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_cut_and_read_on() {
    let shop = Served::new(SHOP).await;
    let reply = shop.request("tools/call", json!({"name": "chatter"})).await;
    let text = reply["result"]["content"][0]["text"].as_str().unwrap();
    let all = text.chars().count() + reply["result"]["structuredContent"].to_string().chars().count();
    println!("a log of 50,000 lines is answered with {all} characters");
    assert!(all <= 25_000);
    let (text, _) = shop.call("chatter", json!({})).await;
    assert!(text.trim_end().ends_with("50000"), "its end counts");
    assert!(text.starts_with("[") && text.contains("read-more {\"cursor\":"), "{}", &text[..100]);

    let (text, _) = shop.call("get-container-logs", json!({"container": "chatter.seq"})).await;
    assert_eq!(text.lines().count(), 101);
    assert!(text.starts_with("[49900 lines before these: get-container-logs "), "{text}");
    let note: Value = serde_json::from_str(&text[text.find('{').unwrap()..=text.find('}').unwrap()]).unwrap();
    let (before, _) = shop.call("get-container-logs", note).await;
    assert_eq!(before.lines().last(), Some("49900"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_begins_with_what_helps() {
    let shop = Served::new(SHOP).await;
    let (text, failed) = shop.call("broken", json!({})).await;
    assert!(failed);
    assert_eq!(
        text,
        "FAILED: step broken.first (polytope/container) of job broken-1: The container exited with a nonzero exit code.\n\
         Exit code 1: container container, image debian\n\
         Likely cause: a dependency is not installed (`ModuleNotFoundError: No module named flask`)\n\
         Try: add it (bluetext://code-gen-modules/add-package-python, …/add-package-npm), or name the right file in `cmd`\n\
         Its last line:\n  \
         ModuleNotFoundError: No module named flask\n\
         Did not run for that reason: broken.second.\n\
         More: get-container-logs, describe-step {\"step\": \"broken-1/ID\"}; mend the cause and call the tool again.\n"
    );
    let (text, failed) = shop.call("needs", json!({})).await;
    assert!(failed);
    assert!(text.starts_with("NOT STARTED: needs\nerror[missing-value]: Value 'size' is not set."), "{text}");
    assert!(
        text.ends_with(
            "Try: set-value for values; ask the developer to set secrets: pt secrets set NAME DATA"
        )
    );
    let (text, failed) = shop.call("run", json!({"tool": "brokn"})).await;
    assert!(failed);
    assert!(text.contains("did you mean 'broken'?"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_stay_and_are_waited_for() {
    let shop = Served::new(SHOP).await;
    let (text, failed) = shop.call("web", json!({})).await;
    assert!(!failed && text.starts_with("Job web-1 goes on.\nService web: http://localhost:"), "{text}");
    let (text, failed) = shop.call("wait-until", json!({"service": "web"})).await;
    assert!(!failed && text.starts_with("Service web is ready: http://localhost:"), "{text}");
    let (text, failed) = shop.call("wait-until", json!({"step": "web.serve", "timeout": 0})).await;
    assert!(failed);
    assert_eq!(text, "web.serve is still running after 0 s. Wait again, or: get-container-logs.");
    let (text, failed) = shop.call("wait-until", json!({"step": "nothing"})).await;
    assert!(failed);
    assert_eq!(text, "There is no step 'nothing'; there are: web, web.serve.");
    let (text, failed) = shop.call("stop", json!({})).await;
    assert!(failed && text.contains("\"confirm\": true"), "{text}");
    assert_eq!(shop.call("stop", json!({"confirm": true})).await.0, "Stopped: web-1");
    let (text, failed) = shop.call("exec", json!({"container": "container", "cmd": "ls"})).await;
    assert!(failed && text.starts_with("Container container does not run any more."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_replaced_when_that_is_confirmed() {
    let shop = Served::new(SHOP).await;
    for (arguments, text, failed) in [
        (json!({"id": "size", "data": "5"}), "size is set.", false),
        (json!({"id": "size", "data": "5"}), "size is so already.", false),
        (
            json!({"id": "size", "data": "6"}),
            "Not set: size is '5'. To replace it, call set-value again with \"confirm\": true.",
            true,
        ),
        (json!({"id": "size", "data": "6", "confirm": true}), "size is set.", false),
    ] {
        assert_eq!(shop.call("set-value", arguments).await, (text.to_owned(), failed));
    }
    assert_eq!(shop.call("get-values", json!({})).await.0, "size: 6");
}
