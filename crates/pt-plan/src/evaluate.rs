//! Args as written to args as values.

use std::ops::Range;

use pt_eval::{Limit, Scope, evaluate_with};
use pt_model::{Data, Key, Map, Part, Secret, Text};
use pt_spec::{Arg, Definition, Segment, plain};
use pt_syntax::{
    Code, Diagnostic, Language, Node, NodeKind, Piece, Reading, Reference, ReferenceKind, Span, near_miss,
    references, suggest,
};

use crate::allowance::Allowance;
use crate::bind::{Bound, Given, meant_for};
use crate::missing::Store;
use crate::partial::{Hole, Partial};
use crate::planner::Planner;
use crate::provenance::Origins;
use crate::settings::{Settings, secret, value};
use crate::snippet::snippet_of;

/// Whose args are evaluated: what `pt.param` refers to, and where code stands.
pub(crate) struct Inside<'p, 'b> {
    pub(crate) definition: &'p Definition,
    pub(crate) bound: &'b Bound,
}

/// What went wrong in one arg.
#[derive(Default)]
pub(crate) struct Trouble<'p> {
    /// Mistakes.
    pub(crate) errors: Vec<Diagnostic>,
    /// Values and secrets that are not set: the arg is not known.
    pub(crate) missing: Vec<Diagnostic>,
    /// The parts of the arg that are not known.
    pub(crate) holes: Vec<Hole>,
    /// Where in the arg we are.
    path: Vec<Inward<'p>>,
}

/// What other programs call the params of containers, and what we do.
const STRANGERS: [(&str, &str); 8] = [
    ("ports", "services"),
    ("expose", "services"),
    ("volumes", "mounts"),
    ("command", "cmd"),
    ("environment", "env"),
    ("working_dir", "workdir"),
    ("labels", "tags"),
    ("container_name", "id"),
];

/// A step of the way into an arg.
#[derive(Clone, Copy)]
enum Inward<'p> {
    Key(&'p str),
    Index(usize),
}

impl Trouble<'_> {
    fn path(&self) -> Vec<Segment> {
        let segment = |inward: &Inward<'_>| match inward {
            Inward::Key(key) => Segment::Key((*key).to_owned()),
            Inward::Index(index) => Segment::Index(*index),
        };
        self.path.iter().map(segment).collect()
    }

    fn hole(&mut self) {
        self.holes.push(Hole { path: self.path(), is_text: false });
    }

    /// Text that is not known; gives what stands in for it.
    fn text_hole(&mut self, written: &str) -> Data {
        self.holes.push(Hole { path: self.path(), is_text: true });
        Data::from(written.trim())
    }
}

impl<'p> Planner<'p> {
    /// The args that `callee` asks for, written inside `definition`.
    pub(crate) fn evaluate_args(
        &mut self,
        callee: &Definition,
        args: &'p [Arg],
        definition: &'p Definition,
        bound: &Bound,
    ) -> Result<Given<'p>, Vec<Diagnostic>> {
        let inside = Inside { definition, bound };
        let mut given = Given { written_in: Some(definition), ..Given::default() };
        let mut errors = Vec::new();
        let prepared = self.prepared(callee);
        let is_param = |arg: &&Arg| prepared.unset.contains_key(arg.id.text.as_str());
        for arg in args.iter().filter(|arg| !is_param(arg)) {
            let found = self.unknown_param(callee, &arg.id.text);
            if let Some(meant) = meant_for(callee, found.replacement.as_deref(), args) {
                given.misspelt.push((arg.id.clone(), meant));
                continue;
            }
            // Args that nobody asks for are usual; those that look like a slip are worth a word.
            if (!found.hints.is_empty() || self.checking.is_some()) && definition.origin.is_own() {
                self.warn(&[found.at(arg.id.span, "ignored")]);
            }
        }
        // Nobody looks at an arg that no param asks for: it may be nonsense.
        given.written.reserve(args.len());
        given.values.reserve(args.len());
        for arg in args.iter().filter(is_param) {
            let mut trouble = Trouble::default();
            let value = self.data(&arg.value, &inside, &mut trouble);
            errors.append(&mut trouble.errors);
            if trouble.holes.is_empty() {
                given.values.insert(arg.id.text.as_str().into(), value);
            } else {
                given.unknown.insert(arg.id.text.clone(), trouble.missing);
                if self.checking.is_some() {
                    given.partial.insert(arg.id.text.clone(), Partial { value, holes: trouble.holes });
                }
            }
            given.written.push(arg);
        }
        if self.explaining {
            let none = Origins::default();
            let origins = bound.origins.as_ref().unwrap_or(&none);
            given.origins = Some(self.provenance_of_args(given.written.iter().copied(), definition, origins));
        }
        if let Some(checking) = &mut self.checking {
            checking.findings.append(&mut errors);
        }
        if errors.is_empty() { Ok(given) } else { Err(errors) }
    }

    /// What is wrong with args that nobody takes, since what is called is not known. Told only while a project is checked.
    pub(crate) fn look_at_args(&mut self, args: &'p [Arg], definition: &'p Definition, bound: &Bound) {
        if self.checking.is_none() {
            return;
        }
        let inside = Inside { definition, bound };
        let mut trouble = Trouble::default();
        for arg in args {
            self.data(&arg.value, &inside, &mut trouble);
        }
        if let Some(checking) = &mut self.checking {
            checking.findings.append(&mut trouble.errors);
        }
    }

    pub(crate) fn data(
        &mut self,
        node: &'p Node,
        inside: &Inside<'p, '_>,
        trouble: &mut Trouble<'p>,
    ) -> Data {
        match &node.kind {
            NodeKind::Str(text) => self.text(node, text, inside, trouble),
            NodeKind::Form(text) => {
                let code = Code { language: Language::Clojure, body: text, body_offset: 0, late: false };
                self.code_result(node, &code, inside, trouble)
            }
            NodeKind::List(items) => {
                let item = |(at, item)| {
                    trouble.path.push(Inward::Index(at));
                    let value = self.data(item, inside, trouble);
                    trouble.path.pop();
                    value
                };
                items.iter().enumerate().map(item).collect()
            }
            NodeKind::Map(entries) => {
                let entry = |entry: &'p pt_syntax::Entry| {
                    trouble.path.push(Inward::Key(&entry.key));
                    let value = self.data(&entry.value, inside, trouble);
                    trouble.path.pop();
                    (Key::from(entry.key.as_str()), value)
                };
                Data::Map(Box::new(entries.iter().map(entry).collect::<Map>()))
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => plain(node),
        }
    }

    fn text(
        &mut self,
        node: &'p Node,
        text: &'p str,
        inside: &Inside<'p, '_>,
        trouble: &mut Trouble<'_>,
    ) -> Data {
        match references(text) {
            Reading::Literal => {
                self.warn_of_near_miss(node, text);
                Data::from(text)
            }
            Reading::Whole(reference) => self.referred(node, &reference, inside, trouble),
            Reading::Interpolated(pieces) => {
                if pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if mentions_pt(text))) {
                    self.warn_of_near_miss(node, text);
                }
                let mut parts = Vec::new();
                let known = trouble.holes.len();
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => parts.push(Part::Plain(text.to_owned())),
                        Piece::Reference(reference) => {
                            let value = self.referred(node, &reference, inside, trouble);
                            parts.extend(value.to_text().parts().iter().cloned());
                        }
                    }
                }
                if trouble.holes.len() > known {
                    trouble.holes.truncate(known);
                    return trouble.text_hole(text);
                }
                Data::from(Text::from_parts(parts))
            }
            Reading::Code(code) => self.code_result(node, &code, inside, trouble),
        }
    }

    fn referred(
        &mut self,
        node: &Node,
        reference: &Reference<'_>,
        inside: &Inside<'p, '_>,
        trouble: &mut Trouble<'_>,
    ) -> Data {
        match reference.kind {
            ReferenceKind::Param => {
                let definition = inside.definition;
                let param = definition.param(reference.name);
                if let Some(why) = inside.bound.unknown.get(reference.name) {
                    trouble.missing.extend(why.iter().cloned());
                    if param.is_some_and(|param| param.ty.is_text()) {
                        return trouble.text_hole(&self.written(node, reference));
                    }
                    trouble.hole();
                }
                let of_loop = inside.bound.values.contains_key(reference.name);
                if param.is_none() && !of_loop && definition.origin.is_own() {
                    let place = self.within(node, reference.name_range.clone());
                    let found = self.unknown_param(definition, reference.name);
                    self.warn(&[found.at(place, "this is null")]);
                }
                inside.bound.values.get(reference.name).cloned().unwrap_or_default()
            }
            ReferenceKind::Value => match value(self.named, reference.name) {
                Some(value) => Data::Str(value),
                None => self.not_set(Store::Value, node, reference, trouble),
            },
            ReferenceKind::Secret => match secret(self.named, reference.name) {
                Some(secret) => {
                    self.remember(&secret);
                    Data::from(secret)
                }
                None => self.not_set(Store::Secret, node, reference, trouble),
            },
            ReferenceKind::Output => {
                let output = self.named.output(self.level, reference.name, reference.path);
                output.unwrap_or_else(|| {
                    trouble.hole();
                    Data::Null
                })
            }
        }
    }

    /// That a definition has no such param.
    pub(crate) fn unknown_param(&self, definition: &Definition, id: &str) -> Diagnostic {
        let (word, name) = (definition.kind.word(), self.canonical(definition));
        let found = Diagnostic::warning("unknown-param", format!("The {word} '{name}' has no param '{id}'"));
        let stranger = STRANGERS.iter().find(|(stranger, _)| *stranger == id);
        match stranger.filter(|(_, ours)| definition.param(ours).is_some()) {
            // Not to be replaced alone: their values are written differently, too.
            Some((_, ours)) => found.hint(format!("did you mean '{ours}'?")),
            None => {
                found.did_you_mean(suggest(id, definition.params.iter().map(|param| param.id.text.as_str())))
            }
        }
    }

    fn remember(&mut self, text: &Text) {
        for part in text.parts() {
            if let Part::Secret(secret) = part {
                self.learn(secret);
            }
        }
    }

    pub(crate) fn learn(&mut self, secret: &Secret) {
        if !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
            self.masker.add(secret.clone());
        }
    }

    fn not_set(
        &mut self,
        store: Store,
        node: &Node,
        reference: &Reference<'_>,
        trouble: &mut Trouble<'_>,
    ) -> Data {
        let place = self.within(node, reference.range.clone());
        let found = self.missing.add(store, reference.name, place);
        trouble.missing.push(found);
        trouble.text_hole(&self.written(node, reference))
    }

    fn written(&self, node: &Node, reference: &Reference<'_>) -> String {
        let text = node.as_str().and_then(|text| text.get(reference.range.clone()));
        text.map_or_else(|| self.project.sources().slice(node.span).to_owned(), str::to_owned)
    }

    fn within(&self, node: &Node, range: Range<usize>) -> Span {
        node.span_within(&self.project.sources().get(node.span.source).text, range)
    }

    fn warn_of_near_miss(&mut self, node: &Node, text: &str) {
        if !mentions_pt(text) {
            return;
        }
        if let Some(miss) = near_miss(text) {
            let found =
                Diagnostic::warning("near-reference", "This looks like a reference, and stays as it is")
                    .at(self.within(node, miss.range), miss.message);
            let found = match miss.meant {
                // A name that nobody can guess is no cure yet.
                Some(meant) if meant.contains("NAME") => found.hint(format!("did you mean `{meant}`?")),
                Some(meant) => found.hint(format!("did you mean `{meant}`?")).replace_by(meant),
                None => found,
            };
            self.warn(&[found]);
        }
    }

    fn code_result(
        &mut self,
        node: &'p Node,
        code: &Code<'_>,
        inside: &Inside<'p, '_>,
        trouble: &mut Trouble<'_>,
    ) -> Data {
        let broken = self.checking.as_ref().is_some_and(|checking| checking.broken_code.contains(&node.span));
        // Code that asks for none of the params gives the same whatever they are.
        let asks = ["params", "inputs"].iter().any(|word| code.body.contains(word));
        if broken || (asks && !inside.bound.unknown.is_empty()) {
            trouble.missing.extend(inside.bound.unknown.values().flatten().cloned());
            trouble.hole();
            return Data::Null;
        }
        let home = self.home(inside.definition);
        let scope = Scope {
            params: &inside.bound.values,
            repo_ref: home.repo_ref.as_deref(),
            project_ref: home.project_ref.as_deref(),
            masker: &self.masker,
        };
        let mut settings = Settings::new(self.named, self.level);
        let limits = Allowance::in_args(inside.definition, self.named.limits());
        let result = evaluate_with(&snippet_of(code).as_code(), &scope, &limits, &mut settings);
        settings.secrets.iter().for_each(|secret| self.remember(secret));
        let error = match result {
            Ok(data) => return data,
            // More depth is for the code of steps.
            Err(error) if error.limit() == Some(Limit::Depth) => error,
            Err(error) => Allowance::of(inside.definition, self.named.limits()).advise(error),
        };
        let place = |range: Range<usize>| {
            self.within(node, range.start + code.body_offset..range.end + code.body_offset)
        };
        let span = error.range.map_or(node.span, place);
        if settings.not_set.is_empty() && !settings.late {
            let unread = pt_eval::unreadable(&snippet_of(code).as_code()).is_some();
            let id = if unread { "code-syntax" } else { "code-error" };
            let found = Diagnostic::error(id, error.message).at(span, "");
            let found =
                error.calls.into_iter().fold(found, |found, call| found.at(place(call), "called here"));
            trouble.errors.push(error.hint.into_iter().fold(found, Diagnostic::hint));
        }
        trouble.hole();
        for (store, name) in settings.not_set {
            trouble.missing.push(self.missing.add(store, &name, span));
        }
        Data::Null
    }
}

/// Whether a text can look like a reference or like code.
fn mentions_pt(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair.eq_ignore_ascii_case(b"pt"))
}
