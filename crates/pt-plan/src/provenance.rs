//! Where values come from.
//!
//! A [`Provenance`] is the shadow of a value: it is made from what was written ([`Planner::provenance`]) and follows the
//! value through the params that hand it on ([`Origins`]), up to the code that takes it. It is kept only when somebody
//! asks for it ([`crate::plan_with_provenance`]).

use std::collections::BTreeMap;
use std::ops::Range;

use pt_model::{Data, Key};
use pt_spec::{Arg, Definition, Param};
use pt_syntax::{Code, Node, NodeKind, Piece, Reading, Reference, ReferenceKind, Span, references};

use crate::planner::Planner;

/// The provenance of values by the ids of the params that have them.
pub type Origins = BTreeMap<String, Provenance>;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// What gave it.
    pub origin: Origin,
    /// The params that handed it on as a whole, first the one that did so first.
    pub through: Vec<Passed>,
}

/// What gave a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It stands in a file.
    Written(Span),
    /// It stands on the command line.
    CommandLine,
    /// Nothing was given, and the param's type has a default.
    Default(ParamPlace),
    /// Nothing was given, and nothing is there.
    Absent,
    /// `pt.value`.
    Value {
        /// Its name.
        name: String,
        /// Where it is referred to.
        span: Span,
    },
    /// `pt.secret`.
    Secret {
        /// Its name.
        name: String,
        /// Where it is referred to.
        span: Span,
    },
    /// `pt.output`: what another step gives when its turn comes.
    Output(Span),
    /// Code computed it.
    Code {
        /// Where the code stands.
        span: Span,
        /// The params that its text mentions, and where their values came from.
        mentions: Origins,
    },
    /// Text with references in it.
    Text {
        /// All of it.
        span: Span,
        /// The values of the references.
        pieces: Vec<Provenance>,
    },
    /// A list, item by item.
    List(Place, Vec<Provenance>),
    /// A map, entry by entry.
    Map(Place, Vec<(String, Provenance)>),
}

/// Where a list or map stands: nowhere if it was given on the command line or is what code computed.
pub type Place = Option<Span>;

/// A declared param.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamPlace {
    /// Its id.
    pub id: String,
    /// The module, tool or template that declares it.
    pub definition: String,
    /// Where.
    pub span: Span,
}

/// A param through which a value passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// Which.
    pub param: ParamPlace,
    /// Where it is referred to.
    pub span: Span,
}

impl Provenance {
    fn new(origin: Origin) -> Self {
        Self { origin, through: Vec::new() }
    }

    /// Of a value that was given on the command line.
    pub(crate) fn command_line() -> Self {
        Self::new(Origin::CommandLine)
    }

    /// Of a value as its type made it: what was absent may have become a default, at any depth.
    fn checked(self, given: &Data, checked: &Data, param: &ParamPlace) -> Self {
        if given == checked {
            return self;
        }
        if given.is_null() {
            return Self::new(Origin::Default(param.clone()));
        }
        let through = self.through.clone();
        let origin = match (given, checked) {
            (Data::List(given), Data::List(checked)) if given.len() == checked.len() => {
                let items = given.iter().zip(checked).enumerate();
                let item = |(at, (given, checked))| self.item(at).checked(given, checked, param);
                Origin::List(self.place(), items.map(item).collect())
            }
            (Data::Map(given), Data::Map(checked)) => {
                let entry = |(key, checked): (&Key, &Data)| {
                    let given = given.get(key.as_str()).unwrap_or(&Data::Null);
                    (key.to_string(), self.entry(key).checked(given, checked, param))
                };
                Origin::Map(self.place(), checked.iter().map(entry).collect())
            }
            // Another spelling of the same: 3.0 for 3.
            _ => return self,
        };
        Self { origin, through }
    }

    /// Of an item of the list.
    pub(crate) fn item(&self, at: usize) -> Self {
        let Origin::List(_, items) = &self.origin else { return Self::new(self.origin.clone()) };
        items.get(at).cloned().unwrap_or_else(|| Self::new(Origin::Absent))
    }

    /// Of an entry of the map.
    pub(crate) fn entry(&self, key: &str) -> Self {
        let Origin::Map(_, entries) = &self.origin else { return Self::new(self.origin.clone()) };
        let entry = entries.iter().find(|(name, _)| name == key);
        entry.map_or_else(|| Self::new(Origin::Absent), |(_, entry)| entry.clone())
    }

    fn place(&self) -> Place {
        match &self.origin {
            Origin::List(place, _) | Origin::Map(place, _) => *place,
            Origin::Written(span) | Origin::Output(span) => Some(*span),
            Origin::Value { span, .. } | Origin::Secret { span, .. } => Some(*span),
            Origin::Code { span, .. } | Origin::Text { span, .. } => Some(*span),
            Origin::CommandLine | Origin::Default(_) | Origin::Absent => None,
        }
    }
}

/// Where the value of a param came from, which was given as one thing and is another since its type was applied.
///
/// `reference` is what the caller calls the definition.
pub(crate) fn of_param(
    given_origins: &Origins,
    reference: &str,
    param: &Param,
    given: &Data,
    checked: &Data,
) -> Provenance {
    let id = param.id.text.clone();
    let origin = given_origins.get(&id).cloned().unwrap_or_else(|| Provenance::new(Origin::Absent));
    let place = ParamPlace { id, definition: reference.to_owned(), span: param.span };
    origin.checked(given, checked, &place)
}

/// What a piece of a file is inside of.
struct Inside<'a> {
    definition: &'a Definition,
    /// What it is called in messages.
    name: &'a str,
    origins: &'a Origins,
}

impl Planner<'_> {
    /// Where the values of args come from that stand inside `definition`, whose params have these `origins`.
    pub(crate) fn provenance_of_args<'a>(
        &self,
        args: impl Iterator<Item = &'a Arg>,
        definition: &Definition,
        origins: &Origins,
    ) -> Origins {
        let name = self.canonical(definition);
        let inside = Inside { definition, name: &name, origins };
        args.map(|arg| (arg.id.text.clone(), self.provenance(&arg.value, &inside))).collect()
    }

    fn provenance(&self, node: &Node, inside: &Inside<'_>) -> Provenance {
        let code = |body| Code { language: pt_syntax::Language::Clojure, body, body_offset: 0, late: false };
        Provenance::new(match &node.kind {
            NodeKind::Str(text) => match references(text) {
                Reading::Literal => Origin::Written(node.span),
                Reading::Whole(reference) => return self.provenance_of_reference(node, &reference, inside),
                Reading::Interpolated(pieces) => {
                    let referred = |piece: &Piece<'_>| match piece {
                        Piece::Text(_) => None,
                        Piece::Reference(reference) => {
                            Some(self.provenance_of_reference(node, reference, inside))
                        }
                    };
                    Origin::Text { span: node.span, pieces: pieces.iter().filter_map(referred).collect() }
                }
                Reading::Code(code) => computed(node, &code, inside),
            },
            NodeKind::Form(text) => computed(node, &code(text), inside),
            NodeKind::List(items) => {
                let items = items.iter().map(|item| self.provenance(item, inside));
                Origin::List(Some(node.span), items.collect())
            }
            NodeKind::Map(entries) => {
                let entries =
                    entries.iter().map(|entry| (entry.key.clone(), self.provenance(&entry.value, inside)));
                Origin::Map(Some(node.span), entries.collect())
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => {
                Origin::Written(node.span)
            }
        })
    }

    fn provenance_of_reference(
        &self,
        node: &Node,
        reference: &Reference<'_>,
        inside: &Inside<'_>,
    ) -> Provenance {
        let span = self.place_within(node, reference.range.clone());
        let name = reference.name.to_owned();
        Provenance::new(match reference.kind {
            ReferenceKind::Param => {
                let Some(param) = inside.definition.param(&name) else {
                    return Provenance::new(Origin::Written(span));
                };
                let origin = inside.origins.get(&name).cloned();
                let mut origin = origin.unwrap_or_else(|| Provenance::new(Origin::Absent));
                let definition = inside.name.to_owned();
                let param = ParamPlace { id: name, definition, span: param.span };
                origin.through.push(Passed { param, span });
                return origin;
            }
            ReferenceKind::Value => Origin::Value { name, span },
            ReferenceKind::Secret => Origin::Secret { name, span },
            ReferenceKind::Output => Origin::Output(span),
        })
    }

    fn place_within(&self, node: &Node, range: Range<usize>) -> Span {
        node.span_within(&self.project.sources().get(node.span.source).text, range)
    }
}

fn computed(node: &Node, code: &Code<'_>, inside: &Inside<'_>) -> Origin {
    let words: Vec<String> = words(code.body).map(plain).collect();
    let mentioned = |id: &str| words.contains(&plain(id));
    let mentions = inside.origins.iter().filter(|(id, _)| mentioned(id));
    Origin::Code { span: node.span, mentions: mentions.map(|(id, of)| (id.clone(), of.clone())).collect() }
}

/// The names in a piece of code, in whatever language.
fn words(code: &str) -> impl Iterator<Item = &str> {
    let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    code.split(move |c| !joined(c)).filter(|word| !word.is_empty())
}

/// Without what differs between the spellings of a name: `db-host`, `db_host`, `dbHost`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase()
}
