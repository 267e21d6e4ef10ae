;; What a person asks while trying things.

(defn doc-of* [form]
  (let [v (when (symbol? form) (resolve form)) m (meta v)]
    (cond (var? v) (do (println "-------------------------")
                       (println (subs (str v) 2))
                       (when (:arglists m) (prn (:arglists m)))
                       (when (:macro m) (println "Macro"))
                       (when (:doc m) (println " " (:doc m))))
          (find-ns form) (do (println "-------------------------")
                             (println (str form))
                             (when (:doc (meta (find-ns form))) (println " " (:doc (meta (find-ns form)))))))))
(defmacro doc [name] `(doc-of* '~name))
(defn names-of* [] (for [space (all-ns) [_ v] (ns-publics space) :when (var? v)] v))
(defn find-doc [pattern]
  (doseq [v (names-of*) :when (and (:doc (meta v)) (re-find (re-pattern pattern) (str (:doc (meta v)) " " v)))]
    (doc-of* (symbol (subs (str v) 2)))))
(defn apropos [text]
  (let [fits? (if (string? text) (fn [name] (clojure.string/includes? name text)) (fn [name] (re-find text name)))]
    (sort (filter (fn [s] (fits? (name s))) (map (fn [v] (symbol (subs (str v) 2))) (names-of*))))))
(defn dir-fn [space] (sort (keys (ns-publics (the-ns space)))))
(defmacro dir [space] `(doseq [name# (dir-fn '~space)] (println name#)))
(defn root-cause [e] (if-let [cause (ex-cause e)] (recur cause) e))
(defn pst ([] nil) ([e] (pst e 12)) ([e depth] (println (str e))))
