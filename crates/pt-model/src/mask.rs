//! Finds secrets in text that comes from outside and hides them, in one place.

mod written;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::{Data, Part, Secret, Text};

/// Knows the secrets of a job, and hides or marks them where they turn up, also as programs write them: in JSON, in base64,
/// in addresses.
///
/// Secrets shorter than [`Masker::SHORTEST`] bytes are not looked for inside longer text: hiding every `1` of a log
/// would hide the log, not the secret.
#[derive(Clone, Default)]
pub struct Masker(Arc<Known>);

/// What is looked for. Clones of a masker share it, until one learns more.
#[derive(Clone, Default)]
struct Known {
    texts: HashSet<Secret>,
    /// Made when it is first wanted.
    search: OnceLock<Search>,
}

/// The texts in the order in which they are looked for, and what finds them.
#[derive(Clone)]
struct Search {
    /// Longest first, so that a secret that contains another is hidden whole.
    texts: Vec<Secret>,
    /// How many of them are long enough to be looked for inside other text: the first ones.
    long: usize,
    /// Nothing where there is nothing to find, or it could not be made.
    finder: Option<AhoCorasick>,
}

impl Search {
    fn of(texts: &HashSet<Secret>) -> Self {
        let mut texts: Vec<Secret> = texts.iter().cloned().collect();
        texts.sort_unstable_by(|a, b| {
            let (one, other) = (a.expose(), b.expose());
            other.len().cmp(&one.len()).then_with(|| (one, a.name()).cmp(&(other, b.name())))
        });
        let long = texts.partition_point(|text| text.expose().len() >= Masker::SHORTEST);
        let mut kind = AhoCorasick::builder();
        // The quickest kind takes much memory for long secrets.
        let kind = kind.kind(Some(AhoCorasickKind::ContiguousNFA));
        let finder = (long > 0).then(|| kind.build(texts[..long].iter().map(Secret::expose)).ok()).flatten();
        Self { texts, long, finder }
    }

    /// Those that are looked for inside other text.
    fn inside(&self) -> impl Iterator<Item = &[u8]> {
        self.texts[..self.long].iter().map(|text| text.expose().as_bytes())
    }
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

    /// Whether a secret is too short to be looked for inside other text.
    pub fn is_too_short(secret: &Secret) -> bool {
        secret.expose().trim().len() < Self::SHORTEST
    }

    /// Looks for `secret` too from now on, in whatever way it is written. The lines of a secret that spans several are looked
    /// for one by one as well, since logs come in lines; so is what is left of one without the blanks around it.
    pub fn add(&mut self, secret: Secret) {
        if secret.expose().is_empty() || self.0.texts.contains(&secret) {
            return;
        }
        let name = secret.name().to_owned();
        let trimmed = secret.expose().trim();
        if trimmed.len() < secret.expose().len() {
            self.add(Secret::new(&name, trimmed));
        }
        let known = Arc::make_mut(&mut self.0);
        known.search = OnceLock::new();
        let mut add = |text: &str| {
            if !text.is_empty() {
                known.texts.insert(Secret::new(&name, text));
            }
        };
        let lines: Vec<&str> = secret.expose().lines().map(str::trim).collect();
        if lines.len() > 1 {
            lines.into_iter().for_each(&mut add);
        }
        if !Self::is_too_short(&secret) {
            written::ways_to_write(secret.expose(), Self::SHORTEST).iter().for_each(|text| add(text));
        }
        known.texts.insert(secret);
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.texts.is_empty()
    }

    fn search(&self) -> &Search {
        self.0.search.get_or_init(|| Search::of(&self.0.texts))
    }

    /// The text with its secrets marked as such.
    pub fn find(&self, text: &str) -> Text {
        if self.is_empty() {
            return Text::from(text);
        }
        let search = self.search();
        if let Some(secret) = search.texts[search.long..].iter().find(|secret| secret.expose() == text) {
            return Text::from(secret.clone());
        }
        let mut parts = Vec::new();
        let mut taken = 0;
        for (name, place) in self.places(text.as_bytes()) {
            parts.push(Part::Plain(text[taken..place.start].to_owned()));
            parts.push(Part::Secret(Secret::new(name, &text[place.clone()])));
            taken = place.end;
        }
        parts.push(Part::Plain(text[taken..].to_owned()));
        Text::from_parts(parts)
    }

    /// The text as anyone may see it.
    pub fn mask(&self, text: &str) -> String {
        if self.is_empty() { text.to_owned() } else { self.find(text).masked() }
    }

    /// The bytes as anyone may see them; those that hold no secret are what they were, texts or not.
    pub fn mask_bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let places = self.places(bytes);
        if places.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let (mut masked, mut taken) = (Vec::new(), 0);
        for (name, place) in places {
            masked.extend_from_slice(&bytes[taken..place.start]);
            masked.extend_from_slice(format!("[secret {name}]").as_bytes());
            taken = place.end;
        }
        masked.extend_from_slice(&bytes[taken..]);
        Cow::Owned(masked)
    }

    /// Where secrets stand, in order, and the names of the longest ones there. What several have in part is one place, so that
    /// the rest of none is left.
    fn places(&self, bytes: &[u8]) -> Vec<(&str, Range<usize>)> {
        if self.is_empty() {
            return Vec::new();
        }
        let Search { texts, long, finder } = self.search();
        let mut places: Vec<(&Secret, Range<usize>)> = Vec::new();
        let Some(finder) = finder else {
            // What cannot be searched is not shown.
            let all = texts[..*long].first().filter(|_| !bytes.is_empty());
            return all.map(|secret| (secret.name(), 0..bytes.len())).into_iter().collect();
        };
        for found in finder.find_overlapping_iter(bytes) {
            // They come in the order of their ends.
            let (mut secret, mut place) = (&texts[found.pattern().as_usize()], found.range());
            while let Some((before, last)) = places.pop_if(|(_, last)| last.end > place.start) {
                if before.expose().len() >= secret.expose().len() {
                    secret = before;
                }
                place = place.start.min(last.start)..place.end;
            }
            places.push((secret, place));
        }
        places.into_iter().map(|(secret, place)| (secret.name(), place)).collect()
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
            let search = self.search();
            let secret = search.texts[..search.long].iter().find(|secret| is(secret.expose().trim()));
            secret.map(|secret| Data::from(Text::from(secret.clone())))
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
        let longest = self.search().inside().map(<[u8]>::len).next().unwrap_or(1);
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
        let begun = self.search().inside().filter_map(begun).max().unwrap_or(0);
        self.beside(bytes, bytes.len() - begun)
    }

    /// A place, or one before it if a secret stands on both sides.
    fn beside(&self, bytes: &[u8], last: usize) -> usize {
        let mut at = last;
        while let Some(start) = self.search().inside().find_map(|secret| around(bytes, secret, at)) {
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

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Masker").field(&self.search().texts).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_pieces_are_masked_and_not_held_back() {
        let masker = Masker::new([Secret::new("password", "hunter2"), Secret::new("long", "ter2-and-more")]);
        let output = b"\xff\0a hunter2, hunter, hunter2-and-more, hunt";
        let expected = b"\xff\0a [secret password], hunter, [secret long], hunt";
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
            Secret::new("typed", " swordfish\n"),
        ]);
        for (text, shown) in [
            ("nothing here", "nothing here"),
            ("hunter2", "[secret password]"),
            ("a hunter2, a hunter2!", "a [secret password], a [secret password]!"),
            ("see http://hunter2@x/", "see [secret url]/"),
            ("1", "[secret pin]"),
            ("11 of 12", "11 of 12"),
            ("> abcdef <", "> [secret key] <"),
            ("a swordfish, c3dvcmRmaXNo", "a [secret typed], [secret typed]"),
            ("hunter2hunter2", "[secret password][secret password]"),
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
        for end in
            ["", "nothing", "hunter", "hunter2", "hunter22x", "hunter2 and", "aHVud", "ääää", "11111111"]
        {
            let text = format!("{} ä hunter2 {end}", "x".repeat(100));
            for length in 100..=text.len() {
                let at = masker.place_to_cut(&text.as_bytes()[..length]);
                assert!(at > length - 40, "{at} of {length}: no more than what may be one is held back");
                let (left, right) = text.split_at(at);
                assert_eq!(masker.mask(left) + &masker.mask(right), masker.mask(&text), "{left}|{right}");
            }
        }
        assert_eq!(Masker::default().place_to_cut(b"all of it"), 9);
    }
}
