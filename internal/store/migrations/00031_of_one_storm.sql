-- What stands at a charge point, and the warnings of a storm, are found by it.
-- Reason: as 00013.

-- +goose Up
DROP INDEX warnings_live;
CREATE UNIQUE INDEX warnings_live ON warnings (point_id, warning_type, code, connector, operator_id, sub_operator_id) WHERE state <> 'CLEARED';
DROP INDEX warnings_parent;
CREATE INDEX warnings_parent ON warnings (parent_id, at, id);
