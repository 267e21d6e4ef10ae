//! Code in texts: `#pt-clj (inc 1)`, `pt.js params.x`.

/// The languages that a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Clojure.
    Clojure,
    /// JavaScript.
    JavaScript,
    /// Python.
    Python,
}

impl Language {
    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clojure => "Clojure",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}

/// A piece of code in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'t> {
    /// Its language.
    pub language: Language,
    /// The code: what follows the prefix and the blanks on its line.
    pub body: &'t str,
    /// Where the body begins in the text.
    pub body_offset: usize,
    /// Written `pt.clj`, not `#pt-clj`: such code may ask for values and secrets while it runs.
    pub late: bool,
}

/// The prefixes of code, their language, and whether they are late.
pub(crate) const PREFIXES: [(&str, Language, bool); 6] = [
    ("#pt-clj", Language::Clojure, false),
    ("#pt-js", Language::JavaScript, false),
    ("#pt-py", Language::Python, false),
    ("pt.clj", Language::Clojure, true),
    ("pt.js", Language::JavaScript, true),
    ("pt.py", Language::Python, true),
];

/// The code that the text is, if it begins with a prefix and a blank.
pub(crate) fn read(text: &str) -> Option<Code<'_>> {
    let trimmed = text.trim_start();
    let prefixed = |(prefix, language, late): &(&str, Language, bool)| {
        let rest = trimmed.strip_prefix(prefix)?;
        let body = rest.trim_start_matches([' ', '\t']);
        let code = Code { language: *language, body, body_offset: text.len() - body.len(), late: *late };
        rest.starts_with(char::is_whitespace).then_some(code)
    };
    PREFIXES.iter().find_map(prefixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let table = [
            ("#pt-clj (inc 1)", "Clojure early \"(inc 1)\""),
            ("#pt-js parseInt(params['port'])", "JavaScript early \"parseInt(params['port'])\""),
            ("#pt-py 5 + 3", "Python early \"5 + 3\""),
            ("pt.clj (pt/value :x)", "Clojure late \"(pt/value :x)\""),
            ("pt.js\nlet x = 1;\nx", "JavaScript late \"\\nlet x = 1;\\nx\""),
            ("pt.py  \n  x\n", "Python late \"\\n  x\\n\""),
            ("\n  #pt-clj\r\n  x", "Clojure early \"\\r\\n  x\""),
            ("#pt-clj pt.param x", "Clojure early \"pt.param x\""),
            ("#pt-clj", "none"),
            ("#pt-cljs x", "none"),
            ("pt.json x", "none"),
            ("pt.clj(inc 1)", "none"),
            ("x #pt-clj y", "none"),
        ];
        for (text, expected) in table {
            let shown = read(text).map_or_else(
                || "none".to_owned(),
                |code| {
                    assert_eq!(&text[code.body_offset..], code.body);
                    format!(
                        "{} {} {:?}",
                        code.language.name(),
                        if code.late { "late" } else { "early" },
                        code.body
                    )
                },
            );
            assert_eq!(shown, expected, "{text}");
        }
    }
}
