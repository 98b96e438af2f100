-- Built from the segments behind the hot path; may be dropped and built again.
CREATE TABLE projected (
    lane_id TEXT   NOT NULL PRIMARY KEY,
    seq     BIGINT NOT NULL
);

CREATE TABLE event (
    id           TEXT   NOT NULL PRIMARY KEY,
    at           BIGINT NOT NULL,
    action       TEXT   NOT NULL,
    principal_id TEXT,
    team_id      TEXT,
    grant_id     TEXT,
    lane_id      TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    body         TEXT   NOT NULL
);
CREATE INDEX event_by_principal ON event (principal_id, id);
CREATE INDEX event_by_team ON event (team_id, id);
CREATE INDEX event_by_action ON event (action, id);

-- `grant` is a word of SQL
CREATE TABLE url_grant (
    id           TEXT   NOT NULL PRIMARY KEY,
    event_id     TEXT   NOT NULL,
    principal_id TEXT   NOT NULL,
    team_id      TEXT   NOT NULL,
    bucket_id    TEXT   NOT NULL,
    method       TEXT   NOT NULL,
    url_count    BIGINT NOT NULL,
    signed_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX url_grant_by_principal ON url_grant (principal_id, expires_at);
CREATE INDEX url_grant_by_team ON url_grant (team_id, expires_at);

CREATE TABLE grant_object (
    bucket_id  TEXT NOT NULL,
    object_key TEXT NOT NULL,
    grant_id   TEXT NOT NULL,
    PRIMARY KEY (bucket_id, object_key, grant_id)
);
