//! Jobs that are given more to do while they run.

use std::sync::Arc;

use pt_engine::{Control, Planning};
use pt_model::StepId;
use pt_plan::Request;
use pt_store::{JobKey, Store};

use crate::world::{assert_happens, at_hand, happens_in};

/// A job that goes on until it is stopped.
const OPEN: &str = r##"# open
modules:
  - id: greet
    params: [{id: who, type: str}]
    code: "#pt-clj (println (str \"Hello \" (:who params)))"
  - {id: fail, code: "#pt-clj (pt/fail \"No.\")"}
  - id: serve
    module: polytope/container
    args: {id: server, image: x, services: [{id: api, ports: [{port: 80, protocol: http}]}]}
templates:
  - {id: t, run: [{id: first, module: greet, args: {who: me}}]}
  - {id: two, run: [{id: one, module: greet, args: {who: one}}, {id: two, module: greet, args: {who: two}, after: one}]}
"##;

fn add(control: &Control, reference: &str, args: pt_model::Map) {
    let project = Arc::new(at_hand(OPEN));
    let request = Request { reference: reference.to_owned(), args, ..Request::default() };
    let plan = project.plan(&[vec![request]], &pt_engine::no_outputs).unwrap().plan.unwrap();
    let control = control.clone();
    tokio::spawn(async move { control.add(plan, project).await.unwrap() });
}

fn greet(control: &Control, _: &Store, _: &JobKey) {
    add(control, "greet", [("who".into(), "you".into())].into_iter().collect());
}

fn fail(control: &Control, _: &Store, _: &JobKey) {
    add(control, "fail", Default::default());
}

fn two(control: &Control, _: &Store, _: &JobKey) {
    add(control, "two", Default::default());
}

fn serve(control: &Control, _: &Store, _: &JobKey) {
    add(control, "serve", Default::default());
}

fn restart(control: &Control, _: &Store, _: &JobKey) {
    let control = control.clone();
    tokio::spawn(async move { control.restart("server".into()).await.unwrap() });
}

fn stop_serving(control: &Control, _: &Store, _: &JobKey) {
    let control = control.clone();
    tokio::spawn(async move { control.stop_step(StepId::from("serve")).await.unwrap() });
}

fn stop(control: &Control, _: &Store, _: &JobKey) {
    control.stop("somebody asked");
}

#[test]
fn steps_join_an_open_job_until_it_is_stopped() {
    let deeds: &[(&str, crate::world::Deed)] = &[
        ("first success", greet),
        ("greet success", fail),
        ("fail failed: No.", two),
        ("two success", |control, _, _| add(control, "two", Default::default())),
        ("two-2 success", stop),
    ];
    assert_happens(
        &happens_in(OPEN, None, "", deeds),
        "
        first started
        first | Hello me
        first success
        greet started
        greet | Hello you
        greet success
        fail started
        fail failed: No.
        --> polytope.yml:6:31
        |
        6 |   - {id: fail, code: \"#pt-clj (pt/fail \\\"No.\\\")\"}
        |                               ^^^^^^^^^^^^^^^^^
        two started
        two.one started
        two.one | Hello one
        two.one success
        two.two started
        two.two | Hello two
        two.two success
        two success
        two-2 started
        two-2.one started
        two-2.one | Hello one
        two-2.one success
        two-2.two started
        two-2.two | Hello two
        two-2.two success
        two-2 success
        stopping: somebody asked
        job stopped",
    );
}

#[test]
fn a_container_is_started_once_more_and_keeps_its_services() {
    let deeds: &[(&str, crate::world::Deed)] =
        &[("first success", serve), ("service api opened", restart), ("service api closed", stop)];
    let happened = happens_in(
        OPEN,
        None,
        "",
        &[deeds, &[("server exited with 143, restart 0 in 0 ms", stop_serving as crate::world::Deed)]]
            .concat(),
    );
    assert_happens(
        &happened,
        "
        first started
        first | Hello me
        first success
        serve started
        server requested: x
        server runs
        service api opened
        server exited with 143, restart 0 in 0 ms
        server runs
        server stopping
        server exited with 143
        service api closed
        stopping: somebody asked
        serve stopped
        job stopped",
    );
}

/// Docker tells an exit before it has answered who asked for the stop.
#[test]
fn an_exit_that_is_heard_of_before_the_stop_is_answered_is_no_end() {
    let deeds: &[(&str, crate::world::Deed)] = &[
        ("first success", serve),
        ("service api opened", restart),
        ("server exited with 143, restart 0 in 0 ms", stop_serving),
        ("service api closed", stop),
    ];
    let happened = happens_in(OPEN, None, "late-stops 3000", deeds);
    let restarted = "service api opened\nserver exited with 143, restart 0 in 0 ms\nserver runs\n";
    assert!(happened.contains(restarted), "{happened}");
}
