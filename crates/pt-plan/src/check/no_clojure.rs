//! Code without a prefix is Clojure. People who do not know write other things there: told once, as what it is.

use pt_syntax::{Code, Diagnostic, Node, Reading, Sources, near_miss, references};

/// What to say of code without a prefix that does not look like Clojure.
pub(super) fn told(node: &Node, code: &Code<'_>, sources: &Sources) -> Option<Diagnostic> {
    // Code with a prefix says what it is.
    let text = node.as_str().filter(|_| code.body_offset == 0)?;
    let start = text.len() - text.trim_start().len();
    let body = text.trim();
    let wrong = "This is not Clojure, which code without a prefix is";
    if is_reference(body) {
        let at = node.span_within(&sources.get(node.span.source).text, start..start + body.len());
        let hint = "references stand in args; code asks for its params by name: `(:x params)`";
        return Some(Diagnostic::error("code-syntax", wrong).at(at, "this is a reference").hint(hint));
    }
    if body.is_empty() || body.starts_with(['(', '[', '{', '"', ';', '\'', '@', ':', '`', '^', '\\', '~']) {
        return None;
    }
    let line = body.lines().next()?;
    let at = node.span_within(&sources.get(node.span.source).text, start..start + line.len());
    // A prefix alone, or one that is misspelt.
    if let Some(near) =
        near_miss(text).filter(|near| near.range.start == start && line.starts_with(['#', 'p']))
    {
        let at = node.span_within(&sources.get(node.span.source).text, near.range);
        let told = Diagnostic::error("code-syntax", format!("This is no code: {}", near.message)).at(at, "");
        return Some(told.did_you_mean(near.meant));
    }
    if body.starts_with('#') {
        return None;
    }
    Some(Diagnostic::error("code-syntax", wrong).at(at, "").hint(cure(body)))
}

/// `pt.param x`, `{pt.param x}`
fn is_reference(body: &str) -> bool {
    let inside = body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(body);
    matches!(references(inside), Reading::Whole(_))
}

fn cure(body: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| body.contains(word));
    let begins =
        |words: &[&str]| body.lines().any(|line| words.iter().any(|word| line.trim().starts_with(word)));
    if begins(&["def ", "print(", "import ", "from ", "elif ", "except"]) && !has(&["{", ";"]) {
        "if it is Python, begin it with `#pt-py`"
    } else if begins(&["const ", "let ", "var ", "function", "async ", "pt.", "console.", "return"])
        || has(&["=>", ");"])
    {
        "if it is JavaScript, begin it with `#pt-js`"
    } else {
        "commands run in a container: `module: polytope/container`, with an image and `cmd` in its args"
    }
}
