//! The examples of the page about the runner's functions: what each logs stands below it.

use std::path::Path;

use crate::world::logs_of;

#[test]
fn examples_log_what_the_page_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language/runner-api.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let seen = seen(&written);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, seen).unwrap();
    } else {
        let first = seen.lines().zip(written.lines()).find(|(seen, written)| seen != written);
        assert!(seen == written, "UPDATE=1 takes over what is seen: {first:?}");
    }
}

fn seen(document: &str) -> String {
    let (mut seen, mut logged) = (String::new(), String::new());
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else {
            seen.extend([line, "\n"]);
            continue;
        };
        let block: String =
            lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        let shown = match kind {
            "clojure" | "javascript" => {
                assert_eq!(logged, "", "an example tells nothing of what it logs");
                let prefix = if kind == "clojure" { "#pt-clj" } else { "#pt-js" };
                logged = logs_of(prefix, &block).lines().flat_map(|line| [line, "\n"]).collect();
                block
            }
            "log" => std::mem::take(&mut logged),
            _ => block,
        };
        seen.extend([line, "\n", &shown, "```\n"]);
    }
    assert_eq!(logged, "", "an example tells nothing of what it logs");
    seen
}
