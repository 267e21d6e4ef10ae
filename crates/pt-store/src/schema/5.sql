-- How steps ended well, and what had gone into them. Encrypted like secrets: results hold what they like.
CREATE TABLE kept_end (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    instance TEXT NOT NULL,
    step     TEXT NOT NULL,
    nonce    BLOB NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;

CREATE INDEX kept_end_of_step ON kept_end (instance, step);
