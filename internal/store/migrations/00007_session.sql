-- Sessions, what the meter said, the raw reports that a bill can be worked out from
-- again, and who tried to start: none of it can be recreated later.

-- +goose Up
CREATE TABLE sessions (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  rev             BIGINT NOT NULL,
  site_id         BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  connector       INTEGER NOT NULL,
  ocpp_id         BIGINT NOT NULL,
  foreign_id      BIGINT NOT NULL,
  phase           TEXT NOT NULL CHECK (phase IN ('STARTING','CHARGING','PAUSED','OFFLINE_RUNNING','STOPPING',
                    'STOP_UNCONFIRMED','IDLE','COMPLETED','FAILED_TO_START','REJECTED','ABNORMAL')),
  live            SMALLINT NOT NULL CHECK (live IN (0, 1)),
  source          TEXT NOT NULL,
  token_sealed    BYTEA,
  token_hash      BYTEA NOT NULL,
  token_id        BYTEA NOT NULL,
  driver_id       BYTEA NOT NULL,
  account_id      BYTEA NOT NULL,
  plan_id         BYTEA NOT NULL,
  plan_number     BIGINT NOT NULL,
  currency        TEXT NOT NULL,
  zone            TEXT NOT NULL,
  max_power_w     BIGINT NOT NULL,
  hold            BIGINT NOT NULL,
  requested_at    BIGINT,
  started_at      BIGINT,
  sort_at         BIGINT NOT NULL,
  start_device_at BIGINT,
  start_epoch     BIGINT NOT NULL,
  start_message   TEXT NOT NULL,
  start_answer    TEXT NOT NULL,
  meter_start_wh  BIGINT NOT NULL,
  ended_at        BIGINT,
  stop_device_at  BIGINT,
  meter_stop_wh   BIGINT NOT NULL,
  real_stop       SMALLINT NOT NULL CHECK (real_stop IN (0, 1)),
  stop_reported_id BIGINT NOT NULL,
  stop_reason     TEXT NOT NULL,
  closed_by       TEXT NOT NULL,
  energy_wh       BIGINT NOT NULL CHECK (energy_wh >= 0),
  last            TEXT NOT NULL,
  cost            BIGINT NOT NULL,
  bill            TEXT,
  billed_at       BIGINT,
  captured        BIGINT NOT NULL,
  debt            BIGINT NOT NULL,
  adjusted        SMALLINT NOT NULL,
  flags           TEXT NOT NULL,
  due_at          BIGINT,
  inner_state     TEXT NOT NULL,
  CHECK (phase <> 'COMPLETED' OR bill IS NOT NULL)
);
-- Unique over the platform: a charge point that moves keeps no other's number.
CREATE UNIQUE INDEX sessions_ocpp ON sessions (ocpp_id) WHERE ocpp_id > 0;
-- A repeated start finds its session until that has a real stop.
CREATE UNIQUE INDEX sessions_start ON sessions (point_id, connector, token_hash, start_device_at, meter_start_wh)
  WHERE real_stop = 0 AND ocpp_id > 0;
CREATE INDEX sessions_message ON sessions (point_id, start_epoch, start_message);
CREATE INDEX sessions_foreign ON sessions (point_id, foreign_id) WHERE foreign_id > 0;
-- The same stop always finds what it ended, also as an orphan record.
CREATE INDEX sessions_stop ON sessions (point_id, stop_device_at, meter_stop_wh) WHERE real_stop = 1;
CREATE INDEX sessions_live ON sessions (point_id, sort_at) WHERE live = 1;
CREATE INDEX sessions_due ON sessions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sessions_list ON sessions (operator_id, sort_at, id);
CREATE INDEX sessions_sub ON sessions (operator_id, sub_operator_id, sort_at, id);
CREATE INDEX sessions_driver ON sessions (operator_id, driver_id, sort_at, id);
CREATE INDEX sessions_site ON sessions (operator_id, site_id, sort_at, id);
CREATE INDEX sessions_point ON sessions (operator_id, point_id, sort_at, id);
CREATE INDEX sessions_running ON sessions (operator_id, sort_at, id) WHERE live = 1;

-- Which tokens are in use now, over all of an operator's points: a card must not
-- charge at two sub-operators' sites at once.
CREATE TABLE running_tokens (
  session_id      BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  token_id        BYTEA NOT NULL
);
CREATE INDEX running_tokens_token ON running_tokens (operator_id, token_id);

CREATE TABLE session_samples (
  session_id      BYTEA NOT NULL,
  device_at       BIGINT NOT NULL,
  context         TEXT NOT NULL,
  ordinal         INTEGER NOT NULL,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  at              BIGINT NOT NULL,
  received_at     BIGINT NOT NULL,
  clock_offset_us BIGINT NOT NULL,
  has             INTEGER NOT NULL,
  register_wh     BIGINT NOT NULL,
  power_w         BIGINT NOT NULL,
  current_ma      BIGINT NOT NULL,
  voltage_mv      BIGINT NOT NULL,
  soc_permille    INTEGER NOT NULL,
  PRIMARY KEY (session_id, device_at, context, ordinal)
);
CREATE INDEX session_samples_age ON session_samples (received_at);

-- The raw reports that money hangs on, in the commit that acted on them.
CREATE TABLE session_events (
  id               BYTEA NOT NULL PRIMARY KEY,
  operator_id      BYTEA NOT NULL,
  sub_operator_id  BYTEA NOT NULL,
  point_id         BYTEA NOT NULL,
  session_id       BYTEA NOT NULL,
  kind             TEXT NOT NULL,
  message_id       TEXT NOT NULL,
  connection_epoch BIGINT NOT NULL,
  device_at        BIGINT,
  at               BIGINT NOT NULL,
  received_at      BIGINT NOT NULL,
  clock_offset_us  BIGINT NOT NULL,
  raw_sealed       BYTEA,
  flaws            TEXT NOT NULL
);
CREATE INDEX session_events_session ON session_events (session_id, received_at);
CREATE INDEX session_events_age ON session_events (received_at);

-- Every other frame, written in batches beside the way of the reports.
CREATE TABLE frames (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  inbound         SMALLINT NOT NULL,
  action          TEXT NOT NULL,
  message_id      TEXT NOT NULL,
  received_at     BIGINT NOT NULL,
  raw_sealed      BYTEA,
  flaws           TEXT NOT NULL
);
CREATE INDEX frames_point ON frames (point_id, received_at);
CREATE INDEX frames_age ON frames (received_at);

CREATE TABLE start_attempts (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  connector       INTEGER NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('authorize', 'start', 'remote_start')),
  token_sealed    BYTEA,
  token_hash      BYTEA NOT NULL,
  token_id        BYTEA NOT NULL,
  driver_id       BYTEA NOT NULL,
  session_id      BYTEA NOT NULL,
  decision        TEXT NOT NULL,
  reason          TEXT NOT NULL,
  at              BIGINT NOT NULL
);
CREATE INDEX start_attempts_list ON start_attempts (operator_id, at, id);
CREATE INDEX start_attempts_token ON start_attempts (operator_id, token_hash, at);
CREATE INDEX start_attempts_session ON start_attempts (session_id, at);
