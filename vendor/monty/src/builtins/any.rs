//! Implementation of the any() builtin function.

use crate::{
    args::ArgValues,
    bytecode::{CallResult, VM},
    defer_drop,
    exception_private::RunResult,
    frozen::FrozenFunction,
    types::{PyTrait, extra::is_generator},
    value::Value,
};

/// Over a generator, whose code may wait for the host. (Polytope's addition.)
pub(crate) const ANY_SOURCE: &str = r"
def __monty_any(items):
    for item in items:
        if item:
            return True
    return False
";

/// Implementation of the any() builtin function.
///
/// Returns True if any element of the iterable is true.
/// Returns False for an empty iterable. Short-circuits on the first truthy value.
pub fn builtin_any(vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult> {
    let iterable = args.get_one_arg("any", vm.heap)?;
    if is_generator(&iterable, vm) {
        return vm.call_frozen_exact(FrozenFunction::Any, [iterable]);
    }
    over_native(iterable, vm).map(CallResult::Value)
}

fn over_native(iterable: Value, vm: &mut VM<'_>) -> RunResult<Value> {
    let iter = iterable.into_py_iter(vm)?.require_synchronous(vm)?;
    defer_drop!(iter, vm);
    let mut iter = iter.read(vm);

    while let Some(item) = iter.py_next(vm)? {
        defer_drop!(item, vm);
        if item.py_bool(vm)? {
            return Ok(Value::Bool(true));
        }
    }

    Ok(Value::Bool(false))
}
