//! What a script finds in its global scope.

use std::cell::RefCell;
use std::rc::Rc;

use pt_model::{Data, Failure, Map, camel};
use rquickjs::convert::Coerced;
use rquickjs::function::Rest;
use rquickjs::object::Property;
use rquickjs::{Ctx, Exception, FromJs, Function, Object, Result, Value};

use super::Watch;
use super::bridge;
use super::data::{self, Trouble, from_js, to_js};
use super::shared::OF_EVERY_OBJECT;
use crate::function::{self, FUNCTIONS, Refusal, RunnerFunction};
use crate::{Occasion, Scope};

/// Under this key errors that come from the runner say which of the [`Failures`] they are. Scripts do not see it.
pub(super) const RUNNER_FAILURE: &str = "runnerFailure";

/// What calls to the runner failed with. Errors in the script are copies in its own spelling.
pub(super) type Failures = RefCell<Vec<Failure>>;

/// What the functions of `pt` and `console` need.
pub(super) struct Api {
    watch: Rc<Watch>,
    failures: Rc<Failures>,
    settings: bool,
    occasion: Occasion,
    wanted: Wanted,
}

/// Which functions of `pt` a script may find. Making all of them takes longer, and more memory, than most scripts do.
enum Wanted {
    All,
    /// Those that follow `pt.` somewhere, where nothing else is done with `pt`.
    Named(Vec<String>),
}

impl Wanted {
    fn of(text: &str) -> Self {
        let mut named = Vec::new();
        let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        for (at, _) in text.match_indices("pt") {
            let (before, after) = (&text[..at], &text[at + 2..]);
            if before.ends_with(part_of_name) || after.starts_with(part_of_name) {
                continue;
            }
            let Some(name) = after.strip_prefix('.') else { return Self::All };
            let name = &name[..name.find(|c| !part_of_name(c)).unwrap_or(name.len())];
            if name.is_empty() || OF_EVERY_OBJECT.contains(&name) {
                return Self::All;
            }
            named.push(name.to_owned());
        }
        Self::Named(named)
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|named| named == name),
        }
    }
}

impl Api {
    pub(super) fn new(watch: Rc<Watch>, settings: bool, occasion: Occasion, text: &str) -> Self {
        Self { watch, failures: Rc::default(), settings, occasion, wanted: Wanted::of(text) }
    }

    /// For scripts that are still to be written.
    pub(super) fn whole(watch: Rc<Watch>, settings: bool, occasion: Occasion) -> Self {
        Self { watch, failures: Rc::default(), settings, occasion, wanted: Wanted::All }
    }

    /// What calls have failed with so far, and will.
    pub(super) fn failures(&self) -> Rc<Failures> {
        Rc::clone(&self.failures)
    }
}

/// Defines `params`, `inputs`, `pt` and `console`. Without an api, `pt` and `console` are nowhere mentioned.
pub(super) fn install<'js>(ctx: &Ctx<'js>, scope: &Scope<'_>, api: Option<Api>) -> Result<()> {
    let globals = ctx.globals();
    let params = data::map_to_js(ctx, scope.params)?;
    // Configurable, so that scripts can say `let params = …`.
    define(&globals, "inputs", params.clone())?;
    define(&globals, "params", params)?;
    let Some(api) = api else { return Ok(()) };
    let api = Rc::new(api);
    define(&globals, "console", console(ctx, api.watch.limits.memory)?)?;
    define(&globals, "pt", runner(ctx, scope, &api)?)
}

fn define<'js, V: rquickjs::IntoJs<'js>>(object: &Object<'js>, name: &str, value: V) -> Result<()> {
    object.prop(name, Property::from(value).writable().configurable())
}

fn runner<'js>(ctx: &Ctx<'js>, scope: &Scope<'_>, api: &Rc<Api>) -> Result<Object<'js>> {
    let pt = Object::new(ctx.clone())?;
    for function in FUNCTIONS.iter().filter(|function| api.settings || !function.settings) {
        let name = camel(function.name);
        if api.wanted.has(&name) {
            define(&pt, &name, runner_function(ctx, Rc::clone(api), function)?)?;
        }
    }
    for (name, alias, value) in [
        ("moduleRepoRef", "module_repo_ref", scope.repo_ref),
        ("moduleProjectRef", "module_project_ref", scope.project_ref),
    ] {
        let value = to_js(ctx, &value.map_or(Data::Null, Data::from))?;
        define(&pt, name, value.clone())?;
        define(&pt, alias, value)?;
    }
    let params = Rc::new(scope.params.clone());
    for name in ["param", "input"].into_iter().filter(|name| api.wanted.has(name)) {
        define(&pt, name, param_function(ctx, Rc::clone(&params))?)?;
    }
    Ok(pt)
}

fn param_function<'js>(ctx: &Ctx<'js>, params: Rc<Map>) -> Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, Coerced(name): Coerced<String>| -> Result<Value<'js>> {
        let found = params
            .get(name.as_str())
            .or_else(|| params.iter().find(|(declared, _)| camel(declared) == name).map(|(_, value)| value));
        found.map_or_else(|| Ok(Value::new_undefined(ctx.clone())), |value| to_js(&ctx, value))
    })
}

fn runner_function<'js>(
    ctx: &Ctx<'js>,
    api: Rc<Api>,
    function: &'static RunnerFunction,
) -> Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, args: Rest<Value<'js>>| -> Result<Value<'js>> {
        let name = camel(function.name);
        if let Err(Refusal::NotInArgs) = function::find(function.name, api.occasion, api.settings) {
            let message = format!("pt.{name} cannot be used in args");
            return Err(Exception::from_message(ctx, &message)?.throw());
        }
        let mut given = Vec::with_capacity(args.0.len());
        for (index, arg) in args.0.iter().enumerate() {
            match from_js(arg, api.watch.limits.memory) {
                Ok(data) => given.push(data),
                Err(Trouble::TooLarge) => return Err(Exception::throw_internal(&ctx, "out of memory")),
                Err(Trouble::Threw(error)) => return Err(error),
                Err(Trouble::Unfit(unfit)) => {
                    let message = unfit.message();
                    let message = format!("{message} It is argument {} of pt.{name}.", index + 1);
                    return Err(Exception::throw_type(&ctx, &message));
                }
            }
        }
        // A script that was told to stop gets no more answers; the interpreter ends it soon.
        if api.watch.check().is_some() {
            return Err(Exception::throw_message(&ctx, "The code was stopped."));
        }
        match bridge::call(function.name, given) {
            Ok(answer) => to_js(&ctx, &answer),
            Err(failure) => Err(throw(&ctx, &api.failures, failure)?),
        }
    })?
    .with_name(camel(function.name))
}

/// A failure as an `Error` with `message` and `data`.
fn throw(ctx: &Ctx<'_>, failures: &Failures, failure: Failure) -> Result<rquickjs::Error> {
    let error = Exception::from_message(ctx.clone(), &failure.message)?;
    let data = to_js(ctx, &failure.data)?;
    error.as_object().prop("data", Property::from(data).writable().configurable().enumerable())?;
    let mut failures = failures.borrow_mut();
    error.as_object().prop(RUNNER_FAILURE, failures.len())?;
    failures.push(failure);
    Ok(error.throw())
}

fn console<'js>(ctx: &Ctx<'js>, most: usize) -> Result<Object<'js>> {
    let console = Object::new(ctx.clone())?;
    for level in ["log", "info", "warn", "error", "debug"] {
        let print = move |args: Rest<Value<'js>>| -> Result<()> {
            let words: Vec<String> = args.0.iter().map(|arg| printed(arg, most)).collect::<Result<_>>()?;
            bridge::print(&words.join(" "));
            Ok(())
        };
        define(&console, level, Function::new(ctx.clone(), print)?)?;
    }
    Ok(console)
}

/// Texts as they are, data as JSON, everything else as JavaScript names it.
fn printed(value: &Value<'_>, most: usize) -> Result<String> {
    let ctx = value.ctx();
    if value.is_symbol() {
        return Ok("Symbol()".to_owned());
    }
    if value.is_object() && !value.is_function() && !value.is_error() {
        match from_js(value, most) {
            Ok(Data::Str(text)) => return Ok(text),
            Ok(data) => return Ok(data.to_string()),
            Err(Trouble::Threw(error)) => return Err(error),
            Err(Trouble::TooLarge) => return Err(Exception::throw_internal(ctx, "out of memory")),
            // Functions within it are left out; where that does not help either, its name is better than nothing.
            Err(Trouble::Unfit(_)) if is_data_around(value) => match ctx.json_stringify(value.clone()) {
                Ok(Some(json)) => return json.to_string(),
                Ok(None) => {}
                // It contains itself. Nobody reads what that threw.
                Err(_) => drop(ctx.catch()),
            },
            Err(Trouble::Unfit(_)) => {}
        }
    }
    Ok(Coerced::<String>::from_js(ctx, value.clone())?.0)
}

/// Whether it is a list or an object that a script wrote.
fn is_data_around(value: &Value<'_>) -> bool {
    let plain = || data::class(value.as_object()?).ok().filter(|class| class == "Object");
    value.is_array() || plain().is_some()
}
