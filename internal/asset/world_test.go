package asset_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// world is two operators, the first with two sub-operators, on one database.
type world struct {
	*asset.Service
	st    *store.Store
	clock *storetest.Clock

	a, b       authz.Scope // staff of the operators
	sub1, sub2 authz.Scope // staff of the sub-operators of a

	mu      sync.Mutex
	changes []store.Change
	blocked error // what Blockers says

	dropped   func(ident.ChargePoint) // hears who is sent away
	dismissed ident.Staff             // who may send no commands any more
	plan      ident.Plan
}

// each runs f on both engines, each with a clock of its own.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{clock: storetest.NewClock()}
			w.st = open(t, func(o *store.Options) {
				o.Now = w.clock.Now
				o.OnCommit = func(cs []store.Change) {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.changes = append(w.changes, cs...)
				}
			})
			w.setUp(t)
			f(t, w)
		})
	}
}

func (w *world) setUp(t *testing.T) {
	now := w.clock.Now()
	a, b := ident.New[ident.Operator](now), ident.New[ident.Operator](now)
	s1, s2 := ident.New[ident.SubOperator](now), ident.New[ident.SubOperator](now)
	staff := authz.Actor{Staff: ident.New[ident.Staff](now)}
	w.a, w.b = authz.ForStaff(a, ident.SubOperator{}, staff), authz.ForStaff(b, ident.SubOperator{}, staff)
	w.sub1, w.sub2 = authz.ForStaff(a, s1, staff), authz.ForStaff(a, s2, staff)
	w.plan = ident.New[ident.Plan](now)
	w.Service = asset.New(w.write, w.read, asset.Options{
		MAC: func(b []byte) []byte {
			h := hmac.New(sha256.New, []byte("secret"))
			h.Write(b)
			return h.Sum(nil)
		},
		Node: "node-1",
		Drop: func(id ident.ChargePoint) {
			if w.dropped != nil {
				w.dropped(id)
			}
		},
		MayStill: func(_ asset.Tx, a authz.Actor) (bool, error) { return a.Staff != w.dismissed, nil },
		Blockers: func(asset.Tx, ident.ChargePoint) error { return w.blocked },
		PlanExists: func(_ asset.Tx, p ident.Plan) error {
			if p != w.plan {
				return fault.NotFound("plan")
			}
			return nil
		},
	})
	must(t, w.st.Write(t.Context(), w.a, func(tx *store.Tx) error {
		for i, s := range []ident.SubOperator{s1, s2} {
			if err := tx.InsertSubOperator(operator.SubOperator{ID: s, Operator: a, No: i + 1, Name: "Sub", Status: operator.SubValid, Version: 1}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) write(ctx context.Context, sc authz.Scope, fn func(asset.Tx) error) error {
	return w.st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

func (w *world) read(ctx context.Context, sc authz.Scope, fn func(asset.Tx) error) error {
	return w.st.Read(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

// Identify finds a charge point as the door does.
func (w *world) Identify(ctx context.Context, identity string) (asset.ChargePoint, error) {
	c, err := w.Candidate(ctx, identity, asset.Handshake{})
	return c.Point, err
}

// CheckKey reports whether the point is let in by a key without TLS: its hex text in either
// case, or the bytes it stands for (behaviour 17).
func (w *world) CheckKey(p asset.ChargePoint, key string) bool {
	c := asset.Candidate{Point: p, Security: asset.DefaultPointSecurity(p), Settings: asset.DefaultSecurity(p.Operator)}
	_, refused := w.Judge(c, asset.Handshake{User: p.Identity, Key: key}, w.clock.Now())
	return refused == nil
}

// in runs fn as one transaction and fails the test where fn fails.
func (w *world) in(t *testing.T, sc authz.Scope, fn func(asset.Tx) error) {
	t.Helper()
	must(t, w.write(t.Context(), sc, fn))
}

// told are the changes of the topic since the last call.
func (w *world) told(topic string) (out []store.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.changes {
		if c.Topic == topic {
			out = append(out, c)
		}
	}
	w.changes = slices.DeleteFunc(w.changes, func(c store.Change) bool { return c.Topic == topic })
	return out
}

func (w *world) site(t *testing.T, sc authz.Scope, name string) asset.Site {
	t.Helper()
	return ok(w.CreateSite(t.Context(), sc, asset.Site{Name: name, TimeZone: "America/Santiago"}))(t)
}

// point makes a charge point with two connectors.
func (w *world) point(t *testing.T, sc authz.Scope, site asset.Site, identity string) asset.PointView {
	t.Helper()
	v, _, err := w.CreateChargePoint(t.Context(), sc, asset.NewChargePoint{Site: site.ID, Identity: identity, Name: "Point " + identity,
		Type: asset.AC, MaxPower: 7000, Connectors: []asset.ConnectorSpec{{Number: 1, Type: "Type2"}, {Number: 2, Type: "Type2"}}})
	must(t, err)
	return v
}

// online makes a charge point whose socket is open, and its scope.
func (w *world) online(t *testing.T, identity string) (asset.ChargePoint, authz.Scope) {
	t.Helper()
	p := w.point(t, w.a, w.site(t, w.a, "Site of "+identity), identity).ChargePoint
	sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
	ok(w.Connect(t.Context(), sc, p.ID))(t)
	return w.now(t, p.ID), sc
}

func (w *world) now(t *testing.T, id ident.ChargePoint) asset.ChargePoint {
	t.Helper()
	return ok(w.ChargePoint(t.Context(), w.a, id))(t).ChargePoint
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ok(f())(t) is the value of f, or the end of the test.
func ok[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test where err is not a fault with the code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil || fault.Of(err).Code != code {
		t.Errorf("want the fault %q, have %v", code, err)
	}
}

func names[T any](items []T, name func(T) string) string {
	var out []string
	for _, i := range items {
		out = append(out, name(i))
	}
	return fmt.Sprint(out)
}

// What package session does around these functions is not needed here.

func (w *world) Connect(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (epoch int64, err error) {
	err = w.write(ctx, sc, func(tx asset.Tx) (err error) {
		epoch, err = asset.Connected(tx, id, "node-1", tx.Now())
		return err
	})
	return epoch, err
}

func (w *world) Disconnect(ctx context.Context, sc authz.Scope, id ident.ChargePoint, epoch int64) error {
	return w.write(ctx, sc, func(tx asset.Tx) error { return asset.Disconnected(tx, id, epoch, tx.Now()) })
}

func (w *world) Answered(ctx context.Context, sc authz.Scope, id ident.Command, a asset.Answer) (c asset.Command, err error) {
	err = w.write(ctx, sc, func(tx asset.Tx) (err error) {
		c, err = asset.Answered(tx, id, a)
		return err
	})
	return c, err
}

func (w *world) Expire(ctx context.Context) (ended int, err error) {
	err = w.write(ctx, authz.Everything("test"), func(tx asset.Tx) error {
		ended = 0
		ids, err := tx.OverdueCommands(tx.Now(), 1000)
		if err != nil {
			return err
		}
		for _, id := range ids {
			_, did, err := asset.Expired(tx, id)
			if err != nil {
				return err
			}
			if did {
				ended++
			}
		}
		return nil
	})
	return ended, err
}
