//! The names of a script: those it defines, and those that mean nothing.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few kinds of statements and expressions bind names, all others are looked into alike"
)]

use std::collections::BTreeSet;
use std::str::FromStr;

use monty_types::{BuiltinsFunctions, ExcType};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprContext, ModModule, Parameters, Stmt, StmtImportFrom,
};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange};

/// Classes and values that every script has, functions and exceptions apart.
const BUILT_IN: [&str; 18] = [
    "bool",
    "int",
    "float",
    "str",
    "bytes",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "range",
    "slice",
    "iter",
    "type",
    "property",
    "object",
    "Ellipsis",
    "NotImplemented",
];

/// The names that a script defines at its outer level.
pub(super) fn defined(script: &str) -> BTreeSet<String> {
    let Ok(module) = parse_module(script) else { return BTreeSet::new() };
    Bindings::of(&module.syntax().body).0
}

/// Where the last statement stands.
pub(super) fn last_statement(script: &str) -> Option<TextRange> {
    parse_module(script).ok()?.syntax().body.last().map(Ranged::range)
}

/// A name without a definition, and where it stands.
pub(super) type Unknown = (String, TextRange);

/// The names that neither the script nor the language defines, nor stand in `given`; and all that are defined.
pub(super) fn unknown(script: &str, given: &[&str]) -> (Vec<Unknown>, BTreeSet<String>) {
    let Ok(module) = parse_module(script) else { return Default::default() };
    let ModModule { body, .. } = module.syntax();
    let mut outer = Bindings::of(body).0;
    outer.extend(given.iter().map(|name| (*name).to_owned()));
    let mut names = Names { scopes: vec![outer], all: BTreeSet::new(), unknown: Vec::new() };
    names.visit_body(body);
    let Names { scopes, mut all, unknown } = names;
    all.extend(scopes.into_iter().flatten());
    // What is imported without a name may be anything.
    if all.contains("*") { (Vec::new(), all) } else { (unknown, all) }
}

/// Whether the language has the name.
fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
        || (name.starts_with("__") && name.ends_with("__"))
        || BuiltinsFunctions::from_str(name).is_ok()
        || ExcType::from_str(name).is_ok()
}

/// What a body defines, bodies within apart. Where in the body does not matter: the interpreter tells what comes too late.
#[derive(Default)]
struct Bindings(BTreeSet<String>);

impl Bindings {
    fn of(body: &[Stmt]) -> Self {
        let mut bindings = Self::default();
        bindings.visit_body(body);
        bindings
    }

    fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    fn of_parameters(parameters: &Parameters) -> Self {
        Self(parameters.iter().map(|parameter| parameter.name().to_string()).collect())
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        import.names.iter().for_each(|alias| self.add(alias.asname.as_ref().unwrap_or(&alias.name)));
    }
}

impl<'a> Visitor<'a> for Bindings {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.add(&function.name),
            Stmt::ClassDef(class) => self.add(&class.name),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let first = alias.name.split('.').next().unwrap_or_default();
                    self.add(alias.asname.as_ref().map_or(first, |name| name));
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(global) => global.names.iter().for_each(|name| self.add(name)),
            Stmt::Nonlocal(nonlocal) => nonlocal.names.iter().for_each(|name| self.add(name)),
            other => walk_stmt(self, other),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        inner.name.iter().for_each(|name| self.add(name));
        ruff_python_ast::visitor::walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => self.add(&name.id),
            Expr::Lambda(_) => {}
            other => walk_expr(self, other),
        }
    }

    /// Its targets are its own; what `:=` defines within is not.
    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        self.visit_expr(&comprehension.iter);
        comprehension.ifs.iter().for_each(|condition| self.visit_expr(condition));
    }
}

/// Looks up whatever is read.
struct Names {
    scopes: Vec<BTreeSet<String>>,
    /// What inner scopes defined.
    all: BTreeSet<String>,
    unknown: Vec<Unknown>,
}

impl Names {
    fn within(&mut self, scope: Bindings, visit: impl FnOnce(&mut Self)) {
        self.scopes.push(scope.0);
        visit(self);
        self.all.extend(self.scopes.pop().unwrap_or_default());
    }

    fn comprehension<'a>(&mut self, generators: &'a [Comprehension], results: &[&'a Expr]) {
        // The first list is looked up outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let mut targets = Bindings::default();
        generators.iter().for_each(|generator| targets.visit_expr(&generator.target));
        self.within(targets, |names| {
            for (at, generator) in generators.iter().enumerate() {
                if at > 0 {
                    names.visit_expr(&generator.iter);
                }
                generator.ifs.iter().for_each(|condition| names.visit_expr(condition));
            }
            results.iter().for_each(|result| names.visit_expr(result));
        });
    }
}

impl<'a> Visitor<'a> for Names {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                let mut scope = Bindings::of(&function.body);
                scope.0.extend(Bindings::of_parameters(&function.parameters).0);
                self.within(scope, |names| names.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                class.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
                self.within(Bindings::of(&class.body), |names| names.visit_body(&class.body));
            }
            other => walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                let known = || self.scopes.iter().any(|scope| scope.contains(name.id.as_str()));
                if name.ctx == ExprContext::Load && !is_built_in(&name.id) && !known() {
                    self.unknown.push((name.id.to_string(), name.range()));
                }
            }
            Expr::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|parameters| self.visit_parameters(parameters));
                let parameters = lambda.parameters.as_deref().map(Bindings::of_parameters);
                self.within(parameters.unwrap_or_default(), |names| names.visit_expr(&lambda.body));
            }
            Expr::ListComp(list) => self.comprehension(&list.generators, &[&list.elt]),
            Expr::SetComp(set) => self.comprehension(&set.generators, &[&set.elt]),
            Expr::Generator(generator) => self.comprehension(&generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => {
                let results: Vec<&Expr> = dict.key.as_deref().into_iter().chain([&*dict.value]).collect();
                self.comprehension(&dict.generators, &results);
            }
            other => walk_expr(self, other),
        }
    }

    /// Hints are not looked up when the script runs.
    fn visit_annotation(&mut self, _: &'a Expr) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_definition() {
        for (script, expected) in [
            ("params['x'] + len(inputs)", ""),
            ("nam + other", "nam other"),
            ("x = 1\ndef f(a, *b, c=x, **d):\n    return a + x + y\nf(b)", "y b"),
            ("[n * m for n in range(3) if n]\nn", "m n"),
            ("[y for x in params for y in x]", ""),
            ("{k: v for k, v in items}", "items"),
            ("f = lambda a, b=c: a + b + d", "c d"),
            ("if (n := 3) > 2: n", ""),
            ("any((hit := x) for x in params)\nhit", ""),
            ("try:\n    1\nexcept ValueError as e:\n    str(e)\nexcept Oops: 1", "Oops"),
            (
                "import json, os.path as p\nfrom re import sub as s, match\njson.dumps(p, s(match))\nsub",
                "sub",
            ),
            ("class A:\n    x: int = 1\n    def twice(self) -> B: return self.x * y\nA().twice()", "y"),
            (
                "def outer():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n    up()\nouter()",
                "",
            ),
            ("def f():\n    global g\n    g = 1\nf()\nprint(__name__, f'{h}')", "h"),
            ("with pt as p: p\nfor i, (a, *r) in []: a, r, i\nprint(reload('1'))", "reload"),
            ("from math import *\nsqrt(2)", ""),
            ("def f(", ""),
        ] {
            let (unknown, _) = unknown(script, &["params", "inputs", "pt"]);
            let names: Vec<String> = unknown.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names.join(" "), expected, "{script}");
        }
    }
}
