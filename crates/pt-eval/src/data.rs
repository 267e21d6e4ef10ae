//! What all languages agree on where values become data.

use std::borrow::Cow;

use pt_model::Data;

/// Levels of lists and maps that the data of code may have.
pub(crate) const DEEPEST: usize = 256;

/// What cannot be converted when there are more.
pub(crate) const TOO_DEEP: &str = "more than 256 levels of lists and maps";

/// A value that is no data, and the steps from it outwards.
pub(crate) struct Unfit {
    pub(crate) what: Cow<'static, str>,
    path: Vec<String>,
}

impl Unfit {
    pub(crate) fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), path: Vec::new() }
    }

    /// The same, seen from one level further out.
    pub(crate) fn within(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }

    pub(crate) fn message(&self) -> String {
        let path: String = self.path.iter().rev().map(String::as_str).collect();
        let message = format!("Cannot convert {} to data.", self.what);
        if path.is_empty() || self.what == TOO_DEEP {
            message
        } else {
            format!("{message} It stands at `{}`.", path.trim_start_matches('.'))
        }
    }
}

/// Whole numbers are integers, whatever the language calls them.
pub(crate) fn number(number: f64) -> Result<Data, &'static str> {
    if number.is_nan() {
        return Err("NaN");
    }
    if number.is_infinite() {
        return Err("an infinite number");
    }
    let integer = number as i64;
    // Beyond 2^63 the cast saturates, and the limit itself is no `i64`.
    let exact = integer as f64 == number && integer != i64::MAX;
    Ok(if exact { Data::Int(integer) } else { Data::Float(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers() {
        for (given, expected) in [
            (2.0, Ok(Data::Int(2))),
            (-0.5, Ok(Data::Float(-0.5))),
            (-9_223_372_036_854_775_808.0, Ok(Data::Int(i64::MIN))),
            (9_223_372_036_854_775_808.0, Ok(Data::Float(9_223_372_036_854_775_808.0))),
            (f64::NAN, Err("NaN")),
            (f64::NEG_INFINITY, Err("an infinite number")),
        ] {
            assert_eq!(number(given), expected);
        }
    }
}
