//! What each word of a polytope file is: the one walk over documents that completion, hover and references share.

use pt_spec::{Kind, Segment, Wanted};
use pt_syntax::{Node, NodeKind, Span};

/// A word of a document: a key, or a value that is no list or map.
pub(crate) struct Site<'n> {
    pub(crate) role: Role<'n>,
    /// The key, or the text of the value; empty for values that are no text.
    pub(crate) text: &'n str,
    pub(crate) span: Span,
    /// The value; none for keys.
    pub(crate) node: Option<&'n Node>,
    /// The map it stands in.
    pub(crate) map: Option<&'n Node>,
    /// The definition it stands in.
    pub(crate) within: Option<Within<'n>>,
}

/// The definition around a word.
#[derive(Clone, Copy)]
pub(crate) struct Within<'n> {
    pub(crate) kind: Kind,
    pub(crate) id: Option<&'n str>,
    pub(crate) node: &'n Node,
}

/// What a word is.
#[derive(Clone)]
pub(crate) enum Role<'n> {
    /// A key, or a word where keys are wanted.
    Key(Keys<'n>),
    /// The id of a definition.
    DefinitionId,
    /// The id of a declared param.
    ParamId,
    /// It names what is called.
    Reference(Wanted),
    /// A step that is nothing but a name, or the first word of its first key.
    BareStep,
    /// A value among args.
    Value(Slot<'n>),
    /// A word of a type.
    Type {
        /// The first of a list: a compound's word.
        head: bool,
    },
    /// The id that a step has of its own.
    StepId,
    /// It names a step.
    StepName,
    /// How the steps before must have ended.
    Condition,
    /// Code.
    Code,
    /// A file or directory.
    Include,
    /// True or false.
    Flag,
    /// Text for people, and whatever else means nothing here.
    Other,
}

/// Which keys are wanted.
#[derive(Clone)]
pub(crate) enum Keys<'n> {
    /// Those of the file.
    Top,
    /// Those of a module, template or tool.
    Definition(Kind),
    /// Those of a declared param.
    Param,
    /// Those of a step.
    Step,
    /// Those of `after`.
    After,
    /// Those of `run-when`.
    RunWhen,
    /// Those of `retries`.
    Retries,
    /// Those of `lock`.
    Lock,
    /// Those of `cache`.
    Cache,
    /// What code may use up.
    Limits,
    /// Those of a map among args; of args themselves when the path is empty.
    Inside(Slot<'n>),
    /// Any.
    Free,
}

/// A place in the args of a call.
#[derive(Clone)]
pub(crate) struct Slot<'n> {
    pub(crate) call: Call<'n>,
    pub(crate) path: Vec<Segment>,
}

/// What args are for.
#[derive(Clone, Copy)]
pub(crate) struct Call<'n> {
    pub(crate) reference: Option<&'n str>,
    pub(crate) wanted: Wanted,
}

/// The words of a document, in the order in which they stand inside each definition.
pub(crate) fn sites(root: &Node) -> Vec<Site<'_>> {
    let mut walk = Walk { sites: Vec::new(), within: None };
    walk.file(root);
    walk.sites
}

/// What a map calls.
pub(crate) fn call_of(map: &Node) -> Call<'_> {
    let named = |keys: &[&str]| keys.iter().find_map(|key| map.get(key)).and_then(Node::as_str);
    match (named(&["module", "tool"]), named(&["template"])) {
        (None, Some(template)) => Call { reference: Some(template), wanted: Wanted::Template },
        (reference, _) => Call { reference, wanted: Wanted::Any },
    }
}

struct Walk<'n> {
    sites: Vec<Site<'n>>,
    within: Option<Within<'n>>,
}

impl<'n> Walk<'n> {
    fn key(&mut self, entry: &'n pt_syntax::Entry, keys: Keys<'n>, map: &'n Node) {
        let (text, span) = (entry.key.as_str(), entry.key_span);
        self.sites.push(Site {
            role: Role::Key(keys),
            text,
            span,
            node: None,
            map: Some(map),
            within: self.within,
        });
    }

    fn value(&mut self, node: &'n Node, role: Role<'n>, map: Option<&'n Node>) {
        if let NodeKind::List(items) = &node.kind {
            return items.iter().for_each(|item| self.value(item, role.clone(), map));
        }
        if node.is_null() {
            return;
        }
        let text = match &node.kind {
            NodeKind::Str(text) | NodeKind::Form(text) => text,
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::List(_)
            | NodeKind::Map(_) => "",
        };
        self.sites.push(Site { role, text, span: node.span, node: Some(node), map, within: self.within });
    }

    /// The entries of a map; a word where a map is wanted is a key that somebody begins to type.
    fn map(&mut self, node: &'n Node, keys: &Keys<'n>, mut each: impl FnMut(&mut Self, &str, &'n Node)) {
        if node.as_str().is_some() {
            return self.value(node, Role::Key(keys.clone()), None);
        }
        for entry in node.entries() {
            self.key(entry, keys.clone(), node);
            each(self, &entry.key, &entry.value);
        }
    }

    fn file(&mut self, root: &'n Node) {
        self.map(root, &Keys::Top, |walk, key, value| match key {
            "modules" => walk.definitions(value, Kind::Module),
            "templates" => walk.definitions(value, Kind::Template),
            "tools" => walk.definitions(value, Kind::Tool),
            "include" => walk.includes(value),
            "mcp" => walk.map(value, &Keys::Free, |walk, _, value| {
                walk.value(value, Role::Reference(Wanted::Any), None);
            }),
            _ => walk.other(value),
        });
    }

    fn includes(&mut self, node: &'n Node) {
        match &node.kind {
            NodeKind::List(items) => items.iter().for_each(|item| self.includes(item)),
            NodeKind::Map(_) => self.map(node, &Keys::Free, |walk, key, value| match key {
                "path" => walk.value(value, Role::Include, None),
                _ => walk.other(value),
            }),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::Form(_) => self.value(node, Role::Include, None),
        }
    }

    fn definitions(&mut self, node: &'n Node, kind: Kind) {
        for item in node.items() {
            let id = item.get("id").and_then(Node::as_str);
            self.definition(item, kind, id);
        }
        for entry in node.entries() {
            self.within = Some(Within { kind, id: Some(&entry.key), node: &entry.value });
            self.key(entry, Keys::Free, node);
            if let Some(site) = self.sites.last_mut() {
                site.role = Role::DefinitionId;
            }
            self.definition(&entry.value, kind, Some(&entry.key));
        }
        self.within = None;
    }

    fn definition(&mut self, node: &'n Node, kind: Kind, id: Option<&'n str>) {
        self.within = Some(Within { kind, id, node });
        self.map(node, &Keys::Definition(kind), |walk, key, value| match key {
            "id" => walk.value(value, Role::DefinitionId, Some(node)),
            "params" if kind == Kind::Module && !value.entries().is_empty() => {
                walk.inside(value, Slot { call: call_of(node), path: Vec::new() });
            }
            "params" | "inputs" => walk.params(value),
            "module" | "tool" => walk.value(value, Role::Reference(Wanted::Any), Some(node)),
            "args" | "parameters" => walk.inside(value, Slot { call: call_of(node), path: Vec::new() }),
            "code" => walk.value(value, Role::Code, Some(node)),
            "run" | "run-steps" | "steps" => walk.steps(value),
            "await" => walk.value(value, Role::StepName, Some(node)),
            "timeout" => walk.term(value, key),
            "limits" => walk.map(value, &Keys::Limits, |walk, _, value| walk.other(value)),
            "default?" => walk.value(value, Role::Flag, Some(node)),
            _ => walk.other(value),
        });
        self.within = None;
    }

    fn params(&mut self, node: &'n Node) {
        for item in node.items() {
            self.param(item);
        }
        for entry in node.entries() {
            self.key(entry, Keys::Free, node);
            if let Some(site) = self.sites.last_mut() {
                site.role = Role::ParamId;
            }
            self.param(&entry.value);
        }
    }

    fn param(&mut self, node: &'n Node) {
        self.map(node, &Keys::Param, |walk, key, value| match key {
            "id" => walk.value(value, Role::ParamId, Some(node)),
            "type" => walk.ty(value, false),
            _ => walk.other(value),
        });
    }

    fn ty(&mut self, node: &'n Node, head: bool) {
        match &node.kind {
            NodeKind::List(items) => {
                items.iter().enumerate().for_each(|(at, item)| self.ty(item, at == 0));
            }
            NodeKind::Map(entries) => {
                for entry in entries {
                    self.key(entry, Keys::Free, node);
                    self.ty(&entry.value, false);
                }
            }
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::Form(_) => self.value(node, Role::Type { head }, None),
        }
    }

    fn steps(&mut self, node: &'n Node) {
        let items = if node.as_str().is_some() { std::slice::from_ref(node) } else { node.items() };
        for item in items {
            if item.as_str().is_some() {
                self.value(item, Role::BareStep, None);
            } else {
                self.step(item);
            }
        }
    }

    fn step(&mut self, node: &'n Node) {
        self.map(node, &Keys::Step, |walk, key, value| match key {
            "module" | "tool" => walk.value(value, Role::Reference(Wanted::Any), Some(node)),
            "template" => walk.value(value, Role::Reference(Wanted::Template), Some(node)),
            "args" | "parameters" | "params" => {
                walk.inside(value, Slot { call: call_of(node), path: Vec::new() });
            }
            "code" => walk.value(value, Role::Code, Some(node)),
            "id" | "name" => walk.value(value, Role::StepId, Some(node)),
            "after" => walk.after(value, &Keys::After),
            "run-when" => walk.after(value, &Keys::RunWhen),
            "when" | "for-each" | "timeout" => walk.term(value, key),
            "retries" => walk.terms(value, key, &Keys::Retries),
            "lock" => walk.terms(value, key, &Keys::Lock),
            "cache" => walk.terms(value, key, &Keys::Cache),
            _ => walk.other(value),
        });
    }

    /// A term of a step that is a map, or the most important value of that alone.
    fn terms(&mut self, node: &'n Node, key: &str, keys: &Keys<'n>) {
        match &node.kind {
            NodeKind::Map(_) => self.map(node, keys, |walk, key, value| walk.term(value, key)),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::List(_)
            | NodeKind::Form(_) => self.term(node, key),
        }
    }

    /// A term of a step: references and code mean what they mean in args.
    fn term(&mut self, node: &'n Node, key: &str) {
        let call = Call { reference: None, wanted: Wanted::Any };
        self.value(node, Role::Value(Slot { call, path: vec![Segment::Key(key.to_owned())] }), None);
    }

    fn after(&mut self, node: &'n Node, keys: &Keys<'n>) {
        match &node.kind {
            NodeKind::List(items) => items.iter().for_each(|item| self.after(item, keys)),
            NodeKind::Map(_) => self.map(node, keys, |walk, key, value| match key {
                "step" | "after" => walk.after(value, &Keys::After),
                "condition" | "after-condition" => walk.value(value, Role::Condition, Some(node)),
                _ => walk.other(value),
            }),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::Form(_) => self.value(node, Role::StepName, None),
        }
    }

    /// Args, and whatever stands in them.
    fn inside(&mut self, node: &'n Node, slot: Slot<'n>) {
        let deeper = |segment: Segment| {
            let mut path = slot.path.clone();
            path.push(segment);
            Slot { call: slot.call, path }
        };
        match &node.kind {
            NodeKind::Map(entries) => {
                for entry in entries {
                    self.key(entry, Keys::Inside(slot.clone()), node);
                    self.inside(&entry.value, deeper(Segment::Key(entry.key.clone())));
                }
            }
            NodeKind::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.inside(item, deeper(Segment::Index(at)));
                }
            }
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::Form(_) => {
                let role =
                    if slot.path.is_empty() { Role::Key(Keys::Inside(slot)) } else { Role::Value(slot) };
                self.value(node, role, None);
            }
        }
    }

    fn other(&mut self, node: &'n Node) {
        match &node.kind {
            NodeKind::Map(_) => self.map(node, &Keys::Free, |walk, _, value| walk.other(value)),
            NodeKind::List(items) => items.iter().for_each(|item| self.other(item)),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::Form(_) => self.value(node, Role::Other, None),
        }
    }
}
