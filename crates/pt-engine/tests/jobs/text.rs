//! Lines, data formats, code within code.

use crate::world::assert_logs;

#[test]
fn every_line_is_one_and_chunks_make_one() {
    assert_logs(
        r#"
(println "a")
(println)
(println "b\n\nc")
(pt/log-chunk "one ")
(pt/log-chunk "two\nthree")
(pt/log :warn "end")
(pt/log-chunk "left over")
"#,
        "a\n\nb\n\nc\none two\nthreewarn: end\nleft over",
    );
}

#[test]
fn data_is_read_and_written() {
    assert_logs(
        r#"
(pt/log (pr-str (pt/read-yaml "a: [1, x]\nb: off")))
(pt/log (pr-str (pt/read-edn "{:a [1 nil]}")))
(pt/log (pt/write-json {:a [1 nil] :b {:c "d"}}))
(pt/log (pt/write-edn {:a [1 nil]}))
(pt/log (pt/write-yaml {:a [1 "x"]}))
(pt/log (try (pt/read-json "{") (catch Exception e (ex-message e))))
"#,
        r#"
{:a [1 "x"], :b "off"}
{:a [1 nil]}
{"a":[1,null],"b":{"c":"d"}}
{"a" [1 nil]}
a:
- 1
- x

pt/read-json: This is no JSON: EOF while parsing an object at line 1 column 1"#,
    );
}

#[test]
fn code_evaluates_code() {
    assert_logs(
        r#"
(pt/log (pt/eval "(+ 1 2)"))
(pt/log (pt/eval "pt.js [1, 2].map(x => x * 2).join('-')"))
(pt/eval "(pt/log \"from within\")")
(pt/log (try (pt/eval "(nope 1)") (catch Exception e (first (clojure.string/split-lines (ex-message e))))))
(pt/eval "(pt/fail \"on purpose\")")
"#,
        "3\n2-4\nfrom within\nUnable to resolve symbol: nope\nfailed: on purpose",
    );
}

#[test]
fn a_bad_duration_is_told() {
    assert_logs(
        "(pt/sleep \"soon\")",
        "failed: pt/sleep: Must be a duration such as \"5s\", or milliseconds (got \"soon\")",
    );
}

#[test]
fn a_person_is_asked_where_there_is_one() {
    let ask =
        "(let [id (pt/request-user-input :str {:message \"?\"})] (pt/log (pr-str (pt/await-user-input id))))";
    assert_logs(ask, "failed: Input requested, but running non-interactively.");
    assert_logs(&format!("; interactive\n{ask}"), r#"{:data "forty-two", :by-user {:id "ann"}}"#);
}
