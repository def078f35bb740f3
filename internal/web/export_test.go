package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/store"
)

type vaultFiles struct{ *store.Vault }

func (v vaultFiles) Create(ctx context.Context, op ident.Operator, name string) (File, error) {
	return v.Vault.Create(ctx, op, name)
}

func withFiles(w *world, o *Options) {
	v, err := store.NewVault(w.st, w.TempDir())
	w.ok(err)
	o.Files = vaultFiles{v}
}

// csvOf reads a file as a spreadsheet would: its head and the rows by column.
func csvOf(w *world, body []byte) (head []string, rows []map[string]string) {
	w.Helper()
	body, marked := bytes.CutPrefix(body, []byte("\xEF\xBB\xBF"))
	if !marked {
		w.Fatalf("no byte order mark: %.40q", body)
	}
	if lines := bytes.Count(body, []byte("\n")); lines != bytes.Count(body, []byte("\r\n")) {
		w.Error("lines do not end with CRLF (RFC 4180)")
	}
	all, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	w.ok(err)
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

func xlsxOf(w *world, body []byte) [][]string {
	w.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(body))
	w.ok(err)
	defer f.Close()
	rows, err := f.GetRows("Sheet1")
	w.ok(err)
	return rows
}

var (
	asCSV  = header("Accept", "text/csv")
	asXLSX = header("Accept", xlsxType)
)

func exportRoutes() (all []Route) {
	for _, rt := range Routes() {
		if rt.Exports {
			all = append(all, rt)
		}
	}
	return all
}

// Product §2.2: every list as CSV and XLSX, the filter and not the page; audited.
func TestEveryListIsExportedWhole(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		for i := range 30 {
			w.call("POST", "/api/v1/sites", fmt.Sprintf(`{"name":"Depot %d","time_zone":"UTC"}`, i), bearer(w.mine.admin)).want(w, 201)
		}
		if len(exportRoutes()) < 14 {
			w.Fatalf("only %d lists can be exported", len(exportRoutes()))
		}
		for _, rt := range exportRoutes() {
			if !authz.OpAdmin.May(rt.Permission) {
				continue
			}
			path := w.path(rt, w.mine)
			a := w.call("GET", path+"?limit=1", "", bearer(w.mine.admin), asCSV).want(w, 200)
			if ct, cd := a.header.Get("Content-Type"), a.header.Get("Content-Disposition"); ct != csvType || !strings.Contains(cd, ".csv") {
				w.Errorf("%s: %s, %s", rt.Path, ct, cd)
			}
			head, rows := csvOf(w, a.body)
			var l struct{ Total int }
			w.call("GET", path, "", bearer(w.mine.admin)).want(w, 200).into(&l)
			audited := 0 // the list of what was done grows by the export itself
			if rt.Path == "/api/v1/audit" {
				audited = len(rows) - l.Total
			}
			if len(rows) != l.Total+audited || len(head) < 2 {
				w.Errorf("%s: %d rows of %d, %v", rt.Path, len(rows), l.Total, head)
			}
			sheet := xlsxOf(w, w.call("GET", path, "", bearer(w.mine.admin), asXLSX).want(w, 200).body)
			if rt.Path != "/api/v1/audit" && len(sheet) != len(rows)+1 || !slices.Equal(sheet[0], head) {
				w.Errorf("%s: the sheet has %d lines, %v", rt.Path, len(sheet), sheet[0])
			}
		}
		a := w.call("GET", "/api/v1/sites?name=depot&sort=-name", "", bearer(w.mine.admin), asCSV).want(w, 200)
		_, rows := csvOf(w, a.body)
		if len(rows) != 30 || rows[0]["name"] != "Depot 9" {
			w.Errorf("%d rows, first %q", len(rows), rows[0]["name"])
		}
		var l struct{ Items []AuditRow }
		w.call("GET", "/api/v1/audit?action=list.exported&object=/api/v1/sites", "", bearer(w.mine.admin)).want(w, 200).into(&l)
		if len(l.Items) != 3 || !strings.Contains(string(l.Items[0].After), "name=depot") || !strings.Contains(string(l.Items[0].After), `"rows":30`) {
			w.Errorf("the audit has %d: %s", len(l.Items), l.Items[0].After)
		}
	})
}

// Product §2.2: no text begins as a formula; instants with their offset; money with a
// point and exact.
func TestExportedCellsAreHarmlessAndExact(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		evil := []string{`=1+1`, `+1`, `-1`, `@SUM(A1)`, "＝1"}
		for _, name := range evil {
			w.call("POST", "/api/v1/sites", `{"name":"`+name+`","address":"a \"b\", c","time_zone":"UTC"}`, bearer(w.mine.admin)).want(w, 201)
		}
		_, rows := csvOf(w, w.call("GET", "/api/v1/sites", "", bearer(w.mine.admin), asCSV).want(w, 200).body)
		found := 0
		for _, r := range rows {
			if strings.HasPrefix(r["name"], "'") && slices.Contains(evil, r["name"][1:]) && r["address"] == `a "b", c` {
				found++
			}
			for column, v := range r {
				if v != harmless(v) {
					w.Errorf("%s begins as a formula: %q", column, v)
				}
			}
		}
		if found != len(evil) {
			w.Errorf("%d of %d names came through: %v", found, len(evil), rows)
		}
		for i, line := range xlsxOf(w, w.call("GET", "/api/v1/sites", "", bearer(w.mine.admin), asXLSX).want(w, 200).body) {
			for j, v := range line {
				if v != harmless(v) {
					w.Errorf("line %d, column %d begins as a formula: %q", i, j, v)
				}
			}
		}

		_, rows = csvOf(w, w.call("GET", "/api/v1/sessions", "", bearer(w.mine.admin), asCSV).want(w, 200).body)
		at, err := time.Parse("2006-01-02T15:04:05-07:00", rows[0]["started_at"])
		if err != nil || !strings.HasSuffix(rows[0]["started_at"], "+02:00") && !strings.HasSuffix(rows[0]["started_at"], "+01:00") || at.Unix() != w.clock.Now().Unix() {
			w.Errorf("a session in Berlin started at %q", rows[0]["started_at"])
		}
		_, rows = csvOf(w, w.call("GET", "/api/v1/recharges", "", bearer(w.mine.admin), asCSV).want(w, 200).body)
		if r := rows[0]; r["amount"] != "100.00" || r["amount_currency"] != "EUR" || !strings.HasSuffix(r["time"], "+00:00") {
			w.Errorf("%v", r)
		}
		f, err := excelize.OpenReader(bytes.NewReader(w.call("GET", "/api/v1/recharges", "", bearer(w.mine.admin), asXLSX).want(w, 200).body))
		w.ok(err)
		defer f.Close()
		lines, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
		w.ok(err)
		col := slices.Index(lines[0], "amount")
		cell, err := excelize.CoordinatesToCellName(col+1, 2)
		w.ok(err)
		if kind, err := f.GetCellType("Sheet1", cell); err != nil || kind != excelize.CellTypeNumber && kind != excelize.CellTypeUnset || lines[1][col] != "100" {
			w.Errorf("the amount is %q of kind %v, %v: nobody can add it up", lines[1][col], kind, err)
		}
		no := slices.Index(lines[0], "transaction_id") // 25 digits: a number would lose ten of them
		if len(lines[1][no]) != 25 {
			w.Errorf("transaction id %q", lines[1][no])
		}
	})
}

// Product §2.2: personal columns only with pii.export, in every list there is.
func TestPersonalColumnsLeaveOnlyWithPermission(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		secrets := []string{"driver@a3e.example", "Dora", "13ADF6A0", "13adf6a0", "49170", "a3e-op_admin", "192.0.2."}
		admin := ""
		for _, rt := range exportRoutes() {
			for _, role := range authz.Roles {
				if !role.May(rt.Permission) || role == authz.Owner {
					continue
				}
				a := w.call("GET", w.path(rt, w.mine), "", w.loginAs(role).option, asCSV).want(w, 200)
				sheet := xlsxOf(w, w.call("GET", w.path(rt, w.mine), "", w.loginAs(role).option, asXLSX).want(w, 200).body)
				if role.May(authz.PIIExport) {
					admin += string(a.body)
					continue
				}
				for _, s := range secrets {
					if strings.Contains(string(a.body), s) || strings.Contains(fmt.Sprint(sheet), s) {
						w.Errorf("%s lets %s leave with %q", rt.Path, role, s)
					}
				}
			}
		}
		for _, s := range secrets[:2] {
			if !strings.Contains(admin, s) {
				w.Errorf("the administrator's files lack %q", s)
			}
		}
	})
}

func TestExportOfAnotherTypeOrABadFilterIsRefused(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		mine := bearer(w.mine.admin)
		w.call("GET", "/api/v1/sites?status=MAYBE", "", mine, asCSV).wantCode(w, 422, "invalid_input")
		w.call("GET", "/api/v1/sites?sort=address", "", mine, asXLSX).wantCode(w, 422, "invalid_input")
		w.call("GET", "/api/v1/sites", "", asCSV).wantCode(w, 401, "not_signed_in")
		if a := w.call("GET", "/api/v1/sites", "", mine, header("Accept", "application/json, text/csv")).want(w, 200); a.header.Get("Content-Type") != "application/json" {
			w.Errorf("JSON was wanted: %s", a.header.Get("Content-Type"))
		}
	})
}

// many writes n rows of the audit, which are quick to make.
func many(w *world, n int) {
	w.Helper()
	for from := 0; from < n; from += 1000 {
		w.ok(w.st.Write(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), func(tx *store.Tx) error {
			for i := from; i < min(n, from+1000); i++ {
				if err := tx.Audit("test.row", fmt.Sprintf("row_%d", i), nil, nil); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// Product §2.2: more than 10,000 rows are written by a job; the file is there for 24
// hours, for who asked for it, and lies sealed.
func TestALargeExportIsAFileOfAJob(t *testing.T) {
	each(t, func(w *world) {
		o := Options{Now: w.clock.Now, Tick: w.ticks.tick}
		withFiles(w, &o)
		w.srv = New(w.svc, o)
		w.tenants()
		many(w, 10_001)
		mine := bearer(w.mine.admin)
		for _, as := range []callOption{asCSV, asXLSX} {
			a := w.call("GET", "/api/v1/audit?action=test.row&sort=at", "", mine, as).want(w, 202)
			var e Export
			a.into(&e)
			if e.State != operator.ExportWaiting || a.header.Get("Location") != "/api/v1/exports/"+e.ID.String() {
				w.Fatalf("%+v at %s", e, a.header.Get("Location"))
			}
			w.call("GET", "/api/v1/exports/"+e.ID.String()+"/file", "", mine).wantCode(w, 409, "export_not_ready")
			done, err := w.srv.WriteExport(w.Context(), e.ID)
			w.ok(err)
			w.ok(w.st.Write(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), func(tx *store.Tx) error { return tx.SaveExport(done) }))
			w.call("GET", "/api/v1/exports/"+e.ID.String(), "", mine).want(w, 200).into(&e)
			if e.State != operator.ExportReady || e.Rows != 10_001 || !e.ExpiresAt.Equal(e.ReadyAt.Add(24*time.Hour)) {
				w.Errorf("%+v", e)
			}
			file := w.call("GET", "/api/v1/exports/"+e.ID.String()+"/file", "", mine).want(w, 200)
			if int64(len(file.body)) != e.Bytes || file.header.Get("Content-Length") != fmt.Sprint(e.Bytes) {
				w.Errorf("%d bytes, %d said", len(file.body), e.Bytes)
			}
			var last string
			if e.Format == operator.CSV {
				_, rows := csvOf(w, file.body)
				last = rows[10_000]["object"]
			} else {
				lines := xlsxOf(w, file.body)
				last = lines[10_001][slices.Index(lines[0], "object")]
			}
			if last != "row_10000" {
				w.Errorf("the last row is %s", last)
			}
			w.call("GET", "/api/v1/exports/"+e.ID.String()+"/file", "", w.loginAs(authz.Auditor).option).wantCode(w, 404, "not_found")
			w.call("GET", "/api/v1/exports/"+e.ID.String(), "", bearer(w.theirs.admin)).wantCode(w, 404, "not_found")
		}
		w.clock.Advance(24 * time.Hour)
		var l struct{ Items []Export }
		w.call("GET", "/api/v1/exports", "", mine).want(w, 200).into(&l)
		for _, e := range l.Items {
			w.call("GET", "/api/v1/exports/"+e.ID.String()+"/file", "", mine).wantCode(w, 404, "not_found")
		}
		ids, err := w.svc.Operator.ForgetExports(w.Context())
		if err != nil || len(ids) != 2 {
			w.Errorf("%v are forgotten, %v", ids, err)
		}
	})
}

// A list under an id is written by a job, too, and only for who may read it.
func TestALargeExportOfAListUnderAnIDIsWritten(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		o := Options{Now: w.clock.Now, Tick: w.ticks.tick}
		withFiles(w, &o)
		w.srv = New(w.svc, o)
		c, err := w.svc.Operator.AuthenticateAPI(w.Context(), w.mine.admin, authz.Actor{})
		w.ok(err)
		for _, rt := range exportRoutes() {
			if !strings.Contains(rt.Path, "{id}") || !authz.OpAdmin.May(rt.Permission) {
				continue
			}
			e, err := w.svc.Operator.RequestExport(w.Context(), c, w.path(rt, w.mine), "", operator.CSV)
			w.ok(err)
			done, err := w.srv.WriteExport(w.Context(), e.ID)
			if err != nil || done.State != operator.ExportReady {
				w.Errorf("%s: %s, %v", rt.Path, done.State, err)
			}
			w.ok(w.st.Write(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), func(tx *store.Tx) error { return tx.SaveExport(done) }))
		}
	})
}

// Who lost the account after asking gets no file.
func TestALargeExportAsksAgainWhoMay(t *testing.T) {
	lite(t, func(w *world) {
		o := Options{Now: w.clock.Now, Tick: w.ticks.tick}
		withFiles(w, &o)
		w.srv = New(w.svc, o)
		w.tenants()
		c, err := w.svc.Operator.AuthenticateAPI(w.Context(), w.mine.admin, authz.Actor{})
		w.ok(err)
		e, err := w.svc.Operator.RequestExport(w.Context(), c, "/api/v1/audit", "", operator.CSV)
		w.ok(err)
		for range 4 {
			_, err = w.svc.Operator.RequestExport(w.Context(), c, "/api/v1/audit", "", operator.CSV)
			w.ok(err)
		}
		if _, err = w.svc.Operator.RequestExport(w.Context(), c, "/api/v1/audit", "", operator.CSV); err == nil {
			w.Error("a sixth file is waited for")
		}
		ops := w.mine.staff[authz.OpAdmin]
		role := authz.OpOps
		_, err = w.svc.Operator.CreateStaff(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), operator.NewStaff{Login: "second-admin", Name: "x", Role: authz.OpAdmin, Password: password})
		w.ok(err)
		st, err := w.svc.Operator.StaffMember(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), ops.ID)
		w.ok(err)
		_, err = w.svc.Operator.UpdateStaff(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), st.ID, st.Version, operator.StaffChange{Role: &role})
		w.ok(err)
		if _, err := w.srv.WriteExport(w.Context(), e.ID); err == nil || !strings.Contains(err.Error(), "forbidden") {
			w.Errorf("the file is written for who may not read the audit: %v", err)
		}
	})
}

// A file is sealed, bound to its place, and never whole when it is cut off.
func TestFilesAreSealed(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		v, err := store.NewVault(w.st, w.TempDir())
		w.ok(err)
		text := strings.Repeat("Dora Driver;", 20_000)
		f, err := v.Create(w.Context(), w.mine.op.ID, "one")
		w.ok(err)
		_, err = io.WriteString(f, text)
		w.ok(err)
		w.ok(f.Commit())
		read := func(op ident.Operator, name string) (string, error) {
			r, err := v.Open(w.Context(), op, name)
			if err != nil {
				return "", err
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			return string(b), err
		}
		if got, err := read(w.mine.op.ID, "one"); err != nil || got != text {
			w.Errorf("%d bytes, %v", len(got), err)
		}
		if _, err := read(w.theirs.op.ID, "one"); err == nil {
			w.Error("another operator's key opens it")
		}
		path := filepath.Join(v.Scratch(), "one")
		raw, err := os.ReadFile(path)
		w.ok(err)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			w.Errorf("%v, %v", info.Mode(), err)
		}
		if bytes.Contains(raw, []byte("Dora")) {
			w.Error("it lies there in clear")
		}
		for why, broken := range map[string][]byte{
			"cut off": raw[:len(raw)-40], "a piece less": raw[70_000:], "empty": {}, "changed": append(append([]byte{}, raw[:100]...), append([]byte{raw[100] ^ 1}, raw[101:]...)...),
		} {
			w.ok(os.WriteFile(path, broken, 0o600))
			if _, err := read(w.mine.op.ID, "one"); err == nil {
				w.Errorf("%s: read as if it were whole", why)
			}
		}
	})
}

// leaving is a client that goes away when the answer begins.
type leaving struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l leaving) Write(b []byte) (int, error) {
	l.leave()
	return l.ResponseRecorder.Write(b)
}

// Half a file must not look like a whole one.
func TestACutOffExportBreaksTheConnection(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		many(w, 1200)
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/audit?action=test.row", http.NoBody)
		bearer(w.mine.admin)(r)
		asCSV(r)
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				w.Errorf("the connection lives on: %v", p)
			}
		}()
		w.srv.ServeHTTP(leaving{httptest.NewRecorder(), cancel}, r)
	})
}

// FIN-A8: yen have no decimals anywhere, in a file of plans neither; dinars have three.
func TestFIN_A8_PricesHaveTheDecimalsOfTheirCurrency(t *testing.T) {
	lite(t, func(w *world) {
		for _, c := range []struct{ currency, service, idle, unit, total string }{{"JPY", "35", "2.5", "20", "550"}, {"KWD", "0.025", "0.100", "0.020", "0.450"}} {
			sc := authz.ForPlatform(authz.Actor{Reason: "test"})
			o, err := w.svc.Operator.CreateOperator(w.Context(), sc, operator.NewOperator{Name: c.currency, Currency: money.Currency(c.currency), TimeZone: "Asia/Tokyo"})
			w.ok(err)
			op := authz.ForSystem(o.ID, "test")
			st, err := w.svc.Operator.CreateStaff(w.Context(), op, operator.NewStaff{Login: strings.ToLower(c.currency) + "-admin", Name: "Staff", Role: authz.OpAdmin, Password: password})
			w.ok(err)
			_, token, err := w.svc.Operator.CreateAPIToken(w.Context(), op, operator.NewAPIToken{Staff: st.ID, Name: "test"})
			w.ok(err)
			plan := `{"name":"Day","currency":"` + c.currency + `","vat_permille":0,"electricity":[{"from":"00:00","to":"24:00","price":"` + c.unit + `"}],"service_per_kwh":"` + c.service +
				`","idle":{"per_minute":"` + c.idle + `","grace_s":0}}`
			w.call("POST", "/api/v1/plans", plan, bearer(token)).want(w, 201)
			file := w.call("GET", "/api/v1/plans", "", bearer(token), asCSV).want(w, 200)
			_, rows := csvOf(w, file.body)
			if len(rows) != 1 || rows[0]["service_per_kwh"] != c.service || rows[0]["idle_per_minute"] != c.idle {
				w.Errorf("%s in a file: %v", c.currency, rows)
			}
			var got PriceTest
			w.call("POST", "/api/v1/price-tests", `{"plan":`+plan+`,"at":"2027-03-01T10:00:00Z","energy_wh":10000,"charging_s":3600}`, bearer(token)).want(w, 200).into(&got)
			if got.Bill == nil || got.Bill.Lines[0].UnitPrice != c.unit || got.Bill.Total.Amount != c.total {
				w.Errorf("%s in a price test: %+v", c.currency, got.Bill)
			}
			if got.Bill != nil && regexp.MustCompile(`\.\d+ JPY`).MatchString(strings.Join(got.Bill.Explanation, " ")) {
				w.Errorf("explained by %q", got.Bill.Explanation)
			}
		}
	})
}
