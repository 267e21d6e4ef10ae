//! An agent works with the server: it looks around, reads, runs something, sees it fail, finds out why, mends it, and adds
//! a service. `conversation.md` holds what is said; `UPDATE=1` writes it anew, for a person to read.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod served;

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use served::Served;

const SHOP: &str = r#"instructions: |
  This is the shop. Run the tool `test` after each change.

tools:
  - id: test
    info: Tests the API.
    run:
      - id: unit
        module: api-tests

modules:
  - id: api-tests
    module: polytope/container
    args:
      image: python:3.13-slim
      cmd: "sh -c 'cat /code/test.py; exit 1'"
      mounts: [{path: /code/test.py, source: {type: string, data: "ModuleNotFoundError: No module named 'httpx'"}}]
"#;

/// What the agent writes down.
struct Conversation<'s> {
    shop: &'s Served,
    said: String,
}

impl Conversation<'_> {
    /// The agent calls a tool.
    async fn call(&mut self, why: &str, tool: &str, arguments: Value) -> bool {
        let (text, failed) = self.shop.call(tool, arguments.clone()).await;
        let dir = self.shop.dir.path().display().to_string();
        let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap();
        let text = times.replace_all(&text.replace(&dir, "[dir]"), "[time]").into_owned();
        let mark = if failed { " (failed)" } else { "" };
        let cut: String = match text.lines().count() {
            0..=30 => text,
            lines => {
                let shown: Vec<&str> = text.lines().take(20).collect();
                format!("{}\n[… {} more lines]", shown.join("\n"), lines - 20)
            }
        };
        writeln!(self.said, "{why}\n\n```text\n> {tool} {arguments}{mark}\n{}\n```\n", cut.trim_end())
            .unwrap();
        failed
    }

    /// The agent changes a file.
    fn edit(&mut self, why: &str, from: &str, to: &str) {
        let path = self.shop.dir.path().join("shop/polytope.yml");
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{from}");
        self.shop.write(&before.replace(from, to));
        writeln!(self.said, "{why}\n\n```diff\n{}\n{}\n```\n", mark("-", from), mark("+", to)).unwrap();
    }
}

fn mark(sign: &str, text: &str) -> String {
    text.trim_end().lines().map(|line| format!("{sign}{line}")).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_finds_its_way() {
    let shop = Served::new(SHOP).await;
    let said = "# A conversation\n\nWhat an agent does, and what it is answered.\n\n".to_owned();
    let mut agent = Conversation { shop: &shop, said };
    agent.call("It looks around.", "get-server-instructions", json!({})).await;
    agent.call("What is there to run?", "list-tools", json!({})).await;
    agent.call("What runs already?", "describe-sandbox", json!({})).await;
    agent
        .call("It reads what it should know.", "docs", json!({"uri": "bluetext://intro", "like": "the loop"}))
        .await;

    assert!(agent.call("It runs the tests. They fail, and it is told why.", "test", json!({})).await);
    agent.call("It wants to know more.", "describe-step", json!({"step": "unit"})).await;
    agent
        .call("The lines by themselves.", "get-container-logs", json!({"container": "test.unit", "limit": 5}))
        .await;
    agent.edit(
        "It adds what is missing.",
        "      cmd: \"sh -c 'cat /code/test.py; exit 1'\"\n",
        "      cmd: \"sh -c 'echo installed httpx; echo 3 passed'\"\n",
    );
    assert!(!agent.call("It runs the tests again.", "test", json!({})).await);

    agent.call("Now a database. How?", "docs", json!({"uri": "bluetext://blueprints/postgres"})).await;
    agent.edit(
        "It adds the module.",
        "modules:\n",
        "modules:\n  - id: postgres\n    module: polytope/postgres\n    args:\n      env:\n        - {name: POSTGRES_DB, value: pt.value postgres-database}\n",
    );
    assert!(agent.call("It runs it, and forgot a value.", "run", json!({"tool": "postgres"})).await);
    agent.call("It sets the value.", "set-value", json!({"id": "postgres-database", "data": "app"})).await;
    assert!(!agent.call("It runs it again.", "run", json!({"tool": "postgres"})).await);
    assert!(!agent.call("Is it ready?", "wait-until", json!({"service": "postgres"})).await);
    agent
        .call("It looks inside.", "exec", json!({"container": "postgres", "cmd": "echo $POSTGRES_DB"}))
        .await;
    agent.call("Who else uses it?", "list-services", json!({})).await;
    agent.edit(
        "It makes a slip.",
        "modules:\n  - id: postgres\n    module: polytope/postgres",
        "modules:\n  - id: postgres\n    module: polytope/postgrs",
    );
    assert!(agent.call("It is told at once.", "run", json!({"tool": "postgres"})).await);
    agent.call("It cleans up, and is asked first.", "stop", json!({})).await;
    agent.call("It means it.", "stop", json!({"confirm": true})).await;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversation.md");
    let said = agent.said.trim_end().to_owned() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &said).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, known, "UPDATE=1 writes {}", path.display());
}
