package csmstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/psp/psptest"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Phone is somebody without an account in front of a charge point.
type Phone struct {
	world  *World
	api    *API
	secret string
	page   string // of the provider
}

// Phone makes one with a secret of its own.
func (w *World) Phone() *Phone {
	w.mu.Lock()
	w.serial++
	h := sha256.Sum256(fmt.Append(nil, "phone", w.serial))
	w.mu.Unlock()
	return &Phone{world: w, api: &API{world: w}, secret: base64.RawURLEncoding.EncodeToString(h[:])}
}

// code is what stands on the charge point.
func (p *Point) code(connector int) string {
	return fmt.Sprintf("%s-%s-%d", p.Operator.Code, p.View().Code, connector)
}

// try asks for a charge.
func (f *Phone) try(p *Point, connector int, method string) Reply {
	f.world.Helper()
	return f.api.Do("POST", "/api/v1/guest-charges", M{"code": p.code(connector), "method": method, "return_url": "https://charge.example/c/x"}, "Charge-Secret", f.secret)
}

// charge asks for a charge that is granted.
func (f *Phone) charge(p *Point, connector int, method string) M {
	f.world.Helper()
	m := f.try(p, connector, method).Want(201).Body
	if u := m.Str("action_url"); u != "" {
		f.page = path.Base(u)
	}
	return m
}

func (f *Phone) now() M {
	f.world.Helper()
	return f.api.Do("GET", "/api/v1/guest-charges/mine", nil, "Charge-Secret", f.secret).Want(200).Body
}

func (f *Phone) stop() M {
	f.world.Helper()
	return f.api.Do("POST", "/api/v1/guest-charges/mine/stop", nil, "Charge-Secret", f.secret).Want(200).Body
}

// becomes waits until the charge has a state, while the server does what is due.
func (f *Phone) becomes(state string) (m M) {
	f.world.Helper()
	f.world.eventually(func() bool {
		f.world.Timers()
		m = f.now()
		return m.Str("state") == state
	}, func() { f.world.Fatalf("waited in vain: the charge is %s: %v", state, m) })
	return m
}

// ends is becomes done, while time passes: what failed is tried again.
func (f *Phone) ends() (m M) {
	f.world.Helper()
	f.world.Until("the charge is over", func() bool {
		f.world.Advance(5 * time.Second)
		m = f.now()
		return m.Str("state") == "done"
	})
	return m
}

// paid has the payer pay, and the server hear of it without a webhook.
func (f *Phone) paid(s *psptest.Stripe) {
	f.world.Helper()
	f.paidBy(s, psptest.GoodCard)
}

func (f *Phone) paidBy(s *psptest.Stripe, card string) {
	f.world.Helper()
	if !s.Pay(f.page, card) {
		f.world.Fatal("the page takes no card")
	}
	f.world.Advance(5 * time.Second)
}

// started has the charge point begin what it is asked to, and returns its number.
func (f *Phone) started(c *Conn, connector, register int) int64 {
	f.world.Helper()
	f.becomes("starting")
	a := c.Asked("RemoteStartTransaction")
	tag := a.Payload.Str("idTag")
	if len(tag) != 20 || a.Payload.Int("connectorId") != int64(connector) {
		f.world.Fatalf("the charge point is asked %v", a.Payload)
	}
	a.Accept()
	return c.Charge(connector, tag, register)
}

// guests sets the operator up for guests by card and PayPal.
func (a *API) guests() {
	a.Do("PUT", "/api/v1/payment-options/card", M{"enabled": true, "guests": true, "secret_key": psptest.StripeKey, "webhook_secret": psptest.StripeHook}, "If-Match", `"1"`).Want(200)
	a.Do("PUT", "/api/v1/payment-options/paypal", M{"enabled": true, "guests": true, "client_id": psptest.PayPalID, "secret_key": psptest.PayPalKey,
		"webhook_secret": psptest.PayPalHook}, "If-Match", `"1"`).Want(200)
}

// holds are the payments that hold money, newest first.
func (w *World) holds() []pay.Row {
	w.Helper()
	l, err := w.App.Pay.Payments(w.Context(), w.Scope, pay.Filter{Type: pay.Hold}, operator.Page{})
	w.OK(err)
	return l.Items
}

func withGuests(t *testing.T, f func(w *World, s *psptest.Stripe, pp *psptest.PayPal, staff *API)) {
	t.Helper()
	withProviders(t, func(w *World, s *psptest.Stripe, pp *psptest.PayPal) {
		staff := w.Staff(authz.OpAdmin)
		staff.guests()
		f(w, s, pp, staff)
	})
}

// The whole charge of a guest: the price that was shown is the price of the bill, no more
// than the bill is taken, and the receipt is there (APP-A3, APP-A4).
func TestPAY_R5_aGuestPaysTheBillAndNoMore(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, staff *API) {
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Available")
		f := w.Phone()
		pile := f.api.Get("/api/v1/guest-codes/" + p.code(1)).Body
		first := M(pile["connectors"].([]any)[0].(map[string]any))
		price := M(first["prices"].([]any)[0].(map[string]any))
		if pile.Int("connector") != 1 || first.Str("usable") != "true" || first.Str("hold", "amount") != "42.00" || price.Str("price") != "0.36" || price.Str("per") != "kWh" {
			w.Fatalf("shown: %v", pile)
		}
		if got := f.charge(p, 1, "card"); got.Str("state") != "paying" || got.Str("hold", "amount") != "42.00" {
			w.Fatalf("%v", got)
		}
		w.Price(tariff.Draft{Name: "dearer", Currency: "EUR", Electricity: Allday("9.99")}) // what was shown counts (PRICE-R3)
		f.paid(s)
		id := f.started(c, 1, 1000)
		c.Status(1, "Charging")
		w.Advance(time.Minute)
		c.MeterPower(1, id, 1700, 40000)
		if m := f.now(); m.Str("state") != "charging" || m.Int("energy_wh") != 700 || m.Str("cost", "amount") != "0.34" || m.Int("power_w") != 40000 {
			w.Errorf("live: %v", m)
		}
		w.Advance(29 * time.Minute)
		if m := f.stop(); m.Str("state") != "stopping" {
			w.Errorf("%v", m)
		}
		f.stop() // twice is once
		c.Asked("RemoteStopTransaction").Accept()
		c.Finish(id, 19437)
		c.Status(1, "Available")
		m := f.becomes("done")
		if m.Str("taken", "amount") != "8.84" || m.Str("bill", "total", "amount") != "8.84" || m.Str("owed", "amount") != "0.00" || m.Str("card", "last4") != "4242" {
			w.Errorf("receipt: %v", m)
		}
		if minor, n := s.Taken(); minor != 884 || n != 1 {
			w.Errorf("taken %d in %d", minor, n)
		}
		w.Session(id).Is(session.Completed, "COMPLETED").Total("8.84")
		if a := w.holds()[0]; a.State != pay.Captured || a.EndedAt.Sub(w.Session(id).BilledAt) > 5*time.Minute {
			w.Errorf("%+v", a.Payment)
		}
		if again := f.try(p, 2, "card").Want(409).Body; again.Str("code") != "charge_over" {
			w.Errorf("%v", again)
		}
		rows := staff.Get("/api/v1/payments?type=HOLD").Items()
		if len(rows) != 1 || rows[0].Str("session_id") != w.Session(id).ID.String() {
			w.Errorf("%v", rows)
		}
	})
}

// Three failed starts on two connectors of one site: one hold, void once, within a minute
// of the last.
func TestFIN_A3_failedStartsShareOneHoldThatIsVoidedOnce_PAY_R1_PAY_R2(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		for i, connector := range []int{1, 2, 1} {
			if i > 0 {
				w.Advance(30 * time.Second)
				if got := f.charge(p, connector, "card"); got.Str("state") != "held" || got.Str("action_url") != "" {
					w.Fatalf("attempt %d: %v", i, got)
				}
			}
			f.becomes("starting")
			c.Asked("RemoteStartTransaction").Reply(M{"status": "Rejected"})
			if m := f.becomes("ready"); m.Str("failure", "code") != "start_failed" || m.Str("retry_until") == "" {
				w.Fatalf("%v", m)
			}
			if got := s.Intents()["requires_capture"]; got != 1 {
				w.Fatalf("%d holds", got)
			}
		}
		last := w.Now()
		w.Advance(50 * time.Second)
		f.becomes("done")
		all := w.holds()
		if len(all) != 1 || all[0].State != pay.Voided || all[0].EndedAt.Sub(last) > time.Minute {
			w.Errorf("%d holds, %+v after %s", len(all), all[0].State, all[0].EndedAt.Sub(last))
		}
		if n, took := s.Calls("void"), s.Intents(); n != 1 || took["canceled"] != 1 || len(took) != 1 {
			w.Errorf("voided %d times, %v", n, took)
		}
		if got := f.try(p, 1, "card").Want(409).Body; got.Str("code") != "charge_over" {
			w.Errorf("%v", got)
		}
	})
}

func TestPAY_R1_aDoubleTapIsOneHold(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Available")
		f, other := w.Phone(), w.Phone()
		var taps sync.WaitGroup
		pages := make([]string, 6)
		body := M{"code": p.code(1), "method": "card", "return_url": "https://charge.example/c/x"}
		for i := range pages {
			taps.Go(func() {
				pages[i] = f.api.Do("POST", "/api/v1/guest-charges", body, "Charge-Secret", f.secret).Body.Str("action_url")
			})
		}
		taps.Wait()
		f.page = path.Base(f.charge(p, 1, "card").Str("action_url"))
		for _, page := range pages { // one that came while the provider was asked has none yet
			if page != "" && path.Base(page) != f.page {
				w.Errorf("another page: %q", page)
			}
		}
		if n := len(w.holds()); n != 1 {
			w.Fatalf("%d payments", n)
		}
		f.paid(s)
		f.started(c, 1, 0)
		if got := f.charge(p, 1, "card"); got.Str("state") != "charging" {
			w.Errorf("a repeated request: %v", got)
		}
		if got := f.try(p, 2, "card").Want(409).Body; got.Str("code") != "charge_running" {
			w.Errorf("%v", got)
		}
		if got := other.try(p, 1, "card").Want(409).Body; got.Str("code") != "connector_busy" {
			w.Errorf("%v", got)
		}
		elsewhere := w.PointAt(w.NewSite(asset.Site{Name: "elsewhere", Address: "Street 2", TimeZone: "UTC"}).ID, "CP2")
		elsewhere.Online().Status(1, "Available")
		if got := f.try(elsewhere, 1, "card").Want(409).Body; got.Str("code") != "charge_elsewhere" {
			w.Errorf("%v", got)
		}
		if n := len(w.holds()); n != 1 {
			w.Errorf("%d payments", n)
		}
	})
}

func TestPAY_R2_nothingCameOfIt(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, pp *psptest.PayPal, _ *API) {
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Available")
		none := func(why string, f *Phone, want pay.State) {
			w.Helper()
			began := w.Now()
			if m := f.becomes("done"); m.Str("taken", "amount") != "0.00" || m.Str("hold_state") != string(want) {
				w.Errorf("%s: %v", why, m)
			}
			if h := w.holds()[0]; h.EndedAt.Sub(began) > time.Minute {
				w.Errorf("%s: void after %s", why, h.EndedAt.Sub(began))
			}
			if minor, _ := s.Taken(); minor != 0 {
				w.Errorf("%s: %d taken", why, minor)
			}
		}
		f := w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		id := f.started(c, 1, 1000)
		w.Advance(40 * time.Second)
		c.Finish(id, 1000)
		none("no energy", f, pay.Voided)

		f = w.Phone()
		f.charge(p, 2, "card")
		f.paid(s)
		f.becomes("starting")
		a := c.Asked("RemoteStartTransaction")
		tag := a.Payload.Str("idTag")
		a.Accept()
		f.stop()
		none("cancelled before it began", f, pay.Voided)
		if got := c.Begin(2, tag, 0); got.Status == "Accepted" {
			w.Errorf("it begins all the same: %+v", got)
		}

		f = w.Phone()
		f.charge(p, 1, "card")
		f.stop()
		none("cancelled on the provider's page", f, pay.Voided)
		if s.Pay(f.page, psptest.GoodCard) {
			w.Error("the page still takes a card")
		}

		f = w.Phone()
		f.charge(p, 1, "paypal")
		f.stop()
		none("cancelled at PayPal", f, pay.Voided)

		f = w.Phone()
		pp.Decline(true)
		f.charge(p, 1, "paypal")
		pp.Approve(f.page)
		w.Advance(5 * time.Second)
		if m := f.becomes("done"); m.Str("hold_state") != "FAILED" || m.Str("failure", "code") != "INSTRUMENT_DECLINED" {
			w.Errorf("declined: %v", m)
		}

		f = w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		f.becomes("starting")
		c.Asked("RemoteStartTransaction").Accept()
		for range 8 { // nobody plugs in
			w.Advance(20 * time.Second)
		}
		f.becomes("ready")
		w.Advance(46 * time.Second)
		none("nobody plugged in", f, pay.Voided)
	})
}

func TestPAY_R3_theHoldIsWhatTwoHoursCostAtMostTheCap(t *testing.T) {
	withGuests(t, func(w *World, _ *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		p := w.Point("CP1")
		p.Online().Status(1, "Available")
		shown := func() M {
			pile := w.Phone().api.Get("/api/v1/guest-codes/" + p.code(1)).Body
			return M(pile["connectors"].([]any)[0].(map[string]any))
		}
		plan := func(price string, change func(*tariff.Draft)) {
			d := tariff.Draft{Name: "plan " + price, Currency: "EUR", Electricity: Allday(price)}
			if change != nil {
				change(&d)
			}
			w.Price(d)
		}
		for _, x := range []struct {
			why, price, want string
			change           func(*tariff.Draft)
		}{
			{"86 kWh at 0.10, in whole euros", "0.10", "9.00", nil},
			{"with the start fee and the idle fee's cap", "0.10", "15.00", func(d *tariff.Draft) {
				d.StartFee = Rate("1.40")
				d.Idle = &tariff.IdleFee{PerMinute: Rate("0.20"), Cap: EUR("5.00")}
			}},
			{"the tax counts", "0.10", "11.00", func(d *tariff.Draft) { d.VAT = 200 }},
			{"the usual cap", "1.00", "50.00", nil},
			{"the plan's cap", "1.00", "20.00", func(d *tariff.Draft) { d.Hold = EUR("20.00") }},
			{"never below what a start needs", "0.01", "3.00", func(d *tariff.Draft) { d.MinBalance = EUR("3.00") }},
		} {
			plan(x.price, x.change)
			if got := shown().Str("hold", "amount"); got != x.want {
				w.Errorf("%s: %s, want %s", x.why, got, x.want)
			}
		}
		w.DefaultPlan(tariff.Plan{}.ID)
		if got := shown(); got.Str("reason_code") != "no_price" || got.Has("hold") {
			w.Errorf("no plan is not free: %v", got)
		}
	})
}

// dear makes each kWh cost 2.00, so that 50.00 are soon spent.
func (w *World) dear() {
	w.Price(tariff.Draft{Name: "dear", Currency: "EUR", Electricity: Allday("2.00")})
}

func TestPAY_R4_itWarnsAtFourFifthsAndStopsBeforeTheHoldIsSpent(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, staff *API) {
		w.dear()
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		id := f.started(c, 1, 0)
		c.Status(1, "Charging")
		for wh := 700; wh <= 23_100; wh += 700 { // a minute at full power each
			w.Advance(time.Minute)
			c.MeterPower(1, id, wh, 43000)
			if wh == 19_600 || wh == 20_300 {
				if m := f.now(); m.Str("hold_low") != fmt.Sprint(wh >= 20_000) || m.Str("state") != "charging" {
					w.Errorf("at %d Wh: %v", wh, m)
				}
			}
		}
		c.NotAsked()
		w.Advance(time.Minute)
		c.MeterPower(1, id, 23_800, 43000) // 47.60, and what may be spent until it has stopped
		c.Asked("RemoteStopTransaction").Accept()
		if m := f.now(); m.Str("state") != "stopping" || m.Str("hold_spent") != "true" {
			w.Errorf("%v", m)
		}
		cmds := staff.Get("/api/v1/commands?session_id=" + w.Session(id).ID.String()).Items()
		if len(cmds) == 0 || !strings.Contains(all(cmds[0]), "hold exhausted") {
			w.Errorf("the reason: %v", cmds)
		}
		c.Finish(id, 24_000)
		m := f.becomes("done")
		if minor, n := s.Taken(); minor != 4800 || n != 1 || m.Str("owed", "amount") != "0.00" {
			w.Errorf("%d in %d: %v", minor, n, m)
		}
	})
}

// above has a charge cost 52.00, two more than was held.
func (f *Phone) above(c *Conn, register int) int64 {
	id := f.started(c, 1, register)
	f.world.Advance(40 * time.Minute)
	c.Asked("RemoteStopTransaction").Accept() // a silent meter may have spent it all
	c.Finish(id, register+26_000)
	return id
}

func TestPAY_R6_whatTheHoldDoesNotCoverIsChargedToTheSameCard(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		w.dear()
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		s.Next("capture", psptest.LostAfter) // nobody knows whether it was captured
		id := f.above(c, 0)
		m := f.ends()
		if minor, n := s.Taken(); minor != 5200 || n != 2 || m.Str("taken", "amount") != "52.00" || m.Str("owed", "amount") != "0.00" {
			w.Errorf("%d in %d: %v", minor, n, m)
		}
		w.Session(id).Is(session.Completed, "COMPLETED").Total("52.00")
	})
}

func TestPAY_R6_orItIsADebt(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, pp *psptest.PayPal, _ *API) {
		w.dear()
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "paypal")
		pp.Approve(f.page)
		w.Advance(5 * time.Second)
		id := f.above(c, 0)
		m := f.becomes("done")
		if minor, n := pp.Taken(); minor != 5000 || n != 1 || m.Str("owed", "amount") != "2.00" {
			w.Errorf("%d in %d: %v", minor, n, m)
		}
		w.Session(id).Is(session.Completed, "UNPAID")

		c.Status(1, "Available")
		f = w.Phone()
		f.charge(p, 1, "card")
		f.paidBy(s, psptest.OnceCard) // it wants its holder to be there
		id = f.above(c, 26_000)
		if m := f.becomes("done"); m.Str("owed", "amount") != "2.00" {
			w.Errorf("%v", m)
		}
		w.Session(id).Is(session.Completed, "UNPAID")
	})
}

// What providers do at their worst takes money once.
func TestFIN_A3_faultsOfProviders(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, pp *psptest.PayPal, _ *API) {
		p := w.Point("CP1")
		c := p.Online()
		hook := "http://" + w.Addr + "/api/v1/payment-hooks/" + w.Operator.ID.String() + "/stripe"
		register := 0
		full := func(why string, f *Phone) {
			w.Helper()
			id := f.started(c, 1, register)
			w.Advance(5 * time.Minute)
			register += 2000
			c.Finish(id, register)
			if m := f.ends(); m.Str("taken", "amount") != "0.96" {
				w.Errorf("%s: %v", why, m)
			}
			w.Books()
		}
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		s.Pay(f.page, psptest.GoodCard)
		for range 2 { // webhooks come twice, and before anybody has looked
			for _, h := range s.Hooks() {
				if status, err := h.Send(hook); status != 204 || err != nil {
					w.Fatal(status, err)
				}
			}
		}
		s.Next("capture", psptest.ErrorBefore, psptest.LostAfter)
		full("webhook first and twice", f)

		f = w.Phone()
		s.Next("create", psptest.LostAfter) // the page was made, and the answer is lost
		got := f.charge(p, 1, "card")
		w.Advance(5 * time.Second)
		w.Until("there is a page", func() bool { w.Timers(); got = f.now(); return got.Str("action_url") != "" })
		f.page = path.Base(got.Str("action_url"))
		f.paid(s)
		full("the answer to the hold is lost", f)

		f = w.Phone()
		pp.Next("confirm", psptest.LostAfter)
		f.charge(p, 1, "paypal")
		pp.Approve(f.page)
		for range 4 {
			w.Advance(5 * time.Second)
		}
		full("PayPal: timeout after the hold", f)

		if minor, n := s.Taken(); minor != 192 || n != 2 {
			w.Errorf("Stripe: %d in %d", minor, n)
		}
		if minor, n := pp.Taken(); minor != 96 || n != 1 {
			w.Errorf("PayPal: %d in %d", minor, n)
		}
		if got := s.Intents(); got["requires_capture"] != 0 {
			w.Errorf("left behind: %v", got)
		}
	})
}

func TestFIN_A3_theServerEndsBetweenHoldAndStart(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		s.Pay(f.page, psptest.GoodCard)
		w.Stop()
		w.Start()
		c = p.Online()
		id := f.started(c, 1, 0)
		w.Advance(5 * time.Minute)
		w.Stop() // and again while it charges
		w.Start()
		c = p.Online()
		c.Finish(id, 2000)
		if m := f.becomes("done"); m.Str("taken", "amount") != "0.96" {
			w.Errorf("%v", m)
		}
		if minor, n := s.Taken(); minor != 96 || n != 1 || len(w.holds()) != 1 {
			w.Errorf("%d in %d, %d holds", minor, n, len(w.holds()))
		}
	})
}

// A hold ends one day. Before it does, what is safe to take of a charge whose bill waits
// for a person is taken; what the bill then comes to less goes back.
func TestPAY_R5_theHoldIsCapturedBeforeItEnds(t *testing.T) {
	withGuests(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal, _ *API) {
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		f := w.Phone()
		f.charge(p, 1, "card")
		f.paid(s)
		id := f.started(c, 1, 10_000)
		c.Status(1, "Charging")
		w.Advance(time.Minute)
		c.Meter(1, id, 10_700)
		w.Advance(9 * time.Minute)
		c.Finish(id, 90_000) // more than the connector can give: a person must look
		f.becomes("checking")
		for range 13 {
			w.Advance(12 * time.Hour)
		}
		w.Until("the safe part is captured", func() bool { w.Timers(); return f.now().Str("hold_state") == "CAPTURED" })
		if minor, n := s.Taken(); minor != 34 || n != 1 {
			w.Errorf("%d in %d", minor, n)
		}
		staff := w.Staff(authz.OpAdmin) // the login of before is over
		staff.Do("POST", "/api/v1/sessions/"+w.Session(id).ID.String()+"/review", M{"verdict": "void", "reason": "meter"}).Want(200)
		w.Until("the money is on its way back", func() bool { w.Timers(); return f.now().Str("refunded", "amount") == "0.34" })
		if m := f.becomes("done"); m.Str("owed", "amount") != "0.00" {
			w.Errorf("%v", m)
		}
		if minor, n := s.SentBack(); minor != 34 || n != 1 {
			w.Errorf("%d in %d", minor, n)
		}
	})
}

func TestWhatGuestsMaySee(t *testing.T) {
	withGuests(t, func(w *World, _ *psptest.Stripe, _ *psptest.PayPal, staff *API) {
		p := w.Point("CP1", 2)
		f := w.Phone()
		for code, want := range map[string]int{
			p.code(1): 200, p.code(3): 404, strings.TrimSuffix(p.code(1), "-1"): 200, p.View().Code + "-2": 200, p.View().Code: 200,
			"999999-" + p.View().Code + "-1": 404, "x": 404,
		} {
			if got := f.api.Do("GET", "/api/v1/guest-codes/"+code, nil); got.Status != want {
				w.Errorf("%s: %d %v", code, got.Status, got.Body)
			}
		}
		pile := f.api.Get("/api/v1/guest-codes/" + p.code(1))
		for _, secret := range []string{w.Operator.ID.String(), p.ID.String(), w.Site.ID.String(), w.Plan.ID.String()} {
			if bytes.Contains(pile.Raw, []byte(secret)) {
				w.Errorf("%s is shown: %s", secret, pile.Raw)
			}
		}
		if got := f.try(p, 1, "card").Want(409).Body; got.Str("code") != "charge_point_offline" {
			w.Errorf("%v", got)
		}
		if len(w.holds()) != 0 {
			w.Error("money is held for a charge point that is offline")
		}
		c := p.Online()
		c.Status(1, "Faulted", M{"errorCode": "GroundFailure"})
		if got := f.try(p, 1, "card").Want(409).Body; got.Str("code") != "connector_unusable" {
			w.Errorf("%v", got)
		}
		c.Status(2, "Available")
		for why, r := range map[string]Reply{
			"no secret":        f.api.Do("GET", "/api/v1/guest-charges/mine", nil),
			"a short one":      f.api.Do("GET", "/api/v1/guest-charges/mine", nil, "Charge-Secret", "AAAA"),
			"another's":        f.api.Do("GET", "/api/v1/guest-charges/mine", nil, "Charge-Secret", w.Phone().secret),
			"a stop without":   f.api.Do("POST", "/api/v1/guest-charges/mine/stop", nil),
			"a stop, anothers": f.api.Do("POST", "/api/v1/guest-charges/mine/stop", nil, "Charge-Secret", w.Phone().secret),
		} {
			if r.Status != 404 {
				w.Errorf("%s: %d %v", why, r.Status, r.Body)
			}
		}
		staff.Do("PUT", "/api/v1/payment-options/paypal", M{"enabled": true}, "If-Match", `"2"`).Want(200)
		if got := f.try(p, 2, "paypal").Want(409).Body; got.Str("code") != "method_not_for_guests" {
			w.Errorf("%v", got)
		}
		f.charge(p, 2, "card")
		w.Clock.Advance(367 * 24 * time.Hour)
		if got := f.api.Do("GET", "/api/v1/guest-charges/mine", nil, "Charge-Secret", f.secret); got.Status != 404 {
			w.Errorf("after a year: %d", got.Status)
		}
	})
}

// A price that is shown is the price of the bill, whatever the plan (APP-A3).
func TestAPP_A3_thePriceShownIsThePriceOfTheBill(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, vat := range []unit.Permille{0, 70, 190, 200} {
		for _, price := range []string{"0.01", "0.30", "0.3333", "1.999999"} {
			p, err := tariff.Draft{Name: "x", Currency: "EUR", VAT: vat, Electricity: Allday(price)}.Plan()
			if err != nil {
				t.Fatal(err)
			}
			s := tariff.NewSheet(&p, time.UTC)
			shown := s.Shown(at)
			if len(shown) != 1 || !shown[0].Now {
				t.Fatalf("%+v", shown)
			}
			bill, err := s.Rate(tariff.Usage{Start: at, Stop: at.Add(time.Hour), Energy: 1_000_000})
			if err != nil {
				t.Fatal(err)
			}
			want, err := shown[0].Price.Per(1_000_000, 1000, "EUR")
			if err != nil {
				t.Fatal(err)
			}
			if d := bill.Total.Sub(want); d.Minor < -1 || d.Minor > 1 {
				t.Errorf("%s and %d ‰: shown %s, a bill of %s for %s", price, vat, shown[0].Price, bill.Total, money.New(want.Minor, "EUR"))
			}
		}
	}
}
