//! Macros of the core that are expanded: forms to forms.

use pt_edn::{Form, FormKind, Name, Span};

use crate::context::MOST_CODE;

/// Arguments and place of a call to the form it stands for, or what is wrong with it.
pub(crate) type Macro = fn(&[Form], Span) -> Result<Form, String>;

/// All expanding macros by name.
pub(crate) const MACROS: &[(&str, Macro)] = &[
    ("->", |args, _| thread(args, false)),
    ("->>", |args, _| thread(args, true)),
    ("some->", |args, span| some_thread(args, span, "clojure.core/->")),
    ("some->>", |args, span| some_thread(args, span, "clojure.core/->>")),
    ("cond->", |args, span| cond_thread(args, span, "clojure.core/->")),
    ("cond->>", |args, span| cond_thread(args, span, "clojure.core/->>")),
    ("as->", as_thread),
    ("doto", doto),
    ("..", |args, _| dots(args)),
    ("when-let", |args, span| bound_test(args, span, false, true)),
    ("if-let", |args, span| bound_test(args, span, false, false)),
    ("when-some", |args, span| bound_test(args, span, true, true)),
    ("if-some", |args, span| bound_test(args, span, true, false)),
    ("when-first", when_first),
    ("condp", condp),
    ("dotimes", dotimes),
    ("while", while_),
    ("for", |args, span| comprehension(args, span, "for")),
    ("doseq", |args, span| comprehension(args, span, "doseq")),
    ("lazy-seq", |args, span| Ok(thunk("clojure.core/lazy-seq*", args, span))),
    ("lazy-cat", lazy_cat),
    ("delay", |args, span| Ok(thunk("clojure.core/delay*", args, span))),
    ("with-out-str", |args, span| Ok(thunk("clojure.core/with-out-str*", args, span))),
    ("comment", |_, span| Ok(Form::new(FormKind::Nil, span))),
    ("assert", assert),
];

/// A local nobody can write, for values that must be computed once.
const TEMPORARY: &str = " it";

fn symbol(name: &str, span: Span) -> Form {
    Form::new(FormKind::Symbol(Name::new(name)), span)
}

pub(super) fn call(head: &str, args: Vec<Form>, span: Span) -> Form {
    list(std::iter::once(symbol(head, span)).chain(args).collect(), span)
}

fn list(items: Vec<Form>, span: Span) -> Form {
    Form::new(FormKind::List(items), span)
}

fn vector(items: Vec<Form>, span: Span) -> Form {
    Form::new(FormKind::Vector(items), span)
}

fn nil(span: Span) -> Form {
    Form::new(FormKind::Nil, span)
}

fn temporary(span: Span) -> Form {
    symbol(TEMPORARY, span)
}

fn let_one(name: Form, value: Form, body: Vec<Form>, span: Span) -> Form {
    let bindings = vector(vec![name, value], span);
    call("clojure.core/let", std::iter::once(bindings).chain(body).collect(), span)
}

fn thunk(function: &str, body: &[Form], span: Span) -> Form {
    let parts = std::iter::once(vector(Vec::new(), span)).chain(body.iter().cloned()).collect();
    call(function, vec![call("fn*", parts, span)], span)
}

/// Puts a form first or last into a call.
fn insert(form: &Form, value: Form, last: bool) -> Form {
    match &form.kind {
        FormKind::List(items) if !items.is_empty() => {
            let mut items = items.clone();
            if last {
                items.push(value);
            } else {
                items.insert(1, value);
            }
            Form { meta: form.meta.clone(), ..list(items, form.span) }
        }
        _ => list(vec![form.clone(), value], form.span),
    }
}

/// Refuses what would become code that is nested too deep.
fn few(steps: &[Form]) -> Result<(), String> {
    if steps.len() > MOST_CODE as usize {
        return Err(format!("{} forms in one are too many; {MOST_CODE} are the most", steps.len()));
    }
    Ok(())
}

fn thread(args: &[Form], last: bool) -> Result<Form, String> {
    let (first, steps) = args.split_first().ok_or("-> needs a value")?;
    few(steps)?;
    Ok(steps.iter().fold(first.clone(), |value, step| insert(step, value, last)))
}

fn some_thread(args: &[Form], span: Span, arrow: &str) -> Result<Form, String> {
    let (first, steps) = args.split_first().ok_or("some-> needs a value")?;
    let test = call("clojure.core/nil?", vec![temporary(span)], span);
    let stepped = steps.iter().map(|step| {
        let next = call(arrow, vec![temporary(span), step.clone()], span);
        call("if", vec![test.clone(), nil(span), next], span)
    });
    Ok(in_turn(&temporary(span), first, stepped.collect(), span))
}

/// The value goes through steps, each of which sees the one before under a name. The last is in tail position.
fn in_turn(name: &Form, first: &Form, mut steps: Vec<Form>, span: Span) -> Form {
    let last = steps.pop().unwrap_or_else(|| name.clone());
    let mut bindings = vec![name.clone(), first.clone()];
    bindings.extend(steps.into_iter().flat_map(|step| [name.clone(), step]));
    call("clojure.core/let", vec![vector(bindings, span), last], span)
}

fn cond_thread(args: &[Form], span: Span, arrow: &str) -> Result<Form, String> {
    let (first, clauses) = args.split_first().ok_or("cond-> needs a value")?;
    if clauses.len() % 2 != 0 {
        return Err("cond-> requires an even number of clauses".to_owned());
    }
    let stepped = clauses.chunks_exact(2).map(|clause| {
        let step = call(arrow, vec![temporary(span), clause[1].clone()], span);
        call("if", vec![clause[0].clone(), step, temporary(span)], span)
    });
    Ok(in_turn(&temporary(span), first, stepped.collect(), span))
}

fn as_thread(args: &[Form], span: Span) -> Result<Form, String> {
    let [value, name, steps @ ..] = args else { return Err("as-> needs a value and a name".to_owned()) };
    Ok(in_turn(name, value, steps.to_vec(), span))
}

fn doto(args: &[Form], span: Span) -> Result<Form, String> {
    let (value, steps) = args.split_first().ok_or("doto needs a value")?;
    let mut body: Vec<Form> = steps.iter().map(|step| insert(step, temporary(span), false)).collect();
    body.push(temporary(span));
    Ok(let_one(temporary(span), value.clone(), body, span))
}

fn dots(args: &[Form]) -> Result<Form, String> {
    let (first, steps) = args.split_first().ok_or(".. needs a value")?;
    few(steps)?;
    Ok(steps.iter().fold(first.clone(), |value, step| {
        list(vec![symbol(".", step.span), value, step.clone()], step.span)
    }))
}

/// `when-let`, `if-let` and their `-some` forms.
fn bound_test(args: &[Form], span: Span, some: bool, when: bool) -> Result<Form, String> {
    let (pattern, value, rest) = match args.split_first().map(|(first, rest)| (&first.kind, rest)) {
        Some((FormKind::Vector(binding), rest)) => match binding.as_slice() {
            [pattern, value] => (pattern, value, rest),
            _ => return Err("exactly 2 forms in binding vector are required".to_owned()),
        },
        _ => return Err("a vector is required for the binding".to_owned()),
    };
    let (then, other) = match rest {
        _ if when => (rest.to_vec(), nil(span)),
        [then] => (vec![then.clone()], nil(span)),
        [then, other] => (vec![then.clone()], other.clone()),
        _ => return Err("if-let takes a binding and one or two forms".to_owned()),
    };
    let inner = let_one(pattern.clone(), temporary(span), then, span);
    let test = if some { call("clojure.core/some?", vec![temporary(span)], span) } else { temporary(span) };
    Ok(let_one(temporary(span), value.clone(), vec![call("if", vec![test, inner, other], span)], span))
}

fn when_first(args: &[Form], span: Span) -> Result<Form, String> {
    let (FormKind::Vector(binding), body) =
        args.split_first().map(|(first, body)| (&first.kind, body)).ok_or("when-first needs a binding")?
    else {
        return Err("when-first requires a vector for its binding".to_owned());
    };
    let [pattern, items] = binding.as_slice() else {
        return Err("when-first requires exactly 2 forms in binding vector".to_owned());
    };
    let first = call("clojure.core/first", vec![temporary(span)], span);
    let inner = let_one(pattern.clone(), first, body.to_vec(), span);
    let items = call("clojure.core/seq", vec![items.clone()], span);
    Ok(let_one(temporary(span), items, vec![call("if", vec![temporary(span), inner, nil(span)], span)], span))
}

fn condp(args: &[Form], span: Span) -> Result<Form, String> {
    let [predicate, value, clauses @ ..] = args else {
        return Err("condp needs a predicate and a value".to_owned());
    };
    few(clauses)?;
    let (by, it) = (symbol(" predicate", span), symbol(" value", span));
    let bindings = vector(vec![by.clone(), predicate.clone(), it.clone(), value.clone()], span);
    Ok(call("clojure.core/let", vec![bindings, condp_clauses(clauses, &by, &it, span)], span))
}

fn condp_clauses(clauses: &[Form], by: &Form, it: &Form, span: Span) -> Form {
    match clauses {
        [] => {
            let message = Form::new(FormKind::String("No matching clause: ".into()), span);
            let message = call("clojure.core/str", vec![message, it.clone()], span);
            call(
                "throw",
                vec![call("new", vec![symbol("IllegalArgumentException", span), message], span)],
                span,
            )
        }
        [default] => default.clone(),
        [test, arrow, function, rest @ ..] if matches!(&arrow.kind, FormKind::Keyword(name) if name.as_str() == ">>") =>
        {
            let tested = list(vec![by.clone(), test.clone(), it.clone()], span);
            let then = list(vec![function.clone(), temporary(span)], span);
            let other = condp_clauses(rest, by, it, span);
            let_one(temporary(span), tested, vec![call("if", vec![temporary(span), then, other], span)], span)
        }
        [test, then, rest @ ..] => {
            let tested = list(vec![by.clone(), test.clone(), it.clone()], span);
            call("if", vec![tested, then.clone(), condp_clauses(rest, by, it, span)], span)
        }
    }
}

fn dotimes(args: &[Form], span: Span) -> Result<Form, String> {
    let (FormKind::Vector(binding), body) =
        args.split_first().map(|(first, body)| (&first.kind, body)).ok_or("dotimes needs a binding")?
    else {
        return Err("dotimes requires a vector for its binding".to_owned());
    };
    let [name, times] = binding.as_slice() else {
        return Err("dotimes requires exactly 2 forms in binding vector".to_owned());
    };
    let end = symbol(" end", span);
    let next = call("recur", vec![call("clojure.core/inc", vec![name.clone()], span)], span);
    let test = call("clojure.core/<", vec![name.clone(), end.clone()], span);
    let turn = std::iter::once(test).chain(body.iter().cloned()).chain([next]).collect();
    let zero = Form::new(FormKind::Int(0), span);
    let looped = call(
        "loop*",
        vec![vector(vec![name.clone(), zero], span), call("clojure.core/when", turn, span)],
        span,
    );
    Ok(let_one(end, call("clojure.core/long", vec![times.clone()], span), vec![looped], span))
}

fn while_(args: &[Form], span: Span) -> Result<Form, String> {
    let (test, body) = args.split_first().ok_or("while needs a test")?;
    let turn = std::iter::once(test.clone())
        .chain(body.iter().cloned())
        .chain([call("recur", Vec::new(), span)])
        .collect();
    Ok(call("loop*", vec![vector(Vec::new(), span), call("clojure.core/when", turn, span)], span))
}

/// `for` and `doseq`: one function per binding; it says by a mark that an item is skipped or the last.
fn comprehension(args: &[Form], span: Span, name: &str) -> Result<Form, String> {
    let (FormKind::Vector(bindings), body) = args
        .split_first()
        .map(|(first, body)| (&first.kind, body))
        .ok_or_else(|| format!("{name} needs bindings"))?
    else {
        return Err(format!("{name} requires a vector for its binding"));
    };
    if bindings.len() % 2 != 0 {
        return Err(format!("{name} requires an even number of forms in binding vector"));
    }
    few(bindings)?;
    level(bindings, &call("do", body.to_vec(), span), span, name)
}

fn level(bindings: &[Form], body: &Form, span: Span, name: &str) -> Result<Form, String> {
    let [pattern, items, rest @ ..] = bindings else { return Ok(body.clone()) };
    let is_modifier = |form: &Form| matches!(form.kind, FormKind::Keyword(_));
    if is_modifier(pattern) {
        return Err(format!("{name} begins with a binding"));
    }
    let modifiers = rest.chunks_exact(2).take_while(|pair| is_modifier(&pair[0])).count();
    let (modifiers, rest) = rest.split_at(2 * modifiers);
    let mut inner = level(rest, body, span, name)?;
    if name == "doseq" {
        inner = call("do", vec![inner, nil(span)], span);
    }
    for modifier in modifiers.chunks_exact(2).rev() {
        let FormKind::Keyword(kind) = &modifier[0].kind else { continue };
        inner = match kind.as_str() {
            "let" => call("clojure.core/let", vec![modifier[1].clone(), inner], span),
            "when" => call("if", vec![modifier[1].clone(), inner, symbol("clojure.core/skip*", span)], span),
            "while" => call("if", vec![modifier[1].clone(), inner, symbol("clojure.core/stop*", span)], span),
            other => return Err(format!("Invalid '{name}' keyword :{other}")),
        };
    }
    let function = call("fn*", vec![vector(vec![pattern.clone()], span), inner], span);
    let run = match (name, rest.is_empty()) {
        ("doseq", _) => "clojure.core/doseq*",
        (_, true) => "clojure.core/for*",
        (_, false) => "clojure.core/forcat*",
    };
    Ok(call(run, vec![function, items.clone()], span))
}

fn lazy_cat(args: &[Form], span: Span) -> Result<Form, String> {
    let parts =
        args.iter().map(|form| thunk("clojure.core/lazy-seq*", std::slice::from_ref(form), span)).collect();
    Ok(call("clojure.core/concat", parts, span))
}

fn assert(args: &[Form], span: Span) -> Result<Form, String> {
    let (test, message) = match args {
        [test] => (test, None),
        [test, message] => (test, Some(message)),
        _ => return Err("assert takes a test and perhaps a message".to_owned()),
    };
    let text = |text: String| Form::new(FormKind::String(text.into()), span);
    let message = match message {
        None => text(format!("Assert failed: {test}")),
        Some(message) => call(
            "clojure.core/str",
            vec![text("Assert failed: ".to_owned()), message.clone(), text(format!("\n{test}"))],
            span,
        ),
    };
    let error = call("new", vec![symbol("AssertionError", span), message], span);
    Ok(call("if", vec![test.clone(), nil(span), call("throw", vec![error], span)], span))
}
