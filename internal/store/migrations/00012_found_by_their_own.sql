-- The entries of a session and the words of a driver are found by their operator and
-- their own id.
-- Reason: every statement names the operator, and SQLite preferred an index that begins
-- with it to one that begins with the id: it went through all that the operator has.

-- +goose Up
CREATE INDEX entries_session ON entries (operator_id, session_id, posted_at, id);
DROP INDEX driver_terms_of_driver;
CREATE INDEX driver_terms_of_driver ON driver_terms (operator_id, driver_id);
