//! Python builtin functions, types, and exception constructors.
//!
//! This module provides the interpreter-native implementation of Python builtins.
//! Each builtin function has its own submodule for organization.

mod abs;
pub(crate) mod all;
pub(crate) mod any;
mod bin;
mod chr;
mod divmod;
mod enumerate;
pub(crate) mod extra;
pub(crate) mod eval_exec;
mod filter;
mod format;
mod getattr;
mod hasattr;
mod hash;
mod hex;
mod id;
pub(crate) mod isinstance;
pub(crate) mod iter;
mod len;
mod locals;
mod map;
mod min_max; // min and max share implementation
pub(crate) use min_max::candidate_wins;
pub(crate) mod next;
pub(crate) mod object_setattr;
mod oct;
pub(crate) mod open;
mod ord;
mod pow;
mod print;
mod repr;
mod reversed;
mod round;
mod setattr;
mod sorted;
mod sum;
mod type_;
mod zip;

use std::{fmt, fmt::Write, str::FromStr};

use crate::{
    args::ArgValues,
    bytecode::{CallResult, VM},
    exception_private::{ExcType, ExcTypeExt, RunResult},
    frozen::FrozenFunction,
    modules::csv,
    types::{
        Type,
        extra::{DescriptorKind, is_generator},
    },
    value::Value,
};

/// Enumerates every interpreter-native Python builtins
///
/// Uses strum derives for automatic `Display`, `FromStr`, and `AsRef<str>` implementations.
/// All variants serialize to lowercase (e.g., `Print` -> "print").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Builtins {
    /// A builtin function like `print`, `len`, `type`, etc.
    Function(BuiltinsFunctions),
    /// An exception type constructor like `ValueError`, `TypeError`, etc.
    ExcType(ExcType),
    /// A type constructor like `list`, `dict`, `int`, etc.
    Type(Type),
}

impl Builtins {
    /// Resolves builtin names that evaluate directly to singleton values.
    #[must_use]
    pub fn value_from_name(name: &str) -> Option<Value> {
        match name {
            "Ellipsis" => Some(Value::Ellipsis),
            "NotImplemented" => Some(Value::NotImplemented),
            _ => name.parse::<Self>().ok().map(Value::Builtin),
        }
    }

    /// Calls this builtin, allowing builtins that need host involvement to yield.
    ///
    /// Most builtins produce a [`CallResult::Value`]. `iter()` and `next()` can
    /// push frames for user methods; `open()` yields its host filesystem operation,
    /// and `next()` on an unread file yields the read that loads its buffer.
    pub fn call(self, vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult> {
        // A generator is looked at first, in frames of its own: so its code may wait for the host. (Polytope's addition.)
        if let ArgValues::One(items) = &args
            && self.takes_all()
            && is_generator(items, vm)
        {
            let items = args.get_one_arg("list", vm.heap)?;
            return vm.call_frozen_exact(FrozenFunction::Whole, [Value::Builtin(self), items]);
        }
        match self {
            Self::Function(b) => b.call(vm, args),
            Self::ExcType(exc) => exc.call(vm, args).map(CallResult::Value),
            // `DictReader(f)` on an unread file yields the read that loads it.
            Self::Type(Type::CsvDictReader) => csv::dict_reader_call(vm, args),
            Self::Type(t) => t.call(vm, args),
        }
    }

    /// Writes the Python repr() string for this callable to a formatter.
    pub fn py_repr_fmt<W: Write>(self, f: &mut W) -> fmt::Result {
        match self {
            Self::Function(b) => write!(f, "<built-in function {b}>"),
            Self::ExcType(e) => write!(f, "<class '{e}'>"),
            Self::Type(t) => write!(f, "<class '{t}'>"),
        }
    }

    /// Returns the type of this builtin.
    pub fn py_type(self) -> Type {
        match self {
            Self::Function(_) => Type::BuiltinFunction,
            Self::ExcType(_) => Type::Type,
            Self::Type(_) => Type::Type,
        }
    }
}

/// Calls a function with a list of what a generator gives. (Polytope's addition.)
pub(crate) const WHOLE_SOURCE: &str = r"
def __monty_whole(function, items):
    return function([item for item in items])
";

impl Builtins {
    /// Whether it looks at all of what it iterates over before it does anything else. (Polytope's addition.)
    fn takes_all(self) -> bool {
        matches!(
            self,
            Self::Type(Type::List | Type::Tuple | Type::Set | Type::FrozenSet | Type::Dict)
                | Self::Function(
                    BuiltinsFunctions::Sum | BuiltinsFunctions::Sorted | BuiltinsFunctions::Max | BuiltinsFunctions::Min
                )
        )
    }
}

impl FromStr for Builtins {
    type Err = ();

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        // Priority: BuiltinsFunctions > ExcType > Type
        // Only matches names that are true Python builtins (accessible without imports).
        if let Ok(b) = BuiltinsFunctions::from_str(s) {
            Ok(Self::Function(b))
        } else if let Ok(exc) = ExcType::from_str(s) {
            Ok(Self::ExcType(exc))
        } else if let Some(t) = Type::from_builtin_name(s) {
            Ok(Self::Type(t))
        } else {
            Err(())
        }
    }
}

pub use monty_types::BuiltinsFunctions;
pub(crate) use type_::type_of_ref;

pub(crate) trait BuiltinsFunctionsExt: Sized {
    fn call(self, vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult>;
}

impl BuiltinsFunctionsExt for BuiltinsFunctions {
    fn call(self, vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult> {
        let r = match self {
            Self::Property => extra::descriptor(DescriptorKind::Property, vm, args),
            Self::Staticmethod => extra::descriptor(DescriptorKind::Static, vm, args),
            Self::Classmethod => extra::descriptor(DescriptorKind::Class, vm, args),
            Self::Super => extra::builtin_super(vm, args),
            Self::Callable => extra::builtin_callable(vm, args),
            Self::Issubclass => extra::builtin_issubclass(vm, args),
            Self::Vars => extra::builtin_vars(vm, args),
            Self::Ascii => extra::builtin_ascii(vm, args),
            Self::ClassBases => extra::class_bases(vm, args),
            Self::DeleteItem => return extra::delete_item(vm, args),
            Self::DeleteAttr => extra::delete_attr(vm, args),
            Self::Abs => abs::builtin_abs(vm, args),
            Self::All => return all::builtin_all(vm, args),
            Self::Any => return any::builtin_any(vm, args),
            Self::Bin => bin::builtin_bin(vm, args),
            Self::Chr => chr::builtin_chr(vm, args),
            Self::Divmod => divmod::builtin_divmod(vm, args),
            Self::Enumerate => enumerate::builtin_enumerate(vm, args),
            Self::Filter => filter::builtin_filter(vm, args),
            Self::Format => format::builtin_format(vm, args),
            // `getattr()` / `hasattr()` may suspend a lazy host attribute lookup.
            Self::Getattr => return getattr::builtin_getattr(vm, args),
            Self::Hasattr => return hasattr::builtin_hasattr(vm, args),
            Self::Hash => hash::builtin_hash(vm, args),
            Self::Hex => hex::builtin_hex(vm, args),
            Self::Id => id::builtin_id(vm, args),
            Self::Isinstance => isinstance::builtin_isinstance(vm, args),
            Self::Len => len::builtin_len(vm, args),
            Self::Map => map::builtin_map(vm, args),
            Self::Max => min_max::builtin_max(vm, args),
            Self::Min => min_max::builtin_min(vm, args),
            // `next()` on an unread file yields the read that loads it.
            Self::Next => return next::builtin_next(vm, args),
            Self::Oct => oct::builtin_oct(vm, args),
            // `open()` yields an OS call rather than a plain value.
            Self::Open => return open::builtin_open(vm, args),
            Self::Ord => ord::builtin_ord(vm, args),
            Self::Pow => pow::builtin_pow(vm, args),
            Self::Print => print::builtin_print(vm, args),
            Self::Repr => repr::builtin_repr(vm, args),
            Self::Reversed => reversed::builtin_reversed(vm, args),
            Self::Round => round::builtin_round(vm, args),
            Self::Setattr => setattr::builtin_setattr(vm, args),
            Self::ObjectSetattr => object_setattr::builtin_object_setattr(vm, args),
            Self::Sorted => sorted::builtin_sorted(vm, args),
            Self::Sum => sum::builtin_sum(vm, args),
            Self::Type => type_::builtin_type(vm, args),
            Self::Zip => zip::builtin_zip(vm, args),
            // `eval()` / `exec()` push the compiled snippet's frame.
            Self::Eval => return eval_exec::builtin_eval(vm, args),
            Self::Exec => return eval_exec::builtin_exec(vm, args),
            Self::Locals => locals::builtin_locals(vm, args),
        };
        r.map(CallResult::Value)
    }
}
