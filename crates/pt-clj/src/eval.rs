//! Evaluation of analysed code.

use std::sync::Arc;

use pt_edn::Span;

use crate::Value;
use crate::context::{Context, Frame};
use crate::exception::{Eval, Exception, Signal, class_of, is_a};
use crate::function::{Closure, Function, FunctionKind};
use crate::map::Map;
use crate::node::{Call, Case, HostCall, Let, LetFn, MakeFn, NativeCall, Node, Recur, Try};
use crate::seq::Seq;
use crate::types::Object;

/// Where the code of the core stands: nowhere that its users could look.
pub(crate) const NOWHERE: Span = Span { start: usize::MAX, end: usize::MAX };

/// Calls that an exception remembers; each place once.
const MOST_CALLS: usize = 8;

impl Signal {
    /// Remembers where it happened; when that is known, where the function was called in which it did. What is of the
    /// core's own is no place.
    #[cold]
    pub(crate) fn at(mut self, span: Span) -> Self {
        if let Self::Throw(thrown) = &mut self
            && span != NOWHERE
        {
            let known = thrown.span.is_some();
            if !known {
                thrown.span = Some(span);
            } else if thrown.left && thrown.calls.len() < MOST_CALLS && !thrown.calls.contains(&span) {
                thrown.calls.push(span);
            }
            thrown.left = false;
        }
        self
    }

    /// Remembers that it left a function.
    #[cold]
    pub(crate) fn leave(mut self) -> Self {
        if let Self::Throw(thrown) = &mut self {
            thrown.left = true;
        }
        self
    }
}

impl HostCall {
    #[inline(never)]
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let mut args = Vec::with_capacity(self.args.len());
        for arg in &self.args {
            args.push(arg.eval(context, frame)?);
        }
        context.call_host(&self.name, args).map_err(|signal| signal.at(self.span))
    }
}

impl Node {
    pub(crate) fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        match self {
            Self::Const(value) => Ok(value.clone()),
            Self::Local(slot) => Ok(context.stack[frame.base + *slot as usize].clone()),
            Self::Take(slot) => Ok(std::mem::take(&mut context.stack[frame.base + *slot as usize])),
            Self::Capture(at) => Ok(frame.captures[*at as usize].clone()),
            Self::This => Ok(frame.this.clone()),
            Self::Global(at) => match &context.globals[*at as usize] {
                Some(value) => Ok(value.clone()),
                None => Ok(unbound(context, *at)),
            },
            Self::If(parts) => {
                let test = match &parts.0 {
                    Self::Math(math) => match math.holds(context, frame) {
                        Some(holds) => holds,
                        None => parts.0.eval(context, frame)?.is_truthy(),
                    },
                    other => other.eval(context, frame)?.is_truthy(),
                };
                let branch = if test { &parts.1 } else { &parts.2 };
                branch.eval(context, frame)
            }
            Self::Math(math) => math.eval(context, frame),
            Self::Native(call) => call.eval(context, frame),
            Self::Call(call) => call.eval(context, frame).map_err(|signal| signal.at(call.span)),
            Self::Host(call) => call.eval(context, frame),
            Self::Get(get) => {
                let map = get.map.eval(context, frame)?;
                let found = match &map {
                    Value::Map(map) => map.get(&get.key).cloned(),
                    Value::Nil => None,
                    Value::Record(record)
                        if let (false, Some(default)) = (record.of.is_record, &get.default) =>
                    {
                        let default = default.eval(context, frame)?;
                        return lookup_or(context, &map, &get.key, default);
                    }
                    other => lookup(context, other, &get.key)?,
                };
                match (found, &get.default) {
                    (Some(value), _) => Ok(value),
                    (None, Some(default)) => default.eval(context, frame),
                    (None, None) => Ok(Value::Nil),
                }
            }
            Self::Let(form) => {
                form.bind(context, frame)?;
                form.body.eval(context, frame)
            }
            Self::Loop(form) => {
                form.bind(context, frame)?;
                loop {
                    match form.body.eval(context, frame) {
                        Err(Signal::Recur) => context.tick()?,
                        result => return result,
                    }
                }
            }
            Self::Recur(recur) => recur.eval(context, frame),
            Self::Do(nodes) => {
                let Some((last, before)) = nodes.split_last() else { return Ok(Value::Nil) };
                for node in before {
                    node.eval(context, frame)?;
                }
                last.eval(context, frame)
            }
            Self::And(nodes) | Self::Or(nodes) => {
                let until = matches!(self, Self::Or(_));
                let Some((last, before)) = nodes.split_last() else { return Ok(Value::Nil) };
                for node in before {
                    let value = node.eval(context, frame)?;
                    if value.is_truthy() == until {
                        return Ok(value);
                    }
                }
                last.eval(context, frame)
            }
            _ => self.eval_rare(context, frame),
        }
    }

    /// Kept apart so that the frequent kinds need little stack.
    #[inline(never)]
    fn eval_rare(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        match self {
            Self::HostValue(name) => {
                let value = context.host.as_ref().and_then(|(_, host)| host.value(name));
                value.ok_or_else(|| {
                    context.error("RuntimeException", format!("Unable to resolve symbol: {name}"))
                })
            }
            Self::Vector(nodes) => {
                let mut items = Vec::with_capacity(nodes.len());
                for node in nodes {
                    items.push(node.eval(context, frame)?);
                }
                Ok(Value::vector(items))
            }
            Self::Map(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for (key, value) in pairs {
                    let key = key.eval(context, frame)?;
                    crate::equal::realise(context, &key)?;
                    if map.contains_key(&key) {
                        let message = format!("Duplicate key: {}", crate::print::pr_str(&key));
                        return Err(context.error("IllegalArgumentException", message));
                    }
                    map.insert(key, value.eval(context, frame)?);
                }
                Ok(Value::Map(Arc::new(map)))
            }
            Self::Set(nodes) => {
                let mut set = crate::map::Set::default();
                for node in nodes {
                    let member = node.eval(context, frame)?;
                    crate::equal::realise(context, &member)?;
                    if set.contains(&member) {
                        let message = format!("Duplicate key: {}", crate::print::pr_str(&member));
                        return Err(context.error("IllegalArgumentException", message));
                    }
                    set.insert(member);
                }
                Ok(Value::Set(Arc::new(set)))
            }
            Self::Room(node) => crate::stack::room(|| node.eval(context, frame)),
            Self::Fn(made) => made.eval(context, frame),
            Self::LetFn(form) => form.eval(context, frame),
            Self::Def(def) => {
                let at = def.global as usize;
                if def.once && context.globals[at].is_some() {
                    return Ok(Value::Nil);
                }
                if let Some(value) = &def.value {
                    let value = value.eval(context, frame)?;
                    context.globals[at] = Some(value);
                }
                if def.is_macro {
                    context.macros.insert(def.global);
                }
                if let Some(meta) = &def.meta
                    && let Value::Map(meta) = meta.eval(context, frame)?
                {
                    context.var_meta.insert(def.global, meta);
                } else {
                    context.var_meta.remove(&def.global);
                }
                Ok(Value::Var(def.var.clone()))
            }
            Self::Assign(parts) => {
                let name = context.name_of(parts.0);
                // Clojure binds its own, such as `*warn-on-reflection*`, before it loads anything.
                if name.namespace() != Some("clojure.core")
                    && !context.bound.iter().any(|(at, _)| *at == parts.0)
                {
                    let message =
                        format!("Can't change/establish root binding of: {} with set", name.local());
                    return Err(context.error("IllegalStateException", message));
                }
                let value = parts.1.eval(context, frame)?;
                context.globals[parts.0 as usize] = Some(value.clone());
                Ok(value)
            }
            Self::Throw(parts) => Err(match parts.0.eval(context, frame)? {
                Value::Exception(exception) => Signal::from(exception),
                other => {
                    let class = class_of(&other);
                    context.error("ClassCastException", cannot_cast(class.full, "java.lang.Throwable"))
                }
            }
            .at(parts.1)),
            Self::Try(form) => form.eval(context, frame),
            Self::Case(case) => case.eval(context, frame),
            Self::Binding(form) => {
                let mut values = Vec::with_capacity(form.bindings.len());
                for (global, node) in &form.bindings {
                    values.push((*global, node.eval(context, frame)?));
                }
                let height = context.bound.len();
                for (global, value) in values {
                    context.bind_slot(global, Some(value));
                }
                let result = form.body.eval(context, frame);
                context.unbind_to(height);
                result
            }
            Self::Method(call) => {
                let target = call.target.eval(context, frame)?;
                let result = with_args(&call.args, context, frame, |context, args| {
                    crate::interop::method(context, &call.name, &target, args)
                });
                result.map_err(|signal| signal.at(call.span))
            }
            _ => Ok(Value::Nil),
        }
    }
}

/// Evaluates arguments into an array: few of them need no allocation.
#[inline]
fn with_args<R>(
    nodes: &[Node],
    context: &mut Context<'_>,
    frame: &Frame<'_>,
    run: impl FnOnce(&mut Context<'_>, &mut [Value]) -> Eval<R>,
) -> Eval<R> {
    match nodes {
        [] => run(context, &mut []),
        [only] => {
            let mut args = [only.eval(context, frame)?];
            run(context, &mut args)
        }
        [left, right] => {
            let mut args = [left.eval(context, frame)?, right.eval(context, frame)?];
            run(context, &mut args)
        }
        _ => {
            let mut args = Vec::with_capacity(nodes.len());
            for node in nodes {
                args.push(node.eval(context, frame)?);
            }
            run(context, &mut args)
        }
    }
}

#[cold]
fn unbound(context: &Context<'_>, at: u32) -> Value {
    Object::Unbound(context.name_of(at)).value()
}

/// Java's words for a value of the wrong class.
pub(crate) fn cannot_cast(from: &str, to: &str) -> String {
    let place = |class: &str| {
        if class.starts_with("clojure.") {
            (format!("{class} is in unnamed module of loader 'app'"), "in unnamed module of loader 'app'")
        } else {
            (
                format!("{class} is in module java.base of loader 'bootstrap'"),
                "in module java.base of loader 'bootstrap'",
            )
        }
    };
    let ((from_is, from_place), (to_is, to_place)) = (place(from), place(to));
    let places = if from_place == to_place {
        format!("{from} and {to} are {to_place}")
    } else {
        format!("{from_is}; {to_is}")
    };
    format!("class {from} cannot be cast to class {to} ({places})")
}

/// Calls a value that is data: a keyword, map, set, vector, symbol or var.
pub(crate) fn call_data(context: &mut Context<'_>, function: &Value, args: &mut [Value]) -> Eval {
    match (function, args) {
        (Value::Keyword(_) | Value::Symbol(_), [map]) => {
            Ok(lookup(context, map, function)?.unwrap_or_default())
        }
        (Value::Keyword(_) | Value::Symbol(_), [map, default]) => {
            lookup_or(context, map, function, std::mem::take(default))
        }
        (Value::Map(map), [key]) => {
            crate::equal::realise(context, key)?;
            Ok(map.get(key).cloned().unwrap_or_default())
        }
        (Value::Map(map), [key, default]) => {
            crate::equal::realise(context, key)?;
            Ok(map.get(key).cloned().unwrap_or_else(|| std::mem::take(default)))
        }
        (Value::Set(set), [key]) => {
            crate::equal::realise(context, key)?;
            Ok(set.get(key).cloned().unwrap_or_default())
        }
        (Value::Sorted(_), [key]) => Ok(lookup(context, function, key)?.unwrap_or_default()),
        (Value::Sorted(sorted), [key, default]) if !sorted.is_set => {
            Ok(lookup(context, function, key)?.unwrap_or_else(|| std::mem::take(default)))
        }
        (Value::Vector(items), [Value::Int(index)]) => {
            let item = usize::try_from(*index).ok().and_then(|index| items.get(index));
            item.cloned().ok_or_else(|| Exception::silent("IndexOutOfBoundsException").into())
        }
        (Value::Vector(_), [_]) => Err(context.error("IllegalArgumentException", "Key must be integer")),
        (Value::Var(name), args) => {
            let function = crate::core::deref_var(context, name)?;
            context.nested(|context| context.call(&function, args))
        }
        (Value::Object(object), args) => crate::core::call_object(context, function, object, args),
        (Value::Record(record), args) => match record.of.method("invoke") {
            Some(method) => {
                let mut all: Vec<Value> =
                    std::iter::once(function.clone()).chain(args.iter_mut().map(std::mem::take)).collect();
                context.nested(|context| context.call(&method, &mut all))
            }
            None => {
                Err(context.error("ClassCastException", cannot_cast(&record.of.name, "clojure.lang.IFn")))
            }
        },
        (Value::Keyword(_) | Value::Symbol(_), args) => {
            let name = crate::print::pr_str(function);
            let count = args.len();
            if count == 0 || count > 2 {
                return Err(context.error(
                    "IllegalArgumentException",
                    format!("Wrong number of args ({count}) passed to: {name}"),
                ));
            }
            Ok(Value::Nil)
        }
        (Value::Map(_) | Value::Set(_) | Value::Vector(_) | Value::Sorted(_), args) => {
            Err(context.wrong_arity(args.len(), class_of(function).full))
        }
        (Value::Nil, _) => {
            let message = "Cannot invoke \"clojure.lang.IFn.invoke()\" because the return value is null";
            Err(context.error("NullPointerException", message))
        }
        _ => {
            Err(context.error("ClassCastException", cannot_cast(class_of(function).full, "clojure.lang.IFn")))
        }
    }
}

/// `get` with a default, which a type may want to see.
pub(crate) fn lookup_or(context: &mut Context<'_>, map: &Value, key: &Value, default: Value) -> Eval {
    match map {
        Value::Record(record)
            if !record.of.is_record
                && let Some(method) = record.of.method("valAt") =>
        {
            context.call(&method, &mut [map.clone(), key.clone(), default])
        }
        _ => Ok(lookup(context, map, key)?.unwrap_or(default)),
    }
}

/// `get` on what may be looked into by key.
pub(crate) fn lookup(context: &mut Context<'_>, map: &Value, key: &Value) -> Eval<Option<Value>> {
    // Java cuts it to 32 bits first.
    let index = || match key {
        Value::Int(index) => usize::try_from(*index as i32).ok(),
        _ => None,
    };
    Ok(match map {
        Value::Object(object) if let Object::Protocol(protocol) = &**object => {
            (*key == Value::keyword("sigs")).then(|| protocol.sigs.clone())
        }
        Value::Map(map) => map.get(key).cloned(),
        Value::Set(set) => set.get(key).cloned(),
        Value::Vector(items) => index().and_then(|at| items.get(at)).cloned(),
        Value::Str(text) => index().and_then(|at| text.chars().nth(at)).map(Value::Char),
        Value::Sorted(sorted) => {
            let found = sorted.get(context, key)?;
            found.map(|(key, value)| if sorted.is_set { key } else { value })
        }
        Value::Record(record) if record.of.is_record => record.fields.get(key).cloned(),
        Value::Record(record) => match record.of.method("valAt") {
            Some(method) => Some(context.call2(&method, map.clone(), key.clone())?),
            None => None,
        },
        Value::Object(object) => match &**object {
            Object::Transient(value) => {
                let value = crate::types::locked(value).clone();
                match value {
                    Some(value) => lookup(context, &value, key)?,
                    None => None,
                }
            }
            Object::Array { items, .. } => {
                index().and_then(|at| crate::types::locked(items).get(at).cloned())
            }
            Object::Tagged(tag, form) => match key {
                Value::Keyword(name) if name.as_str() == "tag" => Some(Value::Symbol(tag.clone())),
                Value::Keyword(name) if name.as_str() == "form" => Some(form.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

impl Recur {
    #[inline(never)]
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let slot = frame.base + self.first as usize;
        if let [left, right] = &*self.args {
            let (left, right) = (left.eval(context, frame)?, right.eval(context, frame)?);
            context.stack[slot] = left;
            context.stack[slot + 1] = right;
            return Err(Signal::Recur);
        }
        for arg in &self.args {
            let value = arg.eval(context, frame)?;
            context.stack.push(value);
        }
        for at in (0..self.args.len()).rev() {
            let value = context.stack.pop().unwrap_or_default();
            context.stack[slot + at] = value;
        }
        Err(Signal::Recur)
    }
}

impl NativeCall {
    #[inline(never)]
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let result = with_args(&self.args, context, frame, |context, args| (self.native.code)(context, args));
        result.map_err(|signal| signal.at(self.span))
    }
}

impl Call {
    #[inline(never)]
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let function = self.function.eval(context, frame)?;
        if let Value::Fn(made) = &function
            && let FunctionKind::Closure(closure) = &made.0
        {
            let base = context.stack.len();
            for arg in &self.args {
                let value = arg.eval(context, frame)?;
                context.stack.push(value);
            }
            return context.enter(&function, closure, base);
        }
        // As in Java, that something is no function shows before its arguments are computed.
        if is_never_called(&function) {
            return call_data(context, &function, &mut []);
        }
        with_args(&self.args, context, frame, |context, args| context.call(&function, args))
    }
}

fn is_never_called(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::Str(_) | Value::Char(_) | Value::List(_) | Value::Lazy(_) | Value::Regex(_)
    ) || value.is_number()
}

impl Let {
    #[inline(never)]
    fn bind(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval<()> {
        for (slot, node) in &self.bindings {
            let value = node.eval(context, frame)?;
            context.stack[frame.base + *slot as usize] = value;
        }
        Ok(())
    }
}

impl MakeFn {
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let mut captures = Vec::with_capacity(self.captures.len());
        for capture in &self.captures {
            captures.push(capture.eval(context, frame)?);
        }
        let closure = Closure { code: Arc::clone(&self.code), captures: captures.into() };
        Ok(Value::Fn(Arc::new(Function::new(FunctionKind::Closure(closure), None))))
    }
}

impl LetFn {
    /// Each function finds its siblings through a cell shared by all of them.
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        for (slot, _) in &self.functions {
            let cell =
                Value::Cell(Arc::new(crate::state::Cell::new(Value::Nil, crate::state::CellKind::Volatile)));
            context.stack[frame.base + *slot as usize] = cell;
        }
        for (slot, made) in &self.functions {
            let function = made.eval(context, frame)?;
            let Value::Cell(cell) = &context.stack[frame.base + *slot as usize] else { continue };
            cell.set(function);
        }
        self.body.eval(context, frame)
    }
}

impl Try {
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let height = context.stack.len();
        let captured = context.captured.len();
        let mut result = self.body.eval(context, frame);
        if let Err(Signal::Throw(thrown)) = &result {
            context.stack.truncate(height);
            if thrown.stop.is_some() {
                return result;
            }
            context.captured.truncate(captured);
            let class = thrown.exception.class;
            if let Some((_, slot, body)) = self.catches.iter().find(|(caught, _, _)| is_a(class, caught)) {
                context.stack[frame.base + *slot as usize] = Value::Exception(Arc::clone(&thrown.exception));
                result = body.eval(context, frame);
                if result.is_err() {
                    context.stack.truncate(height);
                }
            }
        }
        if let Some(finally) = &self.finally {
            finally.eval(context, frame)?;
        }
        result
    }
}

impl Case {
    fn eval(&self, context: &mut Context<'_>, frame: &Frame<'_>) -> Eval {
        let value = self.value.eval(context, frame)?;
        crate::equal::realise(context, &value)?;
        let branch = match self.keys.get(&value) {
            Some(Value::Int(at)) => self.branches.get(usize::try_from(*at).unwrap_or(usize::MAX)),
            _ => self.default.as_ref(),
        };
        match branch {
            Some(node) => node.eval(context, frame),
            None => {
                let message = format!("No matching clause: {}", crate::print::str(&value));
                Err(context.error("IllegalArgumentException", message).at(self.span))
            }
        }
    }
}

/// The rest of a sequence from an index on, for `[a & more]`; nil if nothing is left.
pub(crate) fn rest_from(context: &mut Context<'_>, value: &Value, from: usize) -> Eval {
    if let Value::Vector(items) = value {
        let rest: Vec<Value> = items.iter().skip(from).cloned().collect();
        return Ok(if rest.is_empty() { Value::Nil } else { Seq::list(rest).into() });
    }
    let mut rest = value.clone();
    for _ in 0..from {
        match crate::seq::seq(context, rest)? {
            Value::List(seq) => rest = seq.rest(),
            _ => return Ok(Value::Nil),
        }
    }
    crate::seq::seq(context, rest)
}
