//! Agents at work on a Docker engine. Where there is none, these tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use std::fs;

use pt_engine::find_leftovers;
use serde_json::json;
use served::Served;

const SHOP: &str = r#"# What the shop runs.
tools:
  - id: new-api
    info: Makes a new API from the template.
    params: [{id: name, info: Its name., type: id}]
    run:
      - {module: polytope/scaffold, args: {template: templates/api, path: "pt.param name", auto-include: true}}
  - id: check
    info: Asks a service for its greeting.
    params: [{id: service, type: id}]
    run:
      - id: ask
        module: polytope/container
        args: {image: "python:3.13-slim", cmd: ["python", "-c", "import urllib.request as u; print(u.urlopen('http://{pt.param service}:8000').read().decode())"]}
"#;

const API: &str = r#"tools:
  - id: {{project-name}}
    info: The API.
    run:
      - id: serve
        module: polytope/container
        args:
          image: "python:3.13-slim"
          id: {{project-name}}
          cmd: python -u /code/main.py
          mounts: [{path: /code, source: {type: repo, path: "{{project-name}}/src"}}, {path: /data, source: {type: volume, scope: project, id: data}}]
          services: [{id: {{project-name}}, ports: [{port: 8000, protocol: http}]}]
"#;

/// Its slip is in the first line.
const MAIN: &str = r#"import http.servr
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"Hello from {{project-name}}")
print("listening", flush=True)
http.server.HTTPServer(("", 8000), Hello).serve_forever()
"#;

fn write_template(shop: &Served) {
    fs::create_dir_all(shop.file("templates/api/src")).unwrap();
    fs::write(shop.file("templates/api/polytope.yml"), API).unwrap();
    fs::write(shop.file("templates/api/src/main.py"), MAIN).unwrap();
}

/// Ends the server, and looks whether it left something.
async fn close(shop: &Served, instance: &pt_store::Instance) {
    shop.server.close("the test is over").await;
    let backend = shop.app.backend().await.unwrap();
    let left = find_leftovers(&*backend, &instance.id, None).await.unwrap();
    assert_eq!(left.jobs(), [], "nothing is left");
    for volume in shop.app.project_volumes(instance, &*backend).await.unwrap() {
        backend.remove_volume(&volume).await.unwrap();
    }
}

/// The address in an answer such as `Service hello: http://localhost:32768`.
fn address(text: &str) -> &str {
    let at = text.find("http://localhost:").unwrap_or_else(|| panic!("no address: {text}"));
    text[at..].split_whitespace().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_makes_a_service_sees_it_fail_and_mends_it() {
    let Some(shop) = Served::on_docker(SHOP).await else { return };
    write_template(&shop);
    let instance = shop.app.instance(None).unwrap();

    let (text, _) = shop.call("list-tools", json!({"tags": ["tool"]})).await;
    assert_eq!(
        text,
        "new-api  tool {name: id}: Makes a new API from the template.\ncheck  tool {service: id}: Asks a service for its greeting."
    );
    let (text, _) = shop
        .call("docs", json!({"uri": "bluetext://polytope/standard-modules/scaffold", "like": "Params"}))
        .await;
    assert!(text.contains("| `auto-include` |"), "{text}");

    let (text, failed) = shop.call("new-api", json!({"name": "hello"})).await;
    assert!(!failed && shop.file("hello/src/main.py").is_file(), "{text}");
    let (text, failed) = shop.call("hello", json!({})).await;
    assert!(failed, "{text}");
    assert!(text.starts_with("FAILED: step hello.serve (polytope/container): The container exited with a nonzero exit code.\nExit code 1: container hello, image python:3.13-slim\nLikely cause: a dependency is not installed (`ModuleNotFoundError: No module named 'http.servr'`)"), "{text}");
    let (text, _) = shop.call("describe-sandbox", json!({})).await;
    assert!(text.contains("job: sandbox-1\nstatus: running\n"), "a failing call ends nothing: {text}");

    let mended = fs::read_to_string(shop.file("hello/src/main.py")).unwrap().replace("servr", "server");
    fs::write(shop.file("hello/src/main.py"), mended).unwrap();
    let (text, failed) = shop.call("hello", json!({})).await;
    assert!(!failed && text.contains("Step hello-2 goes on.\nService hello: http://localhost:"), "{text}");
    let (text, failed) = shop.call("wait-until", json!({"service": "hello"})).await;
    assert!(!failed, "{text}");
    let (text, failed) =
        shop.call("wait-until", json!({"step": "hello-2", "state": "finished", "timeout": 1})).await;
    assert!(failed && text.starts_with("hello-2 is still running after 1 s."), "{text}");
    assert_eq!(shop.call("check", json!({"service": "hello"})).await, ("Hello from hello".to_owned(), false));

    let (text, _) =
        shop.call("get-container-logs", json!({"container": "hello-2", "like": "listening"})).await;
    assert_eq!(text, "listening\n");
    let (text, failed) =
        shop.call("exec", json!({"container": "hello-2", "cmd": "echo kept > /tmp/a; cat /tmp/a"})).await;
    assert_eq!((text.as_str(), failed), ("kept", false));
    let (text, failed) =
        shop.call("exec", json!({"container": "hello-2", "cmd": ["sh", "-c", "exit 3"]})).await;
    assert_eq!((text.as_str(), failed), ("Exit code 3\n", true));
    let (text, failed) =
        shop.call("exec", json!({"container": "hello-2", "cmd": "sleep 30", "timeout": 1})).await;
    assert_eq!((text.as_str(), failed), ("It had not ended after 1 s: it was killed.\n", true));
    let deaf =
        json!({"container": "hello-2", "cmd": "trap '' TERM; while true; do sleep 31; done", "timeout": 1});
    assert_eq!(shop.call("exec", deaf).await.0, "It had not ended after 1 s: it was killed.\n");
    let left = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done | grep -c '^sleep 3[01]'";
    let (text, _) = shop.call("exec", json!({"container": "hello-2", "cmd": left})).await;
    assert_eq!(text, "Exit code 1\n0", "nothing of it runs on");

    let (text, failed) = shop.call("restart-container", json!({"container": "hello-2"})).await;
    assert!(
        !failed
            && text.ends_with("runs again, with the same ports. Then: wait-until {\"service\":\"hello\"}"),
        "{text}"
    );
    assert_eq!(shop.call("exec", json!({"container": "hello-2", "cmd": "cat /tmp/a"})).await.0, "kept");

    let (text, failed) = shop.call("hello", json!({})).await;
    assert!(!failed && text.contains("Service hello was step hello-2.serve's, which still runs"), "{text}");
    assert!(shop.call("stop", json!({"step": "hello-2"})).await.1, "it is asked first");
    assert_eq!(shop.call("stop", json!({"step": "hello-2", "confirm": true})).await.0, "Stopped: hello-2");
    assert_eq!(shop.call("check", json!({"service": "hello"})).await.0, "Hello from hello");
    assert_eq!(shop.call("stop", json!({"confirm": true})).await.0, "Stopped: hello-3");
    close(&shop, &instance).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_keep_apart() {
    let Some(shop) = Served::on_docker(SHOP).await else { return };
    write_template(&shop);
    assert!(!shop.call("new-api", json!({"name": "hello"})).await.1);
    let source = fs::read_to_string(shop.file("hello/src/main.py")).unwrap().replace("servr", "server");
    fs::write(shop.file("hello/src/main.py"), source).unwrap();
    let apart = shop.isolated_beside().await;
    let (one, two) = tokio::join!(shop.call("hello", json!({})), apart.call("hello", json!({})));
    assert!(!one.1 && !two.1, "{one:?} {two:?}");
    assert_ne!(address(&one.0), address(&two.0), "each has its port");

    for (server, text) in [(&shop, "the developer's"), (&apart, "the agent's")] {
        let cmd = format!("echo {text:?} > /data/whose");
        assert!(!server.call("exec", json!({"container": "hello", "cmd": cmd})).await.1);
    }
    for (server, whose) in [(&shop, "the developer's"), (&apart, "the agent's")] {
        assert_eq!(
            server.call("exec", json!({"container": "hello", "cmd": "cat /data/whose"})).await.0,
            whose
        );
        assert_eq!(server.call("check", json!({"service": "hello"})).await.0, "Hello from hello");
        let (text, _) = server.call("list-containers", json!({"like": "hello"})).await;
        assert_eq!(text.lines().count(), 1, "the other's is not seen: {text}");
    }
    let beside = shop.beside().await;
    let (text, failed) = beside.call("hello", json!({})).await;
    assert!(!failed);
    let warning = "\nWarning: Step hello.serve: step hello.serve of job sandbox-1, which runs, uses the volume 'data', too.";
    assert!(text.contains(warning), "{text}");
    beside.server.close("the test is over").await;
    let of_agent = apart.apart.as_ref().unwrap().instance.clone();
    assert!(!apart.call("stop", json!({"confirm": true})).await.1);
    assert_eq!(
        shop.call("check", json!({"service": "hello"})).await.0,
        "Hello from hello",
        "the other's is stopped"
    );
    close(&apart, &of_agent).await;
    close(&shop, &shop.app.instance(None).unwrap()).await;
}
