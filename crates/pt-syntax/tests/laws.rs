//! Whatever the text: reading ends, soon, without a panic; places lie inside the text; what is said can be drawn.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use pt_syntax::{
    Format, ModuleRef, Node, NodeKind, Parsed, Reading, Sources, Style, TargetCall, near_miss, parse,
    references, render,
};

const FORMATS: [Format; 3] = [Format::Yaml, Format::Json, Format::Edn];

const SAMPLES: [&str; 4] = [
    "modules:\n  - id: api\n    info: 'The API'\n    params:\n      - {id: port, type: [default, int, 80]}\n    module: polytope/node\n    args:\n      env: &env\n        - {name: A, value: pt.param port}\n        - <<: *x\n      cmd: >-\n        sh -c \"a {pt.value b}\"\n      code: |\n        #pt-clj (inc 1)\n        x: [1, 2\n    # é\n",
    "templates:\n- id: dev\n  run: [a, {module: b, run-when: {after: a}}]\n  \"q\\u00e9\": \"\\x41\\n\"\n? k\n: v\n--- # x\n",
    "{\"modules\": [{\"id\": \"api\", \"args\": {\"port\": 80, \"x\": [null, true, -1.5e3]}}]}",
    "{:modules [{:id :x :module :polytope/node :params {:a #{1} :b \\a}} #_ 5] ; c\n :code (do #(inc %) \"s\") :r #\"a\" :i #inst \"x\"}",
];

fn read(text: &str, format: Format) -> Parsed {
    let mut sources = Sources::default();
    let source = sources.add("polytope", text);
    let before = Instant::now();
    let parsed = parse(source, text, format);
    let said = render(&parsed.diagnostics, &sources, Style::default());
    assert!(before.elapsed() < Duration::from_secs(30), "took {:?}", before.elapsed());
    assert_eq!(said.is_empty(), parsed.diagnostics.is_empty());
    for label in parsed.diagnostics.iter().flat_map(|said| &said.labels) {
        assert!(
            text.get(label.span.start as usize..label.span.end as usize).is_some(),
            "{:?}",
            parsed.diagnostics
        );
    }
    inside(&parsed.document.root, text);
    parsed
}

fn inside(node: &Node, text: &str) {
    assert!(text.get(node.span.start as usize..node.span.end as usize).is_some(), "{node:?}");
    if let NodeKind::Str(decoded) = &node.kind {
        let within = node.span_within(text, 0..decoded.len());
        assert!(text.get(within.start as usize..within.end as usize).is_some());
        match references(decoded) {
            Reading::Interpolated(_) | Reading::Whole(_) | Reading::Code(_) | Reading::Literal => {}
        }
        near_miss(decoded);
    }
    for entry in node.entries() {
        assert!(text.get(entry.key_span.start as usize..entry.key_span.end as usize).is_some(), "{entry:?}");
        inside(&entry.value, text);
    }
    node.items().iter().for_each(|item| inside(item, text));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,80}|[ \\t\\n\\r:{}\\[\\],'\"&*!|>%@#a-c0-2.<~?\\-]{0,60}|[()\\[\\]{}#_:;\"\\\\^'`~@ a-c0-2/]{0,60}") {
        for format in FORMATS {
            read(&text, format);
        }
        TargetCall::parse(pt_syntax::SourceId(0), &text);
        references(&text);
        near_miss(&text);
        if let Ok(parsed) = ModuleRef::parse(&text) {
            prop_assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        FORMATS.iter().for_each(|format| { read(&text, *format); });
    }

    #[test]
    fn mutilated_files(
        sample in 0..SAMPLES.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[ \\t\\n:{}\\[\\],'\"&*!|>#(a]{0,3}"), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let mut text: Vec<char> = SAMPLES[sample].chars().collect();
        for (at, length, insert) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, insert.chars());
            if text.is_empty() { text.push(' '); }
        }
        let whole: String = text.iter().collect();
        let cut: String = text[..end.index(text.len())].iter().collect();
        for text in [whole, cut] {
            FORMATS.iter().for_each(|format| { read(&text, *format); });
            TargetCall::parse(pt_syntax::SourceId(0), &text);
        }
    }
}

fn errors(parsed: &Parsed) -> Vec<&str> {
    parsed.diagnostics.iter().map(|said| said.id).collect()
}

#[test]
fn hostile_texts() {
    let laughs: String = ('b'..='k')
        .zip('a'..)
        .map(|(name, before)| format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")))
        .collect();
    let few_laughs = format!("a: &a [x, x, x]\n{laughs}");
    let laughs = format!("a: &a [x, x, x, x, x, x, x, x, x]\n{laughs}");
    let ladder: String = (1..200).map(|level| format!("l{level}: &l{level} [*l{}]\n", level - 1)).collect();
    let ladder = format!("l0: &l0 [x]\n{ladder}");
    let many_keys =
        |count: usize| (0..count).map(|at| format!("k{}: {at}\n", at % 50_000)).collect::<String>();
    let big = "x".repeat(10 << 20);
    let items = " {:id :x, :module :y}\n".repeat(30_000);
    let three_mistakes =
        format!("{{:a [\n{items} {{:id}}\n{items} {{:id [:x}}\n{items} {{:id :y :b 1/2}}]}}\n");
    let table = [
        ("laughs", Format::Yaml, laughs, vec!["too-many-aliases"]),
        ("fewer laughs", Format::Yaml, few_laughs, vec!["too-many-aliases"]),
        ("ladder of aliases", Format::Yaml, ladder, vec!["too-deep"]),
        ("deep flow", Format::Yaml, "[".repeat(200_000), vec!["too-deep"]),
        ("deep block", Format::Yaml, "- ".repeat(100_000), vec!["too-deep"]),
        (
            "deep maps",
            Format::Yaml,
            (0..5000).map(|at| format!("{}a:\n", " ".repeat(at))).collect(),
            vec!["too-deep"],
        ),
        ("deep JSON", Format::Json, "[".repeat(200_000), vec!["too-deep"]),
        ("deep closed JSON", Format::Json, "[".repeat(200) + &"]".repeat(200), vec!["too-deep"]),
        ("deep EDN", Format::Edn, "[".repeat(200_000), vec!["too-deep"]),
        ("NUL", Format::Yaml, "a: x\0y\n".to_owned(), vec!["not-text"]),
        ("NUL", Format::Json, "{\"a\": \0}".to_owned(), vec!["not-text"]),
        ("only NULs", Format::Edn, "\0".repeat(1000), vec!["not-text"]),
        ("10 MB scalar", Format::Yaml, format!("a: {big}\n"), vec![]),
        ("10 MB text", Format::Yaml, format!("a: '{big}'\n"), vec![]),
        ("10 MB string", Format::Json, format!("{{\"a\": \"{big}\"}}"), vec![]),
        ("10 MB EDN", Format::Edn, format!("{{:a \"{big}\"}}"), vec![]),
        (
            "1.5 MB with three mistakes",
            Format::Edn,
            three_mistakes,
            vec!["ratio", "odd-map", "unclosed-bracket"],
        ),
        (
            "wrong brackets",
            Format::Edn,
            "[".to_owned() + &"{:a (]} ".repeat(100_000) + "]",
            vec!["unmatched-bracket"; 50],
        ),
        ("10 MB unclosed", Format::Yaml, format!("a: '{big}\n"), vec!["unclosed-quote"]),
        ("many keys", Format::Yaml, many_keys(50_000), vec![]),
        ("many equal keys", Format::Yaml, many_keys(100_000), vec!["duplicate-key"; 200]),
        (
            "many quotes",
            Format::Yaml,
            "a: [".to_owned() + &"'x', ".repeat(100_000) + "\nb: 1",
            vec!["unclosed-bracket"],
        ),
        ("many comments", Format::Yaml, "# x\n".repeat(100_000) + "a: 1", vec![]),
        ("many braces", Format::Yaml, format!("a: '{}'", "{pt.".repeat(100_000)), vec![]),
        ("many references", Format::Yaml, format!("a: '{}'", "{pt.param x}".repeat(100_000)), vec![]),
    ];
    for (name, format, text, expected) in table {
        let before = Instant::now();
        assert_eq!(errors(&read(&text, format)), expected, "{name}");
        println!("{name}: {:?}", before.elapsed());
    }
}

#[test]
fn a_file_cut_off_anywhere_has_at_most_one_error_in_its_grammar() {
    for (sample, format) in SAMPLES.iter().zip([Format::Yaml, Format::Yaml, Format::Json, Format::Edn]) {
        for (end, _) in sample.char_indices() {
            let parsed = read(&sample[..end], format);
            let errors = errors(&parsed);
            let own = errors
                .iter()
                .filter(|id| !matches!(**id, "unknown-alias" | "merge-of-no-map" | "unknown-tag"))
                .count();
            assert!(own <= 1, "{errors:?} for {:?}", &sample[..end]);
        }
    }
}
