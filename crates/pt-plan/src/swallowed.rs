//! Lines that were read as the rest of a name.

use pt_syntax::{Diagnostic, Sources};

/// In YAML a plain text goes on in deeper lines: `- web` and below it `    - db` is the text `web - db`. With that said, if
/// the first label is at such a name.
pub(crate) fn with_swallowed_line(found: Diagnostic, sources: &Sources) -> Diagnostic {
    let Some(label) = found.labels.first() else { return found };
    let text = &sources.get(label.span.source).text;
    let start = label.span.start as usize;
    // The span may end with the first line.
    let Some((first, rest)) = text.get(start..).and_then(|rest| rest.split_once('\n')) else { return found };
    let Some(next) = rest.lines().find(|line| !line.trim().is_empty()) else { return found };
    let plain = !first.starts_with(['"', '\'', '|', '>', '{', '[', '&', '*']);
    let goes_on = found.message.contains(&format!("{} {}", first.trim_end(), next.trim()));
    if !plain || !goes_on {
        return found;
    }
    let cure = if next.trim_start().starts_with("- ") {
        "indent the dash like the one above"
    } else {
        "indent it like the lines above, and write `key: value`"
    };
    Diagnostic { replacement: None, hints: Vec::new(), ..found }
        .note("the next line is indented deeper, so it was read as the rest of this name")
        .hint(cure)
}
