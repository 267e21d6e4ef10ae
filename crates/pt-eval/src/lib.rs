//! Runs a piece of code over data and a host API.
