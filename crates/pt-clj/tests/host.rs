//! What an embedder relies on: host calls, limits, errors, values.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use pt_clj::{Context, Error, ErrorKind, Exception, Host, Limits, Program, Stop, Value, print};

/// Records calls; `fail` fails, `await-done` ends with the exit code given.
#[derive(Default)]
struct Recorded {
    calls: Vec<String>,
    printed: String,
    exit_code: i64,
}

impl Host for Recorded {
    fn knows(&self, name: &str) -> bool {
        ["spawn", "await-started", "await-done", "open-service", "store-dataset", "fail"].contains(&name)
    }

    fn call(&mut self, name: &str, args: Vec<Value>) -> Result<Value, Exception> {
        let shown: Vec<String> = args.iter().map(print::pr_str).collect();
        self.calls.push(format!("{name} {}", shown.join(" ")));
        match name {
            "spawn" => Ok(Value::str("c1")),
            "await-done" => Ok(Value::Int(self.exit_code)),
            "fail" => Err(Exception::info(print::str(&args[0]), args.get(1).cloned().unwrap_or_default())),
            _ => Ok(Value::Nil),
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        (name == "module-repo-ref").then(|| Value::str("repo"))
    }

    fn print(&mut self, text: &str) {
        self.printed.push_str(text);
    }

    fn millis(&self) -> i64 {
        1_700_000_000_000
    }
}

fn run(source: &str, context: &mut Context<'_>) -> Result<Value, Error> {
    Program::compile(source)?.run(context)
}

fn limited(source: &str, limits: Limits) -> Error {
    run(source, &mut Context::new().with_limits(limits)).unwrap_err()
}

/// The code of the seed's `polytope/container`, word for word.
const CONTAINER: &str = r#"(let [spec (merge
              (dissoc params :services :datasets)
              (when-let [replicas (:scaling params)]
               {:scaling {:replicas replicas, :type "manual"}}))
        id   (pt/spawn spec)]
    (pt/await-started
     {:ref id, :type "deployment"})
    (doseq [service (:services params)]
      (pt/open-service service))
    (let [exit-code (pt/await-done
                     {:ref id, :type "deployment"})]
      (when (not= 0 exit-code)
        (pt/fail
         "The container exited with a nonzero exit code."
         {:exit-code exit-code})))
    (doseq [{:keys [path sink]} (:datasets params)]
      (pt/store-dataset
       {:container-id id
       :path         path
       :type         "container-path"}
       sink)))"#;

fn container_params() -> Value {
    let mut context = Context::new();
    run(
        r#"{:image "x" :services [{:id "a"}] :scaling 2 :datasets [{:path "/d" :sink {:id "s"}}]}"#,
        &mut context,
    )
    .unwrap()
}

#[test]
fn container_code_calls_the_host_in_order() {
    let mut host = Recorded::default();
    let mut context = Context::new().with_host("pt", &mut host);
    context.bind("params", container_params());
    assert_eq!(run(CONTAINER, &mut context).unwrap(), Value::Nil);
    drop(context);
    assert_eq!(
        host.calls,
        [
            r#"spawn {:image "x", :scaling {:replicas 2, :type "manual"}}"#,
            r#"await-started {:ref "c1", :type "deployment"}"#,
            r#"open-service {:id "a"}"#,
            r#"await-done {:ref "c1", :type "deployment"}"#,
            r#"store-dataset {:container-id "c1", :path "/d", :type "container-path"} {:id "s"}"#,
        ]
    );
}

#[test]
fn a_failing_container_ends_the_code_with_its_data() {
    let mut host = Recorded { exit_code: 3, ..Recorded::default() };
    let mut context = Context::new().with_host("pt", &mut host);
    context.bind("params", container_params());
    let error = run(CONTAINER, &mut context).unwrap_err();
    assert_eq!(error.message, "The container exited with a nonzero exit code.");
    assert_eq!(print::pr_str(&error.data().cloned().unwrap()), "{:exit-code 3}");
    let span = error.span.unwrap();
    assert!(CONTAINER[span.start..span.end].starts_with("(pt/fail"));
}

#[test]
fn host_names_are_calls_functions_and_values() {
    let mut host = Recorded::default();
    let mut context = Context::new().with_host("pt", &mut host);
    let cases = [
        ("pt/module-repo-ref", "\"repo\""),
        ("(map pt/spawn [1 2])", "(\"c1\" \"c1\")"),
        ("(try (pt/fail \"no\" {:a 1}) (catch Exception e [(ex-message e) (:a (ex-data e))]))", "[\"no\" 1]"),
        ("(pt/spawn (map inc [1]))", "\"c1\""),
        ("(System/currentTimeMillis)", "1700000000000"),
    ];
    for (source, expected) in cases {
        assert_eq!(print::pr_str(&run(source, &mut context).unwrap()), expected, "{source}");
    }
    assert_eq!(run("pt/value", &mut context).unwrap_err().message, "Unable to resolve symbol: pt/value");
    assert_eq!(run("(println 1 [\"a\"])", &mut context).unwrap(), Value::Nil);
    drop(context);
    assert_eq!(host.printed, "1 [a]\n");
    assert_eq!(host.calls.last().unwrap(), "spawn (2)");
}

#[test]
fn unknown_names_come_with_near_ones() {
    let error = run("(let [brokers 1]\n  (str broker))", &mut Context::new()).unwrap_err();
    assert_eq!(error.message, "Unable to resolve symbol: broker");
    assert_eq!((error.span.unwrap().start, &*error.suggestions), (24, &["brokers".to_owned()][..]));
    assert_eq!(run("(fliter odd? [])", &mut Context::new()).unwrap_err().suggestions[0], "filter");
}

#[test]
fn errors_know_where_they_arose() {
    let cases = [
        ("(+ 1 (/ 2 0))", "(/ 2 0)", "Divide by zero"),
        ("(map inc [1 :a])", "(map inc [1 :a])", ""),
        (
            "(let [f (fn [x] (Integer/parseInt x))] (f \"z\"))",
            "(Integer/parseInt x)",
            "For input string: \"z\"",
        ),
        ("(throw (ex-info \"a\" {}))", "(throw (ex-info \"a\" {}))", "a"),
        ("(1 2)", "(1 2)", ""),
    ];
    for (source, place, message) in cases {
        let error = run(source, &mut Context::new()).unwrap_err();
        if let Some(span) = error.span {
            assert_eq!(&source[span.start..span.end], place);
        }
        assert!(message.is_empty() || error.message == message, "{source}: {}", error.message);
    }
    assert_eq!(run("(f", &mut Context::new()).unwrap_err().kind, ErrorKind::Read);
}

#[test]
fn limits_stop_what_does_not_end() {
    let endless = [
        "(loop [] (recur))",
        "(while true)",
        "(count (range))",
        "(reduce + (range))",
        "(dorun (iterate inc 0))",
        "(def a (atom 0)) (while true (try (swap! a inc) (throw (Exception. \"x\")) (catch Throwable e nil) (finally nil)))",
        "(map inc (range))",
        "(= (range) (range))",
        "(filter neg? (range))",
        "(vec (cycle [1 2]))",
        "(defn f [] (f)) (loop [] (try (f) (catch StackOverflowError e nil)) (recur))",
        "(apply max (range))",
        "(str (doall (repeatedly (fn [] 1))))",
    ];
    for source in endless {
        let deadline = Some(Instant::now() + Duration::from_millis(30));
        let error = limited(source, Limits { deadline, ..Limits::default() });
        assert_eq!(error.kind, ErrorKind::Stopped(Stop::Deadline), "{source}: {error}");
    }
    let fuel = Limits { fuel: Some(100_000), ..Limits::default() };
    assert_eq!(limited("(loop [] (recur))", fuel).kind, ErrorKind::Stopped(Stop::Fuel));
    let interrupt = Some(Arc::new(AtomicBool::new(true)));
    let error = limited("(loop [] (recur))", Limits { interrupt, ..Limits::default() });
    assert_eq!(error.kind, ErrorKind::Stopped(Stop::Interrupted));
}

#[test]
fn deep_recursion_is_an_error_that_can_be_caught() {
    let deep = [
        "(defn f [n] (inc (f n))) (f 1)",
        "(defn f [n] (map f [n])) (f 1)",
        "(first (reduce (fn [s _] (map inc s)) [1] (range 100000)))",
        "((reduce (fn [f _] (comp f inc)) identity (range 100000)) 1)",
        "(letfn [(a [] (inc (b))) (b [] (inc (a)))] (a))",
    ];
    for source in deep {
        let error = run(source, &mut Context::new()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Exception("java.lang.StackOverflowError"), "{source}: {error}");
    }
    let caught = "(defn f [] (inc (f))) (try (f) (catch StackOverflowError e :deep))";
    assert_eq!(print::pr_str(&run(caught, &mut Context::new()).unwrap()), ":deep");
}

#[test]
fn deep_values_are_dropped_and_compared_without_a_crash() {
    let sources = [
        "(count (reduce (fn [a _] [a]) nil (range 100000)))",
        "(count (reduce (fn [a _] {:a a}) nil (range 100000)))",
        "(count (reduce (fn [a _] (list a)) nil (range 100000)))",
        "(do (def v (reduce (fn [a _] (delay a)) nil (range 100000))) (def v 1) 1)",
        "(do (reduce (fn [f _] (partial f 1)) + (range 100000)) 1)",
        "(last (doall (map inc (range 300000))))",
        "(do (reduce (fn [s _] (map inc s)) [1] (range 100000)) 1)",
        "(do (reduce (fn [s _] (cons 1 s)) nil (range 300000)) 1)",
        "(do (hash (reduce (fn [a _] [a]) nil (range 10))) 1)",
    ];
    for source in sources {
        assert!(run(source, &mut Context::new()).is_ok(), "{source}");
    }
}

#[test]
fn maps_keep_their_order_at_any_size() {
    let source = "(keys (dissoc (reduce (fn [m i] (assoc m (keyword (str \"k\" i)) i)) {} (range 12)) :k3))";
    let keys = run(source, &mut Context::new()).unwrap();
    assert_eq!(print::pr_str(&keys), "(:k0 :k1 :k2 :k4 :k5 :k6 :k7 :k8 :k9 :k10 :k11)");
}

#[test]
fn surplus_brackets_are_warnings() {
    let program = Program::compile("(def x 1))\n(inc x)").unwrap();
    assert_eq!(program.warnings()[0].message, "Unmatched delimiter: )");
    assert_eq!(program.run(&mut Context::new()).unwrap(), Value::Int(2));
}

#[test]
fn a_value_is_two_words() {
    assert_eq!(size_of::<Value>(), 16);
    fn shared<T: Send + Sync>() {}
    shared::<Value>();
    shared::<Program>();
    shared::<Error>();
}
