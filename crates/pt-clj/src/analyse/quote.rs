//! Syntax-quote: a template of code, with names made unmistakable.

use std::collections::HashMap;

use pt_edn::{Form, FormKind, Name, Span};

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::types::Object;

/// The code that builds what a syntax-quoted form stands for.
pub(crate) fn syntax_quote(context: &mut Context<'_>, form: &Form) -> Eval<Form> {
    Template { context, generated: HashMap::new(), within: 0 }.quote(form)
}

/// Syntax quotes within one another: each makes several times as much code of what it holds.
const MOST_QUOTES: u32 = 6;

struct Template<'c, 'h> {
    context: &'c mut Context<'h>,
    /// What each `name#` became in this template.
    generated: HashMap<String, String>,
    /// Syntax quotes around this one.
    within: u32,
}

fn list(span: Span, head: &str, rest: Vec<Form>) -> Form {
    let head = Form::new(FormKind::Symbol(Name::new(head)), span);
    Form::new(FormKind::List(std::iter::once(head).chain(rest).collect()), span)
}

impl Template<'_, '_> {
    fn quote(&mut self, form: &Form) -> Eval<Form> {
        self.context.tick()?;
        self.context.enter_code()?;
        let quoted = crate::stack::room(|| self.quote_here(form));
        self.context.leave_code();
        quoted
    }

    fn quote_here(&mut self, form: &Form) -> Eval<Form> {
        if !form.meta.is_empty() && !matches!(form.kind, FormKind::Unquote(_) | FormKind::UnquoteSplicing(_))
        {
            let plain = self.quote_plain(form)?;
            let meta = self.quote(&Form::new(FormKind::Map(form.meta.clone()), form.span))?;
            return Ok(list(form.span, "clojure.core/with-meta", vec![plain, meta]));
        }
        self.quote_plain(form)
    }

    fn quote_plain(&mut self, form: &Form) -> Eval<Form> {
        // Templates of templates grow by a multiple with each.
        self.context.charge(size_of::<Form>())?;
        self.context.tick()?;
        let span = form.span;
        Ok(match &form.kind {
            FormKind::Unquote(inner) => (**inner).clone(),
            FormKind::UnquoteSplicing(_) => {
                return Err(self.context.error("IllegalStateException", "splice not in list"));
            }
            FormKind::Symbol(name) => {
                let resolved = Form::new(FormKind::Symbol(Name::new(&self.resolve(name))), span);
                list(span, "quote", vec![resolved])
            }
            FormKind::List(items) if items.is_empty() => list(span, "clojure.core/list", Vec::new()),
            FormKind::List(items) => {
                let joined = self.joined(items, span)?;
                // A list, so that `(list? `(a))` holds.
                list(
                    span,
                    "clojure.core/apply",
                    vec![Form::new(FormKind::Symbol(Name::new("clojure.core/list")), span), joined],
                )
            }
            FormKind::Vector(items) => list(span, "clojure.core/vec", vec![self.joined(items, span)?]),
            FormKind::Set(items) => list(span, "clojure.core/set", vec![self.joined(items, span)?]),
            FormKind::Map(pairs) => {
                let flat: Vec<Form> =
                    pairs.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
                let joined = self.joined(&flat, span)?;
                list(
                    span,
                    "clojure.core/apply",
                    vec![Form::new(FormKind::Symbol(Name::new("clojure.core/array-map")), span), joined],
                )
            }
            FormKind::Fn(_) => return self.quote(&super::short_fn(form)),
            FormKind::Quote(inner) => return self.quote(&list(span, "quote", vec![(**inner).clone()])),
            FormKind::Deref(inner) => {
                return self.quote(&list(span, "clojure.core/deref", vec![(**inner).clone()]));
            }
            FormKind::Var(inner) => return self.quote(&list(span, "var", vec![(**inner).clone()])),
            FormKind::SyntaxQuote(_) if self.within == MOST_QUOTES => return Err(self.context.overflow()),
            FormKind::SyntaxQuote(inner) => {
                let within = self.within + 1;
                let mut template = Template { context: self.context, generated: HashMap::new(), within };
                let inner = template.quote(inner)?;
                return self.quote(&inner);
            }
            _ => form.clone(),
        })
    }

    fn joined(&mut self, items: &[Form], span: Span) -> Eval<Form> {
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            parts.push(match &item.kind {
                FormKind::UnquoteSplicing(inner) => (**inner).clone(),
                _ => list(item.span, "clojure.core/list", vec![self.quote(item)?]),
            });
        }
        Ok(list(span, "clojure.core/concat", parts))
    }

    /// The full name of a type of the program.
    fn type_name(&mut self, name: &Name) -> Option<String> {
        let Ok(Some(super::Meaning::Global(at))) = super::meaning(self.context, name) else { return None };
        match self.context.globals[at as usize].as_ref()? {
            Value::Object(object) if let Object::Type(of) = &**object => Some(of.name.to_string()),
            _ => None,
        }
    }

    fn resolve(&mut self, name: &Name) -> String {
        let text = name.as_str();
        if name.namespace().is_none()
            && let Some(stem) = text.strip_suffix('#')
        {
            if let Some(known) = self.generated.get(stem) {
                return known.clone();
            }
            self.context.gensym += 1;
            let made = format!("{stem}__{}__auto__", self.context.gensym);
            self.generated.insert(stem.to_owned(), made.clone());
            return made;
        }
        if text == "*ns*" {
            return "clojure.core/*ns*".to_owned();
        }
        let class = name.namespace().is_none()
            && !text.contains('/')
            && crate::exception::class_named(text).is_some();
        if let Some(class) = text.strip_suffix('.')
            && let Some(of) = self.type_name(&Name::new(class))
        {
            return format!("{of}.");
        }
        if text.starts_with('.') || text.ends_with('.') || matches!(text, "&" | "catch" | "finally") {
            return text.to_owned();
        }
        if class {
            return crate::exception::class_named(text).map_or(text, |class| class.full).to_owned();
        }
        if name.namespace().is_none() && text.contains('.') && text != ".." {
            return text.to_owned();
        }
        if name.namespace().is_none() && is_special(text) {
            return text.to_owned();
        }
        if matches!(text, "unquote" | "unquote-splicing") {
            return format!("clojure.core/{text}");
        }
        if let Some(of) = self.type_name(name) {
            return of;
        }
        match super::var_named(self.context, name) {
            Ok(Some(full)) => full.as_str().to_owned(),
            _ => match name.namespace() {
                Some(alias) => format!("{}/{}", self.context.spaces.full(alias), name.local()),
                None => format!("{}/{text}", self.context.spaces.current()),
            },
        }
    }
}

/// What Clojure itself counts as special: printed without a namespace.
pub(crate) fn is_special(name: &str) -> bool {
    matches!(
        name,
        "if" | "do"
            | "let*"
            | "fn*"
            | "loop*"
            | "recur"
            | "quote"
            | "var"
            | "throw"
            | "try"
            | "def"
            | "new"
            | "."
            | "letfn*"
            | "case*"
            | "set!"
            | "&"
            | "catch"
            | "finally"
            | "monitor-enter"
            | "monitor-exit"
            | "import*"
            | "deftype*"
            | "reify*"
    )
}
