//! Code that would run for ever or eat all memory ends soon after its deadline, alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pt_clj::{Context, ErrorKind, Limits, Program};

const TIME: Duration = Duration::from_millis(100);
const MEMORY: usize = 64 << 20;

/// Beyond the deadline. Unoptimised code does between two looks what optimised code does in a tenth of the time.
const LATE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 20 });

const ATTACKS: &[&str] = &[
    "(loop [] (recur))",
    "(while true (try (while true) (catch Throwable e)))",
    "(apply str (repeat \"abcdefgh\"))",
    "(vec (range 1e12))",
    "(vec (range))",
    "(apply *' (range 1 1000000))",
    "(loop [x 3N] (recur (*' x x)))",
    "(reduce + (map #(/ 1 %) (range 1 1000000)))",
    "(sort (vec (repeatedly 10000000 rand)))",
    "(sort-by - (range 10000000))",
    "(pr-str (nth (iterate (fn [x] [x x]) [1]) 40))",
    "(= (nth (iterate (fn [x] [x x]) [1]) 40) (nth (iterate (fn [x] [x x]) [1]) 40))",
    "(hash (nth (iterate (fn [x] {x x}) {1 1}) 40))",
    "(loop [s \"abcdefgh\"] (recur (str s s)))",
    "(loop [s \"abcdefgh\"] (recur (clojure.string/replace s \"a\" \"aaaaaaaaaaaaaaaa\")))",
    "(loop [v []] (recur (conj v v)))",
    "(loop [v [] i 0] (recur (conj v (str \"a rather long text \" i)) (inc i)))",
    "(loop [m {} i 0] (recur (assoc m i [i]) (inc i)))",
    "(def s (iterate inc 0)) (nth s 1000000000)",
    "(group-by odd? (range))",
    "(count (partition-by pos? (range 1 1e15)))",
    "(re-find #\"(?=(a+)+b)(a+)+b\" (apply str (repeat 40 \\a)))",
    "(re-seq #\"(?=(a+)+b)x|a\" (apply str (repeat 4000 \\a)))",
    "(with-out-str (while true (println \"x\")))",
    "(loop [] (eval (list inc 1)) (recur))",
    "(loop [i 0] (intern 'user (symbol (str \"v\" i)) i) (recur (inc i)))",
    "(into #{} (range))",
    "(frequencies (repeatedly rand))",
    "(let [a (atom [])] (while true (swap! a conj (vec (range 1000)))))",
    "(transduce (partition-all 1000000000) conj (range))",
    "(format (apply str (repeat 100000 \"%9999s\")) 1)",
    "(object-array 10000000000)",
    "(reduce str (repeat \"x\"))",
    "(into (sorted-map) (map (fn [i] [i i])) (range))",
    "(loop [t (transient [])] (recur (conj! t 1)))",
    "(flatten (repeat [[[1]]]))",
    "(clojure.data.json/write-str (nth (iterate (fn [x] [x x]) [1]) 40))",
    "(read-string (apply str (repeat 10000000 \"[]\")))",
    "(loop [d 1.1M] (recur (* d d)))",
    "(eval (nth (iterate (fn [x] [x x]) 'inc) 500))",
    "(defmacro m [] (loop [] (recur))) (m)",
    "(defmacro m [x] (list 'do (list 'm x) (list 'm x))) (m 1)",
    "(defmacro m [x] [(list 'm [x x]) (list 'm [x x])]) (m 1)",
    "(macroexpand (nth (iterate (fn [x] (list '-> x x)) 'inc) 500))",
    "(eval (list 'fn [(nth (iterate (fn [x] {:keys ['x] x :a}) 'x) 500)] 1))",
    "(eval (list 'quote (nth (iterate (fn [x] [x x]) 'inc) 500)))",
];

/// Nanoseconds that a thread has computed, where the kernel tells.
fn computed(thread: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// What a thread computes after a moment, though others compete for the machine; told when it is asked to stop.
struct Overtime(PathBuf, JoinHandle<Option<u64>>);

impl Overtime {
    fn after(moment: Instant) -> Self {
        let thread = Path::new("/proc").join(std::fs::read_link("/proc/thread-self").unwrap_or_default());
        let watched = thread.clone();
        Self(
            thread,
            std::thread::spawn(move || {
                std::thread::sleep(moment.saturating_duration_since(Instant::now()));
                computed(&watched)
            }),
        )
    }

    fn stop(self) -> Option<Duration> {
        let end = computed(&self.0)?;
        let start = self.1.join().unwrap()?;
        Some(Duration::from_nanos(end.saturating_sub(start)))
    }
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap_or(0) << 10
}

#[test]
fn attacks_end_soon_after_their_deadline() {
    let runner = std::thread::spawn(|| {
        let mut late = Vec::new();
        for source in ATTACKS {
            let begun = Instant::now();
            let limits = Limits { deadline: Some(begun + TIME), memory: Some(MEMORY), ..Limits::default() };
            let mut context = Context::new().with_limits(limits);
            let before = resident();
            let overtime = Overtime::after(begun + TIME);
            let result = Program::compile(source).unwrap().run(&mut context);
            let elapsed = begun.elapsed();
            let over = elapsed.saturating_sub(TIME);
            let over = overtime.stop().map_or(over, |computed| computed.min(over));
            let shown = match &result {
                Ok(_) => "a value".to_owned(),
                Err(error) => {
                    format!("{:?}: {}", error.kind, error.message.chars().take(80).collect::<String>())
                }
            };
            eprintln!(
                "{over:>12?} late, {:>4} MiB more: {source}: {shown}",
                resident().saturating_sub(before) >> 20
            );
            let ended = matches!(&result, Err(error) if matches!(error.kind, ErrorKind::Stopped(_) | ErrorKind::Exception(_)));
            // Some are over before their time: what they build is refused, or shared.
            if over > LATE || !(ended || elapsed < TIME) {
                late.push(format!("{over:?} late: {source}: {shown}"));
            }
            drop(context);
        }
        (late, resident())
    });
    let (late, most) = runner.join().unwrap();
    assert_eq!(late, Vec::<String>::new());
    assert!(most < 3 * MEMORY, "the process took {} MiB", most >> 20);
}

/// Runs with 16 MiB and no deadline.
fn in_little_memory(source: &str) -> Result<pt_clj::Value, pt_clj::Error> {
    let limits = Limits { memory: Some(16 << 20), ..Limits::default() };
    Program::compile(source)?.run(&mut Context::new().with_limits(limits))
}

#[test]
fn memory_ends_code_that_no_deadline_ends() {
    for source in [
        "(vec (range))",
        "(apply str (repeat \"abcdefgh\"))",
        "(loop [s \"abcdefgh\"] (recur (str s s)))",
        "(loop [v []] (recur (conj v [1])))",
        "(loop [v [] i 0] (recur (conj v (str \"a rather long text \" i)) (inc i)))",
        "(loop [m {} i 0] (recur (assoc m i i) (inc i)))",
        "(loop [t (transient [])] (recur (conj! t 1)))",
        "(def s (iterate inc 0)) (nth s 1000000000)",
        "(group-by odd? (range))",
        "(into #{} (range))",
        "(let [a (atom [])] (while true (swap! a conj (vec (range 1000)))))",
        "(with-out-str (while true (println \"a line that is printed\")))",
        "(try (vec (range)) (catch Throwable e :caught) (finally :done))",
    ] {
        let error = in_little_memory(source).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Stopped(pt_clj::Stop::Memory), "{source}: {error}");
    }
}

#[test]
fn what_is_let_go_is_not_counted() {
    for (source, expected) in [
        ("(reduce + (map inc (range 1000000)))", "500000500000"),
        (
            "(loop [i 0 s nil] (if (< i 100000) (recur (inc i) (str \"a text that is dropped \" i)) (count s)))",
            "28",
        ),
        ("(loop [i 0 v nil] (if (< i 3000) (recur (inc i) (vec (range 1000))) (count v)))", "1000"),
    ] {
        assert_eq!(
            in_little_memory(source).map(|value| pt_clj::print::pr_str(&value)).unwrap(),
            expected,
            "{source}"
        );
    }
}
