//! Source text to something that runs.

use pt_edn::{Form, ReadError, Reader};

use crate::analyse::Analyser;
use crate::context::Context;
use crate::exception::Eval;
use crate::{Error, Value};

/// A program that was read.
///
/// Each top-level form is analysed when its turn comes, since the forms before it may define what its words mean.
#[derive(Clone, Debug)]
pub struct Program {
    forms: Vec<Form>,
    warnings: Vec<ReadError>,
}

impl Program {
    /// Reads a program.
    pub fn compile(source: &str) -> Result<Self, Error> {
        let mut reader = Reader::new(source);
        let mut forms = Vec::new();
        while let Some(form) = reader.read_next() {
            forms.push(form?);
        }
        Ok(Self { forms, warnings: reader.warnings().to_vec() })
    }

    /// Closing brackets that close nothing, and were skipped.
    pub fn warnings(&self) -> &[ReadError] {
        &self.warnings
    }

    /// Runs the forms in order; gives the value of the last, with every sequence in it computed.
    pub fn run(&self, context: &mut Context<'_>) -> Result<Value, Error> {
        let result = context.within_stack(|context| self.run_forms(context));
        context.stack.clear();
        context.captured.clear();
        result.map_err(Error::from)
    }

    fn run_forms(&self, context: &mut Context<'_>) -> Eval {
        let mut value = Value::Nil;
        for form in &self.forms {
            value = eval(context, form)?;
        }
        crate::equal::realise(context, &value)?;
        Ok(value)
    }
}

/// Analyses and evaluates one form outside of any function.
pub(crate) fn eval(context: &mut Context<'_>, form: &Form) -> Eval {
    // Each form of a top-level `do` counts as one at top level: it may define macros for the next.
    if let pt_edn::FormKind::List(items) = &form.kind
        && let Some((pt_edn::FormKind::Symbol(head), rest)) =
            items.split_first().map(|(head, rest)| (&head.kind, rest))
        && head.as_str() == "do"
    {
        let mut value = Value::Nil;
        for form in rest {
            context.check_stack()?;
            value = eval(context, form)?;
        }
        return Ok(value);
    }
    let (node, slots) = Analyser::new(context).top(form)?;
    context.run_top(&node, slots)
}
