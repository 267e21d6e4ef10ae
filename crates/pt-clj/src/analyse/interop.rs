//! Members, constructors and types by their Java names.

use pt_edn::{Form, Name, Span};

use super::{Analyser, native_call};
use crate::Value;
use crate::exception::Eval;
use crate::node::{Method, Node};

impl Analyser<'_, '_> {
    /// `(.method target …)`, `(Class. …)`, `(Class/method …)`
    pub(super) fn type_named(&mut self, class: &str) -> Eval<Option<u32>> {
        // `user.Point` and `Point` are the same; other packages name the namespace.
        let name = match class.rsplit_once('.') {
            Some((package, short)) => Name::new(&format!("{}/{short}", package.replace('_', "-"))),
            None => Name::new(class),
        };
        self.global(&name)
    }

    pub(super) fn interop(&mut self, name: &Name, args: &[Form], span: Span) -> Eval<Option<Node>> {
        let text = name.as_str();
        if let Some(method) = text.strip_prefix('.').filter(|method| !method.is_empty() && *method != ".") {
            let Some((target, args)) = args.split_first() else {
                return self.error(span, "Malformed member expression, expecting (.member target ...)");
            };
            let target = self.node(target, false)?;
            let args = self.nodes(args)?.into();
            let name = method.trim_start_matches('-').into();
            return Ok(Some(Node::Method(Box::new(Method { name, target, args, span }))));
        }
        if let Some(class) = text.strip_suffix('.').filter(|class| !class.is_empty()) {
            return self.construct(class, args, span).map(Some);
        }
        if let Some(namespace) = name.namespace() {
            if args.is_empty()
                && crate::interop::method_of(namespace, name.local()).is_none()
                && let Some(field) = crate::interop::constant(name)
            {
                return Ok(Some(Node::Const(field)));
            }
            if let Some(native) = crate::interop::method_of(namespace, name.local()) {
                let args = self.nodes(args)?;
                return Ok(Some(native_call(native, args, span)));
            }
            if crate::exception::class_named(namespace).is_some() {
                return self
                    .error(span, format!("No matching method {} found for class {namespace}", name.local()));
            }
        }
        Ok(None)
    }

    pub(super) fn construct(&mut self, class: &str, args: &[Form], span: Span) -> Eval<Node> {
        let class = match crate::exception::class_named(class) {
            Some(class) => Node::Const(Value::Class(class)),
            None => match self.type_named(class)? {
                Some(at) => Node::Global(at),
                None => return self.error(span, format!("Unable to resolve classname: {class}")),
            },
        };
        let mut nodes = vec![class];
        nodes.extend(self.nodes(args)?);
        Ok(self.native("construct*", nodes, span))
    }
}
