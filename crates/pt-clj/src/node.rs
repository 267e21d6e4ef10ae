//! Analysed code: names resolved to slots, macros expanded, constants folded.

use std::sync::Arc;

use pt_edn::Span;

use crate::Value;
use crate::exception::Class;
use crate::function::{FnCode, Native};

/// A piece of code ready to be evaluated.
pub(crate) enum Node {
    Const(Value),
    Local(u32),
    /// A local used for the last time: moved out, so that what it holds may be changed in place.
    Take(u32),
    Capture(u32),
    /// The function being run, by its own name.
    This,
    Global(u32),
    HostValue(Arc<str>),
    If(Box<(Self, Self, Self)>),
    Do(Box<[Self]>),
    And(Box<[Self]>),
    Or(Box<[Self]>),
    Let(Box<Let>),
    Loop(Box<Let>),
    /// New values for the slots from `first` on.
    Recur(Box<Recur>),
    Math(Box<Math>),
    /// A core function of known arity.
    Native(Box<NativeCall>),
    Call(Box<Call>),
    Host(Box<HostCall>),
    /// `(:key map)`, `(:key map default)`
    Get(Box<Get>),
    Vector(Box<[Self]>),
    Map(Box<[(Self, Self)]>),
    Set(Box<[Self]>),
    Fn(Box<MakeFn>),
    LetFn(Box<LetFn>),
    Def(Box<Def>),
    /// `(set! *name* value)`
    Assign(Box<(u32, Self)>),
    Throw(Box<(Self, Span)>),
    Try(Box<Try>),
    Case(Box<Case>),
    Binding(Box<Binding>),
    Method(Box<Method>),
    /// The same, where stack may have become short.
    Room(Box<Self>),
}

/// `let` and `loop`.
pub(crate) struct Let {
    pub(crate) bindings: Vec<(u32, Node)>,
    pub(crate) body: Node,
}

pub(crate) struct Recur {
    pub(crate) first: u32,
    pub(crate) args: Box<[Node]>,
}

/// Arithmetic and comparison that integers take a short way through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    /// Where one of the two is known to be a double before it runs.
    Div,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
}

pub(crate) struct Math {
    pub(crate) op: Op,
    pub(crate) native: &'static Native,
    pub(crate) left: Node,
    pub(crate) right: Node,
    pub(crate) span: Span,
}

pub(crate) struct NativeCall {
    pub(crate) native: &'static Native,
    pub(crate) args: Box<[Node]>,
    pub(crate) span: Span,
}

pub(crate) struct Call {
    pub(crate) function: Node,
    pub(crate) args: Box<[Node]>,
    pub(crate) span: Span,
}

pub(crate) struct HostCall {
    pub(crate) name: Arc<str>,
    pub(crate) args: Box<[Node]>,
    pub(crate) span: Span,
}

pub(crate) struct Get {
    pub(crate) key: Value,
    pub(crate) map: Node,
    pub(crate) default: Option<Node>,
}

pub(crate) struct MakeFn {
    pub(crate) code: Arc<FnCode>,
    pub(crate) captures: Box<[Node]>,
}

/// Functions that may name each other: each is made anew from its code when another asks for it.
pub(crate) struct LetFn {
    pub(crate) functions: Vec<(u32, MakeFn)>,
    pub(crate) body: Node,
}

pub(crate) struct Def {
    pub(crate) global: u32,
    pub(crate) var: crate::name::Name,
    pub(crate) value: Option<Node>,
    pub(crate) meta: Option<Node>,
    pub(crate) is_macro: bool,
    /// `defonce`: keeps what is there.
    pub(crate) once: bool,
}

pub(crate) struct Try {
    pub(crate) body: Node,
    pub(crate) catches: Vec<(Class, u32, Node)>,
    pub(crate) finally: Option<Node>,
}

pub(crate) struct Case {
    pub(crate) value: Node,
    /// Constants in order, each with the branch it leads to.
    pub(crate) keys: crate::map::Map,
    pub(crate) branches: Vec<Node>,
    pub(crate) default: Option<Node>,
    pub(crate) span: Span,
}

pub(crate) struct Binding {
    pub(crate) bindings: Vec<(u32, Node)>,
    pub(crate) body: Node,
}

/// `(.name target args…)`
pub(crate) struct Method {
    pub(crate) name: Box<str>,
    pub(crate) target: Node,
    pub(crate) args: Box<[Node]>,
    pub(crate) span: Span,
}

impl Node {
    /// Calls the function with each node directly below, in the order they are evaluated.
    pub(crate) fn children(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        match self {
            Self::Const(_)
            | Self::Local(_)
            | Self::Take(_)
            | Self::Capture(_)
            | Self::This
            | Self::Global(_)
            | Self::HostValue(_) => {}
            Self::If(parts) => {
                visit(&mut parts.0);
                visit(&mut parts.1);
                visit(&mut parts.2);
            }
            Self::Do(nodes) | Self::And(nodes) | Self::Or(nodes) | Self::Vector(nodes) | Self::Set(nodes) => {
                nodes.iter_mut().for_each(visit);
            }
            Self::Let(form) | Self::Loop(form) => {
                form.bindings.iter_mut().for_each(|(_, node)| visit(node));
                visit(&mut form.body);
            }
            Self::Recur(recur) => recur.args.iter_mut().for_each(visit),
            Self::Math(math) => {
                visit(&mut math.left);
                visit(&mut math.right);
            }
            Self::Native(call) => call.args.iter_mut().for_each(visit),
            Self::Call(call) => {
                visit(&mut call.function);
                call.args.iter_mut().for_each(visit);
            }
            Self::Host(call) => call.args.iter_mut().for_each(visit),
            Self::Get(get) => {
                visit(&mut get.map);
                get.default.iter_mut().for_each(visit);
            }
            Self::Map(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            Self::Fn(made) => made.captures.iter_mut().for_each(visit),
            Self::LetFn(form) => {
                form.functions
                    .iter_mut()
                    .for_each(|(_, made)| made.captures.iter_mut().for_each(&mut *visit));
                visit(&mut form.body);
            }
            Self::Def(def) => def.value.iter_mut().chain(&mut def.meta).for_each(visit),
            Self::Assign(parts) => visit(&mut parts.1),
            Self::Throw(parts) => visit(&mut parts.0),
            Self::Try(form) => {
                visit(&mut form.body);
                form.catches.iter_mut().for_each(|(_, _, node)| visit(node));
                form.finally.iter_mut().for_each(visit);
            }
            Self::Case(case) => {
                visit(&mut case.value);
                case.branches.iter_mut().for_each(&mut *visit);
                case.default.iter_mut().for_each(visit);
            }
            Self::Binding(form) => {
                form.bindings.iter_mut().for_each(|(_, node)| visit(node));
                visit(&mut form.body);
            }
            Self::Method(call) => {
                visit(&mut call.target);
                call.args.iter_mut().for_each(visit);
            }
            Self::Room(node) => visit(node),
        }
    }
}
