//! Classes of Java and Clojure: the names that values and exceptions say they are instances of.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Value;
use crate::types::Object;

/// A class or interface: its name, and those directly above it.
#[derive(Debug)]
pub struct ClassInfo {
    /// As `(type x)` prints it.
    pub full: &'static str,
    above: &'static [&'static str],
}

/// A class by reference: there are only those listed here.
pub type Class = &'static ClassInfo;

impl ClassInfo {
    /// The name without its package.
    pub fn short(&self) -> &'static str {
        self.full.rsplit(['.', '$']).next().unwrap_or(self.full)
    }

    /// The names of those directly above.
    pub(crate) fn above(&self) -> impl Iterator<Item = Class> {
        self.above.iter().filter_map(|name| class_named(name))
    }
}

macro_rules! classes {
    ($($full:literal $(< $($above:literal)+)?),* $(,)?) => {
        static CLASSES: &[ClassInfo] = &[$(ClassInfo { full: $full, above: &[$($($above),+)?] }),*];
    };
}

classes! {
    "java.lang.Object",
    "java.lang.Throwable" < "Object",
    "java.lang.Exception" < "Throwable",
    "java.lang.Error" < "Throwable",
    "java.lang.RuntimeException" < "Exception",
    "java.lang.ArithmeticException" < "RuntimeException",
    "java.lang.IllegalArgumentException" < "RuntimeException",
    "java.lang.IllegalStateException" < "RuntimeException",
    "java.lang.UnsupportedOperationException" < "RuntimeException",
    "java.lang.ClassCastException" < "RuntimeException",
    "java.lang.NullPointerException" < "RuntimeException",
    "java.lang.NegativeArraySizeException" < "RuntimeException",
    "java.lang.ArrayStoreException" < "RuntimeException",
    "java.lang.IndexOutOfBoundsException" < "RuntimeException",
    "java.lang.StringIndexOutOfBoundsException" < "IndexOutOfBoundsException",
    "java.lang.ArrayIndexOutOfBoundsException" < "IndexOutOfBoundsException",
    "java.lang.NumberFormatException" < "IllegalArgumentException",
    "java.util.NoSuchElementException" < "RuntimeException",
    "java.util.ConcurrentModificationException" < "RuntimeException",
    "java.util.regex.PatternSyntaxException" < "IllegalArgumentException",
    "java.util.IllegalFormatException" < "IllegalArgumentException",
    "java.util.UnknownFormatConversionException" < "IllegalFormatException",
    "java.util.MissingFormatArgumentException" < "IllegalFormatException",
    "java.util.IllegalFormatConversionException" < "IllegalFormatException",
    "java.util.DuplicateFormatFlagsException" < "IllegalFormatException",
    "java.time.format.DateTimeParseException" < "RuntimeException",
    "java.lang.InterruptedException" < "Exception",
    "java.lang.ClassNotFoundException" < "Exception",
    "java.util.concurrent.TimeoutException" < "Exception",
    "java.util.concurrent.ExecutionException" < "Exception",
    "java.util.concurrent.CancellationException" < "IllegalStateException",
    "java.io.IOException" < "Exception",
    "java.io.FileNotFoundException" < "IOException",
    "java.lang.AssertionError" < "Error",
    "java.lang.StackOverflowError" < "Error",
    "java.lang.OutOfMemoryError" < "Error",
    "clojure.lang.ExceptionInfo" < "RuntimeException" "IExceptionInfo",
    "clojure.lang.ArityException" < "IllegalArgumentException",
    "clojure.lang.Compiler$CompilerException" < "RuntimeException" "IExceptionInfo",
    "clojure.lang.IExceptionInfo",
    "java.io.Serializable",
    "java.lang.Comparable",
    "java.lang.Iterable",
    "java.lang.Runnable",
    "java.lang.CharSequence",
    "java.util.concurrent.Callable",
    "java.util.Comparator",
    "java.util.Collection" < "Iterable",
    "java.util.List" < "Collection",
    "java.util.Set" < "Collection",
    "java.util.Map",
    "java.util.Map$Entry",
    "java.util.ArrayList" < "List" "Object",
    "java.util.HashMap" < "java.util.Map" "Object",
    "java.util.HashSet" < "java.util.Set" "Object",
    "java.util.RandomAccess",
    "java.util.concurrent.Future",
    "java.lang.String" < "Object" "CharSequence" "Comparable" "Serializable",
    "java.lang.StringBuilder" < "Object" "CharSequence",
    "java.lang.StringBuffer" < "Object" "CharSequence",
    "java.io.StringWriter" < "Object",
    "java.io.PrintWriter" < "Object",
    "java.lang.IllegalAccessError" < "Error",
    "java.util.LinkedList" < "List" "Object",
    "java.util.LinkedHashMap" < "java.util.Map" "Object",
    "java.util.LinkedHashSet" < "java.util.Set" "Object",
    "java.util.TreeMap" < "java.util.Map" "Object",
    "java.lang.Number" < "Object" "Serializable",
    "java.lang.Long" < "Number" "Comparable",
    "java.lang.Integer" < "Number" "Comparable",
    "java.lang.Short" < "Number" "Comparable",
    "java.lang.Byte" < "Number" "Comparable",
    "java.lang.Double" < "Number" "Comparable",
    "java.lang.Float" < "Number" "Comparable",
    "java.math.BigDecimal" < "Number" "Comparable",
    "java.math.BigInteger" < "Number" "Comparable",
    "java.math.MathContext" < "Object",
    "java.math.RoundingMode" < "Object",
    "clojure.lang.BigInt" < "Number",
    "clojure.lang.Ratio" < "Number" "Comparable",
    "java.lang.Boolean" < "Object" "Comparable" "Serializable",
    "java.lang.Character" < "Object" "Comparable" "Serializable",
    "java.lang.Void" < "Object",
    "java.util.UUID" < "Object" "Comparable" "Serializable",
    "java.util.Date" < "Object" "Comparable" "Serializable",
    "java.sql.Timestamp" < "Date",
    "java.time.Instant" < "Object" "Comparable",
    "java.net.URI" < "Object",
    "java.util.regex.Pattern" < "Object" "Serializable",
    "java.util.regex.Matcher" < "Object",
    "java.lang.Class" < "Object" "Serializable",
    "java.lang.Math" < "Object",
    "java.lang.StrictMath" < "Object",
    "java.lang.System" < "Object",
    "java.lang.Thread" < "Object",
    "java.util.Arrays" < "Object",
    "java.util.Collections" < "Object",
    "clojure.lang.Counted",
    "clojure.lang.Indexed" < "Counted",
    "clojure.lang.Seqable",
    "clojure.lang.Sequential",
    "clojure.lang.Sorted",
    "clojure.lang.Named",
    "clojure.lang.Reversible",
    "clojure.lang.ILookup",
    "clojure.lang.IMeta",
    "clojure.lang.IObj" < "IMeta",
    "clojure.lang.IHashEq",
    "clojure.lang.IPending",
    "clojure.lang.IDeref",
    "clojure.lang.IBlockingDeref",
    "clojure.lang.IRecord",
    "clojure.lang.IType",
    "clojure.lang.IReduceInit",
    "clojure.lang.IReduce" < "IReduceInit",
    "clojure.lang.IKVReduce",
    "clojure.lang.IRef" < "IDeref",
    "clojure.lang.IReference" < "IMeta",
    "clojure.lang.IAtom",
    "clojure.lang.IAtom2" < "IAtom",
    "clojure.lang.MapEquivalence",
    "clojure.lang.IFn" < "Callable" "Runnable",
    "clojure.lang.Fn",
    "clojure.lang.IPersistentCollection" < "Seqable",
    "clojure.lang.ISeq" < "IPersistentCollection",
    "clojure.lang.IChunkedSeq" < "ISeq" "Sequential",
    "clojure.lang.IPersistentStack" < "IPersistentCollection",
    "clojure.lang.IPersistentList" < "Sequential" "IPersistentStack",
    "clojure.lang.Associative" < "IPersistentCollection" "ILookup",
    "clojure.lang.IPersistentMap" < "Iterable" "Associative" "Counted",
    "clojure.lang.IPersistentVector" < "Associative" "Sequential" "IPersistentStack" "Reversible" "Indexed",
    "clojure.lang.IPersistentSet" < "IPersistentCollection" "Counted",
    "clojure.lang.IMapEntry" < "Entry",
    "clojure.lang.IEditableCollection",
    "clojure.lang.ITransientCollection",
    "clojure.lang.ITransientAssociative" < "ITransientCollection" "ILookup",
    "clojure.lang.ITransientMap" < "ITransientAssociative" "Counted",
    "clojure.lang.ITransientVector" < "ITransientAssociative" "Indexed",
    "clojure.lang.ITransientSet" < "ITransientCollection" "Counted",
    "clojure.lang.Keyword" < "Object" "IFn" "Comparable" "Named" "Serializable" "IHashEq",
    "clojure.lang.Symbol" < "AFn" "IObj" "Comparable" "Named" "Serializable" "IHashEq",
    "clojure.lang.AFn" < "Object" "IFn",
    "clojure.lang.AFunction" < "AFn" "IObj" "Comparator" "Fn" "Serializable",
    "clojure.lang.RestFn" < "AFunction",
    "clojure.lang.MultiFn" < "AFn",
    "clojure.lang.APersistentMap" < "AFn" "IPersistentMap" "java.util.Map" "IHashEq" "MapEquivalence" "Serializable",
    "clojure.lang.PersistentArrayMap" < "APersistentMap" "IObj" "IEditableCollection" "IKVReduce",
    "clojure.lang.PersistentHashMap" < "APersistentMap" "IObj" "IEditableCollection" "IKVReduce",
    "clojure.lang.PersistentTreeMap" < "APersistentMap" "IObj" "Sorted" "Reversible" "IKVReduce",
    "clojure.lang.APersistentVector" < "AFn" "IPersistentVector" "java.util.List" "RandomAccess" "Comparable" "IHashEq" "Serializable",
    "clojure.lang.PersistentVector" < "APersistentVector" "IObj" "IEditableCollection" "IReduce" "IKVReduce",
    "clojure.lang.MapEntry" < "APersistentVector" "IMapEntry",
    "clojure.lang.APersistentSet" < "AFn" "IPersistentSet" "Collection" "java.util.Set" "IHashEq" "Serializable",
    "clojure.lang.PersistentHashSet" < "APersistentSet" "IObj" "IEditableCollection",
    "clojure.lang.PersistentTreeSet" < "APersistentSet" "IObj" "Sorted" "Reversible",
    "clojure.lang.ASeq" < "Object" "ISeq" "Sequential" "java.util.List" "IObj" "IHashEq" "Serializable",
    "clojure.lang.PersistentList" < "ASeq" "IPersistentList" "IReduce" "Counted",
    "clojure.lang.PersistentList$EmptyList" < "Object" "IPersistentList" "java.util.List" "ISeq" "Counted" "IObj",
    "clojure.lang.Cons" < "ASeq",
    "clojure.lang.ChunkedCons" < "ASeq" "IChunkedSeq",
    "clojure.lang.LongRange" < "ASeq" "Counted" "IChunkedSeq" "IReduce",
    "clojure.lang.Range" < "ASeq" "IChunkedSeq" "IReduce",
    "clojure.lang.Iterate" < "ASeq" "IReduce" "IPending",
    "clojure.lang.Repeat" < "ASeq" "IReduce",
    "clojure.lang.Cycle" < "ASeq" "IReduce" "IPending",
    "clojure.lang.LazySeq" < "Object" "ISeq" "Sequential" "java.util.List" "IObj" "IPending" "IHashEq",
    "clojure.lang.PersistentQueue" < "Object" "IPersistentList" "Collection" "Counted" "IObj",
    "clojure.core.Eduction" < "Object" "IReduceInit" "Iterable" "Sequential",
    "clojure.lang.Var" < "Object" "IFn" "IRef" "IReference" "IDeref",
    "clojure.lang.Var$Unbound" < "AFn",
    "clojure.lang.Namespace" < "Object",
    "clojure.lang.Atom" < "Object" "IAtom" "IRef" "IReference",
    "clojure.lang.Ref" < "Object" "IRef" "IReference" "IFn",
    "clojure.lang.Agent" < "Object" "IRef" "IReference",
    "clojure.lang.Volatile" < "Object" "IDeref",
    "clojure.lang.Delay" < "Object" "IDeref" "IPending",
    "clojure.core$future_call$reify__8544" < "Object" "IDeref" "IBlockingDeref" "IPending" "java.util.concurrent.Future",
    "clojure.lang.Reduced" < "Object" "IDeref",
    "clojure.lang.Promise" < "Object" "IDeref" "IBlockingDeref" "IPending" "IFn",
    "clojure.lang.TaggedLiteral" < "Object" "ILookup",
    "clojure.lang.TransientArrayMap" < "AFn" "ITransientMap",
    "clojure.lang.TransientHashMap" < "AFn" "ITransientMap",
    "clojure.lang.TransientVector" < "AFn" "ITransientVector",
    "clojure.lang.TransientHashSet" < "AFn" "ITransientSet",
    "clojure.lang.Record" < "Object" "IRecord" "IPersistentMap" "java.util.Map" "IObj" "IHashEq" "Serializable",
    "clojure.lang.Type" < "Object" "IType",
    "clojure.lang.Protocol" < "PersistentArrayMap",
    "clojure.lang.RT" < "Object",
    "clojure.lang.Numbers" < "Object",
    "clojure.lang.Util" < "Object",
}

static BY_NAME: LazyLock<HashMap<&'static str, Class>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for class in CLASSES {
        names.entry(class.short()).or_insert(class);
        names.insert(class.full, class);
    }
    names
});

/// The class of a short or full name.
pub(crate) fn class_named(name: &str) -> Option<Class> {
    BY_NAME.get(name).copied()
}

/// The class of a name that is listed; `RuntimeException` for any other.
pub(crate) fn known(name: &str) -> Class {
    static FALLBACK: ClassInfo = ClassInfo { full: "java.lang.RuntimeException", above: &["Exception"] };
    class_named(name).unwrap_or(&FALLBACK)
}

/// Whether the class is the other or below it.
pub(crate) fn is_a(class: Class, other: Class) -> bool {
    class.full == other.full
        || other.full == "java.lang.Object"
        || class.above().any(|class| is_a(class, other))
}

/// The class, then all above it, the nearer ones first.
pub(crate) fn lineage(class: Class) -> Vec<Class> {
    let mut all = vec![class];
    let mut at = 0;
    while let Some(class) = all.get(at).copied() {
        for above in class.above() {
            if !all.iter().any(|known| known.full == above.full) {
                all.push(above);
            }
        }
        at += 1;
    }
    // `Object` is everybody's last resort.
    all.sort_by_key(|class| class.full == "java.lang.Object");
    all
}

/// What `(class value)` gives for anything but nil and records.
pub(crate) fn class_of(value: &Value) -> Class {
    let name = match value {
        Value::Nil => "Object",
        Value::Bool(_) => "Boolean",
        Value::Int(_) => "Long",
        Value::Float(_) => "Double",
        Value::Char(_) => "Character",
        Value::BigInt(_) => "BigInt",
        Value::Ratio(_) => "Ratio",
        Value::Decimal(_) => "BigDecimal",
        Value::Str(_) => "String",
        Value::Keyword(_) => "Keyword",
        Value::Symbol(_) => "Symbol",
        Value::List(seq) if seq.is_empty() => "EmptyList",
        Value::List(seq) if seq.is_list() => "PersistentList",
        Value::List(seq) => match seq.0 {
            crate::seq::Repr::Range { .. } => "LongRange",
            crate::seq::Repr::Items { .. } => "ChunkedCons",
            _ => "Cons",
        },
        Value::Vector(items) if items.is_entry() => "MapEntry",
        Value::Vector(_) => "PersistentVector",
        Value::Map(map) if map.is_small() => "PersistentArrayMap",
        Value::Map(_) => "PersistentHashMap",
        Value::Set(_) => "PersistentHashSet",
        Value::Sorted(sorted) if sorted.is_set => "PersistentTreeSet",
        Value::Sorted(_) => "PersistentTreeMap",
        Value::Record(record) if record.of.is_record => "Record",
        Value::Record(_) => "clojure.lang.Type",
        Value::Lazy(_) => "LazySeq",
        Value::Native(_) | Value::Fn(_) => "AFunction",
        Value::Cell(cell) => cell.kind.class(),
        Value::Delay(delay) if delay.is_future => "clojure.core$future_call$reify__8544",
        Value::Delay(_) => "Delay",
        Value::Reduced(_) => "Reduced",
        Value::Exception(exception) => return exception.class,
        Value::Regex(_) => "Pattern",
        Value::Class(_) => "Class",
        Value::Uuid(_) => "UUID",
        Value::Var(_) => "Var",
        Value::Object(object) => match &**object {
            Object::Multi(_) => "MultiFn",
            Object::Protocol(_) => "PersistentArrayMap",
            Object::Type(_) => "Class",
            Object::Transient(value) => match &*crate::types::locked(value) {
                Some(Value::Vector(_)) => "TransientVector",
                Some(Value::Set(_)) => "TransientHashSet",
                _ => "TransientHashMap",
            },
            Object::Array { .. } | Object::Plain => "Object",
            Object::Unbound(_) => "clojure.lang.Var$Unbound",
            Object::Inst(_) => "java.util.Date",
            Object::Namespace(_) => "Namespace",
            Object::Tagged(tag, _) if tag.as_str() == "java.net.URI" => "java.net.URI",
            Object::Tagged(..) => "TaggedLiteral",
            Object::Queue(..) => "PersistentQueue",
            Object::Promise(_) => "clojure.lang.Promise",
            Object::Matcher { .. } => "Matcher",
        },
    };
    known(name)
}

/// The full name of the class of a value, records included.
pub(crate) fn class_name(value: &Value) -> String {
    match value {
        Value::Record(record) => record.of.name.to_string(),
        other => class_of(other).full.to_owned(),
    }
}
