(defn apply-template [argv expr values]
  (assert (vector? argv))
  (assert (every? symbol? argv))
  (clojure.walk/postwalk-replace (zipmap argv values) expr))
(defmacro do-template [argv expr & values]
  (let [c (count argv)]
    `(do ~@(map (fn [a] (apply-template argv expr a)) (partition c values)))))
