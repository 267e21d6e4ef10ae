//! JavaScript, line by line.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use rquickjs::convert::Coerced;
use rquickjs::{Context, Exception, FromJs, Value};

use super::api::{self, Api, Failures};
use super::fault::Source;
use super::rejected::Rejections;
use super::{Script, Stop, Watch, bridge, data, prepare, scope};
use crate::function;
use crate::host::Session;
use crate::repl::Lines;
use crate::room::with_room;
use crate::{EvalError, FUNCTIONS, Language, Limits, Scope, Snippet};

/// Talks in one context.
pub(crate) fn talk<R>(
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
    talk: impl FnOnce(&mut dyn Lines) -> R,
) -> Result<R, EvalError> {
    let occasion = session.occasion;
    bridge::serving(session, || {
        let watch = Rc::new(Watch::new(limits));
        let (context, rejections) = prepare(limits, &watch, Context::full)?;
        let api = Api::whole(Rc::clone(&watch), true, occasion);
        let failures = api.failures();
        context
            .with(|ctx| api::install(&ctx, scope, Some(api)))
            .map_err(|error| EvalError::code(format!("JavaScript could not be started: {error}.")))?;
        let mut javascript = JavaScript { context, limits, watch, failures, rejections };
        let result = talk(&mut javascript);
        javascript.context.with(|ctx| {
            javascript.rejections.take(&ctx);
        });
        Ok(result)
    })
}

struct JavaScript<'l> {
    context: Context,
    limits: &'l Limits,
    watch: Rc<Watch>,
    failures: Rc<Failures>,
    rejections: Rejections,
}

impl JavaScript<'_> {
    fn run(&self, before: &str, text: &str) -> Result<String, EvalError> {
        let said = format!("{before}{text}");
        let snippet = Snippet { language: Language::JavaScript, text: &said, settings: true };
        let source = Source::script(&said);
        // Functions keep their places: so each must stand where nothing else has stood.
        let open = with_room(text, || scope::with_vars(text)).unwrap_or_else(|| text.to_owned());
        let placed = format!("{}{open}", "\n".repeat(before.matches('\n').count()));
        self.context.with(|ctx| {
            let failures = Rc::clone(&self.failures);
            let rejections = self.rejections.clone();
            let (limits, watch) = (self.limits, &*self.watch);
            let script = Script { ctx, snippet: &snippet, limits, watch, failures, rejections };
            // Of what came before nobody wants to hear.
            script.rejections.take(&script.ctx);
            let value = script.eval_text(&placed).map_err(|error| script.fault(error, &source))?;
            script.unheard(&source)?;
            shown(&value, limits).map_err(|error| script.fault(error, &source))
        })
    }
}

impl Lines for JavaScript<'_> {
    fn evaluate(&mut self, before: &str, text: &str) -> Result<String, EvalError> {
        self.limits.interrupt.store(false, Ordering::Relaxed);
        self.watch.restart();
        let result = self.run(before, text).map_err(|error| declared_again(error, before, text));
        match self.watch.check() {
            Some(Stop::Interrupted) => Err(EvalError::interrupted()),
            Some(Stop::TimedOut) if self.watch.was_told() || result.is_err() => {
                Err(EvalError::timed_out(self.limits.time))
            }
            Some(Stop::TimedOut) | None => result,
        }
    }

    fn names(&mut self) -> Vec<String> {
        self.limits.interrupt.store(false, Ordering::Relaxed);
        self.watch.restart();
        let globals = self.run("", "Object.getOwnPropertyNames(globalThis).join(' ')").unwrap_or_default();
        let globals = globals.trim_matches('"').split(' ').map(str::to_owned);
        let runner = FUNCTIONS.iter().map(|function| function::called(function.name, Language::JavaScript));
        globals.chain(runner).collect()
    }

    fn about(&mut self, name: &str) -> Option<String> {
        let is_own = !scope::is_global(name) && self.names().iter().any(|known| known == name);
        is_own.then(|| format!("{name} was defined here."))
    }
}

/// What an earlier line declared cannot be declared again. QuickJS tells no place.
fn declared_again(error: EvalError, before: &str, text: &str) -> EvalError {
    let again = error.message.strip_prefix("SyntaxError: redeclaration of '");
    let Some(name) = again.and_then(|rest| rest.strip_suffix('\'')) else { return error };
    let place = scope::declaration(text, name).map(|at| before.len() + at.start..before.len() + at.end);
    let hint =
        format!("an earlier line declared {name}: give this one another name, or that one another value");
    error.at(place).with_hint(hint)
}

/// Data as JSON, everything else as JavaScript names it.
fn shown(value: &Value<'_>, limits: &Limits) -> rquickjs::Result<String> {
    if value.is_undefined() {
        return Ok("undefined".to_owned());
    }
    match data::from_js(value, limits.memory) {
        Ok(data) => Ok(data.to_string()),
        Err(data::Trouble::Threw(error)) => Err(error),
        Err(data::Trouble::TooLarge) => Err(Exception::throw_internal(value.ctx(), "out of memory")),
        Err(data::Trouble::Unfit(_)) if value.is_symbol() => Ok("Symbol()".to_owned()),
        Err(data::Trouble::Unfit(_)) => Ok(Coerced::<String>::from_js(value.ctx(), value.clone())?.0),
    }
}
