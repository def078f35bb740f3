-- How much of a wallet's balance is bonus, and what a recharge gave of it.
-- Reason: an operator gives more to who recharges much, and does not pay that out.

-- +goose Up
ALTER TABLE accounts ADD COLUMN bonus BIGINT NOT NULL DEFAULT 0 CHECK (bonus >= 0);
ALTER TABLE recharges ADD COLUMN bonus BIGINT NOT NULL DEFAULT 0;
