//! Compose files and what they become: `tests/imports/NAME/compose.yaml` beside `polytope.yml`, which also lists, as
//! comments, the settings and what was left out. `UPDATE=1` writes what came out; read it before you commit it.
//!
//! With `POLYTOPE_COMPOSE_EXAMPLES` naming a checkout of Compose files of others, these are imported and planned too.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere and say why")]

mod common;
mod vanish;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use common::{Anything, Disk};
use pt_convert::{Imported, import};
use pt_plan::{Request, plan};
use pt_spec::{Project, World};
use pt_syntax::{Severity, Sources, Style, render};

/// A disk on which one file has this text.
struct With<'a>(&'a Path, &'a str);

impl World for With<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        if path == self.0 { Ok(self.1.to_owned()) } else { Disk.read(path) }
    }

    fn exists(&self, path: &Path) -> bool {
        path == self.0 || Disk.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        Disk.is_dir(path)
    }
}

fn yaml(imported: &Imported) -> String {
    serde_saphyr::to_string(&imported.file).unwrap()
}

/// What is wrong with the plans of its templates.
fn mistakes(file: &Path, text: &str) -> String {
    let loaded = Project::load(&With(file, text), file.to_owned());
    let mut found = loaded.diagnostics;
    for definition in
        loaded.project.definitions().filter(|definition| definition.kind == pt_spec::Kind::Template)
    {
        let reference = definition.id.text.clone();
        let planned = plan(&loaded.project, &[vec![Request { reference, ..Request::default() }]], &Anything);
        found.extend(planned.diagnostics);
    }
    found.retain(|found| found.severity == Severity::Error);
    render(&found, loaded.project.sources(), Style::default())
}

#[test]
fn compose_files_become_polytope_files() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
    let mut different = Vec::new();
    for dir in fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()) {
        let mut sources = Sources::default();
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let path = dir.join("compose.yaml");
        let imported = import(&mut sources, &Disk, std::slice::from_ref(&path))
            .unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        let mut text = yaml(&imported);
        assert_eq!(mistakes(&dir.join("polytope.yml"), &text), "", "{name}\n{text}");
        for setting in &imported.settings {
            writeln!(text, "# {setting:?}").unwrap();
        }
        for note in &imported.notes {
            let lines = note.labels.iter().map(|label| sources.position(label.span).line.to_string());
            writeln!(text, "# line {}: {}", lines.collect::<Vec<_>>().join(", "), note.message).unwrap();
        }
        let expected = dir.join("polytope.yml");
        if env::var_os("UPDATE").is_some() {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            different.push(format!("{name}:\n{text}"));
        }
    }
    assert!(different.is_empty(), "not as expected (UPDATE=1 writes them):\n{}", different.join("\n"));
}

/// `tests/keys.txt`: keys of a service, one by one, what each adds to its module and its steps, and what is said of it.
#[test]
fn every_key_is_carried_over_or_spoken_of() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys.txt");
    let expected = fs::read_to_string(&file).unwrap();
    let (without, _) = of_key("").unwrap();
    let mut text = String::new();
    for line in expected.lines() {
        let Some(key) = line.strip_prefix("== ") else {
            if line.starts_with('#') {
                writeln!(text, "{line}").unwrap();
            }
            continue;
        };
        writeln!(text, "\n== {key}").unwrap();
        let (with, notes) = match of_key(key) {
            Ok(became) => became,
            Err(reasons) => {
                reasons.iter().for_each(|reason| writeln!(text, "! {reason}").unwrap());
                continue;
            }
        };
        let added: Vec<&str> =
            with.lines().filter(|line| !without.lines().any(|known| known == *line)).collect();
        assert!(!(added.is_empty() && notes.is_empty()) || AS_ALWAYS.contains(&key), "lost: {key}");
        added.iter().for_each(|line| writeln!(text, "{line}").unwrap());
        notes.iter().for_each(|note| writeln!(text, "> {note}").unwrap());
    }
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert!(
        env::var_os("UPDATE").is_some() || text == expected,
        "not as expected (UPDATE=1 writes it):\n{text}"
    );
}

/// What Polytope does anyway.
const AS_ALWAYS: [&str; 14] = [
    "volumes: !reset []",
    "healthcheck: {test: [NONE]}",
    "init: true",
    "tty: true",
    "stdin_open: true",
    "restart: \"no\"",
    "pull_policy: missing",
    "attach: true",
    "x-own: a",
    "attach: false",
    "networks: [front]",
    "healthcheck: {disable: true}",
    "stdin_open: false",
    "tty: false",
];

/// The file with a service that has a key, and what is said of it; or why Compose refuses it.
fn of_key(key: &str) -> Result<(String, Vec<String>), Vec<String>> {
    let path = Path::new("/shop/compose.yaml");
    let text = with_key(key);
    let said = |note: &pt_syntax::Diagnostic| {
        let hints: String = note.hints.iter().map(|hint| format!(" ({hint})")).collect();
        format!("{}{hints}", note.message)
    };
    match import(&mut Sources::default(), &With(path, &text), &[path.to_owned()]) {
        Ok(imported) => {
            let file = yaml(&imported);
            assert_eq!(mistakes(Path::new("/shop/polytope.yml"), &file), "", "{key}\n{file}");
            let notes = imported.notes.iter().map(said);
            Ok((file, notes.filter(|note| !note.starts_with("Nothing uses ")).collect()))
        }
        Err(errors) => Err(errors.iter().map(said).collect()),
    }
}

fn with_key(key: &str) -> String {
    format!(
        "services:\n  db: {{image: postgres}}\n  db2: {{image: postgres}}\n  web:\n    image: nginx\n    {key}\nnetworks: {{front: {{}}}}\n\
         volumes: {{data: {{}}, data2: {{}}, v2.x: {{}}}}\nconfigs: {{motd: {{content: hello}}, motd2: {{content: ho}}}}\n\
         secrets: {{token: {{environment: TOKEN}}, token2: {{environment: TOKEN2}}}}\n"
    )
}

#[test]
fn no_value_vanishes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys.txt");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("== ")).collect();
    let mut keys: Vec<&str> = lines.iter().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    keys.dedup();
    // Each key with values of every shape.
    let shapes = [
        "5",
        "-1",
        "0.5",
        "true",
        "false",
        "x",
        "\"x:y\"",
        "x=y",
        "/x",
        "512m",
        "1m30s",
        "[5]",
        "[x]",
        "[x=y]",
        "[true]",
        "[[x]]",
        "[{a: b}]",
        "{a: b}",
        "{a: 5}",
        "{a: [b]}",
        "{a: {b: c}}",
        "\"${A:-x}\"",
        "\"${A:-5}\"",
        "\"${A:-${B:-x}}\"",
        "[\"${A:-x}\"]",
        "{a: \"${A:-x}\"}",
        "\"${A?why}\"",
        "Some.Name",
        "[Some.Name]",
    ];
    let every = keys.iter().flat_map(|key| shapes.iter().map(move |shape| format!("{key}: {shape}")));
    let every: Vec<String> = lines.iter().map(|line| (*line).to_owned()).chain(every).collect();
    let path = Path::new("/shop/compose.yaml");
    let mut found = Vec::new();
    for key in every.iter().filter(|key| !NO_TRACE.iter().any(|own| key.starts_with(own))) {
        let vanished = vanish::vanished(path, &with_key(key), &["services", "web"]);
        found.extend(vanished.into_iter().flatten().map(|what| format!("{key}: {what}")));
    }
    let top = [
        "name",
        "driver",
        "driver_opts",
        "external",
        "labels",
        "file",
        "content",
        "environment",
        "template_driver",
        "internal",
        "ipam",
        "attachable",
        "enable_ipv4",
        "enable_ipv6",
    ];
    for section in ["volumes", "networks", "configs", "secrets"] {
        for (key, shape) in top.iter().flat_map(|key| shapes.iter().map(move |shape| (key, shape))) {
            let used = if section == "volumes" { "a:/a" } else { "a" };
            let text = format!(
                "services: {{web: {{image: nginx, {section}: [\"{used}\"]}}}}\n{section}: {{a: {{{key}: {shape}}}}}\n"
            );
            let vanished = vanish::vanished(path, &text, &[section, "a"]);
            found.extend(
                vanished.into_iter().flatten().map(|what| format!("{section}: {key}: {shape}: {what}")),
            );
        }
    }
    assert!(found.is_empty(), "these leave no trace:\n{}", found.join("\n"));
}

/// What needs none: Polytope does so whatever they say, or they are for others to read.
const NO_TRACE: [&str; 4] = ["attach", "x-own", "image", "imagee"];

#[test]
fn public_examples_can_be_imported_and_planned() {
    let Some(root) = env::var_os("POLYTOPE_COMPOSE_EXAMPLES").map(PathBuf::from) else {
        println!("SKIPPED: POLYTOPE_COMPOSE_EXAMPLES names no checkout of Compose files");
        return;
    };
    let mut files = Vec::new();
    compose_files(&root, &mut files);
    // So many of so many in each checkout, by its name.
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut refused, mut bad) = (Vec::new(), Vec::new());
    for path in &files {
        let within = path.strip_prefix(&root).unwrap();
        let checkout = within.iter().next().unwrap().to_string_lossy().into_owned();
        if REFUSED.iter().any(|(file, _)| within.ends_with(file)) {
            assert!(
                import(&mut Sources::default(), &Disk, std::slice::from_ref(path)).is_err(),
                "{}",
                path.display()
            );
            continue;
        }
        let (good, all) = counts.entry(checkout).or_default();
        *all += 1;
        let mut sources = Sources::default();
        match import(&mut sources, &Disk, std::slice::from_ref(path)) {
            Err(errors) => {
                let why = render(&errors, &sources, Style::default());
                refused.push(format!("{}\n{why}", within.display()));
            }
            Ok(imported) => {
                let text = yaml(&imported);
                let mistakes = mistakes(&path.with_file_name("polytope.yml"), &text);
                if mistakes.is_empty() {
                    *good += 1;
                } else {
                    bad.push(format!("{}\n{text}\n{mistakes}", path.display()));
                }
            }
        }
    }
    println!("refused:\n{}", refused.join("\n"));
    for (file, why) in REFUSED {
        println!("rightly refused: {file}: {why}");
    }
    for (checkout, (good, all)) in &counts {
        println!("{checkout}: {good} of {all} imported and planned");
    }
    let good: usize = counts.values().map(|(good, _)| good).sum();
    let all: usize = counts.values().map(|(_, all)| all).sum();
    println!("all: {good} of {all} imported and planned, {:.1} %", percent(good, all));
    assert!(bad.is_empty(), "imported, but cannot be planned:\n{}", bad.join("\n\n"));
    assert!(percent(good, all) >= 95.0, "too many were refused");
}

/// Files that Compose itself refuses.
const REFUSED: [(&str, &str); 8] = [
    ("testdata/compose-depends-on-cycle.yaml", "its services wait for each other"),
    ("testdata/compose-depends-on-self.yaml", "a service waits for itself"),
    (
        "testdata/compose-depends-on-profile-no-cycle.yaml",
        "its services wait for each other; no test of compose-go reads it",
    ),
    ("testdata/extends/base.yaml", "a service without image and build, for others to extend"),
    ("testdata/compose-include-cycle.yaml", "it includes itself"),
    (
        "remote/cycle/compose-cycle.yaml",
        "it extends a file of `remote:`, which only tests of compose-go can read",
    ),
    ("remote/cycle/compose.yaml", "the same"),
    ("remote/nested/compose.yaml", "the same"),
];

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

/// All files that look like Compose files: by their names, or because they declare services.
fn compose_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            compose_files(&path, found);
        } else if (name.ends_with(".yml") || name.ends_with(".yaml"))
            && (name.contains("compose")
                || fs::read_to_string(&path)
                    .is_ok_and(|text| text.starts_with("services:") || text.contains("\nservices:")))
        {
            found.push(path);
        }
    }
}
