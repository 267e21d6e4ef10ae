-- Code may set values to any data; what is no text is kept as JSON.
ALTER TABLE named_value ADD COLUMN is_json INTEGER NOT NULL DEFAULT 0;
