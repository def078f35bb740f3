-- What a filter of the sessions finds has an index that a page is read by.

-- +goose Up
CREATE INDEX sessions_account ON sessions (operator_id, account_id, sort_at, id);
CREATE INDEX sessions_open ON sessions (operator_id, sort_at, id)
  WHERE phase IN ('STARTING', 'CHARGING', 'PAUSED', 'OFFLINE_RUNNING', 'STOPPING', 'STOP_UNCONFIRMED');
-- A login is found by itself (decision 0014).
DROP INDEX drivers_account;
CREATE UNIQUE INDEX drivers_account ON drivers (account_hash, operator_id);
