-- One row a server process. It is also the fence: a commit moves its head only under the directory
-- revision that the commit was decided under, and every change of the directory moves that revision
-- in all open lanes, so the row's lock orders the two.
CREATE TABLE lane (
    id                 TEXT   NOT NULL PRIMARY KEY,
    opened_at          BIGINT NOT NULL,
    seen_at            BIGINT NOT NULL,
    closed_at          BIGINT,
    directory_revision BIGINT NOT NULL,
    head_seq           BIGINT NOT NULL,
    head_hash          TEXT   NOT NULL
);

-- One row a group commit: the link of the chain.
CREATE TABLE segment (
    lane_id       TEXT   NOT NULL,
    seq           BIGINT NOT NULL,
    previous_hash TEXT   NOT NULL,
    hash          TEXT   NOT NULL,
    event_count   BIGINT NOT NULL,
    written_at    BIGINT NOT NULL,
    events        BYTEA  NOT NULL,
    PRIMARY KEY (lane_id, seq)
);
