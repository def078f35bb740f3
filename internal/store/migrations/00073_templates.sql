-- Settings that charge points shall have, and how each stands to them.
-- Reason: a charge point that keeps its reports too briefly or sends no meter values loses
-- money; nobody sets hundreds of them by hand, and somebody on site may change one (AST-R4,
-- AST-A6).

-- +goose Up
CREATE TABLE config_templates (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	name            TEXT   NOT NULL,
	name_sort       TEXT   {{C}} NOT NULL,
	vendor          TEXT   NOT NULL,
	model           TEXT   NOT NULL,
	vendor_key      TEXT   {{C}} NOT NULL,
	model_key       TEXT   {{C}} NOT NULL,
	settings        TEXT   NOT NULL,
	active          SMALLINT NOT NULL CHECK (active IN (0, 1)),
	revision        BIGINT NOT NULL CHECK (revision > 0),
	changed_at      BIGINT NOT NULL,
	version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX config_templates_of ON config_templates (operator_id, vendor_key, model_key);
CREATE INDEX config_templates_list ON config_templates (operator_id, name_sort, id);

-- One row per charge point that a template is or was for. The row is the timer, too.
CREATE TABLE point_settings (
	point_id           BYTEA  NOT NULL PRIMARY KEY REFERENCES charge_points (id) ON DELETE CASCADE,
	operator_id        BYTEA  NOT NULL,
	sub_operator_id    BYTEA  NOT NULL,
	template_id        BYTEA  NOT NULL,
	revision           BIGINT NOT NULL,
	phase              TEXT   NOT NULL CHECK (phase IN ('none', 'waiting', 'reading', 'applying', 'restart', 'restarting', 'idle', 'never_asked')),
	cause              TEXT   NOT NULL CHECK (cause IN ('', 'check', 'apply', 'force', 'verify')),
	settings           TEXT   NOT NULL,
	checked_at         BIGINT,
	started_at         BIGINT,
	due_at             BIGINT,
	restarted_template BYTEA  NOT NULL,
	restarted_revision BIGINT NOT NULL
);
CREATE INDEX point_settings_due ON point_settings (due_at) WHERE due_at IS NOT NULL;

-- How many settings differ from the template, for the list of charge points.
ALTER TABLE charge_points ADD COLUMN settings_differ BIGINT NOT NULL DEFAULT 0;
CREATE INDEX charge_points_differ ON charge_points (operator_id, name_sort, id) WHERE settings_differ > 0;
