//! What may stand at a place inside args, by the types of the params.

use pt_model::Data;
use pt_spec::{Atom, Definition, Project, Segment, Type};

use crate::site::{Call, Slot};

/// The definition that is called; none if the reference names nothing.
pub(crate) fn callee<'p>(project: &'p Project, call: Call<'_>) -> Option<&'p Definition> {
    project.resolve(None, call.reference?, call.wanted).ok()
}

/// What the value at a place must be.
pub(crate) fn type_at(project: &Project, slot: &Slot<'_>) -> Option<Type> {
    let definition = callee(project, slot.call)?;
    let params = definition.params.iter().map(|param| (param.id.text.clone(), param.ty.clone()));
    slot.path.iter().try_fold(Type::Fields(params.collect()), |ty, segment| inside(&ty, segment))
}

fn inside(ty: &Type, segment: &Segment) -> Option<Type> {
    match (ty, segment) {
        (Type::Maybe(of) | Type::Default(of, _), _) => inside(of, segment),
        (Type::List(of), Segment::Index(_)) | (Type::MapOf(_, of), Segment::Key(_)) => Some((**of).clone()),
        (Type::Fields(fields), Segment::Key(key)) => {
            fields.iter().find(|(name, _)| name == key).map(|(_, of)| of.clone())
        }
        (Type::Either(types), _) => types.iter().find_map(|of| inside(of, segment)),
        (Type::Atom(atom), _) => inside(&shape(*atom)?, segment),
        _ => None,
    }
}

/// The keys that a value of this type may have.
pub(crate) fn keys(ty: &Type) -> Vec<(String, Type)> {
    match ty {
        Type::Fields(fields) => fields.clone(),
        Type::Maybe(of) | Type::Default(of, _) => keys(of),
        Type::Either(types) => types.iter().flat_map(keys).collect(),
        Type::Atom(atom) => shape(*atom).map_or_else(Vec::new, |shape| keys(&shape)),
        Type::List(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Enum(_)
        | Type::Regex(_)
        | Type::Unknown(_) => Vec::new(),
    }
}

/// The values of this type, where they are few.
pub(crate) fn literals(ty: &Type) -> Vec<String> {
    match ty {
        Type::Enum(words) => {
            words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect()
        }
        Type::Maybe(of) | Type::Default(of, _) => literals(of),
        Type::Either(types) => types.iter().flat_map(literals).collect(),
        Type::Atom(Atom::Bool) => vec!["true".to_owned(), "false".to_owned()],
        Type::Atom(Atom::HttpMethod) => {
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map(str::to_owned).to_vec()
        }
        Type::Atom(_)
        | Type::List(_)
        | Type::Fields(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Regex(_)
        | Type::Unknown(_) => Vec::new(),
    }
}

/// The shape of those types with a name that are maps.
fn shape(atom: Atom) -> Option<Type> {
    let of = Type::Atom;
    let maybe = |ty: Type| Type::Maybe(Box::new(ty));
    let list = |ty: Type| Type::List(Box::new(ty));
    let words = |words: &[&str]| Type::Enum(words.iter().map(|word| Data::from(*word)).collect());
    let fields: Vec<(&str, Type)> = match atom {
        Atom::EnvVar => vec![("name", of(Atom::Str)), ("value", maybe(of(Atom::Any)))],
        Atom::MountSource => vec![
            ("type", words(&["host", "repo", "string", "volume", "dataset"])),
            ("path", maybe(of(Atom::Str))),
            ("repo", maybe(of(Atom::Str))),
            ("revision", maybe(of(Atom::Str))),
            ("data", maybe(of(Atom::Str))),
            ("id", maybe(of(Atom::Id))),
            ("scope", maybe(words(&["job", "project"]))),
            ("create", maybe(words(&["when-missing", "always", "never"]))),
            ("source", maybe(of(Atom::MountSource))),
            ("dataset", maybe(of(Atom::Str))),
            ("version", maybe(of(Atom::Any))),
        ],
        Atom::ServiceSpec => {
            let port = [
                ("port", of(Atom::Int)),
                ("protocol", maybe(words(&["tcp", "udp", "http", "https"]))),
                ("expose-as", maybe(of(Atom::Int))),
                ("internal", maybe(of(Atom::Bool))),
                ("label", maybe(of(Atom::Id))),
                ("range", maybe(of(Atom::Str))),
            ];
            let port = Type::Fields(port.into_iter().map(|(key, ty)| (key.to_owned(), ty)).collect());
            let ready = [
                ("exec", maybe(of(Atom::Str))),
                ("http", maybe(of(Atom::UrlPath))),
                ("tcp", maybe(of(Atom::Int))),
                ("log", maybe(of(Atom::Str))),
                ("port", maybe(of(Atom::Int))),
                ("status", maybe(of(Atom::Int))),
                ("timeout", maybe(of(Atom::Duration))),
            ];
            let ready = Type::Fields(ready.into_iter().map(|(key, ty)| (key.to_owned(), ty)).collect());
            vec![("id", of(Atom::Id)), ("ports", list(port)), ("ready", maybe(ready))]
        }
        Atom::DatasetSink => vec![("dataset", of(Atom::Str)), ("info", maybe(of(Atom::Str)))],
        Atom::Str
        | Atom::Bool
        | Atom::Int
        | Atom::Num
        | Atom::Any
        | Atom::Id
        | Atom::DockerImage
        | Atom::AbsolutePath
        | Atom::UrlPath
        | Atom::ServiceRef
        | Atom::InstanceType
        | Atom::DataSize
        | Atom::Duration
        | Atom::HttpMethod
        | Atom::Code => return None,
    };
    Some(Type::Fields(fields.into_iter().map(|(key, ty)| (key.to_owned(), ty)).collect()))
}
