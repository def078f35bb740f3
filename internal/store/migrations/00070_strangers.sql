-- Charge points that nobody has registered, what they reported of charges meanwhile, other
-- identities that a registered one connects with, and whether strangers may knock at all.
-- Reason: staff adopt a new device from an inbox instead of typing what it could have told
-- (AST-R2), and what it reports before that is not lost.

-- +goose Up
CREATE TABLE strangers (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	identity        TEXT   {{C}} NOT NULL,
	address_sealed  BYTEA,
	vendor          TEXT   NOT NULL,
	model           TEXT   NOT NULL,
	hardware_serial TEXT   NOT NULL,
	firmware        TEXT   NOT NULL,
	key_mac_text    BYTEA  NOT NULL,
	key_mac_raw     BYTEA  NOT NULL,
	key_mark        TEXT   NOT NULL,
	keys_seen       BIGINT NOT NULL CHECK (keys_seen >= 0),
	first_at        BIGINT NOT NULL,
	last_at         BIGINT NOT NULL,
	told_at         BIGINT,
	booted_at       BIGINT,
	tries           BIGINT NOT NULL CHECK (tries > 0),
	held            BIGINT NOT NULL CHECK (held >= 0),
	ignored         SMALLINT NOT NULL CHECK (ignored IN (0, 1)),
	version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX strangers_identity ON strangers (identity, operator_id);
CREATE INDEX strangers_list ON strangers (operator_id, last_at, id);
CREATE INDEX strangers_old ON strangers (last_at);

-- Starts and stops that were not acknowledged. They are few: see MaxHeld.
CREATE TABLE stranger_reports (
	stranger_id     BYTEA  NOT NULL REFERENCES strangers (id) ON DELETE CASCADE,
	number          BIGINT NOT NULL,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	action          TEXT   NOT NULL,
	message_id      TEXT   NOT NULL,
	received_at     BIGINT NOT NULL,
	raw_sealed      BYTEA  NOT NULL,
	PRIMARY KEY (stranger_id, number)
);

-- Behaviour 7: a device that appends its serial number to the path, or leaves it out.
CREATE TABLE point_aliases (
	identity        TEXT   {{C}} NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL REFERENCES charge_points (id) ON DELETE CASCADE,
	created_at      BIGINT NOT NULL
);
CREATE INDEX point_aliases_point ON point_aliases (point_id);

CREATE TABLE onboarding_settings (
	operator_id     BYTEA    NOT NULL PRIMARY KEY,
	sub_operator_id BYTEA    NOT NULL,
	knock           SMALLINT NOT NULL CHECK (knock IN (0, 1))
);
