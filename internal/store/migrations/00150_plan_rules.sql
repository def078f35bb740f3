-- What a version of a plan says beside its layers: holidays, the rules of reservations,
-- least and most of a session. Reason: as JSON, because only the rating reads it; versions
-- made before have none of it.
-- +goose Up
ALTER TABLE plan_versions ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
