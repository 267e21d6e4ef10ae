//! What code cannot do: run for ever, eat all memory, catch its own end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Script, map, scope, shown, snippet};
use pt_eval::{Host, Limits};
use pt_model::{Data, Failure, Masker};

const ENDLESS: &[&str] = &[
    "#pt-js while (true) {}",
    "#pt-js while (true) { try { while (true) {} } catch (e) {} }",
    "#pt-js try { while (true) {} } finally { while (true) {} }",
    "#pt-js [1].map(() => { while (true) {} })",
    "#pt-js /(a+)+$/.test('a'.repeat(40) + 'b')",
    "#pt-js ({ get x() { while (true) {} } })",
    "#pt-js while (true) { try { pt.log('x') } catch (e) {} }",
    "#pt-clj (loop [] (recur))",
    "#pt-clj (while true (try (while true) (catch Throwable e)))",
    "#pt-clj (try (loop [] (recur)) (finally (loop [] (recur))))",
    "#pt-clj (reduce + (range))",
    "#pt-clj (while true (pt/log \"x\"))",
    "#pt-clj (last (repeat 1))",
];

fn run(text: &str, limits: &Limits, host: &mut dyn Host) -> String {
    let (params, masker) = (map("{}"), Masker::default());
    let snippet = snippet(text);
    shown(&snippet, pt_eval::run(&snippet, &scope(&params, &masker), limits, host))
}

#[test]
fn endless_code_ends_when_its_time_is_over() {
    for text in ENDLESS {
        let limits = Limits { time: Some(Duration::from_millis(50)), ..Limits::default() };
        let begun = Instant::now();
        let result = run(text, &limits, &mut Script { answers: &[], log: String::new() });
        assert!(result.starts_with("! TimedOut: The code ran longer than 50ms."), "{text}: {result}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{text}: {:?}", begun.elapsed());
    }
}

#[test]
fn endless_code_ends_when_it_is_interrupted() {
    for text in ENDLESS {
        let limits = Limits::default();
        let flag = Arc::clone(&limits.interrupt);
        let timer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            flag.store(true, Ordering::Relaxed);
        });
        let result = run(text, &limits, &mut Script { answers: &[], log: String::new() });
        assert_eq!(result, "! Interrupted: The code was stopped.", "{text}");
        timer.join().unwrap();
    }
}

/// Interrupts the code while it waits, as the engine does on stop.
struct Stopping(Limits, usize);

impl Host for Stopping {
    fn call(&mut self, _: &str, _: Vec<Data>) -> Result<Data, Failure> {
        self.1 += 1;
        self.0.interrupt.store(true, Ordering::Relaxed);
        Err(Failure { message: "stopped".to_owned(), data: Data::Null })
    }

    fn print(&mut self, _: &str) {}
}

#[test]
fn a_stop_during_a_call_cannot_be_caught() {
    for text in [
        "#pt-js try { pt.sleep('1h') } catch (e) { pt.spawn({}) } 'survived'",
        "#pt-clj (try (pt/sleep \"1h\") (catch Exception e (pt/spawn {}))) \"survived\"",
    ] {
        let mut host = Stopping(Limits::default(), 0);
        let limits = host.0.clone();
        assert_eq!(run(text, &limits, &mut host), "! Interrupted: The code was stopped.", "{text}");
        assert_eq!(host.1, 1, "no call after the stop");
    }
}

#[test]
fn memory_and_stack_have_an_end() {
    for (text, expected) in [
        ("#pt-js let a = []; while (true) a.push({})", "! The code needs more than 8 MiB of memory."),
        ("#pt-js new Array(1e8).fill('x')", "! The code needs more than 8 MiB of memory."),
        (
            "#pt-js (function f() { return f() + 1 })()",
            "! RangeError: Maximum call stack size exceeded @ return",
        ),
        ("#pt-clj (letfn [(f [] (inc (f)))] (f))", "! StackOverflowError @ (f)"),
        ("#pt-clj (try (letfn [(f [] (inc (f)))] (f)) (catch Throwable e \"caught\"))", "\"caught\""),
        ("#pt-js try { (function f() { return f() + 1 })() } catch (e) { 'caught' }", "\"caught\""),
    ] {
        let limits = Limits { memory: 8 << 20, time: Some(Duration::from_secs(20)), ..Limits::default() };
        assert_eq!(run(text, &limits, &mut Script { answers: &[], log: String::new() }), expected, "{text}");
    }
}

#[test]
fn code_leaves_nothing_behind() {
    let host = &mut Script { answers: &[], log: String::new() };
    let limits = Limits::default();
    run("#pt-js x = 1; Array.prototype.evil = 2; params.y = 3", &limits, host);
    assert_eq!(run("#pt-js [typeof x, [].evil, params.y]", &limits, host), r#"["undefined",null,null]"#);
    run("#pt-clj (def x 1)", &limits, host);
    assert_eq!(run("#pt-clj x", &limits, host), "! Unable to resolve symbol: x @ x");
}
