-- How a charge point may connect: a name that is not its identity, and what it need offer.
-- Reason: some append their serial number to the address, some offer no sub-protocol.

-- +goose Up
ALTER TABLE charge_points ADD COLUMN alias TEXT {{C}} NOT NULL DEFAULT '';
ALTER TABLE charge_points ADD COLUMN subprotocol TEXT {{C}} NOT NULL DEFAULT '' CHECK (subprotocol IN ('', 'required', 'pinned'));
CREATE UNIQUE INDEX charge_points_alias ON charge_points (alias) WHERE alias <> '';
