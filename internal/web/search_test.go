package web

import (
	"net/url"
	"strings"
	"testing"

	"ccms/internal/authz"
)

func TestMeaningsOfWhatIsReadOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, q, uids string }{
		{"capitals", "13ADF6A0", "13ADF6A0 A0F6AD13"},
		{"with colons, as a reader shows it", "13:ad:f6:a0", "13ADF6A0 A0F6AD13"},
		{"as printed: decimal", "0330167968", "0330167968 13ADF6A0 6879163003 A0F6AD13"},
		{"seven bytes", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6 F6E5D4C3B2A104"},
		{"a name", "Dora", "DORA"},
		{"too short for a card", "12", ""},
	} {
		if got := strings.Join(meaningsOf(c.q).uids, " "); got != c.uids {
			t.Errorf("%s: %q, want %q", c.why, got, c.uids)
		}
	}
	if m := meaningsOf(" 2147483647 "); m.transaction != 2147483647 {
		t.Errorf("%+v", m)
	}
	if m := meaningsOf("2147483648"); m.transaction != 0 {
		t.Errorf("no wire id is as large: %+v", m)
	}
}

// ui.md "Frame": one field finds a session, card, driver, point or site by what a
// caller reads out on the phone.
func TestSearchFindsWhatACallerReadsOut(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		admin := bearer(w.mine.admin)
		find := func(q string, o callOption) (f Found) {
			w.Helper()
			w.call("GET", "/api/v1/search?q="+url.QueryEscape(q), "", o).want(w, 200).into(&f)
			return f
		}
		has := func(f Found, kind, id string) bool {
			for _, g := range f.Groups {
				for _, x := range g.Hits {
					if g.Kind == kind && x.ID == id {
						return true
					}
				}
			}
			return false
		}
		var s Session
		w.call("GET", "/api/v1/sessions/"+w.mine.session, "", admin).want(w, 200).into(&s)
		var r struct{ Items []Recharge }
		w.call("GET", "/api/v1/recharges", "", admin).want(w, 200).into(&r)
		var d Driver
		w.call("GET", "/api/v1/drivers/"+w.mine.driver, "", admin).want(w, 200).into(&d)
		var p ChargePoint
		w.call("GET", "/api/v1/charge-points/"+w.mine.point, "", admin).want(w, 200).into(&p)
		for _, c := range []struct{ why, q, kind, id string }{
			{"a transaction id", s.TransactionID, "session", w.mine.session},
			{"a session's own id", w.mine.session, "session", w.mine.session},
			{"a recharge", r.Items[0].TransactionID, "recharge", w.mine.recharge},
			{"a recharge in groups", r.Items[0].TransactionID[:5] + " " + r.Items[0].TransactionID[5:], "recharge", w.mine.recharge},
			{"a card", "13adf6a0", "card", w.mine.token},
			{"a card as a reader shows it", "13:AD:F6:A0", "card", w.mine.token},
			{"a card with its bytes the other way round", "A0 F6 AD 13", "card", w.mine.token},
			{"a card as it is printed", "0330167968", "card", w.mine.token},
			{"a mobile number", d.Mobile, "driver", w.mine.driver},
			{"a mobile number in groups", d.Mobile[:3] + " " + d.Mobile[3:6] + "-" + d.Mobile[6:], "driver", w.mine.driver},
			{"an account", d.Account, "driver", w.mine.driver},
			{"a charging account", d.ChargingAccount, "driver", w.mine.driver},
			{"the beginning of a name", "dor", "driver", w.mine.driver},
			{"the code on a pile", p.Code, "charge_point", w.mine.point},
			{"an identity", "CP-a3e", "charge_point", w.mine.point},
			{"a site", "A3E_sta", "site", w.mine.site},
		} {
			if f := find(c.q, admin); !has(f, c.kind, c.id) {
				w.Errorf("%s, %q: %+v", c.why, c.q, f)
			}
			if f := find(c.q, bearer(w.theirs.admin)); has(f, c.kind, c.id) {
				w.Errorf("%s shows to another operator", c.why)
			}
		}
		for _, q := range []string{"", " ", "x", "nothing of this kind", "%", "' OR 1=1 --", "<script>", strings.Repeat("9", 100), "\x00\x01", "\u4f60\u597d", "😀😀"} {
			if f := find(q, admin); len(f.Groups) != 0 {
				w.Errorf("%q finds %+v", q, f)
			}
		}
		// Product §2.1: who may read no records finds none, and names are covered.
		if f := find(r.Items[0].TransactionID, w.loginAs(authz.OpOps).option); has(f, "recharge", w.mine.recharge) {
			w.Errorf("a recharge shows without finance.read")
		}
		covered := w.call("GET", "/api/v1/search?q="+url.QueryEscape(d.Account), "", w.loginAs(authz.Auditor).option).want(w, 200)
		if b := string(covered.body); !strings.Contains(b, w.mine.driver) || strings.Contains(b, "Dora") || strings.Contains(b, d.Account) {
			w.Errorf("the auditor sees %s", b)
		}
	})
}
