-- Billing plans and their versions. Reason: a session keeps the version it started
-- with (PRICE-R3), so versions are rows that are never changed.
-- +goose Up

CREATE TABLE plans (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  rev             BIGINT   NOT NULL,
  version_no      BIGINT   NOT NULL CHECK (version_no > 0),
  name_sort       TEXT {{C}} NOT NULL,
  created_at      BIGINT   NOT NULL
);
CREATE INDEX plans_name ON plans (operator_id, name_sort, id);
CREATE INDEX plans_list ON plans (operator_id, created_at, id);

-- layers is the JSON of the priced part; the rest of a plan are columns.
CREATE TABLE plan_versions (
  plan_id         BYTEA    NOT NULL REFERENCES plans (id),
  version_no      BIGINT   NOT NULL CHECK (version_no > 0),
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  name            TEXT {{C}} NOT NULL CHECK (name <> ''),
  currency        TEXT {{C}} NOT NULL CHECK (length(currency) = 3),
  tax_included    SMALLINT NOT NULL CHECK (tax_included IN (0, 1)),
  vat_permille    BIGINT   NOT NULL CHECK (vat_permille BETWEEN 0 AND 1000),
  layers          TEXT     NOT NULL,
  idle_grace_s    BIGINT   NOT NULL CHECK (idle_grace_s >= 0),
  idle_cap        BIGINT   NOT NULL CHECK (idle_cap >= 0),
  hold            BIGINT   NOT NULL CHECK (hold > 0),
  min_balance     BIGINT   NOT NULL CHECK (min_balance >= 0),
  saved_at        BIGINT   NOT NULL,
  PRIMARY KEY (plan_id, version_no)
);
