(defn prewalk-replace [smap form] (prewalk (fn [x] (if (contains? smap x) (smap x) x)) form))
(defn postwalk-demo [form] (postwalk (fn [x] (print "Walked: ") (prn x) x) form))
(defn prewalk-demo [form] (prewalk (fn [x] (print "Walked: ") (prn x) x) form))
(defn macroexpand-all [form] (prewalk (fn [x] (if (seq? x) (macroexpand x) x)) form))
