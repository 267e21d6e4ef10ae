//! `fn`, `defn`, `#()` and `letfn`.

use std::sync::Arc;

use pt_edn::{Form, FormKind, Name, Span};

use super::macros::call;
use super::{Analyser, Local, Scope, symbol_of};
use crate::exception::Eval;
use crate::function::{Arity, FnCode};
use crate::node::{Let, LetFn, MakeFn, Node};

/// Ends what the prelude names the function of a method: its body does not see it, messages do not show it.
const METHOD: &str = "__method";

impl Analyser<'_, '_> {
    /// The arities of a function: `[a] …` or `([a] …) ([a b] …)`.
    pub(super) fn function(&mut self, name: Option<&str>, forms: &[Form], span: Span) -> Eval<MakeFn> {
        self.scopes.push(Scope { name: name.map(Into::into), ..Scope::default() });
        let arities = self.arities(forms, span);
        let scope = self.scopes.pop().unwrap_or_default();
        let shown = name.map(|name| name.strip_suffix(METHOD).unwrap_or(name));
        let code = Arc::new(FnCode { name: shown.map(Into::into), arities: arities?.into() });
        let captures = scope.captures.into_iter().map(|captured| captured.outer).collect();
        Ok(MakeFn { code, captures })
    }

    fn arities(&mut self, forms: &[Form], span: Span) -> Eval<Vec<Arity>> {
        match forms.first().map(|form| &form.kind) {
            Some(FormKind::Vector(params)) => Ok(vec![self.arity(params, &forms[0].meta, &forms[1..])?]),
            Some(FormKind::List(_)) => {
                let mut arities = Vec::with_capacity(forms.len());
                for form in forms {
                    let FormKind::List(items) = &form.kind else {
                        return self.error(form.span, "Parameter declaration should be a vector");
                    };
                    let Some((Form { kind: FormKind::Vector(params), meta, .. }, body)) = items.split_first()
                    else {
                        return self.error(form.span, "Parameter declaration should be a vector");
                    };
                    arities.push(self.arity(params, meta, body)?);
                }
                self.check_arities(&arities, span)?;
                Ok(arities)
            }
            _ => self.error(span, "Parameter declaration missing"),
        }
    }

    fn check_arities(&self, arities: &[Arity], span: Span) -> Eval<()> {
        let mut variadic = arities.iter().filter(|arity| arity.variadic);
        let (first, second) = (variadic.next(), variadic.next());
        if second.is_some() {
            return self.error(span, "Can't have more than 1 variadic overload");
        }
        let mut fixed: Vec<usize> =
            arities.iter().filter(|arity| !arity.variadic).map(|arity| arity.params).collect();
        if first.is_some_and(|variadic| fixed.iter().any(|params| *params > variadic.params)) {
            return self
                .error(span, "Can't have fixed arity function with more params than variadic function");
        }
        fixed.sort_unstable();
        if fixed.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.error(span, "Can't have 2 overloads with same arity");
        }
        Ok(())
    }

    fn arity(&mut self, params: &[Form], meta: &[(Form, Form)], body: &[Form]) -> Eval<Arity> {
        let scope = self.scope();
        (scope.next, scope.slots) = (0, 0);
        scope.locals.clear();
        let rest = params.iter().position(|param| symbol_of(param) == Some("&"));
        let positional = &params[..rest.unwrap_or(params.len())];
        let variadic = match rest.map(|at| &params[at + 1..]) {
            None => None,
            Some([form]) => Some(form),
            Some(_) => return self.error(params[0].span, "Exactly one parameter must follow &"),
        };
        // Arguments come in the first slots; patterns are taken apart after them.
        let mut patterns = Vec::new();
        for param in positional.iter().chain(variadic) {
            match symbol_of(param) {
                Some(name) => {
                    self.declare(name);
                }
                None => patterns.push((param, self.declare(""))),
            }
        }
        let slots = positional.len() + usize::from(variadic.is_some());
        let mut bindings = Vec::new();
        for (pattern, slot) in patterns {
            self.bind(pattern, Node::Local(slot), &mut bindings)?;
        }
        self.scope().target = Some((0, slots));
        let (pairs, body) = conditions(meta, body);
        let answer = checks(pairs, "post");
        let body = if answer.is_empty() {
            self.body(body, true)?
        } else {
            self.node(&checked(body, answer), false)?
        };
        let checks = checks(pairs, "pre");
        let checks = checks.iter().map(|form| self.node(form, false)).collect::<Eval<Vec<_>>>()?;
        let body =
            if checks.is_empty() { body } else { Node::Do(checks.into_iter().chain([body]).collect()) };
        let mut body = if bindings.is_empty() { body } else { Node::Let(Box::new(Let { bindings, body })) };
        crate::liveness::mark_last_uses(&mut body);
        let slots = self.scope().slots as usize;
        Ok(Arity { params: positional.len(), variadic: variadic.is_some(), slots, body })
    }

    pub(super) fn letfn(&mut self, functions: &[Form], body: &[Form], tail: bool, span: Span) -> Eval<Node> {
        let mark = self.mark();
        let mut parts = Vec::new();
        for form in functions {
            let FormKind::List(items) = &form.kind else {
                return self.error(form.span, "letfn takes functions");
            };
            let Some((name, rest)) = items.split_first() else {
                return self.error(form.span, "letfn takes functions");
            };
            let Some(name) = symbol_of(name) else { return self.error(form.span, "letfn takes functions") };
            let slot = self.declare(name);
            if let Some(Local { cell, .. }) = self.scope().locals.last_mut() {
                *cell = true;
            }
            parts.push((slot, name, rest));
        }
        let mut made = Vec::with_capacity(parts.len());
        for (slot, name, rest) in parts {
            made.push((slot, self.function(Some(name), rest, span)?));
        }
        let body = self.body(body, tail)?;
        self.back_to(&mark);
        Ok(Node::LetFn(Box::new(LetFn { functions: made, body })))
    }
}

/// The pairs of the `{:pre […] :post […]}` of a function, and the rest of its body.
fn conditions<'a>(meta: &'a [(Form, Form)], body: &'a [Form]) -> (&'a [(Form, Form)], &'a [Form]) {
    match body {
        [Form { kind: FormKind::Map(pairs), .. }, rest @ ..] if !rest.is_empty() => (pairs, rest),
        _ => (meta, body),
    }
}

/// What `:pre` or `:post` lists, as forms that fail where one does not hold.
fn checks(pairs: &[(Form, Form)], when: &str) -> Vec<Form> {
    let mut checks = Vec::new();
    for (key, value) in pairs {
        let (FormKind::Keyword(name), FormKind::Vector(forms)) = (&key.kind, &value.kind) else { continue };
        if name.as_str() == when {
            checks
                .extend(forms.iter().map(|form| call("clojure.core/assert", vec![form.clone()], form.span)));
        }
    }
    checks
}

/// A body whose answer is looked at under the name `%`.
fn checked(body: &[Form], mut checks: Vec<Form>) -> Form {
    let span = checks[0].span;
    let answer = Form::new(FormKind::Symbol(Name::new("%")), span);
    let value = call("do", body.to_vec(), span);
    checks.insert(0, Form::new(FormKind::Vector(vec![answer.clone(), value]), span));
    checks.push(answer);
    call("let*", checks, span)
}

/// `#(+ %1 %2)` as `(fn* [p1 p2] (+ p1 p2))`.
pub(crate) fn short_fn(form: &Form) -> Form {
    let FormKind::Fn(items) = &form.kind else { return form.clone() };
    let mut used = Used::default();
    let body: Vec<Form> = items.iter().map(|item| used.replace(item)).collect();
    let span = form.span;
    let symbol = |name: &str| Form::new(FormKind::Symbol(Name::new(name)), span);
    let mut params: Vec<Form> = (1..=used.positional).map(|at| symbol(&format!("p{at}__#"))).collect();
    if used.rest {
        params.extend([symbol("&"), symbol("rest__#")]);
    }
    let params = Form::new(FormKind::Vector(params), span);
    let body = Form::new(FormKind::List(body), span);
    Form::new(FormKind::List(vec![symbol("fn*"), params, body]), span)
}

#[derive(Default)]
struct Used {
    positional: usize,
    rest: bool,
}

impl Used {
    fn replace(&mut self, form: &Form) -> Form {
        let kind = match &form.kind {
            FormKind::Symbol(name) => match name.as_str().strip_prefix('%') {
                Some("&") => {
                    self.rest = true;
                    FormKind::Symbol(Name::new("rest__#"))
                }
                Some(digits) => match if digits.is_empty() { Ok(1) } else { digits.parse() } {
                    Ok(at @ 1..=20) => {
                        self.positional = self.positional.max(at);
                        FormKind::Symbol(Name::new(&format!("p{at}__#")))
                    }
                    _ => return form.clone(),
                },
                None => return form.clone(),
            },
            FormKind::List(items) => FormKind::List(self.all(items)),
            FormKind::Vector(items) => FormKind::Vector(self.all(items)),
            FormKind::Set(items) => FormKind::Set(self.all(items)),
            FormKind::Map(pairs) => FormKind::Map(
                pairs.iter().map(|(key, value)| (self.replace(key), self.replace(value))).collect(),
            ),
            FormKind::Deref(inner) => FormKind::Deref(Box::new(self.replace(inner))),
            FormKind::SyntaxQuote(inner) => FormKind::SyntaxQuote(Box::new(self.replace(inner))),
            FormKind::Unquote(inner) => FormKind::Unquote(Box::new(self.replace(inner))),
            FormKind::UnquoteSplicing(inner) => FormKind::UnquoteSplicing(Box::new(self.replace(inner))),
            _ => return form.clone(),
        };
        Form { kind, span: form.span, meta: Vec::new() }
    }

    fn all(&mut self, items: &[Form]) -> Vec<Form> {
        items.iter().map(|item| self.replace(item)).collect()
    }
}
