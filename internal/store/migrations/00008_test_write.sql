-- One row that is written again and again while it is in doubt whether the database
-- takes writes.
-- Reason: that is decided by a write that needs room on the disk, as a report does.

-- +goose Up
CREATE TABLE test_writes (
  id     SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  at     BIGINT   NOT NULL,
  filler BYTEA    NOT NULL
);
