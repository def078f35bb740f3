-- Firmware images, an image on its way into each charge point, and campaigns for many.
-- Reason: staff bring firmware into charge points from the portal (AST-R5), and a campaign
-- must survive a restart of the server.

-- +goose Up
CREATE TABLE firmware_images (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  name            TEXT NOT NULL,
  vendor          TEXT {{C}} NOT NULL,
  model           TEXT {{C}} NOT NULL,
  release_name    TEXT {{C}} NOT NULL,
  file_name       TEXT NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('draft', 'ready')),
  bytes           BIGINT NOT NULL,
  sha256          TEXT {{C}} NOT NULL,
  signature       TEXT NOT NULL,
  certificate     TEXT NOT NULL,
  signer          TEXT NOT NULL,
  created_by      TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  ready_at        BIGINT,
  version         BIGINT NOT NULL,
  CHECK ((state = 'ready') = (ready_at IS NOT NULL))
);
CREATE INDEX firmware_images_list ON firmware_images (operator_id, created_at, id);

CREATE TABLE firmware_campaigns (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  name            TEXT NOT NULL,
  image_id        BYTEA NOT NULL,
  rollback_id     BYTEA NOT NULL,
  takes_back_id   BYTEA NOT NULL,
  canary_percent  BIGINT NOT NULL CHECK (canary_percent BETWEEN 0 AND 100),
  window_from     BIGINT NOT NULL,
  window_to       BIGINT NOT NULL,
  parallel        BIGINT NOT NULL CHECK (parallel > 0),
  min_count       BIGINT NOT NULL,
  protocol        TEXT {{C}} NOT NULL,
  signed          TEXT {{C}} NOT NULL CHECK (signed IN ('', 'yes', 'no')),
  reason          TEXT NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('RUNNING', 'PAUSED', 'HALTED', 'CANCELLED', 'DONE')),
  why             TEXT NOT NULL,
  actor           TEXT NOT NULL,
  total           BIGINT NOT NULL,
  forgave_done    BIGINT NOT NULL,
  forgave_failed  BIGINT NOT NULL,
  due_at          BIGINT,
  created_at      BIGINT NOT NULL,
  ended_at        BIGINT,
  version         BIGINT NOT NULL,
  CHECK ((state IN ('CANCELLED', 'DONE')) = (ended_at IS NOT NULL))
);
CREATE INDEX firmware_campaigns_list ON firmware_campaigns (operator_id, created_at, id);
CREATE INDEX firmware_campaigns_due ON firmware_campaigns (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX firmware_campaigns_image ON firmware_campaigns (image_id) WHERE ended_at IS NULL;
CREATE INDEX firmware_campaigns_rollback ON firmware_campaigns (rollback_id) WHERE ended_at IS NULL;

CREATE TABLE firmware_installs (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  site_id         BYTEA NOT NULL,
  image_id        BYTEA NOT NULL,
  campaign_id     BYTEA NOT NULL,
  number          BIGINT NOT NULL,
  canary          BIGINT NOT NULL CHECK (canary IN (0, 1)),
  command_id      BYTEA NOT NULL,
  transfer_id     BYTEA NOT NULL,
  request_no      BIGINT NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('WAITING', 'ASKED', 'SCHEDULED', 'DOWNLOADING', 'DOWNLOADED', 'INSTALLING', 'INSTALLED',
                    'DONE', 'FAILED', 'CANCELLED', 'SKIPPED')),
  told            TEXT {{C}} NOT NULL,
  before_release  TEXT {{C}} NOT NULL,
  release_name    TEXT {{C}} NOT NULL,
  detail          TEXT NOT NULL,
  due_at          BIGINT,
  created_at      BIGINT NOT NULL,
  asked_at        BIGINT,
  ended_at        BIGINT,
  version         BIGINT NOT NULL,
  CHECK ((state IN ('DONE', 'FAILED', 'CANCELLED', 'SKIPPED')) = (ended_at IS NOT NULL))
);
-- A point is at one install at a time.
CREATE UNIQUE INDEX firmware_installs_open ON firmware_installs (point_id)
  WHERE state IN ('ASKED', 'SCHEDULED', 'DOWNLOADING', 'DOWNLOADED', 'INSTALLING', 'INSTALLED');
CREATE INDEX firmware_installs_list ON firmware_installs (operator_id, created_at, id);
CREATE INDEX firmware_installs_point ON firmware_installs (operator_id, point_id, created_at, id);
CREATE INDEX firmware_installs_number ON firmware_installs (operator_id, number, id);
CREATE INDEX firmware_installs_campaign ON firmware_installs (campaign_id, number, id);
CREATE INDEX firmware_installs_waiting ON firmware_installs (campaign_id, due_at, number) WHERE state = 'WAITING';
CREATE INDEX firmware_installs_due ON firmware_installs (due_at)
  WHERE state IN ('ASKED', 'SCHEDULED', 'DOWNLOADING', 'DOWNLOADED', 'INSTALLING', 'INSTALLED');
CREATE INDEX firmware_installs_image ON firmware_installs (image_id) WHERE ended_at IS NULL;

CREATE INDEX charge_points_model ON charge_points (operator_id, model, vendor, id);
