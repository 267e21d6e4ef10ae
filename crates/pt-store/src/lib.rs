//! Remembers jobs, events, logs, values, secrets and datasets.
