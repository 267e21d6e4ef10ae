-- Datasets are trees of chunks. A chunk is kept once, in the pack of the dataset that brought it.
DROP TABLE dataset;

CREATE TABLE dataset (
    instance   TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    tree       BLOB NOT NULL,
    files      INTEGER NOT NULL,
    size_b     INTEGER NOT NULL,
    added_b    INTEGER NOT NULL,
    created_by TEXT,
    lineage    TEXT NOT NULL,
    created_ts TEXT NOT NULL,
    PRIMARY KEY (instance, id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
    digest   BLOB PRIMARY KEY,
    pack     TEXT NOT NULL,
    start    INTEGER NOT NULL,
    stored_b INTEGER NOT NULL,
    size_b   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX chunk_of_pack ON chunk (pack);

-- Which jobs have the files of a dataset before them.
CREATE TABLE dataset_use (
    digest TEXT NOT NULL,
    job    INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    PRIMARY KEY (digest, job)
) STRICT, WITHOUT ROWID;
