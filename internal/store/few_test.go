package store_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/unit"
)

// A fleet whose names are shared by none, one, some and more of its things than are taken
// one by one, with sessions that begin in the same moment, and what is known of each.
type fleet struct {
	op       ident.Operator
	sessions []session.State
	site     map[ident.Site]string
	point    map[ident.ChargePoint]string
	driver   map[ident.Driver]member.Driver
	number   map[ident.Account]string
}

func newFleet(t *testing.T, st *store.Store, rnd *rand.Rand) *fleet {
	t.Helper()
	f := &fleet{op: newOperator(), site: map[ident.Site]string{}, point: map[ident.ChargePoint]string{},
		driver: map[ident.Driver]member.Driver{}, number: map[ident.Account]string{}}
	var points []asset.ChargePoint
	var drivers []member.Driver
	write(t, st, authz.ForSystem(f.op, "test"), func(tx *store.Tx) error {
		for i := range 40 {
			name := fmt.Sprintf("Common %d", i)
			if i < 4 {
				name = fmt.Sprintf("North %d", i)
			} else if i == 4 {
				name = "Lonely"
			} else if i < 8 {
				name = "Nowhere" // three without a session
			}
			site := asset.Site{ID: ident.New[ident.Site](instant), Operator: f.op, Name: name, TimeZone: "UTC", Status: asset.Valid}
			f.site[site.ID] = name
			if err := tx.InsertSite(site); err != nil {
				return err
			}
			p := asset.ChargePoint{ID: ident.New[ident.ChargePoint](instant), Operator: f.op, Site: site.ID, Identity: fmt.Sprintf("%s-%d", f.op, i),
				Name: fmt.Sprintf("Pile %c%d", 'A'+i%5, i), Code: fmt.Sprintf("%06d", i), Type: asset.AC, Status: asset.Valid,
				Keys: asset.KeyMACs{Text: []byte("k"), Raw: []byte("k")}, Rolled: "PENDING"}
			f.point[p.ID] = p.Name
			if free, err := tx.InsertPoint(p); err != nil || !free {
				return errors.Join(err, fmt.Errorf("code %s, free %v", p.Code, free))
			}
			if name != "Nowhere" {
				points = append(points, p)
			}
		}
		for i := range 30 {
			d := member.Driver{ID: ident.New[ident.Driver](instant), Operator: f.op, Account: fmt.Sprintf("driver%d@example.org", i),
				Name: fmt.Sprintf("%s Smith%d", []string{"Ann", "Bob", "Eve"}[min(i, 2)], i), Wallet: ident.New[ident.Account](instant),
				ChargingAccount: fmt.Sprintf("1000000%02d", i), Status: member.DriverValid}
			f.driver[d.ID], f.number[d.Wallet] = d, d.ChargingAccount
			drivers = append(drivers, d)
			account := ledger.Account{ID: d.Wallet, Operator: f.op, Number: d.ChargingAccount, Currency: "EUR", Balance: money.New(0, "EUR"), Held: money.New(0, "EUR")}
			if err := errors.Join(tx.InsertAccount(account), tx.InsertDriver(d)); err != nil {
				return err
			}
		}
		return nil
	})
	phases := []session.Phase{session.Charging, session.Starting, session.Idle, session.Abnormal, session.Rejected, session.FailedToStart, session.StopUnconfirmed}
	write(t, st, authz.ForSystem(f.op, "test"), func(tx *store.Tx) error {
		for i := range 300 {
			p := points[min(rnd.IntN(len(points)), rnd.IntN(len(points)))]
			id, err := tx.NextOCPPID()
			if err != nil {
				return err
			}
			at := instant.Add(time.Duration(rnd.IntN(60)) * time.Minute)
			s := session.State{ID: ident.New[ident.Session](instant), Operator: f.op, Site: p.Site, Point: p.ID, Connector: 1, OCPPID: id,
				Phase: phases[min(rnd.IntN(len(phases)), rnd.IntN(len(phases)))], Source: session.ByRFID, TokenUID: "CARD", MeterStart: unit.Wh(i), Currency: "EUR", Zone: "UTC",
				StartedAt: at, StartDevice: at, StartAnswer: session.Accepted, Cost: money.New(0, "EUR"), HoldAmount: money.New(0, "EUR"), DueAt: at}
			if d := drivers[rnd.IntN(len(drivers))]; rnd.IntN(3) > 0 {
				s.Driver, s.Wallet = d.ID, d.Wallet
			}
			if err := tx.InsertSession(s); err != nil {
				return err
			}
			f.sessions = append(f.sessions, s)
		}
		return nil
	})
	slices.SortFunc(f.sessions, func(a, b session.State) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), bytes.Compare(b.ID.Bytes(), a.ID.Bytes()))
	})
	return f
}

// has says what the filter means, one session at a time.
func (f *fleet) has(s session.State, x session.Filter) bool {
	begins := func(name, typed string) bool {
		if typed == "" {
			return true
		}
		words := strings.Fields(strings.ToLower(name))
		for i := range words {
			if strings.HasPrefix(strings.Join(words[i:], " "), strings.ToLower(typed)) {
				return true
			}
		}
		return false
	}
	d := f.driver[s.Driver]
	return begins(f.site[s.Site], x.SiteName) && begins(f.point[s.Point], x.PointName) && begins(d.Name, x.Words) &&
		(x.Login == "" || d.Account == x.Login) && (x.ChargingAccount == "" || f.number[s.Wallet] == x.ChargingAccount) &&
		(len(x.Phases) == 0 || slices.Contains(x.Phases, s.Phase)) && (x.Record == "" || s.RecordState() == x.Record) &&
		(x.OCPPID == 0 || int64(s.OCPPID) == x.OCPPID) && (x.From.IsZero() || !s.StartedAt.Before(x.From)) && (x.To.IsZero() || s.StartedAt.Before(x.To))
}

func (f *fleet) filter(rnd *rand.Rand) (x session.Filter) {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	for range 1 + rnd.IntN(2) {
		switch rnd.IntN(8) {
		case 0, 1:
			x.SiteName = pick("north", "North 2", "lonely", "nowhere", "common", "common 1", "there is none", "...")
		case 2:
			x.PointName = pick("pile", "pile a", "pile b1", "pile c12", "none")
		case 3:
			x.Words = pick("ann", "eve", "smith", "eve smith12", "nobody")
		case 4:
			x.Login = pick("driver3@example.org", "driver@example.org", "driver29@example.org")
		case 5:
			x.ChargingAccount = pick("100000004", "100000029", "999999999")
		case 6:
			x.Phases = [][]session.Phase{{session.Charging}, {session.Starting}, {session.Idle}, {session.Abnormal}, {session.Rejected},
				{session.FailedToStart}, {session.Completed}, {session.Charging, session.Idle}}[rnd.IntN(8)]
		case 7:
			x.From = instant.Add(time.Duration(rnd.IntN(30)) * time.Minute)
			x.To = x.From.Add(20 * time.Minute)
		}
	}
	if rnd.IntN(5) == 0 {
		x.Record = []session.RecordState{session.RecordRunning, session.RecordSettling, session.RecordAbnormal, session.RecordVoid}[rnd.IntN(4)]
	}
	if rnd.IntN(8) == 0 {
		x.OCPPID = int64(f.sessions[rnd.IntN(len(f.sessions))].OCPPID)
	}
	return x
}

// What a filter finds is the same however it is looked for: first the few that a name
// stands for, or each row compared.
func TestSessionsAreFoundByAnyFilterAsByLookingAtEach(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		rnd := rand.New(rand.NewPCG(7, 11))
		f := newFleet(t, st, rnd)
		found := 0
		for i := range 250 {
			x := f.filter(rnd)
			switch i { // two questions about the driver at once, which agree and which do not
			case 0:
				x = session.Filter{Words: "ann", Login: "driver0@example.org"}
			case 1:
				x = session.Filter{Words: "ann", Login: "driver3@example.org"}
			case 2:
				x = session.Filter{Words: "smith1", Login: "driver1@example.org"} // eleven of the name
			case 3:
				x = session.Filter{Words: "smith1", Login: "driver3@example.org", ChargingAccount: "100000003"}
			}
			var want []int64
			for _, s := range f.sessions {
				if f.has(s, x) {
					want = append(want, int64(s.OCPPID))
				}
			}
			found += len(want)
			var have []int64
			summed := 0
			err := st.Read(t.Context(), authz.ForSystem(f.op, "test"), func(tx *store.Tx) error {
				page := operator.Page{Limit: 1 + rnd.IntN(60)}
				for {
					l, err := tx.SessionList(x, page)
					if err != nil {
						return err
					}
					if l.Total != len(want) || l.Capped {
						t.Errorf("%+v: %d in all, capped %v, want %d", x, l.Total, l.Capped, len(want))
					}
					for _, s := range l.Items {
						have = append(have, int64(s.OCPPID))
					}
					if page.Cursor = l.Next; page.Cursor == "" {
						break
					}
				}
				_, err := tx.EachSummed(x, 1000, func(session.Summed) { summed++ })
				return err
			})
			if err != nil {
				t.Fatalf("%+v: %v", x, err)
			}
			if !slices.Equal(have, want) || summed != len(want) {
				t.Errorf("%+v: %d found and %d summed, want %d\n%v\n%v", x, len(have), summed, len(want), have, want)
			}
		}
		if found < 1000 {
			t.Fatalf("only %d were to be found", found)
		}
	})
}
