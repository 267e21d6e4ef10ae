//! shaunxcode/edn-tests: which files are accepted.

use std::path::Path;

use crate::{checkout, files, runner, stem};

/// Files that are called invalid and that `clojure.edn` accepts all the same.
const JVM_ACCEPTS: &[&str] = &[
    "decimal-num-symbol",
    "keyword-with-too-many-slashes",
    "leading-dot-decimal",
    "period-char",
    "symbol-with-too-many-slashes",
];

fn accepted(directory: &Path) -> Vec<(String, bool)> {
    let edn = files(directory).into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "edn"));
    edn.map(|file| (stem(&file), pt_edn::read_edn(&runner::read(&file)).is_ok())).collect()
}

#[test]
fn edn_tests() {
    let Some(root) = checkout("EDN_TESTS") else { return };
    let refused: Vec<String> =
        accepted(&root.join("valid-edn")).into_iter().filter(|(_, ok)| !ok).map(|(name, _)| name).collect();
    let taken: Vec<String> =
        accepted(&root.join("invalid-edn")).into_iter().filter(|(_, ok)| *ok).map(|(name, _)| name).collect();
    assert_eq!(refused, Vec::<String>::new(), "valid files that are refused");
    assert_eq!(taken, JVM_ACCEPTS, "invalid files that are accepted");
}
