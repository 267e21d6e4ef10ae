(defmacro with-redefs [bindings & body]
  `(clojure.core/binding ~bindings ~@body))

(defmacro with-bindings [map & body]
  `(clojure.core/with-bindings* ~map (fn [] ~@body)))

(defmacro with-local-vars [bindings & body]
  (when-not (vector? bindings) (throw (IllegalArgumentException. "with-local-vars requires a vector for its binding")))
  `(let [~@(mapcat (fn [[name value]] [name `(volatile! ~value)]) (partition 2 bindings))] ~@body))

(defmacro dosync [& body] `(do ~@body))
(defmacro sync [flags & body] `(do ~@body))
(defmacro io! [& body] `(do ~@(if (string? (first body)) (rest body) body)))
(defmacro locking [lock & body] `(do ~lock ~@body))
(defmacro future [& body] `(future-call (fn [] ~@body)))
(defmacro pvalues [& exprs] `(list ~@exprs))
(defmacro bound-fn [& fntail] `(bound-fn* (fn ~@fntail)))
(defmacro time [expr] `(let [value# ~expr] (println "\"Elapsed time: 0.0 msecs\"") value#))
(defmacro import [& specs] `(import* '~(vec specs)))
(defmacro gen-class [& options] nil)
(defmacro refer-clojure [& filters] nil)
(defmacro ns [name & clauses]
  (let [clauses (if (string? (first clauses)) (rest clauses) clauses)
        clauses (if (map? (first clauses)) (rest clauses) clauses)]
    `(ns* '~(with-meta name nil) '~(vec clauses))))
(defmacro with-precision [precision & exprs]
  (let [[body rounding] (if (= (first exprs) :rounding) [(nnext exprs) (str (second exprs))] [exprs "HALF_UP"])]
    `(binding [*math-context* [~precision ~rounding]] ~@body)))
(defmacro vswap!* [v f & args] `(vreset! ~v (~f @~v ~@args)))
(defmacro with-open [bindings & body]
  (if (empty? bindings)
    `(do ~@body)
    `(let ~(subvec bindings 0 2)
       (try (with-open ~(subvec bindings 2) ~@body)
            (finally (. ~(bindings 0) ~'close))))))
(defmacro with-in-str [s & body] `(binding [*in* (volatile! ~s)] ~@body))
(defmacro with-loading-context [& body] `(do ~@body))
(defmacro amap [a idx ret expr]
  `(let [a# ~a l# (alength a#) ~ret (aclone a#)]
     (loop [~idx 0] (if (< ~idx l#) (do (aset ~ret ~idx ~expr) (recur (inc ~idx))) ~ret))))
(defmacro areduce [a idx ret init expr]
  `(let [a# ~a l# (alength a#)]
     (loop [~idx 0 ~ret ~init] (if (< ~idx l#) (recur (inc ~idx) ~expr) ~ret))))
(defmacro memfn [name & args] `(fn [target# ~@args] (. target# ~name ~@args)))
(defmacro definline [name & decl] `(defn ~name ~@decl))
(defmacro defonce* [name expr] `(def ~name ~expr))
(defmacro letfn* [bindings & body] `(letfn ~(vec (map (fn [[name f]] (cons name (rest (rest f)))) (partition 2 bindings))) ~@body))
(defmacro delay-force [& body] `(force (delay ~@body)))

;; Multimethods

(defmacro defmulti [name & options]
  (let [[doc options] (if (string? (first options)) [(first options) (rest options)] [nil options])
        [attr options] (if (map? (first options)) [(first options) (rest options)] [nil options])
        [dispatch & {:keys [default hierarchy] :or {default :default}}] options]
    (when (= 1 (mod (count (rest options)) 2))
      (throw (IllegalArgumentException. "The syntax for defmulti has changed. Example: (defmulti name dispatch-fn :default dispatch-value)")))
    (when-let [bad (seq (remove #{:default :hierarchy} (take-nth 2 (rest options))))]
      (throw (IllegalArgumentException. (str "Only these options are valid: :default, :hierarchy, not " (first bad)))))
    `(do (declare ~name)
         (when-not (and (bound? (var ~name)) (multi?* ~name))
           (def ~(with-meta name (merge (meta name) attr (when doc {:doc doc})))
             (multi* '~(symbol (str *ns*) (clojure.core/name name)) ~dispatch ~default ~hierarchy)))
         (var ~name))))

(defmacro defmethod [multi value & tail]
  `(add-method* ~multi ~value (fn ~@tail)))
