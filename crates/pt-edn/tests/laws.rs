//! Laws over any text.

use proptest::prelude::*;
use pt_edn::{Mode, Reader, read_clojure, read_edn};

/// Pieces of notation, likely and unlikely, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "#{",
        "#(",
        "#\"",
        "\"",
        "\\",
        "#_",
        "#?",
        "#?@",
        "#:a",
        "##",
        "^",
        "'",
        "`",
        "~",
        "@",
        "~@",
        "#'",
        ":a",
        ":",
        "::",
        "a",
        "a/b",
        "/",
        "1",
        "-1",
        "1/2",
        "1.5",
        "1e5",
        "0x",
        "2r",
        "N",
        "M",
        "nil",
        "%",
        " ",
        "\n",
        ";",
        ",",
        "é",
        "\u{a0}",
        "\\u",
        "\\newline",
        ":clj",
        "#inst",
        "#=",
        "\\ud800",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC*") {
        drop((read_edn(&text), read_clojure(&text)));
    }

    #[test]
    fn reading_soup_never_panics_and_ends(text in soup()) {
        for mode in [Mode::Edn, Mode::Clojure] {
            let mut reader = Reader::with_mode(&text, mode);
            while let Some(form) = reader.read_next() {
                let span = match form { Ok(form) => form.span, Err(error) => error.span };
                prop_assert!(text.get(span.start..span.end).is_some());
            }
        }
    }

    #[test]
    fn what_is_printed_reads_as_the_same(text in soup()) {
        if let Ok(forms) = read_clojure(&text) {
            let printed: Vec<String> = forms.iter().map(ToString::to_string).collect();
            let again = read_clojure(&printed.join(" ")).unwrap();
            let reprinted: Vec<String> = again.iter().map(ToString::to_string).collect();
            prop_assert_eq!(printed, reprinted);
        }
    }
}
