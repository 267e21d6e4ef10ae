//! Exceptions, and the classes they and other values say they are.

use std::sync::Arc;

use pt_edn::Span;

use crate::Value;

/// An exception as Clojure code sees it.
#[derive(Clone)]
pub struct Exception {
    /// Its class, such as `clojure.lang.ExceptionInfo`.
    pub class: Class,
    /// What went wrong.
    pub message: Option<String>,
    /// The map of an `ex-info`; nil otherwise.
    pub data: Value,
    /// The exception that led to it; nil if none.
    pub cause: Value,
}

impl Exception {
    /// An exception of a class named as in Clojure, `RuntimeException` for an unknown name.
    pub fn new(class: &str, message: impl Into<String>) -> Self {
        let class = class_named(class).unwrap_or(&RUNTIME_EXCEPTION);
        Self { class, message: Some(message.into()), data: Value::Nil, cause: Value::Nil }
    }

    /// What `(ex-info message data)` makes.
    pub fn info(message: impl Into<String>, data: Value) -> Self {
        Self { data, ..Self::new("ExceptionInfo", message) }
    }
}

/// A thrown exception on its way.
#[derive(Clone)]
pub(crate) struct Thrown {
    pub(crate) exception: Arc<Exception>,
    pub(crate) span: Option<Span>,
    /// Set when the embedder stops the program: no `catch` sees it.
    pub(crate) stop: Option<Stop>,
    /// Names near one that could not be resolved.
    pub(crate) suggestions: Vec<String>,
}

/// Why a program was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The interrupt flag was set.
    Interrupted,
    /// The deadline passed.
    Deadline,
    /// The fuel was used up.
    Fuel,
}

/// Why evaluation of a node did not end with a value.
pub(crate) enum Signal {
    /// Back to the nearest `loop` or function.
    Recur,
    Throw(Box<Thrown>),
}

impl From<Box<Thrown>> for Signal {
    fn from(thrown: Box<Thrown>) -> Self {
        Self::Throw(thrown)
    }
}

impl From<Exception> for Signal {
    #[cold]
    fn from(exception: Exception) -> Self {
        Arc::new(exception).into()
    }
}

impl From<Arc<Exception>> for Signal {
    #[cold]
    fn from(exception: Arc<Exception>) -> Self {
        Self::Throw(Box::new(Thrown { exception, span: None, stop: None, suggestions: Vec::new() }))
    }
}

pub(crate) type Eval<T = Value> = Result<T, Signal>;

/// A class: its name, and the name of the one above it among exceptions.
#[derive(Debug)]
pub struct ClassInfo {
    /// As `(type x)` prints it.
    pub full: &'static str,
    above: &'static str,
}

/// A class by reference: there are only those listed here.
pub type Class = &'static ClassInfo;

impl ClassInfo {
    /// The name without its package.
    pub fn short(&self) -> &'static str {
        self.full.rsplit('.').next().unwrap_or(self.full)
    }
}

static RUNTIME_EXCEPTION: ClassInfo = ClassInfo { full: "java.lang.RuntimeException", above: "Exception" };

macro_rules! classes {
    ($($full:literal < $above:literal),* $(,)?) => {
        static CLASSES: &[ClassInfo] = &[$(ClassInfo { full: $full, above: $above }),*];
    };
}

classes! {
    "java.lang.Throwable" < "",
    "java.lang.Exception" < "Throwable",
    "java.lang.Error" < "Throwable",
    "java.lang.RuntimeException" < "Exception",
    "java.lang.ArithmeticException" < "RuntimeException",
    "java.lang.IllegalArgumentException" < "RuntimeException",
    "java.lang.IllegalStateException" < "RuntimeException",
    "java.lang.UnsupportedOperationException" < "RuntimeException",
    "java.lang.ClassCastException" < "RuntimeException",
    "java.lang.NullPointerException" < "RuntimeException",
    "java.lang.IndexOutOfBoundsException" < "RuntimeException",
    "java.lang.StringIndexOutOfBoundsException" < "IndexOutOfBoundsException",
    "java.lang.NumberFormatException" < "IllegalArgumentException",
    "java.util.regex.PatternSyntaxException" < "IllegalArgumentException",
    "java.util.IllegalFormatException" < "IllegalArgumentException",
    "java.lang.InterruptedException" < "Exception",
    "java.io.IOException" < "Exception",
    "java.lang.AssertionError" < "Error",
    "java.lang.StackOverflowError" < "Error",
    "clojure.lang.ExceptionInfo" < "RuntimeException",
    "clojure.lang.ArityException" < "IllegalArgumentException",
    "java.lang.Object" < "",
    "java.lang.String" < "Object",
    "java.lang.CharSequence" < "Object",
    "java.lang.Number" < "Object",
    "java.lang.Long" < "Number",
    "java.lang.Integer" < "Number",
    "java.lang.Double" < "Number",
    "java.lang.Float" < "Number",
    "clojure.lang.BigInt" < "Number",
    "clojure.lang.Ratio" < "Number",
    "java.lang.Boolean" < "Object",
    "java.lang.Character" < "Object",
    "java.util.UUID" < "Object",
    "java.util.regex.Pattern" < "Object",
    "java.lang.Class" < "Object",
    "java.lang.Math" < "Object",
    "java.lang.System" < "Object",
    "java.lang.Thread" < "Object",
    "clojure.lang.IFn" < "Object",
    "clojure.lang.Keyword" < "IFn",
    "clojure.lang.Symbol" < "IFn",
    "clojure.lang.AFunction" < "IFn",
    "clojure.lang.PersistentArrayMap" < "IPersistentMap",
    "clojure.lang.PersistentHashMap" < "IPersistentMap",
    "clojure.lang.PersistentVector" < "IPersistentVector",
    "clojure.lang.PersistentHashSet" < "IPersistentSet",
    "clojure.lang.PersistentList" < "ISeq",
    "clojure.lang.PersistentList$EmptyList" < "ISeq",
    "clojure.lang.Cons" < "ISeq",
    "clojure.lang.ChunkedCons" < "ISeq",
    "clojure.lang.LongRange" < "ISeq",
    "clojure.lang.LazySeq" < "ISeq",
    "clojure.lang.IPersistentMap" < "IPersistentCollection",
    "clojure.lang.IPersistentVector" < "IPersistentCollection",
    "clojure.lang.IPersistentSet" < "IPersistentCollection",
    "clojure.lang.ISeq" < "IPersistentCollection",
    "clojure.lang.IPersistentCollection" < "Object",
    "clojure.lang.Var" < "IFn",
    "clojure.lang.Atom" < "IDeref",
    "clojure.lang.Volatile" < "IDeref",
    "clojure.lang.Delay" < "IDeref",
    "clojure.lang.Reduced" < "IDeref",
    "clojure.lang.IDeref" < "Object",
}

/// The class of a short or full name.
pub(crate) fn class_named(name: &str) -> Option<Class> {
    CLASSES.iter().find(|class| class.full == name || class.short() == name)
}

/// Whether the class is the other or below it.
pub(crate) fn is_a(class: Class, other: Class) -> bool {
    let mut at = Some(class);
    while let Some(class) = at {
        if class.full == other.full {
            return true;
        }
        at = class_named(class.above);
    }
    false
}

/// What `(class value)` gives for anything but nil.
pub(crate) fn class_of(value: &Value) -> Class {
    let name = match value {
        Value::Nil => "Object",
        Value::Bool(_) => "Boolean",
        Value::Int(_) => "Long",
        Value::Float(_) => "Double",
        Value::Char(_) => "Character",
        Value::BigInt(_) => "BigInt",
        Value::Ratio(_) => "Ratio",
        Value::Str(_) => "String",
        Value::Keyword(_) => "Keyword",
        Value::Symbol(_) => "Symbol",
        Value::List(seq) if seq.is_empty() => "clojure.lang.PersistentList$EmptyList",
        Value::List(seq) if seq.is_list() => "PersistentList",
        Value::List(seq) => match seq.0 {
            crate::seq::Repr::Range { .. } => "LongRange",
            crate::seq::Repr::Items { .. } => "ChunkedCons",
            _ => "Cons",
        },
        Value::Vector(_) => "PersistentVector",
        Value::Map(map) if map.is_small() => "PersistentArrayMap",
        Value::Map(_) => "PersistentHashMap",
        Value::Set(_) => "PersistentHashSet",
        Value::Lazy(_) => "LazySeq",
        Value::Native(_) | Value::Fn(_) => "AFunction",
        Value::Cell(cell) if cell.volatile => "Volatile",
        Value::Cell(_) => "Atom",
        Value::Delay(_) => "Delay",
        Value::Reduced(_) => "Reduced",
        Value::Exception(exception) => return exception.class,
        Value::Regex(_) => "Pattern",
        Value::Class(_) => "Class",
        Value::Uuid(_) => "UUID",
        Value::Var(_) => "Var",
    };
    class_named(name).unwrap_or(&RUNTIME_EXCEPTION)
}
