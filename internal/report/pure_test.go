package report

import (
	"slices"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// HOME-A6: a licence that ends tomorrow at 00:00 of the operator has one day.
func TestHOME_A6_effectiveDays(t *testing.T) {
	t.Parallel()
	berlin, santiago := zone(t, "Europe/Berlin"), zone(t, "America/Santiago")
	at := func(loc *time.Location, text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		why     string
		to, now time.Time
		loc     *time.Location
		days    int
		tone    Tone
	}{
		{"tomorrow at 00:00", at(berlin, "2026-12-01 00:00"), at(berlin, "2026-11-30 10:55"), berlin, 1, Urgent},
		{"a minute before", at(berlin, "2026-12-01 00:00"), at(berlin, "2026-11-30 23:59"), berlin, 1, Urgent},
		{"a whole day", at(berlin, "2026-12-01 00:00"), at(berlin, "2026-11-30 00:00"), berlin, 1, Urgent},
		{"a minute more than a day", at(berlin, "2026-12-01 00:00"), at(berlin, "2026-11-29 23:59"), berlin, 2, Urgent},
		{"it is over", at(berlin, "2026-11-30 10:55"), at(berlin, "2026-11-30 10:55"), berlin, 0, Expired},
		{"long over", at(berlin, "2025-11-30 10:55"), at(berlin, "2026-11-30 10:55"), berlin, 0, Expired},
		{"a day of 25 hours is one", at(berlin, "2026-10-26 00:00"), at(berlin, "2026-10-25 00:00"), berlin, 1, Urgent},
		{"a day of 23 hours is one", at(berlin, "2026-03-30 00:00"), at(berlin, "2026-03-29 00:00"), berlin, 1, Urgent},
		{"a week", at(berlin, "2026-12-07 10:00"), at(berlin, "2026-11-30 10:00"), berlin, 7, Urgent},
		{"eight days", at(berlin, "2026-12-07 10:01"), at(berlin, "2026-11-30 10:00"), berlin, 8, Soon},
		{"thirty days", at(berlin, "2026-12-30 10:00"), at(berlin, "2026-11-30 10:00"), berlin, 30, Soon},
		{"a year over two changes of clocks", at(santiago, "2027-11-30 00:00"), at(santiago, "2026-11-30 00:00"), santiago, 365, Good},
	} {
		if got := EffectiveDays(c.to, c.now, c.loc); got != c.days || ToneOf(got) != c.tone {
			t.Errorf("%s: %d days, %s; want %d, %s", c.why, got, ToneOf(got), c.days, c.tone)
		}
	}
}

func TestDaysOnEveryClock(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Asia/Beirut", "Asia/Kolkata", "Australia/Lord_Howe",
		"Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Cairo", "America/Asuncion"} {
		loc := zone(t, name)
		before := time.Time{}
		hours := map[int]int{}
		for d := Bucket(20251225); d < 20270110; d = d.AddDays(1) {
			s := SpanOf(d, loc)
			if DayOf(s.From, loc) != d || DayOf(s.From.Add(-time.Second), loc) == d || !before.IsZero() && !before.Equal(s.From) {
				t.Fatalf("%s: %s begins at %s", name, d.Text(), s.From)
			}
			before = s.To
			sum := time.Duration(0)
			for _, h := range Hours(d, loc) {
				sum += h.To.Sub(h.From)
			}
			if sum != s.To.Sub(s.From) {
				t.Fatalf("%s: the hours of %s come to %s", name, d.Text(), sum)
			}
			hours[len(Hours(d, loc))]++
		}
		year := time.Duration(0)
		for _, p := range Parts(2026, loc) {
			year += p.To.Sub(p.From)
		}
		if year != 365*24*time.Hour {
			t.Errorf("%s: the months of 2026 come to %s", name, year)
		}
		if name == "Europe/Berlin" && (hours[23] != 1 || hours[25] != 1) {
			t.Errorf("%s: %v", name, hours)
		}
	}
	for b, want := range map[Bucket]string{2026113013: "2026", 20261130: "2026-11-30", 202611: "2026-11", 2026: "2026"} {
		if b.Text() != want {
			t.Errorf("%d prints %s, want %s", b, b.Text(), want)
		}
	}
	for b, want := range map[Bucket]Bucket{20260301: 20260228, 20280301: 20280229, 20260101: 20251231, 202601: 202512, 2026: 2025} {
		if b.Before() != want {
			t.Errorf("before %d is %d, want %d", b, b.Before(), want)
		}
	}
}

// A new operator has zeros and no averages, never what is no number.
func TestNothingHasNoAverage(t *testing.T) {
	t.Parallel()
	var s Sessions
	if _, ok := s.AverageEnergy(); ok {
		t.Error("an average of nothing")
	}
	if _, ok := s.AverageSeconds(); ok {
		t.Error("a duration of nothing")
	}
	if _, ok := s.Success(); ok {
		t.Error("a share of nothing")
	}
	if _, ok := Percent(0, 0); ok {
		t.Error("a part of nothing")
	}
	if share, ok := (Sessions{Sessions: 2, Succeeded: 2, Failed: 1}).Success(); !ok || share != 667 {
		t.Errorf("two of three: %d", share)
	}
	if v := FoldConnectors(nil, time.Time{}); v.Total != 0 || v.Usable != 0 {
		t.Errorf("%+v", v)
	}
}

// Currencies are never added: each has its own row.
func TestCurrenciesStayApart(t *testing.T) {
	t.Parallel()
	rows := []Posted{
		{Bucket: 20261130, OfSession: true, Book: ledger.Wallet, Amount: money.New(-500, "USD")},
		{Bucket: 20261130, OfSession: true, Book: ledger.Wallet, Amount: money.New(-1200, "EUR")},
		{Bucket: 20261129, OfSession: true, Book: ledger.TaxBook(200), Amount: money.New(200, "EUR")},
		{Bucket: 20261130, OfSession: true, Back: true, Book: ledger.Wallet, Amount: money.New(300, "EUR")},
		{Bucket: 20261130, OfSession: true, Back: true, Book: ledger.RevenueElectricity, Amount: money.New(-250, "EUR")},
		{Bucket: 20261130, Back: true, Book: ledger.Wallet, Amount: money.New(1000, "JPY")},
		{Bucket: 20261130, Back: true, Book: ledger.ManualCredit, Amount: money.New(-1000, "JPY")},
		{Bucket: 20261130, Book: ledger.Wallet, Amount: money.New(-400, "JPY")},
	}
	order, by := FoldMoney(rows, func(p Posted) Bucket { return p.Bucket })
	if !slices.Equal(order, []money.Currency{"EUR", "JPY", "USD"}) {
		t.Errorf("currencies %v", order)
	}
	eur, jpy := by["EUR"][20261130], by["JPY"][20261130]
	if eur.Gross.Minor != 1200 || eur.Refunds.Minor != 300 || eur.Electricity.Minor != 0 || by["EUR"][20261129].Tax.Minor != 200 || by["USD"][20261130].Gross.Minor != 500 {
		t.Errorf("%+v", by)
	}
	if jpy.Recharge.Minor != 1000 || jpy.Given.Minor != 1000 || jpy.Reversed.Minor != 400 || jpy.Refunds.Minor != 0 {
		t.Errorf("%+v", jpy)
	}
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	for role, want := range map[authz.Role][]Block{
		authz.OpAdmin: Blocks,
		authz.OpOps:   {BlockConnectors, BlockPower, BlockAnalytics, BlockNetwork},
		authz.Auditor: {BlockFinance, BlockAnalytics, BlockConnectors, BlockPower, BlockNetwork},
		authz.Owner:   {},
	} {
		if got := DefaultBlocks(role, role.May); !slices.Equal(got, want) {
			t.Errorf("%s begins with %v, want %v", role, got, want)
		}
	}
	if got := visible(Blocks, authz.OpOps.May); slices.Contains(got, BlockFinance) {
		t.Errorf("OpOps sees %v", got)
	}
	for _, bad := range [][]Block{{"weather"}, {BlockPower, BlockPower}} {
		if err := checkBlocks(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := checkBlocks([]Block{}); err != nil {
		t.Error("an empty page is a page", err)
	}
}
