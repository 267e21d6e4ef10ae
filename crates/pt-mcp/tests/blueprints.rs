//! Every polytope file in the documents can be planned.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

use std::path::PathBuf;

use pt_mcp::Documents;
use pt_model::Text;
use pt_plan::{Does, Named, Request, StepPlan, plan};
use pt_server::Disk;
use pt_spec::Project;
use pt_syntax::{Diagnostic, Severity, Style, render};

/// Every value and secret is set.
struct AllSet;

impl Named for AllSet {
    fn value(&self, name: &str) -> Option<String> {
        Some(format!("the-{name}"))
    }

    fn secret(&self, name: &str) -> Option<Text> {
        Some(Text::from(format!("the-{name}").as_str()))
    }
}

#[test]
fn every_polytope_file_in_the_documents_can_be_planned() {
    let documents = Documents::default();
    let pages = documents.list().into_iter().filter(|document| {
        ["bluetext://intro", "bluetext://blueprints/", "bluetext://code-gen-modules/"]
            .iter()
            .any(|begin| document.uri.starts_with(begin))
    });
    let (mut wrong, mut planned) = (String::new(), 0);
    for page in pages {
        let text = documents.read(&page.uri).unwrap();
        for snippet in snippets(&text) {
            wrong.push_str(&mistakes(&page.uri, &snippet, &mut planned));
        }
    }
    assert_eq!(wrong, "");
    assert!(planned > 20, "{planned} targets were planned");
}

#[test]
fn the_example_of_every_standard_module_can_be_planned() {
    let documents = Documents::default();
    let (mut wrong, mut planned) = (String::new(), 0);
    for page in documents.list() {
        if !page.uri.starts_with("bluetext://polytope/") {
            continue;
        }
        let text = documents.read(&page.uri).unwrap();
        let example = snippets(&text).into_iter().next().unwrap();
        wrong.push_str(&mistakes(&page.uri, &example, &mut planned));
    }
    assert_eq!(wrong, "");
    assert!(planned > 40, "{planned} modules were planned");
}

/// The YAML in a page.
fn snippets(text: &str) -> Vec<String> {
    let blocks = text.split("```yaml\n").skip(1);
    blocks.filter_map(|block| block.split("\n```").next()).map(|block| format!("{block}\n")).collect()
}

/// What is wrong with any target of a polytope file.
fn mistakes(uri: &str, file: &str, planned: &mut usize) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("polytope.yml");
    std::fs::write(&path, file).unwrap();
    let loaded = Project::load(&Disk, path);
    let mut found: Vec<Diagnostic> = loaded.diagnostics.clone();
    for definition in loaded.project.definitions() {
        let args = definition.params.iter().filter(|param| !param.ty.is_optional());
        let args = args.map(|param| (param.id.text.as_str().into(), "text".into())).collect();
        let request = Request { reference: definition.id.text.clone(), args, ..Request::default() };
        let result = plan(&loaded.project, &[vec![request]], &AllSet);
        found.extend(result.diagnostics);
        result.plan.iter().flat_map(|plan| &plan.steps).for_each(|step| collect(step, &mut found));
        *planned += 1;
    }
    found.retain(|found| found.severity == Severity::Error);
    if found.is_empty() {
        return String::new();
    }
    format!("{uri}\n{}", render(&found, loaded.project.sources(), Style::default()))
}

fn collect(step: &StepPlan, found: &mut Vec<Diagnostic>) {
    match &step.does {
        Does::Fails(diagnostics) => found.extend(diagnostics.iter().cloned()),
        Does::Group(steps) => steps.iter().for_each(|step| collect(step, found)),
        Does::Code(_) | Does::Late | Does::Skip => {}
    }
}
