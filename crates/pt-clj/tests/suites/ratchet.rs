//! What a suite came to, against what it came to before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::runner::Tally;

/// Whether `ONLY` lets a namespace run.
pub(crate) fn wanted(name: &str) -> bool {
    std::env::var("ONLY").map_or(true, |only| name.contains(&only))
}

fn written(suite: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/suites/{suite}.txt"))
}

/// One line per namespace: name, assertions that the JVM passes, then ours: passed, failed, errors, skipped vars.
pub(crate) fn compare(suite: &str, tallies: &[(String, Tally)]) {
    let path = written(suite);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut before: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        if let Some(name) = words.next() {
            before.insert(name.to_owned(), words.filter_map(|word| word.parse().ok()).collect());
        }
    }
    let only = std::env::var_os("ONLY").is_some();
    let (mut worse, mut pass, mut jvm, mut bad) = (Vec::new(), 0, 0, 0);
    let mut out =
        String::from("# namespace, passed by the JVM; ours: passed, failed, errors, skipped vars\n");
    for (name, tally) in tallies {
        let known = before.get(name).cloned().unwrap_or_default();
        let expected = tally.of.or(known.first().copied()).unwrap_or(0);
        let skipped = tally.skipped.len() as i64;
        let now = [tally.pass, tally.fail, tally.error, skipped];
        let Tally { pass: passed, fail, error, .. } = tally;
        let counts = [expected, *passed, *fail, *error, skipped].map(|count| count.to_string());
        out.push_str(name);
        out.push(' ');
        out.push_str(&counts.join(" "));
        out.push('\n');
        // Of more assertions than the JVM runs none makes up for those missing elsewhere.
        pass += tally.pass.min(expected);
        jvm += expected;
        bad += tally.fail + tally.error + skipped;
        if tally.fail + tally.error + skipped > 0 || tally.pass < expected {
            eprintln!(
                "{suite} {name}: jvm {expected}, passed {}, failed {}, errors {}, skipped {:?}",
                tally.pass, tally.fail, tally.error, tally.skipped
            );
            for problem in tally.problems.iter().take(if only { 1000 } else { 3 }) {
                eprintln!("    {}", problem.chars().take(600).collect::<String>());
            }
        }
        if let [_, before_pass, before_fail, before_error, before_skipped] = known[..]
            && (now[0] < before_pass
                || now[1] > before_fail
                || now[2] > before_error
                || now[3] > before_skipped)
        {
            worse.push(name.clone());
        }
    }
    eprintln!(
        "{suite}: {pass} of {jvm} assertions that the JVM passes; {bad} failures, errors and skipped vars"
    );
    if std::env::var_os("UPDATE").is_some() && !only {
        std::fs::write(&path, out).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    } else {
        assert!(worse.is_empty(), "worse than before: {worse:?}");
    }
}
