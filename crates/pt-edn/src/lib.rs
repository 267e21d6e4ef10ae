//! Reads EDN and Clojure notation into forms that know where they stood.
//!
//! One reader serves two users: polytope files in EDN, and the Clojure evaluator. It reports the first thing it
//! cannot read and never panics, whatever the text.
