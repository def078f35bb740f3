package member_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

func TestUSR_A7_OneCardInAllItsSpellings(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d, e := w.driver(t, w.a, "13000000001"), w.driver(t, w.a, "13000000002")
		h := w.card(t, w.a, d, "13adf65a")
		if h.Token.UID != "13ADF65A" || h.Token.Status != member.TokenEnabled || h.Token.MaxSessions != 1 || h.Token.Delivery != member.PickUp || h.Driver.ID != d.ID {
			t.Errorf("%+v", h)
		}
		for _, uid := range []string{"13adf65a", "13:AD:F6:5A", "5AF6AD13", "5a-f6-ad-13"} {
			_, err := w.CreateToken(ctx, w.a, member.Token{Driver: e.ID, UID: uid})
			refused(t, err, "token_exists")
			if err == nil || !strings.Contains(err.Error(), d.ChargingAccount) {
				t.Errorf("%s: the refusal does not name the owner's number: %v", uid, err)
			}
			if got := w.present(t, w.a, uid); !got.Found || got.Token.ID != h.Token.ID || got.Driver != d {
				t.Errorf("%s finds %+v", uid, got)
			}
		}
		if got := w.present(t, w.a, "13ADF65B"); got.Found {
			t.Errorf("another card finds %+v", got)
		}
		// A sub-operator does not see the card, and may not learn whose it is.
		f := w.driver(t, w.sub1, "13000000003")
		_, err := w.CreateToken(ctx, w.sub1, member.Token{Driver: f.ID, UID: "5AF6AD13"})
		refused(t, err, "token_exists")
		if err != nil && strings.Contains(err.Error(), d.ChargingAccount) {
			t.Errorf("a sub-operator learns the number: %v", err)
		}
		// Another operator's drivers may have the same card.
		w.card(t, w.b, w.driver(t, w.b, "13000000001"), "5AF6AD13")
	})
}

func TestOfManyWhoImportACardAtOnceOneSucceeds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		d := w.driver(t, w.a, "13000000001")
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i, uid := range []string{"13adf65a", "13:AD:F6:5A", "5AF6AD13", "13adf65a", "13:AD:F6:5A", "5AF6AD13", "13ADF65A", "5af6ad13"} {
			wg.Go(func() { _, errs[i] = w.CreateToken(t.Context(), w.a, member.Token{Driver: d.ID, UID: uid}) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				refused(t, err, "token_exists")
			}
		}
		if made != 1 {
			t.Errorf("%d cards were made", made)
		}
	})
}

func TestAPointOfASubOperatorReadsTheOperatorsTokensAndWritesNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := w.driver(t, w.a, "13000000001")
		h := w.card(t, w.a, d, "13ADF65A")
		other := w.card(t, w.sub2, w.driver(t, w.sub2, "13000000002"), "0A0B0C0D")
		w.card(t, w.b, w.driver(t, w.b, "13000000003"), "01020304")

		if got := w.present(t, w.point1, "13adf65a"); !got.Found || got.Driver != d || got.Driver.Wallet != d.Wallet {
			t.Errorf("the operator's card: %+v", got)
		}
		if got := w.present(t, w.point1, "0a0b0c0d"); !got.Found || got.Token.ID != other.Token.ID {
			t.Errorf("another sub-operator's card: %+v", got)
		}
		if got := w.present(t, w.point1, "01020304"); got.Found {
			t.Errorf("another operator's card: %+v", got)
		}
		// The sub-operator's staff see none of them, unless a session needs it.
		if got := w.present(t, w.sub1, "13adf65a"); got.Found {
			t.Errorf("staff of the sub-operator: %+v", got)
		}
		if got := w.present(t, w.sub1.WithinSession(), "13adf65a"); !got.Found {
			t.Error("staff of the sub-operator within a session find nothing")
		}
		lost := member.TokenLost
		_, err := w.UpdateToken(ctx, w.point1, h.Token.ID, member.TokenChange{Status: &lost}, 1)
		refused(t, err, "stale_version") // it reads version 1 and cannot write it
		name := "x"
		if _, err := w.UpdateDriver(ctx, w.point1, d.ID, member.DriverChange{Name: &name}, 1); err == nil {
			t.Error("the point changed a driver of the operator")
		}
		if _, err := w.CreateToken(ctx, w.point1, member.Token{Driver: d.ID, UID: "0D0D0D0D"}); err == nil {
			t.Error("the point gave the operator's driver a card")
		}
		if got := ok(w.Token(ctx, w.a, h.Token.ID))(t); got.Token.Status != member.TokenEnabled || got.Token.Version != 1 {
			t.Errorf("%+v", got.Token)
		}
	})
}

func TestACardIsLookedUpInsideOneOperatorOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.card(t, w.a, w.driver(t, w.a, "13000000001"), "13ADF65A")
		for why, sc := range map[string]authz.Scope{"across operators": authz.Everything("test"), "nobody": {}, "platform staff": authz.ForPlatform(authz.Actor{})} {
			err := w.read(t.Context(), sc, func(tx member.Tx) error {
				h, err := tx.TokenByUID("13ADF65A")
				if h.Found {
					t.Errorf("%s finds a card", why)
				}
				return err
			})
			if err == nil {
				t.Errorf("%s: no error", why)
			}
		}
	})
}

func TestADisabledCardIsBlockedFromTheCommitOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := w.driver(t, w.a, "13000000001")
		h := w.card(t, w.a, d, "13ADF65A")
		judge := func() member.Verdict {
			v, _ := member.Judge(w.present(t, w.a, "13ADF65A"), w.clock.Now())
			return v
		}
		if v := judge(); v != member.Accepted {
			t.Fatalf("%s", v)
		}
		disabled, two, visual := member.TokenDisabled, 2, "No. 7"
		got := ok(w.UpdateToken(ctx, w.a, h.Token.ID, member.TokenChange{Status: &disabled, MaxSessions: &two, Visual: &visual}, 1))(t)
		if v := judge(); v != member.Blocked || got.Token.MaxSessions != 2 || got.Token.Version != 2 {
			t.Errorf("%s, %+v", v, got.Token)
		}
		if read := ok(w.Token(ctx, w.a, h.Token.ID))(t); read != got {
			t.Errorf("saved %+v, read %+v", got, read)
		}
		enabled, until := member.TokenEnabled, w.clock.Now().Add(time.Hour)
		_, err := w.UpdateToken(ctx, w.a, h.Token.ID, member.TokenChange{Status: &enabled}, 1)
		refused(t, err, "stale_version")
		ok(w.UpdateToken(ctx, w.a, h.Token.ID, member.TokenChange{Status: &enabled, ExpiresAt: &until}, 2))(t)
		if v := judge(); v != member.Accepted {
			t.Errorf("%s before it expires", v)
		}
		w.clock.Advance(time.Hour)
		if v := judge(); v != member.Expired {
			t.Errorf("%s when it expires", v)
		}
		never := time.Time{}
		ok(w.UpdateToken(ctx, w.a, h.Token.ID, member.TokenChange{ExpiresAt: &never}, 3))(t)
		suspended := member.DriverSuspended
		ok(w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Status: &suspended}, 1))(t)
		if v := judge(); v != member.Blocked {
			t.Errorf("%s for a suspended driver", v)
		}
	})
}

func TestTokensAreListedWithTheirDrivers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := ok(w.CreateDriver(ctx, w.a, jane))(t)
		e := w.driver(t, w.a, "13000000001")
		w.card(t, w.a, d, "13ADF65A")
		w.clock.Advance(time.Second)
		second := w.card(t, w.a, e, "0A0B0C0D")
		w.clock.Advance(time.Second)
		w.card(t, w.a, e, "DE-ABC-C1")
		w.card(t, w.b, w.driver(t, w.b, "13000000001"), "13ADF65A")
		lost := member.TokenLost
		ok(w.UpdateToken(ctx, w.a, second.Token.ID, member.TokenChange{Status: &lost}, 1))(t)
		uid := func(h member.Holder) string { return h.Token.UID + "/" + h.Driver.Account }
		for _, c := range []struct {
			why  string
			f    member.TokenFilter
			want string
		}{
			{"all, newest first", member.TokenFilter{}, "[DEABCC1/13000000001 0A0B0C0D/13000000001 13ADF65A/jane.doe@example.com]"},
			{"of a driver", member.TokenFilter{Driver: d.ID}, "[13ADF65A/jane.doe@example.com]"},
			{"the uid in another byte order", member.TokenFilter{UID: "5a:f6:ad:13"}, "[13ADF65A/jane.doe@example.com]"},
			{"the uid typed into the search", member.TokenFilter{Q: "de-abc-c1"}, "[DEABCC1/13000000001]"},
			{"a driver's name typed into the search", member.TokenFilter{Q: "mull"}, "[13ADF65A/jane.doe@example.com]"},
			{"a charging account", member.TokenFilter{ChargingAccount: e.ChargingAccount}, "[DEABCC1/13000000001 0A0B0C0D/13000000001]"},
			{"by status", member.TokenFilter{Status: member.TokenLost}, "[0A0B0C0D/13000000001]"},
			{"a uid and a driver who does not have it", member.TokenFilter{UID: "13ADF65A", Q: "130000"}, "[]"},
			{"not there", member.TokenFilter{Q: "FFFFFFFF"}, "[]"},
		} {
			l := ok(w.Tokens(ctx, w.a, c.f, operator.Page{}))(t)
			if got := names(l.Items, uid); got != c.want || l.Total != len(l.Items) {
				t.Errorf("%s: %s of %d, want %s", c.why, got, l.Total, c.want)
			}
		}
		first := ok(w.Tokens(ctx, w.a, member.TokenFilter{}, operator.Page{Limit: 2}))(t)
		rest := ok(w.Tokens(ctx, w.a, member.TokenFilter{}, operator.Page{Limit: 2, Cursor: first.Next}))(t)
		if len(first.Items) != 2 || len(rest.Items) != 1 || rest.Next != "" || first.Total != 3 {
			t.Errorf("%d and %d on two pages of %d", len(first.Items), len(rest.Items), first.Total)
		}
		if _, err := w.Token(ctx, w.b, second.Token.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator reads a card: %v", err)
		}
		closed := member.DriverClosed
		ok(w.UpdateDriver(ctx, w.a, e.ID, member.DriverChange{Status: &closed}, 1))(t)
		_, err := w.CreateToken(ctx, w.a, member.Token{Driver: e.ID, UID: "01010101"})
		refused(t, err, "driver_closed")
		_, err = w.CreateToken(ctx, w.a, member.Token{Driver: ident.New[ident.Driver](w.clock.Now()), UID: "01010101"})
		refused(t, err, "invalid_input")
	})
}
