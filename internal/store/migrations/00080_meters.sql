-- What was learned of the register that a connector's sessions begin and end with.
-- Reason: a start is judged by the register before it (BILL-R18).

-- +goose Up
ALTER TABLE connectors ADD COLUMN meter_wh BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connectors ADD COLUMN meter_at BIGINT;
ALTER TABLE connectors ADD COLUMN meter_restarts SMALLINT NOT NULL DEFAULT 0 CHECK (meter_restarts >= 0);
ALTER TABLE connectors ADD COLUMN meter_swapped SMALLINT NOT NULL DEFAULT 0 CHECK (meter_swapped IN (0, 1));
