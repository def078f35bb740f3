-- Payments by a provider with the steps that it was asked for and the webhooks that came,
-- saved cards, what an operator offers to pay with, and the comparison with the provider.
-- A recharge knows where its money came from; what was received goes back in parts.
-- Reason: drivers recharge by card and PayPal, staff by cash and bank transfer.

-- +goose Up
CREATE TABLE payments (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  rev             BIGINT NOT NULL,
  payment_type    TEXT {{C}} NOT NULL CHECK (payment_type IN ('HOLD', 'SALE', 'TOPUP', 'REFUND', 'PAYOUT')),
  provider        TEXT {{C}} NOT NULL CHECK (provider <> ''),
  state           TEXT {{C}} NOT NULL CHECK (state IN ('CREATED', 'REQUIRES_ACTION', 'AUTHORISED', 'INCREMENTED', 'CAPTURE_PENDING', 'CAPTURED',
                    'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'EXPIRED', 'FAILED', 'DISPUTED')),
  account_id      BYTEA  NOT NULL REFERENCES accounts (id),
  driver_id       BYTEA  NOT NULL,
  session_id      BYTEA  NOT NULL,
  of_id           BYTEA  NOT NULL,
  amount          BIGINT NOT NULL CHECK (amount > 0),
  currency        TEXT {{C}} NOT NULL,
  captured        BIGINT NOT NULL CHECK (captured >= 0),
  refunded        BIGINT NOT NULL CHECK (refunded >= 0),
  refunding       BIGINT NOT NULL CHECK (refunding >= 0),
  fee             BIGINT NOT NULL,
  page_ref        TEXT {{C}} NOT NULL,
  money_ref       TEXT {{C}} NOT NULL,
  card_sealed     BYTEA,
  save_card       BIGINT NOT NULL,
  saved           BIGINT NOT NULL,
  action_sealed   BYTEA,
  return_url      TEXT   NOT NULL,
  failure_code    TEXT {{C}} NOT NULL,
  failure_text    TEXT   NOT NULL,
  failure_retry   BIGINT NOT NULL,
  reason_sealed   BYTEA,
  reason_code     TEXT {{C}} NOT NULL,
  expires_at      BIGINT,
  created_at      BIGINT NOT NULL,
  ended_at        BIGINT,
  created_by      BYTEA  NOT NULL,
  recharge_id     BYTEA  NOT NULL,
  payment_key     TEXT {{C}} NOT NULL CHECK (payment_key <> ''),
  due_at          BIGINT,
  looks           BIGINT NOT NULL,
  CHECK (refunded + refunding <= captured)
);
CREATE UNIQUE INDEX payments_key ON payments (payment_key, operator_id);
CREATE INDEX payments_list ON payments (operator_id, created_at, id);
CREATE INDEX payments_amount ON payments (operator_id, amount, id);
CREATE INDEX payments_driver ON payments (operator_id, driver_id, created_at, id);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX payments_page ON payments (page_ref, operator_id) WHERE page_ref <> '';
CREATE INDEX payments_money ON payments (money_ref, operator_id) WHERE money_ref <> '';
CREATE INDEX payments_refunds ON payments (of_id, created_at, id) WHERE payment_type = 'REFUND';
CREATE INDEX payments_ended ON payments (operator_id, provider, ended_at, id) WHERE ended_at IS NOT NULL;

CREATE TABLE payment_steps (
  payment_id      BYTEA  NOT NULL REFERENCES payments (id),
  number          BIGINT NOT NULL,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  op              TEXT {{C}} NOT NULL CHECK (op IN ('create', 'confirm', 'increment', 'capture', 'void', 'refund')),
  amount          BIGINT NOT NULL,
  currency        TEXT {{C}} NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('OPEN', 'DONE', 'REFUSED', 'GIVEN_UP')),
  tries           BIGINT NOT NULL,
  began_at        BIGINT NOT NULL,
  ended_at        BIGINT,
  failure_code    TEXT {{C}} NOT NULL,
  failure_text    TEXT   NOT NULL,
  failure_retry   BIGINT NOT NULL,
  PRIMARY KEY (payment_id, number)
);
CREATE UNIQUE INDEX payment_steps_open ON payment_steps (payment_id) WHERE state = 'OPEN';

CREATE TABLE payment_notices (
  operator_id     BYTEA  NOT NULL,
  provider        TEXT {{C}} NOT NULL,
  notice          TEXT {{C}} NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  payment_id      BYTEA  NOT NULL REFERENCES payments (id),
  kind            TEXT {{C}} NOT NULL,
  received_at     BIGINT NOT NULL,
  PRIMARY KEY (notice, provider, operator_id)
);
CREATE INDEX payment_notices_payment ON payment_notices (payment_id, received_at);

CREATE TABLE payment_options (
  operator_id     BYTEA  NOT NULL,
  method          TEXT {{C}} NOT NULL CHECK (method IN ('card', 'paypal', 'cash', 'bank_transfer')),
  sub_operator_id BYTEA  NOT NULL,
  enabled         BIGINT NOT NULL,
  secret_sealed   BYTEA,
  hint            TEXT   NOT NULL,
  hook_set        BIGINT NOT NULL,
  tested_at       BIGINT,
  test_failure    TEXT   NOT NULL,
  version         BIGINT NOT NULL,
  PRIMARY KEY (operator_id, method)
);

CREATE TABLE payment_cards (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  driver_id       BYTEA  NOT NULL,
  provider        TEXT {{C}} NOT NULL,
  card_sealed     BYTEA,
  saved_at        BIGINT NOT NULL,
  removed         BIGINT NOT NULL
);
CREATE INDEX payment_cards_driver ON payment_cards (driver_id, saved_at, id) WHERE removed = 0;

CREATE TABLE payment_checks (
  operator_id     BYTEA  NOT NULL,
  provider        TEXT {{C}} NOT NULL,
  day             TEXT {{C}} NOT NULL CHECK (length(day) = 10),
  id              BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  checked_at      BIGINT NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('MATCHED', 'DRIFT', 'FAILED')),
  matched         BIGINT NOT NULL,
  at_provider     BIGINT NOT NULL,
  in_ledger       BIGINT NOT NULL,
  currency        TEXT {{C}} NOT NULL,
  failure         TEXT   NOT NULL,
  drifts          TEXT   NOT NULL,
  PRIMARY KEY (operator_id, provider, day)
);
CREATE INDEX payment_checks_list ON payment_checks (operator_id, day, id);

ALTER TABLE recharges ADD COLUMN source_book TEXT {{C}} NOT NULL DEFAULT 'manual_credit';
--pg: ALTER TABLE recharges ADD COLUMN payment_id BYTEA NOT NULL DEFAULT '\x00000000000000000000000000000000';
--lite: ALTER TABLE recharges ADD COLUMN payment_id BYTEA NOT NULL DEFAULT X'00000000000000000000000000000000';
ALTER TABLE recharges ADD COLUMN fee BIGINT NOT NULL DEFAULT 0;
ALTER TABLE recharges ADD COLUMN reference_sealed BYTEA;
DROP INDEX recharges_reversal;
CREATE UNIQUE INDEX recharges_reversal ON recharges (operator_id, reverses) WHERE kind = 'reversal' AND source_book = 'manual_credit';
CREATE INDEX recharges_reverses ON recharges (reverses, recharged_at, id) WHERE kind = 'reversal';
ALTER TABLE recharge_asks ADD COLUMN recharge_from TEXT {{C}} NOT NULL DEFAULT 'Admin';
ALTER TABLE recharge_asks ADD COLUMN reference_sealed BYTEA;
