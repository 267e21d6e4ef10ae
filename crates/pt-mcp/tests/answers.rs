//! What answers hold, and what they never do.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use jiff::Timestamp;
use pt_model::Secret;
use pt_store::{JobRequest, Scope};
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
        ("exec", json!({"container": "container", "cmd": "echo aHVudGVyMi1odW50ZXIyCg=="})),
        ("set-value", json!({"id": "copy", "data": "hunter2-hunter2"})),
        ("set-value", json!({"id": "in-base64", "data": "aHVudGVyMi1odW50ZXIy"})),
        ("get-values", json!({})),
        ("list-steps", json!({})),
    ] {
        let reply = shop.request("tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert!(!reply.to_string().contains("hunter2"), "{tool}: {reply}");
        assert!(!reply.to_string().contains("aHVudGVyMi"), "{tool}: {reply}");
        assert!(reply["result"]["content"][0]["text"].is_string(), "{tool}: {reply}");
    }
    let calls = shop.app.store.agent_calls(&instance.id).unwrap();
    assert_eq!(calls.len(), 11, "every call is recorded");
    assert_eq!(calls[0].tool, "leak");
    assert!(calls[0].job.is_some());
    assert!(!format!("{calls:?}").contains("hunter2"));
    assert!(!format!("{calls:?}").contains("aHVudGVyMi"));
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
    let text =
        text.strip_prefix("[of chatter-2.seq, the newest; sandbox-1/chatter.seq is the first]\n").unwrap();
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
        "FAILED: step broken.first (polytope/container): The container exited with a nonzero exit code.\n\
         Exit code 1: container container, image debian\n\
         Likely cause: a dependency is not installed (`ModuleNotFoundError: No module named flask`)\n\
         Try: add it (bluetext://code-gen-modules/add-package-python, …/add-package-npm), or name the right file in `cmd`\n\
         Its last line:\n  \
         ModuleNotFoundError: No module named flask\n\
         Did not run for that reason: broken.second.\n\
         More: get-container-logs, describe-step; mend the cause and call the tool again.\n"
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

const LONG_LINES: &str = r##"
tools:
  - id: sixty
    info: Fails after sixty long lines.
    run:
      - id: only
        module: polytope/container
        args: {image: debian, cmd: "sh -c 'a=0123456789; a=$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60; do echo line $i: $a; done; exit 1'"}
  - id: megabytes
    info: Fails after one line of three megabytes.
    run:
      - id: only
        module: polytope/container
        args: {image: debian, cmd: "sh -c 'a=012; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; echo ModuleNotFoundError: $a; exit 1'"}
  - id: leak
    info: Fails, and writes a secret where a long line is cut.
    run:
      - id: only
        module: polytope/container
        args: {image: debian, cmd: "sh -c 'echo ModuleNotFoundError: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789123456789aHVudGVyMi1odW50ZXIy01234567890123456789012345678901234567890123456789012345678901234567890123456789aHVudGVyMi1odW50ZXIy01234567890123456789012345678901234567890123456789; exit 1'"}
"##;

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_whole_however_long_the_lines_are() {
    let shop = Served::new(LONG_LINES).await;
    let (text, failed) = shop.call("run", json!({"tool": "sixty"})).await;
    assert!(failed);
    let begin = "FAILED: step sixty.only (polytope/container): The container exited with a nonzero exit code.\n\
                 Exit code 1: container container, image debian\n\
                 Its last ";
    assert!(text.starts_with(begin), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  line ")).collect();
    assert!(lines.len() >= 20, "{text}");
    assert!(lines.iter().all(|line| line.ends_with("… (309 more characters)")), "{text}");
    assert!(text.contains("\n  line 60: 0123456789"), "the last one is told: {text}");
    assert!(
        text.ends_with("More: get-container-logs, describe-step; mend the cause and call the tool again.\n"),
        "{text}"
    );
    let (text, _) = shop.call("describe-step", json!({"step": "sixty.only"})).await;
    assert!(text.starts_with(begin), "{text}");

    let (text, failed) = shop.call("run", json!({"tool": "megabytes"})).await;
    assert!(failed);
    assert!(text.starts_with("FAILED: step megabytes.only "), "{}", &text[..1000]);
    for part in [
        "\nExit code 1: container ",
        "\nLikely cause: a dependency is not installed (`ModuleNotFoundError: 012012",
        "\nTry: add it ",
        "\n  ModuleNotFoundError: 012012",
        "\nMore: get-container-logs",
    ] {
        assert!(text.contains(part), "{part}: {}", &text[..1000]);
    }
    assert!(!text.contains("read-more"), "nothing of it is cut: {}", &text[..1000]);
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_piece_of_a_secret_is_left_where_a_line_is_cut() {
    let shop = Served::new(LONG_LINES).await;
    let scope = Scope::new("local", shop.app.instance(None).unwrap().id);
    shop.app.store.set_secret(&scope, &Secret::new("key", "hunter2-hunter2"), Timestamp::now()).unwrap();
    let (text, failed) = shop.call("leak", json!({})).await;
    assert!(failed && text.contains(" more characters)"), "{text}");
    assert!(!text.contains("aHVu"), "{text}");
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_stay_and_are_waited_for() {
    let shop = Served::new(SHOP).await;
    let (text, failed) = shop.call("web", json!({})).await;
    assert!(!failed && text.starts_with("Step web goes on.\nService web: http://localhost:"), "{text}");
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
    assert_eq!(shop.call("stop", json!({"confirm": true})).await.0, "Stopped: web");
    let (text, failed) = shop.call("exec", json!({"container": "container", "cmd": "ls"})).await;
    assert!(failed && text.starts_with("Container container does not run any more."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_come_is_not_waited_for() {
    let shop = Served::new(
        r#"
tools:
  - id: web
    run: [{id: serve, module: polytope/container, args: {image: debian, services: [{id: web, ports: [{port: 80}]}]}}]
  - id: late
    await: []
    run: [{id: sleep, module: polytope/container, args: {image: debian, cmd: "sleep 100"}, after: web-is-there}, {id: web-is-there, module: polytope/await-service, args: {service-id: wob}}]
"#,
    )
    .await;
    assert!(!shop.call("web", json!({})).await.1);
    let begun = std::time::Instant::now();
    let (text, failed) = shop.call("wait-until", json!({"service": "wep", "timeout": 60})).await;
    assert_eq!(
        (text.as_str(), failed),
        ("There is no service 'wep'; there are: web. Did you mean 'web'?", true)
    );
    assert!(begun.elapsed().as_secs() < 30);
    // A step that runs and has no container may still open it.
    shop.call("late", json!({})).await;
    let (text, _) = shop.call("wait-until", json!({"service": "wep", "timeout": 2})).await;
    let may = "There is no service 'wep' yet (open: web); step late.";
    assert!(text.starts_with(may) && text.contains("may still open it after 2 s"), "{text}");
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_stands_for_its_newest_call() {
    let file = |word: &str| {
        format!(
            r#"
tools:
  - id: say
    run: [{{id: it, module: polytope/container, args: {{image: debian, id: box, cmd: "echo {word}"}}}}]
"#
        )
    };
    let shop = Served::new(&file("first")).await;
    shop.call("say", json!({})).await;
    shop.write(&file("second"));
    shop.call("say", json!({})).await;
    for (name, said) in [
        ("say", "second"),
        ("say.it", "second"),
        ("box", "second"),
        ("sandbox-1/say", "first"),
        ("sandbox-1/box", "first"),
        ("say-2", "second"),
    ] {
        let (text, _) = shop.call("get-container-logs", json!({"container": name})).await;
        assert_eq!(text.lines().last(), Some(said), "{name}: {text}");
    }
    let (text, _) = shop.call("describe-step", json!({"step": "say"})).await;
    assert!(text.starts_with("id: say-2\n"), "{text}");
    let (text, _) = shop.call("describe-step", json!({"step": "sandbox-1/say"})).await;
    assert!(text.starts_with("id: say\n"), "{text}");
    shop.server.close("the test is over").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_value_with_the_name_of_a_secret_is_said_to_be_another_thing() {
    let shop = Served::new(SHOP).await;
    let scope = Scope::new("local", shop.app.instance(None).unwrap().id);
    shop.app.store.set_secret(&scope, &Secret::new("db-key", "hunter2-hunter2"), Timestamp::now()).unwrap();
    let beside = "That is the value, which `pt.value NAME` reads. A secret of this name exists and is unchanged: \
                  `pt.secret db-key` reads that; only a person sets it: pt secrets set db-key DATA";
    for (id, said) in [("db-key", "is set."), ("db-key", "is so already."), ("dbKey", "is so already.")] {
        let (text, failed) = shop.call("set-value", json!({"id": id, "data": "5"})).await;
        assert_eq!((text, failed), (format!("db-key {said} {}", beside.replace("NAME", "db-key")), false));
    }
    assert_eq!(shop.app.store.secret(&scope, "db-key").unwrap().unwrap().expose(), "hunter2-hunter2");
    assert_eq!(
        shop.call("set-value", json!({"id": "size", "data": "5"})).await,
        ("size is set.".to_owned(), false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_values_are_those_that_polytope_files_can_refer_to() {
    let shop = Served::new(SHOP).await;
    for id in ["a b", "a/b", "", "-x"] {
        let (text, failed) = shop.call("set-value", json!({"id": id, "data": "5"})).await;
        assert!(failed);
        assert_eq!(
            text,
            format!(
                "Not set: '{id}' is no name for a value. Names have letters, digits, `_`, `-` and `.`, and begin with a letter, a digit or `_`."
            )
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_fits_is_said_how_much_there_is() {
    let shop = Served::new(SHOP).await;
    assert_eq!(shop.call("list-services", json!({"like": "x"})).await.0, "There are no services.");
    assert_eq!(shop.call("get-values", json!({"like": "x"})).await.0, "No values are set.");
    shop.call("web", json!({})).await;
    shop.call("broken", json!({})).await;
    shop.call("set-value", json!({"id": "size", "data": "5"})).await;
    for (tool, arguments, text) in [
        (
            "list-steps",
            json!({"like": "x-y"}),
            "None of 5 steps fits: like 'x-y'. Ask without, or with less.",
        ),
        (
            "list-containers",
            json!({"like": "c", "tags": "a,b"}),
            "None of 2 containers fits: like 'c' and tags a, b. Ask without, or with less.",
        ),
        (
            "list-services",
            json!({"like": "x"}),
            "None of 1 services fits: like 'x'. Ask without, or with less.",
        ),
        (
            "list-tools",
            json!({"like": "x"}),
            "None of 6 tools, templates and modules fits: like 'x'. Ask without, or with less.",
        ),
        (
            "get-values",
            json!({"like": "x"}),
            "None of 1 values and secrets fits: like 'x'. Ask without, or with less.",
        ),
        (
            "get-container-logs",
            json!({"container": "broken", "like": "flusk"}),
            "None of 1 lines of broken fits: like 'flusk'. Ask without, or with less.",
        ),
        (
            "get-container-logs",
            json!({"container": "broken", "like": "flask", "before": 0, "since": "5m"}),
            "None of 1 lines of broken fits: like 'flask' and since 5m and before 0. Ask without, or with less.",
        ),
        ("get-container-logs", json!({"container": "web"}), "web has written nothing yet."),
    ] {
        assert_eq!(shop.call(tool, arguments).await.0, text, "{tool}");
    }
    let (text, _) = shop.call("docs", json!({"like": "qqq"})).await;
    assert!(
        text.starts_with("None of ")
            && text.ends_with(" documents fits: like 'qqq'. Ask without, or with less.")
    );
    let (text, _) = shop.call("docs", json!({"uri": "bluetext://intro", "like": "qqq"})).await;
    assert!(text.ends_with(" parts of it fits: like 'qqq'. Ask without, or with less."), "{text}");
    shop.server.close("the test is over").await;
}

const SANDBOX: &str = r##"
modules:
  - {id: add-package-python, params: [{id: packages, type: str}], code: "#pt-clj (println (str \"adds \" (:packages params)))"}
  - id: asks
    code: "#pt-clj (println (:data (pt/await-user-input (pt/request-user-input :str {:message \"Who?\"}))))"
  - id: catches
    code: |-
      #pt-clj (try (pt/call-module "polytope/container" {:image "debian" :cmd "sh -c 'echo inside; exit 3'"})
        (catch Exception e (println "caught")))
  - {id: gives, code: "#pt-clj {:size 3, :colors [\"red\"]}"}
tools:
  - id: web
    info: Serves.
    run:
      - id: serve
        module: polytope/container
        args: {image: debian, tags: {part: front}, services: [{id: web, ports: [{port: 8080, protocol: http}]}]}
  - id: half
    info: Works by half.
    run:
      - {id: db, module: polytope/container, args: {image: debian, services: [{id: db, ports: [{port: 1}]}]}}
      - {id: api, module: polytope/container, args: {image: debian, cmd: "sh -c 'exit 4'"}}
  - id: waits-for-what-stays
    info: Waits for the end of a database.
    run:
      - {id: db, module: polytope/container, args: {image: debian, services: [{id: db, ports: [{port: 1}]}]}}
      - {id: api, module: polytope/container, args: {image: debian, cmd: "echo never"}, after: db}
      - {id: tests, module: polytope/container, args: {image: debian, cmd: "echo never"}, after: api}
  - id: many-lines
    info: Says much and goes on.
    run:
      - {id: db, module: polytope/container, args: {image: debian, cmd: "sh -c 'seq 100; sleep 1000'", services: [{id: db, ports: [{port: 1}]}]}}
  - id: fails
    info: Does not work.
    run:
      - {id: only, module: polytope/container, args: {image: debian, cmd: "sh -c 'exit 4'"}}
"##;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_failed_call_is_to_be_stopped_first() {
    let shop = Served::new(SANDBOX).await;
    let (text, failed) = shop.call("half", json!({})).await;
    assert!(failed);
    let next = r#"mend the cause and call stop {"step":"half","confirm":true} and then the tool again."#;
    assert!(text.contains(next), "{text}");
    assert_eq!(shop.call("stop", json!({"step": "half", "confirm": true})).await.0, "Stopped: half");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_goes_on_the_last_lines_are_shown() {
    let shop = Served::new(SANDBOX).await;
    let (text, failed) = shop.call("many-lines", json!({})).await;
    assert!(!failed);
    let begin = r#"[80 lines before these: get-container-logs {"container":"many-lines.db","before":80}]"#;
    assert!(text.starts_with(&format!("{begin}\n81\n82\n")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_does_not_wait_for_the_end_of_what_stays() {
    let shop = Served::new(SANDBOX).await;
    let begun = std::time::Instant::now();
    let (text, failed) = shop.call("waits-for-what-stays", json!({})).await;
    assert!(begun.elapsed().as_secs() < 60, "it would last");
    assert!(!failed);
    assert!(
        text.contains(
            "\nStep waits-for-what-stays.api has not begun: it waits for the end of waits-for-what-stays.db, which stays. \
             If that is to be ready only: `after: {step: db, condition: ready}`.\n"
        ),
        "{text}"
    );
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_calls_share_one_job() {
    let shop = Served::new(SANDBOX).await;
    assert!(shop.call("describe-sandbox", json!({})).await.0.contains("status: idle"));
    assert!(!shop.call("web", json!({})).await.1);
    assert!(shop.call("fails", json!({})).await.1);
    assert_eq!(shop.call("run", json!({"tool": "gives"})).await.0, "size: 3\ncolors:\n- red");
    shop.write(&SANDBOX.replace("exit 4", "echo mended"));
    assert_eq!(shop.call("fails", json!({})).await, ("mended".to_owned(), false), "the file is read anew");

    let (text, _) = shop.call("describe-sandbox", json!({})).await;
    assert!(
        text.contains("job: sandbox-1\nstatus: running\ncounts:\n  steps: 7\n  steps-running: 2\n"),
        "{text}"
    );
    let (text, _) = shop.call("list-steps", json!({})).await;
    assert_eq!(
        text,
        "fails-2  success fails\nfails-2.only  success polytope/container\n\
         gives  success gives\n\
         fails  failed fails: A step of it failed.\n\
         fails.only  failed polytope/container: The container exited with a nonzero exit code.\n\
         web  running web\nweb.serve  running polytope/container"
    );
    assert_eq!(shop.call("wait-until", json!({"step": "fails"})).await.0, "Step fails-2 finished.");
    let (text, _) = shop.call("wait-until", json!({"step": "sandbox-1/fails"})).await;
    assert!(text.ends_with("Step fails has ended: failed."), "a whole id means itself: {text}");
    let (text, _) = shop.call("get-container-logs", json!({"container": "web.serve"})).await;
    assert_eq!(text, "web.serve has written nothing yet.");
    let (text, _) = shop.call("list-steps", json!({"tags": ["part=front"], "limit": 1})).await;
    assert_eq!(text, "web  running web\n… and 1 more: narrow with like, or raise limit");
    let (text, _) = shop.call("list-containers", json!({"tags": "part"})).await;
    assert_eq!(text, "container  running debian of step web.serve");
    let (text, _) = shop.call("describe-step", json!({"step": "only"})).await;
    assert!(text.starts_with("id: fails-2.only\n"), "the newest is meant: {text}");

    assert_eq!(shop.call("stop", json!({"step": "fails", "confirm": true})).await.0, "Nothing of that runs.");
    assert_eq!(shop.call("stop", json!({"step": "serve", "confirm": true})).await.0, "Stopped: web.serve");
    shop.server.kill();
    assert!(!shop.call("run", json!({"tool": "gives"})).await.1, "the next call opens another job");
    assert!(shop.call("describe-sandbox", json!({})).await.0.contains("job: sandbox-2\n"));
    shop.server.close("the test is over").await;
    assert_eq!(shop.server.job().map(|job| job.status.has_ended()), Some(true), "nothing is left");
    let (text, failed) = shop.call("web", json!({})).await;
    assert!(failed && text.starts_with("Not started, since the sandbox is ending"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_list_shows_is_known_to_every_tool() {
    let shop = Served::new(SANDBOX).await;
    assert!(!shop.call("web", json!({})).await.1);
    for (tool, arguments, begin) in [
        ("describe-step", json!({"step": "web"}), "id: web\n"),
        ("describe-step", json!({"step": "container"}), "id: web.serve\n"),
        ("describe-service", json!({"service": "web.serve"}), "id: web\n"),
        ("describe-service", json!({"service": "container"}), "id: web\n"),
        ("describe-container", json!({"container": "web"}), "id: container\n"),
        ("get-container-logs", json!({"container": "container"}), "container has written nothing yet."),
        ("wait-until", json!({"service": "container"}), "Service web is ready: http://localhost:"),
        ("wait-until", json!({"step": "container", "state": "ready"}), "Step web.serve is ready."),
        (
            "wait-until",
            json!({"step": "sandbox-1", "state": "ready"}),
            "Job sandbox-1 runs, and its services are ready.",
        ),
        ("exec", json!({"container": "web", "cmd": "echo here"}), "here"),
        ("restart-container", json!({"container": "web"}), "Container container runs again"),
        ("stop", json!({"step": "container", "confirm": true}), "Stopped: web.serve"),
    ] {
        let (text, failed) = shop.call(tool, arguments.clone()).await;
        assert!(!failed && text.starts_with(begin), "{tool} {arguments}: {text}");
    }
    assert!(shop.call("fails", json!({})).await.1);
    assert!(shop.call("fails", json!({})).await.1);
    shop.write("tools: [");
    let (text, failed) = shop.call("list-tools", json!({})).await;
    assert!(!failed && text.starts_with("NOT COMPLETE: the polytope file cannot be read"), "{text}");
    assert!(text.contains("polytope.yml:1:"), "{text}");
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_developer_runs_is_the_developers_to_stop() {
    let shop = Served::new(SANDBOX).await;
    let project = shop.app.load(None, "local").unwrap();
    let request = pt_plan::Request { reference: "web".to_owned(), ..Default::default() };
    let plan = shop.app.plan(&project, &[vec![request]], &pt_server::Unset).unwrap().plan.unwrap();
    shop.server.start(plan, &project, pt_server::RunRequest::default()).await.unwrap();
    assert!(!shop.call("wait-until", json!({"service": "web"})).await.1);
    let (text, failed) = shop.call("stop", json!({"step": "web", "confirm": true})).await;
    assert!(failed && text.starts_with("Not stopped: step web is the developer's."), "{text}");
    assert_eq!(shop.call("stop", json!({"confirm": true})).await.0, "Nothing of that runs.");
    let (text, failed) = shop.call("restart-container", json!({"container": "web"})).await;
    assert!(!failed && text.starts_with("Container container runs again"), "{text}");
    let (text, _) = shop.call("list-containers", json!({})).await;
    assert!(text.starts_with("container  running (exit code ") && text.contains("restarted once"), "{text}");
    assert!(shop.call("fails", json!({})).await.1);
    assert!(shop.call("describe-sandbox", json!({})).await.0.contains("job: web-1\n"), "both are in one job");
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_code_calls_belongs_to_the_call() {
    let shop = Served::new(SANDBOX).await;
    let (text, failed) = shop.call("run", json!({"tool": "catches"})).await;
    assert!(!failed, "a failure that code catches is its own: {text}");
    assert!(text.contains("inside") && text.contains("caught"), "{text}");
    let (text, failed) = shop.call("run", json!({"tool": "asks"})).await;
    assert!(failed && text.contains("Nobody answers"), "{text}");
    let (text, failed) = shop.call("run", json!({"tool": "uv-add", "packages": "flask"})).await;
    assert_eq!((text.as_str(), failed), ("adds flask", false), "an alias, where nothing has that name");
    shop.server.close("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_next_clears_up_after_servers_that_ran_as_other_sandboxes() {
    let shop = Served::new(SANDBOX).await;
    let (first, second) = (shop.isolated_beside().await, shop.isolated_beside().await);
    let killed = second.apart.as_ref().unwrap().instance.clone();
    // What is in the store of a server that was killed: a job that nobody runs.
    let job = shop.app.store.create_job(&killed.id, "sandbox", Timestamp::now()).unwrap();
    let request = JobRequest {
        groups: Vec::new(),
        context: "local".to_owned(),
        root_file: None,
        until: None,
        working_dir: None,
        files: None,
        metrics_port: None,
        otlp_port: None,
    };
    shop.app.store.set_request(&job, &request).unwrap();
    drop((first, second));
    let third = shop.isolated_beside().await;
    let has_ended = || {
        let jobs = shop.app.store.jobs(Some(&killed.id)).unwrap();
        jobs.iter().all(|job| job.status.has_ended())
    };
    for _ in 0..200 {
        if has_ended() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(has_ended(), "{} is cleared by {}", killed.id, third.apart.as_ref().unwrap().instance.id);
    third.server.close("the test is over").await;
    shop.server.close("the test is over").await;
}
