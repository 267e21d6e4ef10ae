//! Builtin functions that Polytope adds to monty: about classes, and what `del` does. (Polytope's addition.)

use crate::{
    args::ArgValues,
    builtins::Builtins,
    bytecode::{CallResult, VM},
    defer_drop,
    exception_private::{ExcType, ExcTypeExt, RunResult, SimpleException},
    heap::{DropWithContext, HeapData, HeapId, HeapReadOutput},
    types::{
        List, PyTrait, Type, allocate_tuple,
        extra::{Descriptor, DescriptorKind, Extra, Method, Super},
        instance::{self, is_subclass, positional},
        str::allocate_string,
    },
    value::{EitherStr, Value},
};

/// `property`, `staticmethod` and `classmethod`.
pub(super) fn descriptor(kind: DescriptorKind, vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let mut args = positional(args, "property", vm)?;
    let most = if kind == DescriptorKind::Property { 2 } else { 1 };
    if args.is_empty() || args.len() > most {
        args.drop_with(vm);
        return Err(ExcType::type_error("a property takes a function, and one that sets it"));
    }
    let set = if args.len() == 2 { args.pop().unwrap_or(Value::None) } else { Value::None };
    let get = args.pop().unwrap_or(Value::None);
    let found = Extra::Descriptor(Descriptor { kind, get, set });
    Ok(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(found)))))
}

/// `super()`, within a method: the class that it stands in is found by the function that runs.
pub(super) fn builtin_super(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let args = positional(args, "super", vm)?;
    if args.len() == 2 {
        let mut args = args.into_iter();
        let (Some(class), Some(object)) = (args.next(), args.next()) else { return Ok(Value::None) };
        let Value::Ref(after) = class else {
            class.drop_with(vm);
            object.drop_with(vm);
            return Err(ExcType::type_error("super() needs a class"));
        };
        let found = Extra::Super(Super { object, after });
        return Ok(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(found)))));
    }
    let none = args.is_empty();
    args.drop_with(vm);
    let nowhere = || {
        let message = "super() stands directly in a method, neither in a function within nor under a decorator of its own";
        Err(SimpleException::new_msg(ExcType::RuntimeError, message).into())
    };
    let Some((function, object)) = vm.running_method().filter(|_| none) else { return nowhere() };
    let class_id = match &object {
        Value::Ref(id) => match vm.heap.get(*id) {
            HeapData::Instance(found) => Some(found.class()),
            HeapData::Class(_) => Some(*id),
            _ => None,
        },
        _ => None,
    };
    let order: Vec<HeapId> = match class_id.map(|id| (id, vm.heap.get(id))) {
        Some((id, HeapData::Class(class))) => [id].into_iter().chain(class.inherited().iter().copied()).collect(),
        _ => Vec::new(),
    };
    let holds = |id: &HeapId| match vm.heap.get(*id) {
        HeapData::Class(class) => class.namespace().into_iter().any(|(_, member)| vm.is_function(member, function)),
        _ => false,
    };
    let Some(after) = order.into_iter().find(holds) else {
        object.drop_with(vm);
        return nowhere();
    };
    vm.heap.inc_ref(after);
    let found = Extra::Super(Super { object, after });
    Ok(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(found)))))
}

pub(super) fn builtin_callable(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let value = args.get_one_arg("callable", vm.heap)?;
    defer_drop!(value, vm);
    let by_class = match value {
        Value::Ref(id) => match vm.heap.get(*id) {
            HeapData::Instance(found) => Some(instance::class_defines(found.class(), "__call__", vm)),
            HeapData::NamedTupleClass(_) | HeapData::HostClassType(_) => Some(true),
            _ => None,
        },
        _ => None,
    };
    Ok(Value::Bool(by_class.unwrap_or_else(|| value.is_callable(vm))))
}

pub(super) fn builtin_issubclass(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let (class, of) = args.get_two_args("issubclass", vm.heap)?;
    defer_drop!(class, vm);
    defer_drop!(of, vm);
    let all: Vec<Value> = match of {
        Value::Ref(id) => match vm.heap.get(*id) {
            HeapData::Tuple(tuple) => tuple.as_slice().iter().map(|value| value.clone_with_heap(vm.heap)).collect(),
            _ => vec![of.clone_with_heap(vm.heap)],
        },
        _ => vec![of.clone_with_heap(vm.heap)],
    };
    let mut answer = Some(false);
    for of in &all {
        let one = match (&*class, of) {
            (_, Value::Builtin(Builtins::Type(Type::Object))) => Some(true),
            (Value::Builtin(Builtins::ExcType(class)), Value::Builtin(Builtins::ExcType(of))) => Some(class.is_subclass_of(*of)),
            (Value::Builtin(Builtins::Type(class)), Value::Builtin(Builtins::Type(of))) => Some(class.is_instance_of(*of)),
            (Value::Ref(class), Value::Ref(of)) if matches!(vm.heap.get(*class), HeapData::Class(_)) => Some(is_subclass(*class, *of, vm)),
            (Value::Ref(class), Value::Builtin(Builtins::ExcType(of))) => match vm.heap.get(*class) {
                HeapData::Class(class) => Some(class.exception().is_some_and(|exception| exception.is_subclass_of(*of))),
                _ => None,
            },
            (Value::Builtin(_), _) | (Value::Ref(_), Value::Builtin(_)) => Some(false),
            _ => None,
        };
        answer = answer.and_then(|yes| one.map(|one| yes || one));
    }
    all.drop_with(vm);
    answer.map(Value::Bool).ok_or_else(|| ExcType::type_error("issubclass() arg 1 must be a class"))
}

pub(super) fn builtin_vars(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let value = args.get_one_arg("vars", vm.heap)?;
    defer_drop!(value, vm);
    match value {
        Value::Ref(id) if matches!(vm.heap.get(*id), HeapData::Instance(_)) => instance::instance_dict(*id, vm),
        _ => Err(ExcType::type_error("vars() argument must have __dict__ attribute")),
    }
}

pub(super) fn builtin_ascii(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let value = args.get_one_arg("ascii", vm.heap)?;
    defer_drop!(value, vm);
    let shown = value.py_repr(vm)?;
    defer_drop!(shown, vm);
    let escaped: String = shown
        .to_str(vm)?
        .chars()
        .map(|c| match u32::from(c) {
            0..=0x7f => c.to_string(),
            code @ 0x80..=0xff => format!("\\x{code:02x}"),
            code @ 0x100..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
        .collect();
    Ok(allocate_string(escaped, vm.heap))
}

/// What a class is decorated with first: a function that makes it inherit from these.
pub(super) fn class_bases(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let bases = positional(args, "class", vm)?;
    let receiver = allocate_tuple(bases.into(), vm.heap);
    let method = Extra::Method(Method { receiver, name: BASES.to_owned() });
    Ok(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(method)))))
}

/// The name of that function, which no method has.
pub(crate) const BASES: &str = "class.bases";

/// Makes a class inherit from others.
pub(crate) fn inherit(bases: &Value, class: Value, vm: &mut VM<'_>) -> RunResult<Value> {
    let Value::Ref(class_id) = class else { return Ok(class) };
    let bases: Vec<Value> = match bases {
        Value::Ref(id) => match vm.heap.get(*id) {
            HeapData::Tuple(tuple) => tuple.as_slice().iter().map(|value| value.clone_with_heap(vm.heap)).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let mut exception = None;
    let mut orders: Vec<Vec<HeapId>> = Vec::new();
    let mut direct: Vec<HeapId> = Vec::new();
    let mut unfit = None;
    for base in &bases {
        match base {
            Value::Builtin(Builtins::ExcType(found)) => exception = exception.or(Some(*found)),
            Value::Builtin(Builtins::Type(Type::Object)) => {}
            Value::Ref(id) => match vm.heap.get(*id) {
                HeapData::Class(found) => {
                    exception = exception.or(found.exception());
                    orders.push([*id].into_iter().chain(found.inherited().iter().copied()).collect());
                    direct.push(*id);
                }
                _ => unfit = Some(base.py_type_name(vm).into_owned()),
            },
            other => {
                let shown = other.py_repr(vm)?;
                unfit = shown.to_str(vm).map(str::to_owned).ok();
                shown.drop_with(vm);
            }
        }
    }
    bases.drop_with(vm);
    if let Some(unfit) = unfit {
        class.drop_with(vm);
        return Err(ExcType::type_error(format!(
            "a class here inherits from classes of the script, exceptions or object, not from {unfit}"
        )));
    }
    orders.push(direct);
    let Some(inherited) = merged(orders) else {
        class.drop_with(vm);
        return Err(ExcType::type_error("Cannot create a consistent method resolution order (MRO)"));
    };
    for id in &inherited {
        vm.heap.inc_ref(*id);
    }
    if let HeapReadOutput::Class(found) = vm.heap.read(class_id) {
        let before = found.get_mut(vm.heap).inherit(inherited, exception);
        for id in before {
            Value::Ref(id).drop_with(vm);
        }
    }
    Ok(class)
}

/// The order of several orders, as CPython finds it.
fn merged(mut orders: Vec<Vec<HeapId>>) -> Option<Vec<HeapId>> {
    let mut found = Vec::new();
    loop {
        orders.retain(|order| !order.is_empty());
        if orders.is_empty() {
            return Some(found);
        }
        let next = orders.iter().map(|order| order[0]).find(|id| !orders.iter().any(|order| order[1..].contains(id)))?;
        for order in &mut orders {
            if order[0] == next {
                order.remove(0);
            }
        }
        found.push(next);
    }
}

/// `del container[key]`.
pub(super) fn delete_item(vm: &mut VM<'_>, args: ArgValues) -> RunResult<CallResult> {
    let (container, key) = args.get_two_args("del", vm.heap)?;
    defer_drop!(container, vm);
    let mut key = Some(key);
    let Value::Ref(id) = container else {
        key.drop_with(vm);
        let message = format!("'{}' object doesn't support item deletion", container.py_type_name(vm));
        return Err(ExcType::type_error(message));
    };
    let is_slice = matches!(&key, Some(Value::Ref(id)) if matches!(vm.heap.get(*id), HeapData::Slice(_)));
    let method = match vm.heap.get(*id) {
        HeapData::List(_) if is_slice => {
            let nothing = Value::Ref(vm.heap.allocate(HeapData::List(List::new(Vec::new()))));
            let Some(key) = key.take() else { return Ok(CallResult::Value(Value::None)) };
            vm.heap.read(*id).py_setitem(key, nothing, vm)?;
            return Ok(CallResult::Value(Value::None));
        }
        HeapData::List(_) | HeapData::Dict(_) => "pop",
        HeapData::Instance(_) => "__delitem__",
        _ => {
            key.drop_with(vm);
            let message = format!("'{}' object doesn't support item deletion", container.py_type_name(vm));
            return Err(ExcType::type_error(message));
        }
    };
    let args = ArgValues::One(key.take().unwrap_or(Value::None));
    vm.call_value_attr(container, &EitherStr::Heap(method.to_owned()), args)
}

/// `del object.name`.
pub(super) fn delete_attr(vm: &mut VM<'_>, args: ArgValues) -> RunResult<Value> {
    let (object, name) = args.get_two_args("del", vm.heap)?;
    defer_drop!(object, vm);
    defer_drop!(name, vm);
    let attrs = match object {
        Value::Ref(id) => match vm.heap.read(*id) {
            HeapReadOutput::Instance(found) => Some(found),
            _ => None,
        },
        _ => None,
    };
    let gone = match attrs {
        Some(found) => found.attrs_mut().pop(name, vm)?,
        None => None,
    };
    if let Some((key, value)) = gone {
        key.drop_with(vm);
        value.drop_with(vm);
        return Ok(Value::None);
    }
    let (class, name) = (object.py_type_name(vm), name.to_str(vm)?.to_owned());
    Err(ExcType::attribute_error(class, &name))
}
