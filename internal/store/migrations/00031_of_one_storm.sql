-- The warnings of a storm are found by it.
-- Reason: as 00013.

-- +goose Up
DROP INDEX warnings_parent;
CREATE INDEX warnings_parent ON warnings (parent_id, at, id);
