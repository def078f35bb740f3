package web

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

func TestPointers(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"body":               "",
		"body.name":          "/name",
		"body.items[3].tags": "/items/3/tags",
		"query.limit":        "/query/limit",
		"header.If-Match":    "/header/If-Match",
		"body.a/b~c":         "/a~1b~0c",
	} {
		if got := pointer(location); got != want {
			t.Errorf("%s: %q, want %q", location, got, want)
		}
	}
	if got := pointer("body." + strings.Repeat("x.", 5000)); len(got) > 200 {
		t.Errorf("a pointer of %d bytes", len(got))
	}
}

// huma's details carry the value that was wrong; ours must not.
func TestAProblemNeverRepeatsAValue(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	for _, err := range []error{
		&huma.ErrorDetail{Message: "expected number >= 3", Location: "body.n", Value: secret},
		&huma.ErrorDetail{Message: "money: not an amount: " + secret, Location: "body.n", Value: secret},
		&huma.ErrorDetail{Message: "expected string to be RFC 5322 email: mail: " + secret, Location: "body.n", Value: secret},
		&huma.ErrorDetail{Message: "invalid value: " + secret, Location: "query.n", Value: secret},
		&huma.ErrorDetail{Message: "json: cannot unmarshal " + secret, Location: "body", Value: secret},
	} {
		p := fromHuma(context.Background(), 422, "validation failed "+secret, []error{err})
		b, _ := json.Marshal(p)
		if strings.Contains(string(b), secret) {
			t.Errorf("%v: %s", err, b)
		}
		if len(p.Errors) != 1 || p.Errors[0].Detail == "" {
			t.Errorf("%v: %s", err, b)
		}
	}
}

func TestFaultsHaveOneStatusEach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		err    error
		status int
		code   string
	}{
		{"not there, or not yours", fault.NotFound("site"), 404, "not_found"},
		{"stale", fault.Stale(3, 2), 409, "stale_version"},
		{"wrong input", fault.BadInput("/name", "must not be empty"), 422, "invalid_input"},
		{"no money", fault.New(fault.Limit, "insufficient_balance", "x"), 402, "insufficient_balance"},
		{"offline", fault.New(fault.Unavailable, "charge_point_offline", "x"), 409, "charge_point_offline"},
		{"the database is away", fault.New(fault.Unavailable, "database", "x"), 503, "database"},
		{"the device cannot", fault.New(fault.Unsupported, "not_supported", "x"), 422, "not_supported"},
		{"too many logins", &operator.Throttled{Wait: 1500 * time.Millisecond}, 429, "throttled"},
		{"our defect", errors.New("dial tcp 10.0.0.1: secret"), 500, "internal"},
		{"our defect with a code", fault.New(fault.Internal, "sealed", "secret"), 500, "internal"},
	} {
		p := newProblem(context.Background(), c.err)
		if p.Status != c.status || p.Code != c.code {
			t.Errorf("%s: %d %s", c.why, p.Status, p.Code)
		}
		if b, _ := json.Marshal(p); strings.Contains(string(b), "secret") {
			t.Errorf("%s: the cause is shown: %s", c.why, b)
		}
	}
	if h := newProblem(context.Background(), &operator.Throttled{Wait: 1500 * time.Millisecond}).GetHeaders().Get("Retry-After"); h != "2" {
		t.Errorf("Retry-After %q", h)
	}
}

func TestTokensInFramesAreCovered(t *testing.T) {
	t.Parallel()
	frame := `[2,"m1","StopTransaction",{"idTag":"13ADF65A","meterStop":9007199254740993,"transactionData":[{"sampledValue":[{"value":"1.50"}]}],"idTagInfo":{"parentIdTag":"FAMILY01"}}]`
	if got := string(payload([]byte(frame), hidden{})); got != frame {
		t.Errorf("as received: %s", got)
	}
	got := string(payload([]byte(frame), hidden{persons: true}))
	for _, secret := range []string{"13ADF65A", "FAMILY01"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s shows", secret)
		}
	}
	for _, kept := range []string{"StopTransaction", "9007199254740993", `"1.50"`} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is lost: %s", kept, got)
		}
	}
	if got := string(payload([]byte(`[2,"x`), hidden{})); got != `"[2,\"x"` {
		t.Errorf("what is no JSON: %s", got)
	}
	if got := string(payload([]byte(`[2,"13ADF65A`), hidden{persons: true})); got != "null" {
		t.Errorf("what is no JSON, covered: %s", got)
	}
}

// The credentials of one transfer show to nobody, the key of a charge point to nobody who
// could not set one; where a meter value was measured does.
func TestWhatOpensSomethingIsCovered(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		`[2,"1","GetDiagnostics",{"location":"ftp://u:SECRET@h/d"}]`,
		`[2,"1","GetLog",{"log":{"remoteLocation":"https://h/files/SECRET/"},"logType":"SecurityLog","requestId":1}]`,
		`[2,"1","SignedUpdateFirmware",{"requestId":1,"firmware":{"location":"https://h/files/SECRET/i"}}]`,
		`[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"SECRET"}]`,
		`[2,"1","ChangeConfiguration",{"key":"authorizationkey","value":"SECRET"}]`,
	} {
		if got := string(payload([]byte(frame), hidden{keys: true})); strings.Contains(got, "SECRET") {
			t.Errorf("it shows: %s", got)
		}
	}
	meter := `[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"1","location":"Outlet"}]}]}]`
	if got := string(payload([]byte(meter), hidden{})); got != meter {
		t.Errorf("%s", got)
	}
}

func TestQuantitiesOfABill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n                int64
		of, text, as, by string
	}{
		{18437, "Wh", "18.437", "kWh", "energy"},
		{600, "s", "10.000", "min", "ten minutes"},
		{3905, "s", "65.083", "min", "65 minutes 5 seconds"},
		{1, "×1", "1", "×1", "once"},
	} {
		if text, as := quantity(c.n, c.of); text != c.text || as != c.as {
			t.Errorf("%s: %s %s", c.by, text, as)
		}
	}
}

func TestAPlanGoesThereAndBack(t *testing.T) {
	t.Parallel()
	in := PlanBody{Name: "Night", Currency: "EUR", VAT: 190, ServicePerKWh: 100_000,
		Electricity: []Band{{From: 0, To: 360, Price: 200_000}, {From: 360, To: 1440, Price: 300_000}},
		Idle:        &IdleFee{PerMinute: 100_000, GraceS: 900, Cap: &Money{"12.00", "EUR"}},
		Hold:        &Money{"40.00", "EUR"}, MinBalance: &Money{"5.00", "EUR"}}
	d, err := in.draft()
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Plan()
	if err != nil {
		t.Fatal(err)
	}
	out := planOf(p).PlanBody
	a, _ := json.Marshal(in)
	b, _ := json.Marshal(out)
	if string(a) != string(b) {
		t.Errorf("\n%s\n%s", a, b)
	}
	bad := in
	bad.Hold = &Money{"40.001", "EUR"}
	if _, err := bad.draft(); fault.Of(err).Fields[0].Pointer != "/hold/amount" {
		t.Error(err)
	}
}

func TestABillShowsItsLines(t *testing.T) {
	t.Parallel()
	eur := func(n int64) money.Amount { return money.New(n, "EUR") }
	from := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	b := billOf(&tariff.Bill{Currency: "EUR", Net: eur(737), Total: eur(884), Taxes: []tariff.Tax{{VAT: 200, Net: eur(737), Tax: eur(147)}},
		Lines: []tariff.Line{{Kind: tariff.KindElectricity, Quantity: 18437, Unit: "Wh", Price: 300_000, Amount: eur(553), VAT: 200,
			Segments: []tariff.Segment{{From: from, To: from.Add(time.Hour), Quantity: 18437, Why: "always"}}}}})
	got, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"lines":[{"kind":"ELECTRICITY","quantity":"18.437","unit":"kWh","unit_price":"0.30","amount":{"amount":"5.53","currency":"EUR"},"vat_permille":200,` +
		`"segments":[{"from":"2026-11-22T10:00:00Z","to":"2026-11-22T11:00:00Z","quantity":"18.437","why":"always"}]}],"tax_included":false,` +
		`"net":{"amount":"7.37","currency":"EUR"},"taxes":[{"vat_permille":200,"net":{"amount":"7.37","currency":"EUR"},"tax":{"amount":"1.47","currency":"EUR"}}],` +
		`"total":{"amount":"8.84","currency":"EUR"},"flags":[],"explanation":[]}`
	if string(got) != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}
