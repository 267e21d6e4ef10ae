//! Values that Polytope adds to monty, as one kind of heap entry: generators, what classes look up through (properties,
//! static and class methods), `super()`, and methods of builtin values. (Polytope's addition.)

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::{
    args::ArgValues,
    builtins::{
        Builtins,
        extra::{BASES, inherit},
    },
    bytecode::{CallResult, VM},
    defer_drop,
    exception_private::{ExcType, ExcTypeExt, RunResult},
    hash::{HashValue, identity_hash},
    heap::{DropWithContext, HeapData, HeapId, HeapItem, HeapObjectRead, HeapReadOutput},
    intern::FunctionId,
    types::{LazyHeapSet, PyTrait, Type, instance, str::allocate_string},
    value::{EitherStr, Value},
};

/// One of the values that Polytope adds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Extra {
    Generator(Generator),
    Descriptor(Descriptor),
    Super(Super),
    Method(Method),
}

/// A call of a function with `yield`, between two of its values.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Generator {
    pub func_id: FunctionId,
    pub state: GeneratorState,
    /// The frame's part of the stack: its locals, then its operands.
    pub stack: Vec<Value>,
    /// The exceptions that the frame is handling.
    pub exceptions: Vec<Value>,
    pub ip: usize,
    /// The `exec()` globals that the function was defined under.
    pub globals: Option<HeapId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GeneratorState {
    New,
    Suspended,
    Running,
    Done,
}

/// What a member of a class does with the object that it is looked up through.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Descriptor {
    pub kind: DescriptorKind,
    pub get: Value,
    pub set: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DescriptorKind {
    Property,
    Cached,
    Static,
    Class,
    /// What `functools.wraps` gives: a function with the name of another.
    Wrapped,
}

/// `super()`: an object as the classes behind one of its own see it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Super {
    /// The object, or the class in a class method.
    pub object: Value,
    /// The class behind which the search begins.
    pub after: HeapId,
}

/// A method of a builtin value, or of a builtin type: `d.get`, `str.lower`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Method {
    /// The value; a type stands for the first argument of the call.
    pub receiver: Value,
    pub name: String,
}

impl Extra {
    fn values(&self) -> impl Iterator<Item = &Value> {
        let (list, more, two): (&[Value], &[Value], [Option<&Value>; 2]) = match self {
            Self::Generator(generator) => (&generator.stack, &generator.exceptions, [None, None]),
            Self::Descriptor(descriptor) => (&[], &[], [Some(&descriptor.get), Some(&descriptor.set)]),
            Self::Super(found) => (&[], &[], [Some(&found.object), None]),
            Self::Method(method) => (&[], &[], [Some(&method.receiver), None]),
        };
        list.iter().chain(more).chain(two.into_iter().flatten())
    }

    pub(crate) fn is_callable(&self) -> bool {
        match self {
            Self::Method(_) => true,
            Self::Descriptor(found) => matches!(found.kind, DescriptorKind::Static | DescriptorKind::Wrapped),
            Self::Generator(_) | Self::Super(_) => false,
        }
    }

    fn id(&self) -> Option<HeapId> {
        match self {
            Self::Generator(generator) => generator.globals,
            Self::Super(found) => Some(found.after),
            Self::Descriptor(_) | Self::Method(_) => None,
        }
    }

    pub(crate) fn for_each_child_id(&self, mut on_child: impl FnMut(HeapId)) {
        for value in self.values() {
            if let Value::Ref(id) = value {
                on_child(*id);
            }
        }
        if let Some(id) = self.id() {
            on_child(id);
        }
    }

    pub(crate) fn py_type_heap(&self) -> Type {
        match self {
            Self::Generator(_) => Type::Generator,
            Self::Descriptor(found) if found.kind == DescriptorKind::Wrapped => Type::Function,
            Self::Descriptor(_) => Type::Property,
            Self::Super(_) => Type::Object,
            Self::Method(_) => Type::BuiltinFunction,
        }
    }
}

impl HeapItem for Extra {
    fn py_dec_ref_ids(&mut self, stack: &mut Vec<HeapId>) {
        stack.extend(self.id());
        match self {
            Self::Generator(generator) => {
                for value in generator.stack.iter_mut().chain(&mut generator.exceptions) {
                    value.py_dec_ref_ids(stack);
                }
            }
            Self::Descriptor(descriptor) => {
                descriptor.get.py_dec_ref_ids(stack);
                descriptor.set.py_dec_ref_ids(stack);
            }
            Self::Super(found) => found.object.py_dec_ref_ids(stack),
            Self::Method(method) => method.receiver.py_dec_ref_ids(stack),
        }
    }
}

impl<'h> PyTrait<'h> for HeapObjectRead<'h, Extra> {
    fn py_type(&self, vm: &VM<'h>) -> Type {
        self.get(vm.heap).py_type_heap()
    }

    fn py_len(&self, _: &VM<'h>) -> Option<usize> {
        None
    }

    fn py_eq_impl(&self, _: &Value, _: &mut VM<'h>) -> RunResult<Option<bool>> {
        Ok(None)
    }

    fn py_hash(&self, _: &mut VM<'h>) -> RunResult<Option<HashValue>> {
        Ok(Some(identity_hash(self.id())))
    }

    fn py_repr_fmt(&self, f: &mut impl Write, vm: &mut VM<'h>, _: &mut LazyHeapSet) -> RunResult<()> {
        Ok(match self.get(vm.heap) {
            Extra::Generator(generator) => {
                let name = vm.interns.get_function(generator.func_id).name.name_id;
                write!(f, "<generator object {}>", vm.interns.get_str(name))?
            }
            Extra::Descriptor(_) => f.write_str("<property object>")?,
            Extra::Super(_) => f.write_str("<super object>")?,
            Extra::Method(method) => write!(f, "<built-in method {}>", method.name)?,
        })
    }

    fn py_is_iterable(&self, vm: &VM<'h>) -> bool {
        matches!(self.get(vm.heap), Extra::Generator(_))
    }

    fn py_is_iterator(&self, vm: &VM<'h>) -> bool {
        matches!(self.get(vm.heap), Extra::Generator(_))
    }

    fn py_iter(&self, vm: &mut VM<'h>) -> RunResult<CallResult> {
        if matches!(self.get(vm.heap), Extra::Generator(_)) {
            Ok(CallResult::Value(self.clone_value(vm.heap)))
        } else {
            Err(ExcType::type_error_not_iterable(&self.py_type_name(vm)))
        }
    }

    fn py_next(&mut self, vm: &mut VM<'h>) -> RunResult<Option<Value>> {
        if matches!(self.get(vm.heap), Extra::Generator(_)) {
            vm.generator_next(self.id())
        } else {
            Err(ExcType::type_error_not_iterator(&self.py_type_name(vm)))
        }
    }

    fn py_call(&mut self, args: ArgValues, vm: &mut VM<'h>) -> RunResult<CallResult> {
        let (callee, name) = match self.get(vm.heap) {
            Extra::Method(method) => (method.receiver.clone_with_heap(vm.heap), method.name.clone()),
            Extra::Descriptor(found) if matches!(found.kind, DescriptorKind::Static | DescriptorKind::Wrapped) => {
                let callee = found.get.clone_with_heap(vm.heap);
                defer_drop!(callee, vm);
                return vm.call_function(callee, args);
            }
            _ => {
                args.drop_with(vm);
                return Err(ExcType::type_error(format!("'{}' object is not callable", self.py_type_name(vm))));
            }
        };
        call_method(callee, &name, args, vm)
    }

    fn py_getattr(&self, attr: &EitherStr, vm: &mut VM<'h>) -> RunResult<Option<CallResult>> {
        let name = attr.as_str(vm.interns);
        match self.get(vm.heap) {
            Extra::Descriptor(found) if found.kind == DescriptorKind::Property && name == "setter" => {
                // `@x.setter` is called with the function, and gives the property that has both.
                let receiver = self.clone_value(vm.heap);
                let method = Extra::Method(Method { receiver, name: "setter".to_owned() });
                Ok(Some(CallResult::Value(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(method)))))))
            }
            Extra::Super(found) => {
                let (object, after) = (found.object.clone_with_heap(vm.heap), found.after);
                defer_drop!(object, vm);
                instance::super_attr(object, after, name, vm).map(Some)
            }
            Extra::Descriptor(found) if found.kind == DescriptorKind::Wrapped => {
                let of = found.set.clone_with_heap(vm.heap);
                defer_drop!(of, vm);
                if name == "__wrapped__" {
                    return Ok(Some(CallResult::Value(of.clone_with_heap(vm.heap))));
                }
                of.py_getattr(attr, vm).map(Some)
            }
            Extra::Generator(_) if matches!(name, "send" | "close" | "throw" | "__next__") => {
                let receiver = self.clone_value(vm.heap);
                let method = Extra::Method(Method { receiver, name: name.to_owned() });
                Ok(Some(CallResult::Value(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(method)))))))
            }
            _ => Ok(None),
        }
    }

    fn py_call_attr(&mut self, vm: &mut VM<'h>, attr: &EitherStr, args: ArgValues) -> RunResult<CallResult> {
        let name = attr.as_str(vm.interns);
        match self.get(vm.heap) {
            Extra::Generator(_) => vm.call_generator_attr(self.id(), name, args),
            Extra::Super(found) => {
                let (object, after) = (found.object.clone_with_heap(vm.heap), found.after);
                defer_drop!(object, vm);
                instance::super_call_attr(object, after, name, args, vm)
            }
            Extra::Descriptor(found) if found.kind == DescriptorKind::Property && name == "setter" => {
                let get = found.get.clone_with_heap(vm.heap);
                let set = match args.get_one_arg("setter", vm.heap) {
                    Ok(set) => set,
                    Err(error) => {
                        get.drop_with(vm);
                        return Err(error);
                    }
                };
                let both = Extra::Descriptor(Descriptor { kind: DescriptorKind::Property, get, set });
                Ok(CallResult::Value(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(both))))))
            }
            _ => {
                args.drop_with(vm);
                Err(ExcType::attribute_error(self.py_type_name(vm), name))
            }
        }
    }
}

/// Calls a method of a builtin value by its name, or of a builtin type with the value as the first argument.
pub(crate) fn call_method(receiver: Value, name: &str, args: ArgValues, vm: &mut VM<'_>) -> RunResult<CallResult> {
    if name == BASES {
        defer_drop!(receiver, vm);
        let class = args.get_one_arg("class", vm.heap)?;
        return inherit(receiver, class, vm).map(CallResult::Value);
    }
    if name == "wraps" {
        // `wraps(f)(g)`: what is called is the second, what it is named after the first.
        let get = match args.get_one_arg("wraps", vm.heap) {
            Ok(get) => get,
            Err(error) => {
                receiver.drop_with(vm);
                return Err(error);
            }
        };
        let found = Extra::Descriptor(Descriptor { kind: DescriptorKind::Wrapped, get, set: receiver });
        return Ok(CallResult::Value(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(found))))));
    }
    let attr = EitherStr::Heap(name.to_owned());
    let (receiver, args) = if matches!(receiver, Value::Builtin(_)) {
        let (mut positional, named) = args.into_parts();
        let Some(first) = positional.next() else {
            positional.drop_with(vm);
            named.drop_with(vm);
            return Err(ExcType::type_error(format!("unbound method {name}() needs an argument")));
        };
        let rest: Vec<Value> = positional.collect();
        (first, ArgValues::of_parts(rest, named))
    } else {
        (receiver, args)
    };
    defer_drop!(receiver, vm);
    vm.call_value_attr(receiver, &attr, args)
}

/// The methods that builtin values have, which are values themselves.
fn methods(of: Type) -> &'static str {
    match of {
        Type::Str => {
            "capitalize casefold center count encode endswith expandtabs find format index isalnum isalpha isascii isdecimal \
             isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition \
             removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip \
             swapcase title upper zfill"
        }
        Type::List => "append clear copy count extend index insert pop remove reverse sort",
        Type::Tuple => "count index",
        Type::Dict => "clear copy get items keys pop popitem setdefault update values",
        Type::Set => {
            "add clear copy difference discard intersection isdisjoint issubset issuperset pop remove symmetric_difference \
             union update"
        }
        Type::FrozenSet => "copy difference intersection isdisjoint issubset issuperset symmetric_difference union",
        Type::Bytes => "decode hex join lower replace split startswith strip upper",
        _ => "",
    }
}

/// A method of a builtin value or type as a value, if it has one of that name.
pub(crate) fn method(receiver: &Value, name: &str, vm: &mut VM<'_>) -> Option<Value> {
    let of = match receiver {
        Value::Builtin(Builtins::Type(of)) => *of,
        _ => receiver.py_type(vm),
    };
    methods(of).split_whitespace().find(|method| *method == name)?;
    let receiver = receiver.clone_with_heap(vm.heap);
    let method = Extra::Method(Method { receiver, name: name.to_owned() });
    Some(Value::Ref(vm.heap.allocate(HeapData::Extra(Box::new(method)))))
}

/// `__name__` of a function, of a builtin one or of an exception's class.
pub(crate) fn function_attr(value: &Value, name: &str, vm: &mut VM<'_>) -> Option<Value> {
    if !matches!(name, "__name__" | "__qualname__") {
        return None;
    }
    let function = match value {
        Value::Builtin(Builtins::ExcType(found)) => return Some(allocate_string(found.to_string(), vm.heap)),
        Value::Builtin(Builtins::Function(found)) => return Some(allocate_string(found.to_string(), vm.heap)),
        Value::DefFunction(id) => *id,
        Value::Ref(id) => match vm.heap.get(*id) {
            HeapData::Closure(closure) => closure.func_id,
            HeapData::FunctionDefaults(defaults) => defaults.func_id,
            HeapData::BoundMethod(bound) => {
                let function = bound.func.clone_with_heap(vm.heap);
                defer_drop!(function, vm);
                return function_attr(function, name, vm);
            }
            _ => return None,
        },
        _ => return None,
    };
    let text = vm.interns.get_str(vm.interns.get_function(function).name.name_id).to_owned();
    Some(allocate_string(text, vm.heap))
}

/// Whether a value is a generator.
pub(crate) fn is_generator(value: &Value, vm: &VM<'_>) -> bool {
    matches!(value, Value::Ref(id) if matches!(vm.heap.get(*id), HeapData::Extra(extra) if matches!(**extra, Extra::Generator(_))))
}

impl VM<'_> {
    pub(crate) fn generator_state(&self, id: HeapId) -> Option<GeneratorState> {
        match self.heap.get(id) {
            HeapData::Extra(extra) => match &**extra {
                Extra::Generator(generator) => Some(generator.state),
                Extra::Descriptor(_) | Extra::Super(_) | Extra::Method(_) => None,
            },
            _ => None,
        }
    }

    /// Changes a generator.
    pub(crate) fn with_generator<R>(&mut self, id: HeapId, change: impl FnOnce(&mut Generator) -> R) -> Option<R> {
        let HeapReadOutput::Extra(extra) = self.heap.read(id) else { return None };
        match extra.get_mut(self.heap) {
            Extra::Generator(generator) => Some(change(generator)),
            Extra::Descriptor(_) | Extra::Super(_) | Extra::Method(_) => None,
        }
    }
}
