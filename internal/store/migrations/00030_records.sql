-- The records that people look for among all: unpaid, adjusted, abnormal, void; those
-- of a card, of a charging account and of a plan.
-- Reason: such a filter went through every record that was not it.

-- +goose Up
CREATE INDEX sessions_unpaid ON sessions (operator_id, sort_at, id) WHERE phase = 'COMPLETED' AND debt > 0;
CREATE INDEX sessions_adjusted ON sessions (operator_id, sort_at, id) WHERE phase = 'COMPLETED' AND debt <= 0 AND adjusted = 1;
CREATE INDEX sessions_abnormal ON sessions (operator_id, sort_at, id) WHERE phase = 'ABNORMAL';
CREATE INDEX sessions_settling ON sessions (operator_id, sort_at, id) WHERE phase = 'IDLE';
CREATE INDEX sessions_void ON sessions (operator_id, sort_at, id) WHERE phase IN ('REJECTED', 'FAILED_TO_START');
CREATE INDEX sessions_card ON sessions (operator_id, token_hash, sort_at, id);
CREATE INDEX sessions_plan ON sessions (operator_id, plan_id, sort_at, id);
