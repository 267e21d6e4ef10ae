;; Answers one program a line: `= value` or `! Class`, as the evaluator under test must.
(require '[clojure.string :as str] '[clojure.set :as set] '[clojure.walk :as walk])
(defn canon [x]
  (cond (map? x) (str "{" (str/join ", " (sort (map (fn [[k v]] (str (canon k) " " (canon v))) x))) "}")
        (set? x) (str "#{" (str/join " " (sort (map canon x))) "}")
        (vector? x) (str "[" (str/join " " (map canon x)) "]")
        (sequential? x) (str "(" (str/join " " (map canon x)) ")")
        :else (pr-str x)))
(defn root [e] (if (and (instance? clojure.lang.Compiler$CompilerException e) (ex-cause e)) (recur (ex-cause e)) e))
(set! *warn-on-reflection* false)
(doseq [line (line-seq (java.io.BufferedReader. *in*))]
  (println (try (str/replace (str "= " (canon (eval (read-string line)))) "\n" "\\n")
                (catch Throwable e (str "! " (.getSimpleName (class (root e)))))))
  (flush))
(shutdown-agents)
