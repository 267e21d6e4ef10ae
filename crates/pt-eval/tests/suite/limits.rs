//! What code cannot do: run for ever, eat all memory, catch its own end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Script, map, scope, shown, snippet};
use pt_eval::{Host, Limits};
use pt_model::{Data, Failure, Masker};

/// Code that never ends, or not for a very long time: one a line, `\n` for line ends.
fn endless() -> Vec<String> {
    include_str!("endless.txt").lines().map(|line| line.replace("\\n", "\n")).collect()
}

fn run(text: &str, limits: &Limits, host: &mut (dyn Host + Send)) -> String {
    let (params, masker) = (map("{}"), Masker::default());
    let snippet = snippet(text);
    shown(&snippet, pt_eval::run(&snippet, &scope(&params, &masker), limits, host))
}

#[test]
fn endless_code_ends_when_its_time_is_over() {
    let mut worst = (Duration::ZERO, String::new());
    for text in &endless() {
        let limits = Limits { time: Some(Duration::from_millis(50)), ..Limits::default() };
        let begun = Instant::now();
        let result = run(text, &limits, &mut Script { answers: &[], log: String::new() });
        assert!(result.starts_with("! TimedOut: The code ran longer than 50ms."), "{text}: {result}");
        worst = worst.max((begun.elapsed(), text.clone()));
    }
    // Twenty times as much as it takes on a machine with nothing else to do.
    assert!(worst.0 < Duration::from_secs(2), "{worst:?}");
}

#[test]
fn endless_code_ends_when_it_is_interrupted() {
    for text in &endless() {
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
        Err(Failure::new("stopped".to_owned(), Data::Null))
    }

    fn print(&mut self, _: &str) {}
}

#[test]
fn a_stop_during_a_call_cannot_be_caught() {
    for text in [
        "#pt-js try { pt.sleep('1h') } catch (e) { pt.spawn({}) } 'survived'",
        "#pt-clj (try (pt/sleep \"1h\") (catch Exception e (pt/spawn {}))) \"survived\"",
        "#pt-py\ntry:\n    pt.sleep('1h')\nexcept BaseException:\n    pt.spawn({})\n'survived'",
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
        ("#pt-js (function f() { return f() + 1 })()", "! RangeError: Maximum call stack size exceeded @ f"),
        ("#pt-js let s = 'x'; while (true) s = [s, s]; s", "! The code needs more than 8 MiB of memory."),
        ("#pt-js 'x'.repeat(2 ** 29)", "! The code needs more than 8 MiB of memory."),
        // What is no more than a length is long as data, and what is shared is there many times.
        ("#pt-js Array(4e9)", "! The code needs more than 8 MiB of memory."),
        (
            "#pt-js let s = [1]; for (let i = 0; i < 60; i++) s = [s, s]; s",
            "! The code needs more than 8 MiB of memory.",
        ),
        ("#pt-py a = []\nwhile True: a.append([])", "! The code needs more than 8 MiB of memory."),
        ("#pt-py list(range(10 ** 12))", "! The code needs more than 8 MiB of memory."),
        ("#pt-py [n for n in range(10 ** 12)]", "! The code needs more than 8 MiB of memory."),
        ("#pt-py 'x' * 10 ** 10", "! The code needs more than 8 MiB of memory."),
        ("#pt-py [None] * 10 ** 10", "! The code needs more than 8 MiB of memory."),
        ("#pt-py\ns = 'x'\nwhile True: s += s", "! The code needs more than 8 MiB of memory."),
        ("#pt-py 10 ** 10 ** 10", "! The code needs more than 8 MiB of memory."),
        ("#pt-py ''.join('x' * 1000 for _ in range(10 ** 9))", "! The code needs more than 8 MiB of memory."),
        ("#pt-py '{:>99999999}'.format(1)", "! The code needs more than 8 MiB of memory."),
        ("#pt-py dict((n, [n]) for n in range(10 ** 12))", "! The code needs more than 8 MiB of memory."),
        (
            "#pt-py\nwhile True:\n    try:\n        list(range(10 ** 12))\n    except BaseException: pass",
            "! The code needs more than 8 MiB of memory.",
        ),
        (
            "#pt-py\ndef f(): return f() + 1\nf()",
            "! RecursionError: maximum recursion depth exceeded @ f() < f()",
        ),
        (
            "#pt-py\ndef f(): return sorted([1], key=lambda _: f())\nf()",
            "! RecursionError: maximum recursion depth exceeded @ sorted([1], key=lambda _: f()) < f() < f()",
        ),
        (
            "#pt-py\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
            "! RecursionError: maximum recursion depth exceeded @ repr(self) < repr(A())",
        ),
        ("#pt-py\na = []\nfor _ in range(100000): a = [a]\nstr(a)[:1]", "\"[\""),
        (
            "#pt-py\na = []\nfor _ in range(100000): a = [a]\na",
            "! Cannot convert more than 256 levels of lists and maps to data. @ a",
        ),
        ("#pt-py\na = []\nfor _ in range(100000): a = [a]\na == [a]", "! "),
        (
            "#pt-clj (letfn [(f [] (inc (f)))] (f))",
            "! StackOverflowError: calls, or data, nest more than 4000 levels deep @ (f) < (f)",
        ),
        ("#pt-clj (try (letfn [(f [] (inc (f)))] (f)) (catch Throwable e \"caught\"))", "\"caught\""),
        ("#pt-js try { (function f() { return f() + 1 })() } catch (e) { 'caught' }", "\"caught\""),
    ] {
        let limits = Limits { memory: 8 << 20, time: Some(Duration::from_secs(20)), ..Limits::default() };
        let seen = run(text, &limits, &mut Script { answers: &[], log: String::new() });
        assert!(
            if expected == "! " { seen.starts_with(expected) } else { seen == expected },
            "{text}: {seen}"
        );
    }
}

/// Text that is hard to read is refused, in whatever language.
#[test]
fn brackets_within_brackets_have_an_end() {
    for (language, open, close) in
        [("#pt-js ", "[", "]"), ("#pt-py ", "[", "]"), ("#pt-py ", "(", ")"), ("#pt-py ", "-", "1")]
    {
        for depth in [200, 2_000, 100_000] {
            let text = format!("{language}{}{}", open.repeat(depth), close.repeat(depth));
            let limits = Limits { time: Some(Duration::from_secs(20)), ..Limits::default() };
            let seen = run(&text, &limits, &mut Script { answers: &[], log: String::new() });
            assert!(depth == 200 || seen.starts_with("! "), "{language}{open} {depth}: {seen:.80}");
        }
    }
}

#[test]
fn code_leaves_nothing_behind() {
    let host = &mut Script { answers: &[], log: String::new() };
    let limits = Limits::default();
    run("#pt-js x = 1; Array.prototype.evil = 2; params.y = 3", &limits, host);
    assert_eq!(run("#pt-js [typeof x, [].evil, params.y]", &limits, host), r#"["undefined",null,null]"#);
    run("#pt-py\nx = 1\nparams['y'] = 3", &limits, host);
    assert_eq!(run("#pt-py params.get('y')", &limits, host), "null");
    assert_eq!(run("#pt-py x", &limits, host), "! NameError: name 'x' is not defined @ x");
    run("#pt-clj (def x 1)", &limits, host);
    assert_eq!(run("#pt-clj x", &limits, host), "! Unable to resolve symbol: x @ x");
}

/// Runs a script while another waits for it.
struct Nested(usize);

impl Host for Nested {
    fn call(&mut self, _: &str, args: Vec<Data>) -> Result<Data, Failure> {
        self.0 += 1;
        if self.0 < 4 {
            run("#pt-js pt.log('inner'); pt.log('again')", &Limits::default(), self);
        }
        Ok(args.into_iter().next().unwrap_or_default())
    }

    fn print(&mut self, _: &str) {}
}

#[test]
fn a_host_may_run_code_while_it_is_asked() {
    for text in ["#pt-js pt.log('a') + pt.log('b')", "#pt-py pt.log('a') + pt.log('b')"] {
        assert_eq!(run(text, &Limits::default(), &mut Nested(0)), "\"ab\"", "{text}");
    }
}

/// Answers after a while.
struct Slow;

impl Host for Slow {
    fn call(&mut self, _: &str, _: Vec<Data>) -> Result<Data, Failure> {
        thread::sleep(Duration::from_millis(150));
        Ok(Data::Null)
    }

    fn print(&mut self, _: &str) {}
}

#[test]
fn what_code_waits_for_does_not_count() {
    let limits = || Limits { time: Some(Duration::from_millis(100)), ..Limits::default() };
    for (waits, goes_on) in [
        ("#pt-clj (pt/sleep 1) (pt/sleep 1) 7", "#pt-clj (pt/sleep 1) (loop [] (recur))"),
        ("#pt-js pt.sleep(1); pt.sleep(1); 7", "#pt-js pt.sleep(1); for (;;);"),
        ("#pt-py\npt.sleep(1)\npt.sleep(1)\n7", "#pt-py\npt.sleep(1)\nwhile True: pass"),
        // What cannot be taken aside waits where it is.
        ("#pt-py\na = 'x' * 100000\npt.sleep(1)\npt.sleep(1)\n7", "#pt-py\npt.sleep(1)\nwhile True: pass"),
    ] {
        assert_eq!(run(waits, &limits(), &mut Slow), "7", "{waits}");
        let begun = Instant::now();
        let late = run(goes_on, &limits(), &mut Slow);
        assert_eq!(late, "! TimedOut: The code ran longer than 100ms.", "{goes_on}");
        assert!(begun.elapsed() >= Duration::from_millis(240), "{goes_on}: the wait was charged");
    }
}

#[test]
fn calls_go_as_deep_as_they_may() {
    let deep = |levels: u32| {
        [
            format!("#pt-clj (letfn [(f [n] (if (zero? n) 0 (inc (f (dec n)))))] (f {levels}))"),
            format!("#pt-js function f(n) {{ return n ? 1 + f(n - 1) : 0 }}; f({levels})"),
            format!("#pt-py\ndef f(n): return 1 + f(n - 1) if n else 0\nf({levels})"),
        ]
    };
    let seen = |text: &str, depth| run(text, &Limits { depth, ..Limits::default() }, &mut Slow);
    let on_much_stack = move || {
        for (few, many) in deep(20).iter().zip(&deep(900)) {
            assert_eq!(seen(few, Some(400)), "20", "{few}");
            assert_eq!(seen(many, Some(10_000)), "900", "{many}");
            let error = seen(many, Some(40));
            let words =
                ["nest more than 40 levels deep", "Maximum call stack size", "maximum recursion depth"];
            assert!(words.iter().any(|word| error.contains(word)), "{many}: {error}");
        }
    };
    thread::Builder::new().stack_size(64 << 20).spawn(on_much_stack).unwrap().join().unwrap();
}
