//! Macros of the program and of the prelude.

use pt_edn::{Form, FormKind, Span};

use super::{Analyser, Meaning, special};
use crate::Value;
use crate::core::Core;
use crate::exception::Eval;

impl Analyser<'_, '_> {
    /// Calls a macro of the program.
    pub(super) fn expand_user(&mut self, at: u32, form: &Form, args: &[Form], span: Span) -> Eval<Form> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(crate::convert::quoted(self.context, arg)?);
        }
        let function = self.context.globals[at as usize].clone().unwrap_or_default();
        let call = crate::convert::quoted(self.context, form)?;
        let names = self.scopes.iter().flat_map(|scope| {
            scope
                .name
                .iter()
                .chain(scope.locals.iter().map(|local| &local.name))
                .filter(|name| !name.is_empty())
        });
        let locals = Value::map(names.map(|name| (Value::symbol(name), Value::Nil)));
        let locals = if locals.as_map().is_some_and(crate::Map::is_empty) { Value::Nil } else { locals };
        self.context.expanding.push((call, locals));
        let expanded = self.context.call(&function, &mut values).map_err(|signal| signal.at(span));
        self.context.expanding.pop();
        let expanded = expanded?;
        crate::convert::form(self.context, &expanded, span)
    }

    /// The form that a call of a macro of the program or the prelude stands for; none for anything else.
    pub(crate) fn expand_top(&mut self, form: &Form) -> Eval<Option<Form>> {
        let FormKind::List(items) = &form.kind else { return Ok(None) };
        let Some((head, args)) = items.split_first() else { return Ok(None) };
        let FormKind::Symbol(name) = &head.kind else { return Ok(None) };
        match self.meaning(name)? {
            Some(Meaning::Global(at)) if self.context.macros.contains(&at) => {
                self.expand_user(at, form, args, form.span).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The form that a call of an expanding macro stands for; none for anything else.
    pub(crate) fn expand_once(&mut self, form: &Form) -> Eval<Option<Form>> {
        let FormKind::List(items) = &form.kind else { return Ok(None) };
        let Some((head, args)) = items.split_first() else { return Ok(None) };
        let FormKind::Symbol(name) = &head.kind else { return Ok(None) };
        match self.meaning(name)? {
            Some(Meaning::Global(at)) if self.context.macros.contains(&at) => {
                self.expand_user(at, form, args, form.span).map(Some)
            }
            Some(Meaning::Core(Core::Macro(expand))) => match expand(args, form.span) {
                Ok(expanded) => Ok(Some(expanded)),
                Err(message) => self.error(form.span, message),
            },
            Some(Meaning::Core(Core::Special(_))) => Ok(special::as_macro(name.local(), args, form.span)),
            Some(Meaning::Core(_) | Meaning::Global(_)) => Ok(None),
            None if name.as_str().starts_with('.') && args.is_empty() => {
                self.error(form.span, "Malformed member expression, expecting (.member target ...)")
            }
            None => Ok(special::as_member(name, args, form.span)),
        }
    }
}
