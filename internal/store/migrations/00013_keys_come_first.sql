-- Keys that are unique within an operator begin with themselves, as do those that a start
-- is looked for by.
-- Reason: every index that began with the operator looked alike to PostgreSQL while the
-- tables were young, and it went through all that the operator has (keyed.go).

-- +goose Up
DROP INDEX entries_key;
CREATE UNIQUE INDEX entries_key ON entries (entry_key, operator_id);
DROP INDEX recharges_key;
CREATE UNIQUE INDEX recharges_key ON recharges (recharge_key, operator_id);
DROP INDEX tokens_uid;
CREATE UNIQUE INDEX tokens_uid ON tokens (uid_hash, operator_id);
DROP INDEX start_attempts_token;
CREATE INDEX start_attempts_token ON start_attempts (token_hash, at);
DROP INDEX charge_points_of_site;
CREATE INDEX charge_points_of_site ON charge_points (site_id, operator_id);
