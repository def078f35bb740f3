package session

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// TestScripts runs testdata/*.test; the language is in testdata/README.md.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".test"), func(t *testing.T) {
			t.Parallel()
			newScript(t).run(f)
		})
	}
}

type script struct {
	t      *testing.T
	at     string // file:line
	draft  tariff.Draft
	zone   *time.Location
	power  unit.W
	wallet money.Amount
	now    time.Time
	day    int // of the month, of now
	st     State
	out    Outcome
	regs   []Register
	stop   string
	then   string
	known  asset.Meter // of the connector
	direct bool
	learn  string
}

func newScript(t *testing.T) *script {
	return &script{t: t, zone: time.UTC, power: 22000, wallet: money.New(100_000, "EUR")}
}

func (s *script) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s: %s", s.at, fmt.Sprintf(format, args...))
}

func (s *script) run(file string) {
	f, err := os.Open(file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		s.at = fmt.Sprintf("%s:%d", file, n)
		line, _, _ := strings.Cut(in.Text(), "#")
		if w := strings.Fields(line); len(w) > 0 {
			s.line(w)
		}
	}
}

func (s *script) line(w []string) {
	switch w[0] {
	case "plan":
		s.plan(w[1:])
	case "zone":
		z, err := time.LoadLocation(w[1])
		if err != nil {
			s.fatalf("%v", err)
		}
		s.zone = z
	case "power":
		s.power = unit.W(s.number(w[1]))
	case "wallet":
		s.wallet = s.amount(w[1])
	case "dc":
		s.direct = true
	case "ac":
		s.direct = false
	case "known":
		s.known = asset.Meter{Register: unit.Wh(s.number(w[1])), At: s.time(22, "00:00"), Swapped: slices.Contains(w, "swapped")}
		if i := slices.Index(w, "restarts"); i > 0 {
			s.known.Restarts = int(s.number(w[i+1]))
		}
		if i := slices.Index(w, "until"); i > 0 {
			s.known.At = s.time(22, w[i+1])
		}
	case "unknown":
		s.known = asset.Meter{}
	case "at":
		w = w[1:]
		day := 22
		if strings.HasPrefix(w[0], "+") {
			d, err := strconv.Atoi(strings.TrimSuffix(w[0][1:], "d"))
			if err != nil {
				s.fatalf("day %s", w[0])
			}
			day += d
			w = w[1:]
		}
		s.now, s.day = s.time(day, w[0]), day
		s.event(w[1:])
	case "expect":
		s.expect(w[1], strings.Join(w[2:], " "))
	default:
		s.fatalf("what is %q?", w[0])
	}
}

func (s *script) time(day int, text string) time.Time {
	at, err := time.ParseInLocation("15:04:05", text, s.zone)
	if err != nil {
		at, err = time.ParseInLocation("15:04", text, s.zone)
	}
	if err != nil {
		s.fatalf("%v", err)
	}
	return time.Date(2026, 11, day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), s.zone).UTC()
}

func (s *script) number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		s.fatalf("%v", err)
	}
	return n
}

func (s *script) amount(text string) money.Amount {
	a, err := money.ParseAmount(text, "EUR")
	if err != nil {
		s.fatalf("%v", err)
	}
	return a
}

func (s *script) rate(text string) money.Rate {
	r, err := money.ParseRate(text)
	if err != nil {
		s.fatalf("%v", err)
	}
	return r
}

func (s *script) plan(w []string) {
	d := tariff.Draft{Name: "script", Currency: money.Currency(w[0])}
	for w = w[1:]; len(w) > 0; {
		n := 2
		switch w[0] {
		case "vat":
			d.VAT = unit.Permille(s.number(w[1]))
		case "el":
			b := tariff.Band{To: 1440}
			if from, to, ok := strings.Cut(w[1], "-"); ok {
				b.From, _ = tariff.ParseClock(from)
				b.To, _ = tariff.ParseClock(to)
				b.Price, n = s.rate(w[2]), 3
			} else {
				b.Price = s.rate(w[1])
			}
			d.Electricity = append(d.Electricity, b)
		case "service":
			d.ServicePerKWh = s.rate(w[1])
		case "idle":
			grace, err := time.ParseDuration(w[3])
			if err != nil || w[2] != "grace" || w[4] != "cap" {
				s.fatalf("idle <price> grace <d> cap <amount>")
			}
			d.Idle = &tariff.IdleFee{PerMinute: s.rate(w[1]), Grace: grace, Cap: s.amount(w[5])}
			n = 6
		case "hold":
			d.Hold = s.amount(w[1])
		default:
			s.fatalf("what is %q in a plan?", w[0])
		}
		w = w[n:]
	}
	s.draft = d
}

func (s *script) env() Env {
	p, err := s.draft.Plan()
	if err != nil {
		s.fatalf("%v", err)
	}
	return Env{Now: s.now, Prices: tariff.NewSheet(&p, s.zone), MaxPower: s.power, Registers: slices.Clone(s.regs)}
}

func (s *script) begin(register int64) {
	e := s.env()
	s.regs = nil
	s.st = State{
		ID: ident.New[ident.Session](s.now), OCPPID: 7, Connector: 1, Phase: Charging, StartedAt: s.now, StartDevice: s.now, MaxPower: s.power,
		MeterStart: unit.Wh(register), Currency: e.Prices.Plan.Currency, Wallet: ident.New[ident.Account](s.now),
		HoldAmount: e.Prices.Plan.Hold, Cost: money.New(0, e.Prices.Plan.Currency),
		Inner: Inner{Register: unit.Wh(register), PluggedUntil: s.now, HeardAt: s.now, Running: tariff.Begin(s.now), SilentAt: s.now.Add(2*defaultGap + reserveMargin),
			Direct: s.direct},
	}
	s.st.base(s.known)
}

func (s *script) event(w []string) {
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	has := func(word string) bool { return slices.Contains(w, word) }
	of, since := s.now, time.Time{}
	for len(w) > 2 && (w[len(w)-2] == "of" || w[len(w)-2] == "since") {
		at := s.time(s.day, w[len(w)-1])
		if w[len(w)-2] == "of" {
			of = at
		} else {
			since = at
		}
		w = w[:len(w)-2]
	}
	switch w[0] {
	case "start":
		s.begin(s.number(w[1]))
	case "denied":
		s.begin(s.number(w[1]))
		s.st.Phase, s.st.Wallet = Rejected, ident.Account{}
	case "requested":
		s.begin(0)
		s.st.Phase, s.st.RequestedAt, s.st.StartedAt = Starting, s.now, time.Time{}
	case "meter":
		m := Sample{Reading: Reading{At: of, Energy: unit.Wh(s.number(w[1])), Has: HasEnergy}}
		if len(w) > 3 && w[2] == "or" {
			m.Swapped = unit.Wh(s.number(w[3]))
			s.st.Inner.Swapped = s.st.swapped(&m)
			m.inUnit(s.st.Inner.Swapped)
			w = w[:2]
		}
		r := m.Reading
		if len(w) > 2 {
			r.Power, r.Has = unit.W(s.number(w[2])), r.Has|HasPower
		}
		s.regs = append(s.regs, Register{of, r.Energy})
		slices.SortStableFunc(s.regs, func(a, b Register) int { return a.At.Compare(b.At) })
		s.apply(Metered{Readings: []Reading{r}})
	case "status":
		s.apply(StatusSeen{asset.ConnectorStatus(w[1]), s.now})
	case "stop":
		e := Stopped{At: of, Device: of, Reason: arg(2), Since: since}
		if w[1] != "none" {
			e.Register, e.HasRegister = unit.Wh(s.number(w[1])), true
		}
		s.apply(e)
	case "ask":
		s.apply(StopAsked{At: s.now})
	case "refused":
		s.apply(StopRefused{})
	case "boot":
		s.apply(Suspected{"boot"})
	case "replaced":
		s.apply(Replaced{s.now})
		s.apply(Rivalled{s.now})
	case "offline":
		s.apply(WentOffline{s.now})
	case "online":
		s.apply(CameBack{s.now, asset.ConnectorStatus(arg(1))})
	case "due":
		e := Due{Quiet: has("quiet")}
		if has("plugged") {
			e.PluggedUntil = s.now
		}
		s.apply(e)
	default:
		s.fatalf("what is %q?", w[0])
	}
}

// apply does what the service does with an outcome: the hold grows as far as the
// wallet has it, a stop is sent.
func (s *script) apply(ev Event) {
	before := s.st
	s.stop, s.then, s.learn = "", "none", "nothing"
	s.out = Apply(s.st, ev, s.env())
	if l := s.out.Then.Learn; l != nil {
		s.learn = strconv.FormatInt(int64(l.Register), 10)
		for _, x := range []struct {
			on   bool
			word string
		}{{l.Restarted, " restarted"}, {l.WentOn, " went on"}, {l.Swapped, " swapped"}} {
			if x.on {
				s.learn += x.word
			}
		}
	}
	if s.out.Then.Extend.Minor > 0 {
		grow := s.out.Then.Extend.Sub(s.st.HoldAmount)
		if s.wallet.Less(grow) {
			grow = s.wallet
		}
		s.wallet = s.wallet.Sub(grow)
		s.out = Apply(s.out.Next, HoldGrown{s.st.HoldAmount.Add(grow)}, s.env())
	}
	if then := s.out.Then; then.Stop != "" {
		s.stop = then.Stop
		s.out = Apply(s.out.Next, StopAsked{At: s.now}, s.env())
	}
	switch then := s.out.Then; {
	case then.Capture:
		s.then = "capture"
	case then.Adjust != nil:
		s.then = "adjust"
	case then.Release:
		s.then = "release"
	case then.Keep != nil:
		s.then = "keep " + then.Keep.Decimal()
	}
	s.st = s.out.Next
	if d := s.st.DueAt; !d.IsZero() && !d.After(s.now) {
		s.fatalf("due at %v, which is not after now", d)
	}
	if s.st.Energy < 0 || before.RealStop && !s.st.RealStop {
		s.fatalf("an invariant broke: %+v", s.st)
	}
}

func (s *script) expect(field, want string) {
	s.t.Helper()
	var got string
	switch field {
	case "phase":
		got = string(s.st.Phase)
	case "record":
		got = string(s.st.RecordState())
	case "energy":
		got = strconv.FormatInt(int64(s.st.Energy), 10)
	case "cost":
		got = s.st.Cost.Decimal()
	case "hold":
		got = s.st.HoldAmount.Decimal()
	case "total":
		got = "none"
		if s.st.Bill != nil {
			got = s.st.Bill.Total.Decimal()
		}
	case "lines":
		if s.st.Bill != nil {
			for _, l := range s.st.Bill.Lines {
				got += " " + string(l.Kind) + "=" + l.Amount.Decimal()
			}
		}
		got = strings.TrimSpace(got)
	case "flags":
		for _, f := range s.st.Flags {
			got += " " + string(f)
		}
		if s.st.Bill != nil {
			for _, f := range s.st.Bill.Flags {
				got += " " + string(f)
			}
		}
		got = strings.TrimSpace(got)
		if got == "" {
			got = "none"
		}
	case "stop":
		got = s.stop
		if got == "" {
			got = "none"
		}
	case "then":
		got = s.then
	case "learn":
		got = s.learn
	case "live":
		got = map[bool]string{true: "yes", false: "no"}[s.st.Live()]
	case "due":
		got = "never"
		if !s.st.DueAt.IsZero() {
			got = s.st.DueAt.In(s.zone).Format("15:04:05")
		}
	default:
		s.fatalf("what is %q?", field)
	}
	if got != want {
		s.t.Errorf("%s: %s is %q, want %q", s.at, field, got, want)
	}
}
