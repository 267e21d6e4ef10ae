//! Jobs whose runner is gone and that another one goes on with.

use pt_backend::ContainerRequest;
use pt_engine::Remains;
use pt_model::{ContainerChange, Event, Labels, What};

use crate::world::{assert_happens, see_through, set_up};

const FILE: &str = "templates:
- id: t
  run:
  - id: greet
    module: polytope/container
    args: \
                    {id: greet, image: alpine, cmd: [echo, hello]}
";

/// The runner ended after it had told that the container `greet` was created. `started` says whether it had asked for its
/// start: then it has run to its end since.
fn goes_on(started: bool) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let mut told = events_until_created().await;

        let (engine, plan, options) = set_up(FILE, None, "");
        let key = options.job.clone();
        let labels = Labels::of_instance(&options.instance.id, &options.instance.root.display().to_string());
        let request = ContainerRequest {
            name: "greet".to_owned(),
            image: "alpine".to_owned(),
            cmd: Some(["echo".into(), "hello".into()].to_vec()),
            labels: labels.job(&key.job).step(&"greet".into()).container(&"greet".into()),
            ..ContainerRequest::default()
        };
        let id = engine.backend.create_container(&request).await.unwrap();
        if started {
            let running = engine.backend.start_container(&id).await.unwrap();
            running.exit.await.unwrap();
        }
        let change = ContainerChange::Created { backend_id: id };
        told.last_mut().unwrap().what = What::ContainerChanged { container: "greet".into(), change };
        engine.store.append(&key, &told).unwrap();

        let remains = Remains::of(&engine, &key).await.unwrap();
        let running = engine.take_over(plan, options, remains).unwrap();
        see_through(&engine, &key, running, &[]).await
    })
}

/// What a runner tells of the job up to the creation of its container.
async fn events_until_created() -> Vec<Event> {
    let (engine, plan, options) = set_up(FILE, None, "");
    let key = options.job.clone();
    let running = engine.start(plan, options).unwrap();
    see_through(&engine, &key, running, &[]).await;
    let mut events = engine.store.events(&key, 0).unwrap();
    let is_created = |event: &Event| {
        matches!(event.what, What::ContainerChanged { change: ContainerChange::Created { .. }, .. })
    };
    let created = events.iter().position(is_created).unwrap();
    events.truncate(created + 1);
    events
}

#[test]
fn a_container_whose_start_nobody_told_of_runs_once() {
    for started in [false, true] {
        assert_happens(
            &goes_on(started),
            "taken over
             greet runs
             greet | hello
             greet exited with 0
             greet success
             job success",
        );
    }
}
