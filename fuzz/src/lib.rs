//! What must hold of every text.
//!
//! Each function takes a text and panics where a law does not hold. The targets hand them what the fuzzer thinks of; that
//! each text is dealt with in bounded time and memory is watched by the fuzzer itself.

use std::time::{Duration, Instant};

use pt_clj::{Context, Limits, Program};
use pt_eval::{Language, NoHost, Occasion, Scope, Snippet};
use pt_model::{Data, Map, Masker};
use pt_spec::{Type, plain};
use pt_syntax::{
    Format, ModuleRef, Node, NodeKind, Parsed, Piece, Reading, SourceId, Sources, Span, Style, TargetCall,
    near_miss, parse, parse_flow, references, render,
};

/// Reading a document ends without a panic; places lie inside the text; what is said can be drawn.
pub fn document(text: &str, format: Format) {
    let parsed = read(text, format);
    let mut sources = Sources::default();
    sources.add("polytope", text);
    let said = render(&parsed.diagnostics, &sources, Style::default());
    assert_eq!(said.is_empty(), parsed.diagnostics.is_empty());
    for label in parsed.diagnostics.iter().flat_map(|found| &found.labels) {
        inside(label.span, text);
    }
    inside_all(&parsed.document.root, text);
}

/// Texts of args are read without a panic, and the places of references lie where they stand.
pub fn reference(text: &str) {
    match references(text) {
        Reading::Literal => {}
        Reading::Whole(reference) => {
            assert_eq!(&text[reference.name_range], reference.name);
            assert_eq!(&text[reference.range], text.trim());
        }
        Reading::Interpolated(pieces) => {
            let written = |piece: &Piece<'_>| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Reference(reference) => text[reference.range.clone()].to_owned(),
            };
            assert_eq!(pieces.iter().map(written).collect::<String>(), text);
        }
        Reading::Code(code) => assert_eq!(&text[code.body_offset..], code.body),
    }
    if let Some(miss) = near_miss(text) {
        assert!(text.get(miss.range).is_some());
    }
    if let Ok(named) = ModuleRef::parse(text) {
        assert_eq!(named.to_string(), text);
    }
    for found in parse_flow(SourceId(0), text, 0).diagnostics {
        found.labels.iter().for_each(|label| inside(label.span, text));
    }
    drop(TargetCall::parse(SourceId(0), text));
}

/// Anything is a type or a mistake. What a type shows reads as the same type, and what it accepts it accepts again.
pub fn types(text: &str) {
    // A type, and perhaps a value on the next line.
    let (written, value) = text.split_once('\n').unwrap_or((text, "null"));
    let parsed = read(written, Format::Yaml);
    if parsed.has_errors() {
        return;
    }
    let ty = Type::lower(&parsed.document.root);
    let shown = ty.describe();
    _ = (ty.is_optional(), ty.is_text(), ty.holds_services());
    let data = plain(&read(value, Format::Yaml).document.root);
    match ty.check(&data) {
        Ok(checked) => {
            ty.services_in(&checked);
            let again = ty.check(&checked);
            assert!(again.is_ok() || !has_sound_defaults(&ty), "{shown} accepts {data} as {checked}, and not that: {again:?}");
        }
        Err(errors) => assert!(!errors.is_empty(), "{shown} refuses {data} without a reason"),
    }
}

/// Whether all defaults are of their types: they are taken as they are.
fn has_sound_defaults(ty: &Type) -> bool {
    match ty {
        Type::Default(of, value) => has_sound_defaults(of) && (value.is_null() || of.check(value).is_ok()),
        Type::List(of) | Type::Maybe(of) => has_sound_defaults(of),
        Type::MapOf(key, value) => has_sound_defaults(key) && has_sound_defaults(value),
        Type::Fields(fields) => fields.iter().all(|(_, of)| has_sound_defaults(of)),
        Type::Either(types) => types.iter().all(has_sound_defaults),
        Type::Atom(_) | Type::AnyMap | Type::Enum(_) | Type::Regex(_) | Type::Unknown(_) => true,
    }
}

/// What is laid out is laid out, and says the same.
pub fn formatted(text: &str, notation: Format) {
    let Ok(once) = pt_format::format(SourceId(0), text, notation) else { return };
    let twice = pt_format::format(SourceId(0), &once, notation);
    assert_eq!(twice.as_deref(), Ok(once.as_str()), "{text:?}");
    let (before, after) = (read(text, notation).document.root, read(&once, notation).document.root);
    assert!(without_places(before) == without_places(after), "{text:?}\nbecomes\n{once:?}");
}

/// A program of whatever text ends with a value or an error, soon, and with little memory.
pub fn clojure(text: &str) {
    let Ok(program) = Program::compile(text) else { return };
    let limits = Limits {
        deadline: Some(Instant::now() + Duration::from_secs(1)),
        fuel: Some(100_000),
        memory: Some(64 << 20),
        ..Limits::default()
    };
    drop(program.check(&mut Context::new().with_limits(limits.clone())));
    drop(program.run(&mut Context::new().with_limits(limits)));
}

/// Code of whatever text ends with a value or an error, soon, and with little memory; what is said of it points into it.
pub fn code(language: Language, text: &str) {
    let snippet = Snippet { language, text, settings: false };
    for mistake in pt_eval::check(&snippet, Occasion::Code, &[]) {
        assert!(mistake.range.is_none_or(|range| text.get(range).is_some()));
    }
    let params: Map = [("some-key".into(), Data::from("text"))].into_iter().collect();
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &Masker::default() };
    let limits = pt_eval::Limits { time: Some(Duration::from_millis(200)), memory: 16 << 20, ..pt_eval::Limits::default() };
    for value in [pt_eval::evaluate(&snippet, &scope, &limits), pt_eval::run(&snippet, &scope, &limits, &mut NoHost)] {
        let Err(error) = value else { continue };
        assert!(!error.message.is_empty());
        for range in error.range.into_iter().chain(error.calls) {
            assert!(text.get(range.clone()).is_some(), "{range:?}: {}", error.message);
        }
    }
}

fn read(text: &str, format: Format) -> Parsed {
    parse(SourceId(0), text, format)
}

fn inside(span: Span, text: &str) {
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
}

fn inside_all(node: &Node, text: &str) {
    inside(node.span, text);
    if let NodeKind::Str(decoded) = &node.kind {
        inside(node.span_within(text, 0..decoded.len()), text);
    }
    for entry in node.entries() {
        inside(entry.key_span, text);
        inside_all(&entry.value, text);
    }
    node.items().iter().for_each(|item| inside_all(item, text));
}

fn without_places(mut node: Node) -> String {
    fn clear(node: &mut Node) {
        let nowhere = Span { source: SourceId(0), start: 0, end: 0 };
        node.span = nowhere;
        match &mut node.kind {
            NodeKind::List(items) => items.iter_mut().for_each(clear),
            NodeKind::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.key_span = nowhere;
                clear(&mut entry.value);
            }),
            _ => {}
        }
    }
    clear(&mut node);
    // As text, since no number is equal to what is none.
    format!("{node:?}")
}
