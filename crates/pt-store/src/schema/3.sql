-- What a job was asked for, to ask for it again. Encrypted like secrets: people write into args what they like.
CREATE TABLE job_request (
    job    INTEGER PRIMARY KEY REFERENCES job (number) ON DELETE CASCADE,
    nonce  BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
