//! Runs namespaces of tests through the evaluator and counts what they report.

use std::path::Path;
use std::time::{Duration, Instant};

use pt_clj::{Context, Exception, Host, Limits, Program, Value, print};
use pt_edn::{FormKind, Reader};

/// How long one form or test may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of the tests of one namespace.
#[derive(Default, Clone)]
pub(crate) struct Tally {
    /// How many there are, where the suite tells.
    pub(crate) of: Option<i64>,
    pub(crate) pass: i64,
    pub(crate) fail: i64,
    pub(crate) error: i64,
    /// Vars that the suite skips because we lack them.
    pub(crate) skipped: Vec<String>,
    pub(crate) problems: Vec<String>,
}

/// Keeps what is printed.
#[derive(Default)]
struct Printed(String);

impl Host for Printed {
    fn knows(&self, _: &str) -> bool {
        false
    }
    fn call(&mut self, name: &str, _: Vec<Value>) -> Result<Value, Exception> {
        Err(Exception::new("RuntimeException", name))
    }
    fn value(&self, _: &str) -> Option<Value> {
        None
    }
    fn print(&mut self, text: &str) {
        self.0.push_str(text);
    }
    fn millis(&self) -> i64 {
        1_700_000_000_000
    }
}

fn limits() -> Limits {
    Limits { deadline: Some(Instant::now() + PATIENCE), memory: Some(1 << 30), ..Limits::default() }
}

/// Evaluates forms one by one, as loading a file does; a form that fails is a problem, and the next goes on.
fn load(context: &mut Context<'_>, source: &str, tally: &mut Tally) {
    let mut reader = Reader::new(source);
    let mut forms = Vec::new();
    while let Some(form) = reader.read_next() {
        match form {
            Ok(form) => forms.push(form),
            Err(error) => {
                tally.error += 1;
                tally.problems.push(format!("cannot be read: {error} at {}", line(source, error.span.start)));
            }
        }
    }
    for form in forms {
        context.limit(limits());
        let at = line(source, form.span.start);
        let name = if let FormKind::List(items) = &form.kind {
            items.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(" ")
        } else {
            String::new()
        };
        if let Err(error) = Program::from(form).run(context) {
            tally.error += 1;
            tally.problems.push(format!("{at}: ({name} …): {error}"));
        }
    }
}

fn line(source: &str, at: usize) -> usize {
    1 + source[..at].matches('\n').count()
}

/// Loads files before the tests, then the file of tests, then runs these.
pub(crate) fn run(before: &[&str], source: &str) -> Tally {
    let mut tally = Tally::default();
    let mut host = Printed::default();
    {
        let mut context = Context::new().with_host("host", &mut host);
        load(&mut context, include_str!("test.clj"), &mut tally);
        for source in before {
            load(&mut context, source, &mut Tally::default());
        }
        assert_eq!(tally.problems, Vec::<String>::new());
        // What the files before test is not counted here.
        evaluated(&mut context, "(reset! clojure.test/tests [])").expect("an atom can be reset");
        load(&mut context, source, &mut tally);
        let count = evaluated(&mut context, "(count @clojure.test/tests)");
        let Ok(Value::Int(count)) = count else { unreachable!("a count is an integer") };
        let together = evaluated(&mut context, "(seq (:once @clojure.test/fixtures))");
        let together = together.is_ok_and(|fixtures| !fixtures.is_nil());
        if together && let Err(error) = evaluated(&mut context, "(clojure.test/run-all)") {
            tally.error += 1;
            tally.problems.push(format!("all tests: {error}"));
        }
        for at in 0..if together { 0 } else { count } {
            context.limit(limits());
            if let Err(error) =
                evaluated(&mut context, &format!("(clojure.test/run-one (nth @clojure.test/tests {at}))"))
            {
                tally.error += 1;
                let name = evaluated(&mut context, &format!("(first (nth @clojure.test/tests {at}))"));
                tally.problems.push(format!("test {name:?}: {error}"));
            }
        }
        context.limit(limits());
        match evaluated(&mut context, "(clojure.test/results)").map(|value| value.items()) {
            Ok(Some(items)) => {
                let number = |at: usize| if let Value::Int(number) = items[at] { number } else { 0 };
                tally.pass += number(0);
                tally.fail += number(1);
                tally.error += number(2);
                tally.problems.extend(items[3].items().unwrap_or_default().iter().map(print::str));
            }
            other => tally.problems.push(format!("no results: {other:?}")),
        }
    }
    tally.skipped =
        host.0.lines().filter_map(|line| line.strip_prefix("SKIP - ")).map(ToOwned::to_owned).collect();
    tally
}

fn evaluated(context: &mut Context<'_>, source: &str) -> Result<Value, pt_clj::Error> {
    Program::compile(source)?.run(context)
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
