//! The object `pt`, the output, and what scripts ask of the system.

use std::borrow::Cow;

use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};
use monty_types::{
    CallArgs, ExcType, ExtFunctionResult, MontyDate, MontyDateTime, MontyException, MontyObject,
    MontyTimeZone, MontyUuid, OsFunctionCall, PrintWriter, PrintWriterCallback,
};
use pt_model::{Data, Failure, Map};

use super::data::{from_python, to_python};
use crate::function::{Deed, Refusal, meant};
use crate::host::{Host, Session};
use crate::{Language, Scope};

/// What the functions of `pt` are called where they stand alone: `f = pt.log`.
const ALONE: &str = "pt.";

/// The runner as a script sees it.
pub(super) struct Runner<'s, 'h, H: Host + ?Sized = dyn Host + 'h> {
    session: &'s mut Session<'h, H>,
    failures: Vec<Failure>,
    /// The line that is being printed.
    line: String,
}

/// Bytes of a line that are held back for its end.
const LONGEST_LINE: usize = 64 << 10;

impl<'s, 'h, H: Host + ?Sized> Runner<'s, 'h, H> {
    pub(super) fn new(session: &'s mut Session<'h, H>) -> Self {
        Self { session, failures: Vec::new(), line: String::new() }
    }

    /// Where the script prints to.
    pub(super) fn writer(&mut self) -> PrintWriter<'_> {
        PrintWriter::Callback(self)
    }

    /// Hands over what was printed; a line that has not ended only if it is the last, or very long.
    pub(super) fn hand_over(&mut self, last: bool) {
        let ended = self.line.rfind('\n').map(|end| end + 1);
        let whole = last || self.line.len() - ended.unwrap_or(0) > LONGEST_LINE;
        let rest = self.line.split_off(if whole { self.line.len() } else { ended.unwrap_or(0) });
        let lines = std::mem::replace(&mut self.line, rest);
        if !lines.is_empty() {
            self.session.print(lines.strip_suffix('\n').unwrap_or(&lines));
        }
    }

    /// What calls have failed with so far. Exceptions in the script hold the message only.
    pub(super) fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// The function `pt.NAME` as a value, if there is one.
    pub(super) fn function(&self, name: &str) -> Option<MontyObject> {
        let found = !matches!(
            self.session.find(&meant(name, Language::Python)),
            Err(Refusal::Unknown { .. } | Refusal::NeedsSettings)
        );
        found.then(|| MontyObject::function(format!("{ALONE}{name}"), None))
    }

    /// Whether a call may wait.
    pub(super) fn waits(&self, name: &str, of_pt: bool) -> bool {
        let name = if of_pt { Some(name) } else { name.strip_prefix(ALONE) };
        let found = name.map(|name| self.session.find(&meant(name, Language::Python)));
        matches!(found, Some(Ok(function)) if function.deed == Deed::Waits)
    }

    /// Calls `pt.NAME`, or whatever else has no definition in the script.
    pub(super) fn call(&mut self, name: &str, of_pt: bool, args: &CallArgs) -> ExtFunctionResult {
        let known = if of_pt { Some(name) } else { name.strip_prefix(ALONE) };
        let Some(name) = known else { return ExtFunctionResult::NotFound(name.to_owned()) };
        let raise =
            |kind, message: String| ExtFunctionResult::Error(MontyException::new(kind, Some(message)));
        let function = match self.session.find(&meant(name, Language::Python)) {
            Ok(function) => function,
            Err(Refusal::NotInArgs) => {
                return raise(ExcType::RuntimeError, format!("pt.{name} cannot be used in args"));
            }
            Err(Refusal::Unknown { .. } | Refusal::NeedsSettings) => {
                return raise(ExcType::AttributeError, format!("'pt' object has no attribute '{name}'"));
            }
        };
        let mut given = Vec::with_capacity(args.args().len() + 1);
        for (index, arg) in args.args().enumerate() {
            match from_python(arg) {
                Ok(data) => given.push(data),
                Err(unfit) => {
                    let message = format!("{} It is argument {} of pt.{name}.", unfit.message(), index + 1);
                    return raise(ExcType::TypeError, message);
                }
            }
        }
        // `pt.spawn(image="alpine", expose_as="x")`: one map, its keys as polytope files write them.
        let mut map = Map::default();
        for (key, value) in args.kwargs() {
            let key = key.to_string();
            match from_python(value) {
                Ok(data) => map.insert(key.replace('_', "-").into(), data),
                Err(unfit) => {
                    let message = format!("{} It is argument {key} of pt.{name}.", unfit.message());
                    return raise(ExcType::TypeError, message);
                }
            };
        }
        if !map.is_empty() {
            given.push(Data::Map(Box::new(map)));
        }
        match self.session.call(function.name, given) {
            Ok(answer) => ExtFunctionResult::Return(to_python(&answer)),
            Err(failure) => {
                let message = failure.message.clone();
                self.failures.push(failure);
                raise(ExcType::RuntimeError, message)
            }
        }
    }
}

/// The object `pt`. Its functions are looked up when they are called.
pub(super) fn namespace(scope: &Scope<'_>) -> MontyObject {
    let text = |text: &str| MontyObject::string(text);
    let attribute =
        |(name, value): (&str, Option<&str>)| (text(name), value.map_or_else(MontyObject::none, text));
    let attributes = [("module_repo_ref", scope.repo_ref), ("module_project_ref", scope.project_ref)];
    let class = MontyObject::class_type("pt", MontyUuid::from_u128(1), true, false, []);
    MontyObject::class_instance(class, MontyUuid::from_u128(2), attributes.map(attribute))
}

/// What a script asks of the system: it may know what time it is.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever monty may ask for is refused")]
pub(super) fn system(call: &OsFunctionCall) -> ExtFunctionResult {
    let refused = |message: String| {
        ExtFunctionResult::Error(MontyException::new(ExcType::PermissionError, Some(message)))
    };
    ExtFunctionResult::Return(match call {
        OsFunctionCall::DateToday => MontyObject::date(day(Zoned::now().date())),
        OsFunctionCall::DateTimeNow(zone) => now(zone.as_ref()),
        OsFunctionCall::Time(_) => MontyObject::float(Timestamp::now().as_duration().as_secs_f64()),
        OsFunctionCall::AsyncSleep(wait) if wait.is_zero() => MontyObject::none(),
        OsFunctionCall::Sleep(_) | OsFunctionCall::AsyncSleep(_) => {
            return refused(format!("{} cannot be used: pt.sleep waits", call.name()));
        }
        OsFunctionCall::Import(module) => return ExtFunctionResult::NotFound(module.clone()),
        other => {
            return refused(format!(
                "{} cannot be used: code reaches neither files nor the environment",
                other.name()
            ));
        }
    })
}

fn now(zone: Option<&MontyTimeZone>) -> MontyObject {
    let offset = |zone: &MontyTimeZone| Offset::from_seconds(zone.offset_seconds).unwrap_or(Offset::UTC);
    let now = match zone {
        Some(zone) => offset(zone).to_datetime(Timestamp::now()),
        None => Zoned::now().datetime(),
    };
    let MontyDate { year, month, day } = day(now.date());
    MontyObject::datetime(MontyDateTime {
        year,
        month,
        day,
        hour: now.hour().unsigned_abs(),
        minute: now.minute().unsigned_abs(),
        second: now.second().unsigned_abs(),
        microsecond: now.subsec_nanosecond().unsigned_abs() / 1000,
        offset_seconds: zone.map(|zone| zone.offset_seconds),
        timezone_name: zone.and_then(|zone| zone.name.clone()),
    })
}

fn day(date: jiff::civil::Date) -> MontyDate {
    MontyDate { year: date.year().into(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
}

impl<H: Host + ?Sized> PrintWriterCallback for Runner<'_, '_, H> {
    fn stdout_write(&mut self, output: Cow<'_, str>) -> Result<(), MontyException> {
        self.line.push_str(&output);
        self.hand_over(false);
        Ok(())
    }

    fn stdout_push(&mut self, end: char) -> Result<(), MontyException> {
        self.line.push(end);
        if end == '\n' {
            self.hand_over(false);
        }
        Ok(())
    }
}
