//! Durations as people write them.

use std::time::Duration;

/// A number with a unit: `ms s m h d w mo y`, months of 30 and years of 365 days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "mo" => 30 * 86_400_000,
        "y" => 365 * 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, seconds) in
            [("5s", 5.0), ("10ms", 0.01), ("2m", 120.0), ("1w", 604_800.0), ("1mo", 2_592_000.0)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "5", "s", "-5s", "5 s", "5x", "99999999999999999999y"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
