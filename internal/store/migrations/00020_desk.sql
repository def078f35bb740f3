-- What the desk keeps: orders of lists that can be asked for, the views and columns of
-- each account, and exports that were asked for.
-- Reason: an order is offered only where an index gives it, and every index of a list
-- begins with the operator. Views follow a person to another browser.

-- +goose Up
CREATE INDEX charge_points_by_identity ON charge_points (operator_id, identity, id);
CREATE INDEX recharges_amount ON recharges (operator_id, amount, id);

CREATE TABLE staff_views (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  staff_id        BYTEA    NOT NULL,
  list            TEXT {{C}} NOT NULL CHECK (length(list) BETWEEN 1 AND 40),
  name_sealed     BYTEA    NOT NULL,
  query_sealed    BYTEA,
  is_default      SMALLINT NOT NULL CHECK (is_default IN (0, 1)),
  created_at      BIGINT   NOT NULL
);
CREATE INDEX staff_views_list ON staff_views (operator_id, staff_id, list, created_at, id);

CREATE TABLE staff_columns (
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  staff_id        BYTEA    NOT NULL,
  list            TEXT {{C}} NOT NULL CHECK (length(list) BETWEEN 1 AND 40),
  choice          TEXT {{C}} NOT NULL,
  saved_at        BIGINT   NOT NULL,
  PRIMARY KEY (operator_id, staff_id, list)
);

-- The rows of an export stand in a file; here is who asked for what. It goes with the file.
CREATE TABLE exports (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  staff_id        BYTEA    NOT NULL,
  acting_in       BYTEA    NOT NULL,
  path            TEXT {{C}} NOT NULL CHECK (path <> ''),
  query_sealed    BYTEA,
  format          TEXT {{C}} NOT NULL CHECK (format IN ('csv', 'xlsx')),
  state           TEXT {{C}} NOT NULL CHECK (state IN ('WAITING', 'READY', 'FAILED')),
  why             TEXT {{C}} NOT NULL,
  row_count       BIGINT   NOT NULL CHECK (row_count >= 0),
  byte_count      BIGINT   NOT NULL CHECK (byte_count >= 0),
  created_at      BIGINT   NOT NULL,
  ready_at        BIGINT,
  expires_at      BIGINT   NOT NULL
);
CREATE INDEX exports_list ON exports (operator_id, staff_id, created_at, id);
CREATE INDEX exports_end ON exports (expires_at);
