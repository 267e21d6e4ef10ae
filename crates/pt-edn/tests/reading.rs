//! What the reader takes and refuses, one line each.

use pt_edn::{FormKind, Reader, Span, read_clojure, read_edn};

/// The forms of a text printed back, or `error: message [start..end]`.
fn shown(result: Result<Vec<pt_edn::Form>, pt_edn::ReadError>) -> String {
    match result {
        Ok(forms) => forms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => format!("error: {} [{}..{}]", error.message, error.span.start, error.span.end),
    }
}

/// Text; as EDN; as Clojure. An empty cell means: the same as the text.
const BOTH: &[(&str, &str)] = &[
    ("nil true false", ""),
    ("0 -7 +7 42N 9223372036854775808", "0 -7 7 42N 9223372036854775808N"),
    ("-9223372036854775808", ""),
    ("0x1F -0xff 017 2r101 36rZ 0x10N", "31 -255 15 5 35 16N"),
    ("1.0 1. -1.5e10 1e3 6.02E+23", "1.0 1.0 -15000000000.0 1000.0 6.02e23"),
    ("1.50M 3M", ""),
    ("1/2 2/4 4/2 -1/3", "1/2 1/2 2 -1/3"),
    ("##Inf ##-Inf ##NaN", ""),
    ("08", "error: Invalid number: 08 [0..2]"),
    ("1a", "error: Invalid number: 1a [0..2]"),
    ("1/0", "error: Divide by zero [0..3]"),
    (r"\a \newline \space \u0041 \o101 \\ \( \;", r"\a \newline \space \A \A \\ \( \;"),
    (r"\ü \:", ""),
    (r"\foo", r"error: Unsupported character: \foo [0..4]"),
    (r#""a\n\t\"\\\u00e9\101" "#, r#""a\n\t\"\\éA""#),
    ("\"two\nlines\"", "\"two\\nlines\""),
    (r#""\ud83d\ude00""#, "\"😀\""),
    (r#""\q""#, r"error: Unsupported escape character: \q [1..3]"),
    (r#""open"#, "error: EOF while reading string [0..1]"),
    ("a a/b a.b/c-d! / foo// -> +x .5a -a", ""),
    (":a :a/b :1 :a.b/c :a:b", ""),
    (": ", "error: Invalid token: : [0..1]"),
    ("a/ ", "error: Invalid token: a/ [0..2]"),
    ("() [] {} #{}", ""),
    ("(1 [2 {:a #{3}}])", ""),
    ("{:a 1 :b 2}", "{:a 1, :b 2}"),
    ("{:a}", "error: Map literal must contain an even number of forms [0..4]"),
    ("{:a 1 :a 2}", "error: Duplicate key: :a [6..8]"),
    ("#{1 1N}", "error: Duplicate key: 1N [4..6]"),
    ("[1 2", "error: EOF while reading [0..1]"),
    ("(1 [2)", "error: Unmatched delimiter: ) [5..6]"),
    ("#_ 1 2 #_ #_ 3 4 5 [#_6]", "2 5 []"),
    ("1 ; rest\n2 ;end", "1 2"),
    ("#inst \"2024-01-01\" #my/tag [1]", ""),
    ("#1 2", "error: Reader tag must be a symbol, not 1 [0..2]"),
    ("#", "error: EOF while reading dispatch character [0..1]"),
    ("\u{feff}1", "1"),
];

const CLOJURE: &[(&str, &str, &str)] = &[
    ("'a", "error: `'` is Clojure, not EDN data [0..1]", ""),
    ("@a `b ~c ~@d #'e", "error: `@` is Clojure, not EDN data [0..1]", ""),
    ("#(+ % 1)", "error: `#(` is Clojure, not EDN data [0..2]", ""),
    ("#(#(1))", "error: `#(` is Clojure, not EDN data [0..2]", "error: Nested #()s are not allowed [2..3]"),
    (r#"#"a\"\d""#, "error: `#\"` is Clojure, not EDN data [0..2]", ""),
    ("^:a ^{:b 1} x", "error: `^` is Clojure, not EDN data [0..1]", "^{:a true, :b 1} x"),
    ("^String x", "error: `^` is Clojure, not EDN data [0..1]", "^{:tag String} x"),
    (
        "^:a 1",
        "error: `^` is Clojure, not EDN data [0..1]",
        "error: Metadata can only be applied to IMetas [0..5]",
    ),
    ("[#?(:cljs 1 :clj 2) #?(:cljs 3)]", "error: `#?` is Clojure, not EDN data [1..3]", "[2]"),
    ("[0 #?@(:clj [1 2])]", "error: `#?` is Clojure, not EDN data [3..5]", "[0 1 2]"),
    (
        "#?@(:clj [1])",
        "error: `#?` is Clojure, not EDN data [0..2]",
        "error: Reader conditional splicing not allowed at the top level. [0..13]",
    ),
    ("#:a{:b 1 :c/d 2 :_/e 3}", "error: `#:` is Clojure, not EDN data [0..2]", "{:a/b 1, :c/d 2, :e 3}"),
    ("::k", "error: Invalid token: ::k [0..3]", ":user/k"),
    (
        "#=(f)",
        "error: `#=` is Clojure, not EDN data [0..2]",
        "error: Evaluation while reading (#=) is not allowed [0..1]",
    ),
    ("a' %1", "error: Invalid token: a' [0..2]", ""),
    ("1)", "error: Unmatched delimiter: ) [1..2]", "1"),
];

#[test]
fn notation_common_to_both() {
    for (text, expected) in BOTH {
        let expected = if expected.is_empty() { text } else { expected };
        assert_eq!(shown(read_edn(text)), *expected, "EDN: {text}");
        assert_eq!(shown(read_clojure(text)), *expected, "Clojure: {text}");
    }
}

#[test]
fn notation_of_clojure_alone() {
    for (text, edn, clojure) in CLOJURE {
        let clojure = if clojure.is_empty() { text } else { clojure };
        assert_eq!(shown(read_edn(text)), *edn, "EDN: {text}");
        assert_eq!(shown(read_clojure(text)), *clojure, "Clojure: {text}");
    }
}

#[test]
fn forms_know_where_they_stood() {
    let forms = read_edn(" {:ä [1 \"x\"]} ").unwrap();
    assert_eq!(forms[0].span, Span { start: 1, end: 14 });
    let FormKind::Map(pairs) = &forms[0].kind else { panic!("{forms:?}") };
    assert_eq!(pairs[0].0.span, Span { start: 2, end: 5 });
    assert_eq!(pairs[0].1.span, Span { start: 6, end: 13 });
}

#[test]
fn surplus_closing_brackets_are_skipped_with_a_warning() {
    let mut reader = Reader::new("(+ 1 2)) ] :last");
    let mut forms = Vec::new();
    while let Some(form) = reader.read_next() {
        forms.push(form.unwrap().to_string());
    }
    assert_eq!(forms, ["(+ 1 2)", ":last"]);
    let warned: Vec<_> =
        reader.warnings().iter().map(|warning| (warning.message.as_str(), warning.span.start)).collect();
    assert_eq!(warned, [("Unmatched delimiter: )", 7), ("Unmatched delimiter: ]", 9)]);
}

#[test]
fn forms_before_an_error_are_read() {
    let mut reader = Reader::new("1 (2");
    assert_eq!(reader.read_next().unwrap().unwrap().to_string(), "1");
    assert_eq!(reader.read_next().unwrap().unwrap_err().message, "EOF while reading");
    assert!(reader.read_next().is_none());
}

#[test]
fn deep_nesting_is_an_error() {
    for open in ["(", "[", "{", "#{", "'", "@", "#(", "^", "#_", "#a ", "~@", "#'", "#?(", "#?@("] {
        let error = read_clojure(&open.repeat(100_000)).unwrap_err();
        assert!(
            error.message.contains("nest") || error.message.contains("Nested"),
            "{open}: {}",
            error.message
        );
    }
}

#[test]
fn many_keys_are_checked_quickly() {
    let text: String = (0..50_000).map(|index| format!("{index} {index} ")).collect();
    assert!(read_edn(&format!("{{{text}}}")).is_ok());
    assert_eq!(read_edn(&format!("{{{text} 77 0}}")).unwrap_err().message, "Duplicate key: 77");
}
