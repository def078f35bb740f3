-- Which devices stood in the place of a charge point, one after the other.
-- Reason: hardware is replaced and the charge point keeps its code, its name and its
-- history (AST-R1); a boot with another serial number than the known one is noted.

-- +goose Up
CREATE TABLE point_hardware (
	point_id        BYTEA  NOT NULL REFERENCES charge_points (id) ON DELETE CASCADE,
	number          BIGINT NOT NULL,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	vendor          TEXT   NOT NULL,
	model           TEXT   NOT NULL,
	hardware_serial TEXT   NOT NULL,
	firmware        TEXT   NOT NULL,
	meter_serial    TEXT   NOT NULL,
	origin          TEXT   NOT NULL CHECK (origin IN ('first', 'swap', 'seen')),
	from_at         BIGINT,
	until_at        BIGINT,
	confirmed       SMALLINT NOT NULL CHECK (confirmed IN (0, 1)),
	reason          TEXT   NOT NULL,
	actor           TEXT   NOT NULL,
	PRIMARY KEY (point_id, number)
);
