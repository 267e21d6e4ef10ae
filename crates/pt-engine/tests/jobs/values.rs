//! Values of the project, the job and the step; secrets; files of repositories.

use crate::world::{assert_happens, assert_logs, happens};

#[test]
fn values_are_set_and_read() {
    assert_logs(
        r#"
(pt/log (pr-str (pt/get-project-value "x")))
(pt/set-project-value "port" 8080)
(pt/set-value "hosts" ["a" "b"])
(pt/set-job-value "mode" {:fast true})
(pt/set-step-value "mine" "yes")
(pt/log (pr-str [(pt/get-project-value "port") (pt/get-project-value "hosts") (pt/get-job-value "mode")
                 (pt/get-step-value "mine") (pt/get-step-value "port")]))
(pt/log (pt/eval "pt.clj (pt/value \"port\")") (pt/eval "pt.clj (pt/value \"hosts\")"))
(pt/set-job-value "port" 1)
(pt/log (pt/eval "pt.clj (pt/value \"port\")"))
(pt/log (try (pt/eval "pt.clj (pt/value \"nothing\")") (catch Exception e (ex-message e))))
"#,
        r#"
nil
[8080 ["a" "b"] {:fast true} "yes" nil]
8080 ["a","b"]
1
Value 'nothing' is not set."#,
    );
}

#[test]
fn what_is_kept_has_a_name_that_files_can_refer_to() {
    assert_logs(
        r#"
(pt/log (try (pt/set-value "a b" 1) (catch Exception e (ex-message e))))
(pt/log (try (pt/set-secret "" "x") (catch Exception e (ex-message e))))
(pt/set-job-value "a b" 1)
(pt/log (pt/get-job-value "a b"))
"#,
        "pt/set-value: 'a b' is no name for a value. Names have letters, digits, `_`, `-` and `.`, and begin with a letter, a digit or `_`.\n\
         pt/set-secret: '' is no name for a secret. Names have letters, digits, `_`, `-` and `.`, and begin with a letter, a digit or `_`.\n\
         1",
    );
}

#[test]
fn a_secret_that_code_sets_is_hidden_from_then_on() {
    assert_logs(
        r#"
(pt/set-secret "token" "sw0rdfish")
(pt/log (pt/eval "pt.clj (str \"it is \" (pt/secret \"token\"))"))
(pt/log (try (pt/eval "pt.clj (pt/secret \"none\")") (catch Exception e (ex-message e))))
(let [id (pt/spawn {:image "x" :cmd ["echo" "sw0rdfish"]})] (pt/await-done id))
"#,
        "it is [secret token]\nSecret 'none' is not set.\n[secret token]",
    );
}

/// What is stored of every test is searched for this one.
#[test]
fn a_secret_that_became_a_number_is_in_no_event() {
    let happened = happens(
        r#"
  - id: a
    code: '#pt-clj (do (pt/set-secret "pin" (str "4711" "00")) {:pin (parse-long (str "4711" "00"))})'
  - id: b
    code: '#pt-clj (pt/log (inc (:pin (pt/output "a"))))'
    after: a"#,
        None,
        "",
        &[],
    );
    assert_happens(&happened, "a started\na success\nb started\nb | 471101\nb success\njob success");
}

#[test]
fn values_of_steps_are_seen_by_what_they_call() {
    let happened = happens(
        r#"
  - id: a
    code: |
      #pt-clj (do (pt/set-step-value "x" 1) (pt/set-job-value "y" 2)
                  (pt/spawn-step {:id "b" :code "(pt/log (str (pt/get-step-value \"x\") (pt/get-job-value \"y\")))"})
                  (pt/await-step "b"))
  - id: c
    code: '#pt-clj (pt/log (str (pr-str (pt/get-step-value "x")) (pt/get-job-value "y")))'
    after: a"#,
        None,
        "",
        &[],
    );
    assert_happens(
        &happened,
        "a started\nb started\nb | 12\nb success\na success\nc started\nc | nil2\nc success\njob success",
    );
}

#[test]
fn files_of_repositories_are_read() {
    assert_logs(
        r#"
(pt/log (first (clojure.string/split-lines (pt/read-repo-file "polytope.yml" {:repo "polytope/noop"}))))
(pt/log (try (pt/read-repo-file "/none") (catch Exception e (subs (ex-message e) 0 62))))
(pt/log (try (pt/read-repo-file "x" {:repo "me/other" :revision "v1"}) (catch Exception e (ex-message e))))
"#,
        r#"
modules:
pt/read-repo-file: Repository path not found: /none (looked fo
pt/read-repo-file: There is no me-other@v1."#,
    );
}
