-- What devices send that only their vendor knows, the rules for it, and what a device
-- made of all its charging profiles.
-- Reason: DataTransfer is answered by a registry that an operator keeps, what came is
-- seen on the charge point's page; a composite schedule is read as what it means, not as
-- the frame it came in.

-- +goose Up
CREATE TABLE vendor_rules (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  vendor          TEXT NOT NULL,
  vendor_key      TEXT {{C}} NOT NULL,
  message         TEXT NOT NULL,
  message_key     TEXT {{C}} NOT NULL,
  answer          TEXT {{C}} NOT NULL CHECK (answer IN ('accepted', 'rejected', 'unknown_vendor_id')),
  note            TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  version         BIGINT NOT NULL
);
CREATE UNIQUE INDEX vendor_rules_key ON vendor_rules (operator_id, vendor_key, message_key);
CREATE INDEX vendor_rules_list ON vendor_rules (operator_id, vendor_key, id);

CREATE TABLE vendor_messages (
  id              BYTEA NOT NULL PRIMARY KEY,
  operator_id     BYTEA NOT NULL,
  sub_operator_id BYTEA NOT NULL,
  point_id        BYTEA NOT NULL,
  vendor          TEXT NOT NULL,
  message         TEXT NOT NULL,
  data_sealed     BYTEA,
  cut             SMALLINT NOT NULL,
  answer          TEXT {{C}} NOT NULL CHECK (answer IN ('accepted', 'rejected', 'unknown_vendor_id', 'unknown_message_id')),
  received_at     BIGINT NOT NULL
);
CREATE INDEX vendor_messages_point ON vendor_messages (operator_id, point_id, received_at, id);
CREATE INDEX vendor_messages_age ON vendor_messages (received_at);

ALTER TABLE commands ADD COLUMN composite TEXT;
