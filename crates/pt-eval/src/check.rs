//! What is wrong with code that nobody has run yet.

use std::ops::Range;

use crate::function::{self, Refusal};
use crate::{EvalError, Language, Occasion, Snippet, calls, clojure, javascript, python};

/// A mistake in code, found without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What kind of mistake.
    pub kind: MistakeKind,
    /// What is wrong, in a line.
    pub message: String,
    /// Where, in bytes of the snippet's text.
    pub range: Option<Range<usize>>,
    /// The way out.
    pub hint: Option<String>,
    /// What was probably meant at the place, as it is written there.
    pub meant: Option<String>,
}

/// The kinds of mistakes that show without running the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    /// It cannot be read.
    Syntax,
    /// A name that means nothing.
    UnknownName,
    /// A function that the runner does not have.
    UnknownFunction,
    /// A function that may not be called in args.
    NotInArgs,
    /// `pt/value` or `pt/secret` in code whose prefix does not allow them.
    NeedsSettings,
}

/// The mistake that keeps a piece of code from being read at all, if there is one.
pub fn unreadable(snippet: &Snippet<'_>) -> Option<Mistake> {
    match snippet.language {
        Language::Clojure => clojure::unreadable(snippet),
        Language::JavaScript => javascript::check(snippet).map(syntax),
        Language::Python => python::check(snippet).map(syntax),
    }
}

/// The mistakes in a piece of code: in its syntax, names that mean nothing, and calls of the runner that it refuses.
/// `names` are those that the code is given beside `params` and `inputs`.
pub fn check(snippet: &Snippet<'_>, occasion: Occasion, names: &[&str]) -> Vec<Mistake> {
    let unread = match snippet.language {
        Language::Clojure => clojure::check(snippet, occasion, names),
        Language::JavaScript => javascript::check(snippet).into_iter().map(syntax).collect(),
        Language::Python => python::check(snippet).into_iter().map(syntax).collect(),
    };
    if unread.iter().any(|mistake| mistake.kind == MistakeKind::Syntax) {
        return unread;
    }
    let unknown = match snippet.language {
        Language::JavaScript => javascript::unknown_names(snippet, names),
        Language::Python => python::unknown_names(snippet, names),
        Language::Clojure => Vec::new(),
    };
    let mut found: Vec<Mistake> = calls::runner_names(snippet.language, snippet.text)
        .into_iter()
        .filter_map(|range| runner_name(snippet, occasion, range))
        .collect();
    found.extend(unread);
    found.extend(unknown);
    found
}

/// What is wrong with a name of the runner: `pt/spawn`, `pt.spawn`.
fn runner_name(snippet: &Snippet<'_>, occasion: Occasion, range: Range<usize>) -> Option<Mistake> {
    let written = &snippet.text[range.clone()];
    let language = snippet.language;
    let name = function::meant(&written[3..], language);
    let prefix = match language {
        Language::Clojure => "clj",
        Language::JavaScript => "js",
        Language::Python => "py",
    };
    let mut meant = None;
    let (kind, message, hint) = match function::find(&name, occasion, snippet.settings).err()? {
        Refusal::Unknown { near } => {
            meant = near.map(|near| function::called(near, language));
            (
                MistakeKind::UnknownFunction,
                format!("The runner has no function {written}"),
                meant.as_ref().map(|near| format!("did you mean {near}?")),
            )
        }
        Refusal::NeedsSettings => (
            MistakeKind::NeedsSettings,
            format!("{written} is only for code that begins with `pt.{prefix}`"),
            Some(format!(
                "begin the code with `pt.{prefix}`, or pass it through args as a param (`pt.{name} …`)"
            )),
        ),
        Refusal::NotInArgs => (
            MistakeKind::NotInArgs,
            format!("{written} cannot be used in args"),
            Some("code in args computes; move what waits or acts to the `code:` of a module".to_owned()),
        ),
    };
    Some(Mistake { kind, message, range: Some(range), hint, meant })
}

pub(crate) fn syntax(error: EvalError) -> Mistake {
    let EvalError { message, range, hint, .. } = error;
    Mistake { kind: MistakeKind::Syntax, message, range, hint, meant: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(language: Language, text: &str, occasion: Occasion) -> String {
        let snippet = Snippet { language, text, settings: false };
        let shown = |mistake: &Mistake| {
            let place = mistake.range.clone().map_or("", |range| &text[range]);
            format!("{:?} at {place}: {}", mistake.kind, mistake.message)
        };
        check(&snippet, occasion, &[]).iter().map(shown).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn clojure() {
        use Occasion::{Args, Code};
        for (text, occasion, expected) in [
            ("(inc (:x params))", Args, ""),
            ("(let [x 1] (pt/log x) (pt/spawn {:image \"a\"}))", Code, ""),
            ("(defn f [x] (g x)) (defn g [x] x)", Code, "UnknownName at g: Unable to resolve symbol: g"),
            (
                "(defmacro twice [x] `(do ~x ~x)) (twice (foo))",
                Code,
                "UnknownName at (twice (foo)): Unable to resolve symbol: foo",
            ),
            ("(inc (", Args, "Syntax at (: Unmatched delimiter: ( is never closed"),
            ("(pt/spwan {})", Code, "UnknownFunction at pt/spwan: The runner has no function pt/spwan"),
            ("\"(pt/spwan)\" ; (pt/spwan)\n:pt/spwan", Code, ""),
            ("(pt/spawn {})", Args, "NotInArgs at pt/spawn: pt/spawn cannot be used in args"),
            (
                "(pt/value :x)",
                Code,
                "NeedsSettings at pt/value: pt/value is only for code that begins with `pt.clj`",
            ),
            ("pt/module-repo-ref", Args, ""),
        ] {
            let seen = shown(Language::Clojure, text, occasion);
            let same =
                if expected.starts_with("Syntax") { seen.starts_with("Syntax") } else { seen == expected };
            assert!(same, "{text}\n{seen}");
        }
    }

    #[test]
    fn python() {
        use Occasion::{Args, Code};
        for (text, occasion, expected) in [
            ("params['x'] + 1", Args, ""),
            ("  x = 1\n  print(x, nam)\n", Code, "UnknownName at nam: Nothing is named nam"),
            (
                "pt.spwan(x)",
                Code,
                "UnknownFunction at pt.spwan: The runner has no function pt.spwan; UnknownName at x: Nothing is named x",
            ),
            (
                "f'{é} {nobody}' # pt.spwan()",
                Code,
                "UnknownName at é: Nothing is named é; UnknownName at nobody: Nothing is named nobody",
            ),
            ("pt.await_done(1)", Args, "NotInArgs at pt.await_done: pt.await_done cannot be used in args"),
        ] {
            assert_eq!(shown(Language::Python, text, occasion), expected, "{text}");
        }
    }

    #[test]
    fn javascript() {
        use Occasion::{Args, Code};
        for (text, occasion, expected) in [
            ("return params.x", Args, ""),
            ("pt.log('a'); nobody.knows(this)", Code, "UnknownName at nobody: Nothing is named nobody"),
            (
                "const {a, b: [c]} = params; for (const d of c) f(d, e); function f(x) { return x + y }",
                Code,
                "UnknownName at e: Nothing is named e; UnknownName at y: Nothing is named y",
            ),
            ("total = 1; typeof nobody; total + JSON.parse('1') + globalThis.x + undefined", Code, ""),
            ("try { 1 } catch (e) { e } (function () { return arguments.length })()", Code, ""),
            ("if (true) {\n  1\n", Code, "Syntax at 1: The code ends too early"),
            ("f(1, 'abc", Code, "Syntax at 'abc: This string never ends"),
            ("let x = ;", Code, "Syntax at ;: SyntaxError: unexpected token in expression: ';'"),
            ("pt.spwan({})", Code, "UnknownFunction at pt.spwan: The runner has no function pt.spwan"),
            ("'pt.spwan()' // pt.spwan()\n/* pt.spwan() */ `pt.spwan()`", Code, ""),
            ("pt.awaitDone(1)", Args, "NotInArgs at pt.awaitDone: pt.awaitDone cannot be used in args"),
            ("pt.param('x') + pt.moduleRepoRef", Args, ""),
        ] {
            assert_eq!(shown(Language::JavaScript, text, occasion), expected, "{text}");
        }
    }

    #[test]
    fn nesting_does_not_end_the_process() {
        let many = |text: &str| text.repeat(12_000);
        for text in [
            format!("let x = 1{}", many("+1")),
            format!("params{}", many(".a")),
            format!("{}1{}", many("["), many("]")),
            format!("{}1{}", many("("), many(")")),
            format!("f({}", many("f(")),
            format!("{}x", many("!")),
        ] {
            for language in [Language::JavaScript, Language::Python, Language::Clojure] {
                // What is said of it does not matter.
                shown(language, &text, Occasion::Code);
            }
        }
    }
}
