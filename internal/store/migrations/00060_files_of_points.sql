-- Files that charge points bring, and those that they fetch: each with credentials of its own.
-- Reason: diagnostics, logs and firmware travel by HTTP or FTP beside the OCPP socket, and
-- an address for one of them must open nothing else.

-- +goose Up
CREATE TABLE transfers (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  command_id      BYTEA NOT NULL,
  image_id        BYTEA NOT NULL,
  kind            TEXT {{C}} NOT NULL CHECK (kind IN ('diagnostics', 'log', 'security_log', 'firmware')),
  protocol        TEXT {{C}} NOT NULL CHECK (protocol IN ('https', 'http', 'ftp', 'ftps')),
  request_no      BIGINT NOT NULL,
  login           TEXT {{C}} NOT NULL,
  secret_hash     BYTEA NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('waiting', 'arriving', 'arrived', 'failed', 'expired', 'ended')),
  told            TEXT {{C}} NOT NULL,
  file_name       TEXT NOT NULL,
  bytes           BIGINT NOT NULL,
  sha256          TEXT {{C}} NOT NULL,
  detail          TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  began_at        BIGINT,
  arrived_at      BIGINT,
  keep_until      BIGINT NOT NULL,
  version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX transfers_login ON transfers (login);
CREATE INDEX transfers_list ON transfers (operator_id, created_at, id);
CREATE INDEX transfers_point ON transfers (point_id, created_at, id);
CREATE INDEX transfers_point_list ON transfers (operator_id, point_id, created_at, id);
CREATE INDEX transfers_kept ON transfers (keep_until);
CREATE INDEX transfers_late ON transfers (expires_at) WHERE state IN ('waiting', 'arriving');

-- A charge point that installs firmware is shown as UPGRADING.
ALTER TABLE charge_points ADD COLUMN upgrading BIGINT NOT NULL DEFAULT 0 CHECK (upgrading IN (0, 1));
