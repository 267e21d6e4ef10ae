//! What comes in and what comes out.

use pt_syntax::{Format, Sources, Style, render};

fn format(text: &str) -> Result<String, String> {
    let mut sources = Sources::default();
    let source = sources.add("polytope.yml", text);
    pt_format::format(source, text, Format::Yaml)
        .map_err(|found| render(&found, &sources, Style { color: false, ..Style::default() }))
}

/// Cases are separated by lines of `=`, what comes in from what comes out by lines of `-`. `·` is a blank, `→` a tab, `¶`
/// a line end, `¤` the end of a text without one.
#[test]
fn layouts() {
    for case in include_str!("layouts.txt").split("\n=====\n") {
        let (title, case) = case.split_once('\n').unwrap();
        let (before, after) = case.split_once("-----\n").expect(title);
        let real = |text: &str| {
            let text = format!("{}\n", text.trim_end_matches('\n'));
            text.replace('·', " ").replace('→', "\t").replace('¶', "\n").replace("¤\n", "")
        };
        let (before, after) = (real(before), real(after));
        let once = format(&before).unwrap_or_else(|said| panic!("{title}:\n{said}"));
        assert_eq!(once, after, "{title}:\n{once}");
        assert_eq!(format(&once).unwrap(), once, "{title}, again");
    }
}

#[test]
fn what_cannot_be_formatted_is_refused_with_its_place() {
    for (text, said) in [
        ("a: 1\n? b\n: 2\n", "keys with `?` are not known"),
        ("%YAML 1.2\n---\na: 1\n", "directives are not known"),
        ("a: [1\n", "bracket"),
        ("a: 1\n---\nb: 1\n", "holds one document"),
    ] {
        let found = format(text).unwrap_err();
        assert!(found.contains(said), "{found}");
    }
}

#[test]
fn line_ends_stay_what_most_of_them_are() {
    assert_eq!(format("a:   |\r\n   x\r\nb: 1").unwrap(), "a: |\r\n  x\r\nb: 1\r\n");
    assert_eq!(format("\u{feff}a:  1\r\nb: 1\nc: 1\n").unwrap(), "a: 1\nb: 1\nc: 1\n");
    assert_eq!(format("a: |\n  x\nb: |-\n  y\r").unwrap(), "a: |\n  x\nb: |-\n  y\n");
    assert_eq!(format("").unwrap(), "");
    assert_eq!(format("\n\n").unwrap(), "");
    assert_eq!(format("\n# only\n\n\n# comments").unwrap(), "# only\n\n# comments\n");
}
