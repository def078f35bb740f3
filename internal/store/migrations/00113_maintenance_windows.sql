-- Windows of maintenance, in which new warnings are kept aside, and the level that an
-- operator gives to a type of warning.
-- Reason: who works on a site must not fill the list of those who watch it, and what is bad
-- for one operator is nothing for another.

-- +goose Up
--pg:ALTER TABLE warnings DROP CONSTRAINT warnings_state_check;
--pg:ALTER TABLE warnings ADD CONSTRAINT warnings_state_check CHECK (state IN ('OPEN', 'ACKNOWLEDGED', 'SUPPRESSED', 'CLEARED'));
--pg:ALTER TABLE warning_entries DROP CONSTRAINT warning_entries_kind_check;
--pg:ALTER TABLE warning_entries ADD CONSTRAINT warning_entries_kind_check CHECK (kind IN ('raised', 'again', 'condition_gone', 'joined_storm', 'acknowledged', 'window_over', 'cleared'));
--lite:CREATE TABLE warnings_now (
--lite:  id              BYTEA NOT NULL PRIMARY KEY,
--lite:  operator_id     BYTEA NOT NULL,
--lite:  sub_operator_id BYTEA NOT NULL,
--lite:  site_id         BYTEA NOT NULL,
--lite:  point_id        BYTEA NOT NULL,
--lite:  connector       INTEGER NOT NULL CHECK (connector >= 0),
--lite:  warning_type    TEXT NOT NULL,
--lite:  code            TEXT NOT NULL,
--lite:  firmware        TEXT NOT NULL,
--lite:  level           SMALLINT NOT NULL CHECK (level IN (10, 20, 30, 40, 50)),
--lite:  state           TEXT NOT NULL CHECK (state IN ('OPEN', 'ACKNOWLEDGED', 'SUPPRESSED', 'CLEARED')),
--lite:  times           BIGINT NOT NULL CHECK (times > 0),
--lite:  first_at        BIGINT NOT NULL,
--lite:  at              BIGINT NOT NULL,
--lite:  received_at     BIGINT NOT NULL,
--lite:  parent_id       BYTEA NOT NULL,
--lite:  children        INTEGER NOT NULL,
--lite:  session_id      BYTEA NOT NULL,
--lite:  detail          TEXT NOT NULL,
--lite:  gone_at         BIGINT,
--lite:  due_at          BIGINT,
--lite:  acknowledged_at BIGINT,
--lite:  acknowledged_by TEXT NOT NULL,
--lite:  cleared_at      BIGINT,
--lite:  cleared_by      TEXT NOT NULL,
--lite:  clear_reason    TEXT NOT NULL,
--lite:  version         BIGINT NOT NULL,
--lite:  CHECK ((state = 'CLEARED') = (cleared_at IS NOT NULL))
--lite:);
--lite:CREATE TABLE warning_entries_now (
--lite:  warning_id      BYTEA NOT NULL REFERENCES warnings_now (id) ON DELETE CASCADE,
--lite:  number          BIGINT NOT NULL,
--lite:  operator_id     BYTEA NOT NULL,
--lite:  sub_operator_id BYTEA NOT NULL,
--lite:  kind            TEXT NOT NULL CHECK (kind IN ('raised', 'again', 'condition_gone', 'joined_storm', 'acknowledged', 'window_over', 'cleared')),
--lite:  at              BIGINT NOT NULL,
--lite:  received_at     BIGINT NOT NULL,
--lite:  session_id      BYTEA NOT NULL,
--lite:  actor           TEXT NOT NULL,
--lite:  note            TEXT NOT NULL,
--lite:  PRIMARY KEY (warning_id, number)
--lite:);
--lite:INSERT INTO warnings_now (id, operator_id, sub_operator_id, site_id, point_id, connector, warning_type, code, firmware, level, state, times,
--lite:  first_at, at, received_at, parent_id, children, session_id, detail, gone_at, due_at, acknowledged_at, acknowledged_by, cleared_at,
--lite:  cleared_by, clear_reason, version)
--lite:SELECT id, operator_id, sub_operator_id, site_id, point_id, connector, warning_type, code, firmware, level, state, times,
--lite:  first_at, at, received_at, parent_id, children, session_id, detail, gone_at, due_at, acknowledged_at, acknowledged_by, cleared_at,
--lite:  cleared_by, clear_reason, version FROM warnings;
--lite:INSERT INTO warning_entries_now (warning_id, number, operator_id, sub_operator_id, kind, at, received_at, session_id, actor, note)
--lite:SELECT warning_id, number, operator_id, sub_operator_id, kind, at, received_at, session_id, actor, note FROM warning_entries;
--lite:DROP TABLE warning_entries;
--lite:DROP TABLE warnings;
--lite:ALTER TABLE warnings_now RENAME TO warnings;
--lite:ALTER TABLE warning_entries_now RENAME TO warning_entries;
--lite:CREATE UNIQUE INDEX warnings_live ON warnings (point_id, warning_type, code, connector, operator_id, sub_operator_id) WHERE state <> 'CLEARED';
--lite:CREATE INDEX warnings_standing ON warnings (operator_id, at, id) WHERE state <> 'CLEARED';
--lite:CREATE INDEX warnings_list ON warnings (operator_id, at, id);
--lite:CREATE INDEX warnings_level ON warnings (operator_id, level, id);
--lite:CREATE INDEX warnings_sub ON warnings (operator_id, sub_operator_id, at, id);
--lite:CREATE INDEX warnings_site ON warnings (operator_id, site_id, at, id);
--lite:CREATE INDEX warnings_point ON warnings (operator_id, point_id, at, id);
--lite:CREATE INDEX warnings_parent ON warnings (parent_id, at, id);
--lite:CREATE INDEX warnings_cleared ON warnings (cleared_at) WHERE cleared_at IS NOT NULL;
--lite:CREATE INDEX warnings_due ON warnings (due_at) WHERE due_at IS NOT NULL;
-- What the end of a window has to look at.
CREATE INDEX warnings_aside ON warnings (operator_id, site_id, id) WHERE state = 'SUPPRESSED';

-- A window of one charge point, or of all of a site: point_id is zero then.
CREATE TABLE maintenance_windows (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  site_id         BYTEA  NOT NULL,
  point_id        BYTEA  NOT NULL,
  begins_at       BIGINT NOT NULL,
  ends_at         BIGINT NOT NULL,
  reason          TEXT   NOT NULL,
  created_by      TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  ended_by        TEXT   NOT NULL,
  due_at          BIGINT,
  version         BIGINT NOT NULL,
  CHECK (begins_at <= ends_at)
);
CREATE INDEX maintenance_windows_list ON maintenance_windows (operator_id, begins_at, id);
CREATE INDEX maintenance_windows_end ON maintenance_windows (operator_id, ends_at, id);
CREATE INDEX maintenance_windows_of_site ON maintenance_windows (operator_id, site_id, begins_at, id);
CREATE INDEX maintenance_windows_of_point ON maintenance_windows (operator_id, point_id, begins_at, id);
-- Only what is not over is looked for, with each warning that is raised.
CREATE INDEX maintenance_windows_due ON maintenance_windows (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX maintenance_windows_open ON maintenance_windows (operator_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX maintenance_windows_old ON maintenance_windows (ends_at);

CREATE TABLE warning_settings (
  operator_id     BYTEA  NOT NULL PRIMARY KEY,
  sub_operator_id BYTEA  NOT NULL,
  levels          TEXT   NOT NULL,
  version         BIGINT NOT NULL
);
