//! Every mistake in `mistakes.md` is said as it stands there. `UPDATE=1` writes what is said now; read it before you
//! commit it.

use std::fmt::Write;

use pt_syntax::{Format, Sources, Style, TargetCall, parse, render};

#[test]
fn mistakes_read_as_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes.md");
    let written = std::fs::read_to_string(path).unwrap();
    let mut now = String::new();
    let mut blocks = written.split("```");
    while let Some(prose) = blocks.next() {
        now.push_str(prose);
        let (Some(input), Some(_), Some(_)) = (blocks.next(), blocks.next(), blocks.next()) else { break };
        write!(now, "```{input}```\n\n```text\n{}```", said(input)).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    assert!(now == written, "UPDATE=1 shows what changed:\n{now}");
}

/// A visible arrow stands for a tab.
fn said(block: &str) -> String {
    let (notation, text) = block.split_once('\n').expect("a notation and a text");
    let text = text.replace('→', "\t");
    let mut sources = Sources::default();
    let diagnostics = match notation {
        "args" => {
            let source = sources.add("<arguments>", text.trim_end());
            TargetCall::parse(source, text.trim_end()).1
        }
        extension => {
            let format = match extension {
                "yaml" => Format::Yaml,
                "json" => Format::Json,
                _ => Format::Edn,
            };
            let source = sources.add(format!("polytope.{extension}"), &*text);
            parse(source, &text, format).diagnostics
        }
    };
    assert!(!diagnostics.is_empty(), "nothing is said about {text:?}");
    render(&diagnostics, &sources, Style { color: false, width: 100 })
}
