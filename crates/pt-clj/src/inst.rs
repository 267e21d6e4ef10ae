//! Moments: `#inst "2020-01-01T00:00:00.000-00:00"`.

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of so many days since 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Milliseconds since 1970 of `2020`, `2020-01-02`, `2020-01-02T03:04:05.678+01:00` and what lies between.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let is = |at: usize, byte: u8| text.as_bytes().get(at) == Some(&byte);
    let (year, mut month, mut day, mut clock) = (number(0, 4)?, 1, 1, 0);
    let mut at = 4;
    if is(4, b'-') {
        (month, at) = (number(5, 7)?, 7);
        if is(7, b'-') {
            (day, at) = (number(8, 10)?, 10);
        }
    }
    let most = match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=most).contains(&day) {
        return None;
    }
    if at == 10 && is(10, b'T') {
        let hour = number(11, 13)?;
        let (mut minute, mut second, mut millis) = (0, 0, 0);
        at = 13;
        if is(13, b':') {
            (minute, at) = (number(14, 16)?, 16);
            if is(16, b':') {
                (second, at) = (number(17, 19)?, 19);
                if is(19, b'.') {
                    let digits: String = text[20..].chars().take_while(char::is_ascii_digit).collect();
                    at = 20 + digits.len();
                    millis = format!("{digits:0<3}").get(..3)?.parse().ok()?;
                    if digits.is_empty() || digits.len() > 9 {
                        return None;
                    }
                }
            }
        }
        if hour > 23 || minute > 59 || second > 60 || (second == 60 && minute != 59) {
            return None;
        }
        clock = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
    }
    let zone = match text.get(at..)? {
        "" | "Z" => 0,
        rest => {
            let sign = match rest.as_bytes() {
                [b'+', _, _, b':', _, _] => 1,
                [b'-', _, _, b':', _, _] => -1,
                _ => return None,
            };
            let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes) * 60_000
        }
    };
    Some(days(year, month, day) * 86_400_000 + clock - zone)
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
    weekday: i64,
}

fn parts(millis: i64) -> Parts {
    let (days, clock) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (hour, minute) = (clock / 3_600_000, clock / 60_000 % 60);
    Parts {
        year,
        month,
        day,
        hour,
        minute,
        second: clock / 1000 % 60,
        millis: clock % 1000,
        weekday: (days + 4).rem_euclid(7),
    }
}

/// As `#inst` prints it.
pub(crate) fn rfc3339(millis: i64) -> String {
    let Parts { year, month, day, hour, minute, second, millis, .. } = parts(millis);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}-00:00")
}

/// As Java's `Date` says itself.
pub(crate) fn java_date(millis: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Parts { year, month, day, hour, minute, second, weekday, .. } = parts(millis);
    let (weekday, month) = (DAYS[weekday as usize % 7], MONTHS[(month - 1) as usize % 12]);
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}
