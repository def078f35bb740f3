package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Row-level security is the second lock on tenants. All of it is made here from the
// table registry, anew with each migration, so that no table can be forgotten.
//
// The settings stand in sub-selects, which PostgreSQL evaluates once per statement
// and not once per row.
const (
	setOp      = `(SELECT coalesce(current_setting('ccms.op', true), ''))`
	setAll     = setOp + ` = '*'`
	isOperator = `%s = (SELECT decode(CASE WHEN length(coalesce(current_setting('ccms.op', true), '')) = 32 THEN current_setting('ccms.op', true) END, 'hex'))`
	noSub      = `(SELECT coalesce(current_setting('ccms.sub', true), '') = '')`
	isSub      = `sub_operator_id = (SELECT decode(nullif(current_setting('ccms.sub', true), ''), 'hex'))`
	isWide     = `(SELECT coalesce(current_setting('ccms.wide', true), '') = '1')`
	isPlatform = setOp + ` = '00000000000000000000000000000000'`
)

// condition is the policy of a class: the same as class.reach, in SQL.
func (c class) condition(write bool) string {
	operator := fmt.Sprintf(isOperator, "operator_id")
	switch {
	case c == global:
		return "true"
	case c == root && write:
		return fmt.Sprintf("%s OR %s OR (%s AND %s)", setAll, isPlatform, fmt.Sprintf(isOperator, "id"), noSub)
	case c == root:
		return fmt.Sprintf("%s OR %s OR %s", setAll, isPlatform, fmt.Sprintf(isOperator, "id"))
	case c == shared:
		return fmt.Sprintf("%s OR %s", setAll, operator)
	case c == wideWrite, c == wideRead && !write:
		return fmt.Sprintf("%s OR (%s AND (%s OR %s OR %s))", setAll, operator, noSub, isWide, isSub)
	}
	return fmt.Sprintf("%s OR (%s AND (%s OR %s))", setAll, operator, noSub, isSub)
}

func (t *tableInfo) grants() string {
	switch {
	case t.appendOnly:
		return "SELECT, INSERT"
	case t.noUpdate:
		return "SELECT, INSERT, DELETE"
	}
	return "SELECT, INSERT, UPDATE, DELETE"
}

// policies is the SQL that makes every table's grants and policies anew.
func policies() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	add("GRANT USAGE ON SCHEMA public TO %s", appRole)
	for _, name := range Tables() {
		t := registry.tables[name]
		add("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", name)
		add("ALTER TABLE %s FORCE ROW LEVEL SECURITY", name)
		for _, p := range []string{"read", "insert", "update", "delete"} {
			add("DROP POLICY IF EXISTS ccms_%s ON %s", p, name)
		}
		read, write := t.class.condition(false), t.class.condition(true)
		add("CREATE POLICY ccms_read ON %s FOR SELECT USING (%s)", name, read)
		add("CREATE POLICY ccms_insert ON %s FOR INSERT WITH CHECK (%s)", name, write)
		add("CREATE POLICY ccms_update ON %s FOR UPDATE USING (%s) WITH CHECK (%s)", name, write, write)
		add("CREATE POLICY ccms_delete ON %s FOR DELETE USING (%s)", name, write)
		add("REVOKE ALL ON %s FROM %s", name, appRole)
		add("GRANT %s ON %s TO %s", t.grants(), name, appRole)
	}
	for _, q := range registry.sequencesByName() {
		add("CREATE SEQUENCE IF NOT EXISTS %s START %d", q.pgName(), q.first)
		add("GRANT USAGE ON SEQUENCE %s TO %s", q.pgName(), appRole)
	}
	return all
}

// policyMark names the policies of this program; the database carries it.
func policyMark() string {
	sum := sha256.Sum256([]byte(strings.Join(policies(), ";\n")))
	return "ccms policies " + hex.EncodeToString(sum[:12])
}

// appRoleText makes the serving role. Roles belong to the cluster: another database's
// migration may make it now.
const appRoleText = `DO $$ BEGIN
		IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '` + appRole + `') THEN
			BEGIN CREATE ROLE ` + appRole + ` NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
		END IF;
		IF NOT pg_has_role(current_user, '` + appRole + `', 'MEMBER') THEN
			EXECUTE 'GRANT ` + appRole + ` TO ' || quote_ident(current_user);
		END IF;
	END $$`

// protectLock is for nodes that start together.
const protectLock = "SELECT pg_advisory_xact_lock(4773571)"

// protection is what protect does to the tables, in one transaction.
func protection() []string {
	return append(policies(), "COMMENT ON TABLE goose_db_version IS '"+policyMark()+"'")
}

// protectTries is how often the policies are made anew after a deadlock.
const protectTries = 5

// protect makes the serving role and the policies, in one transaction. Each table is locked
// for it, one after the other: a server that runs meanwhile may hold one of them and wait for
// another, and of the two PostgreSQL ends one.
func protect(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, appRoleText); err != nil {
		return fmt.Errorf("making the role %s: %w", appRole, err)
	}
	for try := 1; ; try++ {
		err := protectOnce(ctx, db)
		var e *pgconn.PgError
		if try == protectTries || !errors.As(err, &e) || e.Code != "40P01" {
			return err
		}
	}
}

func protectOnce(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, q := range append([]string{protectLock}, protection()...) {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return errors.Join(fmt.Errorf("row-level security: %s: %w", q, err), tx.Rollback())
		}
	}
	return tx.Commit()
}
