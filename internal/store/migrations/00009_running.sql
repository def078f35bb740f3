-- A meter value is one row that carries the sample and where the session stands after
-- it. Its number is the session's revision, so that the row's own key decides which of
-- two writers was first, and the wide row of the session stays as it is.
-- Reason: that update, and indexes that every meter value touched, were most of its cost.

-- +goose Up
CREATE TABLE session_steps (
  session_id      BYTEA NOT NULL,
  number          BIGINT NOT NULL CHECK (number >= 0),
  ordinal         INTEGER NOT NULL,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  device_at       BIGINT NOT NULL,
  context         TEXT NOT NULL,
  at              BIGINT NOT NULL,
  received_at     BIGINT NOT NULL,
  clock_offset_us BIGINT NOT NULL,
  has             INTEGER,
  register_wh     BIGINT NOT NULL,
  power_w         BIGINT NOT NULL,
  current_ma      BIGINT NOT NULL,
  voltage_mv      BIGINT NOT NULL,
  soc_permille    INTEGER NOT NULL,
  event_id        BYTEA NOT NULL,
  state           BYTEA,
  PRIMARY KEY (session_id, number, ordinal)
);
-- What was there before the first number: number 0, in its old order.
INSERT INTO session_steps SELECT session_id, 0, row_number() OVER (PARTITION BY session_id ORDER BY device_at, context, ordinal),
  operator_id, sub_operator_id, device_at, context, at, received_at, clock_offset_us, has, register_wh, power_w, current_ma,
--pg:  voltage_mv, soc_permille, '\x', NULL FROM session_samples;
--lite:  voltage_mv, soc_permille, X'', NULL FROM session_samples;

ALTER TABLE sessions ADD COLUMN state BYTEA;
--pg: UPDATE sessions SET state = convert_to(
--lite: UPDATE sessions SET state = CAST(
  '{"last":' || last || ',"inner":' || inner_state || ',"newest_us":' ||
  coalesce((SELECT max(m.device_at) FROM session_samples m WHERE m.session_id = sessions.id), 0) || '}'
--pg: , 'UTF8');
--lite: AS BLOB);
ALTER TABLE sessions DROP COLUMN last;
ALTER TABLE sessions DROP COLUMN inner_state;

DROP TABLE session_samples;
ALTER TABLE session_steps RENAME TO session_samples;

-- A meter value's report is found through its sample; only the others need a way of
-- their own. Rows are pruned by their ids, which begin with the time.
ALTER TABLE session_events ADD COLUMN loose SMALLINT NOT NULL DEFAULT 1;
DROP INDEX session_events_session;
DROP INDEX session_events_age;
CREATE INDEX session_events_loose ON session_events (session_id, received_at) WHERE loose = 1;
