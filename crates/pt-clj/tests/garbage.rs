//! Whatever the text, there is a value or an error.

use proptest::prelude::*;
use pt_clj::{Context, Limits, Program};

/// Words and brackets of the language, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(",
        "(",
        "(",
        ")",
        ")",
        ")",
        "[",
        "]",
        "{",
        "}",
        "#{",
        "#(",
        "%",
        "\"s\"",
        ":k",
        "a",
        "b",
        "1",
        "-7",
        "2.5",
        "1/2",
        "nil",
        "'",
        "`",
        "~",
        "~@",
        "@",
        "^",
        "#'",
        "let [a 1]",
        "fn [a]",
        "fn",
        "loop [a 1]",
        "recur",
        "if",
        "do",
        "def",
        "defn",
        "defmacro",
        "letfn",
        "try",
        "catch Exception e",
        "finally",
        "throw",
        "case",
        "cond",
        "for [a [1 2]]",
        "doseq",
        "->",
        "->>",
        "some->",
        "cond->",
        "as->",
        "map",
        "filter",
        "reduce",
        "range",
        "apply",
        "str",
        "+",
        "/",
        "inc",
        "assoc",
        "get",
        "conj",
        "first",
        "rest",
        "nth",
        "subs",
        "take",
        "partition",
        "sort",
        "seq",
        "concat",
        "into",
        "comp",
        "partial",
        "swap!",
        "atom",
        "deref",
        "ex-info",
        "format",
        "\"%d %s\"",
        "str/join",
        "str/split",
        "re-find",
        "#\"a(b)\"",
        ".length",
        "Integer/parseInt",
        "Exception.",
        "&",
        ":keys",
        ":as",
        "quote",
        "eval",
        "lazy-seq",
        "binding",
        "var",
        "new",
        ".",
        "..",
        "and",
        "or",
        "when-let",
        "if-let",
        "vec",
        "bit-shift-left",
        "9223372036854775807",
        "*",
        "-",
        "quot",
        "mod",
        "Long/MAX_VALUE",
        "Long/MIN_VALUE",
        "\\a",
        "set",
        "hash-map",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.join(" "))
}

fn run(source: &str) {
    if let Ok(program) = Program::compile(source) {
        let limits = Limits { fuel: Some(200_000), ..Limits::default() };
        let result = program.run(&mut Context::new().with_limits(limits));
        if let Ok(value) = result {
            pt_clj::print::pr_str(&value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_text_does_not_panic(text in "\\PC*") {
        run(&text);
    }

    #[test]
    fn token_soup_does_not_panic(text in soup()) {
        run(&text);
        run(&format!("({text})"));
    }

    #[test]
    fn calls_of_anything_with_anything_do_not_panic(
        name in prop::sample::select(pt_clj::core_names()),
        args in prop::collection::vec(prop::sample::select(vec![
            "nil", "0", "-1", "3", "9223372036854775807", "-9223372036854775808", "1.5", "##NaN", "##Inf", "1/2", "10N", "\"\"", "\"abc\"", "\"é😀\"", ":k", "'s", "\\a",
            "[]", "[1 2 3]", "[[1 2]]", "{}", "{:a 1}", "#{}", "#{1}", "()", "'(1 2)", "(range 5)", "(map inc [1])", "inc", "+", "str",
            "(fn [x] x)", "(fn [a b] a)", "(atom 1)", "(delay 1)", "#\"a\"", "#\"\"", "(reduced 1)", "(ex-info \"m\" {})", "String", "true", "false",
        ]), 0..4),
    ) {
        run(&format!("({name} {})", args.join(" ")));
    }
}
