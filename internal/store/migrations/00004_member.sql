-- Drivers and tokens. Personal data is sealed under the operator's data key; beside
-- it stand keyed hashes, of the whole value and of the beginnings of its words.
-- +goose Up

CREATE TABLE drivers (
	id               BYTEA  NOT NULL PRIMARY KEY,
	operator_id      BYTEA  NOT NULL,
	sub_operator_id  BYTEA  NOT NULL,
	account_sealed   BYTEA  NOT NULL,
	account_hash     BYTEA  NOT NULL,
	nickname_sealed  BYTEA,
	name_sealed      BYTEA,
	mobile_sealed    BYTEA,
	mobile_hash      BYTEA,
	email_sealed     BYTEA,
	email_hash       BYTEA,
	membership_level TEXT   NOT NULL,
	charging_account TEXT   {{C}} NOT NULL,
	wallet_id        BYTEA  NOT NULL,
	status           TEXT   NOT NULL CHECK (status IN ('PENDING', 'VALID', 'SUSPENDED', 'CLOSED')),
	version          BIGINT NOT NULL,
	created_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX drivers_account ON drivers (operator_id, account_hash);
CREATE UNIQUE INDEX drivers_charging_account ON drivers (charging_account);
CREATE INDEX drivers_by_charging_account ON drivers (operator_id, charging_account, id);
CREATE INDEX drivers_by_age ON drivers (operator_id, created_at, id);
CREATE INDEX drivers_by_mobile ON drivers (operator_id, mobile_hash);
CREATE INDEX drivers_by_email ON drivers (operator_id, email_hash);

CREATE TABLE driver_terms (
	operator_id     BYTEA NOT NULL,
	sub_operator_id BYTEA NOT NULL,
	driver_id       BYTEA NOT NULL REFERENCES drivers (id) ON DELETE CASCADE,
	term            BYTEA NOT NULL,
	PRIMARY KEY (operator_id, term, driver_id)
);
CREATE INDEX driver_terms_of_driver ON driver_terms (driver_id);

-- RFD-R1: uid_hash is of the form in which all spellings and byte orders meet.
CREATE TABLE tokens (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	driver_id       BYTEA  NOT NULL REFERENCES drivers (id),
	uid_sealed      BYTEA  NOT NULL,
	uid_hash        BYTEA  NOT NULL,
	visual_sealed   BYTEA,
	status          TEXT   NOT NULL CHECK (status IN ('ENABLE', 'DISABLE', 'LOST', 'EXPIRED')),
	expires_at      BIGINT,
	max_sessions    BIGINT NOT NULL CHECK (max_sessions > 0),
	delivery_type   TEXT   NOT NULL CHECK (delivery_type IN ('Pick-up', 'Mail', 'Digital', 'Batch')),
	version         BIGINT NOT NULL,
	created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX tokens_uid ON tokens (operator_id, uid_hash);
CREATE INDEX tokens_by_age ON tokens (operator_id, created_at, id);
CREATE INDEX tokens_of_driver ON tokens (operator_id, driver_id);
