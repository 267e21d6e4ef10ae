//! What steps write that is more than text.
//!
//! A line of output that is a content block of the protocol, as JSON, is answered as that block: `{"type": "image", "data":
//! "…base64…", "mimeType": "image/png"}`. So a tool can show a screenshot, or hand over a file.

use pt_model::LogLine;
use serde_json::Value;

/// Characters of such blocks that one answer may hold: images count little for whom they are shown to.
const MOST: usize = 4_000_000;

/// Blocks that one answer may hold.
const MOST_BLOCKS: usize = 20;

/// The block that a line is.
pub(crate) fn block(line: &str) -> Option<Value> {
    let line = line.trim();
    if !line.starts_with('{') || !line.contains("\"type\"") {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    let has = |value: &Value, key: &str| value.get(key).is_some_and(Value::is_string);
    let whole = match value.get("type")?.as_str()? {
        "image" | "audio" => has(&value, "data") && has(&value, "mimeType"),
        "resource" => {
            let resource = value.get("resource")?;
            has(resource, "uri") && (has(resource, "text") || has(resource, "blob"))
        }
        "resource_link" => has(&value, "uri") && has(&value, "name"),
        _ => false,
    };
    whole.then_some(value)
}

/// Takes the blocks out of these lines, as many as one answer may hold.
pub(crate) fn take_blocks(lines: &mut Vec<LogLine>) -> Vec<Value> {
    let (mut blocks, mut room) = (Vec::new(), MOST);
    lines.retain(|line| {
        let Some(block) = block(&line.text) else { return true };
        if blocks.len() < MOST_BLOCKS && line.text.len() <= room {
            room -= line.text.len();
            blocks.push(block);
        }
        false
    });
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_blocks_are_blocks() {
        for (line, is_block) in [
            (r#"{"type":"image","data":"aGk=","mimeType":"image/png"}"#, true),
            (r#"  {"type": "audio", "data": "aGk=", "mimeType": "audio/wav"}"#, true),
            (r#"{"type":"resource","resource":{"uri":"file:///a","text":"x"}}"#, true),
            (r#"{"type":"resource_link","uri":"file:///a","name":"a"}"#, true),
            (r#"{"type":"image","data":"aGk="}"#, false),
            (r#"{"type":"text","text":"x"}"#, false),
            (r#"{"type":"request","path":"/"}"#, false),
            ("{\"type\":\"image\"", false),
            ("plain", false),
        ] {
            assert_eq!(block(line).is_some(), is_block, "{line}");
        }
    }
}
