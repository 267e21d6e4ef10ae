;; A small `clojure.test`: as much of it as suites that nobody here wrote ask for. What they report is counted.
(ns clojure.test)

(def ^:dynamic *testing-contexts* ())
(def ^:dynamic *testing-vars* ())
(def ^:dynamic *load-tests* true)
(def ^:dynamic *report-counters* nil)
(def tests (atom []))
(def counts (atom {:pass 0 :fail 0 :error 0}))
(def problems (atom []))
(def fixtures (atom {:once [] :each []}))

(defn inc-report-counter [name] (swap! counts update name (fnil inc 0)))
(defn file-position [n] ["" 0])
(defn testing-vars-str [m] (str *testing-vars*))
(defn testing-contexts-str [] (apply str (interpose " " (reverse *testing-contexts*))))

(defmulti report :type)
(defmethod report :default [m] nil)
(defn problem [m]
  (swap! problems conj
         (str (first *testing-vars*) " " (testing-contexts-str) ": " (pr-str (:expected m)) " => "
              (if (instance? Throwable (:actual m)) (str (:actual m)) (binding [*print-length* 20] (pr-str (:actual m)))))))
(defmethod report :pass [m] (inc-report-counter :pass))
(defmethod report :fail [m] (inc-report-counter :fail) (problem m))
(defmethod report :error [m] (inc-report-counter :error) (problem m))
(defn do-report [m] (report m))

(defn function? [x]
  (if (symbol? x)
    (when-let [v (resolve x)] (and (var? v) (bound? v) (not (:macro (meta v))) (try (fn? (deref v)) (catch Throwable _ false))))
    (fn? x)))

(defmulti assert-expr (fn [msg form] (cond (nil? form) :always-fail (seq? form) (first form) :else :default)))
(defmethod assert-expr :always-fail [msg form] `(do-report {:type :fail :message ~msg :expected nil :actual nil}))
(defmethod assert-expr :default [msg form]
  (if (and (seq? form) (function? (first form)))
    (let [args (rest form) pred (first form)]
      `(let [values# (list ~@args) result# (apply ~pred values#)]
         (if result#
           (do-report {:type :pass :message ~msg :expected '~form :actual (cons '~pred values#)})
           (do-report {:type :fail :message ~msg :expected '~form :actual (list '~'not (cons '~pred values#))}))
         result#))
    `(let [value# ~form]
       (if value#
         (do-report {:type :pass :message ~msg :expected '~form :actual value#})
         (do-report {:type :fail :message ~msg :expected '~form :actual value#}))
       value#)))
(defmethod assert-expr 'instance? [msg form]
  `(let [klass# ~(nth form 1) object# ~(nth form 2) result# (instance? klass# object#)]
     (do-report {:type (if result# :pass :fail) :message ~msg :expected '~form :actual (class object#)})
     result#))
(defmethod assert-expr 'thrown? [msg form]
  (let [klass (second form) body (nthnext form 2)]
    `(try (let [value# (do ~@body)]
            (do-report {:type :fail :message ~msg :expected '~form :actual value#}))
          (catch ~klass e# (do-report {:type :pass :message ~msg :expected '~form :actual e#}) e#))))
(defmethod assert-expr 'thrown-with-msg? [msg form]
  (let [klass (nth form 1) re (nth form 2) body (nthnext form 3)]
    `(try (do ~@body)
          (do-report {:type :fail :message ~msg :expected '~form :actual nil})
          (catch ~klass e#
            (if (re-find ~re (str (ex-message e#)))
              (do-report {:type :pass :message ~msg :expected '~form :actual e#})
              (do-report {:type :fail :message ~msg :expected '~form :actual e#}))
            e#))))

(defmacro try-expr [msg form]
  `(try ~(assert-expr msg form)
        (catch Throwable t# (do-report {:type :error :message ~msg :expected '~form :actual t#}))))
(defmacro is ([form] `(is ~form nil)) ([form msg] `(try-expr ~msg ~form)))
(defmacro are [argv expr & args]
  (if (or (and (empty? argv) (empty? args))
          (and (pos? (count argv)) (pos? (count args)) (zero? (mod (count args) (count argv)))))
    `(clojure.template/do-template ~argv (is ~expr) ~@args)
    (throw (IllegalArgumentException. "The number of args doesn't match are's argv."))))
(defmacro testing [string & body] `(binding [*testing-contexts* (conj *testing-contexts* ~string)] ~@body))
(defmacro deftest [name & body]
  `(do (def ~name (fn [] ~@body))
       (swap! tests conj ['~name ~name])))
(defmacro deftest- [name & body] `(deftest ~name ~@body))
(defmacro set-test [name & body] `(swap! tests conj ['~name (fn [] ~@body)]))
(defmacro with-test [definition & body] `(do ~definition (swap! tests conj ['~(second definition) (fn [] ~@body)])))
(defmacro with-test-out [& body] `(do ~@body))
(defn use-fixtures [kind & fs] (swap! fixtures update kind into fs))
(defn compose-fixtures [f g] (fn [h] (f (fn [] (g h)))))
(defn join-fixtures [fs] (reduce compose-fixtures (fn [f] (f)) fs))
(defn test-var [v] nil)
(defn successful? [summary] (and (zero? (:fail summary 0)) (zero? (:error summary 0))))

(defn run-one [[name f]]
  (binding [*testing-vars* (list name)]
    (try ((join-fixtures (:each @fixtures)) f)
         (catch Throwable t (do-report {:type :error :message "Uncaught exception" :expected nil :actual t})))))
(defn run-all [] ((join-fixtures (:once @fixtures)) (fn [] (doseq [t @tests] (run-one t)))))
(defn results [] [(:pass @counts) (:fail @counts) (:error @counts) @problems])
