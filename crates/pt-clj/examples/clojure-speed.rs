//! Times the snippets of the standard modules and a few loops.
//!
//! `cargo run --release -p pt-clj --example clojure-speed`; best and median of many runs: cold is source to value each
//! time, warm calls what was analysed once.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::panic, reason = "a row that fails is a mistake of this file")]

use std::time::{Duration, Instant};

use pt_clj::{Context, Exception, Host, Program, Value};

struct Quiet;

impl Host for Quiet {
    fn knows(&self, _: &str) -> bool {
        true
    }
    fn call(&mut self, _: &str, _: Vec<Value>) -> Result<Value, Exception> {
        Ok(Value::Int(0))
    }
    fn value(&self, _: &str) -> Option<Value> {
        None
    }
    fn print(&mut self, _: &str) {}
    fn millis(&self) -> i64 {
        0
    }
}

const PARAMS: &str = r#"{:data-volume "v" :brokers [{:host "redpanda" :port 9092}] :port 8079 :log-level "info"
  :schema-registry-url "http://sr:8081" :admin-url "http://a" :image "x" :services [{:id "a"}]
  :datasets [{:path "/d" :sink {:id "s"}}] :scaling 2}"#;

const MOUNTS: &str = r#"(when-let [v (:data-volume params)]
      [{:path "/var/lib/redpanda/data", :source v}])"#;

const CONSOLE: &str = r#"(let [brokers (clojure.string/join (map (fn [{:keys [host port]}] (str host \: port)) (:brokers params)))]
  (str "kafka:\n" "  brokers: [\"" brokers "\"]\n" "server:\n" "  listenPort: " (:port params) "\n"
   (when-let [url (:schema-registry-url params)]
    (str "  schemaRegistry:\n" "    enabled: true\n" "    urls: [\"" url "\"]\n"))
   (when-let [url (:admin-url params)]
    (str "redpanda:\n" "  adminApi:\n" "    enabled: true\n" "    urls: [\"" url "\"]\n"))
   "logger:\n" "  level: " (:log-level params) "\n"))"#;

const CONTAINER: &str = r#"(let [spec (merge (dissoc params :services :datasets)
              (when-let [replicas (:scaling params)] {:scaling {:replicas replicas, :type "manual"}}))
        id   (pt/spawn spec)]
    (pt/await-started {:ref id, :type "deployment"})
    (doseq [service (:services params)] (pt/open-service service))
    (let [exit-code (pt/await-done {:ref id, :type "deployment"})]
      (when (not= 0 exit-code)
        (pt/fail "The container exited with a nonzero exit code." {:exit-code exit-code})))
    (doseq [{:keys [path sink]} (:datasets params)]
      (pt/store-dataset {:container-id id :path path :type "container-path"} sink)))"#;

const FIB: &str = "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 30)";

/// Name, source, runs, goal in microseconds.
type Row = (&'static str, &'static str, usize, u32);

const COLD: &[Row] = &[
    ("redpanda-mounts cold", MOUNTS, 20_000, 5),
    ("console-yaml cold", CONSOLE, 5_000, 25),
    ("container cold", CONTAINER, 5_000, 35),
    ("fib 30", FIB, 5, 250_000),
    ("loop 1e6", "(loop [i 0 s 0] (if (< i 1000000) (recur (inc i) (+ s i)) s))", 10, 55_000),
    ("reduce map filter 1e5", "(reduce + (map inc (filter even? (range 100000))))", 50, 4_300),
    ("assoc 1e5", "(reduce (fn [m i] (assoc m i i)) {} (range 100000))", 10, 65_000),
    ("join 1e4", "(str/join \",\" (map str (range 10000)))", 50, 1_200),
];

const WARM: &[Row] = &[
    ("redpanda-mounts warm", MOUNTS, 50_000, 1),
    ("console-yaml warm", CONSOLE, 20_000, 3),
    ("container warm", CONTAINER, 20_000, 6),
];

/// The rows whose name contains the first argument; all without one.
fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let params = value_of(&mut Context::new(), PARAMS);
    for row in COLD.iter().filter(|row| row.0.contains(&only)) {
        timed(row, || {
            let mut host = Quiet;
            let mut context = Context::new().with_host("pt", &mut host);
            context.bind("params", params.clone());
            value_of(&mut context, row.1)
        });
    }
    for row in WARM.iter().filter(|row| row.0.contains(&only)) {
        let mut host = Quiet;
        let mut context = Context::new().with_host("pt", &mut host);
        let function = value_of(&mut context, &format!("(fn [params] {})", row.1));
        timed(row, || {
            context.apply(&function, vec![params.clone()]).unwrap_or_else(|error| panic!("{error}"))
        });
    }
}

fn value_of(context: &mut Context<'_>, source: &str) -> Value {
    let value = Program::compile(source).and_then(|program| program.run(context));
    value.unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn timed((name, _, times, goal): &Row, mut run: impl FnMut() -> Value) {
    let mut runs: Vec<Duration> = (0..*times)
        .map(|_| {
            let start = Instant::now();
            let value = run();
            let time = start.elapsed();
            drop(value);
            time
        })
        .collect();
    runs.sort();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (best, median) = (micros(runs[0]), micros(runs[runs.len() / 2]));
    println!("{name:24} best {best:10.1} µs  median {median:10.1} µs  goal {goal} µs");
}
