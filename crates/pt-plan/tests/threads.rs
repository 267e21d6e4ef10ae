//! A template of many steps is planned on several threads, and nobody can tell.

mod common;
mod files;

use std::fmt::Write;

use common::Settings;
use files::Files;
use pt_plan::{Request, plan, plan_on_threads};
use pt_spec::Project;

/// Steps of every kind, over and over; some of them are wrong, and some wait for others that stand far away.
fn project_of(steps: usize) -> Project {
    let mut yaml = String::from(
        r##"
modules:
- {id: greet, params: [{id: to, type: [default, str, you]}], code: '#pt-js 1'}
- {id: needs, params: [{id: it, type: str}], module: greet, args: {to: "{pt.param it}-{pt.value tag}"}}
- {id: group, run: [{id: a, module: greet}, {id: b, module: greet, after: a}], await: [a]}
templates:
- {id: both, run: [{id: one, module: greet}, {id: two, module: group, after: one}]}
- {id: round, run: [{template: round}]}
- id: all
  run:
"##,
    );
    let kinds = [
        "module: greet, args: {to: pt.secret password}",
        "module: needs, args: {it: x}",
        "module: needs",
        "module: group",
        "template: both",
        "module: needs, args: {it: pt.value missing}",
        "module: nowhere",
        "module: greet, for-each: [x, y, 3], args: {to: pt.param item}",
        "template: round",
        "code: '#pt-clj (str 1)'",
        "module: greet, args: {to: '#pt-clj (nope)', other: 1}",
    ];
    for at in 0..steps {
        let kind = kinds[at % kinds.len()];
        let id = if kind.starts_with("template") { String::new() } else { format!("id: step-{at}, ") };
        let after = match at % 7 {
            0 => String::new(),
            1 => ", after: step-unknown".to_owned(),
            _ => format!(", after: step-{}", at * 3 % steps),
        };
        writeln!(yaml, "  - {{{id}{kind}{after}}}").expect("a string takes everything");
    }
    let files = Files::default().with("/p/polytope.yml", &yaml);
    Project::load(&files, "/p/polytope.yml".into()).project
}

#[test]
fn the_plan_is_the_same_on_one_thread_and_on_several() {
    let set = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    let settings = Settings { values: set("tag", "1"), secrets: set("password", "s3cret") };
    for steps in [1, 127, 128, 129, 1000] {
        let project = project_of(steps);
        let requests = [vec![Request { reference: "all".to_owned(), ..Request::default() }]];
        let (one, several) =
            (plan(&project, &requests, &settings), plan_on_threads(&project, &requests, &settings));
        assert_eq!(one.diagnostics, several.diagnostics, "{steps}");
        let (one, several) = (one.plan.unwrap(), several.plan.unwrap());
        assert_eq!(one.secrets.len(), several.secrets.len());
        for (one, other) in one.steps.iter().zip(&several.steps) {
            assert_eq!(format!("{one:#?}"), format!("{other:#?}"));
        }
        assert_eq!(one.steps.len(), several.steps.len());
    }
}
