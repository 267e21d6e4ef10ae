;; Writes what Clojure answers to each piece of code that SCI's tests evaluate, one a line: [namespace source answer].
;;
;;   clojure tests/suites/sci.clj SCI/test/sci > pairs.edn
;;
;; The tests run against a stand-in of SCI that evaluates on the JVM and remembers the code. Code that asks for something
;; of the test (bindings, namespaces, readers, a context used before) is left out, and so is what answers otherwise the
;; second time. An answer is `= value` or `! Class`.
(ns record
  (:require [clojure.string :as str] [clojure.set] [clojure.walk] [clojure.edn] [clojure.template] [clojure.test :as test]
            [clojure.repl] [clojure.pprint] [clojure.data] [clojure.zip] [clojure.java.io :as io]))

(def from (file-seq (io/file (first *command-line-args*))))
(def code (atom []))
(def testing-ns (atom nil))
(def kept (set (map ns-name (all-ns))))

(defn canon [x]
  (cond (map? x) (str "{" (str/join ", " (sort (map (fn [[k v]] (str (canon k) " " (canon v))) x))) "}")
        (set? x) (str "#{" (str/join " " (sort (map canon x))) "}")
        (vector? x) (str "[" (str/join " " (map canon x)) "]")
        (sequential? x) (str "(" (str/join " " (map canon x)) ")")
        :else (pr-str x)))
(defn root [e] (if (and (instance? clojure.lang.Compiler$CompilerException e) (ex-cause e)) (recur (ex-cause e)) e))

(defn within
  "Calls f on a thread of its own, which is stopped when it takes too long."
  [millis f]
  (let [done (promise)
        thread (Thread. nil #(deliver done (try [:value (f)] (catch Throwable e [:thrown e]))) "code" (bit-shift-left 1 24))]
    (.start thread)
    (let [answer (deref done millis [:thrown (java.util.concurrent.TimeoutException.)])]
      (when (.isAlive thread) (.stop thread))
      answer)))

(defn evaluate
  "The forms of a text in the namespace user; f is given the last value."
  [source f]
  (let [reader (clojure.lang.LineNumberingPushbackReader. (java.io.StringReader. source))]
    (within
     1000
     #(binding [*ns* (or (find-ns 'user) (create-ns 'user)) *out* (java.io.StringWriter.) *err* (java.io.StringWriter.)
                *data-readers* {} *print-length* nil *print-level* nil *1 nil *2 nil *3 nil *e nil *warn-on-reflection* false
                *unchecked-math* false *assert* true *print-meta* false *print-namespace-maps* false *file* "NO_SOURCE_PATH" *math-context* nil]
        (refer 'clojure.core)
        (loop [value nil]
          (let [form (read {:read-cond :allow :eof ::eof} reader)]
            (if (= ::eof form) (f value) (recur (eval form)))))))))

(def printers (methods print-method))
(def roots
  (into {} (for [space '[clojure.core clojure.string clojure.set clojure.walk clojure.edn], v (vals (ns-interns space)) :when (.hasRoot ^clojure.lang.Var v)]
             [v [(.getRawRoot ^clojure.lang.Var v) (:macro (meta v))]])))

(defn afresh
  "Undoes what code did to Clojure itself, and forgets its namespaces."
  []
  (doseq [[^clojure.lang.Var v [root macro]] roots :when (not (identical? root (.getRawRoot v)))]
    (.bindRoot v root))
  (doseq [[^clojure.lang.Var v [_ macro]] roots :when (and macro (not (.isMacro v)))] (.setMacro v))
  (dosync (alter @#'clojure.core/*loaded-libs* #(into (sorted-set) (filter kept) %)))
  (doseq [class (keys (methods print-method)) :when (not (contains? printers class))] (remove-method print-method class))
  (doseq [space (map ns-name (all-ns)) :when (or (= 'user space) (not (kept space)))] (remove-ns space)))

(defn value-of [[kind value]] (if (= :thrown kind) (throw value) value))

;; The stand-in.

(def ignored
  "Options that change nothing for code that does without them."
  #{:classes :preset :imports :load-fn :env :features :deftype-fn :proxy-fn :reify-fn :async-load-fn :unrestricted})

(defn free?
  "Whether code gets nothing from its test."
  [source options]
  (and (every? (fn [[option value]]
                 (case option
                   :bindings (not-any? #(str/includes? source (str %)) (keys value))
                   (:classes :imports) (every? #{'java.lang.IllegalArgumentException 'java.lang.Exception 'Exception} (keys value))
                   (contains? ignored option)))
               options)
       (not (str/includes? source "sci."))))

(defn keep! [source options] (when (free? source options) (swap! code conj [(str @testing-ns) source])))

(defn with-bindings-of [options]
  (doseq [[name value] (:bindings options) :when (simple-symbol? name)]
    (let [space (or (find-ns 'user) (create-ns 'user))]
      (ns-unmap space name)
      (intern space name value))))

(defn eval-string
  ([source] (eval-string source nil))
  ([source options]
   (afresh)
   (keep! source options)
   (with-bindings-of options)
   (value-of (evaluate source identity))))

(defn init [options] (atom {:options options}))
(defn eval-string* [context source]
  (let [{:keys [used options]} (if (instance? clojure.lang.Atom context) @context {:used true})]
    (when-not used
      (afresh)
      (keep! source options)
      (with-bindings-of options)
      (when (instance? clojure.lang.Atom context) (swap! context assoc :used true))))
  (value-of (evaluate source identity)))

(defn stand-in [space vars]
  (create-ns space)
  (doseq [[name value] vars] (intern space name value)))
(defmacro transparent [_ & body] `(do ~@body))
(defn quiet [& _] nil)

(def sci {'eval-string eval-string 'eval-string* eval-string* 'init init 'merge-opts (fn [c o] (atom {:options o :used true}))
          'fork identity 'eval-form (fn [c f] (eval-string* c (pr-str f)))
          'eval-string+ (fn [c s & _] {:val (eval-string* c s)})
          'out (Object.) 'err (Object.) 'in (Object.) 'ns (Object.) 'file (Object.) 'print-length (Object.)})
(def macros {'binding #'transparent 'with-bindings #'transparent 'with-redefs #'transparent 'with-in-str #'clojure.core/with-in-str
             'with-out-str #'clojure.core/with-out-str 'future #'clojure.core/future})

(defn macro! [space name to]
  (let [made (intern space name (fn [_ _ & args] (cons (symbol to) args)))]
    (.setMacro made)))

(defn foreign? [lib] (re-find #"^(sci\.|edamame|me\.raynes|cljs\.|goog)" (str lib)))

(defn lib! [lib]
  (when-not (find-ns lib)
    (stand-in lib (case (str lib)
                    "sci.core" sci
                    "sci.test-utils" {'eval* (fn [form options] (eval-string (str form) options)) 'native? false 'submap? quiet}
                    {}))
    (when (= 'sci.core lib) (doseq [[name to] macros] (macro! lib name to)))
    (when (= 'sci.test-utils lib) (macro! lib 'assert-submap #'clojure.core/comment)))
  (dosync (commute @#'clojure.core/*loaded-libs* conj lib)))

(defmethod test/assert-expr 'thrown-with-data? [_ form] `(try ~(last form) (catch Throwable _# nil)))
(defmethod test/report :default [_])
(doseq [kind [:begin-test-ns :end-test-ns :begin-test-var :end-test-var :pass :fail :error :summary]]
  (defmethod test/report kind [_]))

(defn ours
  "The form that opens a namespace without classes of SCI, its libraries stood in for."
  [[_ name & clauses]]
  (list* 'ns name
         (for [clause clauses :when (and (sequential? clause) (#{:require :refer-clojure} (first clause)))]
           (do (doseq [spec (rest clause) :let [[lib & {:keys [refer]}] (if (sequential? spec) spec [spec])] :when (foreign? lib)]
                 (lib! lib)
                 (doseq [name (when (sequential? refer) refer) :when (not (ns-resolve lib name))] (intern lib name quiet)))
               clause))))

(defn patient-eval
  "Names that the stand-in lacks do nothing."
  [form tries]
  (let [problem (try (eval form) nil (catch Throwable e (str (ex-message (root e)))))
        [_ alias name] (some->> problem (re-find #"No such var: ([^/]+)/(\S+)"))]
    (when (and name (pos? tries))
      (when-let [space (or (get (ns-aliases *ns*) (symbol alias)) (find-ns (symbol alias)))]
        (intern space (symbol name) quiet)
        (recur form (dec tries))))))

(defn load-tests [file]
  (binding [*ns* (create-ns 'user) *file* (str file)]
    (let [reader (clojure.lang.LineNumberingPushbackReader. (io/reader file))]
      (loop []
        (let [form (try (read {:read-cond :allow :eof ::eof} reader) (catch Throwable _ ::skip))]
          (when-not (= ::eof form)
            (cond (= ::skip form) nil
                  (and (seq? form) (= 'ns (first form))) (eval (ours form))
                  (not= form '(set! *warn-on-reflection* true)) (patient-eval form 40))
            (recur))))
      (ns-name *ns*))))

(def files (sort (filter #(re-find #"_test\.cljc?$" (str %)) from)))
(def pairs
  (binding [*out* (java.io.StringWriter.) *err* (java.io.StringWriter.)]
    (let [spaces (doall (for [file files] (load-tests file)))]
      (alter-var-root #'kept into (map ns-name (all-ns)))
      (doseq [space spaces]
        (reset! testing-ns space)
        (doseq [[_ v] (sort-by key (ns-publics space)) :let [t (:test (meta v))] :when t]
          (binding [*ns* (find-ns space)] (within 30000 t)))))
    (let [distinct-code (second (reduce (fn [[seen out] [_ source :as piece]]
                                          (if (seen source) [seen out] [(conj seen source) (conj out piece)]))
                                        [#{} []] @code))
          answer (fn [source]
                   (afresh)
                   (let [[kind value] (evaluate source #(canon %))]
                     (if (= :value kind) (str "= " value) (str "! " (.getSimpleName (class (root value)))))))]
      (doall (for [[space source] distinct-code
                   :let [one (answer source) two (answer source)]
                   :when (and (= one two) (not (re-find #"#object\[|@[0-9a-f]{6}|Timeout|ThreadDeath" one)))]
               [space source one])))))
(afresh)
(doseq [pair pairs] (prn pair))
(flush)
(System/exit 0)
