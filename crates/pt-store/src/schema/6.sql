-- Spans that services of a job have sent about themselves.
CREATE TABLE span (
    job  INTEGER NOT NULL REFERENCES job (number) ON DELETE CASCADE,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;
