//! What running code and containers see of the world: the project as it is and as it was, other repositories, and names
//! that were written a moment ago.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use pt_engine::{Notice, Person};
use pt_plan::Request;
use pt_server::{App, BackendChoice, Environment, RunRequest, Unset};

fn commit(dir: &Path, files: &[(&str, &str)], tag: &str) {
    for (name, text) in files {
        fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
        fs::write(dir.join(name), text).unwrap();
    }
    for args in [
        &["init", "--quiet", "--initial-branch=main"] as &[&str],
        &["add", "."],
        &["commit", "--quiet", "-m", "x"],
        &["tag", tag],
    ] {
        let mut git = Command::new("git");
        git.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        assert!(git.args(args).status().unwrap().success(), "{args:?}");
    }
}

/// The lines that the template `main` logs.
async fn lines(dir: &Path) -> Vec<String> {
    let app = App::open(Environment {
        state_dir: dir.join("state"),
        working_dir: dir.join("project"),
        context: "local".to_owned(),
        person: Person { uid: 0, gid: 0, name: "root".to_owned(), home: None },
        backend: BackendChoice::Sim(String::new()),
        keep_jobs: Environment::KEEP_JOBS,
        logs: Default::default(),
        telemetry: None,
        limits: Default::default(),
    })
    .unwrap();
    let project = app.load(None, "local").unwrap();
    let request = Request { reference: "main".to_owned(), ..Request::default() };
    let plan = app.plan(&project, &[vec![request]], &Unset).unwrap().plan.unwrap();
    let mut running = app.start(plan, project, RunRequest::default()).await.unwrap().running;
    let mut lines = Vec::new();
    while let Some(notice) = running.notices.recv().await {
        if let Notice::Lines(shown) = notice {
            lines.extend(shown.lines.into_iter().map(|line| line.text));
        }
    }
    running.done.await.unwrap().unwrap();
    lines
}

#[tokio::test]
async fn the_past_others_and_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let theirs = dir.path().join("theirs");
    commit(&theirs, &[("lib/x", "theirs, old")], "v1");
    commit(&theirs, &[("lib/x", "theirs, new")], "v2");
    let url = format!("file://{}", theirs.display());
    let file = format!(
        r#"
templates:
- id: main
  run:
  - id: a
    code: |
      #pt-clj
      (let [other {{:type "repo" :repo "{url}" :path "lib/x"}}]
        (doseq [source [{{:type "repo" :path "x"}} {{:type "repo" :path "/x" :revision "v1"}} other (assoc other :revision "v1")]]
          (pt/await-done (pt/spawn {{:image "x" :cmd "cat /m" :mounts [{{:path "/m" :source source}}]}})))
        (pt/log (pt/read-repo-file "x") (pt/read-repo-file "/x" {{:revision "v1"}}))
        (pt/log (pt/read-repo-file "lib/x" {{:repo "{url}" :revision "v1"}}))
        (pt/await-done (pt/spawn {{:image "x" :cmd "sh -c 'echo \"{{modules: [{{id: late, code: (pt/log :late)}}]}}\" > /p/late.yml'"
                                   :mounts [{{:path "/p" :source {{:type "host" :path ""}}}}]}}))
        (pt/call-module "late" {{}}))
include: [late.yml]
"#
    );
    let project = dir.path().join("project");
    commit(&project, &[("x", "ours, old")], "v1");
    commit(&project, &[("x", "ours, committed"), ("polytope.yml", &file)], "v2");
    fs::write(project.join("x"), "ours, as it is").unwrap();
    assert_eq!(
        lines(dir.path()).await,
        [
            "ours, as it is",
            "ours, old",
            "theirs, new",
            "theirs, old",
            "ours, as it is ours, old",
            "theirs, old",
            "late"
        ]
    );
}
