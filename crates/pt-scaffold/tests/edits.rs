//! Edits of polytope files, text in, text out.

use pt_scaffold::edit::{Include, NotEdited, add_step, include};
use pt_syntax::Format;

/// `<<<` is what stood there, `>>>` what stands there now; `=` if nothing changes, `! why` if it is refused.
const CASES: &str = include_str!("edits.txt");

#[test]
fn files_keep_their_comments_and_their_layout() {
    let mut wrong = String::new();
    for case in CASES.split("\n#### ").skip(1) {
        let (head, body) = case.split_once('\n').unwrap();
        let (old, expected) = body.split_once(">>>\n").unwrap();
        let old = old.strip_prefix("<<<\n").unwrap();
        let mut words: Vec<&str> = head.split(' ').collect();
        let format = match words[0] {
            "json" => Format::Json,
            "edn" => Format::Edn,
            _ => Format::Yaml,
        };
        if format != Format::Yaml {
            words.remove(0);
        }
        let edited = match words.as_slice() {
            ["include", path] => include(old, format, Include::Path(path)),
            ["repo", repo] => include(old, format, Include::Repo(repo)),
            ["step", tool, call] => add_step(old, format, tool, call),
            other => panic!("{other:?}"),
        };
        let shown = match edited {
            Ok(Some(text)) => text,
            Ok(None) => "=\n".to_owned(),
            Err(NotEdited { why }) => format!("! {why}\n"),
        };
        if shown.trim_end() != expected.trim_end() {
            wrong.extend(["#### ", head, "\n", old, "--- expected\n", expected, "--- got\n", &shown, "\n"]);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn line_ends_stay_as_they_are() {
    let edited = include("include:\r\n  - a\r\n", Format::Yaml, Include::Path("b"));
    assert_eq!(edited, Ok(Some("include:\r\n  - a\r\n  - b\r\n".to_owned())));
    assert_eq!(
        include("include:\n  - a", Format::Yaml, Include::Path("b")),
        Ok(Some("include:\n  - a\n  - b".to_owned()))
    );
    let json = include("{\r\n  \"include\": []\r\n}", Format::Json, Include::Path("b"));
    assert_eq!(json, Ok(Some("{\r\n  \"include\": [\"b\"]\r\n}".to_owned())));
}
