//! `[a & more]`, `{:keys [a] :or {a 1} :as all}`: patterns to slots.

use pt_edn::{Form, FormKind};

use super::{Analyser, symbol_of};
use crate::Value;
use crate::exception::Eval;
use crate::node::{Get, Node};

impl Analyser<'_, '_> {
    /// Declares the names of a pattern and adds how to fill their slots.
    pub(super) fn bind(&mut self, pattern: &Form, value: Node, out: &mut Vec<(u32, Node)>) -> Eval<()> {
        if let FormKind::Symbol(name) = &pattern.kind
            && name.namespace().is_none()
        {
            let slot = self.declare(name.as_str());
            out.push((slot, value));
            return Ok(());
        }
        self.context.enter_code()?;
        let bound = crate::stack::room(|| match &pattern.kind {
            FormKind::Vector(items) => self.bind_items(pattern, items, value, out),
            FormKind::Map(pairs) => self.bind_keys(pattern, pairs, value, out),
            _ => self.error(pattern.span, format!("Unsupported binding form: {pattern}")),
        });
        self.context.leave_code();
        bound
    }

    fn bind_items(
        &mut self,
        pattern: &Form,
        items: &[Form],
        value: Node,
        out: &mut Vec<(u32, Node)>,
    ) -> Eval<()> {
        let all = self.declare("");
        out.push((all, value));
        let rest = |item: &Form| matches!(&item.kind, FormKind::Symbol(name) if name.as_str() == "&");
        let walked = if items.iter().any(rest) {
            let walked = self.native("walked*", vec![Node::Local(all)], pattern.span);
            let slot = self.declare("");
            out.push((slot, walked));
            slot
        } else {
            all
        };
        let mut position = 0_i64;
        let mut items = items.iter();
        while let Some(item) = items.next() {
            let is_as = matches!(&item.kind, FormKind::Keyword(name) if name.as_str() == "as");
            if !is_as && !rest(item) {
                let nth = self.native(
                    "nth*",
                    vec![Node::Local(walked), Node::Const(Value::Int(position))],
                    item.span,
                );
                self.bind(item, nth, out)?;
                position += 1;
                continue;
            }
            let Some(target) = items.next() else {
                return self.error(pattern.span, "A binding form is missing");
            };
            let source = if is_as {
                Node::Local(all)
            } else {
                self.native(
                    "rest-from*",
                    vec![Node::Local(walked), Node::Const(Value::Int(position))],
                    item.span,
                )
            };
            self.bind(target, source, out)?;
        }
        Ok(())
    }

    fn bind_keys(
        &mut self,
        pattern: &Form,
        pairs: &[(Form, Form)],
        value: Node,
        out: &mut Vec<(u32, Node)>,
    ) -> Eval<()> {
        let all = self.declare("");
        let map = self.native("keyed*", vec![value], pattern.span);
        out.push((all, map));
        let keyword = |form: &Form| match &form.kind {
            FormKind::Keyword(name) => Some(name.clone()),
            _ => None,
        };
        let option = |name: &str| {
            let found = pairs.iter().find(|(key, _)| keyword(key).is_some_and(|key| key.as_str() == name));
            found.map(|(_, form)| form)
        };
        let defaults: &[(Form, Form)] = match option("or").map(|form| &form.kind) {
            Some(FormKind::Map(pairs)) => pairs,
            _ => &[],
        };
        if let Some((key, _)) = defaults.iter().find(|(key, _)| symbol_of(key).is_none()) {
            return self.error(key.span, format!(":or names what it is for by symbols, not {key}"));
        }
        if let Some(target) = option("as") {
            self.bind(target, Node::Local(all), out)?;
        }
        for (key, form) in pairs {
            let Some(kind) = keyword(key) else {
                let wanted = self.node(form, false)?;
                self.bind_key(key, all, wanted, defaults, out)?;
                continue;
            };
            if matches!(kind.as_str(), "or" | "as") {
                continue;
            }
            let FormKind::Vector(names) = &form.kind else {
                return self.error(form.span, format!("Unsupported binding form: {pattern}"));
            };
            for name in names {
                let (FormKind::Symbol(wanted) | FormKind::Keyword(wanted)) = &name.kind else {
                    return self.error(name.span, format!("Unsupported binding form: {name}"));
                };
                let full = match kind.namespace() {
                    Some(namespace) => format!("{namespace}/{}", wanted.local()),
                    None => wanted.as_str().to_owned(),
                };
                let key = match kind.local() {
                    "keys" => Value::keyword(&full),
                    "strs" => Value::str(wanted.as_str()),
                    "syms" => Value::symbol(&full),
                    _ => return self.error(key.span, format!("Unsupported binding form: {pattern}")),
                };
                let local = Form::new(FormKind::Symbol(pt_edn::Name::new(wanted.local())), name.span);
                self.bind_key(&local, all, Node::Const(key), defaults, out)?;
            }
        }
        Ok(())
    }

    fn bind_key(
        &mut self,
        pattern: &Form,
        all: u32,
        key: Node,
        defaults: &[(Form, Form)],
        out: &mut Vec<(u32, Node)>,
    ) -> Eval<()> {
        let default = match &pattern.kind {
            FormKind::Symbol(_) => {
                defaults.iter().find(|(name, _)| name.kind == pattern.kind).map(|(_, form)| form)
            }
            _ => None,
        };
        let default = default.map(|form| self.node(form, false)).transpose()?;
        let map = Node::Local(all);
        let value = match key {
            Node::Const(key @ (Value::Keyword(_) | Value::Str(_) | Value::Symbol(_))) => {
                Node::Get(Box::new(Get { key, map, default }))
            }
            key => self.native("get", [map, key].into_iter().chain(default).collect(), pattern.span),
        };
        self.bind(pattern, value, out)
    }
}
