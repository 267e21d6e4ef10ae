//! Implementation of the all() builtin function.

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
pub(crate) const ALL_SOURCE: &str = r"
def __monty_all(items):
    for item in items:
        if not item:
            return False
    return True
";

/// Implementation of the all() builtin function.
///
/// Returns True if all elements of the iterable are true (or if the iterable is empty).
/// Short-circuits on the first falsy value.
pub fn builtin_all(vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult> {
    let iterable = args.get_one_arg("all", vm.heap)?;
    if is_generator(&iterable, vm) {
        return vm.call_frozen_exact(FrozenFunction::All, [iterable]);
    }
    over_native(iterable, vm).map(CallResult::Value)
}

fn over_native(iterable: Value, vm: &mut VM<'_>) -> RunResult<Value> {
    defer_drop!(iterable, vm);
    let iter = iterable.py_iter(vm)?.require_synchronous(vm)?;
    defer_drop!(iter, vm);
    let mut iter = iter.read(vm);

    while let Some(item) = iter.py_next(vm)? {
        defer_drop!(item, vm);
        if !item.py_bool(vm)? {
            return Ok(Value::Bool(false));
        }
    }

    Ok(Value::Bool(true))
}
