//! Types of params.
//!
//! A [`Type`] is what a param's declaration says about its values: `[default, [enum, trace, info], info]`. It is
//! lowered from a node of a document, and from then on knows only data. Checking coerces nothing except integral
//! decimals where an integer is wanted and numeric strings where a port is wanted.

mod check;
mod lower;
mod schema;

use std::fmt;

use fancy_regex::Regex;
use pt_model::Data;

pub use check::TypeError;
pub(crate) use lower::written;
pub use schema::args_schema;

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Type {
    /// A type with a name.
    Atom(Atom),
    /// `[T]`: a list of equals.
    List(Box<Self>),
    /// `{k: T}`: a map with known keys; others are dropped.
    Fields(Vec<(String, Self)>),
    /// `{}`: any map.
    AnyMap,
    /// `[map, K, V]` and `{str: T}`: a map with any keys.
    MapOf(Box<Self>, Box<Self>),
    /// `[maybe, T]`
    Maybe(Box<Self>),
    /// `[default, T, v]`
    Default(Box<Self>, Data),
    /// `[either, A, B…]`
    Either(Vec<Self>),
    /// `[enum, a, b…]`
    Enum(Vec<Data>),
    /// `[regex, r]`
    Regex(Pattern),
    /// What is no type; every value is wrong for it.
    Unknown(String),
}

/// A regex as written and as it is used: the whole text must match.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written.
    pub text: String,
    whole: Regex,
}

macro_rules! atoms {
    ($($(#[$doc:meta])* $name:ident = $word:literal)*) => {
        /// The types with a name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Atom {
            $($(#[$doc])* $name,)*
        }

        impl Atom {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

atoms! {
    /// Text.
    Str = "str"
    /// True or false.
    Bool = "bool"
    /// An integer.
    Int = "int"
    /// A number.
    Num = "num"
    /// Anything, null included.
    Any = "any"
    /// `[a-z0-9_-]+`
    Id = "id"
    /// An image's name.
    DockerImage = "docker-image"
    /// A path that begins with `/`.
    AbsolutePath = "absolute-path"
    /// The path of a URL: begins with `/`.
    UrlPath = "url-path"
    /// `{name, value}`
    EnvVar = "env-var"
    /// What is mounted.
    MountSource = "mount-source"
    /// A service.
    ServiceSpec = "service-spec"
    /// The name of a service, maybe in another job.
    ServiceRef = "service-ref"
    /// Where a dataset goes.
    DatasetSink = "dataset-sink"
    /// A kind of machine; no effect here.
    InstanceType = "instance-type"
    /// Bytes.
    DataSize = "data-size"
    /// A span of time: `10ms`.
    Duration = "duration"
    /// `GET`…
    HttpMethod = "http-method"
    /// Code.
    Code = "code"
}

impl Atom {
    /// The atom with this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|atom| atom.word() == word)
    }
}

impl Type {
    /// The type as it is written: `[maybe, [service-spec]]`.
    pub fn describe(&self) -> String {
        self.to_string()
    }

    /// Whether a value may be left out.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Maybe(_) | Self::Default(..) | Self::Atom(Atom::Any) => true,
            Self::Either(types) => types.iter().any(Self::is_optional),
            Self::Enum(words) => words.contains(&Data::Null),
            Self::Atom(_)
            | Self::List(_)
            | Self::Fields(_)
            | Self::AnyMap
            | Self::MapOf(..)
            | Self::Regex(_)
            | Self::Unknown(_) => false,
        }
    }

    /// Whether whatever it accepts is text.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Atom(atom) => matches!(
                atom,
                Atom::Str
                    | Atom::Id
                    | Atom::DockerImage
                    | Atom::AbsolutePath
                    | Atom::UrlPath
                    | Atom::Duration
            ),
            Self::Default(of, value) => of.is_text() && value.as_str().is_some(),
            Self::Enum(words) => words.iter().all(|word| word.as_str().is_some()),
            Self::Regex(_) => true,
            Self::List(_)
            | Self::Fields(_)
            | Self::AnyMap
            | Self::MapOf(..)
            | Self::Maybe(_)
            | Self::Either(_)
            | Self::Unknown(_) => false,
        }
    }

    /// Whether services are among the values it accepts.
    pub fn holds_services(&self) -> bool {
        match self {
            Self::Atom(atom) => *atom == Atom::ServiceSpec,
            Self::List(of) | Self::Maybe(of) | Self::Default(of, _) | Self::MapOf(_, of) => {
                of.holds_services()
            }
            Self::Fields(fields) => fields.iter().any(|(_, of)| of.holds_services()),
            Self::Either(types) => types.iter().any(Self::holds_services),
            Self::AnyMap | Self::Enum(_) | Self::Regex(_) | Self::Unknown(_) => false,
        }
    }

    /// The values inside `data` that were accepted as services, in the order in which they stand. `data` is what
    /// [`Type::check`] gave.
    pub fn services_in<'d>(&self, data: &'d Data) -> Vec<&'d Data> {
        let mut found = Vec::new();
        if self.holds_services() {
            self.collect_services(data, &mut found);
        }
        found
    }

    fn collect_services<'d>(&self, data: &'d Data, found: &mut Vec<&'d Data>) {
        match self {
            Self::Atom(Atom::ServiceSpec) if !data.is_null() => found.push(data),
            Self::List(of) => {
                data.as_list().into_iter().flatten().for_each(|item| of.collect_services(item, found));
            }
            Self::Maybe(of) | Self::Default(of, _) if !data.is_null() => of.collect_services(data, found),
            Self::Fields(fields) => {
                fields.iter().for_each(|(key, of)| of.collect_services(data.get(key), found));
            }
            Self::MapOf(_, of) => {
                data.as_map().into_iter().flatten().for_each(|(_, item)| of.collect_services(item, found));
            }
            Self::Either(types) => {
                if let Some(of) = types.iter().find(|of| of.check(data).is_ok()) {
                    of.collect_services(data, found);
                }
            }
            Self::Atom(_)
            | Self::Maybe(_)
            | Self::Default(..)
            | Self::AnyMap
            | Self::Enum(_)
            | Self::Regex(_)
            | Self::Unknown(_) => {}
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(atom) => f.write_str(atom.word()),
            Self::List(of) => write!(f, "[{of}]"),
            Self::AnyMap => f.write_str("{}"),
            Self::Fields(fields) => {
                let fields: Vec<String> = fields.iter().map(|(key, of)| format!("{key}: {of}")).collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
            Self::MapOf(key, value) => write!(f, "[map, {key}, {value}]"),
            Self::Maybe(of) => write!(f, "[maybe, {of}]"),
            Self::Default(of, value) => write!(f, "[default, {of}, {}]", literal(value)),
            Self::Either(types) => {
                let types: Vec<String> = types.iter().map(Self::to_string).collect();
                write!(f, "[either, {}]", types.join(", "))
            }
            Self::Enum(words) => {
                let words: Vec<String> = words.iter().map(literal).collect();
                write!(f, "[enum, {}]", words.join(", "))
            }
            Self::Regex(pattern) => write!(f, "[regex, {}]", pattern.text),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// A value as people write it inside a type: words without quotes where that is possible.
fn literal(value: &Data) -> String {
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    match value.as_str() {
        Some(text) if plain(text) && text.parse::<f64>().is_err() => text.to_owned(),
        Some(_) | None => value.to_string(),
    }
}
