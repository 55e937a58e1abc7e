-- Every statement here runs unchanged on SQLite and PostgreSQL. Instants are
-- microseconds since 1970 UTC and 0 where unset; nouns are kept as their JSON
-- beside the columns that lists select by.

-- +goose Up
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('event', 0), ('batch', 0), ('run', 0), ('report', 0);

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE sites (
    code  TEXT PRIMARY KEY,
    name  TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);

CREATE TABLE subnets (
    prefix TEXT PRIMARY KEY,
    site   TEXT NOT NULL,
    body   TEXT NOT NULL,
    batch  BIGINT NOT NULL
);
CREATE INDEX subnets_site ON subnets (site);

CREATE TABLE links (
    circuit TEXT PRIMARY KEY,
    site    TEXT NOT NULL,
    carrier TEXT NOT NULL,
    body    TEXT NOT NULL,
    batch   BIGINT NOT NULL
);
CREATE INDEX links_site ON links (site, circuit);
CREATE INDEX links_carrier ON links (carrier, circuit);

CREATE TABLE assets (
    tag   TEXT PRIMARY KEY,
    site  TEXT NOT NULL,
    kind  TEXT NOT NULL,
    state TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);
CREATE INDEX assets_site ON assets (site, tag);
CREATE INDEX assets_state ON assets (state, tag);

CREATE TABLE batches (
    number    BIGINT PRIMARY KEY,
    source    TEXT NOT NULL,
    author    TEXT NOT NULL,
    made_at   BIGINT NOT NULL,
    undone_at BIGINT NOT NULL
);

CREATE TABLE batch_changes (
    batch    BIGINT NOT NULL,
    position BIGINT NOT NULL,
    noun     TEXT NOT NULL,
    key      TEXT NOT NULL,
    before   TEXT NOT NULL,
    after    TEXT NOT NULL,
    PRIMARY KEY (batch, position)
);
CREATE INDEX batch_changes_key ON batch_changes (noun, key, batch);

CREATE TABLE events (
    id          BIGINT PRIMARY KEY,
    kind        TEXT NOT NULL,
    noun        TEXT NOT NULL,
    key         TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    author      TEXT NOT NULL,
    body        TEXT NOT NULL
);
CREATE INDEX events_subject ON events (noun, key, id);
CREATE INDEX events_kind ON events (kind, id);
CREATE INDEX events_occurred ON events (occurred_at);

CREATE TABLE workstations (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    asset_tag     TEXT NOT NULL,
    home_site     TEXT NOT NULL,
    site          TEXT NOT NULL,
    uuid          TEXT NOT NULL,
    serial        TEXT NOT NULL,
    macs          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    model         TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    simulated     BIGINT NOT NULL,
    enrolled_at   BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL,
    replaced_by   TEXT NOT NULL,
    review        TEXT NOT NULL
);
CREATE INDEX workstations_site ON workstations (site, id);
CREATE INDEX workstations_home ON workstations (home_site, id);
CREATE INDEX workstations_asset ON workstations (asset_tag);

-- What each batch of reports changes, apart from the wider row above.
CREATE TABLE workstation_status (
    workstation    TEXT PRIMARY KEY,
    last_report_at BIGINT NOT NULL,
    read_at        BIGINT NOT NULL,
    run            BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    addr           TEXT NOT NULL,
    agent_version  TEXT NOT NULL
);

-- Search words, as bytes so that a prefix is a range in every collation.
CREATE TABLE workstation_words (
    word        BYTEA NOT NULL,
    workstation TEXT NOT NULL,
    PRIMARY KEY (word, workstation)
);
CREATE INDEX workstation_words_of ON workstation_words (workstation, word);

CREATE TABLE asset_words (
    word BYTEA NOT NULL,
    tag  TEXT NOT NULL,
    PRIMARY KEY (word, tag)
);
CREATE INDEX asset_words_of ON asset_words (tag, word);

CREATE TABLE workstation_keys (
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    workstation TEXT NOT NULL,
    PRIMARY KEY (kind, value, workstation)
);
CREATE INDEX workstation_keys_of ON workstation_keys (workstation);

CREATE TABLE asset_keys (
    kind  TEXT NOT NULL,
    value TEXT NOT NULL,
    tag   TEXT NOT NULL,
    PRIMARY KEY (kind, value, tag)
);
CREATE INDEX asset_keys_of ON asset_keys (tag);

CREATE TABLE certificates (
    serial      TEXT PRIMARY KEY,
    workstation TEXT NOT NULL,
    key_hash    TEXT NOT NULL,
    issued_at   BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL
);
CREATE INDEX certificates_of ON certificates (workstation);

CREATE TABLE tokens (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    site        TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    uses        BIGINT NOT NULL,
    used        BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL
);

CREATE TABLE api_tokens (
    id         TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    sites      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);

CREATE TABLE pool_keys (
    site       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    key        BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT NOT NULL,
    PRIMARY KEY (site, version)
);

CREATE TABLE key_acks (
    workstation TEXT PRIMARY KEY,
    site        TEXT NOT NULL,
    version     BIGINT NOT NULL,
    acked_at    BIGINT NOT NULL
);
CREATE INDEX key_acks_site ON key_acks (site);

-- A run is one journal file of one workstation; its number keeps the keys of
-- reports and records short. pruned_seq is the highest report pruned.
CREATE TABLE runs (
    id          BIGINT PRIMARY KEY,
    workstation TEXT NOT NULL,
    run         TEXT NOT NULL,
    pruned_seq  BIGINT NOT NULL,
    UNIQUE (workstation, run)
);

-- The intake log, appended in the order of commit.
CREATE TABLE reports (
    position    BIGINT PRIMARY KEY,
    run         BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    boot        TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    read_at     BIGINT NOT NULL,
    addr        TEXT NOT NULL,
    body        BYTEA NOT NULL,
    UNIQUE (run, seq)
);

-- One row for each commit, so that age is found without an index over all
-- reports: every report up to the position was received by then.
CREATE TABLE report_marks (
    position    BIGINT PRIMARY KEY,
    received_at BIGINT NOT NULL
);
CREATE INDEX report_marks_received ON report_marks (received_at);

-- Names of the newest pruned reports of each run: a machine that was away for
-- longer than the log is kept may still repeat what it never saw acknowledged.
CREATE TABLE pruned_reports (
    run  BIGINT NOT NULL,
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE journal_records (
    run        BIGINT NOT NULL,
    n          BIGINT NOT NULL,
    boot       TEXT NOT NULL,
    boot_clock BIGINT NOT NULL,
    written_at BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    body       BYTEA NOT NULL,
    PRIMARY KEY (run, n)
);
CREATE INDEX journal_written ON journal_records (run, written_at);
CREATE INDEX journal_age ON journal_records (written_at);

-- Each content that a list had; the newest read_at is the present one.
CREATE TABLE lists (
    workstation TEXT NOT NULL,
    list        TEXT NOT NULL,
    read_at     BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    hash        TEXT NOT NULL,
    body        BYTEA NOT NULL,
    PRIMARY KEY (workstation, list, read_at)
);
