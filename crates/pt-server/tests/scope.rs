//! What `pt values set` sets is what `pt run` reads, wherever both are called.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use pt_engine::Person;
use pt_model::Secret;
use pt_plan::Request;
use pt_server::{App, BackendChoice, Environment, Unset};
use pt_store::Scope;

fn app(state: &Path, working_dir: &Path) -> App {
    App::open(Environment {
        state_dir: state.to_owned(),
        working_dir: working_dir.to_owned(),
        context: "local".to_owned(),
        person: Person { uid: 0, gid: 0, name: "root".to_owned(), home: None },
        backend: BackendChoice::Sim(String::new()),
        keep_jobs: Environment::KEEP_JOBS,
        logs: Default::default(),
        telemetry: None,
        limits: Default::default(),
    })
    .unwrap()
}

#[test]
fn a_job_reads_the_values_that_are_set_where_it_is_run() {
    let dir = tempfile::tempdir().unwrap();
    let (state, project) = (dir.path().join("state"), dir.path().join("project"));
    fs::create_dir_all(project.join("below")).unwrap();
    fs::write(project.join("polytope.yml"), "templates: []\n").unwrap();
    let scope_at = |working_dir: &Path| {
        let app = app(&state, working_dir);
        let scope = app.scope("local").unwrap();
        assert_eq!(app.load(None, "local").unwrap().scope, scope);
        scope
    };
    assert_eq!(scope_at(dir.path()), Scope::outside("local"));
    assert_eq!(scope_at(&project), scope_at(&project.join("below")));
    assert_ne!(scope_at(&project), Scope::outside("local"));
}

#[test]
fn a_secret_that_cannot_be_read_is_not_taken_for_one_that_is_not_set() {
    let dir = tempfile::tempdir().unwrap();
    let (state, project) = (dir.path().join("state"), dir.path().join("project"));
    fs::create_dir(&project).unwrap();
    let file = "templates:\n- id: t\n  run:\n  - {id: s, module: polytope/container, args: {image: '{pt.secret k}'}}\n";
    fs::write(project.join("polytope.yml"), file).unwrap();
    let first = app(&state, &project);
    let scope = first.scope("local").unwrap();
    first
        .store
        .set_secret(&scope, &Secret::new("k", "hunter2"), "2026-01-01T00:00:00Z".parse().unwrap())
        .unwrap();
    drop(first);
    fs::write(state.join("secret.key"), "0".repeat(64)).unwrap();
    let app = app(&state, &project);
    let loaded = app.load(None, "local").unwrap();
    let request = Request { reference: "t".to_owned(), ..Request::default() };
    let error = app.plan(&loaded, &[vec![request]], &Unset).unwrap_err();
    assert!(error.to_string().contains("'k'"), "{error}");
}
