-- Sites, charge points, connectors and the commands sent to them.
-- +goose Up

CREATE TABLE sites (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	name            TEXT   NOT NULL,
	name_sort       TEXT   {{C}} NOT NULL,
	address         TEXT   NOT NULL,
	time_zone       TEXT   NOT NULL,
	customer_care   TEXT   NOT NULL,
	plan_id         BYTEA  NOT NULL,
	status          TEXT   NOT NULL CHECK (status IN ('VALID', 'INVALID')),
	version         BIGINT NOT NULL,
	created_at      BIGINT NOT NULL
);
CREATE INDEX sites_by_name ON sites (operator_id, name_sort, id);
CREATE INDEX sites_by_age ON sites (operator_id, created_at, id);

-- One row per device. What people change counts in version; what the device reports
-- does not, so that a heartbeat never makes a form stale. No report touches an
-- indexed column.
CREATE TABLE charge_points (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	site_id         BYTEA  NOT NULL REFERENCES sites (id),
	identity        TEXT   {{C}} NOT NULL,
	name            TEXT   NOT NULL,
	name_sort       TEXT   {{C}} NOT NULL,
	code            TEXT   {{C}} NOT NULL,
	charger_type    TEXT   NOT NULL CHECK (charger_type IN ('AC', 'DC Fast', 'DC', 'HPC', 'MCS', 'Wireless', 'V2G')),
	max_power_w     BIGINT NOT NULL,
	plan_id         BYTEA  NOT NULL,
	status          TEXT   NOT NULL CHECK (status IN ('VALID', 'INVALID')),
	key_mac_text    BYTEA  NOT NULL,
	key_mac_raw     BYTEA  NOT NULL,
	version         BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,

	vendor          TEXT   NOT NULL DEFAULT '',
	model           TEXT   NOT NULL DEFAULT '',
	hardware_serial TEXT   NOT NULL DEFAULT '',
	firmware        TEXT   NOT NULL DEFAULT '',
	iccid           TEXT   NOT NULL DEFAULT '',
	imsi            TEXT   NOT NULL DEFAULT '',
	meter_type      TEXT   NOT NULL DEFAULT '',
	meter_serial    TEXT   NOT NULL DEFAULT '',
	booted_at       BIGINT,

	connection_epoch BIGINT NOT NULL DEFAULT 0,
	node            TEXT   NOT NULL DEFAULT '',
	connected_at    BIGINT,
	disconnected_at BIGINT,
	last_seen_at    BIGINT,
	online_until    BIGINT NOT NULL DEFAULT 0,
	clock_offset_us BIGINT NOT NULL DEFAULT 0,
	zone            TEXT   NOT NULL DEFAULT '',

	own_status            TEXT NOT NULL DEFAULT 'Unknown',
	own_error_code        TEXT NOT NULL DEFAULT '',
	own_vendor_error_code TEXT NOT NULL DEFAULT '',
	own_info              TEXT NOT NULL DEFAULT '',
	own_status_at         BIGINT,
	own_received_at       BIGINT,
	rolled          TEXT   NOT NULL DEFAULT 'PENDING',
	CHECK (disconnected_at IS NULL OR connected_at IS NOT NULL)
);
-- AST-R7: one physical point in one operator only.
CREATE UNIQUE INDEX charge_points_identity ON charge_points (identity);
CREATE UNIQUE INDEX charge_points_code ON charge_points (operator_id, code);
CREATE INDEX charge_points_by_name ON charge_points (operator_id, name_sort, id);
CREATE INDEX charge_points_by_age ON charge_points (operator_id, created_at, id);
CREATE INDEX charge_points_of_site ON charge_points (operator_id, site_id);

CREATE TABLE connectors (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL REFERENCES charge_points (id) ON DELETE CASCADE,
	number          BIGINT NOT NULL CHECK (number > 0),
	connector_type  TEXT   NOT NULL,
	max_power_w     BIGINT NOT NULL,
	reported        SMALLINT NOT NULL,
	status          TEXT   NOT NULL CHECK (status IN ('Unknown', 'Available', 'Preparing', 'Charging', 'SuspendedEV',
		'SuspendedEVSE', 'Finishing', 'Reserved', 'Unavailable', 'Faulted')),
	error_code        TEXT NOT NULL,
	vendor_error_code TEXT NOT NULL,
	info            TEXT   NOT NULL,
	status_at       BIGINT,
	received_at     BIGINT,
	version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX connectors_number ON connectors (point_id, number);

-- What lists are searched by: a text from each of its words on, in small letters.
CREATE TABLE asset_words (
	operator_id     BYTEA NOT NULL,
	sub_operator_id BYTEA NOT NULL,
	object_id       BYTEA NOT NULL,
	field           TEXT  {{C}} NOT NULL,
	phrase          TEXT  {{C}} NOT NULL
);
CREATE INDEX asset_words_phrase ON asset_words (operator_id, field, phrase, object_id);
CREATE INDEX asset_words_object ON asset_words (object_id, field);

-- The next code to print on a pile.
CREATE TABLE code_counters (
	operator_id     BYTEA  NOT NULL PRIMARY KEY,
	sub_operator_id BYTEA  NOT NULL,
	value           BIGINT NOT NULL
);

-- The row is the queue: queue_no is the order in which a point gets its commands.
CREATE TABLE commands (
--pg:	queue_no    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--lite:	queue_no    INTEGER PRIMARY KEY AUTOINCREMENT,
	id              BYTEA  NOT NULL,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL,
	session_id      BYTEA  NOT NULL,
	command_type    TEXT   NOT NULL CHECK (command_type IN ('remote_start', 'remote_stop', 'trigger_message', 'reset')),
	args_sealed     BYTEA  NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'accepted', 'rejected', 'not_supported', 'timeout', 'offline', 'failed')),
	answer          TEXT,
	error_detail    TEXT   NOT NULL,
	effect_state    TEXT   NOT NULL CHECK (effect_state IN ('none', 'pending', 'seen')),
	effect_text     TEXT   NOT NULL,
	effect_at       BIGINT,
	created_at      BIGINT NOT NULL,
	sent_at         BIGINT,
	answered_at     BIGINT,
	deadline        BIGINT,
	actor           TEXT   NOT NULL,
	reason          TEXT   NOT NULL,
	version         BIGINT NOT NULL,
	CHECK ((deadline IS NOT NULL) = (state IN ('queued', 'sent')))
);
CREATE UNIQUE INDEX commands_id ON commands (id);
CREATE INDEX commands_of_point ON commands (operator_id, point_id, queue_no);
CREATE INDEX commands_of_session ON commands (operator_id, session_id, queue_no);
CREATE INDEX commands_pending ON commands (point_id, queue_no) WHERE state IN ('queued', 'sent');
CREATE INDEX commands_due ON commands (deadline) WHERE state IN ('queued', 'sent');
CREATE INDEX commands_awaited ON commands (point_id, created_at) WHERE effect_state <> 'seen';
