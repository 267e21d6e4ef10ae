//! Random programs over the core functions answer the same here and in Debian's Clojure.
//!
//! One JVM serves all programs. Without `clojure` the test says so and passes. `PROGRAMS=10000` tries so many (some hundred
//! otherwise), `SEED=7` others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pt_clj::{Context, ErrorKind, Limits, Program};

/// Numbers nobody needs to foresee, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// What a piece of a program gives.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Number,
    Bool,
    Text,
    Keyword,
    Vector,
    Seq,
    Map,
    Any,
}

const INTS: &[&str] = &["0", "1", "2", "3", "5", "7", "-1", "-4", "10", "42", "9223372036854775807", "17N"];
const NUMBERS: &[&str] =
    &["1.5", "-0.25", "2.0", "1/3", "-7/2", "1e10", "2.5M", "0.1", "100N", "1e-7", "123456789.125"];
const TEXTS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"hello world\"",
    "\"A-b_C\"",
    "\"x,y,,z\"",
    "\"  pad \"",
    "\"é ü\"",
    "\"line\\nbreak\"",
    "\"q\\\"uote\"",
];
const KEYWORDS: &[&str] = &[":a", ":b", ":c", ":n/d", ":key"];

/// Templates: `I` an integer, `N` a number, `B` a truth, `T` a text, `K` a keyword, `V` a vector, `S` a sequence, `M` a map,
/// `X` anything, `F` a function of an integer, `P` a predicate of an integer, `C` a vector or sequence of integers.
const OF_INT: &[&str] = &[
    "(+ I I)",
    "(- I I)",
    "(* I I)",
    "(quot I I)",
    "(rem I I)",
    "(mod I I)",
    "(max I I)",
    "(min I I I)",
    "(inc I)",
    "(dec I)",
    "(count X)",
    "(count C)",
    "(reduce + 0 C)",
    "(reduce + C)",
    "(apply + C)",
    "(if B I I)",
    "(let [x I] (+ x x I))",
    "(get M K I)",
    "(first C)",
    "(last C)",
    "(nth C (mod I 9) I)",
    "(compare I I)",
    "(bit-and I I)",
    "(bit-or I I)",
    "(bit-xor I I)",
    "(bit-shift-left I 3)",
    "(+' I I)",
    "(*' I I)",
    "(case I 0 I 1 I I)",
    "(cond B I B I :else I)",
    "(reduce (fn [a b] (if (> b I) (reduced a) (+ a b))) 0 C)",
    "(loop [i 0 s 0] (if (< i 5) (recur (inc i) (+ s i)) s))",
    "(-> I inc (* 2))",
    "(->> C (map F) (reduce +))",
    "(or nil I)",
    "(and B I)",
    "(some-> I inc)",
    "(transduce (map F) + C)",
    "(peek [I I])",
    "(abs I)",
    "(let [[a b] C] (if b (+ a b) I))",
    "(let [{:keys [a b] :or {a 1 b 2}} M] (if (number? a) a I))",
    "(F I)",
    "(reduce-kv (fn [a k v] (+ a (count (str k)))) 0 M)",
    "(try (quot I 0) (catch ArithmeticException e I))",
    "(parse-long T)",
    "(hash-map 1 2)",
    "(apply max C)",
    "(long N)",
    "(int I)",
    "(condp = I 1 I 2 I I)",
    "(when-let [x (seq C)] (first x))",
    "(dec (count T))",
    "(bit-not I)",
    "(unchecked-add I I)",
    "(num I)",
    "(long (rand-int 1))",
    "(letfn [(f [n] (if (< n 1) 0 (inc (f (dec n)))))] (f (mod I 7)))",
];
const OF_NUMBER: &[&str] = &[
    "I",
    "(/ I I)",
    "(+ N N)",
    "(* N N)",
    "(- N N)",
    "(/ N N)",
    "(double I)",
    "(inc N)",
    "(max N N)",
    "(quot N N)",
    "(rem N N)",
    "(mod N N)",
    "(rationalize N)",
    "(Math/sqrt 16)",
    "(Math/floor N)",
    "(bigint I)",
    "(bigdec I)",
    "(float 0.5)",
    "(numerator 2/3)",
    "(min-key - N N)",
    "(reduce + 0.5 C)",
];
const OF_BOOL: &[&str] = &[
    "true",
    "false",
    "(< I I)",
    "(<= N N)",
    "(= X X)",
    "(== N N)",
    "(even? I)",
    "(odd? I)",
    "(zero? N)",
    "(pos? N)",
    "(nil? X)",
    "(some? X)",
    "(empty? V)",
    "(contains? M K)",
    "(every? P C)",
    "(not B)",
    "(string? X)",
    "(map? X)",
    "(vector? X)",
    "(seq? X)",
    "(coll? X)",
    "(number? X)",
    "(int? X)",
    "(not-any? P C)",
    "(distinct? I I I)",
    "(boolean X)",
    "(clojure.string/blank? T)",
    "(clojure.string/includes? T \"a\")",
    "(= C C)",
    "(contains? (set C) I)",
    "(sequential? X)",
    "(ratio? N)",
    "(float? N)",
    "(keyword? X)",
    "(= M M)",
    "(identical? K K)",
    "(> I I I)",
    "(neg? I)",
    "(true? B)",
    "(associative? X)",
    "(counted? X)",
    "(ifn? K)",
    "(decimal? N)",
    "(rational? N)",
    "(instance? String X)",
];
const OF_TEXT: &[&str] = &[
    "(str X)",
    "(str T T)",
    "(str I N K)",
    "(pr-str X)",
    "(subs T 0 1)",
    "(subs T I)",
    "(clojure.string/upper-case T)",
    "(clojure.string/capitalize T)",
    "(clojure.string/join \",\" C)",
    "(clojure.string/join V)",
    "(clojure.string/replace T \"a\" \"b\")",
    "(clojure.string/replace T #\"[a-z]+\" \"<$0>\")",
    "(clojure.string/trim T)",
    "(name K)",
    "(format \"%d|%s\" I T)",
    "(format \"%5.2f\" 1.5)",
    "(apply str C)",
    "(clojure.string/reverse T)",
    "(if B T T)",
    "(str (first T))",
    "(print-str X)",
    "(clojure.string/replace T #\"o\" clojure.string/upper-case)",
    "(with-out-str (print I T))",
    "(str N)",
    "(pr-str N T)",
    "(clojure.string/lower-case T)",
    "(apply str (interpose \"-\" C))",
    "(format \"%05d %x\" (mod I 1000) (mod I 1000))",
    "(prn-str V)",
    "(str (type T))",
    "(ex-message (ex-info T {}))",
    "(clojure.string/escape T {\\a \"[a]\"})",
    "(str S)",
];
const OF_VECTOR: &[&str] = &[
    "[I I I]",
    "[X X]",
    "[]",
    "C1",
    "(vec C)",
    "(mapv F C)",
    "(filterv P C)",
    "(conj V X)",
    "(into [] C)",
    "(into [] (map F) C)",
    "(into [] (comp (filter P) (map F)) C)",
    "(assoc [I I] 1 X)",
    "(subvec [I I I I] 1 3)",
    "(vec (range 5))",
    "(clojure.string/split T #\",\")",
    "(update [I I] 0 inc)",
    "(into V C)",
    "(mapv vector C C)",
    "(reduce conj [] C)",
    "(vec (sort C))",
    "(find M K)",
    "(into [] (take 3) C)",
    "(into [] (partition-all 2) C)",
    "(pop [I I])",
    "(assoc-in [[I] [I]] [0 0] X)",
    "(vec (keys {:a I :b I}))",
    "((juxt F F) I)",
    "(split-at 2 C)",
    "(split-with P C)",
    "(into [] (dedupe) C)",
    "(re-matches #\"(\\w)(\\w*).*\" T)",
    "(persistent! (conj! (transient [I]) I))",
    "(reduce (fn [v x] (conj v (F x))) [] C)",
    "(into [] (distinct) C)",
    "(into [] (take-nth 2) C)",
    "(vec T)",
    "(mapv (fn [[a b]] [b a]) {:a I :b T})",
    "(into [] (mapcat (fn [x] [x x])) C)",
    "(subvec (vec C) I)",
    "(clojure.string/split-lines T)",
];
const OF_SEQ: &[&str] = &[
    "(map F C)",
    "(filter P C)",
    "(remove P C)",
    "(take 3 C)",
    "(drop 2 C)",
    "(reverse C)",
    "(sort C)",
    "(sort > C)",
    "(sort-by - C)",
    "(rest C)",
    "(next C)",
    "(cons I C)",
    "(concat C C)",
    "(interleave C C)",
    "(distinct C)",
    "(range I5)",
    "(range 1 10 2)",
    "(partition 2 C)",
    "(partition-all 2 C)",
    "(partition-by even? C)",
    "(map-indexed vector C)",
    "(keep (fn [x] (if (P x) (F x))) C)",
    "(mapcat (fn [x] [x (F x)]) C)",
    "(take-while P C)",
    "(drop-while P C)",
    "(list X X)",
    "(for [x C :when (P x)] (F x))",
    "(for [x C y [1 2]] [x y])",
    "(reductions + C)",
    "(interpose 0 C)",
    "(dedupe C)",
    "(seq V)",
    "(keys M)",
    "(vals M)",
    "(seq M)",
    "(repeat 3 X)",
    "(take 4 (iterate inc I5))",
    "(butlast C)",
    "(take-last 2 C)",
    "(drop-last C)",
    "(partition 2 1 C)",
    "(flatten [[I] C [[I I]]])",
    "'(1 2 3)",
    "(map + C C)",
    "(take-nth 2 C)",
    "(tree-seq vector? seq [I [I [I]]])",
    "(re-seq #\"[a-z]\" T)",
    "(lazy-seq C)",
    "(conj (list I) I)",
    "(map str C)",
    "(zipmap [:a :b] C)",
    "(list* I C)",
    "(take 3 (cycle [I I]))",
    "(nthrest C 2)",
    "(nthnext C 1)",
    "(seq T)",
    "(map first {:a 1 :b 2})",
    "(sequence (map F) C)",
    "(partition 3 1 [0 0] C)",
    "(take 5 (repeatedly (constantly I)))",
    "(map (comp F F) C)",
    "(filter (complement P) C)",
    "(keep-indexed (fn [i x] (if (even? i) x)) C)",
    "(shuffle [])",
];
const OF_MAP: &[&str] = &[
    "{:a I :b X}",
    "{}",
    "{:a {:b I}}",
    "(assoc M K X)",
    "(dissoc M K)",
    "(merge M M)",
    "(update M :a (fnil str 0))",
    "(select-keys M [K K])",
    "(zipmap [:a :b :c] C)",
    "(frequencies (take 5 C))",
    "(group-by even? (take 6 C))",
    "(into {} [[:a I] [:b I]])",
    "(assoc-in M [:q :r] I)",
    "(update-in {:a {:b I}} [:a :b] inc)",
    "(merge-with + {:a I :b I} {:a I})",
    "(reduce (fn [m x] (assoc m x (F x))) {} (take 5 C))",
    "(into {} (map (fn [[k v]] [k (str v)])) M)",
    "(update-vals M str)",
    "(update-keys M str)",
    "(array-map :x I :y X)",
    "(hash-map :a I)",
    "(into {} (filter (comp keyword? key)) M)",
    "(clojure.set/rename-keys M {:a :z})",
    "(clojure.walk/stringify-keys M)",
    "(reduce-kv (fn [m k v] (assoc m k [v])) {} M)",
    "(clojure.set/map-invert {:a I :b K})",
    "(sorted-map :b I :a X)",
    "(sorted-map 3 X 1 X 2 X)",
    "(persistent! (assoc! (transient {}) :a I))",
];
const OF_ANY: &[&str] = &[
    "I",
    "N",
    "B",
    "T",
    "K",
    "V",
    "S",
    "M",
    "nil",
    "\\a",
    "'sym",
    "#{I}",
    "(sort (set C))",
    "(get V I)",
    "(first S)",
    "(get M K)",
    "(get-in M [K K])",
    "(K M)",
    "(M K)",
    "(let [x X] [x x])",
    "(if B X X)",
    "(do X X)",
    "(nth V 0 nil)",
    "(apply F [I])",
    "(some P C)",
    "(peek V)",
    "(when B X)",
    "(identity X)",
    "((fn [a & r] [a r]) X X X)",
    "((fn [{:keys [a]}] a) M)",
    "(try (throw (ex-info T M)) (catch Exception e (ex-data e)))",
    "(sorted-set 3 1 I)",
    "(count (clojure.set/union #{I} #{I}))",
    "(sort (clojure.set/difference (set C) #{I}))",
    "(keyword T)",
    "(symbol \"s\")",
    "(char 97)",
    "(class T)",
    "(reduce (fn [a x] x) nil C)",
    "(second V)",
    "(let [[a [b] & c] [I [I] I]] [a b c])",
    "@(atom X)",
    "(let [a (atom I)] (swap! a inc) @a)",
    "(deref (delay X))",
    "(meta (with-meta V {:m I}))",
    "(empty V)",
    "(not-empty V)",
    "(conj #{} I)",
    "(disj #{1 2} 1)",
    "(:a M :none)",
    "(clojure.walk/postwalk (fn [x] (if (int? x) (inc x) x)) V)",
    "(read-string (pr-str X))",
    "(rseq V)",
    "(replace {1 :one} V)",
    "(subseq (sorted-set 1 3 5 7) > 3)",
    "((every-pred even? pos?) I)",
    "((some-fn even? neg?) I)",
    "(max-key count T T)",
    "(trampoline (fn [] (fn [] I)))",
    "(bounded-count 3 C)",
    "(ffirst [[X]])",
    "(run! identity C)",
    "(namespace K)",
];
const FUNCTIONS: &[&str] = &[
    "inc",
    "dec",
    "#(* % %)",
    "(fn [x] (- x 3))",
    "#(+ % I)",
    "(partial + 2)",
    "(comp inc inc)",
    "#(mod % 3)",
    "str",
    "identity",
    "(constantly I)",
    "-",
    "(fnil inc 0)",
    "{1 2}",
    "(memoize inc)",
];
const PREDICATES: &[&str] = &[
    "even?",
    "odd?",
    "pos?",
    "#(< % I)",
    "#{1 2 3}",
    "(complement neg?)",
    "number?",
    "#(= 0 (mod % 3))",
    "zero?",
    "(fn [x] (> x 2))",
];
const COLLECTIONS: &[&str] = &[
    "[3 1 2]",
    "[]",
    "nil",
    "(range 6)",
    "[5 5 1 2 2]",
    "'(7 8 9)",
    "(list 4 2)",
    "[1]",
    "(map inc [1 2 3])",
    "(filter even? (range 9))",
    "[I I I]",
    "(vector I I)",
    "(take 4 (iterate inc I5))",
    "(lazy-seq [1 2])",
    "[1 2 3 4 5 6 7 8 9 10]",
    "(concat [1] [2 3])",
    "(cons 1 [2])",
];

fn write(dice: &mut Dice, kind: Kind, depth: usize, out: &mut String) {
    // Now and then something else stands where it does not fit.
    let kind = if dice.roll(60) == 0 { Kind::Any } else { kind };
    let template = match (kind, depth) {
        (Kind::Int, 0) => dice.pick(INTS),
        (Kind::Number, 0) => dice.pick(NUMBERS),
        (Kind::Bool, 0) => dice.pick(&["true", "false"]),
        (Kind::Text, 0) => dice.pick(TEXTS),
        (Kind::Keyword, _) => dice.pick(KEYWORDS),
        (Kind::Vector, 0) => dice.pick(&["[1 2]", "[]", "[:a \"b\" nil]"]),
        (Kind::Seq, 0) => dice.pick(&["'(1 2)", "()", "(range 3)"]),
        (Kind::Map, 0) => dice.pick(&["{:a 1}", "{}", "{:a 1 :b \"x\" :c nil}"]),
        (Kind::Any, 0) => dice.pick(&["nil", "1", "\"s\"", ":k", "[1]", "{:a 1}", "2.5"]),
        (Kind::Int, _) => dice.pick(OF_INT),
        (Kind::Number, _) => dice.pick(OF_NUMBER),
        (Kind::Bool, _) => dice.pick(OF_BOOL),
        (Kind::Text, _) => dice.pick(OF_TEXT),
        (Kind::Vector, _) => dice.pick(OF_VECTOR),
        (Kind::Seq, _) => dice.pick(OF_SEQ),
        (Kind::Map, _) => dice.pick(OF_MAP),
        (Kind::Any, _) => dice.pick(OF_ANY),
    };
    fill(dice, template, depth, out);
}

/// Puts something for each capital letter that stands alone.
fn fill(dice: &mut Dice, template: &str, depth: usize, out: &mut String) {
    let chars: Vec<char> = template.chars().collect();
    let alone = |at: usize| {
        let joins =
            |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || "-_./\"\\%:!?<>=".contains(*c));
        !joins(at.checked_sub(1).and_then(|at| chars.get(at))) && !joins(chars.get(at + 1))
    };
    let below = depth.saturating_sub(1);
    let mut at = 0;
    while let Some(&char) = chars.get(at) {
        if template[..].starts_with('"') {
            out.push(char);
            at += 1;
            continue;
        }
        let next_five = chars.get(at + 1) == Some(&'5') || chars.get(at + 1) == Some(&'1');
        match char {
            'I' if next_five => {
                write!(out, "{}", dice.roll(6)).unwrap();
                at += 1;
            }
            'C' if next_five => {
                out.push_str("[1 2 3]");
                at += 1;
            }
            'I' if alone(at) => write(dice, Kind::Int, below, out),
            'N' if alone(at) => write(dice, Kind::Number, below, out),
            'B' if alone(at) => write(dice, Kind::Bool, below, out),
            'T' if alone(at) => write(dice, Kind::Text, below, out),
            'K' if alone(at) => write(dice, Kind::Keyword, below, out),
            'V' if alone(at) => write(dice, Kind::Vector, below, out),
            'S' if alone(at) => write(dice, Kind::Seq, below, out),
            'M' if alone(at) => write(dice, Kind::Map, below, out),
            'X' if alone(at) => write(dice, Kind::Any, below, out),
            'F' if alone(at) => {
                let function = dice.pick(FUNCTIONS);
                fill(dice, function, 0, out);
            }
            'P' if alone(at) => {
                let predicate = dice.pick(PREDICATES);
                fill(dice, predicate, 0, out);
            }
            'C' if alone(at) => {
                let collection = dice.pick(COLLECTIONS);
                fill(dice, collection, 0, out);
            }
            plain => out.push(plain),
        }
        at += 1;
    }
}

fn program(dice: &mut Dice) -> String {
    let mut out = String::new();
    let depth = 1 + dice.roll(4);
    write(dice, Kind::Any, depth, &mut out);
    out
}

/// How the server writes values, so that the order of sets and large maps is no difference.
fn canon(server: &str) -> &str {
    let start = server.find("(defn canon").unwrap();
    &server[start..start + server[start..].find("(defn root").unwrap()]
}

fn answer(canon: &str, source: &str) -> String {
    let limits = Limits {
        deadline: Some(Instant::now() + Duration::from_secs(10)),
        stack: 60 << 20,
        ..Limits::default()
    };
    let mut context = Context::new().with_limits(limits);
    Program::compile(canon).unwrap().run(&mut context).unwrap();
    match Program::compile(&format!("(str \"= \" (canon {source}\n))"))
        .and_then(|program| program.run(&mut context))
    {
        Ok(value) => value.as_str().unwrap_or_default().replace('\n', "\\n"),
        Err(error) => match error.kind {
            ErrorKind::Exception(class) => format!("! {}", class.rsplit(['.', '$']).next().unwrap_or(class)),
            ErrorKind::Read | ErrorKind::Stopped(_) => format!("! {:?} {}", error.kind, error.message),
        },
    }
}

/// Without what differs from run to run.
fn plain(answer: &str) -> String {
    // The text of a lazy sequence is its hash, also where it was taken apart.
    let address = regex::Regex::new(r"LazySeq@[0-9a-f]+|#object\[.*|\\S \\e \\q \\@( \\[0-9a-f])+").unwrap();
    // Until Java 19 doubles may print with a digit too many.
    let digits = regex::Regex::new(r"(\d\.\d{14})\d+E").unwrap();
    digits.replace_all(&address.replace_all(answer, "#"), "${1}E").into_owned()
}

#[test]
fn random_programs_answer_as_in_clojure() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential.clj");
    let started = Command::new("clojure").arg(&server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut clojure) = started else {
        eprintln!("clojure is not installed: nothing is compared");
        return;
    };
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (count, seed) = (number("PROGRAMS", 400), number("SEED", 1));
    let mut input = clojure.stdin.take().unwrap();
    let mut output = BufReader::new(clojure.stdout.take().unwrap()).lines();
    let server = std::fs::read_to_string(&server).unwrap();
    let runner = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut differences = Vec::new();
        for _ in 0..count {
            let source = program(&mut dice);
            writeln!(input, "{}", source.replace('\n', " ")).unwrap();
            let theirs = output.next().unwrap().unwrap();
            let ours = answer(canon(&server), &source);
            if plain(&ours) != plain(&theirs) {
                differences.push(format!("{source}\n  clojure: {theirs}\n  ours:    {ours}"));
            }
        }
        drop(input);
        differences
    });
    let differences = runner.unwrap().join().unwrap();
    clojure.wait().unwrap();
    eprintln!("{count} programs, {} differences", differences.len());
    assert!(
        differences.is_empty(),
        "{}",
        differences.iter().take(60).cloned().collect::<Vec<_>>().join("\n")
    );
}
