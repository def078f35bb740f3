package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"ccms/internal/asset"
	"ccms/internal/operator"
	"ccms/internal/store"
)

// wellLite and wellPostgres are databases that nothing is wrong with.
func wellLite() store.Survey {
	return store.Survey{Engine: "SQLite", Version: "3.50.4", Schema: 7, Want: 7, DataKeys: 1, Journal: "wal", Synchronous: "2"}
}

func wellPostgres() store.Survey {
	return store.Survey{Engine: "PostgreSQL", Version: "15.8", VersionNumber: 150008, Schema: 7, Want: 7, DataKeys: 1,
		Role: "ccms_owner", AppRole: true, AppMember: true, Policies: true, Connections: 7,
		Settings: map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "100",
			"superuser_reserved_connections": "3", "server_encoding": "UTF8", "default_transaction_read_only": "off"}}
}

// off lists what is not ok, as "level check".
func off(all []finding) string {
	var found []string
	for _, f := range all {
		if f.Level != fine {
			found = append(found, string(f.Level)+" "+f.Check)
		}
		if (f.Level == problem || f.Level == warning) == (f.Do == "") {
			found = append(found, f.Check+" does not say what to do, or says it for nothing")
		}
	}
	return strings.Join(found, ", ")
}

func TestDoctor_eachThingThatADatabaseSaysOfItself(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why   string
		start func() store.Survey
		spoil func(*store.Survey)
		want  string
	}{
		{"a well SQLite", wellLite, func(*store.Survey) {}, ""},
		{"a well PostgreSQL", wellPostgres, func(*store.Survey) {}, ""},
		{"nothing has run yet", wellLite, func(s *store.Survey) { s.Schema, s.DataKeys = 0, 0 }, "warning schema"},
		{"nothing has run yet on PostgreSQL: migrate makes the role", wellPostgres,
			func(s *store.Survey) {
				s.Schema, s.DataKeys, s.AppRole, s.AppMember, s.Policies = 0, 0, false, false, false
			}, "warning schema"},
		{"an older schema", wellLite, func(s *store.Survey) { s.Schema = 6 }, "problem schema"},
		{"a newer schema", wellPostgres, func(s *store.Survey) { s.Schema = 8 }, "problem schema"},
		{"another installation's key file", wellLite, func(s *store.Survey) { s.Unreadable = 1 }, "problem keys_fit"},
		{"a journal that lets readers wait", wellLite, func(s *store.Survey) { s.Journal, s.Synchronous = "delete", "" }, "warning journal_mode"},
		{"commits that are not synced", wellLite, func(s *store.Survey) { s.Synchronous = "1" }, "problem synchronous"},
		{"a damaged file", wellLite, func(s *store.Survey) { s.Defects = []string{"Tree 5 page 9: btreeInitPage() returns error code 11"} }, "problem integrity"},
		{"a file too large to look through", wellLite, func(s *store.Survey) { s.Unchecked = true }, "skipped integrity"},
		{"an old PostgreSQL", wellPostgres, func(s *store.Survey) { s.VersionNumber = 140012 }, "problem database"},
		{"a standby", wellPostgres, func(s *store.Survey) { s.Standby = true }, "problem standby"},
		{"read-only transactions", wellPostgres, func(s *store.Survey) { s.Settings["default_transaction_read_only"] = "on" }, "problem read_only"},
		{"another encoding", wellPostgres, func(s *store.Survey) { s.Settings["server_encoding"] = "SQL_ASCII" }, "problem encoding"},
		{"no fsync", wellPostgres, func(s *store.Survey) { s.Settings["fsync"] = "off" }, "problem fsync"},
		{"no full pages", wellPostgres, func(s *store.Survey) { s.Settings["full_page_writes"] = "off" }, "problem full_page_writes"},
		{"commits that do not wait", wellPostgres, func(s *store.Survey) { s.Settings["synchronous_commit"] = "off" }, "problem synchronous_commit"},
		{"commits that wait for a standby are as good", wellPostgres, func(s *store.Survey) { s.Settings["synchronous_commit"] = "remote_apply" }, ""},
		{"few connections", wellPostgres, func(s *store.Survey) { s.Settings["max_connections"] = "20" }, "problem connections"},
		{"connections that others hold", wellPostgres, func(s *store.Survey) { s.Connections = 90 }, "warning connections"},
		{"clocks that differ a little", wellPostgres, func(s *store.Survey) { s.Skew = -3 * time.Second }, "warning clock_skew"},
		{"clocks that differ", wellPostgres, func(s *store.Survey) { s.Skew = time.Minute }, "problem clock_skew"},
		{"a superuser's URL", wellPostgres, func(s *store.Survey) { s.RoleSuper = true }, "warning database_role"},
		{"a URL's role that policies do not bind", wellPostgres, func(s *store.Survey) { s.RoleBypasses = true }, "warning database_role"},
		{"no role to serve as", wellPostgres, func(s *store.Survey) { s.AppRole = false }, "problem app_role"},
		{"a role that may not be taken", wellPostgres, func(s *store.Survey) { s.AppMember = false }, "problem app_role"},
		{"a serving superuser", wellPostgres, func(s *store.Survey) { s.AppSuper = true }, "problem app_role"},
		{"a serving role that policies do not bind", wellPostgres, func(s *store.Survey) { s.AppBypasses = true }, "problem app_role"},
		{"a serving role that owns tables", wellPostgres, func(s *store.Survey) { s.AppOwns = []string{"sites"} }, "problem app_role"},
		{"a table without policies", wellPostgres, func(s *store.Survey) { s.Unprotected = []string{"sites"} }, "problem row_level_security"},
		{"policies of another version", wellPostgres, func(s *store.Survey) { s.Policies = false }, "problem row_level_security"},
	} {
		s := row.start()
		row.spoil(&s)
		if got := off(judgeSurvey(s)); got != row.want {
			t.Errorf("%s: %q, not %q", row.why, got, row.want)
		}
	}
}

func TestDoctor_eachThingOfTheMachine(t *testing.T) {
	t.Parallel()
	taken := fmt.Errorf("listen: %w", syscall.EADDRINUSE)
	at := func(year int) time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
	for _, row := range []struct {
		why  string
		got  finding
		want string
	}{
		{"a clock that is right", checkTime(at(2026)), ""},
		{"a clock without a battery", checkTime(at(1970)), "problem clock"},
		{"a clock from the future", checkTime(at(2106)), "problem clock"},
		{"time zones", checkZones(), ""},
		{"room on the disk", judgeDisk("d", 5<<30), ""},
		{"little room", judgeDisk("d", 1<<30), "warning disk"},
		{"no room", judgeDisk("d", 100<<20), "problem disk"},
		{"a free address", judgeAddress("a", nil, false, false), ""},
		{"our own server", judgeAddress("a", taken, true, true), ""},
		{"somebody else's port", judgeAddress("a", taken, false, false), "problem address"},
		{"an address of another machine", judgeAddress("a", errors.New("cannot assign requested address"), false, false), "problem address"},
		{"a server of other flags", judgeAddress("a", nil, false, true), "warning address"},
		{"loopback", judgeExposure("127.0.0.1", false), ""},
		{"loopback of IPv6", judgeExposure("::1", false), ""},
		{"by name", judgeExposure("localhost", false), ""},
		{"everybody", judgeExposure("0.0.0.0", false), "warning exposure"},
		{"everybody, by no name", judgeExposure("", false), "warning exposure"},
		{"everybody, who may pretend to be the proxy", judgeExposure("0.0.0.0", true), "warning exposure"},
		{"a proxy on this machine", judgeExposure("127.0.0.1", true), ""},
		{"files enough", judgeOpenFiles(20_000, countedPoints{n: 10_000}), ""},
		{"files hardly enough", judgeOpenFiles(10_240, countedPoints{n: 10_000}), "warning open_files"},
		{"too few files", judgeOpenFiles(10_000, countedPoints{n: 10_000}), "problem open_files"},
		{"files enough for those that were counted", judgeOpenFiles(20_000, countedPoints{10_000, true}), "warning open_files"},
		{"too few files for those that were counted", judgeOpenFiles(4096, countedPoints{4100, true}), "problem open_files"},
		{"systemd's usual limit and few points", judgeOpenFiles(1024, countedPoints{n: 100}), ""},
		{"an owner", judgeOwners([]operator.Staff{{Status: operator.Invalid}, {Status: operator.Valid}}), ""},
		{"no owner yet", judgeOwners(nil), "warning owner"},
		{"owners that cannot log in", judgeOwners([]operator.Staff{{Status: operator.Invalid}}), "problem owner"},
		{"books in order", judgeLedger(nil, 0), ""},
		{"books that do not sum to zero", judgeLedger(errors.New("1.00 EUR"), 0), "problem ledger"},
		{"a wallet that drifted", judgeLedger(nil, 1), "problem ledger"},
	} {
		if got := off([]finding{row.got}); got != row.want {
			t.Errorf("%s: %q, not %q", row.why, got, row.want)
		}
	}
	for why, row := range map[string]struct {
		operators []operator.Operator
		want      string
	}{
		"no operator":              {nil, "warning operators"},
		"an operator":              {[]operator.Operator{{TimeZone: "Europe/Berlin"}}, ""},
		"a zone that nobody knows": {[]operator.Operator{{TimeZone: "Mars/Olympus"}}, "problem operator_time_zone"},
	} {
		if got := off(judgeOperators(row.operators)); got != row.want {
			t.Errorf("%s: %q, not %q", why, got, row.want)
		}
	}
}

func TestDoctor_foldersAndKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("no key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadKeys(filepath.Join(dir, "keys"), true); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	loose := filepath.Join(dir, "loose")
	b, err := os.ReadFile(filepath.Join(dir, "keys"))
	if err == nil {
		err = os.WriteFile(loose, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	keyFile := func(path string, database bool) []finding { _, f := checkKeyFile(path, database); return []finding{f} }
	for _, row := range []struct {
		why  string
		got  []finding
		want string
	}{
		{"a folder", checkFolder(dir, true), ""},
		{"a folder of everybody", checkFolder(open, true), "warning data_folder_rights"},
		{"a file", checkFolder(file, true), "problem data_folder"},
		{"no folder yet", checkFolder(missing, true), "warning data_folder"},
		{"no folder, and none needed", checkFolder(missing, false), ""},
		{"a key file", keyFile(filepath.Join(dir, "keys"), true), ""},
		{"none yet", keyFile(missing, true), "warning key_file"},
		{"none, where none is made", keyFile(missing, false), "problem key_file"},
		{"one that others read", keyFile(loose, true), "problem key_file"},
		{"something else", keyFile(file, true), "problem key_file"},
	} {
		got := row.got
		for i, f := range got { // the disk of whoever runs this may be full
			if f.Check == "disk" {
				got[i] = finding{"disk", fine, "", ""}
			}
		}
		if got := off(got); got != row.want {
			t.Errorf("%s: %q, not %q", row.why, got, row.want)
		}
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("looking made a file")
	}
	if os.Getuid() != 0 { // root may write everywhere
		if err := os.Chmod(open, 0o500); err != nil {
			t.Fatal(err)
		}
		if got := off(checkFolder(open, true)); !strings.HasPrefix(got, "problem data_folder") {
			t.Errorf("a folder that cannot be written: %q", got)
		}
	}
}

// What listens at the address is asked who it is, and a ccms how many files it may open.
func TestDoctor_asksWhatListens(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why, health, metrics string
		want                 string
		files                uint64
	}{
		{"a ccms", `{"status":"ok"}`, "# HELP x\nprocess_max_fds 4096\n", "", 4096},
		{"a web server of another kind", "<html>", "", "problem address", 0},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/healthz":
				fmt.Fprint(w, row.health)
			case "/metrics":
				fmt.Fprint(w, row.metrics)
			}
		}))
		c := doctorCmd{listen: listen{Addr: strings.TrimPrefix(s.URL, "http://")}}
		r := c.checkAddress(t.Context(), false)
		if got := off(r.findings); got != row.want {
			t.Errorf("%s: %q", row.why, got)
		}
		if row.files > 0 && r.openFiles != row.files {
			t.Errorf("%s: %d files", row.why, r.openFiles)
		}
		s.Close()
	}
	for _, addr := range []string{"8080", "127.0.0.1:0:0"} {
		c := doctorCmd{listen: listen{Addr: addr}}
		if got := off(c.checkAddress(t.Context(), false).findings); got != "problem address" {
			t.Errorf("%s: %q", addr, got)
		}
	}
}

func TestDoctor_saysWhereASettingComesFrom(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CCMS_DATA": "/srv/x", "CCMS_ADDR": "127.0.0.1:1", "GOMEMLIMIT": "1GiB"}
	var c struct{ doctorCmd }
	p, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	k, err := p.Parse([]string{"--addr", "127.0.0.1:2", "--database-url", "postgres://u:hush@h/d?sslmode=disable&password=hush"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range settingsOf(k, func(name string) (string, bool) { v, ok := env[name]; return v, ok }) {
		if s.Name == "data" { // kong read the value from the real environment
			s.Value = ""
		}
		got[s.Name] = s.Value + " | " + s.Source
	}
	for name, want := range map[string]string{
		"addr":         "127.0.0.1:2 | flag",
		"data":         " | environment CCMS_DATA",
		"trust-proxy":  "false | default",
		"database-url": "postgres://u:xxxxx@h/d?password=xxxxx&sslmode=disable | flag",
		"GOMEMLIMIT":   "1GiB | environment GOMEMLIMIT",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, not %q", name, got[name], want)
		}
	}
}

func TestDoctor_masksSecrets(t *testing.T) {
	t.Parallel()
	for _, row := range [][3]string{
		{"database-url", "postgres://u:hush@h/d", "postgres://u:xxxxx@h/d"},
		{"database-url", "host=h password=hush", "xxxxx"},
		{"database-url", "postgres://u:hu sh@h:x/d", "xxxxx"},
		{"database-url", "postgres://h/d?sslkey=hush", "postgres://h/d?sslkey=xxxxx"},
		{"smtp-password", "hush", "xxxxx"},
		{"map-token", "hush", "xxxxx"},
		{"data", "/srv", "/srv"},
		{"database-url", "", ""},
	} {
		if got := masked(row[0], row[1]); got != row[2] {
			t.Errorf("%s %s: %q", row[0], row[1], got)
		}
	}
	f := judgeUnreachable("postgres://u:hush@h/d", errors.New("no hush here"))
	if f.Level != problem || strings.Contains(f.What, "hush") {
		t.Errorf("%+v", f)
	}
}

// Go raises the soft limit on files to the hard one by itself; serve relies on it.
func TestTheLimitOnFilesIsTheHardOne(t *testing.T) {
	t.Parallel()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Skip(err)
	}
	if l.Cur != l.Max {
		t.Errorf("%d files may be open, of %d", l.Cur, l.Max)
	}
}

// A list's own total ends at a thousand; a fleet does not.
func TestDoctor_countsAllChargePoints(t *testing.T) {
	t.Parallel()
	pages := func(most, failAfter int) func(context.Context, operator.Page) (operator.List[asset.PointView], error) {
		given := 0
		return func(_ context.Context, p operator.Page) (l operator.List[asset.PointView], err error) {
			if failAfter > 0 && given >= failAfter {
				return l, context.DeadlineExceeded
			}
			if want := strconv.Itoa(given); given > 0 && p.Cursor != want {
				t.Errorf("asked for the page after %q, not %s", p.Cursor, want)
			}
			n := min(p.Limit, most-given)
			given += n
			l.Items, l.Total, l.Capped = make([]asset.PointView, n), min(most, 1000), most > 1000
			if given < most {
				l.Next = strconv.Itoa(given)
			}
			return l, nil
		}
	}
	for _, row := range []struct {
		why             string
		most, failAfter int
		limit           uint64
		want            string
	}{
		{"10,000 and the usual limit of a shell", 10_000, 0, 4096, "problem open_files"},
		{"10,000 and enough", 10_000, 0, 20_000, ""},
		{"100 and the usual limit", 100, 0, 1024, ""},
		{"none", 0, 0, 1024, ""},
		{"a database that is too slow", 10_000, 2000, 20_000, "warning open_files"},
	} {
		c, err := countPoints(t.Context(), row.limit, pages(row.most, row.failAfter))
		if err != nil {
			t.Fatal(err)
		}
		if got := off([]finding{judgeOpenFiles(row.limit, c)}); got != row.want {
			t.Errorf("%s: counted %+v, %q, not %q", row.why, c, got, row.want)
		}
	}
}
