//! Modules written in Python, which the script's own interpreter runs when they are imported. (Polytope's addition.)

use std::sync::Arc;

use crate::{
    builtins::eval_exec::run_module,
    bytecode::VM,
    exception_private::RunResult,
    heap::{DropWithContext, HeapData},
    types::{Dict, Module},
    value::Value,
};

/// Each with its text.
const MODULES: [(&str, &str); 10] = [
    ("string", include_str!("library/string.py")),
    ("textwrap", include_str!("library/textwrap.py")),
    ("operator", include_str!("library/operator.py")),
    ("heapq", include_str!("library/heapq.py")),
    ("shlex", include_str!("library/shlex.py")),
    ("statistics", include_str!("library/statistics.py")),
    ("contextlib", include_str!("library/contextlib.py")),
    ("io", include_str!("library/io.py")),
    ("hmac", include_str!("library/hmac.py")),
    ("urllib", include_str!("library/urllib.py")),
];

/// The module of that name, if it is one of these.
pub(crate) fn load(name: &str, vm: &mut VM<'_>) -> Option<RunResult<Value>> {
    let (_, text) = MODULES.iter().find(|(module, _)| *module == name)?;
    Some(run(name, text, vm))
}

fn run(name: &str, text: &str, vm: &mut VM<'_>) -> RunResult<Value> {
    let names = vm.heap.allocate(HeapData::Dict(Dict::new()));
    let ran = run_module(&Arc::from(text), names, vm).and_then(|ran| ran.require_synchronous(vm));
    let pairs: Vec<(Value, Value)> = match vm.heap.get(names) {
        HeapData::Dict(dict) => dict
            .into_iter()
            .filter(|(key, _)| !matches!(key.to_str(vm), Ok(key) if key.starts_with("__")))
            .map(|(key, value)| (key.clone_with_heap(vm.heap), value.clone_with_heap(vm.heap)))
            .collect(),
        _ => Vec::new(),
    };
    Value::Ref(names).drop_with(vm);
    match ran {
        Ok(value) => value.drop_with(vm),
        Err(error) => {
            pairs.drop_with(vm);
            return Err(error);
        }
    }
    let mut module = Module::named(name.to_owned());
    for (key, value) in pairs {
        let name = key.to_str(vm).map(str::to_owned).unwrap_or_default();
        key.drop_with(vm);
        module.set_named_attr(&name, value, vm);
    }
    Ok(Value::Ref(vm.heap.allocate(HeapData::Module(Box::new(module)))))
}
