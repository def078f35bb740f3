-- Whom a plan is for, and where: groups of drivers, and assignments of plans to audiences
-- at places. Reason: a price may depend on who charges (PRICE-R1). What operators, sites and
-- charge points have for everyone and for good stays a column of theirs, which is read with
-- them. With a session is kept why its plan was chosen.
-- +goose Up
CREATE TABLE driver_groups (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  name            TEXT     NOT NULL CHECK (name <> ''),
  name_sort       TEXT {{C}} NOT NULL,
  version         BIGINT   NOT NULL,
  created_at      BIGINT   NOT NULL
);
CREATE UNIQUE INDEX driver_groups_name ON driver_groups (operator_id, sub_operator_id, name);
CREATE INDEX driver_groups_list ON driver_groups (operator_id, name_sort, id);
CREATE INDEX driver_groups_age ON driver_groups (operator_id, created_at, id);

ALTER TABLE drivers ADD COLUMN group_id BYTEA;
CREATE INDEX drivers_of_group ON drivers (operator_id, group_id, created_at, id);

-- place_id is of the operator, the sub-operator, the site or the charge point; connector is
-- one of a charge point. from_at is 0 where it always counted.
CREATE TABLE plan_assignments (
  id              BYTEA    NOT NULL PRIMARY KEY,
  operator_id     BYTEA    NOT NULL,
  sub_operator_id BYTEA    NOT NULL,
  plan_id         BYTEA    NOT NULL REFERENCES plans (id),
  place           TEXT {{C}} NOT NULL CHECK (place IN ('OPERATOR', 'SUB_OPERATOR', 'SITE', 'CHARGE_POINT', 'CONNECTOR')),
  place_id        BYTEA    NOT NULL,
  connector       BIGINT   NOT NULL CHECK ((connector > 0) = (place = 'CONNECTOR') AND connector >= 0),
  audience        TEXT {{C}} NOT NULL CHECK (audience IN ('GROUP', 'LEVEL', 'PROMOTION', 'REGISTERED', 'AD_HOC', 'EVERYONE')),
  audience_value  TEXT     NOT NULL,
  audience_key    TEXT {{C}} NOT NULL,
  group_id        BYTEA    NOT NULL,
  from_at         BIGINT   NOT NULL,
  until_at        BIGINT,
  created_at      BIGINT   NOT NULL,
  version         BIGINT   NOT NULL,
  CHECK (until_at IS NULL OR until_at > from_at)
);
CREATE UNIQUE INDEX plan_assignments_one ON plan_assignments (place_id, audience_key, connector, from_at);
CREATE INDEX plan_assignments_list ON plan_assignments (operator_id, created_at, id);
CREATE INDEX plan_assignments_of_plan ON plan_assignments (operator_id, plan_id, created_at, id);
CREATE INDEX plan_assignments_of_group ON plan_assignments (operator_id, group_id, created_at, id);

-- What was chosen and passed over for the session's price, as JSON.
ALTER TABLE sessions ADD COLUMN plan_choice TEXT;
