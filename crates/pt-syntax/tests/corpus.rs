//! The polytope files of public projects, where a folder with them exists, read without errors.

use std::io::Write;
use std::path::{Path, PathBuf};

use pt_syntax::{Format, Sources, Style, parse, render};

#[test]
fn files_of_public_projects() {
    let folder = std::env::var_os("POLYTOPE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus"),
        PathBuf::from,
    );
    let Ok(projects) = std::fs::read_dir(&folder) else {
        // Not by a macro: what those print of a test that passes is kept from the screen.
        let why = format!("there is no folder {}; $POLYTOPE_CORPUS names another", folder.display());
        writeln!(std::io::stderr(), "skipped: no public project was read: {why}").unwrap();
        return;
    };
    let mut sources = Sources::default();
    let mut read = 0;
    for project in projects.map(|entry| entry.unwrap().path()) {
        for (name, format) in [("polytope.yml", Format::Yaml), ("polytope.edn", Format::Edn)] {
            let path = project.join(name);
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let source = sources.add(path.display().to_string(), &*text);
            let parsed = parse(source, &text, format);
            let said = render(&parsed.diagnostics, &sources, Style::default());
            assert!(!parsed.has_errors(), "{said}");
            assert!(!parsed.document.root.entries().is_empty(), "{}", path.display());
            print!("{said}");
            read += 1;
        }
    }
    assert!(read > 0, "no polytope file in {}", folder.display());
}
