//! What runs containers: the trait, its conformance suite, the simulated and the Docker backend.
