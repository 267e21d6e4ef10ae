//! Source text to something that runs.

use std::rc::Rc;

use num_bigint::watched;
use pt_edn::{Form, FormKind, ReadError, Reader};

use crate::analyse::Analyser;
use crate::context::Context;
use crate::exception::Eval;
use crate::node::Node;
use crate::stack::{aside, room};
use crate::{Error, Value, meter};

/// A program that was read.
///
/// Each top-level form is analysed when its turn comes, since the forms before it may define what its words mean.
#[derive(Clone, Debug)]
pub struct Program {
    forms: Vec<Form>,
    warnings: Vec<ReadError>,
}

impl From<Form> for Program {
    /// A program of one form.
    fn from(form: Form) -> Self {
        Self { forms: vec![form], warnings: Vec::new() }
    }
}

impl Program {
    /// Reads a program.
    pub fn compile(source: &str) -> Result<Self, Error> {
        room(|| Self::read(source))
    }

    fn read(source: &str) -> Result<Self, Error> {
        let mut reader = Reader::new(source);
        let mut forms = Vec::new();
        while let Some(form) = reader.read_next() {
            forms.push(form?);
        }
        Ok(Self { forms, warnings: reader.warnings().to_vec() })
    }

    /// Where the last form stands, whose value is the program's.
    pub fn last(&self) -> Option<pt_edn::Span> {
        self.forms.last().map(|form| form.span)
    }

    /// Closing brackets that close nothing, and were skipped.
    pub fn warnings(&self) -> &[ReadError] {
        &self.warnings
    }

    /// Runs the forms in order; gives the value of the last, with every sequence in it computed.
    pub fn run(&self, context: &mut Context<'_>) -> Result<Value, Error> {
        let result = context.within_limits(|context| {
            let result =
                watched(may_go_on(), || self.run_forms(context)).unwrap_or_else(|| context.ended_within());
            result.map_err(|signal| context.settled(signal))
        });
        context.forget();
        result.map_err(Error::from)
    }

    /// What is wrong with the program as far as that shows without running it: words that mean nothing, forms that cannot
    /// be. At most one finding for each form at the top level. Definitions of functions and macros are evaluated, since
    /// the forms after them may use them; nothing else is.
    pub fn check(&self, context: &mut Context<'_>) -> Vec<Error> {
        let mut found = Vec::new();
        context.within_limits(|context| {
            let check = || self.forms.iter().for_each(|form| check(context, form, &mut found));
            if watched(may_go_on(), check).is_none() {
                // What it found by then is told; that a number took too long will be, where the code runs.
                context.forget();
            }
        });
        context.forget();
        found
    }

    fn run_forms(&self, context: &mut Context<'_>) -> Eval {
        let mut value = Value::Nil;
        for form in &self.forms {
            value = eval(context, form)?;
        }
        context.ended(value)
    }
}

/// Arithmetic with numbers of very many digits looks at the limits by itself.
fn may_go_on() -> Rc<dyn Fn() -> bool> {
    Rc::new(|| !meter::must_end(0))
}

/// Analyses one form outside of any function.
fn check(context: &mut Context<'_>, form: &Form, found: &mut Vec<Error>) {
    if let Some(forms) = inside_do(form) {
        for form in forms {
            check(context, form, found);
        }
        return;
    }
    let checked = if head(form).is_some_and(|head| DEFINING.contains(&head)) {
        eval(context, form).map(drop)
    } else {
        Analyser::new(context).top(form).map(drop)
    };
    found.extend(checked.err().map(Error::from));
}

/// Forms that later ones rely on.
const DEFINING: [&str; 13] = [
    "defn",
    "defn-",
    "defmacro",
    "ns",
    "require",
    "use",
    "in-ns",
    "defmulti",
    "defmethod",
    "defprotocol",
    "defrecord",
    "deftype",
    "declare",
];

/// The word that a list begins with.
fn head(form: &Form) -> Option<&str> {
    let FormKind::List(items) = &form.kind else { return None };
    match &items.first()?.kind {
        FormKind::Symbol(name) => Some(name.as_str()),
        _ => None,
    }
}

/// Each form of a top-level `do` counts as one at top level: it may define macros for the next.
fn inside_do(form: &Form) -> Option<&[Form]> {
    match &form.kind {
        FormKind::List(items) if head(form) == Some("do") => items.get(1..),
        _ => None,
    }
}

/// Analyses and evaluates one form outside of any function.
pub(crate) fn eval(context: &mut Context<'_>, form: &Form) -> Eval {
    if let Some(forms) = inside_do(form) {
        let mut value = Value::Nil;
        for form in forms {
            value = context.nested(|context| eval(context, form))?;
        }
        return Ok(value);
    }
    let analysed =
        if context.spares_stack() { aside(|| analysed(context, form)) } else { analysed(context, form) };
    match analysed? {
        Analysed::Expanded(form) => context.nested(|context| eval(context, &form)),
        Analysed::Node(node, slots) => context.run_top(&node, slots),
    }
}

/// A form that was thought about.
enum Analysed {
    /// It was a macro, and is another form.
    Expanded(Box<Form>),
    /// It can be evaluated, with so many slots.
    Node(Box<Node>, usize),
}

#[inline(never)]
fn analysed(context: &mut Context<'_>, form: &Form) -> Eval<Analysed> {
    // What a macro makes of it may be a `do`, each form of which counts as one at top level.
    if head(form).is_some()
        && let Some(expanded) = Analyser::new(context).expand_top(form)?
    {
        return Ok(Analysed::Expanded(Box::new(expanded)));
    }
    let (node, slots) = Analyser::new(context).top(form)?;
    Ok(Analysed::Node(Box::new(node), slots))
}
