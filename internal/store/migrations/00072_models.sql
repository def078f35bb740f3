-- What is known of each model of charge point and its firmware: what staff say it cannot
-- do, and what its answers have told.
-- Reason: real charge points refuse standard messages, restart when they are asked
-- something or take only one kind of charging profile (behaviours 21, 66, 67, 70 to 73);
-- nobody should have to find that out twice.

-- +goose Up
CREATE TABLE models (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	vendor          TEXT   NOT NULL,
	model           TEXT   NOT NULL,
	firmware        TEXT   NOT NULL,
	vendor_key      TEXT   {{C}} NOT NULL,
	model_key       TEXT   {{C}} NOT NULL,
	firmware_key    TEXT   {{C}} NOT NULL,
	name_sort       TEXT   {{C}} NOT NULL,
	quirks          TEXT   NOT NULL,
	learned         TEXT   NOT NULL,
	note            TEXT   NOT NULL,
	created_at      BIGINT NOT NULL,
	learned_at      BIGINT,
	version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX models_name ON models (vendor_key, model_key, firmware_key, operator_id);
CREATE INDEX models_list ON models (operator_id, name_sort, id);
