-- Commands of the whole 1.6 core, their outcome and effect, the wait for a point to come
-- online, one command for many points, and what is known of a point's configuration.
-- Reason: staff reset, unlock, take out of service and set up charge points from the
-- portal, and see what came of it; a bulk must survive a restart of the server.

-- +goose Up
--pg:ALTER TABLE commands DROP CONSTRAINT commands_command_type_check;
--pg:ALTER TABLE commands DROP CONSTRAINT commands_state_check;
--pg:ALTER TABLE commands DROP CONSTRAINT commands_effect_state_check;
--pg:ALTER TABLE commands ADD CONSTRAINT commands_command_type_check CHECK (command_type IN ('remote_start', 'remote_stop', 'trigger_message', 'reset', 'unlock', 'change_availability', 'get_configuration', 'change_configuration', 'clear_cache'));
--pg:ALTER TABLE commands ADD CONSTRAINT commands_state_check CHECK (state IN ('queued', 'sent', 'accepted', 'rejected', 'not_supported', 'timeout', 'offline', 'expired', 'failed'));
--pg:ALTER TABLE commands ADD CONSTRAINT commands_effect_state_check CHECK (effect_state IN ('none', 'pending', 'seen', 'failed'));
--pg:ALTER TABLE commands ADD COLUMN outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'scheduled', 'reboot_required', 'unlock_failed'));
--pg:ALTER TABLE commands ADD COLUMN waits_until BIGINT;
--pg:ALTER TABLE commands ADD COLUMN bulk_id BYTEA;
--lite:CREATE TABLE commands_widened (
--lite:queue_no    INTEGER PRIMARY KEY AUTOINCREMENT,
--lite:id              BYTEA  NOT NULL,
--lite:operator_id     BYTEA  NOT NULL,
--lite:sub_operator_id BYTEA  NOT NULL,
--lite:point_id        BYTEA  NOT NULL,
--lite:session_id      BYTEA  NOT NULL,
--lite:command_type    TEXT   NOT NULL CHECK (command_type IN ('remote_start', 'remote_stop', 'trigger_message', 'reset', 'unlock',
--lite:'change_availability', 'get_configuration', 'change_configuration', 'clear_cache')),
--lite:args_sealed     BYTEA  NOT NULL,
--lite:state           TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'accepted', 'rejected', 'not_supported', 'timeout', 'offline', 'expired', 'failed')),
--lite:answer          TEXT,
--lite:error_detail    TEXT   NOT NULL,
--lite:effect_state    TEXT   NOT NULL CHECK (effect_state IN ('none', 'pending', 'seen', 'failed')),
--lite:effect_text     TEXT   NOT NULL,
--lite:effect_at       BIGINT,
--lite:created_at      BIGINT NOT NULL,
--lite:sent_at         BIGINT,
--lite:answered_at     BIGINT,
--lite:deadline        BIGINT,
--lite:actor           TEXT   NOT NULL,
--lite:reason          TEXT   NOT NULL,
--lite:version         BIGINT NOT NULL,
--lite:outcome         TEXT   NOT NULL DEFAULT '' CHECK (outcome IN ('', 'scheduled', 'reboot_required', 'unlock_failed')),
--lite:waits_until     BIGINT,
--lite:bulk_id         BYTEA,
--lite:CHECK ((deadline IS NOT NULL) = (state IN ('queued', 'sent')))
--lite:);
--lite:INSERT INTO commands_widened (queue_no, id, operator_id, sub_operator_id, point_id, session_id, command_type, args_sealed, state, answer,
--lite:error_detail, effect_state, effect_text, effect_at, created_at, sent_at, answered_at, deadline, actor, reason, version)
--lite:SELECT queue_no, id, operator_id, sub_operator_id, point_id, session_id, command_type, args_sealed, state, answer,
--lite:error_detail, effect_state, effect_text, effect_at, created_at, sent_at, answered_at, deadline, actor, reason, version FROM commands;
--lite:DROP TABLE commands;
--lite:ALTER TABLE commands_widened RENAME TO commands;
--lite:CREATE UNIQUE INDEX commands_id ON commands (id);
--lite:CREATE INDEX commands_of_point ON commands (operator_id, point_id, queue_no);
--lite:CREATE INDEX commands_of_session ON commands (operator_id, session_id, queue_no);
--lite:CREATE INDEX commands_pending ON commands (point_id, queue_no) WHERE state IN ('queued', 'sent');
--lite:CREATE INDEX commands_due ON commands (deadline) WHERE state IN ('queued', 'sent');
--pg:DROP INDEX commands_awaited;
CREATE INDEX commands_awaited ON commands (point_id, sent_at) WHERE state IN ('sent', 'accepted') AND effect_state IN ('none', 'pending');
CREATE INDEX commands_of_bulk ON commands (operator_id, bulk_id, queue_no) WHERE bulk_id IS NOT NULL;

-- What a device said of its settings, and what was set since. One row per point; the
-- keys are one sealed text, because values hold passwords.
CREATE TABLE point_configurations (
	point_id        BYTEA  NOT NULL PRIMARY KEY REFERENCES charge_points (id) ON DELETE CASCADE,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	firmware        TEXT   NOT NULL,
	read_at         BIGINT,
	keys_sealed     BYTEA  NOT NULL
);

-- One command for many points: what was asked, by whom and why.
CREATE TABLE command_bulks (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	command_type    TEXT   NOT NULL,
	args_sealed     BYTEA  NOT NULL,
	reason          TEXT   NOT NULL,
	staff_id        BYTEA  NOT NULL,
	on_behalf_of    BYTEA  NOT NULL,
	request_id      TEXT   NOT NULL,
	ip_sealed       BYTEA,
	interval_s      BIGINT NOT NULL,
	wait_s          BIGINT NOT NULL,
	total           BIGINT NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
	created_at      BIGINT NOT NULL,
	ended_at        BIGINT,
	version         BIGINT NOT NULL,
	CHECK ((ended_at IS NULL) = (state = 'running'))
);
CREATE INDEX command_bulks_list ON command_bulks (operator_id, created_at, id);

-- Its rows, each due at a time of its own so that a site does not restart as a whole. A
-- row that was refused names what was asked for, which may be nobody's or another's.
CREATE TABLE command_bulk_items (
	bulk_id         BYTEA  NOT NULL REFERENCES command_bulks (id),
	number          BIGINT NOT NULL,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL,
	site_id         BYTEA  NOT NULL,
	command_id      BYTEA,
	state           TEXT   NOT NULL CHECK (state IN ('waiting', 'made', 'refused', 'cancelled')),
	code            TEXT   NOT NULL,
	detail          TEXT   NOT NULL,
	due_at          BIGINT NOT NULL,
	done_at         BIGINT,
	PRIMARY KEY (bulk_id, number),
	CHECK ((done_at IS NULL) = (state = 'waiting'))
);
CREATE INDEX command_bulk_items_due ON command_bulk_items (due_at) WHERE state = 'waiting';
CREATE INDEX command_bulk_items_waiting ON command_bulk_items (bulk_id, due_at) WHERE state = 'waiting';
CREATE INDEX command_bulk_items_site ON command_bulk_items (operator_id, site_id, due_at) WHERE state = 'waiting';

-- The starts and stops of a point, for its page. Meter values stay without: they are the
-- hot path.
CREATE INDEX session_events_point ON session_events (point_id, received_at) WHERE loose = 1;
