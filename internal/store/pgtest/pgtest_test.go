package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestRoleOfURLOwnsItsDatabaseAndIsNoSuperuser(t *testing.T) {
	t.Parallel()
	conn := connect(t, URL(t))
	var super, bypass, owns, member bool
	err := conn.QueryRow(t.Context(), `
		SELECT r.rolsuper, r.rolbypassrls,
		       (SELECT d.datdba = r.oid FROM pg_database d WHERE d.datname = current_database()),
		       pg_has_role(r.oid, 'ccms_app', 'MEMBER')
		FROM pg_roles r WHERE r.rolname = current_user`).Scan(&super, &bypass, &owns, &member)
	if err != nil {
		t.Fatal(err)
	}
	if super || bypass || !owns || !member {
		t.Fatalf("superuser %v, bypasses row-level security %v, owns %v, may become ccms_app %v", super, bypass, owns, member)
	}
	for _, q := range []string{
		`GRANT ccms_app TO ccms_owner`, // what a migration does, again
		`CREATE TABLE owned (n int)`,
		`SET ROLE ccms_app`,
	} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if _, err := conn.Exec(t.Context(), `SELECT n FROM owned`); err == nil {
		t.Fatal("ccms_app reads a table nobody granted to it")
	}
}

func TestEachURLIsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := URL(t), URL(t)
	if _, err := connect(t, a).Exec(t.Context(), `CREATE TABLE only_here (n int)`); err != nil {
		t.Fatal(err)
	}
	var found *string
	if err := connect(t, b).QueryRow(t.Context(), `SELECT to_regclass('only_here')::text`).Scan(&found); err != nil {
		t.Fatal(err)
	}
	if found != nil {
		t.Fatal("the second database sees the table of the first")
	}
}

func TestClonePreparesOnceAndCopiesOften(t *testing.T) {
	t.Parallel()
	var prepared atomic.Int32
	prepare := func(url string) error {
		prepared.Add(1)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, `CREATE TABLE seeded AS SELECT 7 AS n`)
		return err
	}
	for i := range 3 {
		conn := connect(t, CloneURL(t, "seeded", prepare))
		var n int
		if err := conn.QueryRow(t.Context(), `UPDATE seeded SET n = n + 1 RETURNING n`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 8 {
			t.Fatalf("copy %d starts with %d, not with what was prepared", i, n-1)
		}
	}
	if got := prepared.Load(); got != 1 {
		t.Fatalf("prepared %d times", got)
	}
}

func TestKilledServerKeepsWhatItCommittedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	url := s.URL(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `INSERT INTO kept VALUES (2)`); err != nil {
		t.Fatal(err)
	}
	before := s.PIDs()
	if len(before) < 2 {
		t.Fatalf("the server and its children are %v", before)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err == nil {
		t.Fatal("a commit was answered by a killed server")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	var sum int
	if err := connect(t, url).QueryRow(t.Context(), `SELECT sum(n) FROM kept`).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if sum != 1 {
		t.Fatalf("after the restart the rows sum to %d, want the committed 1", sum)
	}
	var fsync string
	if err := connect(t, url).QueryRow(t.Context(), `SHOW fsync`).Scan(&fsync); err != nil || fsync != "on" {
		t.Fatalf("fsync is %q (%v) on a durable server", fsync, err)
	}
}

func TestServerStartsAgainAtOnceHoweverManyConnectionsWereKilled(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{NoFsync: true})
	url := s.URL(t)
	for range 3 {
		for range 30 {
			connect(t, url)
		}
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
	}
}

// The child of this test starts the shared server, says where and waits; the
// test kills it as the kernel would and waits for the folder to go.
func TestKilledTestProcessLeavesNothingBehind(t *testing.T) {
	const child = "PGTEST_CHILD"
	if os.Getenv(child) != "" {
		s := Shared(t)
		fmt.Printf("\nfolder %s pid %d\n", s.dir, s.PIDs()[0])
		select {}
	}
	t.Parallel()
	if _, err := findInstall(); err != nil {
		skipOrFail(t, err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	var pid int
	for sc := bufio.NewScanner(out); dir == "" && sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "folder ") {
			if _, err := fmt.Sscanf(sc.Text(), "folder %s pid %d", &dir, &pid); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed" is what was asked for
	if dir == "" {
		t.Fatal("the child started no server")
	}
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%s is still there", dir)
		case <-tick.C:
		}
	}
	if left := childrenOf(pid); len(left) > 0 {
		t.Fatalf("processes %v of the server live on", left)
	}
}

func TestMissingPostgreSQLIsNamedWithWhatToInstall(t *testing.T) {
	_, err := findProgram("no-such-program-of-postgresql")
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Fatalf("got %v", err)
	}
}
