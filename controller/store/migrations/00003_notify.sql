-- Messages on their way to people and what became of them. As before every
-- statement runs on SQLite and PostgreSQL.

-- +goose Up
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,
    incident   TEXT NOT NULL,
    sink       TEXT NOT NULL,
    waiting    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    body       TEXT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (sink, waiting, next_at);
CREATE INDEX deliveries_newest ON deliveries (created_at, id);
CREATE INDEX deliveries_incident ON deliveries (incident, created_at);
