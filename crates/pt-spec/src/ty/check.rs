//! Values against types.

use pt_model::{Data, Map, MountSource, Problem, Rule, ServiceSpec, SpecError, parse_duration};
use pt_syntax::is_id;

use super::{Atom, Type};
use crate::data_path::{DataPath, Segment};

/// What is wrong with a value, and where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeError {
    /// Where in the value.
    pub path: DataPath,
    /// What is wrong: `Must be an integer (got "8079")`.
    pub problem: Problem,
}

/// Where in a value the check stands; becomes a path only when something is wrong there.
#[derive(Clone, Copy)]
enum Place<'a> {
    Here,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Place<'_> {
    fn path(&self) -> DataPath {
        let mut segments = Vec::new();
        let mut place = self;
        loop {
            place = match place {
                Place::Here => break,
                Place::Key(outer, key) => {
                    segments.push(Segment::Key((*key).to_owned()));
                    outer
                }
                Place::Index(outer, index) => {
                    segments.push(Segment::Index(*index));
                    outer
                }
            };
        }
        segments.reverse();
        DataPath(segments)
    }
}

/// Ids show wherever the thing does.
const NO_SECRET: &str = "Must be an ID that everybody may see";

type Checked = Result<Data, Vec<TypeError>>;

impl Type {
    /// The value with its defaults filled in.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self, data: &Data) -> Checked {
        self.check_at(data, &Place::Here)
    }

    fn check_at(&self, data: &Data, path: &Place<'_>) -> Checked {
        match self {
            Self::Atom(atom) => atom.check(data, path),
            Self::List(of) => each(data, path, |item, place| of.check_at(item, place)),
            Self::Fields(fields) => check_fields(fields, data, path),
            Self::AnyMap => keep(data.as_map().is_some(), Rule::Map, data, path),
            Self::MapOf(key, value) => check_map(key, value, data, path),
            Self::Maybe(of) => {
                if data.is_null() {
                    Ok(Data::Null)
                } else {
                    of.check_at(data, path)
                }
            }
            Self::Default(of, value) => {
                if data.is_null() {
                    Ok(value.clone())
                } else {
                    of.check_at(data, path)
                }
            }
            Self::Either(types) => match types.iter().find(|of| of.check_at(data, path).is_ok()) {
                Some(Self::Default(_, value)) if data.is_null() => Ok(value.clone()),
                Some(of) => of.chosen(data, path),
                None => wrong("Must match one of the allowed types", data, path),
            },
            Self::Enum(words) if words.contains(data) => Ok(data.clone()),
            Self::Enum(words) => {
                let words: Vec<String> = words.iter().map(Data::to_string).collect();
                wrong(format!("Must be one of {}", words.join(", ")), data, path)
            }
            Self::Regex(pattern) => match data.as_text() {
                Some(text) if pattern.matches(&text.expose()) => Ok(data.clone()),
                Some(_) => wrong(format!("Must match the regex {}", pattern.text), data, path),
                None => wrong(Rule::Text, data, path),
            },
            Self::Unknown(text) => {
                Err(vec![TypeError { path: path.path(), problem: Problem::UnknownType(text.clone()) }])
            }
        }
    }

    /// What is wrong inside a value that matches no alternative, if only one of them can be meant.
    pub fn within_alternative(&self, data: &Data) -> Option<TypeError> {
        let Self::Either(types) = self else { return None };
        let mut like = types.iter().filter(|of| of.is_like(data));
        let (Some(only), None) = (like.next(), like.next()) else { return None };
        only.check(data).err()?.into_iter().next()
    }

    /// Whether the value is a list and the type is one of lists, or both are of maps.
    fn is_like(&self, data: &Data) -> bool {
        match self {
            Self::List(_) => matches!(data, Data::List(_)),
            Self::Fields(_) | Self::AnyMap | Self::MapOf(..) => matches!(data, Data::Map(_)),
            Self::Atom(Atom::EnvVar | Atom::MountSource | Atom::ServiceSpec) => matches!(data, Data::Map(_)),
            Self::Maybe(of) | Self::Default(of, _) => of.is_like(data),
            Self::Atom(_) | Self::Either(_) | Self::Enum(_) | Self::Regex(_) | Self::Unknown(_) => false,
        }
    }

    /// The value under an alternative that accepts it: maps stay as they are, at any depth (which keys there are tells
    /// the alternatives apart), everything else is coerced as usual.
    fn chosen(&self, data: &Data, path: &Place<'_>) -> Checked {
        match self {
            Self::Fields(_) | Self::AnyMap | Self::MapOf(..) => Ok(data.clone()),
            Self::List(of) => each(data, path, |item, place| of.chosen(item, place)),
            Self::Maybe(of) | Self::Default(of, _) if !data.is_null() => of.chosen(data, path),
            Self::Atom(_)
            | Self::Maybe(_)
            | Self::Default(..)
            | Self::Either(_)
            | Self::Enum(_)
            | Self::Regex(_)
            | Self::Unknown(_) => self.check_at(data, path),
        }
    }
}

/// A list of what `check` makes of each item.
fn each(data: &Data, path: &Place<'_>, check: impl Fn(&Data, &Place<'_>) -> Checked) -> Checked {
    let Data::List(items) = data else { return wrong(Rule::List, data, path) };
    let mut checked = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match check(item, &Place::Index(path, index)) {
            Ok(item) => checked.push(item),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(Data::List(checked)) } else { Err(errors) }
}

/// Known keys in the order of the type. A key that is absent and may be stays absent.
fn check_fields(fields: &[(String, Type)], data: &Data, path: &Place<'_>) -> Checked {
    let Data::Map(map) = data else { return wrong(Rule::Map, data, path) };
    let mut checked = Map::with_capacity_and_hasher(fields.len(), Default::default());
    let mut errors = Vec::new();
    for (key, of) in fields {
        let given = map.get(key.as_str());
        match of.check_at(given.unwrap_or(&Data::Null), &Place::Key(path, key)) {
            Ok(Data::Null) if given.is_none() => {}
            Ok(value) => drop(checked.insert(key.as_str().into(), value)),
            Err(more) => errors.extend(more),
        }
    }
    // What was written keeps the order in which it was written.
    checked.sort_by_cached_key(|key, _| map.get_index_of(key).unwrap_or(usize::MAX));
    if errors.is_empty() { Ok(Data::Map(Box::new(checked))) } else { Err(errors) }
}

fn check_map(key: &Type, value: &Type, data: &Data, path: &Place<'_>) -> Checked {
    let Data::Map(map) = data else { return wrong(Rule::Map, data, path) };
    let mut checked = Map::with_capacity_and_hasher(map.len(), Default::default());
    let mut errors = Vec::new();
    for (name, item) in &**map {
        let at = Place::Key(path, name);
        if let Err(more) = key.check_at(&Data::from(name.as_str()), &at) {
            errors.extend(more);
        }
        match value.check_at(item, &at) {
            Ok(item) => drop(checked.insert(name.clone(), item)),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(Data::Map(Box::new(checked))) } else { Err(errors) }
}

impl Atom {
    fn check(self, data: &Data, path: &Place<'_>) -> Checked {
        match self {
            Self::Any => Ok(data.clone()),
            Self::Bool => keep(matches!(data, Data::Bool(_)), Rule::Boolean, data, path),
            Self::Int => match integral(data) {
                Some(number) => Ok(Data::Int(number)),
                None => wrong(Rule::Integer, data, path),
            },
            Self::Num => keep(matches!(data, Data::Int(_) | Data::Float(_)), Rule::Number, data, path),
            Self::ServiceRef => text(data, path, "Must be a service's ID or reference", is_service_ref),
            Self::Str | Self::InstanceType => text(data, path, Rule::Text, |_| true),
            Self::Code => text(data, path, "Must be code", |_| true),
            Self::Id if matches!(data, Data::Secret(_)) => wrong(NO_SECRET, data, path),
            Self::Id => text(data, path, "Must be a valid ID", is_id),
            Self::DockerImage => text(data, path, "Must be the name of an image", |text| !text.is_empty()),
            Self::AbsolutePath => text(data, path, Rule::AbsolutePath, |text| text.starts_with('/')),
            Self::UrlPath => {
                text(data, path, "Must be a path that begins with /", |text| text.starts_with('/'))
            }
            Self::Duration => text(data, path, "Must be a duration", |text| parse_duration(text).is_some()),
            Self::HttpMethod => text(data, path, "Must be an HTTP method", is_http_method),
            Self::EnvVar => check_env_var(data, path),
            Self::DatasetSink => {
                let named = data.as_str().is_some() || data.get("dataset").as_str().is_some();
                keep(named, "Must be a dataset's ID, or a map with `dataset`", data, path)
            }
            Self::DataSize if matches!(data, Data::Int(0..)) => Ok(data.clone()),
            Self::DataSize if matches!(data, Data::Int(_)) => wrong("Must be a data size", data, path),
            Self::DataSize => text(data, path, "Must be a data size", is_data_size),
            Self::MountSource => MountSource::from_data(data).map(|_| data.clone()).map_err(|e| at(path, e)),
            Self::ServiceSpec => {
                let data = with_numeric_ports(data);
                match ServiceSpec::from_data(&data) {
                    Ok(service) if !is_id(service.id.as_str()) => {
                        wrong("Must be a valid ID", data.get("id"), &Place::Key(path, "id"))
                    }
                    Ok(_) => Ok(data),
                    Err(first) => Err(all_of_service(data, first, path)),
                }
            }
        }
    }
}

/// JavaScript has one kind of number, so integers may come as 3.0.
fn integral(data: &Data) -> Option<i64> {
    if let Data::Float(number) = data {
        return (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(*number as i64);
    }
    if let Data::Int(number) = data { Some(*number) } else { None }
}

fn keep(right: bool, rule: impl Into<Rule>, data: &Data, path: &Place<'_>) -> Checked {
    if right { Ok(data.clone()) } else { wrong(rule, data, path) }
}

fn text(data: &Data, path: &Place<'_>, rule: impl Into<Rule>, accept: impl Fn(&str) -> bool) -> Checked {
    match data {
        Data::Str(text) if accept(text) => Ok(data.clone()),
        Data::Secret(text) if accept(&text.expose()) => Ok(data.clone()),
        Data::Str(_) | Data::Secret(_) => wrong(rule, data, path),
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::List(_) | Data::Map(_) => {
            wrong(Rule::Text, data, path)
        }
    }
}

fn wrong(rule: impl Into<Rule>, data: &Data, path: &Place<'_>) -> Checked {
    Err(vec![TypeError { path: path.path(), problem: Problem::of(rule.into(), data) }])
}

fn at(path: &Place<'_>, error: SpecError) -> Vec<TypeError> {
    vec![TypeError { path: path.path().join(&error.path), problem: error.problem }]
}

/// Everything that is wrong with a service: one mistake of each port hides no others.
fn all_of_service(service: Data, first: SpecError, path: &Place<'_>) -> Vec<TypeError> {
    let mut service = service;
    let mut found = Vec::new();
    let mut mended = Vec::new();
    let mut next = Some(first);
    while let Some(error) = next {
        let index = error.path.strip_prefix("ports[").and_then(|rest| rest.split_once(']')?.0.parse().ok());
        found.extend(at(path, error));
        let Data::Map(map) = &mut service else { break };
        let Some(Data::List(ports)) = map.get_mut("ports") else { break };
        let Some(port) = index.and_then(|index: usize| ports.get_mut(index)) else { break };
        // Something that is right, so that the others are looked at.
        let number = i64::try_from(found.len()).unwrap_or_default();
        let right = Data::from_iter([("port", Data::Int(number))]);
        if mended.contains(&index) {
            break;
        }
        *port = right;
        mended.push(index);
        next = ServiceSpec::from_data(&service).err();
    }
    found
}

fn check_env_var(data: &Data, path: &Place<'_>) -> Checked {
    let Data::Map(map) = data else { return wrong(Rule::Map, data, path) };
    let name = map.get("name").unwrap_or(&Data::Null);
    Atom::Str.check(name, &Place::Key(path, "name"))?;
    match map.get("value").unwrap_or(&Data::Null) {
        Data::List(_) | Data::Map(_) => {
            wrong(Rule::Text, map.get("value").unwrap_or(&Data::Null), &Place::Key(path, "value"))
        }
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) | Data::Secret(_) => {
            Ok(data.clone())
        }
    }
}

/// Ports that were written as text of digits, as numbers.
fn with_numeric_ports(data: &Data) -> Data {
    let Data::Map(map) = data else { return data.clone() };
    let mut service = map.clone();
    numeric(&mut service, "port");
    if let Some(Data::List(ports)) = service.get_mut("ports") {
        for port in ports {
            if let Data::Map(port) = port {
                numeric(port, "port");
                if !port.contains_key("range") {
                    numeric(port, "expose-as");
                }
            }
        }
    }
    Data::Map(service)
}

fn numeric(map: &mut Map, key: &str) {
    if let Some(value) = map.get_mut(key)
        && let Some(number) = value.as_str().and_then(|text| text.trim().parse::<i64>().ok())
    {
        *value = Data::Int(number);
    }
}

fn is_http_method(text: &str) -> bool {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    methods.contains(&text.to_ascii_uppercase().as_str())
}

fn is_data_size(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number =
        number.split_once('.').map_or_else(|| digits(number), |(whole, rest)| digits(whole) && digits(rest));
    is_number
        && match unit.as_bytes() {
            [] => true,
            [prefix] | [prefix, b'i'] => b"kKMGT".contains(prefix),
            _ => false,
        }
}

/// `id`, `org/proj>job#:id`, `org/proj>job#step:id`
fn is_service_ref(text: &str) -> bool {
    let Some((project, rest)) = text.split_once('>') else { return is_id(text) };
    let in_job = |(job, rest): (&str, &str)| {
        let Some((step, service)) = rest.split_once(':') else { return false };
        is_id(job) && (step.is_empty() || is_id(step)) && is_id(service)
    };
    project.split_once('/').is_some_and(|(owner, name)| is_id(owner) && is_id(name))
        && rest.split_once('#').is_some_and(in_job)
}
