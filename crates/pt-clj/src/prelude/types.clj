;; Protocols, records, types.

(defn methods-of* [specs]
  ;; (P (m [this] …) (n [this] …) Q …) as ([P {m (([this] …) …)}] …)
  (loop [specs (seq specs) out []]
    (if-not specs
      out
      (let [[what & more] specs
            own (take-while seq? more)]
        (recur (seq (drop-while seq? more))
               (conj out [what (reduce (fn [methods [name & tail]]
                                         (let [tails (if (vector? (first tail)) [tail] tail)]
                                           (if (contains? methods name)
                                             (update methods name into tails)
                                             (assoc methods name (vec tails)))))
                                       (array-map) own)]))))))

(defn turns?* [body]
  (some #{'recur} (tree-seq coll? seq body)))

(defn method-forms* [methods fields own?]
  ;; {m (([this] …) …)} as {:m (fn …)}, with the fields of `this` in sight. What messages call the function is its
  ;; method; its body must not: a name of a method is what it is outside. A type's `own?` methods recur without `this`.
  (into (array-map)
        (map (fn [[name tails]]
               [(keyword (clojure.core/name name))
                `(fn ~(symbol (str (clojure.core/name name) "__method"))
                   ~@(map (fn [[args & body]]
                            (let [named (and (symbol? (first args)) (not-any? #{(first args)} (rest args)))
                                  this (if named (with-meta (first args) nil) (gensym "this"))
                                  args (if named args (into [this] (rest args)))
                                  hidden (set (flatten args))
                                  seen (remove hidden fields)
                                  turns (when (and own? (turns?* body)) (mapv (fn [_] (gensym "arg")) (rest args)))
                                  body (if turns [`(loop [~@(interleave (rest args) turns)] ~@body)] body)
                                  args (if turns (into [this] turns) args)]
                              (if (empty? seen)
                                `(~args ~@body)
                                `(~args (let [~@(mapcat (fn [field] [(with-meta field nil) `(field* ~this ~(keyword field))]) seen)] ~@body)))))
                          ;; Of methods that differ in types only, the first is taken.
                          (vals (reduce (fn [by-count [args :as tail]] (merge {(count args) tail} by-count)) (array-map) tails))))])
             methods)))

(defn type-name* [name] (str (.replace (str *ns*) "-" "_") "." name))

(defn type-form* [name fields record? specs]
  (let [name (with-meta name nil)
        fields (mapv (fn [field] (with-meta field nil)) fields)
        options (take-while keyword? (take-nth 2 specs))
        specs (drop (* 2 (count options)) specs)]
    `(do (def ~name (type* ~(type-name* name) '~fields ~record?))
         (defn ~(symbol (str "->" name)) ~(str "Positional factory function for class " (type-name* name) ".") {:arglists '(~fields)} ~fields (new* ~name ~@fields))
         ~@(when record? [`(defn ~(symbol (str "map->" name)) ~(str "Factory function for class " (type-name* name) ", taking a map of keywords to field values.") {:arglists '([~'m])} [m#] (from-map* ~name m#))])
         ~@(map (fn [[what methods]] `(implement* ~name ~what ~(method-forms* methods fields true))) (methods-of* specs))
         ~name)))

(defmacro defrecord [name fields & specs] (type-form* name fields true specs))
(defmacro deftype [name fields & specs] (type-form* name fields false specs))

(defmacro reify [& specs]
  `(reify* ~@(mapcat (fn [[what methods]] [what (method-forms* methods [] true)]) (methods-of* specs))))

(defn sig-of* [[method & more]]
  {:name (with-meta method nil) :arglists (filter vector? more) :doc (first (filter string? more)) :tag (:tag (meta method))})

(defmacro defprotocol [name & body]
  (let [doc (when (string? (first body)) (first body))
        body (if doc (rest body) body)
        [options sigs] (loop [options {} body body]
                         (if (keyword? (first body))
                           (recur (assoc options (first body) (second body)) (nnext body))
                           [options (filter seq? body)]))
        name (with-meta name nil)]
    `(do (def ~(if doc (with-meta name {:doc doc}) name)
           (protocol* ~(str *ns* "/" name) '~(mapv (comp (fn [s] (with-meta s nil)) first) sigs) ~(boolean (:extend-via-metadata options))
                      '~(into {} (map (fn [sig] [(keyword (clojure.core/name (first sig))) (sig-of* sig)]) sigs))))
         ~@(map (fn [[method :as sig]]
                  (let [{:keys [arglists doc]} (sig-of* sig)]
                    `(def ~(with-meta method (merge (meta method) (when doc {:doc doc}) {:arglists (list 'quote arglists) :protocol `(var ~name)}))
                       (protocol-fn* ~name '~(with-meta method nil))))) sigs)
         '~name)))

(defmacro extend-type [type & specs]
  `(extend ~type ~@(mapcat (fn [[what methods]] [what (method-forms* methods [] false)]) (methods-of* specs))))

(defmacro extend-protocol [protocol & specs]
  `(do ~@(map (fn [[type methods]] `(extend ~type ~protocol ~(method-forms* methods [] false)))
              (methods-of* (map (fn [spec] (if (seq? spec) spec (if (nil? spec) 'nil spec))) specs)))))

(defmacro definterface [name & sigs] `(defprotocol ~name ~@(map (fn [[m args]] (list m (into ['this] args))) sigs)))

(defn find-protocol-impl [protocol x] (when (satisfies? protocol x) protocol))
(defn find-protocol-method [protocol method x] (when (satisfies? protocol x) method))
