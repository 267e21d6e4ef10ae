//! The nouns of a running system: ids, data, secrets, specs of containers and services, states, events.
