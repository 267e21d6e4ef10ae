//! Implementation of the len() builtin function.

use crate::{
    args::ArgValues,
    bytecode::VM,
    defer_drop,
    exception_private::{ExcType, ExcTypeExt, RunResult, SimpleException},
    heap::HeapData,
    types::{PyTrait, instance::instance_call_dunder_sync},
    value::Value,
};

/// Implementation of the len() builtin function.
///
/// Returns the length of an object (number of items in a container).
pub fn builtin_len(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let value = args.get_one_arg("len", vm.heap)?;
    defer_drop!(value, vm);
    if let Some(len) = value.py_len(vm) {
        Ok(Value::Int(
            i64::try_from(len).map_err(|_| ExcType::overflow_c_ssize_t())?,
        ))
    } else if let Value::Ref(id) = value
        && matches!(vm.heap.get(*id), HeapData::Instance(_))
        && let Some(length) = instance_call_dunder_sync(*id, "__len__", None, vm)?
    {
        // Of a script's own class. (Polytope's addition.)
        defer_drop!(length, vm);
        let length = length.as_int(vm)?;
        if length < 0 {
            return Err(ExcType::value_error("__len__() should return >= 0"));
        }
        Ok(Value::Int(length))
    } else {
        let type_name = value.py_type_name(vm);
        Err(SimpleException::new_msg(ExcType::TypeError, format!("object of type '{type_name}' has no len()")).into())
    }
}
