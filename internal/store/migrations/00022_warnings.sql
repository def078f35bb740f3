-- Warnings with their history, and what is counted of a charge point between its facts.
-- Reason: staff must see what is wrong, once per thing, and what became of it.

-- +goose Up
CREATE TABLE warnings (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  site_id         BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  connector       INTEGER NOT NULL CHECK (connector >= 0),
  warning_type    TEXT {{C}} NOT NULL,
  code            TEXT {{C}} NOT NULL,
  firmware        TEXT {{C}} NOT NULL,
  level           SMALLINT NOT NULL CHECK (level IN (10, 20, 30, 40, 50)),
  state           TEXT {{C}} NOT NULL CHECK (state IN ('OPEN', 'ACKNOWLEDGED', 'CLEARED')),
  times           BIGINT NOT NULL CHECK (times > 0),
  first_at        BIGINT NOT NULL,
  at              BIGINT NOT NULL,
  received_at     BIGINT NOT NULL,
  parent_id       BYTEA NOT NULL,
  children        INTEGER NOT NULL,
  session_id      BYTEA NOT NULL,
  detail          TEXT NOT NULL,
  gone_at         BIGINT,
  due_at          BIGINT,
  acknowledged_at BIGINT,
  acknowledged_by TEXT NOT NULL,
  cleared_at      BIGINT,
  cleared_by      TEXT NOT NULL,
  clear_reason    TEXT NOT NULL,
  version         BIGINT NOT NULL,
  CHECK ((state = 'CLEARED') = (cleared_at IS NOT NULL))
);
-- One live row per point, connector, type and code (WARN-R1).
CREATE UNIQUE INDEX warnings_live ON warnings (operator_id, point_id, sub_operator_id, connector, warning_type, code) WHERE state <> 'CLEARED';
CREATE INDEX warnings_standing ON warnings (operator_id, at, id) WHERE state <> 'CLEARED';
CREATE INDEX warnings_list ON warnings (operator_id, at, id);
CREATE INDEX warnings_level ON warnings (operator_id, level, id);
CREATE INDEX warnings_sub ON warnings (operator_id, sub_operator_id, at, id);
CREATE INDEX warnings_site ON warnings (operator_id, site_id, at, id);
CREATE INDEX warnings_point ON warnings (operator_id, point_id, at, id);
CREATE INDEX warnings_parent ON warnings (operator_id, parent_id, at, id);
CREATE INDEX warnings_cleared ON warnings (cleared_at) WHERE cleared_at IS NOT NULL;
CREATE INDEX warnings_due ON warnings (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE warning_entries (
  warning_id      BYTEA NOT NULL REFERENCES warnings (id) ON DELETE CASCADE,
  number          BIGINT NOT NULL,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  kind            TEXT {{C}} NOT NULL CHECK (kind IN ('raised', 'again', 'condition_gone', 'joined_storm', 'acknowledged', 'cleared')),
  at              BIGINT NOT NULL,
  received_at     BIGINT NOT NULL,
  session_id      BYTEA NOT NULL,
  actor           TEXT NOT NULL,
  note            TEXT NOT NULL,
  PRIMARY KEY (warning_id, number)
);

CREATE TABLE point_watches (
  point_id        BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  disconnects     BIGINT NOT NULL,
  recent          TEXT NOT NULL,
  epoch           BIGINT NOT NULL,
  closed_epoch    BIGINT NOT NULL,
  closed_at       BIGINT,
  due_at          BIGINT,
  streaks         TEXT NOT NULL,
  version         BIGINT NOT NULL
);
CREATE INDEX point_watches_due ON point_watches (due_at) WHERE due_at IS NOT NULL;
