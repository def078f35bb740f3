-- The books: wallets, holds, entries with their postings, recharges.
-- Reason: double entry from the first cent, because history cannot be made up later.
-- +goose Up

-- Only wallets have a balance: it moves with their postings, in one commit.
CREATE TABLE accounts (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  rev             BIGINT   NOT NULL,
  number_text     TEXT {{C}} NOT NULL CHECK (number_text <> ''),
  currency        TEXT {{C}} NOT NULL CHECK (length(currency) = 3),
  balance         BIGINT   NOT NULL,
  held            BIGINT   NOT NULL CHECK (held >= 0),
  opened_at       BIGINT   NOT NULL
);
CREATE UNIQUE INDEX accounts_number ON accounts (operator_id, number_text);

-- A session has one hold in its life.
CREATE TABLE holds (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  rev             BIGINT   NOT NULL,
  account_id      BYTEA    NOT NULL REFERENCES accounts (id),
  session_id      BYTEA    NOT NULL,
  amount          BIGINT   NOT NULL CHECK (amount >= 0),
  currency        TEXT {{C}} NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('held', 'captured', 'released')),
  held_at         BIGINT   NOT NULL
);
CREATE UNIQUE INDEX holds_session ON holds (session_id);
CREATE INDEX holds_account ON holds (account_id) WHERE state = 'held';

CREATE TABLE entries (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  posted_at       BIGINT   NOT NULL,
  kind            TEXT {{C}} NOT NULL CHECK (kind IN ('recharge', 'capture', 'adjust')),
  session_id      BYTEA    NOT NULL,
  recharge_id     BYTEA    NOT NULL,
  corrects        BYTEA    NOT NULL,
  entry_key       TEXT {{C}} NOT NULL CHECK (entry_key <> ''),
  amount          BIGINT   NOT NULL,
  debt            BIGINT   NOT NULL CHECK (debt >= 0),
  balance         BIGINT   NOT NULL,
  currency        TEXT {{C}} NOT NULL
);
-- The same request posts once, and a session is charged once.
CREATE UNIQUE INDEX entries_key ON entries (operator_id, entry_key);
CREATE UNIQUE INDEX entries_capture ON entries (session_id) WHERE kind = 'capture';
CREATE INDEX entries_adjust ON entries (session_id, id) WHERE kind = 'adjust';

CREATE TABLE postings (
  entry_id        BYTEA    NOT NULL REFERENCES entries (id),
  line_no         BIGINT   NOT NULL,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  book            TEXT {{C}} NOT NULL CHECK (book <> ''),
  account_id      BYTEA    NOT NULL,
  amount          BIGINT   NOT NULL CHECK (amount <> 0),
  currency        TEXT {{C}} NOT NULL,
  PRIMARY KEY (entry_id, line_no)
);

CREATE TABLE recharges (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  driver_id       BYTEA    NOT NULL,
  account_id      BYTEA    NOT NULL REFERENCES accounts (id),
  transaction_id  TEXT {{C}} NOT NULL CHECK (length(transaction_id) = 25),
  recharged_at    BIGINT   NOT NULL,
  recharge_from   TEXT {{C}} NOT NULL,
  amount          BIGINT   NOT NULL CHECK (amount > 0),
  balance_after   BIGINT   NOT NULL,
  currency        TEXT {{C}} NOT NULL,
  reason_sealed   BYTEA    NOT NULL,
  actor_id        BYTEA    NOT NULL,
  recharge_key    TEXT {{C}} NOT NULL CHECK (recharge_key <> ''),
  state           TEXT {{C}} NOT NULL CHECK (state IN ('SUCCESS')),
  entry_id        BYTEA    NOT NULL REFERENCES entries (id)
);
CREATE UNIQUE INDEX recharges_transaction ON recharges (transaction_id);
CREATE UNIQUE INDEX recharges_key ON recharges (operator_id, recharge_key);
CREATE INDEX recharges_list ON recharges (operator_id, recharged_at, id);
CREATE INDEX recharges_driver ON recharges (operator_id, driver_id, recharged_at, id);
CREATE INDEX recharges_account ON recharges (operator_id, account_id, recharged_at, id);

-- How many recharges an operator has had on a day of its own zone (MON-R7).
CREATE TABLE recharge_days (
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  local_day       TEXT {{C}} NOT NULL CHECK (length(local_day) = 10),
  last_no         BIGINT   NOT NULL CHECK (last_no > 0),
  PRIMARY KEY (operator_id, local_day)
);
