-- Until when an operator's books are closed, and each closing of a month with who did it
-- and why, also where it was opened again.
-- Reason: what was reported to an authority must not change afterwards.

-- +goose Up
-- A posting for an instant that may be closed holds this row shared, a closing alone.
CREATE TABLE book_states (
  operator_id     BYTEA  NOT NULL PRIMARY KEY,
  sub_operator_id BYTEA  NOT NULL,
  closed_until    BIGINT NOT NULL
);

CREATE TABLE book_closings (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  month           TEXT {{C}} NOT NULL CHECK (length(month) = 7),
  closed_from     BIGINT NOT NULL,
  closed_until    BIGINT NOT NULL CHECK (closed_until > closed_from),
  closed_at       BIGINT NOT NULL,
  closed_by       BYTEA  NOT NULL,
  reason          TEXT   NOT NULL CHECK (reason <> ''),
  reopened_at     BIGINT,
  reopened_by     BYTEA  NOT NULL,
  reopen_reason   TEXT   NOT NULL
);
CREATE INDEX book_closings_list ON book_closings (operator_id, closed_at, id);
CREATE UNIQUE INDEX book_closings_month ON book_closings (operator_id, month) WHERE reopened_at IS NULL;
