//! Text to documents with spans (YAML, JSON, EDN), references in strings, diagnostics and their rendering.
