package web

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/live"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/report"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
	"ccms/internal/upkeep"
)

const password = "correct horse battery"

// world is the whole server without its sockets: real services on a real store, a
// clock that stands still, two operators that must not see each other.
type world struct {
	*testing.T
	st    *store.Store
	clock *storetest.Clock
	keys  *store.Keys
	svc   Services
	srv   *Server
	log   *logBuffer
	vault *store.Vault // of charge points
	ticks ticks

	mine, theirs tenant
	owner        operator.Staff
}

// tenant is one operator with one of everything.
type tenant struct {
	op                                                                                                operator.Operator
	staff                                                                                             map[authz.Role]operator.Staff
	admin                                                                                             string // API token of the OpAdmin
	sub, site, point, driver, token, plan, session, command, bulk, spare, key, recharge, view, export string
	warning, stranger, model, template, vendorRule                                                    string
	certificate, authority                                                                            string
	file, image, install, campaign                                                                    string
	list, reservation, window, entry, closing, ask                                                    string
	payment, card, group, assignment                                                                  string
}

// ticks are the beats of event streams: the beat is fast, the others come when the
// test says so.
type ticks struct{ beat, ping, recheck chan time.Time }

func (t ticks) tick(d time.Duration) (<-chan time.Time, func()) {
	switch {
	case d == livePing:
		return t.ping, func() {}
	case d == liveRecheck:
		return t.recheck, func() {}
	case t.beat != nil:
		return t.beat, func() {}
	}
	fast := time.NewTicker(time.Millisecond)
	return fast.C, fast.Stop
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// each runs f against both engines.
func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(newWorld(t, open, nil))
		})
	}
}

// lite runs f on SQLite only: for what the engine makes no difference to.
func lite(t *testing.T, f func(w *world), change ...func(*world, *Options)) {
	t.Helper()
	t.Parallel()
	var c func(*world, *Options)
	if len(change) > 0 {
		c = change[0]
	}
	f(newWorld(t, storetest.SQLite, c))
}

func run[T any](do func(context.Context, authz.Scope, func(*store.Tx) error) error, as func(*store.Tx) T) func(context.Context, authz.Scope, func(T) error) error {
	return func(ctx context.Context, sc authz.Scope, fn func(T) error) error {
		return do(ctx, sc, func(tx *store.Tx) error { return fn(as(tx)) })
	}
}

func newWorld(t *testing.T, open func(testing.TB, func(*store.Options)) *store.Store, change func(*world, *Options)) *world {
	w := &world{T: t, clock: storetest.NewClock(), log: &logBuffer{}, keys: store.RandomKeys(),
		ticks: ticks{ping: make(chan time.Time), recheck: make(chan time.Time)}}
	bus := live.NewBus()
	w.st = open(t, func(o *store.Options) {
		o.Now, o.Keys = w.clock.Now, w.keys
		o.OnCommit = func(cs []store.Change) {
			for _, c := range cs {
				bus.Publish(live.Event{Topic: c.Topic, Operator: c.Operator, Sub: c.Sub, ID: c.ID})
			}
		}
	})
	write, read := operator.Once(w.st.Write), w.st.Read
	plan := func(tx tariff.Tx, id ident.Plan) error { _, err := tx.CurrentPlan(id); return err }
	w.svc = Services{
		Operator: operator.New(run(write, asOperator), run(read, asOperator), operator.Options{
			Cost:      operator.HashCost{Memory: 64, Time: 1, Threads: 1},
			LoginRate: operator.Rate{Burst: 5, Every: time.Minute}, AddressRate: operator.Rate{Burst: 2000, Every: time.Second},
			PlanExists: func(tx operator.Tx, id ident.Plan) error { return plan(tx.(tariff.Tx), id) },
		}),
		Asset: asset.New(run(write, asAsset), run(read, asAsset), asset.Options{MAC: w.keys.PointMAC, Node: "test",
			PlanExists: func(tx asset.Tx, id ident.Plan) error { return plan(tx.(tariff.Tx), id) }}),
		Member: member.New(run(write, asMember), run(read, asMember), member.Options{OpenAccount: func(tx member.Tx, d member.Driver) (ident.Account, error) {
			full := tx.(ledger.Tx)
			o, err := full.OperatorByID(d.Operator)
			if err != nil {
				return ident.Account{}, err
			}
			return ledger.OpenWallet(full, d.Operator, d.Sub, o.Currency, d.ChargingAccount)
		}}),
		Tariff:  tariff.New(run(write, asTariff), run(read, asTariff)),
		Ledger:  ledger.New(run(write, asLedger), run(read, asLedger)),
		Session: session.New(run(write, asSession), run(read, asSession), "test"),
		Upkeep:  upkeep.New(run(write, asUpkeep), run(read, asUpkeep)),
		Report:  report.New(run(write, asReport), run(read, asReport)),
		Live:    bus,
	}
	w.svc.Pay = pay.New(run(write, asPay), run(read, asPay), nil, w.svc.Session, w.clock.Now, slog.New(slog.NewJSONHandler(w.log, nil)))
	w.svc.Upkeep.Offer(upkeep.Offers{Web: "https://files.example", FTP: "files.example:21"})
	vault, err := store.NewVault(w.st, t.TempDir())
	w.ok(err)
	w.vault = vault
	o := Options{PointFiles: testVault{vault}, Now: w.clock.Now, Tick: w.ticks.tick, Log: slog.New(slog.NewJSONHandler(w.log, nil))}
	if change != nil {
		change(w, &o)
		o.Tick = w.ticks.tick
	}
	w.srv = New(w.svc, o)

	pw, _, err := w.svc.Operator.EnsureOwner(t.Context())
	w.ok(err)
	w.owner, err = w.svc.Operator.StaffByLogin(t.Context(), authz.Everything("test"), operator.OwnerLogin)
	w.ok(err)
	w.ok(w.svc.Operator.ResetPassword(t.Context(), authz.ForPlatform(authz.Actor{Reason: "test"}), w.owner.ID, password))
	_ = pw
	return w
}

func asOperator(tx *store.Tx) operator.Tx { return tx }
func asAsset(tx *store.Tx) asset.Tx       { return tx }
func asMember(tx *store.Tx) member.Tx     { return tx }
func asTariff(tx *store.Tx) tariff.Tx     { return tx }
func asLedger(tx *store.Tx) ledger.Tx     { return tx }
func asPay(tx *store.Tx) pay.Tx           { return tx }
func asSession(tx *store.Tx) session.Tx   { return tx }
func asUpkeep(tx *store.Tx) upkeep.Tx     { return tx }
func asReport(tx *store.Tx) report.Tx     { return tx }

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// tenants makes both operators.
func (w *world) tenants() {
	w.Helper()
	w.mine, w.theirs = w.staffed("A3E"), w.staffed("B4F")
}

// staffed makes an operator with an account per role.
func (w *world) staffed(name string) tenant {
	w.Helper()
	ctx := w.Context()
	o, err := w.svc.Operator.CreateOperator(ctx, authz.ForPlatform(authz.Actor{Reason: "test"}), operator.NewOperator{Name: name, Currency: "EUR", TimeZone: "Europe/Berlin"})
	w.ok(err)
	t := tenant{op: o, staff: map[authz.Role]operator.Staff{}}
	sc := authz.ForSystem(o.ID, "test")
	for _, r := range []authz.Role{authz.OpAdmin, authz.OpOps, authz.Auditor} {
		t.staff[r], err = w.svc.Operator.CreateStaff(ctx, sc, operator.NewStaff{Login: strings.ToLower(name) + "-" + string(r), Name: "Staff", Role: r, Password: password})
		w.ok(err)
	}
	_, t.admin, err = w.svc.Operator.CreateAPIToken(ctx, sc, operator.NewAPIToken{Staff: t.staff[authz.OpAdmin].ID, Name: "test"})
	w.ok(err)
	return t
}

const planJSON = `{"name":"Day","currency":"EUR","vat_permille":190,"electricity":[{"from":"00:00","to":"24:00","price":"0.30"}],"service_per_kwh":"0.10"}`

// furnish gives the operator one of everything, through the API where it can.
func (w *world) furnish(t *tenant) {
	w.Helper()
	tag := strings.ToLower(t.op.Name)
	make := func(path, body string) string {
		w.Helper()
		a := w.call("POST", path, body, bearer(t.admin), key(path))
		if a.status != 201 {
			w.Fatalf("POST %s: %d %s", path, a.status, a.body)
		}
		var m struct {
			ID          string `json:"id"`
			ChargePoint struct {
				ID string `json:"id"`
			} `json:"charge_point"`
		}
		a.into(&m)
		return m.ID + m.ChargePoint.ID
	}
	t.sub = make("/api/v1/sub-operators", `{"name":"North"}`)
	t.plan = make("/api/v1/plans", planJSON)
	t.site = make("/api/v1/sites", `{"name":"`+tag+`_station","address":"Street 1","time_zone":"Europe/Berlin","plan_id":"`+t.plan+`"}`)
	t.point = make("/api/v1/charge-points", `{"site_id":"`+t.site+`","identity":"CP-`+tag+`","name":"`+tag+`_point","charger_type":"AC","max_power_w":22000,"connectors":[{"number":1,"type":"Type2","max_power_w":22000}]}`)
	t.driver = make("/api/v1/drivers", `{"account":"driver@`+tag+`.example","name":"Dora Driver","mobile":"+49170`+fmt.Sprint(1000000+len(tag)+int(tag[0]))+`"}`)
	t.group = make("/api/v1/groups", `{"name":"`+tag+` fleet"}`)
	w.call("POST", "/api/v1/plan-assignments", `{"plan_id":"`+t.plan+`","audience":"GROUP","group_id":"`+t.group+`","places":[{"site_id":"`+t.site+`"}]}`, bearer(t.admin)).want(w, 200)
	var assigned struct{ Items []PlanAssignment }
	w.call("GET", "/api/v1/plan-assignments", "", bearer(t.admin)).want(w, 200).into(&assigned)
	t.assignment = assigned.Items[0].ID.String()
	t.token = make("/api/v1/tokens", `{"driver_id":"`+t.driver+`","uid":"13ADF6`+strings.ToUpper(tag[:1])+`0"}`)
	t.recharge = make("/api/v1/drivers/"+t.driver+"/recharges", `{"amount":{"amount":"100.00","currency":"EUR"},"reason":"test"}`)
	w.call("PUT", "/api/v1/recharge-rules", `{"presets":[],"approve_above":{"amount":"500.00","currency":"EUR"},"approve_within_h":24}`, bearer(t.admin), version(1)).want(w, 200)
	t.ask = make("/api/v1/drivers/"+t.driver+"/recharge-requests", `{"amount":{"amount":"600.00","currency":"EUR"},"reason":"test"}`)
	w.takesCards(*t)
	t.payment = make("/api/v1/drivers/"+t.driver+"/payments", `{"amount":{"amount":"20.00","currency":"EUR"},"method":"card","return_url":"https://portal.example/"}`)
	t.card = w.keepsCard(*t)
	t.closing = make("/api/v1/book-closings", `{"month":"2026-10","reason":"test"}`)
	var lines struct{ Items []LedgerLine }
	w.call("GET", "/api/v1/postings", "", bearer(t.admin)).want(w, 200).into(&lines)
	t.entry = lines.Items[0].EntryID.String()
	t.spare = make("/api/v1/staff", `{"login":"`+tag+`-spare","name":"Spare","role":"op_ops","password":"`+password+`"}`)
	t.key = make("/api/v1/api-tokens", `{"name":"spare"}`)
	t.view = make("/api/v1/views", `{"list":"records","name":"Dora's","query":"q=1","default":true}`)
	t.vendorRule = make("/api/v1/vendor-rules", `{"vendor_id":"com.example","answer":"accepted"}`)
	caller, err := w.svc.Operator.AuthenticateAPI(w.Context(), t.admin, authz.Actor{})
	w.ok(err)
	e, err := w.svc.Operator.RequestExport(w.Context(), caller, "/api/v1/sessions", "", operator.CSV)
	w.ok(err)
	t.export = e.ID.String()

	p := w.point(*t)
	sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
	epoch, err := w.svc.Session.Connect(w.Context(), sc, p.ID)
	w.ok(err)
	t.list = make("/api/v1/local-lists", `{"name":"`+tag+` depot","cards":"MANUAL","token_ids":["`+t.token+`"],"site_ids":["`+t.site+`"]}`)
	t.reservation = make("/api/v1/reservations", `{"charge_point_id":"`+t.point+`","connector":1,"driver_id":"`+t.driver+`","until":"`+
		w.clock.Now().Add(time.Hour).Format(time.RFC3339)+`"}`)
	t.window = make("/api/v1/maintenance-windows", `{"site_id":"`+t.site+`","from":"`+w.clock.Now().Add(48*time.Hour).Format(time.RFC3339)+`","until":"`+
		w.clock.Now().Add(50*time.Hour).Format(time.RFC3339)+`","reason":"`+tag+` new fuses"}`)
	_, err = w.svc.Session.Start(w.Context(), sc, session.StartReport{
		Report:    session.Report{Point: p.ID, Epoch: epoch, ReceivedAt: w.clock.Now(), MessageID: "m1", Raw: []byte(`[2,"m1","StartTransaction",{}]`)},
		Connector: 1, Token: "13adf6" + tag[:1] + "0", Register: 1000, HasRegister: true, Stamp: session.Stamp{At: w.clock.Now()}})
	w.ok(err)
	var l struct{ Items []struct{ ID string } }
	w.call("GET", "/api/v1/sessions?state=running", "", bearer(t.admin)).want(w, 200).into(&l)
	if len(l.Items) != 1 {
		w.Fatalf("%d sessions run", len(l.Items))
	}
	t.session = l.Items[0].ID
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.ok(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: p.Identity, Organization: []string{t.op.Name}}}, ecKey)
	w.ok(err)
	taken, err := w.svc.Asset.SignRequest(w.Context(), sc, p.ID, epoch, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})))
	if w.ok(err); !taken {
		w.Fatal("the request for a certificate is refused")
	}
	var certificates struct {
		Items []struct {
			ID          string
			AuthorityID string `json:"authority_id"`
		}
	}
	w.call("GET", "/api/v1/certificates", "", bearer(t.admin)).want(w, 200).into(&certificates)
	if len(certificates.Items) != 1 {
		w.Fatalf("%d certificates", len(certificates.Items))
	}
	t.certificate, t.authority = certificates.Items[0].ID, certificates.Items[0].AuthorityID
	a := w.call("POST", "/api/v1/charge-points/"+t.point+"/commands", `{"type":"trigger_message","requested_message":"Heartbeat"}`, bearer(t.admin), key("c")).want(w, 202)
	var c struct{ ID string }
	a.into(&c)
	t.command = c.ID
	w.call("POST", "/api/v1/command-bulks", `{"type":"clear_cache","reason":"test","charge_point_ids":["`+t.point+`"]}`, bearer(t.admin), key(newRequestID())).want(w, 202).into(&c)
	t.bulk = c.ID
	w.told(p, asset.FactStatus, asset.StatusChanged{Point: p.ID, Connector: 1, From: asset.Available, To: asset.Faulted, ErrorCode: "GroundFailure"})
	w.call("GET", "/api/v1/warnings?charge_point_id="+t.point, "", bearer(t.admin)).want(w, 200).into(&l)
	if len(l.Items) != 1 {
		w.Fatalf("%d warnings", len(l.Items))
	}
	t.warning = l.Items[0].ID
	t.template = make("/api/v1/config-templates", `{"name":"Template `+tag+`","vendor":"Vendor"}`)
	t.model = make("/api/v1/models", `{"vendor":"Vendor","model":"Model `+tag+`"}`)
	stranger, err := w.svc.Asset.Knocked(w.Context(), asset.Knock{Identity: "NEW-" + tag, Code: t.op.Code, Address: "192.0.2.7", At: w.clock.Now()})
	w.ok(err)
	t.stranger = stranger.Stranger.String()
	w.firmware(t, p)
}

// Keys that look like those of Stripe.
const stripeKey, stripeHook = "sk_test_0123456789_abcd", "whsec_0123456789_abcd"

// takesCards has the operator take cards by a Stripe that nobody can reach.
func (w *world) takesCards(t tenant) {
	w.Helper()
	w.call("PUT", "/api/v1/payment-options/card", `{"enabled":true,"secret_key":"`+stripeKey+`","webhook_secret":"`+stripeHook+`"}`,
		bearer(t.admin), version(1)).want(w, 200)
}

// keepsCard has the driver keep a card.
func (w *world) keepsCard(t tenant) string {
	w.Helper()
	id := ident.New[ident.Card](w.clock.Now())
	d, err := ident.Parse[ident.Driver](t.driver)
	w.ok(err)
	w.ok(w.st.Write(w.Context(), authz.ForSystem(t.op.ID, "test"), func(tx *store.Tx) error {
		return tx.InsertCard(pay.SavedCard{ID: id, Operator: t.op.ID, Driver: d, Provider: pay.Stripe, At: w.clock.Now(),
			Card: pay.Card{Brand: "visa", Last4: "4242", Month: 12, Year: 2034, Customer: "cus_trial", Method: "pm_good"}})
	}))
	return id.String()
}

// firmware gives the operator a file of a charge point, an image, an install and a
// campaign that waits for its window.
func (w *world) firmware(t *tenant, p asset.ChargePoint) {
	w.Helper()
	sc := authz.ForSystem(t.op.ID, "test")
	w.ok(w.st.Write(w.Context(), sc, func(tx *store.Tx) error {
		_, err := asset.Booted(tx, asset.BootReport{Point: p.ID, Vendor: "Maker", Model: "M1", Firmware: "1.0", At: w.clock.Now()})
		return err
	}))
	var m struct{ ID string }
	ask := func(method, path, body string, want int) string {
		w.Helper()
		w.call(method, path, body, bearer(t.admin), key(newRequestID()), version(1)).want(w, want).into(&m)
		return m.ID
	}
	ask("POST", "/api/v1/charge-points/"+t.point+"/commands", `{"type":"get_diagnostics"}`, 202)
	var l struct{ Items []struct{ ID string } }
	w.call("GET", "/api/v1/charge-point-files?charge_point_id="+t.point, "", bearer(t.admin)).want(w, 200).into(&l)
	t.file = l.Items[0].ID
	w.brings(t.file, "its diagnostics")
	t.image = ask("POST", "/api/v1/firmware-images", imageJSON, 201)
	ask("PUT", "/api/v1/firmware-images/"+t.image+"/file", "the image", 200)
	t.campaign = ask("POST", "/api/v1/firmware-campaigns", `{"name":"Spring","image_id":"`+t.image+`","reason":"test"}`, 201)
	t.install = ask("POST", "/api/v1/charge-points/"+t.point+"/firmware", `{"image_id":"`+t.image+`","reason":"test"}`, 202)
}

// brings is a charge point that brings a file.
func (w *world) brings(file, content string) {
	w.Helper()
	id, err := ident.Parse[ident.Transfer](file)
	w.ok(err)
	var tr upkeep.Transfer
	w.ok(w.st.Read(w.Context(), authz.Everything("test"), func(tx *store.Tx) (err error) { tr, err = tx.TransferByID(id); return err }))
	tr, err = w.svc.Upkeep.BeginUpload(w.Context(), tr)
	w.ok(err)
	f, err := w.vault.Create(w.Context(), tr.Operator, tr.Vault())
	w.ok(err)
	_, err = io.WriteString(f, content)
	w.ok(err)
	w.ok(f.Commit())
	_, err = w.svc.Upkeep.EndUpload(w.Context(), tr, upkeep.Brought{Name: "diag.zip", Bytes: int64(len(content)), SHA256: "00"})
	w.ok(err)
}

const imageJSON = `{"name":"M1 2.0","vendor":"Maker","model":"M1","release":"2.0","file_name":"m1-2.0.bin"}`

// testVault is the vault as the server needs it.
type testVault struct{ v *store.Vault }

func (f testVault) Create(ctx context.Context, op ident.Operator, name string) (File, error) {
	return f.v.Create(ctx, op, name)
}

func (f testVault) Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error) {
	return f.v.Open(ctx, op, name)
}

func (f testVault) Remove(name string) error { return f.v.Remove(name) }

// told is a fact that has reached the warnings.
func (w *world) told(p asset.ChargePoint, kind fact.Kind, payload any) {
	w.Helper()
	raw, err := json.Marshal(payload)
	w.ok(err)
	task, err := upkeep.Read(upkeep.Heard{Kind: kind, Operator: p.Operator, Sub: p.Sub, At: w.clock.Now(), Payload: raw})
	w.ok(err)
	w.ok(w.st.Write(w.Context(), authz.ForSystem(p.Operator, "test"), func(tx *store.Tx) error { return task(tx) }))
}

func (w *world) point(t tenant) asset.ChargePoint {
	w.Helper()
	id, err := ident.Parse[ident.ChargePoint](t.point)
	w.ok(err)
	v, err := w.svc.Asset.ChargePoint(w.Context(), authz.ForSystem(t.op.ID, "test"), id)
	w.ok(err)
	return v.ChargePoint
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(v any) {
	if err := json.Unmarshal(a.body, v); err != nil {
		panic(fmt.Sprintf("%v in %s", err, a.body))
	}
}

func (a answer) code() string {
	var p struct{ Code string }
	json.Unmarshal(a.body, &p)
	return p.Code
}

func (a answer) want(w *world, status int) answer {
	w.Helper()
	if a.status != status {
		w.Fatalf("status %d, want %d: %s\n%s", a.status, status, a.body, w.cause(a))
	}
	return a
}

// cause is the line of the log about an answer.
func (w *world) cause(a answer) string {
	for line := range strings.SplitSeq(w.log.String(), "\n") {
		if strings.Contains(line, a.header.Get("X-Request-Id")) {
			return line
		}
	}
	return ""
}

// wantCode checks status and code of a problem.
func (a answer) wantCode(w *world, status int, code string) answer {
	w.Helper()
	if a.status != status || a.code() != code {
		w.Errorf("status %d code %s, want %d %s: %s", a.status, a.code(), status, code, a.body)
	}
	return a
}

type callOption func(*http.Request)

func header(name, value string) callOption {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
func bearer(token string) callOption { return header("Authorization", "Bearer "+token) }
func key(k string) callOption        { return header(keyHeader, k) }
func version(v int64) callOption     { return header("If-Match", etag(v)) }
func from(ip string) callOption      { return func(r *http.Request) { r.RemoteAddr = ip + ":40000" } }

// browser is one that is logged in.
type browser struct{ cookie, csrf string }

func (b browser) option(r *http.Request) {
	r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	r.Header.Set(csrfHeader, b.csrf)
}

func (w *world) call(method, path, body string, opts ...callOption) answer {
	w.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, rd)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, o := range opts {
		o(r)
	}
	rec := httptest.NewRecorder()
	w.srv.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
}

func (w *world) login(login string) browser {
	w.Helper()
	a := w.call("POST", "/api/v1/login", `{"login":"`+login+`","password":"`+password+`"}`).want(w, 200)
	var m struct {
		Me struct {
			CSRF string `json:"csrf_token"`
		} `json:"me"`
	}
	a.into(&m)
	cs, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	w.ok(err)
	return browser{cs.Value, m.Me.CSRF}
}

func (w *world) loginAs(r authz.Role) browser {
	if r == authz.Owner {
		return w.login(operator.OwnerLogin)
	}
	return w.login(w.mine.staff[r].Login)
}
