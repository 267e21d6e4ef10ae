//! What is printed is read back as the same data, in every notation.

use pt_model::{Data, Map};
use pt_spec::plain;
use pt_syntax::{SourceId, parse};

use super::{Format, render};
use proptest::prelude::*;

fn data() -> impl Strategy<Value = Data> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "[ -~\n\t]{0,30}",
        "( {0,3}[a-z#:|>'\"\\\\-]{0,4} {0,2}\n){1,4}",
        prop::sample::select(vec![
            "on",
            "off",
            "yes",
            "no",
            "y",
            "null",
            "~",
            "",
            " ",
            "true",
            "FALSE",
            "017",
            "0o17",
            "0x1f",
            "1_000",
            "1:30",
            "1.5",
            ".inf",
            "-.inf",
            ".nan",
            "-",
            "- a",
            "? a",
            "a: b",
            "a:",
            ": a",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "---",
            "...",
            "--- a",
            "<<",
            "=",
            "2001-01-01",
            "12e03",
            "+1",
            "é",
            "\u{85}",
            "\u{2028}",
            "\u{feff}a",
            "a\u{feff}",
            "\u{7f}",
            "\u{1b}[0m",
            "\r",
            "a\r\nb",
            "a\rb",
            "\n",
            "\n\n",
            "a\n",
            "a\n\n",
            "\na",
            " a\nb",
            "a \nb",
            "\ta\nb",
            "a\n b\n",
            "  \n",
            "a\n  ",
            "\\u0041",
            "\u{1f600}",
            ":keyword",
            "#pt-clj (inc 1)",
            "pt.clj\n(f)\n",
            "(f)",
            "[1",
            "{",
            "\"",
            "'",
            "\\",
            "\\n",
        ])
        .prop_map(str::to_owned),
    ];
    let number = prop_oneof![any::<f64>(), (-1000i32..1000).prop_map(|n| f64::from(n) / 8.0)];
    let leaf = prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(Data::Int),
        number.prop_filter("numbers", |n| n.is_finite()).prop_map(Data::Float),
        text.clone().prop_map(|text| Data::from(&*text)),
    ];
    leaf.prop_recursive(4, 30, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Data::List),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| entries.into_iter().collect::<Data>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(data in data(), pretty in any::<bool>()) {
        for format in [Format::Yaml, Format::Json, Format::Edn] {
            let text = render(&data, format, pretty).unwrap();
            let parsed = parse(SourceId(0), &text, format.into());
            prop_assert!(parsed.diagnostics.is_empty(), "{format:?}\n{text}\n{:?}", parsed.diagnostics);
            prop_assert_eq!(plain(&parsed.document.root), data.clone(), "{:?}\n{}", format, text);
        }
    }
}

#[test]
fn texts_over_several_lines_are_blocks() {
    let code: Data = [("code".to_owned(), Data::from("#pt-clj\n(do\n  (f))\n"))].into_iter().collect();
    let text = render(&code, Format::Yaml, true).unwrap();
    assert_eq!(text, "code: |\n  #pt-clj\n  (do\n    (f))\n");
}
