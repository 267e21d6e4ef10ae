//! How diagnostics look beyond single ones: order, groups, several files.

use pt_syntax::{Diagnostic, SourceId, Sources, Span, Style, render};

fn place(sources: &Sources, source: SourceId, text: &str, nth: usize) -> Span {
    let whole = &sources.get(source).text;
    let (start, _) = whole.match_indices(text).nth(nth).expect("the text occurs so often");
    Span {
        source,
        start: u32::try_from(start).expect("a short text"),
        end: u32::try_from(start + text.len()).expect("a short text"),
    }
}

fn plain(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    render(diagnostics, sources, Style::default())
}

#[test]
fn sorted_by_file_and_place_with_notes_and_hints() {
    let mut sources = Sources::default();
    let first = sources.add("polytope.yml", "modules:\n  - id: api\n    module: postgre\n");
    let second = sources.add("db/polytope.yml", "modules:\n  - id: postgres\n");
    let diagnostics = [
        Diagnostic::warning("unknown-key", "Unknown key").at(place(&sources, second, "id", 0), ""),
        Diagnostic::error("unknown-module", "No module, tool or template named 'postgre'.")
            .at(place(&sources, first, "postgre", 0), "not found")
            .at(place(&sources, second, "postgres", 0), "this one is called alike")
            .note("looked in 2 files")
            .hint("did you mean `postgres`?"),
        Diagnostic::error("no-docker", "Docker is not running").hint("start it"),
    ];
    let expected = "\
error[no-docker]: Docker is not running
 = help: start it

error[unknown-module]: No module, tool or template named 'postgre'.
 --> polytope.yml:3:13
  |
3 |     module: postgre
  |             ^^^^^^^ not found
  |
 ::: db/polytope.yml:2:9
  |
2 |   - id: postgres
  |         -------- this one is called alike
  |
  = note: looked in 2 files
  = help: did you mean `postgres`?

warning[unknown-key]: Unknown key
 --> db/polytope.yml:2:5
  |
2 |   - id: postgres
  |     ^^
";
    assert_eq!(plain(&diagnostics, &sources), expected);
}

#[test]
fn the_same_at_several_places_is_said_once() {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", "a: pt.value x\nb: pt.value x\nc: pt.value x\n");
    let said = |nth| {
        Diagnostic::error("unset-value", "Value 'x' is not set.")
            .at(place(&sources, source, "pt.value x", nth), "")
    };
    let expected = "\
error[unset-value]: Value 'x' is not set.
 --> polytope.yml:1:4
  |
1 | a: pt.value x
  |    ^^^^^^^^^^
  |
  = note: and at 2 more places: polytope.yml:2:4, polytope.yml:3:4
";
    assert_eq!(plain(&[said(2), said(0), said(1), said(0)], &sources), expected);
}

#[test]
fn a_cause_of_many_lines_is_underlined_on_its_first() {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", "# ü\nargs:\n  a: 1\n  b: 2\n");
    let said =
        Diagnostic::error("x", "Wrong").at(place(&sources, source, "args:\n  a: 1\n  b: 2", 0), "all of it");
    let expected = "\
error[x]: Wrong
 --> polytope.yml:2:1
  |
2 | args:
  | ^^^^^ all of it
";
    assert_eq!(plain(&[said], &sources), expected);
}

#[test]
fn nothing_and_the_end_of_the_text() {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", "a: 1");
    assert_eq!(plain(&[], &sources), "");
    let end = Span { source, start: 4, end: 4 };
    let beyond = Span { source, start: 900, end: 9000 };
    let expected = "error[x]: Wrong\n --> polytope.yml:1:5\n  |\n1 | a: 1\n  |     ^\n";
    assert_eq!(plain(&[Diagnostic::error("x", "Wrong").at(end, "")], &sources), expected);
    assert_eq!(plain(&[Diagnostic::error("x", "Wrong").at(beyond, "")], &sources), expected);
}

#[test]
fn colours_only_where_wanted() {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", "a: 1\n");
    let said = [Diagnostic::error("x", "Wrong").at(place(&sources, source, "1", 0), "")];
    assert!(render(&said, &sources, Style { color: true, width: 80 }).contains("\u{1b}["));
    assert!(!render(&said, &sources, Style { color: false, width: 80 }).contains('\u{1b}'));
}

#[test]
fn a_line_of_ten_megabytes() {
    let mut sources = Sources::default();
    let text = format!("a: {} pt.parm {}\n", "é".repeat(2_500_000), "x".repeat(5_000_000));
    let source = sources.add("polytope.yml", &*text);
    let said = [Diagnostic::error("x", "Wrong").at(place(&sources, source, "pt.parm", 0), "")];
    let shown = plain(&said, &sources);
    assert!(shown.contains("pt.parm") && shown.len() < 2000, "{shown}");
}
