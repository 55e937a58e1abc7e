-- The refresh: its declared nouns, the states of its worked ones, evaluations, and
-- what is personal. As before every statement runs on SQLite and PostgreSQL, and
-- the columns beside body are those that lists select by.

-- +goose Up
CREATE TABLE programmes (
    code  TEXT PRIMARY KEY,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);

CREATE TABLE waves (
    code      TEXT PRIMARY KEY,
    programme TEXT NOT NULL,
    body      TEXT NOT NULL,
    batch     BIGINT NOT NULL
);
CREATE INDEX waves_programme ON waves (programme, code);

CREATE TABLE positions (
    code  TEXT PRIMARY KEY,
    site  TEXT NOT NULL,
    role  TEXT NOT NULL,
    class TEXT NOT NULL,
    asset TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);
CREATE INDEX positions_site ON positions (site, code);
CREATE INDEX positions_asset ON positions (asset);

CREATE TABLE visits (
    code  TEXT PRIMARY KEY,
    site  TEXT NOT NULL,
    day   TEXT NOT NULL,
    crew  TEXT NOT NULL,
    state TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);
CREATE INDEX visits_site ON visits (site, code);
CREATE INDEX visits_day ON visits (day, code);

CREATE TABLE consignments (
    code  TEXT PRIMARY KEY,
    site  TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);
CREATE INDEX consignments_site ON consignments (site, code);

-- The bodies of staff carry no name: see personal.
CREATE TABLE staff (
    number   TEXT PRIMARY KEY,
    site     TEXT NOT NULL,
    role     TEXT NOT NULL,
    last_day TEXT NOT NULL,
    body     TEXT NOT NULL,
    batch    BIGINT NOT NULL
);
CREATE INDEX staff_site ON staff (site, number);
CREATE INDEX staff_last_day ON staff (last_day);

CREATE TABLE courses (
    code      TEXT PRIMARY KEY,
    programme TEXT NOT NULL,
    body      TEXT NOT NULL,
    batch     BIGINT NOT NULL
);

CREATE TABLE training (
    key    TEXT PRIMARY KEY,
    staff  TEXT NOT NULL,
    course TEXT NOT NULL,
    body   TEXT NOT NULL,
    batch  BIGINT NOT NULL
);
CREATE INDEX training_staff ON training (staff);
CREATE INDEX training_course ON training (course, key);

CREATE TABLE milestones (
    code  TEXT PRIMARY KEY,
    wave  TEXT NOT NULL,
    site  TEXT NOT NULL,
    area  TEXT NOT NULL,
    body  TEXT NOT NULL,
    batch BIGINT NOT NULL
);
CREATE INDEX milestones_wave ON milestones (wave, code);
CREATE INDEX milestones_site ON milestones (site, code);

-- Which declared noun of the refresh refers to which other noun.
CREATE TABLE register_refs (
    noun    TEXT NOT NULL,
    key     TEXT NOT NULL,
    to_noun TEXT NOT NULL,
    to_key  TEXT NOT NULL,
    batch   BIGINT NOT NULL,
    PRIMARY KEY (noun, key, to_noun, to_key)
);
CREATE INDEX register_refs_to ON register_refs (to_noun, to_key);

-- The only table that holds names of people, with what they were before an
-- import (field "name before 12"), so that it can be undone.
CREATE TABLE personal (
    noun       TEXT NOT NULL,
    key        TEXT NOT NULL,
    field      TEXT NOT NULL,
    value      TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (noun, key, field)
);

-- Whose personal values were erased. A file beside the database says the same
-- and outlives the restore of an older copy.
CREATE TABLE erasures (
    noun      TEXT NOT NULL,
    key       TEXT NOT NULL,
    erased_at BIGINT NOT NULL,
    PRIMARY KEY (noun, key)
);

-- What the events of each worked noun add up to.
CREATE TABLE states (
    noun       TEXT NOT NULL,
    key        TEXT NOT NULL,
    site       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    body       BYTEA NOT NULL,
    PRIMARY KEY (noun, key)
);
CREATE INDEX states_site ON states (noun, site, key);

-- What gates said of sites, appended only. evaluation_subjects is each pair of
-- site and gate once, so that the newest of each is found by one look per pair.
CREATE TABLE evaluations (
    number      BIGINT PRIMARY KEY,
    site        TEXT NOT NULL,
    gate        TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    verdict     TEXT NOT NULL,
    body        BYTEA NOT NULL
);
CREATE INDEX evaluations_newest ON evaluations (site, gate, recorded_at, number);

CREATE TABLE evaluation_subjects (
    site TEXT NOT NULL,
    gate TEXT NOT NULL,
    PRIMARY KEY (site, gate)
);
INSERT INTO counters (name, value) VALUES ('evaluation', 0);
