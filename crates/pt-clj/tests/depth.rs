//! How deep code and data may go is a number, on every thread and in every build: no program overflows the machine's stack.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use pt_clj::{Context, Limits, Program, print};

/// The value of a program as it is printed, or the class of what it throws.
fn answer(source: &str, depth: u32) -> String {
    let limits = Limits { depth, memory: Some(256 << 20), ..Limits::default() };
    let result =
        Program::compile(source).and_then(|program| program.run(&mut Context::new().with_limits(limits)));
    match result {
        Ok(value) => print::pr_str(&value),
        Err(error) => error.message,
    }
}

/// On a thread with hardly any stack, and on one as the system makes them.
fn everywhere(check: fn()) {
    for stack in [96 << 10, 2 << 20] {
        std::thread::Builder::new().stack_size(stack).spawn(check).unwrap().join().unwrap();
    }
}

#[test]
fn calls_go_exactly_as_deep_as_they_may() {
    everywhere(|| {
        let levels =
            "(def n (atom 0)) (defn f [] (swap! n inc) (+ 1 (f))) (try (f) (catch StackOverflowError _ @n))";
        for depth in [1, 40, 1_000, 4_000, 10_000] {
            assert_eq!(answer(levels, depth), depth.to_string());
        }
        for (source, expected) in [
            ("(defn f [n] (if (zero? n) 0 (inc (f (dec n))))) [(f 999) (f 3999)]", "[999 3999]"),
            ("(defn f [n] (if (zero? n) 0 (inc (f (dec n))))) (f 4000)", "StackOverflowError"),
            // What was caught leaves as much room as there was.
            (
                "(defn f [n] (if (zero? n) 0 (inc (f (dec n))))) \
                 (dotimes [_ 3] (try (f 5000) (catch StackOverflowError _))) (f 3999)",
                "3999",
            ),
            (
                "(declare o?) (defn e? [n] (or (zero? n) (o? (dec n)))) (defn o? [n] (and (pos? n) (e? (dec n)))) (e? 3000)",
                "true",
            ),
            ("(defn f [n & more] (if (zero? n) 0 (inc (apply f (dec n) more)))) (f 3000 1 2)", "3000"),
            ("(defn f [n] (lazy-seq (if (zero? n) nil (cons n (f (dec n)))))) (count (f 100000))", "100000"),
            (
                "(defn f [{:keys [n]}] (let [[m] [n]] (if (zero? m) 0 (inc (f {:n (dec m)}))))) (f {:n 3000})",
                "3000",
            ),
            ("(loop [n 0] (if (< n 100000) (recur (inc n)) n))", "100000"),
            ("(trampoline (fn f [n] (if (zero? n) :done #(f (dec n)))) 100000)", ":done"),
        ] {
            assert_eq!(answer(source, Limits::DEPTH), expected, "{source}");
        }
    });
}

/// Programs that nest without end, or far too deep.
const TOO_DEEP: &[&str] = &[
    "(defn f [] (inc (f))) (f)",
    "(declare g) (defn f [] (inc (g))) (defn g [] (dec (f))) (f)",
    "(defn f [x] (first (map f [x]))) (f 1)",
    "(defn f [x] (reduce (fn [_ y] (f y)) nil [x x])) (f 1)",
    "(defn f [x] (apply f [x])) (f 1)",
    "(defn f [x] (clojure.string/replace \"a\" #\"a\" (fn [_] (f x)))) (f 1)",
    "(defn f [a b] (sort f [b a])) (f 1 2)",
    "(declare f) (def f #'f) (f)",
    "(declare f) (def f (comp #'f identity)) (f 1)",
    "(declare f) (def f (partial #'f 1)) (f 1)",
    "(declare f) (def f (memoize #'f)) (f 1)",
    "(defmulti m identity) (defmethod m :default [x] (inc (m x))) (m 1)",
    "(declare d) (defmulti m #'d) (def d #'m) (m 1)",
    "(defprotocol P (p [_])) (extend-protocol P Object (p [x] (p x))) (p \"a\")",
    "(defrecord R [] Object (toString [this] (str this))) (str (->R))",
    "(deftype T [] Object (equals [a b] (= a b))) (= (->T) (->T))",
    "(deftype T [] clojure.lang.IFn (invoke [this x] (this x))) ((->T) 1)",
    "(deftype T [] clojure.lang.ILookup (valAt [this k] (get this k))) (get (->T) 1)",
    "(def d (delay (force d))) (def e (delay (swap! (atom 0) (fn f [x] (f x))))) @e",
    "(def a (atom 0)) (add-watch a :w (fn [_ a _ _] (swap! a inc))) (swap! a inc)",
    "(eval (nth (iterate (fn [x] (list 'inc x)) 1) 20000))",
    "(defn f [] (eval '(f))) (f)",
    "(defmacro m [x] (list 'm x)) (m 1)",
    "(defmacro m [x] (list 'inc (list 'm x))) (m 1)",
    "(defmacro m [x] (list 'do 1 (list 'm x))) (m 1)",
    "(defmacro m [x] (list 'let ['a 1] (list 'm x))) (m 1)",
    "(defmacro m [x] (list 'fn [] (list 'm x))) (m 1)",
    "(defmacro m [x] (list 'def 'a (list 'm x))) (m 1)",
    "(eval `(let [~(nth (iterate vector 'x) 20000) 1] 1))",
    "(eval `(fn [~(nth (iterate (fn [x] {:a x}) 'x) 10000)] 1))",
    "(macroexpand (list '-> 1 (nth (iterate list 1) 20000)))",
    "(eval (list 'quote (nth (iterate list 1) 20000)))",
    "(eval (read-string (str \"`\" (apply str (repeat 100 \"(\")) (apply str (repeat 100 \")\")))) ) (defn f [] (f)) (f)",
    "(count (reduce concat (repeat 10000 [1])))",
    "(first (reduce (fn [s _] (map inc s)) (range 3) (range 10000)))",
    "(first (nth (iterate #(filter odd? %) (range 3)) 10000))",
    "(first (nth (iterate #(lazy-seq (cons 1 (rest %))) [1 2]) 10000)) (second (nth (iterate #(lazy-seq (cons 1 (rest %))) [1 2]) 10000))",
    "((reduce comp (repeat 20000 inc)) 0)",
    "((nth (iterate #(partial % 1) +) 20000))",
    "(into [] (reduce comp (repeat 20000 (map inc))) [1])",
    "(pr-str (nth (iterate vector 1) 20000))",
    "(pr-str (nth (iterate list 1) 20000))",
    "(str (nth (iterate (fn [x] {:a x}) 1) 20000))",
    "(defrecord R [a]) (str (nth (iterate ->R 1) 20000))",
    "(with-out-str (prn (nth (iterate vector 1) 20000)))",
    "(format \"%s\" (nth (iterate vector 1) 20000))",
    "(= (nth (iterate vector 1) 20000) (nth (iterate vector 1) 20000))",
    "(= (nth (iterate list 1) 20000) (nth (iterate vector 1) 20000))",
    "(= (nth (iterate (fn [x] {1 x}) 1) 20000) (nth (iterate (fn [x] {1 x}) 1) 20000))",
    "(hash (nth (iterate vector 1) 20000))",
    "(hash (nth (iterate (fn [x] {1 x}) 1) 20000))",
    "{(nth (iterate vector 1) 20000) 1}",
    "(get {} (nth (iterate vector 1) 20000))",
    "(conj #{} (nth (iterate vector 1) 20000))",
    "(assoc {} (nth (iterate list 1) 20000) 1)",
    "(distinct [(nth (iterate vector 1) 20000) 1])",
    "(compare (nth (iterate vector 1) 20000) (nth (iterate vector 1) 20000))",
    "(sort [(nth (iterate vector 1) 20000) (nth (iterate vector 1) 20000)])",
    "(sorted-set (nth (iterate vector 1) 20000) (nth (iterate vector 1) 20000))",
    "(clojure.walk/postwalk identity (nth (iterate vector 1) 20000))",
    "(clojure.walk/prewalk identity (nth (iterate vector 1) 20000))",
    "(clojure.walk/keywordize-keys (nth (iterate (fn [x] {\"a\" x}) 1) 20000))",
    "(get-in (assoc-in {} (repeat 20000 :a) 1) [:a])",
    "(clojure.data.json/write-str (nth (iterate vector 1) 20000))",
    "(clojure.data.json/read-str (apply str (repeat 20000 \"[\")))",
    "(clojure.data.json/read-str (apply str (repeat 20000 \"{\\\"a\\\":\")))",
    "(nth (iterate vector 1) 20000)",
    "(nth (iterate (fn [x] {:a x}) 1) 20000)",
    "(nth (iterate list 1) 20000)",
    "(case (nth (iterate vector 1) 20000) 1 2 3)",
    "(nth (iterate (fn [x] (tagged-literal 'a x)) 1) 20000)",
];

/// The same, where they are refused in other words.
const REFUSED: &[(&str, &str)] = &[
    ("(read-string (apply str (repeat 100000 \"[\")))", "Forms may nest at most 128 deep"),
    ("(read-string (apply str (repeat 100000 \"'\")))", "Forms may nest at most 128 deep"),
    ("(read-string (apply str (repeat 100000 \"#_\")))", "Forms may nest at most 128 deep"),
    ("(read-string (apply str (repeat 100000 \"^a \")))", "Forms may nest at most 128 deep"),
    ("(read-string (apply str (repeat 100000 \"#a \")))", "Forms may nest at most 128 deep"),
    ("(eval `(-> 1 ~@(repeat 100000 'inc)))", "100000 forms in one are too many; 600 are the most"),
    ("(clojure.edn/read-string (apply str (repeat 100000 \"{1 \")))", "Forms may nest at most 128 deep"),
];

/// What is deep without anybody going into it.
const FINE: &[(&str, &str)] = &[
    ("(do (nth (iterate vector 1) 100000) 1)", "1"),
    ("(do (nth (iterate list 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] {:a x}) 1) 100000) 1)", "1"),
    ("(do (nth (iterate atom 1) 100000) 1)", "1"),
    ("(do (nth (iterate volatile! 1) 100000) 1)", "1"),
    ("(do (nth (iterate reduced 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (delay x)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (fn [] x)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (ex-info \"\" {:a x})) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (ex-info \"\" {} x)) nil) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (with-meta [] {:a x})) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (with-meta 'a {:a x})) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (object-array [x])) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (conj clojure.lang.PersistentQueue/EMPTY x)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (transient [x])) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (tagged-literal 'a x)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (sorted-map 1 x)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (let [p (promise)] (deliver p x) p)) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (partial x 1)) +) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (comp x x)) +) 100000) 1)", "1"),
    ("(do (defrecord R [a]) (nth (iterate ->R 1) 100000) 1)", "1"),
    ("(do (deftype T [a]) (nth (iterate ->T 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (reify Object (toString [_] (str x)))) 1) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (map inc x)) [1]) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (lazy-seq x)) [1]) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (eduction (map inc) x)) [1]) 100000) 1)", "1"),
    ("(do (nth (iterate (fn [x] (let [a (atom x)] (add-watch a :a (fn [& _] x)) a)) 1) 100000) 1)", "1"),
    ("(first (nth (iterate (fn [x] (lazy-seq x)) [1]) 100000))", "1"),
    (
        "(let [a (atom nil)] (reset! a [a]) (str/starts-with? (pr-str a) \"#object[clojure.lang.Atom [#object\"))",
        "true",
    ),
    ("(first (flatten (nth (iterate list 1) 100000)))", "1"),
    ("(count (reduce (fn [s _] (cons 1 s)) nil (range 100000)))", "100000"),
    ("(count (last (take 100000 (iterate rest (range 200000)))))", "100001"),
    ("(count (re-find #\"(?:a|b)*\" (apply str (repeat 100000 \\a))))", "100000"),
    ("(count (str (reduce *' (range 1 3000))))", "9128"),
];

#[test]
fn what_nests_too_deep_is_an_exception() {
    everywhere(|| {
        let mut wrong = Vec::new();
        for source in TOO_DEEP {
            if std::env::var_os("SHOW").is_some() {
                eprintln!("{source}");
            }
            let answer = answer(source, Limits::DEPTH);
            if answer != "StackOverflowError" {
                wrong.push(format!("{source}: {answer:.80}"));
            }
        }
        for (source, expected) in REFUSED.iter().chain(FINE) {
            let answer = answer(source, Limits::DEPTH);
            if answer != *expected {
                wrong.push(format!("{source}: {answer:.80}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    });
}
