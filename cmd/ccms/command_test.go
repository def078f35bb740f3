package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ccms/cpsim"
	"ccms/internal/store/pgtest"
)

// caller calls the API of a running server as a script does.
type caller struct{ base, token string }

// do gives the status; a body is decoded into out where that is not nil.
func (c caller) do(t *testing.T, method, path string, in, out any) int {
	t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			t.Fatalf("%s %s: %d, %s: %v", method, path, resp.StatusCode, b, err)
		}
	}
	return resp.StatusCode
}

// logsIn reports whether a login and its password are let in.
func logsIn(t *testing.T, srv *server, login, password string) bool {
	t.Helper()
	switch status := (caller{base: srv.addr}).do(t, "POST", "/api/v1/login", map[string]string{"login": login, "password": password}, nil); status {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return false
	default:
		t.Fatalf("login: status %d", status)
		return false
	}
}

// match finds the one group of a pattern in what a command printed.
func match(t *testing.T, pattern, text string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%q is not like %s", text, pattern)
	}
	return m[1]
}

func onBoth(t *testing.T, f func(*testing.T, setting)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, onPostgres(t, pgtest.Shared(t)))
	})
}

// From nothing to a connected charge point by commands alone, as the manual says.
// Those that are given while the server runs take effect at once.
func TestCommands_fromNothingToAConnectedChargePoint(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		if out := s.must(t, "migrate"); out != "The database is up to date.\n" {
			t.Errorf("%q", out)
		}
		code := match(t, `^operator A3E: op_\w+, code (\d+)\n$`, s.must(t, "admin", "create-operator", "A3E", "--time-zone", "Europe/Berlin"))
		out := s.must(t, "admin", "create-staff", "Ann", "--operator", "A3E", "--name", "Ann Admin")
		password := match(t, `(?s)^staff ann: staff_\w+\npassword: (\S+)\n$`, out)
		token := strings.TrimSuffix(s.must(t, "admin", "token", "ann"), "\n")

		srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
		if !logsIn(t, srv, "ann", password) {
			t.Error("the password that was printed is not right")
		}
		api := caller{srv.addr, token}
		var me struct {
			Staff    struct{ Login, Role string }
			Operator struct{ Name, Currency string }
		}
		if status := api.do(t, "GET", "/api/v1/me", nil, &me); status != http.StatusOK || me.Staff.Login != "ann" || me.Staff.Role != "op_admin" ||
			me.Operator.Name != "A3E" || me.Operator.Currency != "EUR" {
			t.Errorf("the token acts as %+v (%d)", me, status)
		}

		site := map[string]string{"name": "A3E_station", "address": "C-333, Dulcinea, Copiapó", "time_zone": "Europe/Berlin"}
		if status := api.do(t, "POST", "/api/v1/sites", site, nil); status != http.StatusCreated {
			t.Fatalf("site: status %d", status)
		}
		out = s.must(t, "admin", "create-charge-point", "CP-1", "--operator", code, "--site", "A3E_station", "--connectors", "2", "--type", "DC", "--max-power", "50000")
		key := match(t, `(?s)^charge point CP-1: cp_\w+, code \w+\nkey: ([0-9a-f]{32,40})\n$`, out)

		cp := cpsim.New(cpsim.Config{URL: "ws://" + srv.addr + "/ocpp", Identity: "CP-1", Password: key, Connectors: []cpsim.Connector{{}, {}}})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- cp.Run(ctx) }()
		for c := range 2 {
			if err := cp.WaitStatus(ctx, c+1, "Available"); err != nil {
				t.Fatal(err)
			}
		}
		if err := cp.WaitDelivered(ctx); err != nil {
			t.Fatal(err)
		}
		var points struct {
			Items []struct {
				Identity   string
				Name       string
				Online     bool
				Connectors []struct {
					Number int
					Status string
				}
			}
		}
		if status := api.do(t, "GET", "/api/v1/charge-points", nil, &points); status != http.StatusOK || len(points.Items) != 1 {
			t.Fatalf("status %d, %+v", status, points)
		}
		if p := points.Items[0]; p.Identity != "CP-1" || p.Name != "CP-1" || !p.Online || len(p.Connectors) != 2 ||
			p.Connectors[0].Status != "Available" || p.Connectors[1].Status != "Available" {
			t.Errorf("%+v", p)
		}
		cancel()
		<-ended

		fresh := match(t, `^password: (\S+)\n$`, s.must(t, "admin", "reset-password", "ann"))
		if logsIn(t, srv, "ann", password) || !logsIn(t, srv, "ann", fresh) {
			t.Error("after a reset only the new password counts")
		}
		if code := srv.term(t); code != 0 {
			t.Errorf("exit code %d\n%s", code, srv.stderr)
		}
		for _, secret := range []string{password, fresh, token, key} {
			if strings.Contains(srv.stderr.String()+srv.stdout.String(), secret) {
				t.Error("a secret is in the log")
			}
		}
	})
}

// The password of the first start is printed once, on standard output, and opens the
// door; the log does not have it.
func TestServe_printsTheOwnersPasswordOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		first := s.start(t, "serve", "--addr", "127.0.0.1:0")
		password := ownerPassword(t, first)
		if !logsIn(t, first, "owner", password) {
			t.Error("it is not the password")
		}
		if strings.Contains(first.stderr.String(), password) {
			t.Error("the log has the password")
		}
		first.term(t)
		if out := first.stdout.String(); strings.Count(out, password) != 1 || strings.Count(out, "\n") != 1 {
			t.Errorf("the first start prints %q", out)
		}
		second := s.start(t, "serve", "--addr", "127.0.0.1:0")
		if !logsIn(t, second, "owner", password) {
			t.Error("the password has changed")
		}
		second.term(t)
		if second.stdout.String() != "" {
			t.Errorf("the second start prints %q", second.stdout)
		}
	})
}

// What is wrong is said in one line of words, with exit code 1 and nothing done.
func TestCommands_sayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	s.must(t, "admin", "create-operator", "A3E")
	s.must(t, "admin", "create-operator", "Twin")
	s.must(t, "admin", "create-operator", "Twin")
	s.must(t, "admin", "create-staff", "ann", "--operator", "A3E", "--password", "correct horse battery")
	for _, row := range []struct {
		why  string
		args string
		want string
	}{
		{"a currency has three capitals, however typed", "admin create-operator B --currency eu", "currency "},
		{"a zone that does not exist", "admin create-operator B --time-zone Mars/Phobos", "time-zone must be a time zone of the IANA database, like Europe/Berlin"},
		{"a login is unique", "admin create-staff ANN --operator A3E", "login is taken"},
		{"a short password", "admin create-staff bob --operator A3E --password short", "password must have 10 to 200 characters"},
		{"staff belong to an operator", "admin create-staff bob", "--operator is needed for the role op_admin"},
		{"owners belong to none", "admin create-staff bob --role owner --operator A3E", "role must be owner for staff of the platform, and only for them"},
		{"an operator that is not there", "admin create-staff bob --operator B3E", `there is no operator "B3E"; see ccms admin create-operator`},
		{"a name that two have", "admin create-staff bob --operator Twin", `2 operators are called "Twin"; use the code: `},
		{"a site that is not there", "admin create-charge-point CP1 --operator A3E --site S", `the operator has no site "S"`},
		{"nobody's password", "admin reset-password bob", "There is no such account."},
		{"nobody's token", "admin token bob", "There is no such account."},
		{"a key file is never replaced", "admin create-key-file", "is there already"},
		{"another kind of database", "serve --database-url mysql://db/ccms", "only postgres://… is known"},
		{"a database that does not answer", "migrate --database-url postgres://127.0.0.1:1/ccms", "connection refused"},
		{"an address without a port", "serve --addr localhost", "missing port in address"},
	} {
		r := s.run(t, strings.Fields(row.args)...)
		if r.code != 1 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "ccms: ") || !strings.Contains(r.stderr, row.want) {
			t.Errorf("%s: exit %d, %q, %q", row.why, r.code, r.stdout, r.stderr)
		}
	}
	if r := s.run(t, "serv"); r.code == 0 || !strings.Contains(r.stderr+r.stdout, "Usage: ccms") {
		t.Errorf("a command that is none: exit %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

// A password that the caller gives is taken and not printed again.
func TestAdmin_takesAPasswordFromTheEnvironment(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	s.must(t, "admin", "create-operator", "A3E")
	const first, second = "correct horse battery", "battery staple correct"
	if r := s.runWith(t, []string{"CCMS_PASSWORD=" + first}, "admin", "create-staff", "ops", "--operator", "A3E", "--role", "op_ops"); r.code != 0 ||
		strings.Contains(r.stdout, "password") {
		t.Errorf("%+v", r)
	}
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	if !logsIn(t, srv, "ops", first) {
		t.Error("the password was not taken")
	}
	if r := s.runWith(t, []string{"CCMS_PASSWORD=" + second}, "admin", "reset-password", "ops"); r.code != 0 || r.stdout != "" {
		t.Errorf("%+v", r)
	}
	if logsIn(t, srv, "ops", first) || !logsIn(t, srv, "ops", second) {
		t.Error("the reset was not taken")
	}
}

// Each setting comes from its flag, else from its variable, else it is the default.
func TestServe_flagsAndEnvironment(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	inEnv, inFlag := freePort(t), freePort(t)
	other, keys := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere", "keys")

	start := func(env []string, args ...string) *server {
		t.Helper()
		p := s.launchWith(t, env, args...)
		p.ready(t)
		return p
	}
	a := start([]string{"CCMS_ADDR=" + inEnv, "CCMS_KEY_FILE=" + keys}, "serve")
	if a.addr != inEnv {
		t.Errorf("it serves on %s, not on CCMS_ADDR %s", a.addr, inEnv)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "ccms.db")); err != nil {
		t.Errorf("CCMS_DATA has no database: %v", err)
	}
	if info, err := os.Stat(keys); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("CCMS_KEY_FILE: %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "keys")); err == nil {
		t.Error("a second key file was made")
	}

	b := start([]string{"CCMS_ADDR=" + inEnv}, "serve", "--addr", inFlag, "--data", other)
	if b.addr != inFlag {
		t.Errorf("it serves on %s, not on --addr %s", b.addr, inFlag)
	}
	if _, err := os.Stat(filepath.Join(other, "ccms.db")); err != nil {
		t.Errorf("--data has no database: %v", err)
	}

	// The folder of a running server is not for another one.
	if r := s.run(t, "serve", "--addr", "127.0.0.1:0"); r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "another server uses the folder") {
		t.Errorf("%+v", r)
	}
	for _, p := range []*server{a, b} {
		if status := (caller{base: p.addr}).do(t, "GET", "/readyz", nil, nil); status != http.StatusOK {
			t.Errorf("/readyz: %d", status)
		}
	}
	if v := s.must(t, "version"); v != "v0-test\n" {
		t.Errorf("%q", v)
	}
	var doc struct{ OpenAPI string }
	if err := json.Unmarshal([]byte(s.must(t, "openapi")), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("%v, %q", err, doc.OpenAPI)
	}
}

// On PostgreSQL the key file is asked for, not made: servers share it.
func TestPostgres_needsAKeyFile(t *testing.T) {
	t.Parallel()
	s := setting{dir: t.TempDir(), url: pgtest.URL(t)}
	for _, command := range []string{"serve --addr 127.0.0.1:0", "migrate", "admin create-operator A3E"} {
		r := s.run(t, strings.Fields(command)...)
		if r.code != 1 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 ||
			!strings.Contains(r.stderr, "there is no key file "+filepath.Join(s.dir, "keys")) || !strings.Contains(r.stderr, "ccms admin create-key-file") {
			t.Errorf("%s: %+v", command, r)
		}
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) > 0 {
		t.Errorf("it has made %v, %v", files, err)
	}
	s.must(t, "admin", "create-key-file")
	if info, err := os.Stat(filepath.Join(s.dir, "keys")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	s.start(t, "serve", "--addr", "127.0.0.1:0")
}

// The role that row-level security binds is made where it is missing.
func TestPostgres_migrateMakesTheRole(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Start(t, pgtest.Options{NoFsync: true, NoAppRole: true}))
	s.must(t, "migrate")
	s.must(t, "admin", "create-operator", "A3E")
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	if status := (caller{base: srv.addr}).do(t, "GET", "/readyz", nil, nil); status != http.StatusOK {
		t.Errorf("/readyz: %d", status)
	}
}

// The demo is a small world that lives and has a past: its logins work, its points are
// connected, and a second start finds both.
func TestDemo_livesAndIsFoundAgain(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	for start := range 2 {
		srv := s.start(t, "demo", "--addr", "127.0.0.1:0", "--sites", "2", "--history", "3")
		if err := srv.stdout.wait(patience, regexp.MustCompile(`login: auditor / \S+\n`), srv.ended); err != nil {
			t.Fatalf("%v\n%s\n%s", err, srv.stdout, srv.stderr)
		}
		if !strings.Contains(srv.stdout.String(), "The portal is at http://"+srv.addr+"\n") {
			t.Errorf("it does not say where it is: %s", srv.stdout)
		}
		if !logsIn(t, srv, "admin", match(t, `login: admin / (\S+)\n`, srv.stdout.String())) {
			t.Error("the login that it prints does not work")
		}
		api := caller{srv.addr, strings.TrimSpace(s.must(t, "admin", "token", "admin"))}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for {
			var points struct{ Items []struct{ Online bool } }
			if status := api.do(t, "GET", "/api/v1/charge-points", nil, &points); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			online := 0
			for _, p := range points.Items {
				if p.Online {
					online++
				}
			}
			if len(points.Items) != 9 {
				t.Fatalf("%d charge points", len(points.Items))
			}
			if online == 9 {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("%d of 9 points are online\n%s", online, srv.stderr)
			}
		}
		told := regexp.MustCompile(`the demo's past is (complete|there)`)
		if err := srv.stderr.wait(patience, told, srv.ended); err != nil {
			t.Fatalf("%v\n%s", err, srv.stderr)
		}
		if word := match(t, told.String(), srv.stderr.String()); word != []string{"complete", "there"}[start] {
			t.Errorf("start %d says that the past is %s", start+1, word)
		}
		if err := srv.stderr.wait(patience, regexp.MustCompile(`the demo's staff have done their work`), srv.ended); err != nil {
			t.Fatalf("%v\n%s", err, srv.stderr)
		}
		for path, want := range map[string]int{"config-templates": 2, "vendor-rules": 1, "authorities": 1, "firmware-images": 1, "unknown-charge-points": 2} {
			var l struct{ Items []struct{ ID string } }
			if status := api.do(t, "GET", "/api/v1/"+path, nil, &l); status != http.StatusOK || len(l.Items) != want {
				t.Errorf("start %d: status %d and %d %s, wanted %d", start+1, status, len(l.Items), path, want)
			}
		}
		if code := srv.term(t); code != 0 {
			t.Errorf("exit code %d\n%s", code, srv.stderr)
		}
	}
}

// An address that nobody listens on any more answers nothing: the port is let go.
func TestSIGTERM_letsThePortGo(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	srv.term(t)
	conn, err := net.Dial("tcp", srv.addr)
	if err == nil {
		conn.Close()
	}
	var op *net.OpError
	if !errors.As(err, &op) {
		t.Error(fmt.Errorf("it can still be reached: %w", err))
	}
}
