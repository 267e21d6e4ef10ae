//! Suites that nobody here wrote, run from local checkouts. None of them is part of this repository: an environment
//! variable names each checkout, and a test says so where it is not set.
//!
//! - `CLOJURE_TEST_SUITE`: github.com/jank-lang/clojure-test-suite
//! - `CLOJURE_SOURCES`: github.com/clojure/clojure at tag clojure-1.11.1
//! - `EDN_TESTS`: github.com/shaunxcode/edn-tests
//! - `SCI`: github.com/babashka/sci; its tests tell code only, so `clojure` is asked what it should answer
//!
//! What each namespace came to stands in `tests/suites/*.txt`; `UPDATE=1` rewrites these files. A count that is worse than
//! written fails the test. `ONLY=name` runs namespaces whose name contains it and shows every problem.

#![expect(clippy::print_stderr, reason = "what a suite came to is for the reader of the test run")]
#![expect(clippy::panic, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod edn;
mod ratchet;
mod runner;
mod sci;

use std::path::{Path, PathBuf};

/// A checkout by the variable that names it.
fn checkout(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        eprintln!("{variable} names no checkout: this suite is not run");
    }
    path
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[test]
fn clojure_test_suite() {
    let Some(root) = checkout("CLOJURE_TEST_SUITE") else { return };
    let tests = root.join("test/clojure");
    let portability = runner::read(&tests.join("core_test/portability.cljc"));
    let ranges = runner::read(&tests.join("core_test/number_range.cljc"));
    let mut tallies = Vec::new();
    for directory in ["core_test", "edn_test", "string_test"] {
        for file in files(&tests.join(directory)) {
            let name = format!("{directory}/{}", stem(&file));
            if ["core_test/portability", "core_test/number_range"].contains(&&*name)
                || !ratchet::wanted(&name)
            {
                continue;
            }
            // Nothing here waits.
            let sleep = "(ns clojure.core-test.portability) (defn sleep [ms] nil)".to_owned();
            let mut before = vec![portability.clone(), sleep, ranges.clone()];
            // Two namespaces build on the tests of another.
            let other = match &*name {
                "core_test/not_eq" => Some("core_test/eq.cljc"),
                "core_test/not_every_qmark" => Some("core_test/every_qmark.cljc"),
                _ => None,
            };
            before.extend(other.map(|other| runner::read(&tests.join(other))));
            let before: Vec<&str> = before.iter().map(String::as_str).collect();
            tallies.push((name, runner::run(&before, &runner::read(&file))));
        }
    }
    ratchet::compare("clojure-test-suite", &tallies);
}

#[test]
fn clojures_own_tests() {
    let Some(root) = checkout("CLOJURE_SOURCES") else { return };
    let tests = root.join("test/clojure/test_clojure");
    let helper = runner::read(&root.join("test/clojure/test_helper.clj"));
    let mut tallies = Vec::new();
    for name in PORTABLE {
        if !ratchet::wanted(name) {
            continue;
        }
        let file = [tests.join(format!("{name}.clj")), tests.join(format!("{name}.cljc"))]
            .into_iter()
            .find(|file| file.exists());
        let file = file.unwrap_or_else(|| panic!("there is no {name} in {}", tests.display()));
        let mut before = vec![helper.clone(), include_str!("stubs.clj").to_owned()];
        if *name == "protocols" {
            let examples =
                ["examples", "more_examples"].map(|file| tests.join(format!("protocols/{file}.clj")));
            before.extend(examples.iter().map(|file| runner::read(file)));
        }
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        tallies.push(((*name).to_owned(), runner::run(&before, &runner::read(&file))));
    }
    ratchet::compare("clojure-1.11.1", &tallies);
}

#[test]
fn code_of_scis_tests() {
    let Some(root) = checkout("SCI") else { return };
    let Some(pairs) = sci::record(&root.join("test/sci")) else { return };
    let tallies = sci::run(&pairs);
    ratchet::compare(
        "sci",
        &tallies.into_iter().filter(|(name, _)| ratchet::wanted(name)).collect::<Vec<_>>(),
    );
}

/// Namespaces of Clojure's own tests that ask for no JVM, or not everywhere. `reader` is left out: of its 7,790 assertions
/// 7,600 compare Java's calendars.
const PORTABLE: &[&str] = &[
    "atoms",
    "clojure_set",
    "clojure_walk",
    "control",
    "data_structures",
    "def",
    "delays",
    "edn",
    "evaluation",
    "fn",
    "for",
    "keywords",
    "logic",
    "macros",
    "math",
    "metadata",
    "multimethods",
    "numbers",
    "other_functions",
    "parse",
    "predicates",
    "printer",
    "protocols",
    "sequences",
    "special",
    "string",
    "transducers",
    "transients",
    "vars",
    "vectors",
    "volatiles",
];
