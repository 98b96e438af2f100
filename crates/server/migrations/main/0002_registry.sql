-- state: pending (a URL to write it was released), verified, doomed (being deleted)
CREATE TABLE object (
    id          TEXT   NOT NULL PRIMARY KEY,
    team_id     TEXT   NOT NULL REFERENCES team (id),
    bucket_id   TEXT   NOT NULL REFERENCES bucket (id),
    object_key  TEXT   NOT NULL,
    size_bytes  BIGINT NOT NULL,
    algorithm   TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    etag        TEXT,
    verified_by TEXT,
    created_by  TEXT   NOT NULL REFERENCES principal (id),
    created_at  BIGINT NOT NULL,
    verified_at BIGINT,
    -- Nothing deletes it before then: a draft counts on it, or a URL can still write it
    leased_until BIGINT NOT NULL,
    -- 1: content of the registry under a key that the server made; 0: a plain object, never collected
    content      BIGINT NOT NULL DEFAULT 0,
    -- 1: in the index. Only content whose digest the store proved gets there
    indexed      BIGINT NOT NULL DEFAULT 0,
    UNIQUE (bucket_id, object_key)
);
-- The index: at most one object a digest, and only from here is anything "already there"
CREATE UNIQUE INDEX object_index ON object (team_id, bucket_id, algorithm, digest) WHERE indexed = 1;
CREATE INDEX object_by_digest ON object (team_id, bucket_id, algorithm, digest);
CREATE INDEX object_by_state ON object (state, leased_until);

-- plain: 1 when it makes an object that the client named itself
-- state: open, completed, aborting (the store may still hold parts), aborted
CREATE TABLE upload (
    id              TEXT   NOT NULL PRIMARY KEY,
    team_id         TEXT   NOT NULL REFERENCES team (id),
    bucket_id       TEXT   NOT NULL REFERENCES bucket (id),
    object_id       TEXT   NOT NULL,
    object_key      TEXT   NOT NULL,
    store_upload_id TEXT   NOT NULL,
    size_bytes      BIGINT NOT NULL,
    algorithm       TEXT   NOT NULL,
    digest          TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    plain           BIGINT NOT NULL,
    verified_by     TEXT,
    started_by      TEXT   NOT NULL REFERENCES principal (id),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    closed_at       BIGINT
);
CREATE INDEX upload_open ON upload (state, started_by);

-- The digests that URLs for parts were bound to; a part keeps its first one.
CREATE TABLE upload_part (
    upload_id TEXT   NOT NULL REFERENCES upload (id),
    number    BIGINT NOT NULL,
    sha256    TEXT   NOT NULL,
    PRIMARY KEY (upload_id, number)
);

CREATE TABLE project (
    id         TEXT   NOT NULL PRIMARY KEY,
    team_id    TEXT   NOT NULL REFERENCES team (id),
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (team_id, name)
);

CREATE TABLE collection (
    id         TEXT   NOT NULL PRIMARY KEY,
    project_id TEXT   NOT NULL REFERENCES project (id),
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    next_index BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

-- state: draft, committing, committed, same (a draft that equals the version same_as_id), deleted
CREATE TABLE version (
    id              TEXT   NOT NULL PRIMARY KEY,
    collection_id   TEXT   NOT NULL REFERENCES collection (id),
    bucket_id       TEXT   NOT NULL REFERENCES bucket (id),
    state           TEXT   NOT NULL,
    -- How often a commit was given up and the draft opened again; a commit holds for one attempt
    attempt         BIGINT NOT NULL,
    version_index   BIGINT,
    description     TEXT,
    metadata        TEXT,
    entry_count     BIGINT NOT NULL,
    size_bytes      BIGINT NOT NULL,
    content_sha256  TEXT,
    manifest_key    TEXT,
    manifest_sha256 TEXT,
    same_as_id      TEXT REFERENCES version (id),
    started_by      TEXT   NOT NULL REFERENCES principal (id),
    created_at      BIGINT NOT NULL,
    committed_at    BIGINT,
    expires_at      BIGINT NOT NULL,
    UNIQUE (collection_id, version_index)
);
CREATE INDEX version_by_state ON version (state, expires_at);

CREATE TABLE alias (
    collection_id TEXT NOT NULL REFERENCES collection (id),
    name          TEXT NOT NULL,
    version_id    TEXT NOT NULL REFERENCES version (id),
    PRIMARY KEY (collection_id, name)
);
CREATE INDEX alias_by_version ON alias (version_id);

-- The entries of drafts; a committed version's are in its manifest.
CREATE TABLE draft_entry (
    version_id TEXT   NOT NULL REFERENCES version (id),
    path       TEXT   NOT NULL,
    size_bytes BIGINT NOT NULL,
    algorithm  TEXT   NOT NULL,
    digest     TEXT   NOT NULL,
    object_id  TEXT   NOT NULL REFERENCES object (id),
    PRIMARY KEY (version_id, path)
);
CREATE INDEX draft_entry_by_object ON draft_entry (object_id, version_id);

-- Which objects a committed version needs: what collection goes by.
CREATE TABLE version_object (
    version_id TEXT NOT NULL REFERENCES version (id),
    object_id  TEXT NOT NULL REFERENCES object (id),
    PRIMARY KEY (version_id, object_id)
);
CREATE INDEX version_object_by_object ON version_object (object_id);
