//! Sizes as people write them.

/// Bytes of `512M`, `2G`, `64MiB`; units are powers of 1024.
pub(super) fn read(text: &str) -> Result<usize, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(format!("'{unit}' is no unit; write 512M or 2G")),
    };
    let number: usize = number.parse().map_err(|_| "write a number and a unit, as 512M or 2G".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than there can be".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units() {
        for (text, size) in [
            ("100", Ok(100)),
            ("4k", Ok(4096)),
            ("64MiB", Ok(64 << 20)),
            ("2G", Ok(2 << 30)),
            ("2T", Err("'T' is no unit; write 512M or 2G")),
            ("M", Err("write a number and a unit, as 512M or 2G")),
            ("99999999999999G", Err("that is more than there can be")),
        ] {
            assert_eq!(read(text), size.map_err(str::to_owned), "{text}");
        }
    }
}
