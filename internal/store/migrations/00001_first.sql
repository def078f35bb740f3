-- The tables the engine itself needs: keys, outbox, jobs, audit, numbers, idempotency.
-- Reason: nothing else can be stored without them.
-- +goose Up

CREATE TABLE operator_keys (
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  number          INTEGER  NOT NULL CHECK (number > 0),
  master_id       TEXT {{C}} NOT NULL,
  wrapped         BYTEA    NOT NULL,
  created_at      BIGINT   NOT NULL,
  PRIMARY KEY (operator_id, number)
);

CREATE TABLE facts (
--pg:  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--lite:  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  xid             BIGINT   NOT NULL,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  kind            TEXT {{C}} NOT NULL CHECK (kind <> ''),
  version         INTEGER  NOT NULL,
  object          TEXT {{C}} NOT NULL,
  at              BIGINT   NOT NULL,
  recorded_at     BIGINT   NOT NULL,
  payload         TEXT     NOT NULL
);
CREATE UNIQUE INDEX facts_order ON facts (xid, id);
CREATE INDEX facts_object ON facts (operator_id, object, id);

CREATE TABLE cursors (
  name  TEXT {{C}} NOT NULL PRIMARY KEY,
  xid   BIGINT   NOT NULL,
  id    BIGINT   NOT NULL,
  owner TEXT {{C}} NOT NULL,
  until BIGINT   NOT NULL
);

CREATE TABLE jobs (
--pg:  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--lite:  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  kind            TEXT {{C}} NOT NULL CHECK (kind <> ''),
  args            TEXT     NOT NULL,
  run_at          BIGINT   NOT NULL,
  attempts        INTEGER  NOT NULL,
  owner           TEXT {{C}} NOT NULL,
  lease_until     BIGINT   NOT NULL,
  dead            SMALLINT NOT NULL CHECK (dead IN (0, 1)),
  last_error      TEXT     NOT NULL,
  created_at      BIGINT   NOT NULL
);
CREATE INDEX jobs_due ON jobs (dead, run_at, id);

CREATE TABLE audit (
--pg:  id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--lite:  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  xid             BIGINT   NOT NULL,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  source          SMALLINT NOT NULL,
  staff_id        BYTEA    NOT NULL,
  on_behalf_of    BYTEA    NOT NULL,
  point_id        BYTEA    NOT NULL,
  request_id      TEXT {{C}} NOT NULL,
  reason          TEXT     NOT NULL,
  action          TEXT {{C}} NOT NULL CHECK (action <> ''),
  object          TEXT {{C}} NOT NULL,
  at              BIGINT   NOT NULL,
  ip_sealed       BYTEA,
  before_sealed   BYTEA,
  after_sealed    BYTEA
);
CREATE INDEX audit_list ON audit (operator_id, at, id);
CREATE INDEX audit_order ON audit (xid, id);

-- PostgreSQL has sequences of its own; there the table stays empty.
CREATE TABLE sequences (
  name  TEXT {{C}} NOT NULL PRIMARY KEY,
  value BIGINT   NOT NULL
);

CREATE TABLE idempotency (
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  actor           TEXT {{C}} NOT NULL,
  key             TEXT {{C}} NOT NULL,
  body_hash       BYTEA    NOT NULL,
  status          INTEGER  NOT NULL,
  answer_sealed   BYTEA,
  created_at      BIGINT   NOT NULL
);
CREATE UNIQUE INDEX idempotency_key ON idempotency (operator_id, actor, key);
CREATE INDEX idempotency_age ON idempotency (created_at);
