(defn replace-first-char* [s f r] s)
