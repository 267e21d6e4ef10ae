//! Secrets as programs write them who do not mean to show them: in base64, as in an `Authorization` header or a Kubernetes
//! manifest, or percent-encoded, as in the address of a database.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use pt_model::Secret;

/// Bytes from which on a secret is looked for in base64: fewer make words that stand anywhere.
const SHORTEST: usize = 8;

/// Bytes that a line of base64 holds where it is broken at the usual 76 characters.
const LINE: usize = 57;

/// The texts that give a secret away, beside itself.
pub(crate) fn encodings(secret: &Secret) -> Vec<Secret> {
    let bytes = secret.expose().as_bytes();
    let mut texts = Vec::new();
    if bytes.len() >= SHORTEST {
        let with_line_end = [bytes, b"\n"].concat();
        texts.extend([bytes, &with_line_end].iter().flat_map(|whole| in_base64(whole)));
        // Amid other bytes only whole groups of three are the same whatever stands around them: up to two bytes at each end
        // are left.
        for before in 0..3 {
            let from = (3 - before) % 3;
            let groups = (bytes.len() - from) / 3 * 3;
            let inner = &bytes[from..from + groups];
            texts.extend(in_base64(inner));
            let lines = inner.chunks(LINE).filter(|line| line.len() >= SHORTEST && inner.len() > LINE);
            texts.extend(lines.flat_map(in_base64));
        }
    }
    texts.extend(in_addresses(bytes).into_iter().filter(|text| text != secret.expose()));
    texts.into_iter().map(|text| Secret::new(secret.name(), text)).collect()
}

/// In both alphabets, with and without what fills the last group.
fn in_base64(bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    for text in [BASE64_STANDARD.encode(bytes), BASE64_URL_SAFE.encode(bytes)] {
        texts.push(text.trim_end_matches('=').to_owned());
        texts.push(text);
    }
    texts.dedup();
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
    texts.sort();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use pt_model::Masker;

    fn masked(secret: &str, text: &str) -> String {
        let mut masker = Masker::default();
        let secret = Secret::new("key", secret);
        encodings(&secret).into_iter().chain([secret]).for_each(|secret| masker.add(secret));
        masker.mask(text)
    }

    #[test]
    fn secrets_are_found_in_base64_wherever_they_stand_in_it() {
        for (text, shown) in [
            ("hunter2-hunter2", "it is [secret key] so"),
            ("hunter2-hunter2\n", "it is [secret key] so"),
            ("u:hunter2-hunter2", "it is dTpo[secret key]cjI= so"),
            ("me:hunter2-hunter2\n", "it is bWU6[secret key] so"),
            ("you:hunter2-hunter2", "it is eW91Omh1[secret key]Mg== so"),
            ("hunter2-hunter2, and more", "it is [secret key]LCBhbmQgbW9yZQ== so"),
        ] {
            let encoded = BASE64_STANDARD.encode(text);
            assert_eq!(
                masked("hunter2-hunter2", &format!("it is {encoded} so")),
                shown,
                "{text:?}: {encoded}"
            );
        }
    }

    #[test]
    fn a_long_secret_is_found_in_broken_lines() {
        let secret = "0123456789abcdef".repeat(10);
        let encoded = BASE64_STANDARD.encode(&secret);
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        assert_eq!(masked(&secret, &lines[..2].join("\n")), "[secret key]\n[secret key]");
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
    fn short_secrets_hide_no_words() {
        let encoded = BASE64_STANDARD.encode("secret");
        assert_eq!(masked("secret", &encoded), encoded);
    }
}
