//! What reading gives.

use num_bigint::BigInt;

use crate::Name;

/// Where a form stood: byte offsets into the text, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

/// A piece of data or code as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Where it stood.
    pub span: Span,
    /// What it is.
    pub kind: FormKind,
    /// Metadata put on it with `^`, as the pairs of a map; empty for most forms.
    pub meta: Vec<(Self, Self)>,
}

/// The kinds of form.
#[derive(Clone, Debug, PartialEq)]
pub enum FormKind {
    /// `nil`
    Nil,
    /// `true`, `false`
    Bool(bool),
    /// `42`, `0x2A`, `2r101010`
    Int(i64),
    /// `42N`, or an integer beyond 64 bits.
    BigInt(BigInt),
    /// `1.5`, `##Inf`
    Float(f64),
    /// `1/3`: numerator and denominator in lowest terms, denominator above one.
    Ratio(Box<(BigInt, BigInt)>),
    /// `1.50M`: the digits as written, without the `M`.
    Decimal(Box<str>),
    /// `\a`, `\newline`
    Char(char),
    /// `"text"`, escapes resolved.
    String(Box<str>),
    /// `#"a+"` (Clojure), the pattern as written.
    Regex(Box<str>),
    /// `name`, `ns/name`
    Symbol(Name),
    /// `:name`, `:ns/name`, without the colon.
    Keyword(Name),
    /// `(…)`
    List(Vec<Form>),
    /// `[…]`
    Vector(Vec<Form>),
    /// `{…}`, pairs in the order written.
    Map(Vec<(Form, Form)>),
    /// `#{…}`, members in the order written.
    Set(Vec<Form>),
    /// `#tag form`
    Tagged(Name, Box<Form>),
    /// `#(…)` (Clojure), with `%`, `%1`, `%&` still symbols.
    Fn(Vec<Form>),
    /// `'x` (Clojure)
    Quote(Box<Form>),
    /// `@x` (Clojure)
    Deref(Box<Form>),
    /// `` `x `` (Clojure)
    SyntaxQuote(Box<Form>),
    /// `~x` (Clojure)
    Unquote(Box<Form>),
    /// `~@x` (Clojure)
    UnquoteSplicing(Box<Form>),
    /// `#'x` (Clojure)
    Var(Box<Form>),
}

impl Form {
    /// A form without metadata.
    pub fn new(kind: FormKind, span: Span) -> Self {
        Self { span, kind, meta: Vec::new() }
    }
}
