CREATE TABLE directory_head (
    id       BIGINT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL
);
INSERT INTO directory_head (id, revision) VALUES (1, 0);

-- What changed at which revision; every server applies it to what it holds in memory.
CREATE TABLE directory_change (
    revision   BIGINT NOT NULL,
    family     TEXT   NOT NULL,
    row_id     TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (revision, family, row_id)
);

-- place, endpoints, capabilities and allowed_networks are the JSON of what the API tells; sealed_plan is the sealed JSON of
-- the credential plan that it takes.
CREATE TABLE bucket (
    id                  TEXT   NOT NULL PRIMARY KEY,
    name                TEXT   NOT NULL UNIQUE,
    place               TEXT   NOT NULL,
    endpoints           TEXT   NOT NULL,
    prefix              TEXT   NOT NULL,
    state               TEXT   NOT NULL,
    is_default          BIGINT NOT NULL,
    plan                TEXT   NOT NULL,
    identity            TEXT   NOT NULL,
    external_id         TEXT,
    sealed_plan         BYTEA  NOT NULL,
    credential_revision BIGINT NOT NULL,
    capabilities        TEXT,
    allowed_networks    TEXT   NOT NULL,
    created_at          BIGINT NOT NULL
);
CREATE UNIQUE INDEX bucket_one_default ON bucket (is_default) WHERE is_default = 1;

CREATE TABLE team (
    id               TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL UNIQUE,
    state            TEXT   NOT NULL,
    personal         BIGINT NOT NULL,
    bucket_id        TEXT REFERENCES bucket (id),
    allowed_networks TEXT   NOT NULL,
    created_at       BIGINT NOT NULL
);

CREATE TABLE principal (
    id             TEXT   NOT NULL PRIMARY KEY,
    kind           TEXT   NOT NULL,
    name           TEXT   NOT NULL UNIQUE,
    state          TEXT   NOT NULL,
    instance_admin BIGINT NOT NULL,
    owner_team_id  TEXT REFERENCES team (id),
    created_at     BIGINT NOT NULL
);

CREATE TABLE membership (
    team_id      TEXT NOT NULL REFERENCES team (id),
    principal_id TEXT NOT NULL REFERENCES principal (id),
    role         TEXT NOT NULL,
    PRIMARY KEY (team_id, principal_id)
);
CREATE INDEX membership_by_principal ON membership (principal_id);

CREATE TABLE token (
    id             TEXT   NOT NULL PRIMARY KEY,
    principal_id   TEXT   NOT NULL REFERENCES principal (id),
    sha256         TEXT   NOT NULL UNIQUE,
    label          TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT,
    revoked_at     BIGINT,
    imported_by_id TEXT REFERENCES principal (id)
);
CREATE INDEX token_by_principal ON token (principal_id);

-- subject_kind is `principal` or `team`; rule is the JSON of what the API takes.
CREATE TABLE limit_rule (
    id           TEXT   NOT NULL PRIMARY KEY,
    subject_kind TEXT   NOT NULL,
    subject_id   TEXT   NOT NULL,
    rule         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

-- Events of a change, written in the change's own transaction and moved to the ledger right after it.
-- lane_id is the lane that took it to move it: a row that has one may be in the ledger already.
CREATE TABLE outbox (
    event_id TEXT NOT NULL PRIMARY KEY,
    event    TEXT NOT NULL,
    lane_id  TEXT
);

CREATE TABLE instance_setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
