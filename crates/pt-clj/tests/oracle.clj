;; Checks the transcripts against the real Clojure, or writes what it answers into them.
;;
;;   clojure tests/oracle.clj tests/transcripts/*.txt          shows differences
;;   clojure tests/oracle.clj --write tests/transcripts/*.txt  fills in the answers
;;
;; An entry below a line that begins with ";; ours" answers otherwise on purpose and is left alone.
(require '[clojure.string :as str] '[clojure.set :as set] '[clojure.walk :as walk] '[clojure.edn :as edn])
(import '(java.util UUID) '(java.util.regex Pattern))

(defn complete? [text]
  (let [reader (java.io.PushbackReader. (java.io.StringReader. text))]
    (try (loop [] (or (= ::eof (read {:read-cond :allow :eof ::eof} reader)) (recur)))
         (catch Exception e (not (re-find #"EOF" (str (ex-message e))))))))

(defn entries
  "The lines of a transcript as {:form [lines] :answer [lines]} and {:text line}."
  [lines]
  (loop [[line & more] lines, out [], ours false]
    (cond
      (nil? line) out
      (str/starts-with? line "user=> ")
      (let [[form more] (loop [form [(subs line 7)] more more]
                          (if (or (complete? (str/join "\n" form)) (empty? more)) [form more]
                              (recur (conj form (first more)) (rest more))))
            [answer more] (split-with #(not (or (str/blank? %) (str/starts-with? % "user=> ") (str/starts-with? % ";;"))) more)]
        (recur more (conj out {:form form :answer answer :ours ours}) false))
      :else (recur more (conj out {:text line}) (or (str/starts-with? line ";; ours") (and ours (str/starts-with? line ";;")))))))

(defn root [e] (if (and (instance? clojure.lang.Compiler$CompilerException e) (ex-cause e)) (recur (ex-cause e)) e))

(defn answer [form]
  (let [out (java.io.StringWriter.)
        text (str/join "\n" form)
        result (binding [*out* out *ns* (the-ns 'user)]
                 (try (pr-str (eval (read-string {:read-cond :allow} text)))
                      (catch Throwable e (str "Error: " (or (ex-message (root e)) (.getSimpleName (class (root e))))))))
        result (str/replace result #" in this context$" "")]
    (str/split-lines (str out result))))

(let [write? (= "--write" (first *command-line-args*))]
  (doseq [file (if write? (rest *command-line-args*) *command-line-args*)]
    (doseq [s (keys (ns-interns 'user)) :when (not (#{'complete? 'entries 'root 'answer} s))] (ns-unmap 'user s))
    (let [done (mapv (fn [{:keys [form ours] :as e}] (if (and form (not ours)) (assoc e :real (answer form)) e))
                     (entries (str/split-lines (slurp file))))]
      (if write?
        (spit file (str (str/join "\n" (mapcat (fn [{:keys [form real answer text]}]
                                                 (if form (concat [(str "user=> " (first form))] (rest form) (or real answer)) [text]))
                                               done)) "\n"))
        (doseq [{:keys [form real answer]} done :when (and real (not= real answer))]
          (println file) (println " " (str/join "\n  " form)) (println "  written:" (str/join "\n" answer)) (println "  Clojure:" (str/join "\n" real)))))))
(shutdown-agents)
