-- Local lists: which cards a charge point lets in while it is offline, and how far it has them.
-- Reason: a driver must be able to charge when the network is away, and a card that was
-- taken from its driver must not.

-- +goose Up
CREATE TABLE local_lists (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	name            TEXT   NOT NULL,
	name_sort       TEXT {{C}} NOT NULL,
	cards           TEXT   NOT NULL CHECK (cards IN ('ALL', 'SUB_OPERATOR', 'MANUAL')),
	cards_of        BYTEA  NOT NULL,
	without_balance INTEGER NOT NULL CHECK (without_balance IN (0, 1)),
	status          TEXT   NOT NULL CHECK (status IN ('VALID', 'INVALID')),
	revision        BIGINT NOT NULL CHECK (revision >= 0),
	size            BIGINT NOT NULL CHECK (size >= 0),
	left_out        BIGINT NOT NULL CHECK (left_out >= 0),
	too_many        INTEGER NOT NULL CHECK (too_many IN (0, 1)),
	due_at          BIGINT,
	asked           BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,
	version         BIGINT NOT NULL
);
CREATE INDEX local_lists_name ON local_lists (operator_id, name_sort, id);
CREATE INDEX local_lists_age ON local_lists (operator_id, created_at, id);
CREATE INDEX local_lists_due ON local_lists (due_at) WHERE due_at IS NOT NULL;

-- What was picked one by one: cards, sites, charge points.
CREATE TABLE local_list_picks (
	list_id         BYTEA NOT NULL REFERENCES local_lists (id) ON DELETE CASCADE,
	operator_id     BYTEA NOT NULL,
	sub_operator_id BYTEA NOT NULL,
	kind            TEXT  NOT NULL CHECK (kind IN ('token', 'site', 'point')),
	object_id       BYTEA NOT NULL,
	PRIMARY KEY (list_id, kind, object_id)
);

-- The cards of a list, and those that were on it and may be on a device still. changed is
-- the revision of the list that an entry became what it is by: what came after the one
-- that a device has is what it lacks.
CREATE TABLE local_list_entries (
	list_id         BYTEA  NOT NULL REFERENCES local_lists (id) ON DELETE CASCADE,
	number          BIGINT NOT NULL,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	token_id        BYTEA  NOT NULL,
	uid_sealed      BYTEA  NOT NULL,
	account         TEXT   NOT NULL,
	expires_at      BIGINT,
	removed         INTEGER NOT NULL CHECK (removed IN (0, 1)),
	changed         BIGINT NOT NULL,
	PRIMARY KEY (list_id, number)
);
CREATE UNIQUE INDEX local_list_entries_token ON local_list_entries (list_id, token_id);

-- A device has one list: one row per charge point.
CREATE TABLE local_list_points (
	point_id        BYTEA  NOT NULL PRIMARY KEY REFERENCES charge_points (id) ON DELETE CASCADE,
	list_id         BYTEA  NOT NULL REFERENCES local_lists (id),
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('QUEUED', 'PUSHING', 'SUCCESS', 'FAILED', 'OUT_OF_SYNC', 'NOT_SUPPORTED')),
	asking          TEXT   NOT NULL CHECK (asking IN ('', 'keys', 'version', 'chunk', 'check')),
	command_id      BYTEA,
	reported        BIGINT,
	reported_at     BIGINT,
	list_version    BIGINT NOT NULL CHECK (list_version >= 0),
	revision        BIGINT NOT NULL CHECK (revision >= 0),
	goal            BIGINT NOT NULL CHECK (goal >= 0),
	sent_version    BIGINT NOT NULL,
	sent_upto       BIGINT NOT NULL,
	whole           INTEGER NOT NULL CHECK (whole IN (0, 1)),
	after_number    BIGINT NOT NULL,
	chunk           BIGINT NOT NULL,
	chunks          BIGINT NOT NULL,
	cards           BIGINT NOT NULL,
	tries           BIGINT NOT NULL,
	detail          TEXT   NOT NULL,
	due_at          BIGINT,
	started_at      BIGINT,
	succeeded_at    BIGINT,
	leaving         INTEGER NOT NULL CHECK (leaving IN (0, 1)),
	version         BIGINT NOT NULL,
	CHECK ((asking = '') = (command_id IS NULL))
);
CREATE INDEX local_list_points_list ON local_list_points (operator_id, list_id, point_id);
CREATE INDEX local_list_points_of_list ON local_list_points (list_id, state);
CREATE INDEX local_list_points_due ON local_list_points (due_at) WHERE due_at IS NOT NULL;
