package member_test

import (
	"context"
	"fmt"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/member"
)

// While thousands of cards are imported, a list is asked for again each time it is worked
// out. It goes out with what was there, and what came later follows.
func TestSweepLists_AskedForAgainEachTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := ok(w.CreateLocalList(t.Context(), w.a, member.NewLocalList{Name: "Depot", Cards: member.CardsAll, WithoutBalance: true}))(t)
		d := w.driver(t, w.a, "d1@example.com")
		cards := 0
		meanwhile := func() {
			cards++
			w.card(t, w.a, d, fmt.Sprintf("CARD%04d", cards))
			must(t, w.write(t.Context(), w.a, func(tx member.Tx) error { return tx.AskLocalLists(w.a.Operator(), tx.Now()) }))
		}
		busy := member.New(w.write, func(ctx context.Context, sc authz.Scope, fn func(member.Tx) error) error {
			err := w.read(ctx, sc, fn)
			meanwhile()
			return err
		}, member.Options{})
		now := w.clock.Now()
		for range 3 {
			ok(busy.SweepLists(t.Context(), now))(t)
		}
		entries := func() int { return ok(w.LocalList(t.Context(), w.a, l.ID))(t).Entries }
		if n := entries(); n == 0 || n >= cards {
			t.Errorf("%d of %d cards are on it", n, cards)
		}
		ok(w.SweepLists(t.Context(), now))(t)
		if n := entries(); n != cards {
			t.Errorf("%d of %d cards are on it in the end", n, cards)
		}
		if due := dueLists(t, w); due != 0 {
			t.Errorf("%d are due", due)
		}
	})
}

func dueLists(t *testing.T, w *world) (n int) {
	t.Helper()
	must(t, w.read(t.Context(), authz.Everything("test"), func(tx member.Tx) error {
		lists, err := tx.DueLocalLists(tx.Now(), 50)
		n = len(lists)
		return err
	}))
	return n
}
