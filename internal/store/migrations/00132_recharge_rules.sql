-- What an operator says of recharges (what is offered, least and most, from where on a
-- second person must approve), and the recharges that wait for that person.
-- Reason: one person alone could give any amount.

-- +goose Up
CREATE TABLE recharge_rules (
  operator_id     BYTEA  NOT NULL PRIMARY KEY,
  sub_operator_id BYTEA  NOT NULL,
  rules           TEXT   NOT NULL,
  version         BIGINT NOT NULL
);

CREATE TABLE recharge_asks (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  driver_id       BYTEA  NOT NULL,
  account_id      BYTEA  NOT NULL REFERENCES accounts (id),
  amount          BIGINT NOT NULL CHECK (amount > 0),
  currency        TEXT {{C}} NOT NULL,
  reason_sealed   BYTEA  NOT NULL,
  asked_by        BYTEA  NOT NULL,
  asked_at        BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('PENDING', 'APPROVED', 'REFUSED')),
  decided_by      BYTEA  NOT NULL,
  decided_at      BIGINT,
  decision_sealed BYTEA,
  recharge_id     BYTEA  NOT NULL,
  ask_key         TEXT {{C}} NOT NULL CHECK (ask_key <> '')
);
CREATE UNIQUE INDEX recharge_asks_key ON recharge_asks (ask_key, operator_id);
CREATE INDEX recharge_asks_list ON recharge_asks (operator_id, asked_at, id);
CREATE INDEX recharge_asks_pending ON recharge_asks (operator_id, asked_at, id) WHERE state = 'PENDING';
CREATE INDEX recharge_asks_driver ON recharge_asks (driver_id);
