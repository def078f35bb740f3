-- Operators and sub-operators, staff, their logins and API tokens.
-- Reason: every other row belongs to an operator, and nobody acts without an account.
-- +goose Up

CREATE TABLE operators (
  id              BYTEA    NOT NULL PRIMARY KEY,
  rev             BIGINT   NOT NULL,
  name            TEXT {{C}} NOT NULL CHECK (name <> ''),
  name_sort       TEXT {{C}} NOT NULL,
  code            TEXT {{C}} NOT NULL CHECK (length(code) = 6),
  currency        TEXT {{C}} NOT NULL CHECK (length(currency) = 3),
  time_zone       TEXT {{C}} NOT NULL CHECK (time_zone <> ''),
  default_plan_id BYTEA    NOT NULL,
  created_at      BIGINT   NOT NULL
);
CREATE UNIQUE INDEX operators_code ON operators (code);
CREATE INDEX operators_name ON operators (name_sort, id);

-- A sub-operator's own row carries its own id as sub_operator_id: it sees itself.
CREATE TABLE sub_operators (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  rev             BIGINT   NOT NULL,
  no              BIGINT   NOT NULL CHECK (no > 0),
  name            TEXT {{C}} NOT NULL CHECK (name <> ''),
  name_sort       TEXT {{C}} NOT NULL,
  email_sealed    BYTEA,
  status          TEXT {{C}} NOT NULL CHECK (status IN ('INVITED', 'VALID', 'SUSPENDED', 'CLOSED')),
  created_at      BIGINT   NOT NULL,
  CHECK (id = sub_operator_id)
);
CREATE UNIQUE INDEX sub_operators_no ON sub_operators (operator_id, no);
CREATE INDEX sub_operators_name ON sub_operators (operator_id, name_sort, id);

-- Staff of the platform have zeros as operator_id.
CREATE TABLE staff (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  rev             BIGINT   NOT NULL,
  login_sealed    BYTEA    NOT NULL,
  login_hash      BYTEA    NOT NULL,
  name_sealed     BYTEA    NOT NULL,
  staff_role      TEXT {{C}} NOT NULL CHECK (staff_role IN ('owner', 'op_admin', 'op_ops', 'auditor')),
  status          TEXT {{C}} NOT NULL CHECK (status IN ('VALID', 'INVALID')),
  password_hash   TEXT {{C}} NOT NULL,
  last_login_at   BIGINT,
  created_at      BIGINT   NOT NULL
);
CREATE UNIQUE INDEX staff_login ON staff (login_hash);
CREATE INDEX staff_list ON staff (operator_id, created_at, id);

CREATE TABLE login_sessions (
  token_hash      BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  staff_id        BYTEA    NOT NULL,
  acting_in       BYTEA    NOT NULL,
  created_at      BIGINT   NOT NULL,
  last_seen_at    BIGINT   NOT NULL,
  expires_at      BIGINT   NOT NULL
);
CREATE INDEX login_sessions_staff ON login_sessions (operator_id, staff_id);
CREATE INDEX login_sessions_end ON login_sessions (expires_at);

CREATE TABLE api_tokens (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  staff_id        BYTEA    NOT NULL,
  name            TEXT {{C}} NOT NULL,
  token_hash      BYTEA    NOT NULL,
  created_at      BIGINT   NOT NULL,
  last_used_at    BIGINT,
  expires_at      BIGINT
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);
CREATE INDEX api_tokens_list ON api_tokens (operator_id, staff_id, created_at, id);

-- How soon somebody may try to log in again; belongs to nobody who is known yet.
CREATE TABLE login_throttles (
  bucket BYTEA  NOT NULL PRIMARY KEY,
  tat    BIGINT NOT NULL
);
CREATE INDEX login_throttles_age ON login_throttles (tat);
