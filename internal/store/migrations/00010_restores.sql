-- What a restore could not bring back: the transaction numbers that were given out after
-- the backup. Charge points still report under them.
-- Reason: such a report must not be taken for that of a session that is known, whose
-- driver would pay for another's energy.

-- +goose Up
CREATE TABLE restores (
  restored_at BIGINT NOT NULL,
  taken_at    BIGINT NOT NULL,
  first_lost  BIGINT NOT NULL,
  last_lost   BIGINT NOT NULL,
  PRIMARY KEY (restored_at, first_lost)
);
