//! Finds secrets in text that comes from outside and hides them, in one place.

use std::borrow::Cow;

use crate::{Data, Part, Secret, Text};

/// Knows the secrets of a job, and hides or marks them where they turn up.
///
/// Secrets shorter than [`Masker::SHORTEST`] bytes are not looked for inside longer text: hiding every `1` of a log
/// would hide the log, not the secret.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    /// Longest first, so that a secret that contains another is hidden whole.
    secrets: Vec<Secret>,
}

/// How far secrets may be laid one over the next, in bytes, until it is taken for a row without an end.
const ROW: usize = 4096;

impl Masker {
    /// Length in bytes from which on a secret is looked for inside other text.
    pub const SHORTEST: usize = 4;

    /// A masker for these secrets.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut masker = Self::default();
        secrets.into_iter().for_each(|secret| masker.add(secret));
        masker
    }

    /// Looks for `secret` too from now on. The lines of a secret that spans several are looked for one by one as well,
    /// since logs come in lines.
    pub fn add(&mut self, secret: Secret) {
        let lines: Vec<&str> = secret.expose().lines().collect();
        if lines.len() > 1 {
            let name = secret.name().to_owned();
            let each: Vec<Secret> = lines.iter().map(|line| Secret::new(&name, line.trim())).collect();
            each.into_iter().for_each(|line| self.insert(line));
        }
        // In JSON a quote or a backslash is written otherwise.
        let in_json = serde_json::Value::from(secret.expose()).to_string();
        let in_json = &in_json[1..in_json.len() - 1];
        // Python's `repr` leaves a quote, and writes a backslash and the other quote otherwise.
        let in_repr = secret.expose().replace('\\', "\\\\");
        for written in [in_json, &in_repr, &in_repr.replace('\'', "\\'")] {
            if written != secret.expose() {
                self.insert(Secret::new(secret.name(), written));
            }
        }
        self.insert(secret);
    }

    fn insert(&mut self, secret: Secret) {
        if secret.expose().is_empty() || self.secrets.contains(&secret) {
            return;
        }
        let at = self.secrets.partition_point(|other| other.expose().len() >= secret.expose().len());
        self.secrets.insert(at, secret);
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The text with its secrets marked as such.
    pub fn find(&self, text: &str) -> Text {
        if let Some(secret) = self.secrets.iter().find(|secret| secret.expose() == text) {
            return Text::from(secret.clone());
        }
        let mut parts = vec![Part::Plain(text.to_owned())];
        for secret in self.secrets.iter().filter(|secret| secret.expose().len() >= Self::SHORTEST) {
            parts = parts.into_iter().flat_map(|part| split(part, secret)).collect();
        }
        Text::from_parts(parts)
    }

    /// The text as anyone may see it.
    pub fn mask(&self, text: &str) -> String {
        if self.secrets.is_empty() { text.to_owned() } else { self.find(text).masked() }
    }

    /// The bytes as anyone may see them; those that hold no secret are what they were, texts or not.
    pub fn mask_bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let begins = |at: usize| {
            let mut long = self.secrets.iter().filter(|secret| secret.expose().len() >= Self::SHORTEST);
            long.find(|secret| bytes[at..].starts_with(secret.expose().as_bytes()))
        };
        let mut masked: Option<Vec<u8>> = None;
        let (mut at, mut taken) = (0, 0);
        while at < bytes.len() {
            match begins(at) {
                None => at += 1,
                Some(secret) => {
                    let masked = masked.get_or_insert_default();
                    masked.extend_from_slice(&bytes[taken..at]);
                    masked.extend_from_slice(format!("{secret:?}").as_bytes());
                    at += secret.expose().len();
                    taken = at;
                }
            }
        }
        match masked {
            None => Cow::Borrowed(bytes),
            Some(mut masked) => {
                masked.extend_from_slice(&bytes[taken..]);
                Cow::Owned(masked)
            }
        }
    }

    /// The data with the secrets in its texts marked as such.
    pub fn find_in(&self, data: Data) -> Data {
        match data {
            Data::Str(text) => Data::from(self.find(&text)),
            Data::List(items) => Data::List(items.into_iter().map(|item| self.find_in(item)).collect()),
            Data::Map(map) => {
                map.into_iter().map(|(key, value)| (self.mask(&key), self.find_in(value))).collect()
            }
            other @ (Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Secret(_)) => other,
        }
    }

    /// The data as anyone may see it: as [`find_in`](Self::find_in), and numbers that code has made of a secret are
    /// marked too. They are texts then, so it is of no use where the data is worked with.
    pub fn hide_in(&self, data: Data) -> Data {
        let number = |is: &dyn Fn(&str) -> bool| {
            let mut secrets = self.secrets.iter().filter(|secret| secret.expose().len() >= Self::SHORTEST);
            secrets
                .find(|secret| is(secret.expose().trim()))
                .map(|secret| Data::from(Text::from(secret.clone())))
        };
        match data {
            Data::Int(int) => number(&|text| text.parse() == Ok(int)).unwrap_or(data),
            Data::Float(float) => number(&|text| text.parse() == Ok(float)).unwrap_or(data),
            Data::List(items) => Data::List(items.into_iter().map(|item| self.hide_in(item)).collect()),
            Data::Map(map) => {
                map.into_iter().map(|(key, value)| (self.mask(&key), self.hide_in(value))).collect()
            }
            Data::Str(_) | Data::Null | Data::Bool(_) | Data::Secret(_) => self.find_in(data),
        }
    }

    /// Where to cut bytes of which more will follow, so that no secret is cut in two: as far on as possible, at the
    /// beginning of a character.
    pub fn place_to_cut(&self, bytes: &[u8]) -> usize {
        // One may have begun that has not ended yet.
        let longest = self.searched().map(<[u8]>::len).max().unwrap_or(1);
        let mut at = self.beside(bytes, bytes.len().saturating_sub(longest - 1));
        while bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) && at > 0 {
            at -= 1;
        }
        at
    }

    /// How much of bytes of which more will follow can be told now: all but the beginning of a secret at their end.
    pub fn place_to_wait(&self, bytes: &[u8]) -> usize {
        let begun = |secret: &[u8]| {
            (1..secret.len().min(bytes.len() + 1)).rev().find(|begun| bytes.ends_with(&secret[..*begun]))
        };
        let begun = self.searched().filter_map(begun).max().unwrap_or(0);
        self.beside(bytes, bytes.len() - begun)
    }

    fn searched(&self) -> impl Iterator<Item = &[u8]> {
        let secrets = self.secrets.iter().map(|secret| secret.expose().as_bytes());
        secrets.filter(|secret| secret.len() >= Self::SHORTEST)
    }

    /// A place, or one before it if a secret stands on both sides.
    fn beside(&self, bytes: &[u8], last: usize) -> usize {
        let mut at = last;
        while let Some(start) = self.searched().find_map(|secret| around(bytes, secret, at)) {
            at = start;
            if at < last / 2 && last - at > ROW {
                // One secret laid over the next without an end, as `1111` in a row of ones: nothing else is given away.
                at = last;
                break;
            }
        }
        at
    }
}

/// Where the secret begins that stands on both sides of a place.
fn around(bytes: &[u8], secret: &[u8], at: usize) -> Option<usize> {
    let from = (at + 1).saturating_sub(secret.len());
    let to = bytes.len().min(at + secret.len() - 1);
    bytes[from..to].windows(secret.len()).position(|window| window == secret).map(|place| from + place)
}

fn split(part: Part, secret: &Secret) -> Vec<Part> {
    let Part::Plain(text) = &part else { return vec![part] };
    if !text.contains(secret.expose()) {
        return vec![part];
    }
    let mut parts = Vec::new();
    for (index, piece) in text.split(secret.expose()).enumerate() {
        if index > 0 {
            parts.push(Part::Secret(secret.clone()));
        }
        parts.push(Part::Plain(piece.to_owned()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_pieces_are_masked_and_not_held_back() {
        let masker = Masker::new([Secret::new("password", "hunter2"), Secret::new("long", "ter2-and-more")]);
        let output = b"\xff\0a hunter2, hunter, hunter2-and-more, hunt";
        let expected = b"\xff\0a [secret password], hunter, [secret password]-and-more, hunt";
        for size in 1..=output.len() {
            let (mut held, mut told) = (Vec::new(), Vec::new());
            for piece in output.chunks(size) {
                held.extend_from_slice(piece);
                let rest = held.split_off(masker.place_to_wait(&held));
                told.extend_from_slice(&masker.mask_bytes(&held));
                held = rest;
            }
            assert!(held.ends_with(b"hunt") && held.len() == 4, "{held:?}");
            told.extend_from_slice(&masker.mask_bytes(&held));
            assert_eq!(told, expected, "in pieces of {size}");
        }
        assert_eq!(masker.place_to_wait(b"nothing to wait for\n"), 20);
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let masker = Masker::new([
            Secret::new("password", "hunter2"),
            Secret::new("url", "http://hunter2@x"),
            Secret::new("pin", "1"),
            Secret::new("key", "-----BEGIN\nabcdef\n"),
        ]);
        for (text, shown) in [
            ("nothing here", "nothing here"),
            ("hunter2", "[secret password]"),
            ("a hunter2, a hunter2!", "a [secret password], a [secret password]!"),
            ("see http://hunter2@x/", "see [secret url]/"),
            ("1", "[secret pin]"),
            ("11 of 12", "11 of 12"),
            ("> abcdef <", "> [secret key] <"),
        ] {
            assert_eq!(masker.mask(text), shown);
        }
    }

    #[test]
    fn numbers_that_were_secrets_are_hidden_from_people_only() {
        let masker = Masker::new([
            Secret::new("pin", "004711"),
            Secret::new("rate", "12.50"),
            Secret::new("short", "123"),
        ]);
        let data = Data::List(vec![Data::Int(4711), Data::Float(12.5), Data::Int(123), Data::Int(47110)]);
        assert_eq!(masker.find_in(data.clone()), data);
        assert_eq!(masker.hide_in(data).to_string(), "[\"[secret pin]\",\"[secret rate]\",123,47110]");
    }

    #[test]
    fn no_secret_is_cut_in_two() {
        let masker =
            Masker::new([Secret::new("a", "hunter2"), Secret::new("b", "hunter22x"), Secret::new("c", "1")]);
        for (left, right) in [
            ("nothing ", "but text"),
            ("it is ", "hunter2 and"),
            ("it is ", "hunter22x"),
            ("it is hunter2 ", "and more"),
            ("", "hunter2"),
            ("ääää", "ääääx"),
            ("1", "11111111"),
        ] {
            let text = format!("{left}{right}");
            assert_eq!(text.split_at(masker.place_to_cut(text.as_bytes())), (left, right));
        }
        assert_eq!(Masker::default().place_to_cut(b"all of it"), 9);
    }
}
