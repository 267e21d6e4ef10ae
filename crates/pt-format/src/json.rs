//! JSON: a line per item, two spaces per level.

use crate::{Refusal, text_end};

/// Lays a text out that is known to be JSON. Strings and numbers stay as they are written.
pub(crate) fn format(text: &str) -> Result<String, Refusal> {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match first {
            ' ' | '\t' | '\r' | '\n' => {
                rest = &rest[1..];
                continue;
            }
            '"' => text_end(rest).ok_or(Refusal::new("this text does not end", at))?,
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            _ => rest.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(rest.len()),
        };
        if matches!(first, '}' | ']') {
            depth = depth.saturating_sub(1);
            if !out.ends_with(['{', '[']) {
                line(&mut out, depth);
            }
        } else if out.ends_with(['{', '[']) {
            line(&mut out, depth);
        }
        out.push_str(&rest[..length]);
        match first {
            '{' | '[' => depth += 1,
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
        rest = &rest[length..];
    }
    if !out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stands_in_lines() {
        let text = r#"{"a":[1, 2.50,{"b" : "x,\"]y"}], "e":[ ],"o":{},"n":null}"#;
        let expected = r#"{
  "a": [
    1,
    2.50,
    {
      "b": "x,\"]y"
    }
  ],
  "e": [],
  "o": {},
  "n": null
}
"#;
        assert_eq!(format(text).unwrap(), expected);
        assert_eq!(format(expected).unwrap(), expected);
    }
}
