//! Special forms, and the macros that are quicker analysed directly than expanded.

use pt_edn::{Form, FormKind, Span};

use super::{Analyser, roomy, symbol_of};
use crate::Value;
use crate::context::MOST_CODE;
use crate::eval::NOWHERE;
use crate::exception::{Eval, class_named};
use crate::map::Map;
use crate::name::Name;
use crate::node::{Binding, Case, Def, Let, Node, Recur, Try};

/// Analyses a form of which the head is known: the form, its arguments, whether it is in tail position.
pub(crate) type Special = fn(&mut Analyser<'_, '_>, &Form, &[Form], bool) -> Eval<Node>;

/// All special forms by name.
pub(crate) const SPECIALS: &[(&str, Special)] = &[
    ("let", let_),
    ("let*", let_),
    ("loop", loop_),
    ("loop*", loop_),
    ("recur", recur),
    ("if", if_),
    ("if-not", if_not),
    ("when", when),
    ("when-not", when_not),
    ("cond", cond),
    ("do", |analyser, _, args, tail| analyser.body(args, tail)),
    ("and", and),
    ("or", or),
    ("fn", fn_),
    ("fn*", fn_),
    ("letfn", letfn),
    ("def", def),
    ("defonce", defonce),
    ("defn", defn),
    ("defn-", defn),
    ("defmacro", defmacro),
    ("declare", declare),
    ("quote", quote),
    ("var", |analyser, form, args, _| match args {
        [name] => analyser.var(name),
        _ => analyser.error(form.span, "var needs a symbol"),
    }),
    ("throw", throw),
    ("try", try_),
    ("case", case),
    ("binding", binding),
    ("set!", set),
    (".", dot),
    ("new", new),
];

fn bindings<'f>(
    analyser: &Analyser<'_, '_>,
    form: &Form,
    args: &'f [Form],
) -> Eval<(&'f [Form], &'f [Form])> {
    match args.split_first().map(|(first, body)| (&first.kind, body)) {
        Some((FormKind::Vector(pairs), body)) if pairs.len() % 2 == 0 => Ok((pairs, body)),
        Some((FormKind::Vector(_), _)) => analyser
            .error(form.span, format!("{} requires an even number of forms in binding vector", head(form))),
        _ => analyser.error(form.span, format!("{} requires a vector for its binding", head(form))),
    }
}

fn head(form: &Form) -> &str {
    match &form.kind {
        FormKind::List(items) => items.first().and_then(symbol_of).unwrap_or_default(),
        _ => "",
    }
}

fn let_(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let (pairs, body) = bindings(analyser, form, args)?;
    let mark = analyser.mark();
    let mut slots = Vec::with_capacity(pairs.len() / 2);
    for pair in pairs.chunks_exact(2) {
        let value = super::primitive(analyser.node(&pair[1], false)?);
        analyser.bind(&pair[0], value, &mut slots)?;
    }
    let body = analyser.body(body, tail)?;
    analyser.back_to(&mark);
    Ok(Node::Let(Box::new(Let { bindings: slots, body })))
}

fn loop_(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let (pairs, body) = bindings(analyser, form, args)?;
    let mark = analyser.mark();
    // Later initial values may use earlier names: those are bound as in `let` first.
    let mut outer = Vec::new();
    let mut values = Vec::new();
    for pair in pairs.chunks_exact(2) {
        let value = super::primitive(analyser.node(&pair[1], false)?);
        let slot = analyser.declare("");
        outer.push((slot, value));
        analyser.bind(&pair[0], Node::Local(slot), &mut outer)?;
        values.push(slot);
    }
    // Then what `recur` sets lies side by side, and patterns are taken apart on every turn.
    let first = analyser.scope().next;
    let mut own = Vec::new();
    let slots: Vec<u32> =
        pairs.chunks_exact(2).map(|pair| analyser.declare(symbol_of(&pair[0]).unwrap_or_default())).collect();
    for (slot, value) in slots.iter().zip(values) {
        own.push((*slot, Node::Local(value)));
    }
    let mut inner = Vec::new();
    for (pair, slot) in pairs.chunks_exact(2).zip(&slots) {
        if symbol_of(&pair[0]).is_none() {
            analyser.bind(&pair[0], Node::Local(*slot), &mut inner)?;
        }
    }
    analyser.scope().target = Some((first, slots.len()));
    let body = analyser.body(body, true)?;
    analyser.back_to(&mark);
    let body = if inner.is_empty() { body } else { Node::Let(Box::new(Let { bindings: inner, body })) };
    let inner = Node::Loop(Box::new(Let { bindings: own, body }));
    Ok(Node::Let(Box::new(Let { bindings: outer, body: inner })))
}

fn recur(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let target = analyser.scope().target.filter(|_| tail);
    let Some((first, slots)) = target else {
        return analyser.error(form.span, "Can only recur from tail position");
    };
    if slots != args.len() {
        let message =
            format!("Mismatched argument count to recur, expected: {slots} args, got: {}", args.len());
        return analyser.error(form.span, message);
    }
    let args = analyser.nodes(args)?.into();
    Ok(Node::Recur(Box::new(Recur { first, args })))
}

fn nil() -> Node {
    Node::Const(Value::Nil)
}

fn if_(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let (test, then, other) = match args {
        [test, then] => (test, then, None),
        [test, then, other] => (test, then, Some(other)),
        [] | [_] => return analyser.error(form.span, "Too few arguments to if"),
        _ => return analyser.error(form.span, "Too many arguments to if"),
    };
    let test = analyser.node(test, false)?;
    let then = analyser.node(then, tail)?;
    let other = other.map_or(Ok(nil()), |form| analyser.node(form, tail))?;
    Ok(Node::If(Box::new((test, then, other))))
}

fn if_not(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Node::If(parts) = if_(analyser, form, args, tail)? else { return Ok(nil()) };
    let (test, then, other) = *parts;
    Ok(Node::If(Box::new((test, other, then))))
}

fn when(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Some((test, body)) = args.split_first() else { return wrong_count(analyser, form, 0) };
    let test = analyser.node(test, false)?;
    Ok(Node::If(Box::new((test, analyser.body(body, tail)?, nil()))))
}

fn when_not(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Some((test, body)) = args.split_first() else { return wrong_count(analyser, form, 0) };
    let test = analyser.node(test, false)?;
    Ok(Node::If(Box::new((test, nil(), analyser.body(body, tail)?))))
}

fn wrong_count(analyser: &Analyser<'_, '_>, form: &Form, count: usize) -> Eval<Node> {
    analyser
        .error(form.span, format!("Wrong number of args ({count}) passed to: clojure.core/{}", head(form)))
}

fn cond(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    if !args.len().is_multiple_of(2) {
        return analyser.error(form.span, "cond requires an even number of forms");
    }
    if args.len() / 2 > MOST_CODE as usize {
        return Err(analyser.context.overflow().at(form.span));
    }
    let mut clauses = Vec::with_capacity(args.len() / 2);
    for clause in args.chunks_exact(2) {
        clauses.push((analyser.node(&clause[0], false)?, analyser.node(&clause[1], tail)?));
    }
    let mut node = nil();
    for (at, (test, then)) in clauses.into_iter().enumerate().rev() {
        // `:else` and its like end the chain.
        node = match test {
            Node::Const(value) if value.is_truthy() => then,
            test => Node::If(Box::new((test, then, node))),
        };
        node = roomy(node, at);
    }
    Ok(node)
}

fn and(analyser: &mut Analyser<'_, '_>, _form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Some((last, before)) = args.split_last() else { return Ok(Node::Const(Value::Bool(true))) };
    let mut nodes = analyser.nodes(before)?;
    nodes.push(analyser.node(last, tail)?);
    Ok(Node::And(nodes.into()))
}

fn or(analyser: &mut Analyser<'_, '_>, _form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Some((last, before)) = args.split_last() else { return Ok(nil()) };
    let mut nodes = analyser.nodes(before)?;
    nodes.push(analyser.node(last, tail)?);
    Ok(Node::Or(nodes.into()))
}

fn fn_(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let (name, rest) = match args.split_first() {
        Some((first, rest)) if symbol_of(first).is_some() => (symbol_of(first), rest),
        _ => (None, args),
    };
    Ok(Node::Fn(Box::new(analyser.function(name, rest, form.span)?)))
}

fn letfn(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    match args.split_first().map(|(first, body)| (&first.kind, body)) {
        Some((FormKind::Vector(functions), body)) => analyser.letfn(functions, body, tail, form.span),
        _ => analyser.error(form.span, "letfn takes functions"),
    }
}

fn define(
    analyser: &mut Analyser<'_, '_>,
    name: &str,
    value: impl FnOnce(&mut Analyser<'_, '_>) -> Eval<Option<Node>>,
    meta: Vec<(Form, Form)>,
    is_macro: bool,
    once: bool,
    span: Span,
) -> Eval<Node> {
    // A var of another namespace may get another value, but is not made here.
    let known = pt_edn::Name::new(name);
    if known
        .namespace()
        .is_some_and(|space| analyser.context.spaces.full(space) != analyser.context.spaces.current())
        && analyser.global(&known)?.is_none()
    {
        return analyser.error(span, "Can't refer to qualified var that doesn't exist");
    }
    // Known before its value is analysed: it may call itself.
    let own = name.strip_prefix(&format!("{}/", analyser.context.spaces.current())).unwrap_or(name);
    let global = analyser.context.own_global(own);
    if is_macro {
        // Its own body may use it.
        analyser.context.macros.insert(global);
    } else {
        analyser.context.macros.remove(&global);
    }
    let value = value(analyser)?;
    let var = Name::new(&format!("{}/{own}", analyser.context.spaces.current()));
    let meta = match meta.is_empty() {
        true => None,
        false => Some(analyser.node(&Form::new(FormKind::Map(meta), Span::default()), false)?),
    };
    Ok(Node::Def(Box::new(Def { global, var, value, meta, is_macro, once })))
}

fn def_with(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], once: bool) -> Eval<Node> {
    let Some(name) = args.first().and_then(symbol_of) else {
        return analyser.error(form.span, "First argument to def must be a Symbol");
    };
    let mut meta = args[0].meta.clone();
    let value = match args {
        [_] => None,
        [_, value] => Some(value),
        [_, doc, value] if matches!(doc.kind, FormKind::String(_)) => {
            meta.push((Form::new(FormKind::Keyword(pt_edn::Name::new("doc")), doc.span), doc.clone()));
            Some(value)
        }
        _ => return analyser.error(form.span, "Too many arguments to def"),
    };
    let value = |analyser: &mut Analyser<'_, '_>| value.map(|value| analyser.node(value, false)).transpose();
    define(analyser, name, value, meta, false, once, form.span)
}

fn def(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    def_with(analyser, form, args, false)
}

fn defonce(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    def_with(analyser, form, args, true)
}

/// What [`named`] finds.
type Named<'f> = (&'f str, &'f [Form], Vec<(Form, Form)>);

/// The name, what follows documentation and attributes, and these.
fn named<'f>(analyser: &Analyser<'_, '_>, form: &Form, args: &'f [Form]) -> Eval<Named<'f>> {
    let Some((name, mut rest)) = args.split_first() else {
        return analyser.error(form.span, "First argument to defn must be a symbol");
    };
    let mut meta = name.meta.clone();
    let Some(name) = symbol_of(name) else {
        return analyser.error(form.span, "First argument to defn must be a symbol");
    };
    if let [doc, others @ ..] = rest
        && matches!(doc.kind, FormKind::String(_))
    {
        meta.push((Form::new(FormKind::Keyword(pt_edn::Name::new("doc")), doc.span), doc.clone()));
        rest = others;
    }
    if let [attributes, others @ ..] = rest
        && let FormKind::Map(pairs) = &attributes.kind
    {
        meta.extend(pairs.iter().cloned());
        rest = others;
    }
    // Attributes may also stand after several arities.
    if let [before @ .., last] = rest
        && let (FormKind::Map(pairs), Some(FormKind::List(_))) =
            (&last.kind, before.first().map(|form| &form.kind))
    {
        meta.extend(pairs.iter().cloned());
        rest = before;
    }
    let says =
        |(key, _): &(Form, Form)| matches!(&key.kind, FormKind::Keyword(key) if key.as_str() == "arglists");
    if form.span != NOWHERE && !meta.iter().any(says) {
        meta.push(arglists(rest, form.span));
    }
    Ok((name, rest, meta))
}

/// `:arglists '([x] [x & more])`, of the arities of a function.
fn arglists(arities: &[Form], span: Span) -> (Form, Form) {
    let list = |items| Form::new(FormKind::List(items), span);
    let params = |form: &Form| match &form.kind {
        FormKind::Vector(_) => Some(form.clone()),
        FormKind::List(items) => {
            items.first().filter(|form| matches!(form.kind, FormKind::Vector(_))).cloned()
        }
        _ => None,
    };
    let all = match arities.first() {
        Some(only) if matches!(only.kind, FormKind::Vector(_)) => vec![only.clone()],
        _ => arities.iter().filter_map(params).collect(),
    };
    let quote = Form::new(FormKind::Symbol(pt_edn::Name::new("quote")), span);
    (Form::new(FormKind::Keyword(pt_edn::Name::new("arglists")), span), list(vec![quote, list(all)]))
}

fn defn(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let (name, rest, mut meta) = named(analyser, form, args)?;
    if head(form) == "defn-" {
        let private = FormKind::Keyword(pt_edn::Name::new("private"));
        meta.push((Form::new(private, form.span), Form::new(FormKind::Bool(true), form.span)));
    }
    let function = |analyser: &mut Analyser<'_, '_>| {
        let made = analyser.function(Some(name), rest, form.span)?;
        Ok(Some(Node::Fn(Box::new(made))))
    };
    define(analyser, name, function, meta, false, false, form.span)
}

fn defmacro(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let (name, rest, meta) = named(analyser, form, args)?;
    let function = |analyser: &mut Analyser<'_, '_>| {
        // A macro calling itself means its expansion, not the function.
        let made = analyser.function(None, rest, form.span)?;
        Ok(Some(Node::Fn(Box::new(made))))
    };
    define(analyser, name, function, meta, true, false, form.span)
}

fn declare(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let mut last = Value::Nil;
    for name in args {
        let meta = &name.meta;
        let Some(name) = symbol_of(name) else { return analyser.error(form.span, "declare takes symbols") };
        let at = analyser.context.own_global(name);
        let meta = Form::new(FormKind::Map(meta.clone()), form.span);
        if let Value::Map(meta) = crate::convert::quoted(analyser.context, &meta)?
            && !meta.is_empty()
        {
            analyser.context.var_meta.insert(at, meta);
        }
        last = Value::Var(Name::new(&format!("{}/{name}", analyser.context.spaces.current())));
    }
    Ok(Node::Const(last))
}

fn quote(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    match args {
        [quoted, ..] => Ok(Node::Const(crate::convert::quoted(analyser.context, quoted)?)),
        [] => wrong_count(analyser, form, 0),
    }
}

fn throw(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    match args {
        [exception] => Ok(Node::Throw(Box::new((analyser.node(exception, false)?, form.span)))),
        _ => analyser.error(form.span, format!("throw takes one argument, not {}", args.len())),
    }
}

fn try_(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let clause = |form: &Form| match &form.kind {
        FormKind::List(items) => {
            items.first().and_then(symbol_of).filter(|head| matches!(*head, "catch" | "finally")).is_some()
        }
        _ => false,
    };
    let body_end = args.iter().position(clause).unwrap_or(args.len());
    let body = analyser.body(&args[..body_end], false)?;
    let (mut catches, mut finally) = (Vec::new(), None);
    for clause in &args[body_end..] {
        let FormKind::List(items) = &clause.kind else {
            return analyser
                .error(clause.span, "Only catch or finally clause can follow catch in try expression");
        };
        match (items.first().and_then(symbol_of), &items[1..]) {
            (Some("catch"), [class, name, body @ ..]) => {
                let (Some(class_name), Some(name)) = (symbol_of(class), symbol_of(name)) else {
                    return analyser.error(clause.span, "catch takes a class and a name");
                };
                let Some(class) = class_named(class_name) else {
                    return analyser.error(class.span, format!("Unable to resolve classname: {class_name}"));
                };
                let mark = analyser.mark();
                let slot = analyser.declare(name);
                let body = analyser.body(body, false)?;
                analyser.back_to(&mark);
                catches.push((class, slot, body));
            }
            (Some("finally"), body) => finally = Some(analyser.body(body, false)?),
            _ => {
                return analyser
                    .error(form.span, "Only catch or finally clause can follow catch in try expression");
            }
        }
    }
    Ok(if catches.is_empty() && finally.is_none() {
        body
    } else {
        Node::Try(Box::new(Try { body, catches, finally }))
    })
}

fn case(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], tail: bool) -> Eval<Node> {
    let Some((value, clauses)) = args.split_first() else { return wrong_count(analyser, form, 0) };
    let value = analyser.node(value, false)?;
    let mut keys = Map::default();
    let mut branches = Vec::new();
    let mut clauses = clauses.chunks_exact(2);
    for clause in &mut clauses {
        let constants = match &clause[0].kind {
            FormKind::List(several) => several.as_slice(),
            _ => &clause[..1],
        };
        for constant in constants {
            let key = crate::convert::quoted(analyser.context, constant)?;
            if keys.contains_key(&key) {
                return analyser.error(constant.span, format!("Duplicate case test constant: {constant}"));
            }
            keys.insert(key, Value::from(branches.len()));
        }
        branches.push(analyser.node(&clause[1], tail)?);
    }
    let default = clauses.remainder().first().map(|form| analyser.node(form, tail)).transpose()?;
    Ok(Node::Case(Box::new(Case { value, keys, branches, default, span: form.span })))
}

fn binding(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let (pairs, body) = bindings(analyser, form, args)?;
    let mut bound = Vec::new();
    for pair in pairs.chunks_exact(2) {
        let FormKind::Symbol(name) = &pair[0].kind else {
            return analyser.error(pair[0].span, "binding takes symbols");
        };
        if matches!(name.as_str(), "*ns*" | "clojure.core/*ns*") {
            let symbol = |name: &str| Form::new(FormKind::Symbol(pt_edn::Name::new(name)), form.span);
            let list = |items: Vec<Form>| Form::new(FormKind::List(items), form.span);
            let rest: Vec<Form> = pairs
                .chunks_exact(2)
                .filter(|other| other[0].span != pair[0].span || other[0] != pair[0])
                .flatten()
                .cloned()
                .collect();
            let body = if rest.is_empty() {
                list(std::iter::once(symbol("do")).chain(body.iter().cloned()).collect())
            } else {
                let rest = Form::new(FormKind::Vector(rest), form.span);
                list([symbol("clojure.core/binding"), rest].into_iter().chain(body.iter().cloned()).collect())
            };
            let thunk = list(vec![symbol("fn*"), Form::new(FormKind::Vector(Vec::new()), form.span), body]);
            return analyser
                .node(&list(vec![symbol("clojure.core/within-ns*"), pair[1].clone(), thunk]), false);
        }
        let Some(at) = analyser.global(name)? else { return analyser.unresolved(name, pair[0].span) };
        bound.push((at, analyser.node(&pair[1], false)?));
    }
    let body = analyser.body(body, false)?;
    Ok(Node::Binding(Box::new(Binding { bindings: bound, body })))
}

/// `(set! *name* value)`
fn set(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let [target, value] = args else { return wrong_count(analyser, form, args.len()) };
    let FormKind::Symbol(name) = &target.kind else {
        return analyser.error(form.span, "Invalid assignment target");
    };
    let Some(global) = analyser.global(name)? else {
        return analyser.error(form.span, "Invalid assignment target");
    };
    let value = analyser.node(value, false)?;
    Ok(Node::Assign(Box::new((global, value))))
}

/// `(. target method args…)`
fn dot(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let [target, method, rest @ ..] = args else {
        return analyser.error(form.span, "Malformed member expression, expecting (. target member ...)");
    };
    // `(. target (method args…))`
    let (method, rest) = match &method.kind {
        FormKind::List(items) if rest.is_empty() && !items.is_empty() => (&items[0], &items[1..]),
        _ => (method, rest),
    };
    let Some(name) = symbol_of(method) else {
        return analyser.error(method.span, "A member is named by a symbol");
    };
    // `(. Class member args…)`
    if let Some(class) = symbol_of(target).filter(|class| class_named(class).is_some()) {
        let member = pt_edn::Name::new(&format!("{class}/{}", name.trim_start_matches('-')));
        if rest.is_empty()
            && let Some(value) = crate::interop::constant(&member).filter(|value| !value.is_callable())
        {
            return Ok(Node::Const(value));
        }
        if crate::interop::method_of(class, member.local()).is_some() {
            return rewritten(analyser, member.as_str(), rest.iter(), form.span);
        }
    }
    let head = format!(".{name}");
    rewritten(analyser, &head, std::iter::once(target).chain(rest), form.span)
}

fn new(analyser: &mut Analyser<'_, '_>, form: &Form, args: &[Form], _tail: bool) -> Eval<Node> {
    let Some((class, rest)) = args.split_first() else { return wrong_count(analyser, form, 0) };
    let Some(name) = symbol_of(class) else { return analyser.error(class.span, "new takes a class") };
    analyser.construct(name, rest, form.span)
}

fn rewritten<'f>(
    analyser: &mut Analyser<'_, '_>,
    head: &str,
    args: impl Iterator<Item = &'f Form>,
    span: Span,
) -> Eval<Node> {
    let head = Form::new(FormKind::Symbol(pt_edn::Name::new(head)), span);
    let items = std::iter::once(head).chain(args.cloned()).collect();
    analyser.node(&Form::new(FormKind::List(items), span), false)
}

/// What calls of members and constructors stand for, for `macroexpand`.
pub(super) fn as_member(name: &pt_edn::Name, args: &[Form], span: Span) -> Option<Form> {
    let symbol = |name: &str| Form::new(FormKind::Symbol(pt_edn::Name::new(name)), span);
    let list = |items: Vec<Form>| Form::new(FormKind::List(items), span);
    let text = name.as_str();
    if let Some(member) = text.strip_prefix('.') {
        let (target, args) = args.split_first()?;
        let target = match symbol_of(target) {
            Some(class) if class_named(class).is_some() => {
                list(vec![symbol("clojure.core/identity"), target.clone()])
            }
            _ => target.clone(),
        };
        return Some(list(
            [symbol("."), target, symbol(member)].into_iter().chain(args.iter().cloned()).collect(),
        ));
    }
    if let Some(class) = text.strip_suffix('.') {
        return Some(list([symbol("new"), symbol(class)].into_iter().chain(args.iter().cloned()).collect()));
    }
    let class = name.namespace().filter(|class| class_named(class).is_some())?;
    Some(list(
        [symbol("."), symbol(class), symbol(name.local())].into_iter().chain(args.iter().cloned()).collect(),
    ))
}

/// What macros that are analysed directly would expand to, for `macroexpand`.
pub(super) fn as_macro(name: &str, args: &[Form], span: Span) -> Option<Form> {
    let symbol = |name: &str| Form::new(FormKind::Symbol(pt_edn::Name::new(name)), span);
    let list = |items: Vec<Form>| Form::new(FormKind::List(items), span);
    let body = |body: &[Form]| list(std::iter::once(symbol("do")).chain(body.iter().cloned()).collect());
    Some(match (name, args) {
        ("when", [test, rest @ ..]) => list(vec![symbol("if"), test.clone(), body(rest)]),
        ("when-not", [test, rest @ ..]) => {
            list(vec![symbol("if"), test.clone(), Form::new(FormKind::Nil, span), body(rest)])
        }
        ("let" | "loop" | "fn", args) => {
            list(std::iter::once(symbol(&format!("{name}*"))).chain(args.iter().cloned()).collect())
        }
        ("defn" | "defn-", [name, rest @ ..]) => {
            let function = std::iter::once(symbol("clojure.core/fn")).chain(rest.iter().cloned()).collect();
            list(vec![symbol("def"), name.clone(), list(function)])
        }
        ("cond", [test, then, rest @ ..]) => {
            let more = std::iter::once(symbol("clojure.core/cond")).chain(rest.iter().cloned()).collect();
            list(vec![symbol("if"), test.clone(), then.clone(), list(more)])
        }
        _ => return None,
    })
}
