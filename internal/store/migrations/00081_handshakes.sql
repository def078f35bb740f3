-- What a charge point need offer when it connects.
-- Reason: some offer no sub-protocol, and some another than they speak.

-- +goose Up
ALTER TABLE charge_points ADD COLUMN subprotocol TEXT {{C}} NOT NULL DEFAULT '' CHECK (subprotocol IN ('', 'required', 'pinned'));
