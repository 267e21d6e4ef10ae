//! Public projects, if there are any: in `$POLYTOPE_CORPUS`, or in `../shared/corpus` beside the repository.

use std::path::{Path, PathBuf};

/// Where they are.
pub(crate) fn corpus() -> Option<PathBuf> {
    let beside = || {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors().map(|dir| dir.join("shared/corpus")).find(|dir| dir.is_dir())
    };
    let found =
        std::env::var_os("POLYTOPE_CORPUS").map(PathBuf::from).or_else(beside).filter(|dir| dir.is_dir());
    if found.is_none() {
        println!("SKIPPED: no corpus at $POLYTOPE_CORPUS or ../shared/corpus; nothing was compared");
    }
    found
}
