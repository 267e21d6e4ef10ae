//! What code does with containers.

use crate::world::{assert_happens, assert_logs, happens};

#[test]
fn commands_run_in_containers() {
    assert_logs(
        r#"
(let [id (pt/spawn {:id "c" :image "x" :cmd ["serve"]})]
  (pt/await-started id)
  (pt/log (pt/await-exec-exit (pt/container-exec id "sh -c 'echo from exec; exit 3'")))
  (pt/log (pt/await-exec-exit (pt/container-exec id ["sh" "-c" "echo $X; pwd; id -u"])))
  (pt/log (pt/await-exec-exit (pt/container-exec id {:cmd "sh -c 'echo $X; pwd; id -u'" :env [{:name "X" :value 1}] :workdir "/tmp" :user 5})))
  (pt/stop id)
  (pt/log (try (pt/container-exec id "true") (catch Exception e (ex-message e))))
  (pt/log (try (pt/await-exec-exit "exec-9") (catch Exception e (ex-message e)))))
"#,
        r#"
from exec
3

/
0
0
1
/tmp
5
0
Container 'c' is not running.
No command 'exec-9' was run in a container of this job."#,
    );
}

#[test]
fn failures_of_containers_hold_which_it_was() {
    assert_logs(
        r#"
(let [why (fn [f] (try (f) (catch Exception e (str (first (str/split-lines (ex-message e))) " " (pr-str (ex-data e))))))]
  (pt/log (why #(pt/await-started (pt/spawn {:id "c" :image "missing"}))))
  (pt/log (why #(pt/container-exec "c" "true"))))
"#,
        r#"
Container 'c' could not be started: cannot pull the image missing: the registry has no such image, or does not show it to you {:container-id "c"}
Container 'c' could not be started: cannot pull the image missing: the registry has no such image, or does not show it to you {:container-id "c"}
"#,
    );
}

#[test]
fn a_container_that_nobody_waits_for_fails_its_step() {
    let happened = happens(
        r#"
  - id: a
    code: '#pt-clj (pt/spawn {:id "c" :image "missing"}) (pt/sleep "10s") "done"'
  - id: b
    code: |
      #pt-clj (try (pt/await-done (pt/spawn {:id "d" :image "missing"})) (catch Exception e "known"))
    run-when: {after: a, after-condition: always}"#,
        None,
        "",
        &[],
    );
    let ends: Vec<&str> =
        happened.lines().filter(|line| line.contains("failed") || line.contains("success")).collect();
    assert_eq!(
        ends.join("\n").replace(
            ": cannot pull the image missing: the registry has no such image, or does not show it to you",
            ""
        ),
        "c failed\na failed: Container 'c' could not be started\nd failed\nb success\njob failed"
    );
}

#[test]
fn files_of_containers_are_read_and_written() {
    assert_logs(
        r##"
(let [id (pt/spawn {:id "c" :image "x" :cmd "sh -c 'until test -e /go; do sleep 1; done; echo out > /tmp/out'"})]
  (pt/await-started id)
  (pt/write-container-file id "/new/dir/run" "#!/bin/sh\n" {:mode "0755"})
  (pt/write-container-file id "/new/dir/a" "text")
  (pt/log (pt/read-container-file id "/new/dir/a"))
  (doseq [{:keys [name type size-b mode]} (pt/container-ls id "/new/dir")] (pt/log (pr-str name type size-b mode)))
  (pt/write-container-file id "/go" "")
  (pt/await-done id)
  (pt/log (pt/read-container-file id "/tmp/out"))
  (doseq [path ["/none" "/tmp" "rel"]]
    (pt/log (try (pt/read-container-file id path) (catch Exception e (str (ex-message e) " " (pr-str (ex-data e))))))))
"##,
        r#"
text
"a" "file" 4 "0644"
"run" "file" 10 "0755"
out

pt/read-container-file: cannot read /none of the container c: it is not there {:container-id "c"}
pt/read-container-file: cannot read /tmp: it is a directory {:container-id "c"}
pt/read-container-file: path: Must be an absolute path (got "rel") nil"#,
    );
}

#[test]
fn a_container_with_the_id_is_used_or_replaced() {
    let happened = happens(
        r#"
  - id: a
    code: |
      #pt-clj
      (let [spec {:id "c" :image "x" :cmd ["serve"]}]
        (pt/log (try (pt/spawn (assoc spec :create "never")) (catch Exception e (ex-message e))))
        (pt/await-started (pt/spawn spec))
        (pt/log (pt/spawn (assoc spec :create "when-missing")))
        (pt/log (pt/spawn (assoc spec :create "never")))
        (pt/await-started (pt/spawn (assoc spec :create "always")))
        (pt/log (pt/spawn spec))
        (pt/stop "c") (pt/stop "c-2"))"#,
        None,
        "",
        &[],
    );
    let told: Vec<&str> = happened.lines().filter(|line| !line.starts_with("c-2")).collect();
    assert_happens(
        &told.join("\n"),
        r#"
        a started
        a | There is no container 'c' in this job, and it may not be created (create: never).
        c requested: x
        c runs
        a | c
        a | c
        c stopping
        c exited with 143
        c requested: x
        c runs
        a | c-2
        c stopping
        c exited with 143
        a success
        job success"#,
    );
}

#[test]
fn replicas_are_one_to_whoever_waits() {
    let happened = happens(
        r#"
  - {id: a, module: polytope/container, args: {id: c, image: x, cmd: "sh -c 'sleep 1; test $HOSTNAME = 000000000002'", scaling: 3}}"#,
        None,
        "",
        &[],
    );
    let requested = happened.lines().filter(|line| line.ends_with("requested: x")).count();
    assert_eq!(requested, 3, "{happened}");
    assert!(happened.contains("a failed: The container exited with a nonzero exit code."), "{happened}");
}

#[test]
fn volumes_are_filled_once() {
    assert_logs(
        r#"
(let [volume {:path "/data" :source {:type "volume" :id "v" :source {:type "host" :path "/etc/hostname"}}}]
  (dotimes [_ 2]
    (pt/await-done (pt/spawn {:image "x" :cmd "sh -c 'test -f /data/hostname && echo filled; rm -f /data/hostname'" :mounts [volume]})))
  (pt/log (try (pt/spawn {:image "x" :mounts [{:path "/d" :source {:type "dataset" :dataset "none"}}]})
            (catch Exception e (ex-message e)))))
"#,
        "filled\nThere is no dataset 'none'.",
    );
}

#[test]
fn datasets_are_mounted_at_their_versions() {
    assert_logs(
        r#"
(doseq [text ["one" "two"]]
  (let [id (pt/spawn {:image "x" :cmd ["sh" "-c" (str "mkdir -p /d; echo " text " > /d/f")]})]
    (pt/await-done id)
    (try (pt/store-dataset {:type "container-path" :container-id id :path "/nothing"} "set")
      (catch Exception e (pt/log "nothing to store")))
    (pt/log (pt/store-dataset {:type "container-path" :container-id id :path "/d"} "set"))))
(doseq [source [{:type "dataset" :dataset "set"} {:type "dataset" :dataset "set" :version 1}]]
  (pt/await-done (pt/spawn {:image "x" :cmd "sh -c 'cat /m/f; echo x > /m/f'" :mounts [{:path "/m" :source source}]})))
(pt/await-done (pt/spawn {:image "x" :cmd "cat /f" :mounts [{:path "/f" :source {:type "dataset" :dataset "set" :path "f"}}]}))
"#,
        "nothing to store\n1\nnothing to store\n2\ntwo\nsh: can't create /m/f: Read-only file system\none\nsh: can't create /m/f: Read-only file system\ntwo",
    );
}

#[test]
fn images_are_built() {
    assert_logs(
        r#"
(let [source {:path "/Dockerfile" :source {:type "string" :data "FROM base\nRUN true"}}
      id (pt/spawn-image-build {:tags ["app:1"] :sources [source]})
      {:keys [digest metadata]} (pt/await-image-build id)]
  (pt/log (subs digest 0 9) (pr-str (:tags metadata)))
  (pt/log (= digest (:digest (pt/await-image-build id))))
  (pt/await-done (pt/spawn {:image "app:1" :cmd "echo from it"}))
  (doseq [wish [{:sources [(assoc source :path "/other")]}
                {:tags ["b"] :sources [(assoc-in source [:source :data] "FROM missing")]}
                {:tags ["b"]}]]
    (pt/log (try (pt/await-image-build (pt/spawn-image-build wish)) (catch Exception e (ex-message e))))))
"#,
        r#"
FROM base
RUN true
sha256:00 ["app:1"]
true
from it
cannot build the image an image: there is no Dockerfile in the context
FROM missing
cannot build the image b: the image that it is built upon is not here
pt/spawn-image-build: sources: Missing required value"#,
    );
}
