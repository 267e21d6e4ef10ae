//! A Clojure evaluator that has never heard of Polytope.
