//! How long it takes to read, to plan and to check projects of many modules.
//!
//! `cargo run --release -p pt-plan --example scale` generates projects of 100, 1,000 and 10,000 modules in memory: one
//! template of all of them, three levels of wrapping, references and one small piece of code in the args of each. With a
//! number, only a project of that many modules, so that a profiler sees nothing else.

#![expect(clippy::print_stdout, reason = "its output is the measurement")]

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pt_model::{HostDirs, Text};
use pt_plan::{Around, Does, Named, Request, check, plan};
use pt_spec::{Project, World};
use pt_syntax::Severity;

fn main() {
    let only = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let counts: Vec<usize> = only.map_or_else(|| vec![100, 1_000, 10_000], |count| vec![count]);
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "modules", "bytes", "load", "plan", "together", "median", "check"
    );
    for count in counts {
        let file = OneFile(generated(count));
        // The best of several: what the machine does besides is not of interest.
        let mut all: Vec<_> = (0..9).map(|_| measured(&file, count)).collect();
        all.sort_by_key(|(load, plan, _)| *load + *plan);
        let (load, plan, _) = all[0];
        let (median_load, median_plan, _) = all[all.len() / 2];
        let check = all.iter().map(|(.., check)| *check).min().unwrap_or_default();
        let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        println!(
            "{count:>8} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            file.0.len(),
            shown(load),
            shown(plan),
            shown(load + plan),
            shown(median_load + median_plan),
            shown(check)
        );
    }
}

fn measured(file: &OneFile, count: usize) -> (Duration, Duration, Duration) {
    let start = Instant::now();
    let loaded = Project::load(file, PathBuf::from("/project/polytope.yml"));
    let load = start.elapsed();
    let start = Instant::now();
    let request = Request { reference: "all".to_owned(), ..Request::default() };
    let planned = plan(&loaded.project, &[vec![request]], &Settings);
    let plan = start.elapsed();
    let start = Instant::now();
    let root = Path::new("/project");
    let dirs = HostDirs { home: None, working_dir: root, root };
    let found = check(&loaded, &Around { named: &Settings, world: file, dirs });
    let check = start.elapsed();
    assert!(found.iter().all(|found| found.severity == Severity::Warning), "{found:?}");
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
    let steps = planned.plan.map(|plan| plan.steps).unwrap_or_default();
    assert_eq!(steps.iter().filter(|step| matches!(step.does, Does::Code(_))).count(), count);
    (load, plan, check)
}

/// A polytope file with so many modules.
fn generated(count: usize) -> String {
    let mut text = String::from("modules:\n");
    for at in 0..count {
        // Writing to a string cannot fail.
        _ = write!(
            text,
            "\
- id: service-{at}
  info: Runs service {at}.
  params:
  - {{id: port, info: Where it listens., type: [default, int, 8080]}}
  - {{id: name, info: Its name., type: [default, str, service-{at}]}}
  - id: env
    info: Environment variables.
    type: [maybe, [env-var]]
"
        );
        _ = match at % 3 {
            0 => write!(
                text,
                "  module: polytope/container
  args:
    image: registry.example.com/{{pt.param name}}:{{pt.value tag}}
    id: pt.param name
    cmd: [serve, --port, \"#pt-clj (str (:port params))\"]
    env: pt.param env
    services: [{{id: service-{at}, ports: [{{port: pt.param port, protocol: http}}]}}]
"
            ),
            _ => write!(
                text,
                "  module: service-{}
  args:
    port: \"#pt-clj (inc (:port params))\"
    name: pt.param name
    env:
    - {{name: PASSWORD, value: pt.secret password}}
    - {{name: LEVEL, value: \"{{pt.value level}}\"}}
",
                at - 1
            ),
        };
    }
    text.push_str("templates:\n- id: all\n  run:\n");
    for at in 0..count {
        _ = match at {
            0 => writeln!(text, "  - service-0"),
            _ => writeln!(
                text,
                "  - {{module: service-{at}, args: {{port: {}}}, after: service-{}}}",
                1024 + at % 50_000,
                at / 2
            ),
        };
    }
    text
}

struct OneFile(String);

impl World for OneFile {
    fn read(&self, _: &Path) -> io::Result<String> {
        Ok(self.0.clone())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }
}

struct Settings;

impl Named for Settings {
    fn value(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn secret(&self, name: &str) -> Option<Text> {
        Some(Text::from(name))
    }
}
