//! Clojure as polytope files hold it. The language itself is tested where it lives; here is what Polytope adds.

use crate::common::{evaluated, ran};

fn check(params: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(code, expected)| (code, expected, evaluated(&format!("#pt-clj {code}"), params)))
        .filter(|(_, expected, actual)| actual != *expected)
        .map(|(code, expected, actual)| format!("{code}\n  expected {expected}\n  got      {actual}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn values_become_data() {
    check(
        "{}",
        &[
            ("", "null"),
            ("nil", "null"),
            ("1 2 3", "3"),
            ("[:tcp :a/b 'sym \\: \"s\"]", r#"["tcp","a/b","sym",":","s"]"#),
            ("(map inc [1 2])", "[2,3]"),
            ("#{3 1 2}", "[3,1,2]"),
            ("(concat nil nil)", "[]"),
            ("{:a 1 \"b\" 2 3 4 :n/k 5}", r#"{"a":1,"b":2,"3":4,"n/k":5}"#),
            ("[1/2 2.0 0.1 (/ 4 2)]", "[0.5,2,0.1,2]"),
            ("[9223372036854775808N 5N]", r#"["9223372036854775808",5]"#),
            ("inc", "! Cannot convert a function to data."),
            ("[{:port #(+ % 1)}]", "! Cannot convert a function to data. It stands at `[0].port`."),
            (
                "(reduce (fn [a _] [a]) nil (range 300))",
                "! Cannot convert more than 256 levels of lists and maps to data.",
            ),
            ("(/ 0.0 0.0)", "! Cannot convert NaN to data."),
        ],
    );
}

#[test]
fn params_have_keywords_as_keys() {
    check(
        r#"{"db-host":"h","api_port":80,"list":[{"expose-as":1}],"none":null}"#,
        &[
            (
                "[(:db-host params) (:api_port inputs) (:none params) (:undeclared params)]",
                r#"["h",80,null,null]"#,
            ),
            ("(:expose-as (first (:list params)))", "1"),
            ("(keys params)", r#"["db-host","api_port","list","none"]"#),
            ("[pt/module-repo-ref pt/module-project-ref]", r#"["my-repo","my-project"]"#),
        ],
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    check(
        "{}",
        &[
            (
                "(pt/awiat-done 1)",
                "! Unknown runner function pt/awiat-done; did you mean pt/await-done? @ pt/awiat-done",
            ),
            ("(str \"é\" nope)", "! Unable to resolve symbol: nope @ nope"),
            ("(pt/sleep \"1s\")", "! pt/sleep cannot be used in args @ (pt/sleep \"1s\")"),
            ("(pt/fail \"no\" {:a 1})", "! failed: no {\"a\":1} @ (pt/fail \"no\" {:a 1})"),
            (
                "(pt/value \"x\")",
                "! Unable to resolve symbol: pt/value @ pt/value (Values and secrets cannot be read in #pt-clj. Pass it \
             through args as a param (`pt.value …`) and use `params`, or begin the code with `pt.clj` instead of \
             `#pt-clj`.)",
            ),
        ],
    );
}

#[test]
fn running_code_talks_to_the_host() {
    for (code, answers, expected) in [
        (
            "#pt-clj (let [id (pt/spawn {:image (:image params)})] (pt/await-done {:ref id :type :deployment}))",
            &[("spawn", r#""c1""#), ("await-done", "0")][..],
            "spawn {\"image\":\"alpine\"}\nawait-done {\"ref\":\"c1\",\"type\":\"deployment\"}\n0",
        ),
        ("#pt-clj (print \"a\") (println \"b\" 1) (print \"c\")", &[], "> ab 1\n> c\nnull"),
        (
            "#pt-clj (pt/fail \"It broke.\" {:exit-code 7}) (pt/log \"never\")",
            &[],
            concat!(
                "fail \"It broke.\" {\"exit-code\":7}\n",
                "! failed: It broke. {\"exit-code\":7} @ (pt/fail \"It broke.\" {:exit-code 7})",
            ),
        ),
        (
            "#pt-clj (try (pt/call-module \"m\") (catch Exception e [(ex-message e) (:exit-code (ex-data e))]))",
            &[("call-module", "! It failed.")],
            "call-module \"m\"\n[\"It failed.\",3]",
        ),
        ("pt.clj (str (pt/value \"port\") \"!\")", &[("value", r#""80""#)], "value \"port\"\n\"80!\""),
    ] {
        assert_eq!(ran(code, r#"{"image":"alpine"}"#, answers), expected, "{code}");
    }
}
