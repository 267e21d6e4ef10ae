//! What can be called.

use std::sync::Arc;

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::Meta;
use crate::meter;
use crate::node::Node;

/// The Rust side of a function: arguments may be taken out of the slice.
pub(crate) type Code = fn(&mut Context<'_>, &mut [Value]) -> Eval;

/// A function of the core.
pub struct Native {
    /// Its full name, such as `clojure.core/map`.
    pub name: &'static str,
    pub(crate) min: usize,
    /// `usize::MAX` for any number.
    pub(crate) max: usize,
    pub(crate) code: Code,
}

pub(crate) type Boxed = Box<dyn Fn(&mut Context<'_>, &mut [Value]) -> Eval + Send + Sync>;

/// A function made while the program runs.
pub struct Function(pub(crate) FunctionKind, pub(crate) Meta);

pub(crate) enum FunctionKind {
    /// Written in Clojure.
    Closure(Closure),
    /// Made by a core function, such as `(partial f 1)`.
    Boxed(Boxed),
    /// Of the host.
    Host(Arc<str>),
}

/// Code with the values it took from around it.
pub(crate) struct Closure {
    pub(crate) code: Arc<FnCode>,
    pub(crate) captures: Box<[Value]>,
}

/// `(fn name ([a b] …) …)`, analysed.
pub(crate) struct FnCode {
    pub(crate) name: Option<Box<str>>,
    pub(crate) arities: Box<[Arity]>,
}

pub(crate) struct Arity {
    /// Positional parameters, in the first slots.
    pub(crate) params: usize,
    /// Whether the slot after them takes all further arguments.
    pub(crate) variadic: bool,
    pub(crate) slots: usize,
    pub(crate) body: Node,
}

impl FnCode {
    /// If it takes any number of arguments: how many of them have names of their own.
    pub(crate) fn most_params(&self) -> Option<usize> {
        self.arities.iter().find(|arity| arity.variadic).map(|arity| arity.params)
    }

    pub(crate) fn arity(&self, args: usize) -> Option<&Arity> {
        let exact = self.arities.iter().find(|arity| !arity.variadic && arity.params == args);
        exact.or_else(|| self.arities.iter().find(|arity| arity.variadic && arity.params <= args))
    }
}

/// What a function takes, about.
const SIZE: usize = 96;

impl Function {
    pub(crate) fn new(kind: FunctionKind, meta: Meta) -> Self {
        meter::took(SIZE);
        Self(kind, meta)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        meter::gave(SIZE);
        match &mut self.0 {
            FunctionKind::Closure(closure) => {
                if closure.captures.iter().any(crate::deep::holds_others) {
                    crate::deep::drop_flat(std::mem::take(&mut closure.captures));
                }
            }
            kind @ FunctionKind::Boxed(_) => {
                crate::deep::drop_flat(std::mem::replace(kind, FunctionKind::Host(Arc::from(""))));
            }
            FunctionKind::Host(_) => {}
        }
    }
}

pub(crate) fn boxed(code: impl Fn(&mut Context<'_>, &mut [Value]) -> Eval + Send + Sync + 'static) -> Value {
    Value::Fn(Arc::new(Function::new(FunctionKind::Boxed(Box::new(code)), None)))
}
