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
            ("inc", "! Cannot convert a function to data. @ inc"),
            (
                "[{:port #(+ % 1)}]",
                "! Cannot convert a function to data. It stands at `[0].port`. @ [{:port #(+ % 1)}]",
            ),
            (
                "(reduce (fn [a _] [a]) nil (range 300))",
                "! Cannot convert more than 256 levels of lists and maps to data. @ (reduce (fn [a _] [a]) nil (range 300))",
            ),
            (
                "[{:a 1 \"a\" 2}]",
                "! Cannot convert a map with two keys that are both `a` to data. It stands at `[0]`. @ [{:a 1 \"a\" 2}]",
            ),
            ("(merge params {:a 1} {\"b\" 2})", r#"{"a":1,"b":2}"#),
            ("(/ 0.0 0.0)", "! Cannot convert NaN to data. @ (/ 0.0 0.0)"),
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
            (
                "(str/uper-case \"a\")",
                "! No such var: str/uper-case @ str/uper-case (Did you mean str/upper-case?)",
            ),
            ("(strr/join [])", "! Unable to resolve symbol: strr/join @ strr/join (Did you mean str/join?)"),
            (
                "(ns a (:require [clojure.set :as sets])) (sets/unoin #{} #{})",
                "! No such var: sets/unoin @ sets/unoin (Did you mean sets/union?)",
            ),
            ("(str \"é\" nope)", "! Unable to resolve symbol: nope @ nope"),
            ("(pt/sleep \"1s\")", "! pt/sleep cannot be used in args @ (pt/sleep \"1s\")"),
            // What is no data is told as it prints; the rest stays.
            (
                "(throw (ex-info \"no\" {:a 1 :f inc :in [{:at (atom 2)}] :keys {:k 1 \"k\" 2}}))",
                "! failed: no {\"a\":1,\"f\":\"#object[clojure.core/inc]\",\"in\":[{\"at\":\"#object[clojure.lang.Atom 2]\"}],\
             \"keys\":{\"k\":1,\"\\\"k\\\"\":2}} @ (throw (ex-info \"no\" {:a 1 :f inc :in [{:at (atom 2)}] :keys {:k 1 \"k\" 2}}))",
            ),
            (
                "(throw (ex-info \"no\" {:all (map inc [1 2])}))",
                "! failed: no {\"all\":[2,3]} @ (throw (ex-info \"no\" {:all (map inc [1 2])}))",
            ),
            (
                "(throw (ex-info \"no\" {:all (range)}))",
                "! failed: no @ (throw (ex-info \"no\" {:all (range)}))",
            ),
            ("(pt/fail \"no\" {:a 1})", "! failed: no {\"a\":1} @ (pt/fail \"no\" {:a 1})"),
            (
                "(pt/value \"x\")",
                "! Unable to resolve symbol: pt/value @ pt/value (Only code that begins with `pt.clj` reads values \
             and secrets. Begin it so, or pass it through args as a param (`pt.value …`) and use `params`.)",
            ),
        ],
    );
}

#[test]
fn what_is_elsewhere_is_named() {
    let files = "Code reaches no files but those of the project, (pt/read-repo-file path), and of containers, \
                 (pt/read-container-file id path)";
    check(
        "{}",
        &[
            (
                "(slurp \"/etc/passwd\")",
                &format!("! /etc/passwd (code reaches no files) @ (slurp \"/etc/passwd\") ({files})"),
            ),
            (
                "(yaml/parse-string \"a: 1\")",
                "! Unable to resolve symbol: yaml/parse-string @ yaml/parse-string ((pt/read-yaml text) and \
                 (pt/write-yaml data) are there)",
            ),
            (
                "(Thread/sleep 10)",
                "! No matching method sleep found for class Thread @ (Thread/sleep 10) ((pt/sleep \"1s\") waits)",
            ),
            (
                "(+ 1 (:port params))",
                "! Cannot invoke a method because the value is null @ (+ 1 (:port params)) (Something here is nil; a \
                 param that was not given, perhaps)",
            ),
            (
                "(inc \"8080\")",
                "! class java.lang.String cannot be cast to class java.lang.Number @ (inc \"8080\") ((parse-long \
                 text) makes a number of a text)",
            ),
        ],
    );
}

#[test]
fn an_error_tells_where_its_function_was_called() {
    check(
        "{}",
        &[
            (
                "(defn port [text] (inc text)) (defn all [texts] (mapv port texts)) (all [\"1\"])",
                "! class java.lang.String cannot be cast to class java.lang.Number @ (inc text) < (mapv port texts) < \
                 (all [\"1\"]) ((parse-long text) makes a number of a text)",
            ),
            (
                "(declare odd) (defn even [n] (if (< n -3) (throw (Exception. \"x\")) (odd (dec n)))) (defn odd [n] \
                 (even n)) (odd 9)",
                "! x @ (throw (Exception. \"x\")) < (even n) < (odd (dec n)) < (odd 9)",
            ),
            // Of the functions of the core that are written in Clojure nothing is told.
            (
                "(defn bad [x] (nth x 5)) (update-vals {:a [1]} bad)",
                "! IndexOutOfBoundsException @ (nth x 5) < (update-vals {:a [1]} bad)",
            ),
            ("(#(nth % 5) [])", "! IndexOutOfBoundsException @ #(nth % 5) < (#(nth % 5) [])"),
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
