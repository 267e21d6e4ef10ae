//! Services that code opens and closes.

use crate::world::{assert_happens, happens};

#[test]
fn services_are_opened_replaced_and_closed() {
    let happened = happens(
        r#"
  - id: a
    code: |
      #pt-clj
      (let [id (pt/spawn {:id "c" :image "x" :cmd ["serve"]})]
        (pt/await-started id)
        (pt/open-service {:id "web" :port 80})
        (pt/open-service {:id "web" :ports [{:port 81 :expose-as 8081}] :container-id "c"})
        (pt/stop-service "web")
        (pt/stop {:type "service" :ref "web"})
        (pt/log (try (pt/stop-service "none") (catch Exception e (ex-message e))))
        (pt/open-service {:id "web" :port 80})
        (pt/stop id))"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        r#"
        a started
        c requested: x
        c runs
        warning: Service 'web' is opened after its container has started: other containers reach it as 'c', not as 'web'.
        Give the container that id, or pass the service through a param of type service-spec.
        service web opened
        service web closed
        service web opened
        service web closed
        a | There is no service 'none' in this job.
        service web opened
        c stopping
        c exited with 143
        service web closed
        a success
        job success"#,
    );
}
