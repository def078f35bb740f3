package member_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var jane = member.Driver{Account: "Jane.Doe@Example.com", Nickname: "Sparky", Name: "Jane Müller-Doe", Mobile: "+49 151 2345678", Email: "jane.doe@example.com"}

func TestADriverHasAnAccountANumberAndAWallet(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := ok(w.CreateDriver(ctx, w.a, jane))(t)
		if d.Account != "jane.doe@example.com" || d.Mobile != "+491512345678" || d.Level != member.RegularMember || d.Status != member.DriverValid || d.Version != 1 {
			t.Errorf("%+v", d)
		}
		if !member.ValidChargingAccount(d.ChargingAccount) {
			t.Errorf("charging account %s", d.ChargingAccount)
		}
		if opened, there := w.wallets[d.Wallet]; !there || opened.ChargingAccount != d.ChargingAccount {
			t.Errorf("wallet %v was opened for %+v", d.Wallet, opened)
		}
		if got := ok(w.Driver(ctx, w.a, d.ID))(t); got != d {
			t.Errorf("stored %+v, read %+v", d, got)
		}
		_, err := w.CreateDriver(ctx, w.a, member.Driver{Account: "JANE.doe@example.COM "})
		refused(t, err, "account_taken")
		_, err = w.CreateDriver(ctx, w.sub1, member.Driver{Account: "jane.doe@example.com"}) // the brand's, although not visible
		refused(t, err, "account_taken")
		other := w.driver(t, w.b, "jane.doe@example.com")
		if other.ChargingAccount == d.ChargingAccount {
			t.Error("two operators gave out the same number")
		}
		nobody := authz.ForPlatform(authz.Actor{})
		_, err = w.CreateDriver(ctx, nobody, jane)
		refused(t, err, "operator_needed")
		_, err = w.CreateDriver(ctx, w.a, member.Driver{Account: "13000000009", Sub: ident.New[ident.SubOperator](w.clock.Now())})
		refused(t, err, "invalid_input")
	})
}

func TestADriverChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := ok(w.CreateDriver(ctx, w.a, jane))(t)
		w.driver(t, w.a, "13000000001")
		name, account, taken := "Jane Roe", "+49 160 1", "13000000001"
		ok(w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Name: &name, Account: &account}, 1))(t)
		_, err := w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Account: &taken}, 2)
		refused(t, err, "account_taken")
		_, err = w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Name: &name}, 1)
		refused(t, err, "stale_version")
		got := ok(w.Driver(ctx, w.a, d.ID))(t)
		if got.Name != name || got.Account != "+491601" || got.Email != d.Email || got.ChargingAccount != d.ChargingAccount || got.Wallet != d.Wallet || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		find := func(q string) int {
			return len(ok(w.Drivers(ctx, w.a, member.DriverFilter{Q: q}, operator.Page{}))(t).Items)
		}
		if find("roe") != 1 || find("mueller") != 0 || find("muller") != 0 {
			t.Error("the search still has the old name, or not the new one")
		}

		w.blocked = fault.New(fault.Conflict, "balance_left", "There is money on the account.")
		closed := member.DriverClosed
		_, err = w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Status: &closed}, 2)
		refused(t, err, "balance_left")
		w.blocked = nil
		ok(w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Status: &closed}, 2))(t)
		valid := member.DriverValid
		_, err = w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Status: &valid}, 3)
		refused(t, err, "driver_closed")
	})
}

func TestDriversOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		own, first := w.driver(t, w.a, "13000000001"), w.driver(t, w.sub1, "13000000002")
		if first.Sub != w.sub1.Sub() {
			t.Fatalf("a sub-operator's driver belongs to %v", first.Sub)
		}
		name := "x"
		for why, c := range map[string]struct {
			sc authz.Scope
			id ident.Driver
		}{
			"another operator": {w.b, own.ID}, "another sub-operator": {w.sub2, first.ID},
			"a sub-operator, its operator's": {w.sub1, own.ID}, "nobody": {authz.Scope{}, own.ID},
		} {
			if _, err := w.Driver(ctx, c.sc, c.id); err == nil {
				t.Errorf("%s reads", why)
			}
			if _, err := w.UpdateDriver(ctx, c.sc, c.id, member.DriverChange{Name: &name}, 1); err == nil {
				t.Errorf("%s changes", why)
			}
			_, err := w.CreateToken(ctx, c.sc, member.Token{Driver: c.id, UID: "0A0B0C0D"})
			if err == nil {
				t.Errorf("%s gives a card", why)
			}
			for _, f := range []member.DriverFilter{{}, {Q: "130"}, {Account: "13000000001"}} {
				if l, err := w.Drivers(ctx, c.sc, f, operator.Page{}); err == nil {
					for _, d := range l.Items {
						if d.ID == c.id {
							t.Errorf("%s lists", why)
						}
					}
				}
			}
		}
		ok(w.Driver(ctx, w.a, first.ID))(t)
	})
}

func TestDriversAreFoundByHashesOfWhatTheyAreCalled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := ok(w.CreateDriver(ctx, w.a, jane))(t)
		w.clock.Advance(time.Second)
		john := ok(w.CreateDriver(ctx, w.a, member.Driver{Account: "13000000001", Name: "John Doe", Mobile: "13000000001"}))(t)
		w.clock.Advance(time.Second)
		ok(w.CreateDriver(ctx, w.a, member.Driver{Account: "14000000001", Name: "An Li", Status: member.DriverSuspended}))(t)
		ok(w.CreateDriver(ctx, w.b, jane))(t)
		name := func(d member.Driver) string { return d.Name }
		for _, c := range []struct {
			why  string
			f    member.DriverFilter
			want string
		}{
			{"all, newest first", member.DriverFilter{}, "[An Li John Doe Jane Müller-Doe]"},
			{"the beginning of a word", member.DriverFilter{Q: "DOE"}, "[John Doe Jane Müller-Doe]"},
			{"marks aside", member.DriverFilter{Q: "muller"}, "[Jane Müller-Doe]"},
			{"all words, in any order", member.DriverFilter{Q: "doe joh"}, "[John Doe]"},
			{"nothing inside of words", member.DriverFilter{Q: "ohn"}, "[]"},
			{"a nickname", member.DriverFilter{Q: "spark"}, "[Jane Müller-Doe]"},
			{"a mobile number's beginning", member.DriverFilter{Q: "130000"}, "[John Doe]"},
			{"an e-mail address", member.DriverFilter{Q: "jane.doe@example.com"}, "[Jane Müller-Doe]"},
			{"a charging account", member.DriverFilter{Q: john.ChargingAccount}, "[John Doe]"},
			{"a short word as a whole", member.DriverFilter{Q: "li"}, "[An Li]"},
			{"signs only", member.DriverFilter{Q: "%%"}, "[]"},
			{"exactly the account", member.DriverFilter{Account: " 1300-0000001"}, "[John Doe]"},
			{"exactly the mobile number in another spelling", member.DriverFilter{Mobile: "0049 1512345678"}, "[Jane Müller-Doe]"},
			{"exactly the e-mail address", member.DriverFilter{Email: "JANE.DOE@example.com"}, "[Jane Müller-Doe]"},
			{"no exact match of a part", member.DriverFilter{Email: "jane.doe@example.co"}, "[]"},
			{"what is no number", member.DriverFilter{Mobile: "abc"}, "[]"},
			{"exactly the charging account", member.DriverFilter{ChargingAccount: d.ChargingAccount}, "[Jane Müller-Doe]"},
			{"by status", member.DriverFilter{Status: member.DriverSuspended}, "[An Li]"},
		} {
			l := ok(w.Drivers(ctx, w.a, c.f, operator.Page{}))(t)
			if got := names(l.Items, name); got != c.want || l.Total != len(l.Items) {
				t.Errorf("%s: %s of %d, want %s", c.why, got, l.Total, c.want)
			}
		}
		_, err := w.Drivers(ctx, w.a, member.DriverFilter{Q: "a1a b1b c1c d1d e1e f1f g1g"}, operator.Page{})
		refused(t, err, "invalid_input")
		_, err = w.Drivers(ctx, w.a, member.DriverFilter{}, operator.Page{Sort: "name"}) // encrypted: no order
		refused(t, err, "invalid_input")

		var got []string
		page := operator.Page{Limit: 1, Sort: "charging_account"}
		for {
			l := ok(w.Drivers(ctx, w.a, member.DriverFilter{}, page))(t)
			got = append(got, l.Items[0].Name)
			if page.Cursor = l.Next; l.Next == "" {
				break
			}
		}
		if fmt.Sprint(got) != "[Jane Müller-Doe John Doe An Li]" {
			t.Errorf("paged by number: %v", got)
		}
	})
}

// DP-A3: a dump of the disk shows no plaintext personal data.
func TestNoPersonalDataIsReadableInTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		d := ok(w.CreateDriver(ctx, w.a, jane))(t)
		w.card(t, w.a, d, "13:ad:f6:5a")
		name := "Jane Ähnlich"
		ok(w.UpdateDriver(ctx, w.a, d.ID, member.DriverChange{Name: &name}, 1))(t)

		dump := w.dump(t)
		if !bytes.Contains(dump, []byte(d.ChargingAccount)) {
			t.Fatal("the dump does not hold the driver at all")
		}
		for _, secret := range []string{"jane", "Jane", "Müller", "Ähnlich", "Sparky", "1512345678", "example.com", "13ADF65A", "5AF6AD13", "13:ad:f6:5a"} {
			if bytes.Contains(dump, []byte(secret)) || bytes.Contains(bytes.ToLower(dump), []byte(hex.EncodeToString([]byte(secret)))) {
				t.Errorf("the database holds %q", secret)
			}
		}
	})
}

// dump is all that the database holds: SQLite's files, PostgreSQL's rows as text.
func (w *world) dump(t *testing.T) []byte {
	t.Helper()
	var all []byte
	if !strings.HasPrefix(w.url, "postgres") {
		for _, end := range []string{"", "-wal"} {
			b, err := os.ReadFile(w.url + end)
			must(t, err)
			all = append(all, b...)
		}
		return all
	}
	conn, err := pgx.Connect(t.Context(), w.url)
	must(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'`)
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	_, err = conn.Exec(t.Context(), `SELECT set_config('ccms.op', '*', false), set_config('ccms.sub', '', false), set_config('ccms.wide', '1', false)`)
	must(t, err)
	for _, table := range tables {
		rows, err := conn.Query(t.Context(), `SELECT r::text FROM `+table+` r`)
		must(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		all = append(all, strings.Join(lines, "\n")...)
	}
	return all
}
