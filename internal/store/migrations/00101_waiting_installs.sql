-- What an install that waits for the end of a session was asked for with.
-- Reason: firmware is never brought into a charge point during a session unless staff say
-- so (AST-R5), also where it is asked for by itself; it is asked for later then.

-- +goose Up
ALTER TABLE firmware_installs ADD COLUMN protocol TEXT {{C}} NOT NULL DEFAULT '';
ALTER TABLE firmware_installs ADD COLUMN signed TEXT {{C}} NOT NULL DEFAULT '' CHECK (signed IN ('', 'yes', 'no'));
ALTER TABLE firmware_installs ADD COLUMN not_before BIGINT;
ALTER TABLE firmware_installs ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE firmware_installs ADD COLUMN reason TEXT NOT NULL DEFAULT '';
