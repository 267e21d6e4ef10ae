//! Exact decimals: `1.50M`, with Java's rules for scale and printing.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

/// `unscaled × 10^-scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    unscaled: BigInt,
    scale: i64,
}

/// Scales further apart than this are never brought together: it would take memory in proportion.
const WIDEST: i64 = 100_000;

/// What is done with the digits that a precision has no place for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
    Unnecessary,
}

impl Rounding {
    /// By the name Java gives it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "UP" => Self::Up,
            "DOWN" => Self::Down,
            "CEILING" => Self::Ceiling,
            "FLOOR" => Self::Floor,
            "HALF_UP" => Self::HalfUp,
            "HALF_DOWN" => Self::HalfDown,
            "HALF_EVEN" => Self::HalfEven,
            "UNNECESSARY" => Self::Unnecessary,
            _ => return None,
        })
    }
}

/// Why there is no result, in Java's words.
pub(crate) type Refused = &'static str;

const TOO_WIDE: Refused = "The scales of the decimals are too far apart";

pub(crate) fn ten_to(power: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power.clamp(0, WIDEST)).unwrap_or(0))
}

impl Decimal {
    /// The digits as they are written, without the `M`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if fraction.starts_with(['+', '-'])
            || (whole.trim_start_matches(['+', '-']).is_empty() && fraction.is_empty())
        {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let unscaled = digits.strip_prefix('+').unwrap_or(&digits).parse().ok()?;
        Some(Self { unscaled, scale: i64::try_from(fraction.len()).ok()? - i64::from(exponent) })
    }

    /// A double by the digits it prints as.
    pub(crate) fn of_float(value: f64) -> Option<Self> {
        if value.is_finite() { Self::parse(&crate::print::float(value)) } else { None }
    }

    pub(crate) fn to_f64(&self) -> f64 {
        format!("{}e{}", self.unscaled, -self.scale).parse().unwrap_or(f64::NAN)
    }

    /// A ratio as a double: as in Java by way of sixteen decimal digits.
    pub(crate) fn ratio_to_f64(over: &BigInt, under: &BigInt) -> f64 {
        // Three digits more than are kept, at least; 0.302 is more than a binary digit is worth.
        let digits = |number: &BigInt| (number.bits() as f64 * 0.302) as i64;
        let scale = 20 - (digits(over) - digits(under));
        let (over, under) = if scale >= 0 {
            (over * ten_to(scale), under.clone())
        } else {
            (over.clone(), under * ten_to(-scale))
        };
        let (whole, rest) = (&over / &under, &over % &under);
        // A digit that tells a half from what is a little more.
        let more = i32::from(!rest.is_zero()) * if over.sign() == num_bigint::Sign::Minus { -1 } else { 1 };
        let exact = Self { unscaled: whole * 10 + more, scale: scale + 1 };
        exact.rounded(16, Rounding::HalfEven).map_or(f64::NAN, |rounded| rounded.to_f64())
    }

    /// Its whole part; none where that would be enormous.
    pub(crate) fn to_big(&self) -> Option<BigInt> {
        match self.scale {
            scale if scale.abs() > WIDEST => self.unscaled.is_zero().then(BigInt::default),
            scale if scale <= 0 => Some(&self.unscaled * ten_to(-scale)),
            scale => Some(&self.unscaled / ten_to(scale)),
        }
    }

    pub(crate) fn unscaled(&self) -> &BigInt {
        &self.unscaled
    }

    pub(crate) fn scale(&self) -> i64 {
        self.scale
    }

    /// Numerator and denominator.
    pub(crate) fn fraction(&self) -> Option<(BigInt, BigInt)> {
        if self.scale.abs() > WIDEST {
            return None;
        }
        Some(if self.scale <= 0 {
            (&self.unscaled * ten_to(-self.scale), BigInt::from(1))
        } else {
            (self.unscaled.clone(), ten_to(self.scale))
        })
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.unscaled.is_zero()
    }

    pub(crate) fn negated(&self) -> Self {
        Self { unscaled: -&self.unscaled, scale: self.scale }
    }

    /// How many digits.
    pub(crate) fn precision(&self) -> i64 {
        if self.unscaled.is_zero() { 1 } else { digits(&self.unscaled) }
    }

    fn aligned(&self, other: &Self) -> Result<(BigInt, BigInt, i64), Refused> {
        let scale = self.scale.max(other.scale);
        if scale - self.scale > WIDEST || scale - other.scale > WIDEST {
            return Err(TOO_WIDE);
        }
        Ok((
            &self.unscaled * ten_to(scale - self.scale),
            &other.unscaled * ten_to(scale - other.scale),
            scale,
        ))
    }

    pub(crate) fn add(&self, other: &Self) -> Result<Self, Refused> {
        let (left, right, scale) = self.aligned(other)?;
        Ok(Self { unscaled: left + right, scale })
    }

    pub(crate) fn multiply(&self, other: &Self) -> Self {
        Self { unscaled: &self.unscaled * &other.unscaled, scale: self.scale + other.scale }
    }

    /// The exact quotient, if it has an end.
    pub(crate) fn divide(&self, other: &Self) -> Result<Self, Refused> {
        let preferred = self.scale - other.scale;
        if self.is_zero() {
            return Ok(Self { unscaled: BigInt::default(), scale: preferred });
        }
        // As many digits as Java tries: beyond them a fraction repeats.
        let precision = self.precision() + (10 * other.precision() + 2) / 3;
        let quotient = self
            .divide_to(other, precision, Rounding::Unnecessary)
            .map_err(|_| "Non-terminating decimal expansion; no exact representable decimal result.")?;
        Ok(if preferred > quotient.scale {
            quotient.rescaled(preferred)
        } else {
            quotient.stripped(preferred)
        })
    }

    /// The quotient in so many digits.
    pub(crate) fn divide_to(
        &self,
        other: &Self,
        precision: i64,
        rounding: Rounding,
    ) -> Result<Self, Refused> {
        let preferred = self.scale - other.scale;
        if precision > WIDEST {
            return Err(TOO_WIDE);
        }
        if self.is_zero() {
            return Ok(Self { unscaled: BigInt::default(), scale: preferred });
        }
        let more = (precision + 3 + other.precision() - self.precision()).max(0);
        let over = &self.unscaled * ten_to(more);
        let (mut quotient, rest) = (&over / &other.unscaled, &over % &other.unscaled);
        let mut scale = preferred + more;
        // A digit that says there is more keeps rounding exact.
        if !rest.is_zero() {
            let sign = if (over.is_negative()) == (other.unscaled.is_negative()) { 1 } else { -1 };
            quotient = quotient * 10 + sign;
            scale += 1;
        }
        let rounded = Self { unscaled: quotient, scale }.rounded(precision, rounding)?;
        Ok(rounded.stripped(preferred))
    }

    /// The same in at most so many digits.
    pub(crate) fn rounded(&self, precision: i64, rounding: Rounding) -> Result<Self, Refused> {
        let surplus = self.precision() - precision;
        if precision == 0 || surplus <= 0 {
            return Ok(self.clone());
        }
        let unit = ten_to(surplus);
        let (mut whole, rest) = (&self.unscaled / &unit, &self.unscaled % &unit);
        if !rest.is_zero() {
            let negative = self.unscaled.is_negative();
            let half = (rest.abs() * 2_i32).cmp(&unit);
            let odd = !(&whole % 2_i32).is_zero();
            let away = match rounding {
                Rounding::Up => true,
                Rounding::Down => false,
                Rounding::Ceiling => !negative,
                Rounding::Floor => negative,
                Rounding::HalfUp => half != Ordering::Less,
                Rounding::HalfDown => half == Ordering::Greater,
                Rounding::HalfEven => half == Ordering::Greater || (half == Ordering::Equal && odd),
                Rounding::Unnecessary => return Err("Rounding necessary"),
            };
            if away {
                whole += if negative { -1 } else { 1 };
            }
        }
        // Rounding 9.9 up makes a digit more.
        Self { unscaled: whole, scale: self.scale - surplus }.rounded(precision, rounding)
    }

    /// The digits without a sign, so many of them after the point.
    pub(crate) fn fixed(&self, after: usize) -> Result<String, Refused> {
        let scale = i64::try_from(after).map_err(|_| TOO_WIDE)?;
        let surplus = self.scale.checked_sub(scale).ok_or(TOO_WIDE)?;
        let unscaled = if surplus > self.precision() || self.is_zero() {
            BigInt::default()
        } else if surplus.abs() > WIDEST {
            return Err(TOO_WIDE);
        } else if surplus <= 0 {
            self.unscaled.abs() * ten_to(-surplus)
        } else {
            let unit = ten_to(surplus);
            (self.unscaled.abs() * 2_i32 + &unit) / (unit * 2_i32)
        };
        let digits = format!("{:0>1$}", unscaled.to_string(), after + 1);
        let (whole, fraction) = digits.split_at(digits.len() - after);
        let point = if after == 0 { "" } else { "." };
        Ok(format!("{whole}{point}{fraction}"))
    }

    /// The digits without a sign as one before the point and so many after it, and the power of ten.
    pub(crate) fn scientific(&self, after: usize) -> Result<(String, i64), Refused> {
        let precision = i64::try_from(after).map_err(|_| TOO_WIDE)?.saturating_add(1);
        let rounded = self.rounded(precision, Rounding::HalfUp)?;
        let digits = rounded.unscaled.abs().to_string();
        let (first, rest) = digits.split_at(1);
        let point = if after == 0 { "" } else { "." };
        Ok((format!("{first}{point}{rest:0<after$}"), rounded.precision() - 1 - rounded.scale))
    }

    fn rescaled(&self, scale: i64) -> Self {
        Self { unscaled: &self.unscaled * ten_to(scale - self.scale), scale }
    }

    /// Without zeros at the end, down to a scale.
    pub(crate) fn stripped(&self, least: i64) -> Self {
        let mut stripped = self.clone();
        let ten = BigInt::from(10);
        while stripped.scale > least {
            if !(&stripped.unscaled % &ten).is_zero() {
                break;
            }
            stripped = Self { unscaled: &stripped.unscaled / &ten, scale: stripped.scale - 1 };
        }
        stripped
    }

    /// The whole part of the quotient, and what is left.
    pub(crate) fn divide_whole(&self, other: &Self) -> Result<(Self, Self), Refused> {
        let (left, right, scale) = self.aligned(other)?;
        let preferred = self.scale - other.scale;
        let quotient = Self { unscaled: &left / &right, scale: 0 };
        let quotient = if preferred > 0 {
            quotient.rescaled(preferred.min(WIDEST))
        } else {
            quotient.stripped(preferred)
        };
        Ok((quotient, Self { unscaled: left % right, scale }))
    }

    /// How two stand to each other, whatever their scales.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match self.aligned(other) {
            Ok((left, right, _)) => left.cmp(&right),
            Err(_) => self.to_f64().partial_cmp(&other.to_f64()).unwrap_or(Ordering::Equal),
        }
    }
}

fn digits(value: &BigInt) -> i64 {
    i64::try_from(value.abs().to_string().len()).unwrap_or(i64::MAX)
}

impl From<BigInt> for Decimal {
    fn from(unscaled: BigInt) -> Self {
        Self { unscaled, scale: 0 }
    }
}

impl std::fmt::Display for Decimal {
    /// As Java: plain while the exponent is small, otherwise with `E`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.unscaled.abs().to_string();
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let exponent = length - 1 - self.scale;
        if self.unscaled.is_negative() {
            out.write_str("-")?;
        }
        if self.scale == 0 {
            return out.write_str(&digits);
        }
        if self.scale > 0 && exponent >= -6 {
            let zeros = "0".repeat(usize::try_from(self.scale - length + 1).unwrap_or(0));
            let padded = zeros + &digits;
            let point = padded.len() - usize::try_from(self.scale).unwrap_or(0);
            return write!(out, "{}.{}", &padded[..point], &padded[point..]);
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if exponent >= 0 { "+" } else { "" };
        write!(out, "{first}{point}{rest}E{sign}{exponent}")
    }
}

impl Decimal {
    /// The nearest whole number towards zero as a long, if it is one.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        self.to_big()?.to_i64()
    }
}
