package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ccms/internal/store"
	"ccms/internal/store/pgtest"
)

// diagnose runs `ccms doctor --json` and gives what is wrong, as "level check".
func (s setting) diagnose(t *testing.T, args ...string) (wrong []string, code int) {
	t.Helper()
	r := s.run(t, append([]string{"doctor", "--json"}, args...)...)
	var d struct {
		Settings []struct{ Name, Value, Source string }
		Findings []struct{ Check, Level, What, Do string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil {
		t.Fatalf("%v\n%s%s", err, r.stdout, r.stderr)
	}
	if len(d.Settings) < 6 {
		t.Errorf("settings: %+v", d.Settings)
	}
	for _, f := range d.Findings {
		switch {
		case f.Level == "ok", f.Check == "disk", f.Check == "portal":
		case f.Check == "fsync", f.Check == "full_page_writes", f.Check == "synchronous_commit":
			if s.url == "" {
				t.Errorf("%+v", f)
			}
			continue // the databases of the tests are fast and forgetful, and doctor is right to say so
		default:
			wrong = append(wrong, f.Level+" "+f.Check)
		}
	}
	return wrong, r.code
}

func TestDoctor_fromNothingToARunningServer(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		addr := freePort(t)
		if err := os.Chmod(s.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadDir(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"warning key_file", "warning database"}
		if s.url != "" {
			want = []string{"warning schema", "skipped contents"}
		}
		if wrong, _ := s.diagnose(t, "--addr", addr); !slices.Equal(wrong, want) {
			t.Errorf("before the first start: %v, not %v", wrong, want)
		}
		if after, err := os.ReadDir(s.dir); err != nil || len(after) != len(before) {
			t.Errorf("looking made %v (%v)", after, err)
		}

		s.must(t, "admin", "create-operator", "A3E")
		if wrong, _ := s.diagnose(t, "--addr", addr); !slices.Equal(wrong, []string{"warning owner"}) {
			t.Errorf("before the first serve: %v", wrong)
		}
		srv := s.start(t, "serve", "--addr", addr)
		if wrong, code := s.diagnose(t, "--addr", addr); len(wrong) > 0 || code != 0 && s.url == "" {
			t.Errorf("beside the server: %v, exit %d", wrong, code)
		}
		if s.url == "" {
			if wrong, code := s.diagnose(t, "--addr", freePort(t)); !slices.Equal(wrong, []string{"warning address"}) || code != 0 {
				t.Errorf("with another address than the server's: %v, exit %d", wrong, code)
			}
		}
		if code := srv.term(t); code != 0 {
			t.Errorf("exit code %d\n%s", code, srv.stderr)
		}
		if wrong, code := s.diagnose(t, "--addr", addr); len(wrong) > 0 || code != 0 && s.url == "" {
			t.Errorf("after the server: %v, exit %d", wrong, code)
		}

		// Another installation's keys.
		other := filepath.Join(t.TempDir(), "keys")
		if _, err := store.LoadKeys(other, true); err != nil {
			t.Fatal(err)
		}
		if wrong, code := s.diagnose(t, "--addr", addr, "--key-file", other); !slices.Contains(wrong, "problem keys_fit") || code != 1 {
			t.Errorf("with foreign keys: %v, exit %d", wrong, code)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		if wrong, code := s.diagnose(t, "--addr", ln.Addr().String()); !slices.Equal(wrong, []string{"problem address"}) || code != 1 {
			t.Errorf("with a port that is taken: %v, exit %d", wrong, code)
		}
	})
}

func TestDoctor_saysItToPeople(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	s.must(t, "admin", "create-operator", "A3E")
	r := s.run(t, "doctor", "--addr", "0.0.0.0:"+strings.Split(freePort(t), ":")[1])
	for _, want := range []string{"Settings\n", "environment CCMS_DATA", "warning  exposure", "do: listen on 127.0.0.1", "ok       ledger", "0 problems, "} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, r.stdout)
		}
	}
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit %d, %s", r.code, r.stderr)
	}
	if err := os.Chmod(filepath.Join(s.dir, "keys"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := s.run(t, "doctor"); r.code != 1 || !strings.Contains(r.stderr, "1 problem found") || !strings.Contains(r.stdout, "chmod 600") {
		t.Errorf("exit %d, %s\n%s", r.code, r.stderr, r.stdout)
	}
}

func TestDoctor_findsADamagedFile(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	s.must(t, "admin", "create-operator", "A3E")
	path := filepath.Join(s.dir, "ccms.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+3*4096; i++ {
		b[i] = 0xA5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if wrong, code := s.diagnose(t, "--addr", freePort(t)); !slices.Contains(wrong, "problem integrity") && !slices.Contains(wrong, "problem database") || code != 1 {
		t.Errorf("%v, exit %d", wrong, code)
	}
}

func TestDoctor_findsWhatOpensOneOperatorToAnother(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Shared(t))
	s.must(t, "admin", "create-operator", "A3E")
	c, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, step := range []struct{ sql, want string }{
		{"DROP POLICY ccms_read ON sites", "problem row_level_security"},
		{"ALTER TABLE sites DISABLE ROW LEVEL SECURITY", "problem row_level_security"},
		{"COMMENT ON TABLE goose_db_version IS 'of another version'", "problem row_level_security"},
		{"UPDATE goose_db_version SET version_id = 9999 WHERE version_id = (SELECT max(version_id) FROM goose_db_version)", "problem schema"},
		{fmt.Sprintf("ALTER DATABASE %s SET default_transaction_read_only = on", c.Config().Database), "problem read_only"},
	} {
		if _, err := c.Exec(t.Context(), step.sql); err != nil {
			t.Fatalf("%s: %v", step.sql, err)
		}
		if wrong, code := s.diagnose(t, "--addr", freePort(t)); !slices.Contains(wrong, step.want) || code != 1 {
			t.Errorf("%s: %v, exit %d", step.sql, wrong, code)
		}
	}
	gone := setting{dir: s.dir, url: strings.Replace(s.url, c.Config().Database, "no_such_database", 1)}
	if wrong, code := gone.diagnose(t, "--addr", freePort(t)); !slices.Equal(wrong, []string{"problem database"}) || code != 1 {
		t.Errorf("a database that is not there: %v, exit %d", wrong, code)
	}
}
