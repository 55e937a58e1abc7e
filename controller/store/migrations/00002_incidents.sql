-- Incidents, what they were judged from, maintenance windows and what the engine
-- remembers. As in 00001 every statement runs on SQLite and PostgreSQL, and the
-- columns beside body are those that lists select by.

-- +goose Up
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    detected_at BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    cause       TEXT NOT NULL,
    presence    BIGINT NOT NULL,
    state       TEXT NOT NULL,
    body        BYTEA NOT NULL
);
CREATE INDEX incidents_newest ON incidents (detected_at, id);
CREATE INDEX incidents_state ON incidents (state, detected_at, id);
CREATE INDEX incidents_cause ON incidents (cause, detected_at, id);
CREATE INDEX incidents_changed ON incidents (presence, changed_at);

-- What an incident is about: sites, carriers, exchanges, circuits, services,
-- workstations. A site's incident that may be its link's is found by the carrier
-- too.
CREATE TABLE incident_subjects (
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    incident TEXT NOT NULL,
    PRIMARY KEY (kind, value, incident)
);
CREATE INDEX incident_subjects_of ON incident_subjects (incident);

-- The observations behind an incident, as the engine was given them.
CREATE TABLE incident_evidence (
    incident TEXT NOT NULL,
    number   BIGINT NOT NULL,
    pieces   BIGINT NOT NULL,
    body     BYTEA NOT NULL,
    PRIMARY KEY (incident, number)
);

CREATE TABLE maintenance_windows (
    id      TEXT PRIMARY KEY,
    from_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    body    TEXT NOT NULL
);
CREATE INDEX maintenance_windows_ends ON maintenance_windows (ends_at);

-- What the engine remembers, and up to where the intake log is judged.
CREATE TABLE engine_states (
    name     TEXT PRIMARY KEY,
    saved_at BIGINT NOT NULL,
    position BIGINT NOT NULL,
    body     BYTEA NOT NULL
);

-- How a link usually behaves, by hour of the week.
CREATE TABLE link_baselines (
    subject    TEXT PRIMARY KEY,
    changed_at BIGINT NOT NULL,
    body       BYTEA NOT NULL
);

-- What link_baselines are built from: one row for each site and day.
CREATE TABLE link_minutes (
    site TEXT NOT NULL,
    day  BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (site, day)
);
CREATE INDEX link_minutes_day ON link_minutes (day);
