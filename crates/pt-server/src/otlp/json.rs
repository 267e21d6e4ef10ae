//! How the protocol writes in JSON what JSON has no place for: ids in hexadecimal digits, large numbers as texts.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number, or the text of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lax<N> {
    Number(N),
    Text(String),
}

fn lax<'de, D: Deserializer<'de>, N: Deserialize<'de> + std::str::FromStr>(from: D) -> Result<N, D::Error> {
    match Lax::deserialize(from)? {
        Lax::Number(number) => Ok(number),
        Lax::Text(text) => text.parse().map_err(|_| D::Error::custom(format!("'{text}' is no number"))),
    }
}

/// Ids.
pub(super) mod hex {
    use super::*;

    pub(in crate::otlp) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        text(bytes).serialize(to)
    }

    pub(in crate::otlp) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        // Some write that there is none.
        let text = Option::<String>::deserialize(from)?.unwrap_or_default();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes.ok_or_else(|| D::Error::custom("an id is not in hexadecimal digits"))
    }

    /// Bytes in hexadecimal digits.
    pub(in crate::otlp) fn text(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Moments.
pub(super) mod number {
    use super::*;

    pub(in crate::otlp) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        number.to_string().serialize(to)
    }

    pub(in crate::otlp) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        lax(from)
    }
}

/// Integers.
pub(super) mod signed {
    use super::*;

    pub(in crate::otlp) fn serialize<S: Serializer>(number: &i64, to: S) -> Result<S::Ok, S::Error> {
        number.to_string().serialize(to)
    }

    pub(in crate::otlp) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        lax(from)
    }
}

/// Numbers with a point, and `NaN` and the infinities, for which JSON has no words.
pub(super) mod double {
    use super::*;

    pub(in crate::otlp) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        match () {
            () if number.is_finite() => number.serialize(to),
            () if number.is_nan() => "NaN".serialize(to),
            () if *number > 0.0 => "Infinity".serialize(to),
            () => "-Infinity".serialize(to),
        }
    }

    pub(in crate::otlp) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        lax(from)
    }
}

/// Bytes.
pub(super) mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    pub(in crate::otlp) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        STANDARD.encode(bytes).serialize(to)
    }

    pub(in crate::otlp) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(|_| D::Error::custom("bytes are not in base64"))
    }
}
