//! How long it takes to read, to check and to plan projects of many modules.
//!
//! `cargo run --release --workspace --example scale` generates projects of 100, 1,000 and 10,000 modules in memory: one
//! template of all of them, three levels of wrapping, references and one small piece of code in the args of each. With a
//! number, only a project of that many modules, so that a profiler sees nothing else.

#![expect(clippy::print_stdout, reason = "its output is the measurement")]

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pt_model::{HostDirs, Text};
use pt_plan::{Around, Does, Named, Request, check, plan_on_threads};
use pt_spec::{Project, World};

/// As the command has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The best of so many: what the machine does besides is not of interest.
const TURNS: usize = 9;

fn main() {
    let only = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let counts: Vec<usize> = only.map_or_else(|| vec![100, 1_000, 10_000], |count| vec![count]);
    let titles = ["modules", "bytes", "load", "check", "plan", "together", "median"];
    println!("{}", titles.map(|title| format!("{title:>10}")).join(" "));
    for count in counts {
        let file = OneFile(generated(count));
        let mut all: Vec<Took> = (0..TURNS).map(|_| measured(&file, count)).collect();
        all.sort_by_key(Took::together);
        let Took { load, check, plan } = all[0];
        let times = [load, check, plan, all[0].together(), all[all.len() / 2].together()];
        let times = times.map(|time| format!("{:>7.1} ms", time.as_secs_f64() * 1000.0)).join(" ");
        println!("{count:>10} {:>10} {times}", file.0.len());
    }
}

#[derive(Clone, Copy)]
struct Took {
    load: Duration,
    check: Duration,
    plan: Duration,
}

impl Took {
    fn together(&self) -> Duration {
        self.load + self.check + self.plan
    }
}

fn measured(file: &OneFile, count: usize) -> Took {
    let start = Instant::now();
    let loaded = Project::load(file, PathBuf::from("/project/polytope.yml"));
    let load = start.elapsed();
    let start = Instant::now();
    let root = Path::new("/project");
    let dirs = HostDirs { home: None, working_dir: root, root };
    let found = check(&loaded, &Around { named: &Settings, world: file, dirs });
    let check = start.elapsed();
    let start = Instant::now();
    let request = Request { reference: "all".to_owned(), ..Request::default() };
    let planned = plan_on_threads(&loaded.project, &[vec![request]], &Settings);
    let plan = start.elapsed();
    assert!(found.is_empty(), "{found:?}");
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
    let steps = planned.plan.map(|plan| plan.steps).unwrap_or_default();
    assert_eq!(steps.iter().filter(|step| matches!(step.does, Does::Code(_))).count(), count);
    Took { load, check, plan }
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
"
        );
        if at % 3 == 0 {
            _ = write!(
                text,
                "  - id: env
    info: Environment variables.
    type: [maybe, [env-var]]
  module: polytope/container
  args:
    image: registry.example.com/{{pt.param name}}:{{pt.value tag}}
    id: pt.param name
    cmd: [serve, --port, \"#pt-clj (str (:port params))\"]
    env: pt.param env
    services: [{{id: service-{at}, ports: [{{port: pt.param port, protocol: http}}]}}]
"
            );
            continue;
        }
        _ = write!(
            text,
            "  - id: level
    info: How much it tells.
    type: [default, str, info]
  module: service-{}
  args:
    port: \"#pt-clj (inc (:port params))\"
    name: pt.param name
",
            at - 1
        );
        text.push_str(match at % 3 {
            1 => {
                "    env:
    - {name: PASSWORD, value: pt.secret password}
    - {name: LEVEL, value: pt.param level}
"
            }
            _ => "    level: \"{pt.param level}-{pt.value level}\"\n",
        });
    }
    text.push_str("templates:\n- id: all\n  run:\n");
    for at in 0..count {
        _ = match at {
            0 => writeln!(text, "  - service-0"),
            _ => writeln!(
                text,
                "  - {{module: service-{at}, args: {{port: {}}}, after: {{step: service-{}, condition: ready}}}}",
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
