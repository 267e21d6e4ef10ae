//! Secrets as programs write them who do not mean to show them: in JSON and in JSON within JSON, in XML, in base64 as in an
//! `Authorization` header or a Kubernetes manifest, percent-encoded as in the address of a database, in hex.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// Bytes up to which a secret is looked for in every way of writing: what is longer is a file, and its lines are looked for.
const LONGEST: usize = 16 * 1024;

/// Bytes that a line of base64 holds where it is broken at the usual 64 and 76 characters.
const LINES: [usize; 2] = [48, 57];

/// How deep JSON stands in JSON: what a server says of what another one said of its request.
const DEPTH: usize = 3;

/// The texts that give a secret away, beside itself. None is shorter than `shortest` bytes.
pub(super) fn ways_to_write(secret: &str, shortest: usize) -> Vec<String> {
    let mut texts = if secret.len() > LONGEST { in_json(secret) } else { escaped(secret) };
    if secret.len() <= LONGEST {
        texts.extend(in_xml(secret));
        texts.extend(in_base64(secret.as_bytes()));
        texts.extend(in_addresses(secret.as_bytes()));
        texts.extend(in_hex(secret.as_bytes()));
    }
    texts.retain(|text| text.len() >= shortest && text != secret);
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// As a string of JSON, and that within another; and as Python's `repr`.
fn escaped(secret: &str) -> Vec<String> {
    // It leaves a quote, and writes a backslash and the other quote otherwise.
    let in_repr = secret.replace('\\', "\\\\");
    let mut texts = vec![in_repr.replace('\'', "\\'"), in_repr];
    let mut last = vec![secret.to_owned()];
    for _ in 0..DEPTH {
        let mut next: Vec<String> = last.iter().flat_map(|text| in_json(text)).collect();
        next.sort_unstable();
        next.dedup();
        texts.extend(next.iter().cloned());
        last = next;
    }
    texts
}

/// The usual JSON; that of Python, which has ASCII only; that of Go, where no tag of HTML can stand; that of PHP.
fn in_json(text: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(text).to_string();
    let usual = quoted[1..quoted.len() - 1].to_owned();
    let unicode = |is_meant: &dyn Fn(char) -> bool| -> String {
        let mut units = [0; 2];
        let one = |c: char| match c {
            c if is_meant(c) => {
                c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
            c => c.to_string(),
        };
        usual.chars().map(one).collect()
    };
    let mut texts = vec![
        unicode(&|c| !c.is_ascii()),
        unicode(&|c| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')),
        usual.replace('/', "\\/"),
        usual,
    ];
    texts.dedup();
    texts
}

/// As text and as an attribute of XML and HTML: `&` and `<` always, each quote in one of its spellings or not at all.
fn in_xml(secret: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let with_entities = secret.replace('&', "&amp;").replace('<', "&lt;");
    for end in [">", "&gt;"] {
        for double in ["\"", "&quot;", "&#34;"] {
            for single in ["'", "&#39;", "&#039;", "&#x27;", "&apos;"] {
                texts.push(with_entities.replace('>', end).replace('"', double).replace('\'', single));
            }
        }
    }
    texts
}

/// In both alphabets: by itself, with and without a line end; and amid other bytes, where only those characters are the same
/// whatever stands around that hold no bit of another byte.
fn in_base64(bytes: &[u8]) -> Vec<String> {
    let with_line_end = [bytes, b"\n"].concat();
    let mut texts = Vec::new();
    for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
        for whole in [bytes, &with_line_end] {
            let text = alphabet.encode(whole);
            texts.push(text.clone() + &"=".repeat((3 - whole.len() % 3) % 3));
            texts.push(text);
        }
        for before in 0..3 {
            let shifted = [&[0; 2][..before], bytes].concat();
            let first = (8 * before).div_ceil(6);
            let end = 8 * shifted.len() / 6;
            texts.extend(alphabet.encode(&shifted).get(first..end).map(str::to_owned));
        }
        for line in LINES.into_iter().filter(|line| bytes.len() > *line) {
            texts.extend(bytes.chunks(line).map(|line| alphabet.encode(line)));
        }
    }
    texts
}

/// Percent-encoded: as a part of a path, as JavaScript and Python do it, and as in a form, in capitals and without.
fn in_addresses(bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    for (as_they_are, space) in [("-_.~", "%20"), ("-_.~!'()*", "%20"), ("-_.~/", "%20"), ("-_.*", "+")] {
        let one = |byte: &u8, capitals: bool| match char::from(*byte) {
            ' ' => space.to_owned(),
            c if c.is_ascii_alphanumeric() || as_they_are.contains(c) => c.to_string(),
            _ if capitals => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        texts.extend([true, false].map(|capitals| bytes.iter().map(|byte| one(byte, capitals)).collect()));
    }
    texts
}

/// As digits, in capitals and without.
fn in_hex(bytes: &[u8]) -> [String; 2] {
    [
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
    ]
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::{Masker, Secret};

    fn masked(secret: &str, text: &str) -> String {
        Masker::new([Secret::new("key", secret)]).mask(text)
    }

    #[test]
    fn secrets_are_found_in_base64_wherever_they_stand_in_it() {
        for (secret, text, shown) in [
            ("hunter2-hunter2", "hunter2-hunter2", "it is [secret key] so"),
            ("hunter2-hunter2", "hunter2-hunter2\n", "it is [secret key] so"),
            ("hunter2-hunter2", "u:hunter2-hunter2", "it is dTp[secret key]I= so"),
            ("hunter2-hunter2", "me:hunter2-hunter2\n", "it is bWU6[secret key] so"),
            ("hunter2-hunter2", "you:hunter2-hunter2", "it is eW91Om[secret key]g== so"),
            ("hunter2-hunter2", "hunter2-hunter2, and more", "it is [secret key]LCBhbmQgbW9yZQ== so"),
            ("hunter2", "me:hunter2", "it is bWU6[secret key] so"),
            ("pässé", "you:pässé", "it is eW91On[secret key]k= so"),
            ("word", "a:word", "it is YTp[secret key] so"),
        ] {
            let encoded = BASE64_STANDARD.encode(text);
            let found = masked(secret, &format!("it is {encoded} so"));
            assert_eq!(found, shown, "{text:?}: {encoded}");
        }
    }

    #[test]
    fn a_long_secret_is_found_in_broken_lines() {
        let secret = "0123456789abcdef".repeat(10);
        let encoded = BASE64_STANDARD.encode(&secret);
        for width in [64, 76] {
            let lines: Vec<&str> =
                encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let shown = masked(&secret, &lines[..2].join("\n"));
            assert_eq!(shown, "[secret key]\n[secret key]", "{width}");
        }
    }

    #[test]
    fn secrets_are_found_in_addresses() {
        for encoded in
            ["p%40s%2Fw%C3%B6rd%21", "p%40s%2fw%c3%b6rd%21", "p%40s%2Fw%C3%B6rd!", "p%40s/w%C3%B6rd%21"]
        {
            let address = format!("postgres://me:{encoded}@db");
            assert_eq!(masked("p@s/wörd!", &address), "postgres://me:[secret key]@db");
        }
        assert_eq!(masked("two words", "?q=two+words"), "?q=[secret key]");
    }

    #[test]
    fn secrets_are_found_in_json_within_json_in_xml_and_in_hex() {
        for (secret, text) in [
            ("a\"b\\c", r#"{"a": "a\"b\\c"}"#),
            ("a\"b\\c", r#"{"said": "{\"a\": \"a\\\"b\\\\c\"}"}"#),
            ("a\"b\\c", r#"["[\"{\\\"a\\\": \\\"a\\\\\\\"b\\\\\\\\c\\\"}\"]"]"#),
            ("wörd<1>&/", r#""w\u00f6rd<1>&/""#),
            ("wörd<1>&/", r#""wörd\u003c1\u003e\u0026/""#),
            ("wörd<1>&/", r#""wörd<1>&\/""#),
            ("a<b>&\"c'd", "<p>a&lt;b&gt;&amp;\"c'd</p>"),
            ("a<b>&\"c'd", "<p x=\"a&lt;b>&amp;&quot;c'd\"/>"),
            ("a<b>&\"c'd", "<p x='a&lt;b&gt;&amp;&#34;c&#39;d'/>"),
            ("a<b>&\"c'd", "<p x='a&lt;b&gt;&amp;&quot;c&#x27;d'/>"),
            ("a<b>&\"c'd", "<p x='a&lt;b&gt;&amp;\"c&apos;d'/>"),
            ("hunter2", "0x68756e74657232"),
            ("hunter2", "68756E74657232"),
        ] {
            let shown = masked(secret, text);
            assert!(shown.contains("[secret key]"), "{secret} in {text}");
            let left = shown.replace("[secret key]", "").replace("lt;", "");
            assert!(!left.contains(['b', 'r', 'h', '6']), "{shown}");
        }
    }

    #[test]
    fn what_is_too_short_to_be_found_is_not_looked_for_in_disguise() {
        let encoded = BASE64_STANDARD.encode("pin");
        assert_eq!(masked("pin", &encoded), encoded);
        assert_eq!(masked("pin", "70696e"), "70696e");
    }
}
