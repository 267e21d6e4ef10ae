//! What a script says before it runs: where it ends too early, and which of its names mean nothing.
//!
//! QuickJS decides what can run. It names only the first mistake, at the place where it gave up, and looks names up when
//! it meets them; a parser that keeps the tree knows more.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Program, Statement, UnaryOperator};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType};
use rquickjs::{Context, Runtime};

use crate::check::{Mistake, MistakeKind};
use crate::suggestion::nearest;
use crate::{EvalError, mentions};

/// Names that every script has, beside those of the language.
const OURS: [&str; 5] = ["params", "inputs", "pt", "console", "arguments"];

/// The same error in clearer words, if the script ends before what it began.
pub(super) fn clearer(text: &str, error: EvalError) -> EvalError {
    if error.message.ends_with(" is not a function") {
        return called(text, error);
    }
    if !error.message.starts_with("SyntaxError") {
        return error;
    }
    if let Some(hint) = other_notation(text) {
        return error.with_hint(hint);
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    let Some(first) = parsed.diagnostics.iter().next() else {
        return if parsed.panicked { error } else { declared_twice(&parsed.program, error) };
    };
    let labels: Vec<(usize, usize)> =
        first.labels.as_ref().iter().map(|label| (label.offset() as usize, label.len() as usize)).collect();
    let missing =
        first.message.strip_prefix("Expected `").and_then(|rest| rest.strip_suffix("` but found `EOF`"));
    let Some(missing) = missing else {
        let unterminated = first.message.starts_with("Unterminated");
        return match labels.first() {
            Some((start, length)) if unterminated => {
                let what = first.message.trim_start_matches("Unterminated ").trim_end_matches('.');
                EvalError {
                    range: Some(*start..start + length),
                    ..EvalError::code(format!("This {what} never ends"))
                }
            }
            _ if error.message == "SyntaxError: expecting ';'" => {
                match error.range.as_ref().and_then(|range| keyword_before(text, range.start)) {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                }
            }
            _ => error,
        };
    };
    let opened = labels.get(1).map(|(start, _)| *start);
    let hint = match opened.map(|at| (at, text.get(at..).and_then(|rest| rest.chars().next()))) {
        Some((at, Some(open))) => {
            let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let line = text[start..at + open.len_utf8()].trim();
            format!("close the `{open}` of `{line}` with `{missing}`")
        }
        _ => format!("add the missing `{missing}`"),
    };
    EvalError { range: Some(end(text)), ..EvalError::code("The code ends too early").with_hint(hint) }
}

/// What a text is that is no script, but something near to one, and what to do about it.
fn other_notation(text: &str) -> Option<String> {
    // Whether it imports something, if it can be read at all.
    let reads = |text: &str, kind: SourceType| {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, kind).with_options(options()).parse();
        let whole = !parsed.panicked && parsed.diagnostics.iter().next().is_none();
        let mut statements = parsed.program.body.iter().filter(|one| one.is_module_declaration());
        whole.then(|| statements.next().map(|one| matches!(one, Statement::ImportDeclaration(_))))
    };
    let object = text.trim().trim_end_matches(';');
    if object.starts_with('{') && reads(&format!("({object})"), kind(text)).is_some() {
        return Some("an object at the beginning needs parentheses: `({…})`".to_owned());
    }
    match reads(text, SourceType::mjs()).flatten() {
        Some(true) => return Some("there is nothing to import: what code may call is in `pt`".to_owned()),
        Some(false) => {
            return Some("nothing is exported: the value is that of the last statement".to_owned());
        }
        None => {}
    }
    let typed = (text.contains(':') || text.contains("interface ") || text.contains(" as "))
        && reads(text, kind(text)).is_none()
        && reads(text, SourceType::ts()).is_some();
    typed.then(|| "this is TypeScript; leave out the types".to_owned())
}

/// A word before the place that is nearly one of the language.
fn keyword_before(text: &str, at: usize) -> Option<String> {
    let word = text.get(..at)?.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next()?;
    let near = nearest(word, KEYWORDS.split_whitespace()).filter(|near| *near != word && word.len() > 2)?;
    Some(format!("did you mean {near}?"))
}

/// Words that others follow.
const KEYWORDS: &str =
    "async await class const export function import let new return static throw typeof var";

/// The error of a name that is declared twice, at the second time: QuickJS gives the place of what follows.
fn declared_twice(program: &Program<'_>, error: EvalError) -> EvalError {
    let found = SemanticBuilder::new().with_check_syntax_error(true).build(program).diagnostics;
    let Some(twice) = found.iter().find(|found| found.message.ends_with("has already been declared")) else {
        return error;
    };
    let Some(second) = twice.labels.get(1) else { return error };
    let start = second.offset() as usize;
    let message = format!("SyntaxError: {}", twice.message.replace('`', "'"));
    EvalError { range: Some(start..start + second.len() as usize), message, ..error }
}

/// The error of a call of what is no function, at what was called: QuickJS gives the place of the last argument.
fn called(text: &str, error: EvalError) -> EvalError {
    let Some(at) = error.range.as_ref().and_then(|range| u32::try_from(range.start).ok()) else {
        return error;
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    if parsed.panicked {
        return error;
    }
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
    let declared: Vec<&str> = semantic.scoping().symbol_names().collect();
    let is_function = |name: &str| declared.contains(&name) || globals().contains(name);
    let around = semantic.nodes().iter().filter_map(|node| {
        let AstKind::CallExpression(call) = node.kind() else { return None };
        (call.span.start..call.span.end).contains(&at).then_some(&call.callee)
    });
    // From without inwards. Where the place is not in the arguments, it is what is called.
    let around: Vec<_> = around.map(|callee| callee.span()).collect();
    if around.iter().any(|callee| (callee.start..callee.end).contains(&at)) {
        return error;
    }
    let text_of = |callee: &oxc_span::Span| &text[callee.start as usize..callee.end as usize];
    let doubtful: Vec<_> = around.iter().filter(|callee| !is_function(text_of(callee))).collect();
    match doubtful.as_slice() {
        [only] => EvalError {
            message: format!("TypeError: {} is not a function", text_of(only)),
            range: Some(only.start as usize..only.end as usize),
            ..error
        },
        // Several calls end here; any of them may be it.
        [first, ..] => EvalError {
            message: "TypeError: one of the calls here is not of a function".to_owned(),
            range: Some(first.start as usize..at as usize + 1),
            ..error
        },
        [] => error,
    }
}

/// Where the statement stands whose value is the script's.
pub(super) fn last_statement(text: &str) -> Option<Range<usize>> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    let span = parsed.program.body.last()?.span();
    Some(span.start as usize..span.end as usize)
}

/// Where the script declares a name for all that follows.
pub(super) fn declaration(text: &str, name: &str) -> Option<Range<usize>> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    let semantic = SemanticBuilder::new().build(&parsed.program).semantic;
    let scoping = semantic.scoping();
    let is_meant =
        |id| scoping.symbol_name(id) == name && scoping.symbol_scope_id(id) == scoping.root_scope_id();
    let span = scoping.symbol_ids().find(|id| is_meant(*id)).map(|id| scoping.symbol_span(id))?;
    Some(span.start as usize..span.end as usize)
}

/// The same text, as long as before, that declares with `var` what it declares for all that follows: so a later line may
/// declare it once more, also when the first one failed.
pub(super) fn with_vars(text: &str) -> String {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    let mut open = text.to_owned();
    for statement in &parsed.program.body {
        let Statement::VariableDeclaration(declaration) = statement else { continue };
        let start = declaration.span.start as usize;
        for (word, var) in [("let", "var"), ("const", "var  ")] {
            if text[start..].starts_with(word) {
                open.replace_range(start..start + word.len(), var);
            }
        }
    }
    open
}

/// Its last character.
fn end(text: &str) -> Range<usize> {
    let end = text.trim_end().len();
    let last = text[..end].chars().next_back().map_or(0, char::len_utf8);
    end - last..end
}

/// The names that neither the script nor anybody else declares.
pub(super) fn unknown_names(text: &str, given: &[&str]) -> Vec<Mistake> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind(text)).with_options(options()).parse();
    if parsed.panicked {
        return Vec::new();
    }
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
    let scoping = semantic.scoping();
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for (name, references) in scoping.root_unresolved_references() {
        let name = name.as_str();
        // A name that is assigned to without a declaration becomes a global one.
        let only_written = |flags: oxc_semantic::ReferenceFlags| flags.is_write() && !flags.is_read();
        let assigned =
            references.iter().any(|reference| only_written(scoping.get_reference(*reference).flags()));
        if assigned || OURS.contains(&name) || given.contains(&name) || globals().contains(name) {
            continue;
        }
        for reference in references {
            let node = scoping.get_reference(*reference).node_id();
            if !asked_for_its_type(&semantic, node) {
                let span = semantic.nodes().kind(node).span();
                found.push((span.start as usize..span.end as usize, name.to_owned()));
            }
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    let declared: Vec<&str> = scoping.symbol_names().collect();
    let known =
        || declared.iter().chain(given).copied().chain(OURS).chain(globals().iter().map(String::as_str));
    let mistake = |(range, name): (Range<usize>, String)| {
        // Everything short is near to everything else that is short.
        let meant = nearest(&name, known()).filter(|_| name.len() > 2).map(str::to_owned);
        Mistake {
            kind: MistakeKind::UnknownName,
            message: format!("Nothing is named {name}"),
            range: Some(range),
            hint: meant.as_ref().map(|near| format!("did you mean {near}?")),
            meant,
        }
    };
    found.into_iter().map(mistake).collect()
}

/// `typeof x` may be asked of names that nobody declared.
fn asked_for_its_type(semantic: &Semantic<'_>, node: oxc_semantic::NodeId) -> bool {
    matches!(semantic.nodes().parent_kind(node), AstKind::UnaryExpression(unary) if unary.operator == UnaryOperator::Typeof)
}

/// Only a module awaits at its top level; here every script may.
fn kind(text: &str) -> SourceType {
    if mentions(text, "await") { SourceType::mjs() } else { SourceType::script() }
}

fn options() -> ParseOptions {
    // Means the same to everyone, and is run.
    ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() }
}

/// Whether every script has this name.
pub(super) fn is_global(name: &str) -> bool {
    OURS.contains(&name) || globals().contains(name)
}

/// What the language itself names.
fn globals() -> &'static BTreeSet<String> {
    static GLOBALS: OnceLock<BTreeSet<String>> = OnceLock::new();
    GLOBALS.get_or_init(|| {
        let names = || {
            let context = Context::full(&Runtime::new()?)?;
            context.with(|ctx| ctx.eval::<Vec<String>, _>("Object.getOwnPropertyNames(globalThis)"))
        };
        names().unwrap_or_default().into_iter().collect()
    })
}
