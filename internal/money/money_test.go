package money

import (
	"encoding/json"
	"math/big"
	"testing"
)

func TestPerRoundsOnceHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why      string
		rate     string
		qty, per int64
		cur      Currency
		want     string
	}{
		{"B1 electricity", "0.30", 18437, 1000, "EUR", "5.53"},
		{"B1 service", "0.10", 18437, 1000, "EUR", "1.84"},
		{"exact half goes up", "0.01", 500, 1000, "EUR", "0.01"},
		{"just below half goes down", "0.01", 499, 1000, "EUR", "0.00"},
		{"mirrored for a credit", "0.01", -500, 1000, "EUR", "-0.01"},
		{"idle per minute", "0.20", 65 * 60, 60, "EUR", "13.00"},
		{"yen has no decimals (MON-R3)", "31.5", 1000, 1000, "JPY", "32"},
		{"dinar has three (MON-R3)", "0.0125", 1000, 1000, "KWD", "0.013"},
		{"flat", "1.50", 1, 1, "EUR", "1.50"},
	} {
		r, err := ParseRate(c.rate)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Per(c.qty, c.per, c.cur)
		if err != nil || a.Decimal() != c.want {
			t.Errorf("%s: got %v %v, want %s", c.why, a, err, c.want)
		}
	}
}

func FuzzPer(f *testing.F) {
	f.Add(int64(300000), int64(18437), int64(1000))
	f.Fuzz(func(t *testing.T, r, q, per int64) {
		if per <= 0 || per > 1<<40 {
			return
		}
		a, err := Rate(r).Per(q, per, "EUR")
		if err != nil {
			return
		}
		x := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(r), big.NewInt(q)), big.NewInt(per))
		x.Quo(x, big.NewRat(10_000, 1))
		d := new(big.Rat).Sub(x, new(big.Rat).SetInt64(a.Minor))
		if d.Abs(d).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%d×%d/%d = %s, got %d", r, q, per, x, a.Minor)
		}
	})
}

func TestAmountText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in  string
		cur Currency
		ok  bool
		out string
	}{
		{"12.34", "EUR", true, "12.34"}, {"12", "EUR", true, "12.00"}, {"-0.05", "EUR", true, "-0.05"},
		{"12.345", "EUR", false, ""}, {"1e3", "EUR", false, ""}, {"", "EUR", false, ""}, {"12.", "EUR", false, ""},
		{"12", "JPY", true, "12"}, {"12.5", "JPY", false, ""}, {"1.234", "KWD", true, "1.234"},
		{"1", "eur", false, ""}, {"9999999999999999", "EUR", false, ""}, {"1,5", "EUR", false, ""},
	} {
		a, err := ParseAmount(c.in, c.cur)
		if (err == nil) != c.ok || (c.ok && a.Decimal() != c.out) {
			t.Errorf("%q %s: %v %v", c.in, c.cur, a, err)
		}
	}
	b, _ := json.Marshal(New(1234, "EUR"))
	if string(b) != `{"amount":"12.34","currency":"EUR"}` {
		t.Errorf("json %s", b)
	}
	var back Amount
	if err := json.Unmarshal(b, &back); err != nil || back != New(1234, "EUR") {
		t.Errorf("back %v %v", back, err)
	}
	for _, c := range []struct {
		rate Rate
		in   Currency
		want string
	}{{35_000_000, "JPY", "35"}, {35_500_000, "JPY", "35.5"}, {0, "JPY", "0"}, {-120_000_000, "JPY", "-120"}, {300_000, "EUR", "0.30"},
		{312_500, "EUR", "0.3125"}, {25_000, "KWD", "0.025"}, {200_000, "KWD", "0.200"}, {1, "KWD", "0.000001"}} {
		if s := c.rate.In(c.in); s != c.want {
			t.Errorf("%d in %s is %s, want %s", c.rate, c.in, s, c.want)
		}
	}
	if s := Rate(300000).String(); s != "0.30" {
		t.Errorf("rate %s", s)
	}
	if s := Rate(312500).String(); s != "0.3125" {
		t.Errorf("rate %s", s)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	v, err := New(737, "EUR").Share(200, 1000) // B1: VAT 20 % of 7.37
	if err != nil || v.Minor != 147 {
		t.Fatalf("VAT %v %v", v, err)
	}
}

func TestACurrencyIsOneThatPeoplePayWith(t *testing.T) {
	t.Parallel()
	for c, want := range map[Currency]bool{
		"EUR": true, "JPY": true, "KWD": true, "CNY": true,
		"": false, "EU": false, "eur": false, "EURO": false,
		"ZZZ": false, "DEM": false, // three capitals, but no money, or no longer
		"XAU": false, "XXX": false, "CLF": false, // gold, none, a unit of account
	} {
		if c.Valid() != want {
			t.Errorf("%q valid: %v", c, !want)
		}
	}
}
