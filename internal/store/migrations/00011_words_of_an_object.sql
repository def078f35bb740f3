-- The words of an object are found by its operator and itself.
-- Reason: every statement names the operator, and with that column missing here SQLite
-- went through all words of the operator: ten thousand charge points took minutes to make.

-- +goose Up
DROP INDEX asset_words_object;
CREATE INDEX asset_words_object ON asset_words (operator_id, object_id, field);
