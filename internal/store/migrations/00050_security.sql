-- How charge points show who they are: security profiles, their certificates with the
-- authorities behind them, changes of key and profile, and what is told of security.
-- Reason: a charge point must fulfil its profile or is refused, and staff see by what it
-- is connected, what it was refused for and when its certificate ends.

-- +goose Up
-- The least that an operator allows (0: nothing, 1: a key, 2: a key by TLS, 3: a
-- certificate), and who signs what its charge points ask for.
CREATE TABLE security_settings (
	operator_id     BYTEA  NOT NULL PRIMARY KEY,
	sub_operator_id BYTEA  NOT NULL,
	minimum         SMALLINT NOT NULL CHECK (minimum BETWEEN 0 AND 3),
	issuer          TEXT   NOT NULL CHECK (issuer IN ('built_in', 'own')),
	version         BIGINT NOT NULL
);

-- What a point must fulfil, and by what it came last; no row: a key, and it never came.
CREATE TABLE point_securities (
	point_id        BYTEA  NOT NULL PRIMARY KEY REFERENCES charge_points (id) ON DELETE CASCADE,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	profile         SMALLINT NOT NULL CHECK (profile BETWEEN 0 AND 3),
	met             SMALLINT NOT NULL CHECK (met BETWEEN 0 AND 3),
	met_at          BIGINT,
	transport       TEXT   NOT NULL,
	certificate_id  BYTEA  NOT NULL,
	refused_at      BIGINT,
	refused_why     TEXT   NOT NULL,
	root_at         BIGINT,
	installed       TEXT   NOT NULL,
	installed_at    BIGINT,
	version         BIGINT NOT NULL
);

-- A change of the key or of the profile on its way, and those that are over. While one of
-- the key stands both keys are taken.
CREATE TABLE security_changes (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL REFERENCES charge_points (id) ON DELETE CASCADE,
	kind            TEXT   NOT NULL CHECK (kind IN ('key', 'profile')),
	profile_from    SMALLINT NOT NULL CHECK (profile_from BETWEEN 0 AND 3),
	profile_to      SMALLINT NOT NULL CHECK (profile_to BETWEEN 0 AND 3),
	key_mac_text    BYTEA,
	key_mac_raw     BYTEA,
	state           TEXT   NOT NULL CHECK (state IN ('asked', 'taken', 'restart', 'unclear', 'done', 'refused', 'rolled_back')),
	command_id      BYTEA  NOT NULL,
	detail          TEXT   NOT NULL,
	actor           TEXT   NOT NULL,
	reason          TEXT   NOT NULL,
	created_at      BIGINT NOT NULL,
	taken_at        BIGINT,
	due_at          BIGINT,
	ended_at        BIGINT,
	version         BIGINT NOT NULL,
	CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'refused', 'rolled_back')))
);
CREATE UNIQUE INDEX security_changes_open ON security_changes (point_id) WHERE ended_at IS NULL;
CREATE INDEX security_changes_point ON security_changes (point_id, created_at);
CREATE INDEX security_changes_due ON security_changes (due_at) WHERE due_at IS NOT NULL;

-- What charge points tell of their security, and what we noticed of it ourselves.
CREATE TABLE security_events (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL,
	source          TEXT   {{C}} NOT NULL CHECK (source IN ('charge_point', 'server')),
	kind            TEXT   {{C}} NOT NULL,
	critical        SMALLINT NOT NULL CHECK (critical IN (0, 1)),
	at              BIGINT NOT NULL,
	received_at     BIGINT NOT NULL,
	detail_sealed   BYTEA
);
CREATE UNIQUE INDEX security_events_once ON security_events (point_id, at, kind, source);
CREATE INDEX security_events_list ON security_events (operator_id, at, id);
CREATE INDEX security_events_point ON security_events (operator_id, point_id, at, id);
CREATE INDEX security_events_critical ON security_events (operator_id, critical, at, id);
CREATE INDEX security_events_old ON security_events (received_at);

-- Authorities that certificates of charge points are trusted by: ours with its key, sealed,
-- and the operator's own without.
CREATE TABLE authorities (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	kind            TEXT   NOT NULL CHECK (kind IN ('built_in', 'own')),
	name            TEXT   NOT NULL,
	organisation    TEXT   NOT NULL,
	certificate     BYTEA  NOT NULL,
	key_sealed      BYTEA,
	revocations     BYTEA,
	revocations_until BIGINT,
	trusted         SMALLINT NOT NULL CHECK (trusted IN (0, 1)),
	not_before      BIGINT NOT NULL,
	not_after       BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,
	version         BIGINT NOT NULL,
	CHECK ((kind = 'built_in') = (key_sealed IS NOT NULL))
);
-- One of ours signs at a time.
CREATE UNIQUE INDEX authorities_built_in ON authorities (operator_id) WHERE kind = 'built_in' AND trusted = 1;
CREATE INDEX authorities_list ON authorities (operator_id, created_at, id);

-- Certificates of charge points, from the request on.
CREATE TABLE point_certificates (
	id              BYTEA  NOT NULL PRIMARY KEY,
	operator_id     BYTEA  NOT NULL,
	sub_operator_id BYTEA  NOT NULL,
	point_id        BYTEA  NOT NULL REFERENCES charge_points (id) ON DELETE CASCADE,
	authority_id    BYTEA  NOT NULL,
	serial          TEXT   {{C}} NOT NULL,
	request_hash    BYTEA  NOT NULL,
	request         BYTEA  NOT NULL,
	chain           BYTEA,
	state           TEXT   {{C}} NOT NULL CHECK (state IN ('requested', 'issued', 'installed', 'refused', 'replaced', 'revoked')),
	command_id      BYTEA  NOT NULL,
	requested_at    BIGINT NOT NULL,
	issued_at       BIGINT,
	installed_at    BIGINT,
	not_before      BIGINT,
	not_after       BIGINT,
	revoked_at      BIGINT,
	revoke_reason   TEXT   NOT NULL,
	told_days       INTEGER NOT NULL,
	asked_at        BIGINT,
	due_at          BIGINT,
	version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX point_certificates_request ON point_certificates (point_id, request_hash);
CREATE INDEX point_certificates_serial ON point_certificates (operator_id, serial);
CREATE INDEX point_certificates_list ON point_certificates (operator_id, requested_at, id);
CREATE INDEX point_certificates_authority ON point_certificates (authority_id, not_after) WHERE state = 'revoked';
CREATE INDEX point_certificates_point ON point_certificates (point_id, requested_at);
CREATE INDEX point_certificates_due ON point_certificates (due_at) WHERE due_at IS NOT NULL;
