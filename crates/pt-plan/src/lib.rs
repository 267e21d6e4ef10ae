//! A request against a project becomes an immutable plan.
