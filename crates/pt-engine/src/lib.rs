//! Carries out plans: one dispatcher, one stream of events.
