//! Where a piece of code was written, however it was written.

mod common;
mod files;

use common::Settings;
use files::Files;
use pt_plan::{Does, Request, plan};
use pt_spec::Project;

#[test]
fn a_piece_of_code_is_found_in_its_file() {
    let yaml = r##"
modules:
- {id: plain, code: '#pt-js wrong + 1'}
- {id: quoted, code: "#pt-js \"a\" + wrong"}
- {id: bare, code: (inc wrong)}
- id: block
  code: |
    #pt-clj
    (let [a 1]
      (+ a wrong))
- id: late
  code: |-
    pt.clj (pt/value
       wrong)
"##;
    let files = Files::default().with("/p/polytope.yml", yaml);
    let project = Project::load(&files, "/p/polytope.yml".into()).project;
    for (module, line) in [("plain", 3), ("quoted", 4), ("bare", 5), ("block", 10), ("late", 14)] {
        let request = Request { reference: module.to_owned(), ..Request::default() };
        let plan = plan(&project, &[vec![request]], &Settings::default()).plan.unwrap();
        let Does::Code(call) = &plan.steps[0].does else { panic!("{module} runs no code") };
        let start = call.snippet.text.find("wrong").unwrap();
        let place = call.place(project.sources(), start..start + "wrong".len());
        assert_eq!(project.sources().slice(place), "wrong", "{module}");
        assert_eq!(project.sources().position(place).line, line, "{module}");
    }
}
