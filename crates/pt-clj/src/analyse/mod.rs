//! Forms to nodes: every name is resolved once, here.

mod destructure;
mod expand;
mod function;
mod interop;
mod macros;
mod quote;
mod special;
mod unknown;

use std::sync::Arc;

use pt_edn::{Form, FormKind, Name, Span};

pub(crate) use function::short_fn;
pub(crate) use macros::{MACROS, Macro};
pub(crate) use quote::{is_special, syntax_quote};
pub(crate) use special::{SPECIALS, Special};

use crate::Value;
use crate::context::Context;
use crate::core::{self, Core};
use crate::exception::{Eval, Exception, Signal, Thrown};
use crate::function::Native;
use crate::node::{Call, Get, HostCall, Math, NativeCall, Node, Op};

/// Turns forms into nodes.
pub(crate) struct Analyser<'c, 'h> {
    pub(crate) context: &'c mut Context<'h>,
    scopes: Vec<Scope>,
}

/// What one function, or the top level, knows.
#[derive(Default)]
struct Scope {
    locals: Vec<Local>,
    next: u32,
    slots: u32,
    captures: Vec<Captured>,
    /// The function's own name.
    name: Option<Box<str>>,
    /// Where `recur` puts its values: the first slot and their number.
    target: Option<(u32, usize)>,
    /// The identity of its `##NaN`.
    nan: Option<u64>,
}

#[derive(Clone)]
struct Local {
    name: Box<str>,
    slot: u32,
    /// A function of `letfn`, found through a cell.
    cell: bool,
}

struct Captured {
    name: Box<str>,
    outer: Node,
    cell: bool,
}

/// What `Analyser::mark` remembers.
struct Mark {
    locals: usize,
    next: u32,
    target: Option<(u32, usize)>,
}

/// How deep code nests before it asks for stack when it runs: nothing between calls does.
const NESTING: usize = 32;

/// A node so deep in others.
fn roomy(node: Node, nesting: usize) -> Node {
    match node {
        Node::Const(_) => node,
        _ if nesting % NESTING == NESTING - 1 => Node::Room(Box::new(node)),
        _ => node,
    }
}

impl<'c, 'h> Analyser<'c, 'h> {
    pub(crate) fn new(context: &'c mut Context<'h>) -> Self {
        Self { context, scopes: vec![Scope::default()] }
    }

    /// A form outside of any function, and how many slots it needs.
    pub(crate) fn top(mut self, form: &Form) -> Eval<(Node, usize)> {
        let mut node = self.node(form, false)?;
        crate::liveness::mark_last_uses(&mut node);
        let slots = self.scopes.first().map_or(0, |scope| scope.slots);
        Ok((node, slots as usize))
    }

    #[cold]
    fn error<T>(&self, span: Span, message: impl Into<String>) -> Eval<T> {
        let exception = Arc::new(Exception::new("IllegalArgumentException", message));
        Err(Signal::Throw(Box::new(Thrown { span: Some(span), ..Thrown::new(exception) })))
    }

    fn scope(&mut self) -> &mut Scope {
        // There is always the scope of the top level.
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn mark(&mut self) -> Mark {
        let scope = self.scope();
        Mark { locals: scope.locals.len(), next: scope.next, target: scope.target }
    }

    fn back_to(&mut self, mark: &Mark) {
        let scope = self.scope();
        scope.locals.truncate(mark.locals);
        scope.next = mark.next;
        scope.target = mark.target;
    }

    /// A new slot under a name.
    fn declare(&mut self, name: &str) -> u32 {
        let scope = self.scope();
        let slot = scope.next;
        scope.next += 1;
        scope.slots = scope.slots.max(scope.next);
        scope.locals.push(Local { name: name.into(), slot, cell: false });
        slot
    }

    /// A local by name, seen from the scope at a depth.
    fn find(&mut self, depth: usize, name: &str) -> Option<(Node, bool)> {
        let scope = &self.scopes[depth];
        if let Some(local) = scope.locals.iter().rev().find(|local| *local.name == *name) {
            return Some((Node::Local(local.slot), local.cell));
        }
        if let Some(at) = scope.captures.iter().position(|captured| *captured.name == *name) {
            return Some((Node::Capture(u32::try_from(at).ok()?), scope.captures[at].cell));
        }
        if scope.name.as_deref() == Some(name) {
            return Some((Node::This, false));
        }
        let (outer, cell) = self.find(depth.checked_sub(1)?, name)?;
        let scope = &mut self.scopes[depth];
        scope.captures.push(Captured { name: name.into(), outer, cell });
        Some((Node::Capture(u32::try_from(scope.captures.len() - 1).ok()?), cell))
    }

    fn local(&mut self, name: &str) -> Option<Node> {
        let (node, cell) = self.find(self.scopes.len() - 1, name)?;
        Some(if cell { self.native("deref", vec![node], Span::default()) } else { node })
    }

    /// A call of a core function known to exist.
    fn native(&self, name: &str, args: Vec<Node>, span: Span) -> Node {
        match core::function(name) {
            Some(native) => native_call(native, args, span),
            None => Node::Const(Value::Nil),
        }
    }

    pub(crate) fn node(&mut self, form: &Form, tail: bool) -> Eval<Node> {
        let nesting = self.context.enter_code()?;
        let node = crate::stack::room(|| self.node_here(form, tail));
        self.context.leave_code();
        Ok(roomy(node?, nesting as usize))
    }

    fn node_here(&mut self, form: &Form, tail: bool) -> Eval<Node> {
        if !form.meta.is_empty() && keeps_meta(form) {
            let node = self.plain_node(form, false)?;
            let meta = self.node(&Form::new(FormKind::Map(form.meta.clone()), form.span), false)?;
            return Ok(self.native("with-meta", vec![node, meta], form.span));
        }
        self.plain_node(form, tail)
    }

    fn plain_node(&mut self, form: &Form, tail: bool) -> Eval<Node> {
        match &form.kind {
            FormKind::Symbol(name) => self.symbol(name, form.span),
            FormKind::List(items) => self.list(form, items, tail),
            FormKind::Vector(items) => {
                let nodes = self.nodes(items)?;
                Ok(match constants(&nodes) {
                    Some(values) => Node::Const(Value::vector(values)),
                    None => Node::Vector(nodes.into()),
                })
            }
            FormKind::Set(items) => {
                let nodes = self.nodes(items)?;
                Ok(match constants(&nodes) {
                    Some(values) => Node::Const(Value::set(values)),
                    None => Node::Set(nodes.into()),
                })
            }
            FormKind::Map(pairs) => {
                let mut nodes = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    nodes.push((self.node(key, false)?, self.node(value, false)?));
                }
                let values: Option<Vec<_>> =
                    nodes.iter().map(|(key, value)| Some((constant(key)?, constant(value)?))).collect();
                Ok(match values {
                    Some(values) => Node::Const(Value::map(values)),
                    None => Node::Map(nodes.into()),
                })
            }
            FormKind::Fn(_) => {
                let form = short_fn(form);
                self.node(&form, false)
            }
            FormKind::Deref(inner) => {
                let node = self.node(inner, false)?;
                Ok(self.native("deref", vec![node], form.span))
            }
            FormKind::Quote(inner) => Ok(Node::Const(crate::convert::quoted(self.context, inner)?)),
            FormKind::SyntaxQuote(inner) => {
                let expanded = syntax_quote(self.context, inner)?;
                self.node(&expanded, false)
            }
            FormKind::Var(inner) => self.var(inner),
            FormKind::Unquote(_) | FormKind::UnquoteSplicing(_) => {
                self.error(form.span, "Unquote outside of a syntax-quote")
            }
            FormKind::Float(value) if value.is_nan() => Ok(Node::Const(self.nan())),
            FormKind::Float(value) => Ok(Node::Const(Value::Float(*value))),
            FormKind::Nil
            | FormKind::Bool(_)
            | FormKind::Int(_)
            | FormKind::BigInt(_)
            | FormKind::Ratio(_)
            | FormKind::Decimal(_)
            | FormKind::Char(_)
            | FormKind::String(_)
            | FormKind::Regex(_)
            | FormKind::Keyword(_)
            | FormKind::Tagged(..) => match crate::convert::quoted(self.context, form) {
                Ok(value) => Ok(Node::Const(value)),
                Err(signal) => Err(signal.at(form.span)),
            },
        }
    }

    /// `##NaN`: within one function it is one object.
    fn nan(&mut self) -> Value {
        self.context.gensym += 1;
        let next = self.context.gensym;
        Value::Float(crate::equal::nan(*self.scope().nan.get_or_insert(next)))
    }

    fn nodes(&mut self, forms: &[Form]) -> Eval<Vec<Node>> {
        let mut nodes = Vec::with_capacity(forms.len());
        for form in forms {
            nodes.push(self.node(form, false)?);
        }
        Ok(nodes)
    }

    /// The forms of a body, of which the last gives the value.
    fn body(&mut self, forms: &[Form], tail: bool) -> Eval<Node> {
        let Some((last, before)) = forms.split_last() else { return Ok(Node::Const(Value::Nil)) };
        if before.is_empty() {
            return self.node(last, tail);
        }
        let mut nodes = self.nodes(before)?;
        nodes.push(self.node(last, tail)?);
        Ok(Node::Do(nodes.into()))
    }

    fn symbol(&mut self, name: &Name, span: Span) -> Eval<Node> {
        if name.namespace().is_none()
            && let Some(node) = self.local(name.as_str())
        {
            return Ok(node);
        }
        match self.meaning(name)? {
            Some(Meaning::Global(at)) => {
                if self.context.macros.contains(&at) {
                    let full = self.context.name_of(at);
                    return self.error(span, format!("Can't take value of a macro: #'{}", full.as_str()));
                }
                return Ok(Node::Global(at));
            }
            Some(Meaning::Core(Core::Function(native))) => return Ok(Node::Const(Value::Native(native))),
            Some(Meaning::Core(Core::Value(value))) => return Ok(Node::Const(value())),
            Some(Meaning::Core(Core::Macro(_) | Core::Special(_))) => {
                return self
                    .error(span, format!("Can't take value of a macro: #'clojure.core/{}", name.local()));
            }
            None => {}
        }
        match name.as_str() {
            "*ns*" | "clojure.core/*ns*" => return Ok(self.native("current-ns*", Vec::new(), span)),
            "&form" => return Ok(self.native("expanding*", vec![Node::Const(Value::Int(0))], span)),
            "&env" => return Ok(self.native("expanding*", vec![Node::Const(Value::Int(1))], span)),
            _ => {}
        }
        if let Some(node) = self.host_value(name) {
            return Ok(node);
        }
        if let Some(value) = crate::convert::embedded(self.context, name.as_str()) {
            return Ok(Node::Const(value));
        }
        if let Some(value) = crate::interop::constant(name) {
            return Ok(Node::Const(value));
        }
        // `user.Point` names a type or the interface of a protocol.
        if name.namespace().is_none()
            && name.as_str().contains('.')
            && let Some(at) = self.type_named(name.as_str())?
        {
            return Ok(Node::Global(at));
        }
        self.unresolved(name, span)
    }

    /// What a name means that is no local.
    fn meaning(&mut self, name: &Name) -> Eval<Option<Meaning>> {
        meaning(self.context, name)
    }

    /// A name the program, the embedder or the prelude defined.
    fn global(&mut self, name: &Name) -> Eval<Option<u32>> {
        Ok(match self.meaning(name)? {
            Some(Meaning::Global(at)) => Some(at),
            _ => None,
        })
    }

    fn host_value(&self, name: &Name) -> Option<Node> {
        let (namespace, host) = self.context.host.as_ref()?;
        if name.namespace() != Some(namespace) {
            return None;
        }
        if host.knows(name.local()) {
            let function = crate::function::FunctionKind::Host(name.local().into());
            return Some(Node::Const(Value::Fn(Arc::new(crate::function::Function::new(function, None)))));
        }
        host.value(name.local()).map(|_| Node::HostValue(name.local().into()))
    }

    fn var(&mut self, form: &Form) -> Eval<Node> {
        let FormKind::Symbol(name) = &form.kind else { return self.error(form.span, "var needs a symbol") };
        if let Some(Meaning::Global(at)) = self.meaning(name)?
            && let Some(Value::Object(object)) = &self.context.globals[at as usize]
            && matches!(**object, crate::types::Object::Type(_))
        {
            return self.error(form.span, format!("Expecting var, but {name} is mapped to a class"));
        }
        match var_named(self.context, name)? {
            Some(var) => Ok(Node::Const(Value::Var(var))),
            None => self.error(form.span, format!("Unable to resolve var: {name} in this context")),
        }
    }

    fn list(&mut self, form: &Form, items: &[Form], tail: bool) -> Eval<Node> {
        let span = form.span;
        let Some((head, args)) = items.split_first() else { return Ok(Node::Const(Value::empty_list())) };
        let FormKind::Symbol(name) = &head.kind else { return self.plain_call(head, args, span) };
        if name.namespace().is_none() && !is_special(name.as_str()) && self.local(name.as_str()).is_some() {
            return self.plain_call(head, args, span);
        }
        match self.meaning(name)? {
            Some(Meaning::Global(at)) => {
                if self.context.macros.contains(&at) {
                    let expanded = self.expand_user(at, form, args, span)?;
                    return self.node(&expanded, tail);
                }
                return self.plain_call(head, args, span);
            }
            Some(Meaning::Core(Core::Function(native))) => {
                let nodes = self.nodes(args)?;
                return Ok(native_call(native, nodes, span));
            }
            Some(Meaning::Core(Core::Special(special))) => return special(self, form, args, tail),
            Some(Meaning::Core(Core::Macro(expand))) => {
                let expanded = match expand(args, span) {
                    Ok(expanded) => expanded,
                    Err(message) => return self.error(span, message),
                };
                return self.node(&expanded, tail);
            }
            Some(Meaning::Core(Core::Value(_))) => return self.plain_call(head, args, span),
            None => {}
        }
        if let Some((namespace, host)) = &self.context.host
            && name.namespace() == Some(namespace)
            && host.knows(name.local())
        {
            let args = self.nodes(args)?.into();
            return Ok(Node::Host(Box::new(HostCall { name: name.local().into(), args, span })));
        }
        if let Some(node) = self.interop(name, args, span)? {
            return Ok(node);
        }
        self.plain_call(head, args, span)
    }

    fn plain_call(&mut self, head: &Form, args: &[Form], span: Span) -> Eval<Node> {
        if let FormKind::Keyword(_) = &head.kind
            && let [map] | [map, _] = args
        {
            let key = crate::convert::quoted(self.context, head)?;
            let map = self.node(map, false)?;
            let default = args.get(1).map(|default| self.node(default, false)).transpose()?;
            // What is evaluated only if it is needed must have no effect.
            if default
                .as_ref()
                .is_none_or(|node| matches!(node, Node::Const(_) | Node::Local(_) | Node::Capture(_)))
            {
                return Ok(Node::Get(Box::new(Get { key, map, default })));
            }
            let args = [map].into_iter().chain(default).collect();
            return Ok(Node::Call(Box::new(Call { function: Node::Const(key), args, span })));
        }
        if let FormKind::Nil = head.kind {
            let call: String = args.iter().map(|arg| format!(" {arg}")).collect();
            return self.error(span, format!("Can't call nil, form: (nil{call})"));
        }
        let function = self.node(head, false)?;
        let args = self.nodes(args)?.into();
        Ok(Node::Call(Box::new(Call { function, args, span })))
    }
}

/// What a name means.
pub(crate) enum Meaning {
    /// Something in the table of globals.
    Global(u32),
    /// Something every program has.
    Core(Core),
}

/// What a name means in the current namespace. Definitions of the prelude are evaluated when they are first named.
pub(crate) fn meaning(context: &mut Context<'_>, name: &Name) -> Eval<Option<Meaning>> {
    if let Some(at) = context.names.get(&*context.spaces.key(name)) {
        return Ok(Some(Meaning::Global(*at)));
    }
    if name.namespace().is_none()
        && let Some(full) = context.spaces.referred(name.as_str())
    {
        let full = full.clone();
        return meaning(context, &full);
    }
    if name.namespace().is_none() && context.spaces.is_unmapped(name.as_str()) {
        return Ok(None);
    }
    // Namespaces of the prelude find their own names first.
    if name.namespace().is_none() && core::is_namespace(context.spaces.current()) {
        if let Some(core) = core::find(context.spaces.current(), name.local()) {
            return Ok(Some(Meaning::Core(core)));
        }
        let own = context.spaces.own_key(name.as_str()).into_owned();
        if let Some(at) = crate::prelude::load(context, &own)? {
            return Ok(Some(Meaning::Global(at)));
        }
    }
    let full = context.spaces.full(name.namespace().unwrap_or("clojure.core"));
    if let Some(core) = core::find(full, name.local()) {
        return Ok(Some(Meaning::Core(core)));
    }
    let full = format!("{full}/{}", name.local());
    Ok(crate::prelude::load(context, &full)?.map(Meaning::Global))
}

/// The full name of a var.
pub(crate) fn var_named(context: &mut Context<'_>, name: &Name) -> Eval<Option<crate::name::Name>> {
    Ok(match meaning(context, name)? {
        Some(Meaning::Global(at)) => Some(context.name_of(at)),
        Some(Meaning::Core(Core::Function(native))) => Some(crate::name::Name::new(native.name)),
        Some(Meaning::Core(Core::Macro(_) | Core::Special(_))) if !is_special(name.local()) => {
            Some(crate::name::Name::new(&format!("clojure.core/{}", name.local())))
        }
        _ => None,
    })
}

/// A call of a core function; arithmetic on two numbers gets a node of its own.
fn native_call(native: &'static Native, args: Vec<Node>, span: Span) -> Node {
    if args.len() < native.min || args.len() > native.max {
        let function = Node::Const(Value::Native(native));
        return Node::Call(Box::new(Call { function, args: args.into(), span }));
    }
    let (native, args) = stepped(native, args);
    let op = match native.name {
        "clojure.core/+" => Op::Add,
        "clojure.core/-" => Op::Sub,
        "clojure.core/*" => Op::Mul,
        "clojure.core/<" => Op::Lt,
        "clojure.core/<=" => Op::Le,
        "clojure.core/>" => Op::Gt,
        "clojure.core/>=" => Op::Ge,
        "clojure.core/=" | "clojure.core/==" => Op::Eq,
        "clojure.core//" if args.len() == 2 && args.iter().any(is_double) => Op::Div,
        _ => return Node::Native(Box::new(NativeCall { native, args: args.into(), span })),
    };
    // As Clojure does: the first two are added before the third is computed.
    if args.len() > 2 && matches!(op, Op::Add | Op::Sub | Op::Mul) {
        let mut args = args.into_iter();
        let first = args.next().unwrap_or(Node::Const(Value::Nil));
        return args.fold(first, |left, right| Node::Math(Box::new(Math { op, native, left, right, span })));
    }
    match <[Node; 2]>::try_from(args) {
        Ok([left, right]) => {
            let (left, right) = (primitive(left), primitive(right));
            Node::Math(Box::new(Math { op, native, left, right, span }))
        }
        Err(args) => Node::Native(Box::new(NativeCall { native, args: args.into(), span })),
    }
}

/// `(inc x)` as `(+ x 1)`, `(dec x)` as `(- x 1)`.
fn stepped(native: &'static Native, mut args: Vec<Node>) -> (&'static Native, Vec<Node>) {
    let by = match native.name {
        "clojure.core/inc" => "+",
        "clojure.core/dec" => "-",
        _ => return (native, args),
    };
    args.push(Node::Const(Value::Int(1)));
    (core::function(by).unwrap_or(native), args)
}

/// Whether metadata written before a form is put on its value; before calls and names it only hints.
fn keeps_meta(form: &Form) -> bool {
    match &form.kind {
        FormKind::Vector(_) | FormKind::Map(_) | FormKind::Set(_) | FormKind::Fn(_) => true,
        FormKind::List(items) => {
            items.is_empty()
                || items
                    .first()
                    .and_then(symbol_of)
                    .is_some_and(|head| matches!(head, "fn" | "fn*" | "reify"))
        }
        _ => false,
    }
}

fn constants(nodes: &[Node]) -> Option<Vec<Value>> {
    nodes.iter().map(constant).collect()
}

/// What is part of a constant is an object of its own.
fn constant(node: &Node) -> Option<Value> {
    match node {
        Node::Const(Value::Float(value)) if value.is_nan() => Some(Value::Float(f64::NAN)),
        Node::Const(value) => Some(value.clone()),
        _ => None,
    }
}

/// A number that Java would not make an object of is the same as no other.
fn primitive(node: Node) -> Node {
    match node {
        Node::Const(Value::Float(value)) if value.is_nan() => Node::Const(Value::Float(f64::NAN)),
        other => other,
    }
}

/// Whether Java knows before it runs that this is a double, and no object.
fn is_double(node: &Node) -> bool {
    match node {
        Node::Const(Value::Float(_)) => true,
        Node::Math(math) => {
            matches!(math.op, Op::Add | Op::Sub | Op::Mul | Op::Div)
                && (is_double(&math.left) || is_double(&math.right))
        }
        Node::Native(call) => ["clojure.core/double", "clojure.core/float"].contains(&call.native.name),
        _ => false,
    }
}

/// The name of a symbol.
fn symbol_of(form: &Form) -> Option<&str> {
    match &form.kind {
        FormKind::Symbol(name) => Some(name.as_str()),
        _ => None,
    }
}
