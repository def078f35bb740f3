-- What certificates a charge point showed when it came last, by their numbers.
-- Reason: when an authority gives its list of what it has revoked, whoever is connected by
-- a certificate on it, or by way of one, is sent away; certificates that were given out
-- elsewhere have no row of their own.

-- +goose Up
ALTER TABLE point_securities ADD COLUMN serials TEXT {{C}} NOT NULL DEFAULT '';
CREATE INDEX point_securities_shown ON point_securities (operator_id, point_id) WHERE serials <> '';
