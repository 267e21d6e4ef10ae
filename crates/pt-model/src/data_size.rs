//! Sizes of data as people write them.

/// Bytes of `N[.N]` with a unit `B k K M G T`, optionally `i` (1024 instead of 1000) and `B`: `512M`, `1.5GiB`.
pub fn parse_data_size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let (letter, base) = match unit.strip_suffix('i') {
        Some(letter) => (letter, 1024_f64),
        None => (unit, 1000_f64),
    };
    let power = match letter {
        "" => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return None,
    };
    let bytes = number * base.powi(power);
    // Engines count in signed numbers.
    (bytes < i64::MAX as f64).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in
            [("512", 512), ("4k", 4000), ("256MB", 256_000_000), ("1.5GiB", 3 << 29), ("64Mi", 64 << 20)]
        {
            assert_eq!(parse_data_size(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-5M", "5 M", "5X", "99999999T"] {
            assert_eq!(parse_data_size(text), None, "{text}");
        }
    }
}
