-- What Home is read from: sums of sessions by the hour, day and month of their end on
-- the site's clock, sums of postings by the hour, day and month of the operator's
-- clock, who charged when, and power in slots of five minutes.
-- Reason: with ten million sessions a home page must not read sessions.
-- A bucket is a number: 2026113013 an hour (counted from midnight), 20261130 a day,
-- 202611 a month, 2026 a year.
-- +goose Up

-- A recomputed bucket reads the sessions of one day of one site, or of one operator.
CREATE INDEX sessions_ended ON sessions (operator_id, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended_site ON sessions (operator_id, site_id, ended_at) WHERE ended_at IS NOT NULL;
-- Found by the session alone, or on a young database PostgreSQL takes the other for it.
--pg:DROP INDEX entries_session;
--pg:CREATE INDEX entries_session ON entries (session_id, posted_at, id);
CREATE INDEX entries_posted ON entries (operator_id, posted_at, id);
-- Debts are few among wallets.
CREATE INDEX accounts_debt ON accounts (operator_id, currency) WHERE balance < 0;

-- zone is that of the sessions: a site whose zone was changed has buckets of both.
CREATE TABLE session_totals (
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  bucket          BIGINT NOT NULL,
  site_id         BYTEA  NOT NULL,
  zone            TEXT {{C}} NOT NULL,
  acdc            TEXT {{C}} NOT NULL CHECK (acdc IN ('AC', 'DC', '')),
  ended           BIGINT NOT NULL,
  succeeded       BIGINT NOT NULL,
  failed          BIGINT NOT NULL,
  energy_wh       BIGINT NOT NULL,
  duration_s      BIGINT NOT NULL,
  PRIMARY KEY (operator_id, bucket, site_id, sub_operator_id, zone, acdc)
);
CREATE INDEX session_totals_site ON session_totals (operator_id, site_id, bucket);

-- Who charged in a day, a month, a year: their number is no sum of smaller numbers.
CREATE TABLE seen_drivers (
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  bucket          BIGINT NOT NULL,
  site_id         BYTEA  NOT NULL,
  zone            TEXT {{C}} NOT NULL,
  acdc            TEXT {{C}} NOT NULL CHECK (acdc IN ('AC', 'DC', '')),
  driver_id       BYTEA  NOT NULL,
  PRIMARY KEY (operator_id, bucket, site_id, sub_operator_id, zone, acdc, driver_id)
);
CREATE INDEX seen_drivers_driver ON seen_drivers (operator_id, driver_id);

-- back is 1 where the entry gave money to the wallet: a recharge, a refund.
CREATE TABLE money_totals (
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  bucket          BIGINT NOT NULL,
  site_id         BYTEA  NOT NULL,
  acdc            TEXT {{C}} NOT NULL CHECK (acdc IN ('AC', 'DC', '')),
  currency        TEXT {{C}} NOT NULL,
  kind            TEXT {{C}} NOT NULL,
  back            SMALLINT NOT NULL CHECK (back IN (0, 1)),
  book            TEXT {{C}} NOT NULL,
  amount          BIGINT NOT NULL,
  PRIMARY KEY (operator_id, bucket, site_id, sub_operator_id, acdc, currency, kind, back, book)
);
CREATE INDEX money_totals_site ON money_totals (operator_id, site_id, bucket);

-- watts is a sum of looks at the power; the row without a site counts the looks.
CREATE TABLE power_slots (
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  slot_at         BIGINT NOT NULL,
  site_id         BYTEA  NOT NULL,
  acdc            TEXT {{C}} NOT NULL CHECK (acdc IN ('AC', 'DC', '')),
  watts           BIGINT NOT NULL,
  looks           BIGINT NOT NULL,
  PRIMARY KEY (operator_id, slot_at, site_id, sub_operator_id, acdc)
);
CREATE INDEX power_slots_age ON power_slots (slot_at);

-- What must be summed anew: the day of an instant at a site, or the hour of a posting.
CREATE TABLE report_marks (
--pg:  id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
--lite:  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  what            TEXT {{C}} NOT NULL CHECK (what IN ('session', 'posting')),
  site_id         BYTEA  NOT NULL,
  zone            TEXT {{C}} NOT NULL,
  at              BIGINT NOT NULL
);

-- Whose sums were made from the rows that were there before, and on which clock.
CREATE TABLE report_states (
  operator_id     BYTEA  NOT NULL PRIMARY KEY,
  sub_operator_id BYTEA  NOT NULL,
  zone            TEXT {{C}} NOT NULL,
  built_at        BIGINT NOT NULL
);

CREATE TABLE home_layouts (
  operator_id     BYTEA  NOT NULL,
  sub_operator_id BYTEA  NOT NULL,
  staff_id        BYTEA  NOT NULL,
  blocks          TEXT   NOT NULL,
  saved_at        BIGINT NOT NULL,
  PRIMARY KEY (operator_id, staff_id)
);
