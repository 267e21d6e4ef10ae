//! Schedules in the notation of cron(8).

use std::fmt;

/// When something happens again and again: `15 3 * * *`.
///
/// A bit is set for each minute, hour, day, month and weekday (Sunday is 0) at which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Minutes of an hour.
    pub minutes: u64,
    /// Hours of a day.
    pub hours: u32,
    /// Days of a month, from 1.
    pub days: u32,
    /// Months of a year, from 1.
    pub months: u16,
    /// Days of a week, from Sunday, which is 0.
    pub weekdays: u8,
    /// Whether a day must be one of `days` and one of `weekdays`. If both were restricted, one of the two is enough.
    pub days_and_weekdays: bool,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCron {
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for BadCron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadCron {}

struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, words: &[] },
    Field { name: "hour", first: 0, last: 23, words: &[] },
    Field { name: "day", first: 1, last: 31, words: &[] },
    Field { name: "month", first: 1, last: 12, words: MONTHS },
    // 7 is Sunday as well.
    Field { name: "weekday", first: 0, last: 7, words: WEEKDAYS },
];

/// Schedules with a name.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Reads five fields (minute, hour, day, month, weekday), or a name such as `@daily`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadCron> {
        let text = text.trim();
        if text.starts_with('@') {
            let known = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(text);
            return match NAMED.iter().find(known) {
                Some((_, schedule)) => Self::parse(schedule),
                None => Err(bad(format!(
                    "{text} is no schedule; there are @hourly, @daily, @weekly, @monthly and @yearly"
                ))),
            };
        }
        let written: Vec<&str> = text.split_whitespace().collect();
        let fields: [&str; 5] = written.as_slice().try_into().map_err(|_| {
            let count = written.len();
            bad(format!("a schedule has five fields: minute, hour, day, month, weekday (this has {count})"))
        })?;
        let mut bits = [0; 5];
        for ((bits, field), text) in bits.iter_mut().zip(&FIELDS).zip(fields) {
            *bits = field.read(text)?;
        }
        let [minutes, hours, days, months, weekdays] = bits;
        let weekdays = (weekdays | weekdays >> 7) & 0x7f;
        let any = |text: &str| text.starts_with('*');
        Ok(Self {
            minutes,
            hours: hours as u32,
            days: days as u32,
            months: months as u16,
            weekdays: weekdays as u8,
            days_and_weekdays: any(fields[2]) || any(fields[4]),
        })
    }
}

impl Field {
    /// The numbers that a list means, as bits.
    fn read(&self, text: &str) -> Result<u64, BadCron> {
        text.split(',').try_fold(0, |bits, part| Ok(bits | self.part(part)?))
    }

    /// `*`, `5`, `1-5`, each with `/step` or without; a single number with a step goes to the end.
    fn part(&self, part: &str) -> Result<u64, BadCron> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.first, if self.name == "weekday" { 6 } else { self.last }),
            Some((from, to)) => (self.number(from)?, self.number(to)?),
            None => {
                let number = self.number(range)?;
                (number, if step.is_some() { self.last } else { number })
            }
        };
        if from > to {
            return Err(bad(format!("{range} ends before it begins")));
        }
        let step = match step {
            Some(step) => step
                .parse()
                .ok()
                .filter(|step| *step > 0)
                .ok_or_else(|| bad(format!("{step} is no step; a step is a number from 1")))?,
            None => 1,
        };
        Ok((from..=to).step_by(step).fold(0, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str) -> Result<u32, BadCron> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match word {
            Some(at) => u32::try_from(at).ok().map(|at| at + if self.name == "month" { 1 } else { 0 }),
            None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
        };
        number.filter(|number| (self.first..=self.last).contains(number)).ok_or_else(|| {
            let Self { name, first, last, .. } = self;
            bad(format!("{text:?} is no {name}; a {name} is a number from {first} to {last}"))
        })
    }
}

fn bad(message: String) -> BadCron {
    BadCron { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(bits: u64) -> String {
        let numbers: Vec<String> =
            (0..64).filter(|at| bits >> at & 1 == 1).map(|at| at.to_string()).collect();
        numbers.join(",")
    }

    #[test]
    fn fields_are_lists_of_ranges_with_steps() {
        for (text, minutes, hours, weekdays) in [
            ("15 3 * * *", "15", "3", "0,1,2,3,4,5,6"),
            ("0 0,12 */2 * *", "0", "0,12", "0,1,2,3,4,5,6"),
            ("*/20 9-17/4 * * mon-fri", "0,20,40", "9,13,17", "1,2,3,4,5"),
            ("50/3 1 1 jan SUN", "50,53,56,59", "1", "0"),
            ("0 0 * * 5-7", "0", "0", "0,5,6"),
            (
                "@hourly",
                "0",
                "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
                "0,1,2,3,4,5,6",
            ),
            (" @Weekly ", "0", "0", "0"),
        ] {
            let cron = Cron::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let seen = (numbers(cron.minutes), numbers(cron.hours.into()), numbers(cron.weekdays.into()));
            assert_eq!(seen, (minutes.to_owned(), hours.to_owned(), weekdays.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for (text, message) in [
            ("* * * *", "a schedule has five fields: minute, hour, day, month, weekday (this has 4)"),
            ("60 * * * *", "\"60\" is no minute; a minute is a number from 0 to 59"),
            ("0 24 * * *", "\"24\" is no hour; a hour is a number from 0 to 23"),
            ("0 0 0 * *", "\"0\" is no day; a day is a number from 1 to 31"),
            ("0 0 * juli *", "\"juli\" is no month; a month is a number from 1 to 12"),
            ("0 0 * * +1", "\"+1\" is no weekday; a weekday is a number from 0 to 7"),
            ("0 9-5 * * *", "9-5 ends before it begins"),
            ("*/0 * * * *", "0 is no step; a step is a number from 1"),
            ("0, * * * *", "\"\" is no minute; a minute is a number from 0 to 59"),
            ("@often", "@often is no schedule; there are @hourly, @daily, @weekly, @monthly and @yearly"),
        ] {
            assert_eq!(Cron::parse(text).map_err(|error| error.message), Err(message.to_owned()), "{text}");
        }
    }
}
