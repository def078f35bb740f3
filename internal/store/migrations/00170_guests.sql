-- Charges of people without an account: the hold at a payment provider, the session that it
-- backs, what became of both. What providers hold for a wallet may be spent, and each way
-- to pay says whether guests may use it. Reason: drivers pay at the pile with a phone.

-- +goose Up
ALTER TABLE accounts ADD COLUMN backed BIGINT NOT NULL DEFAULT 0 CHECK (backed >= 0);
ALTER TABLE payment_options ADD COLUMN for_guests BIGINT NOT NULL DEFAULT 0 CHECK (for_guests IN (0, 1));

CREATE TABLE guests (
  id              BYTEA  NOT NULL PRIMARY KEY,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  rev             BIGINT NOT NULL,
  secret_hash     BYTEA  NOT NULL,
  site_id         BYTEA  NOT NULL,
  point_id        BYTEA  NOT NULL,
  connector       BIGINT NOT NULL,
  account_id      BYTEA  NOT NULL REFERENCES accounts (id),
  hold_id         BYTEA  NOT NULL REFERENCES payments (id),
  rest_id         BYTEA  NOT NULL,
  session_id      BYTEA  NOT NULL,
  plan_id         BYTEA  NOT NULL,
  plan_number     BIGINT NOT NULL,
  method          TEXT {{C}} NOT NULL CHECK (method IN ('card', 'paypal')),
  amount          BIGINT NOT NULL CHECK (amount > 0),
  currency        TEXT {{C}} NOT NULL,
  state           TEXT {{C}} NOT NULL CHECK (state IN ('PAYING', 'HELD', 'READY', 'RUNNING', 'SETTLING', 'DONE')),
  failure_code    TEXT {{C}} NOT NULL,
  failure_text    TEXT   NOT NULL,
  failure_retry   BIGINT NOT NULL,
  began_at        BIGINT NOT NULL,
  until_at        BIGINT,
  ended_at        BIGINT,
  due_at          BIGINT
);
CREATE UNIQUE INDEX guests_secret ON guests (secret_hash);
CREATE INDEX guests_hold ON guests (hold_id);
CREATE INDEX guests_rest ON guests (rest_id);
CREATE INDEX guests_session ON guests (session_id);
-- What a guest types.
CREATE INDEX charge_points_typed ON charge_points (code, operator_id);
CREATE INDEX guests_due ON guests (due_at) WHERE due_at IS NOT NULL;
