//! Plans and what they become for other tools: `tests/exports/NAME/polytope.yml` beside `compose.yaml` and
//! `kubernetes.yaml`, which end with what was left out. `UPDATE=1` writes them; read them before you commit them.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod common;

use std::path::Path;
use std::{env, fs};

use common::{Anything, Disk};
use pt_convert::{Exported, export_compose, export_kubernetes, import};
use pt_plan::{Request, plan};
use pt_spec::Project;
use pt_syntax::{Sources, Style, render};

#[test]
fn plans_become_files_of_other_tools() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let mut different = Vec::new();
    for dir in fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()) {
        let loaded = Project::load(&Disk, dir.join("polytope.yml"));
        let stack = Request { reference: "stack".to_owned(), ..Request::default() };
        let planned = plan(&loaded.project, &[vec![stack]], &Anything);
        let plan = planned.plan.unwrap();
        for (file, exported) in
            [("compose.yaml", export_compose(&plan)), ("kubernetes.yaml", export_kubernetes(&plan))]
        {
            let text = text(&exported);
            assert!(!text.contains("open sesame"), "a secret shows in {file}");
            let expected = dir.join(file);
            if env::var_os("UPDATE").is_some() {
                fs::write(&expected, &text).unwrap();
            } else if fs::read_to_string(&expected).unwrap_or_default() != text {
                different.push(format!("{}:\n{text}", expected.display()));
            }
        }
    }
    assert!(different.is_empty(), "not as expected (UPDATE=1 writes them):\n{}", different.join("\n"));
}

#[test]
fn exported_compose_files_are_taken_back() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    for dir in fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()) {
        let mut sources = Sources::default();
        let imported = import(&mut sources, &Disk, &[dir.join("compose.yaml")]);
        let refused = imported.err().map(|errors| render(&errors, &sources, Style::default()));
        assert_eq!(refused, None, "{}", dir.display());
    }
}

fn text(exported: &Exported) -> String {
    let documents: Vec<String> =
        exported.documents.iter().map(|document| serde_saphyr::to_string(document).unwrap()).collect();
    let notes: String = exported.notes.iter().map(|note| format!("# {note}\n")).collect();
    format!("{}{notes}", documents.join("---\n"))
}
