//! What the module that makes containers hands over as it is: what no container can have is told with the args.
//!
//! Types say which kind of value a param takes, the spec of a container also which of them make sense. Whoever starts it
//! would refuse the others; they are found here, where they still have a place in a file.

use pt_model::{ContainerSpec, Data, Problem, ServiceSpec, SpecError, User};
use pt_spec::{DataPath, Definition, Segment, TypeError};

/// The standard project and the module in it that all others end in.
const CONTAINER: &str = "container";

/// Params of containers of whose values their types accept more than there can be.
const JUDGED: [&str; 7] = ["cmd", "entrypoint", "user", "restart", "scaling", "resources", "ready"];

/// Params that the other standard modules pass on as they are: told where the user gives them.
const PASSED_ON: [&str; 3] = ["restart", "user", "resources"];

fn makes_containers(definition: &Definition) -> bool {
    definition.origin.standard.as_deref() == Some(CONTAINER) && definition.id.text == CONTAINER
}

/// What is wrong with a value of this param although it is of its type.
pub(crate) fn refused(definition: &Definition, param: &str, value: &Data) -> Vec<TypeError> {
    if definition.origin.standard.is_none() || value.is_null() {
        return Vec::new();
    }
    if matches!(value, Data::Int(_)) && (param == "port" || param.ends_with("-port")) {
        return refused_port(value);
    }
    let judged: &[&str] = if makes_containers(definition) { &JUDGED } else { &PASSED_ON };
    if !judged.contains(&param) {
        return Vec::new();
    }
    let mut found: Vec<TypeError> = Vec::new();
    let mut value = value.clone();
    let spec = loop {
        let error = match read(param, &value) {
            Ok(spec) => break Some(spec),
            Err(error) => error,
        };
        let Some((Segment::Key(first), path)) = split(&error) else { break None };
        if first != param || found.iter().any(|known| known.path == path) {
            break None;
        }
        // Without it, what else is wrong can be seen.
        if let Some(wrong) = at(&mut value, &path.0) {
            *wrong = Data::Null;
        }
        found.push(TypeError { path, problem: error.problem });
    };
    if let Some(spec) = spec {
        found.extend(out_of_bounds(&spec, &value));
    }
    found
}

/// The least memory that an engine starts a container with: 6 MiB.
const LEAST_MEMORY: u64 = 6 * 1024 * 1024;
/// The least and the most cores: a Linux kernel knows no more.
const CORES: (f64, f64) = (0.01, 8192.0);
/// The last user and group that an engine takes.
const LAST_USER: u64 = 2_147_483_647;

/// What engines refuse whatever the machine is.
fn out_of_bounds(spec: &ContainerSpec, value: &Data) -> Vec<TypeError> {
    let wrong = |path: &[&str], rule: String| {
        let got = path.iter().fold(value, |data, key| data.get(key));
        let path = path.iter().map(|key| Segment::Key((*key).to_owned())).collect();
        TypeError { path: DataPath(path), problem: Problem::of(rule.into(), got) }
    };
    let mut found = Vec::new();
    let resources = &spec.resources;
    if resources.memory_limit.is_some_and(|bytes| 0 < bytes && bytes < LEAST_MEMORY) {
        let rule = "Must be 6 MiB or more: engines start no container with less memory";
        found.push(wrong(&["memory", "limit"], rule.to_owned()));
    }
    let is_out = |cores: f64| cores > 0.0 && !(CORES.0..=CORES.1).contains(&cores);
    if resources.cpu_limit.is_some_and(is_out) {
        found.push(wrong(&["cpu", "limit"], format!("Must be from {} to {} cores", CORES.0, CORES.1)));
    }
    if let Some(User::Named(user)) = &spec.user {
        let is_digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_out = |part: &str| part.parse().map_or(true, |number: u64| number > LAST_USER);
        if user.split(':').filter(is_digits).any(is_out) {
            found.push(wrong(&[], format!("Must be a name, or a UID up to {LAST_USER}")));
        }
    }
    found
}

fn refused_port(port: &Data) -> Vec<TypeError> {
    let service = Data::from_iter([("id", Data::from("id")), ("port", port.clone())]);
    let refused = ServiceSpec::from_data(&service).err();
    refused.into_iter().map(|error| TypeError { path: DataPath::default(), problem: error.problem }).collect()
}

fn read(param: &str, value: &Data) -> Result<ContainerSpec, SpecError> {
    let spec = Data::from_iter([("image", Data::from("image")), (param, value.clone())]);
    ContainerSpec::from_data(&spec)
}

/// The param and the place in its value.
fn split(error: &SpecError) -> Option<(Segment, DataPath)> {
    let mut path = DataPath::default().join(&error.path).0.into_iter();
    Some((path.next()?, DataPath(path.collect())))
}

fn at<'d>(data: &'d mut Data, path: &[Segment]) -> Option<&'d mut Data> {
    let Some((first, rest)) = path.split_first() else { return Some(data) };
    let inner = match (data, first) {
        (Data::Map(map), Segment::Key(key)) => map.get_mut(key.as_str()),
        (Data::List(items), Segment::Index(index)) => items.get_mut(*index),
        (
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Str(_)
            | Data::Secret(_)
            | Data::List(_)
            | Data::Map(_),
            _,
        ) => None,
    };
    at(inner?, rest)
}
