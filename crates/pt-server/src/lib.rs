//! Composes the parts into one app and serves its API.
