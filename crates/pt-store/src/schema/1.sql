CREATE TABLE instance (
    id       TEXT PRIMARY KEY,
    root     TEXT NOT NULL,
    project  TEXT NOT NULL,
    used_ts  TEXT NOT NULL
) STRICT;

CREATE TABLE named_value (
    context     TEXT NOT NULL,
    instance    TEXT NOT NULL,
    name        TEXT NOT NULL,
    data        TEXT NOT NULL,
    modified_ts TEXT NOT NULL,
    PRIMARY KEY (context, instance, name)
) STRICT, WITHOUT ROWID;

-- Encrypted with the key beside the database; bound to context, instance and name.
CREATE TABLE secret (
    context     TEXT NOT NULL,
    instance    TEXT NOT NULL,
    name        TEXT NOT NULL,
    nonce       BLOB NOT NULL,
    sealed      BLOB NOT NULL,
    modified_ts TEXT NOT NULL,
    PRIMARY KEY (context, instance, name)
) STRICT, WITHOUT ROWID;

-- The last number given to a job of this target. Numbers are not given twice, even when jobs are deleted.
CREATE TABLE job_counter (
    instance TEXT NOT NULL,
    target   TEXT NOT NULL,
    last     INTEGER NOT NULL,
    PRIMARY KEY (instance, target)
) STRICT, WITHOUT ROWID;

-- The summary is the fold of the job's events, kept so that lists need not read them.
CREATE TABLE job (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    instance TEXT NOT NULL,
    id       TEXT NOT NULL,
    summary  TEXT NOT NULL,
    runner   TEXT,
    UNIQUE (instance, id)
) STRICT;

CREATE TABLE event (
    job  INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset (
    instance   TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    size_b     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    created_by TEXT,
    created_ts TEXT NOT NULL,
    PRIMARY KEY (instance, id, version)
) STRICT, WITHOUT ROWID;
