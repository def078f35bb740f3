-- What people decided of sessions that waited for one: billed, with or without a
-- correction, or void. Reason: the record says who decided, why, and what it said before.

-- +goose Up
CREATE TABLE session_reviews (
  session_id      BYTEA   NOT NULL PRIMARY KEY,
  operator_id     BYTEA   NOT NULL,
  sub_operator_id BYTEA   NOT NULL,
  void            SMALLINT NOT NULL CHECK (void IN (0, 1)),
  energy_wh       BIGINT,
  started_at      BIGINT,
  ended_at        BIGINT,
  driver_id       BYTEA   NOT NULL,
  reason_sealed   BYTEA   NOT NULL,
  decided_by      BYTEA   NOT NULL,
  decided_at      BIGINT  NOT NULL,
  was_energy_wh   BIGINT  NOT NULL,
  was_started_at  BIGINT,
  was_ended_at    BIGINT
);
