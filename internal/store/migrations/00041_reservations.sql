-- Reservations: a connector that is kept for a driver until a time.
-- Reason: who was promised a connector must find it free, and staff must see who has it.

-- +goose Up
CREATE TABLE reservations (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	number          BIGINT NOT NULL CHECK (number > 0 AND number <= 2147483647),
	site_id         BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL,
	connector       INTEGER NOT NULL CHECK (connector >= 0),
	token_id        BYTEA  NOT NULL,
	uid_sealed      BYTEA  NOT NULL,
	driver_id       BYTEA  NOT NULL,
	account         TEXT   NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('REQUESTED', 'ACTIVE', 'USED', 'CANCELLED', 'EXPIRED', 'REFUSED')),
	soft            INTEGER NOT NULL CHECK (soft IN (0, 1)),
	session_id      BYTEA  NOT NULL,
	command_id      BYTEA  NOT NULL,
	detail          TEXT   NOT NULL,
	actor           TEXT   NOT NULL,
	reason          TEXT   NOT NULL,
	created_at      BIGINT NOT NULL,
	until           BIGINT NOT NULL,
	ended_at        BIGINT,
	due_at          BIGINT,
	version         BIGINT NOT NULL,
	CHECK ((ended_at IS NULL) = (state IN ('REQUESTED', 'ACTIVE')))
);
CREATE UNIQUE INDEX reservations_number ON reservations (number);
CREATE INDEX reservations_standing ON reservations (point_id) WHERE state IN ('REQUESTED', 'ACTIVE');
CREATE INDEX reservations_of_driver ON reservations (driver_id) WHERE state IN ('REQUESTED', 'ACTIVE');
CREATE INDEX reservations_command ON reservations (command_id);
CREATE INDEX reservations_list ON reservations (operator_id, created_at, id);
CREATE INDEX reservations_until ON reservations (operator_id, until, id);
CREATE INDEX reservations_point ON reservations (operator_id, point_id, created_at, id);
CREATE INDEX reservations_due ON reservations (due_at) WHERE due_at IS NOT NULL;
