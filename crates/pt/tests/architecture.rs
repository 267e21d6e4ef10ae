//! ARCHITECTURE.md says which crate may depend on which. This holds the workspace against it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn crates_depend_only_on_what_the_arrows_allow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let table = text.split("<!-- arrows -->").nth(1).unwrap().split("<!-- /arrows -->").next().unwrap();
    let allowed: BTreeMap<&str, Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| pt"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0], cells[2].split(", ").filter(|name| *name != "—").collect())
        })
        .collect();

    let mut crates: Vec<String> = fs::read_dir(root.join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    crates.sort();
    let mut named: Vec<&str> = allowed.keys().copied().collect();
    named.sort_unstable();
    assert_eq!(crates, named, "the table names every crate, and no other");

    for name in &crates {
        let manifest = fs::read_to_string(root.join("crates").join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        let ours = dependencies
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|d| d.starts_with("pt-"));
        for dependency in ours {
            assert!(
                allowed[name.as_str()].contains(&dependency),
                "{name} depends on {dependency}, which the table forbids"
            );
        }
    }
}
