//! Polytope files as people write them, and what a check says of them: in the documents of `tests/mistakes`, one for each
//! kind of mistake, and in the language reference in `docs/language`.
//!
//! A document holds polytope files (blocks marked `yaml`, `json` or `edn`, with a path unless it is the root file; a root
//! file begins a new project). A block marked `text` holds what `pt check` then says, one marked `plan TARGET` what
//! `pt plan TARGET` shows; lines `$ pt values set NAME DATA` in a block marked `sh` count. Files without a block of
//! findings have none. `UPDATE=1` writes what is seen; read it before you commit it.

#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]

mod common;
mod files;

use std::path::{Path, PathBuf};

use common::Settings;
use files::Files;
use pt_model::HostDirs;
use pt_plan::{Around, Request, check, plan, tree};
use pt_spec::{Project, find_root};
use pt_syntax::{Style, render};

#[test]
fn every_kind_of_mistake_is_told_at_its_place() {
    compare("tests/mistakes");
}

#[test]
fn the_examples_of_the_language_reference_are_true() {
    compare("../../docs/language");
}

#[test]
fn three_files_for_each_kind_of_mistake() {
    for path in documents("tests/mistakes") {
        let text = std::fs::read_to_string(&path).unwrap();
        let files = text.split("\n```text\n").skip(1).filter(|found| !found.starts_with("```")).count();
        let least = if path.ends_with("many.md") { 1 } else { 3 };
        assert!(files >= least, "{}: {files}", path.display());
    }
}

#[test]
fn ten_mistakes_are_ten_findings() {
    for name in ["many.md", "ten-of-notation.md"] {
        let path = documents("tests/mistakes").into_iter().find(|path| path.ends_with(name)).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let mut files = text.split("```text\n").skip(1).peekable();
        assert!(files.peek().is_some());
        for file in files {
            let found = file.split("```").next().unwrap();
            let found =
                found.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning["));
            assert_eq!(found.count(), 10, "{file}");
        }
    }
}

fn documents(dir: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths
}

fn compare(dir: &str) {
    let mut wrong = Vec::new();
    for path in documents(dir) {
        let written = std::fs::read_to_string(&path).unwrap();
        let document = seen(&written);
        wrong.extend(document.unexpected.iter().map(|found| format!("{}:\n{found}", path.display())));
        if document.text == written {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, document.text).unwrap();
        } else {
            wrong.push(format!("{}:\n{}", path.display(), difference(&written, &document.text)));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE=1 takes over what is seen", wrong.join("\n"));
}

/// A document as it should be.
#[derive(Default)]
struct Seen {
    text: String,
    /// Findings that no block tells.
    unexpected: Vec<String>,
}

fn seen(document: &str) -> Seen {
    let mut seen = Seen::default();
    let mut world = Files::default();
    let mut settings = Settings::default();
    let (mut open, mut told) = (false, false);
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else {
            seen.text.extend([line, "\n"]);
            continue;
        };
        let block: String =
            lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        let (kind, more) = kind.split_once(' ').unwrap_or((kind, ""));
        let shown = match kind {
            "yaml" | "json" | "edn" => {
                let name = if more.is_empty() {
                    if open && !told {
                        seen.unexpected.extend(findings(&world, &settings));
                    }
                    (world, settings, open, told) = (Files::default(), Settings::default(), true, false);
                    format!("polytope.{}", if kind == "yaml" { "yml" } else { kind })
                } else {
                    more.to_owned()
                };
                world = world.with(&format!("/project/{name}"), &block);
                block
            }
            "sh" => {
                for words in block.lines().map(|line| line.split(' ').collect::<Vec<_>>()) {
                    if let ["$", "pt", what, "set", name, data] = words.as_slice() {
                        let of = if *what == "values" { &mut settings.values } else { &mut settings.secrets };
                        of.insert((*name).to_owned(), data.trim_matches('\'').to_owned());
                    }
                }
                block
            }
            "text" => {
                told = true;
                findings(&world, &settings).unwrap_or_default()
            }
            "plan" => planned(&world, &settings, more),
            _ => block,
        };
        seen.text.extend([line, "\n", &shown, "```\n"]);
    }
    if open && !told {
        seen.unexpected.extend(findings(&world, &settings));
    }
    seen
}

fn findings(world: &Files, settings: &Settings) -> Option<String> {
    let root = find_root(world, Path::new("/project")).unwrap();
    let loaded = Project::load(world, root);
    let dirs = HostDirs {
        home: Some(Path::new("/home/you")),
        working_dir: Path::new("/project"),
        root: Path::new("/project"),
    };
    let found = check(&loaded, &Around { named: settings, world, dirs });
    (!found.is_empty()).then(|| render(&found, loaded.project.sources(), Style::default()))
}

fn planned(world: &Files, settings: &Settings, target: &str) -> String {
    let root = find_root(world, Path::new("/project")).unwrap();
    let loaded = Project::load(world, root);
    let request = Request { reference: target.to_owned(), ..Request::default() };
    tree(&plan(&loaded.project, &[vec![request]], settings).plan.unwrap())
}

/// The lines from the first that differs on.
fn difference(written: &str, seen: &str) -> String {
    let same = written.lines().zip(seen.lines()).take_while(|(written, seen)| written == seen).count();
    let from = |text: &str| text.lines().skip(same).take(30).collect::<Vec<_>>().join("\n");
    format!("line {}, written:\n{}\nseen:\n{}", same + 1, from(written), from(seen))
}
