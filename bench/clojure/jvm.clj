;; The rows of bench/clojure/run on the JVM: best and median of so many, in microseconds. Each turn reads, compiles and runs.
(require '[clojure.string :as str])
(doseq [[name times source] (partition 3 (read-string (slurp (first *command-line-args*))))]
  (let [run (fn [] (let [start (System/nanoTime)] (load-string source) (/ (- (System/nanoTime) start) 1000.0)))
        _ (dotimes [_ (max 3 (quot times 10))] (run))
        runs (sort (repeatedly times run))]
    (println (format "%s\t%.1f\t%.1f" name (first runs) (nth runs (quot times 2))))))
(shutdown-agents)
