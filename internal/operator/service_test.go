package operator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

const password = "correct horse battery"

// world is a service on a real store, with a clock that stands still.
type world struct {
	*testing.T
	*operator.Service
	st    *store.Store
	clock *storetest.Clock
	admin authz.Scope // OpAdmin of op
	op    operator.Operator
	boss  operator.Staff // the OpAdmin
}

var platform = authz.ForPlatform(authz.Actor{Reason: "test"})

func each(t *testing.T, f func(w *world)) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			st := open(t, func(o *store.Options) { o.Now = clock.Now })
			w := &world{T: t, st: st, clock: clock, Service: service(st)}
			w.op = w.operator("A3E", "010001")
			w.boss = w.staff(w.op, ident.SubOperator{}, "boss", authz.OpAdmin)
			w.admin = w.boss.Scope(authz.Actor{})
			f(w)
		})
	}
}

func service(st *store.Store) *operator.Service {
	write, read := operator.Once(st.Write), st.Read
	run := func(do func(context.Context, authz.Scope, func(*store.Tx) error) error) operator.Run {
		return func(ctx context.Context, sc authz.Scope, fn func(operator.Tx) error) error {
			return do(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
		}
	}
	return operator.New(run(write), run(read), operator.Options{
		Cost:      operator.HashCost{Memory: 64, Time: 1, Threads: 1},
		LoginRate: operator.Rate{Burst: 3, Every: time.Minute}, AddressRate: operator.Rate{Burst: 6, Every: time.Minute},
	})
}

func must[T any](v T, err error) func(*world) T {
	return func(w *world) T {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
		return v
	}
}

func (w *world) operator(name, code string) operator.Operator {
	w.Helper()
	return must(w.CreateOperator(w.Context(), platform, operator.NewOperator{Name: name, Code: code, Currency: "EUR", TimeZone: "Europe/Berlin"}))(w)
}

func (w *world) staff(o operator.Operator, sub ident.SubOperator, login string, r authz.Role) operator.Staff {
	w.Helper()
	return must(w.CreateStaff(w.Context(), authz.ForSystem(o.ID, "test"), operator.NewStaff{Sub: sub, Login: login, Name: "Name of " + login, Role: r, Password: password}))(w)
}

func (w *world) login(login, pw, ip string) (string, error) {
	token, _, err := w.Login(w.Context(), login, pw, authz.Actor{IP: ip})
	return token, err
}

func (w *world) code(want string, err error) {
	w.Helper()
	if got := fault.Of(err); err == nil || got.Code != want {
		w.Errorf("got %v, want %s", err, want)
	}
}

func TestLoginGivesASessionThatActsForTheStaff(t *testing.T) {
	each(t, func(w *world) {
		token := must(w.login(" BOSS ", password, "192.0.2.1"))(w)
		c := must(w.Authenticate(w.Context(), token, authz.Actor{IP: "192.0.2.1", RequestID: "r1"}))(w)
		if c.Staff.ID != w.boss.ID || c.Staff.Login != "boss" || c.Staff.Name != "Name of boss" || c.Scope.Operator() != w.op.ID ||
			c.Scope.Actor.Staff != w.boss.ID || c.Scope.Actor.RequestID != "r1" || c.Login.CSRF == "" || c.API {
			t.Errorf("%+v", c)
		}
		if strings.Contains(c.Login.CSRF, token) || c.Login.CSRF == token {
			t.Error("the CSRF token is the cookie")
		}
		if !c.Staff.LastLoginAt.Equal(w.clock.Now()) {
			t.Error("last login", c.Staff.LastLoginAt)
		}
		if err := w.Logout(w.Context(), c); err != nil {
			t.Fatal(err)
		}
		_, err := w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("not_signed_in", err)
	})
}

func TestLoginDoesNotTellWhatIsWrong(t *testing.T) {
	each(t, func(w *world) {
		gone := w.staff(w.op, ident.SubOperator{}, "gone", authz.OpOps)
		off := operator.Invalid
		must(w.UpdateStaff(w.Context(), w.admin, gone.ID, gone.Version, operator.StaffChange{Status: &off}))(w)
		var texts []string
		for i, c := range []struct{ login, pw string }{
			{"boss", "wrong password"}, {"nobody", password}, {"gone", password}, {"boss", strings.Repeat("x", 5000)}, {"", password},
		} {
			_, err := w.login(c.login, c.pw, "192.0.2."+string(rune('1'+i)))
			w.code("bad_credentials", err)
			texts = append(texts, err.Error())
		}
		for _, s := range texts {
			if s != texts[0] {
				t.Errorf("two answers: %q and %q", s, texts[0])
			}
		}
	})
}

func TestLoginIsThrottledPerLoginAndPerAddress(t *testing.T) {
	each(t, func(w *world) {
		for range 3 {
			_, err := w.login("boss", "guess guess guess", "192.0.2.1")
			w.code("bad_credentials", err)
		}
		_, err := w.login("boss", password, "198.51.100.7")
		w.code("throttled", err) // from anywhere, with the right password too
		var th *operator.Throttled
		if !errors.As(err, &th) || th.Seconds() != 60 {
			t.Errorf("wait: %v", err)
		}
		for _, login := range []string{"a-1", "a-2", "a-3"} {
			_, err := w.login(login, "guess guess guess", "192.0.2.1")
			w.code("bad_credentials", err)
		}
		w.staff(w.op, ident.SubOperator{}, "other", authz.OpOps)
		_, err = w.login("other", password, "192.0.2.1")
		w.code("throttled", err)
		must(w.login("other", password, "203.0.113.5"))(w)

		w.clock.Advance(time.Minute)
		must(w.login("boss", password, "192.0.2.1"))(w)
		must(w.login("boss", password, "192.0.2.2"))(w) // a right password frees the login
	})
}

// Whoever has one IPv6 address has the 2^64 of its network, so these count as one; IPv4
// addresses count singly, also where they are written as IPv6.
func TestLoginIsThrottledPerNetworkOfIPv6(t *testing.T) {
	each(t, func(w *world) {
		w.staff(w.op, ident.SubOperator{}, "other", authz.OpOps)
		for i := range 6 {
			_, err := w.login(fmt.Sprintf("a-%d", i), "guess guess guess", fmt.Sprintf("2001:db8:1:2:%x::%x", i, 7*i))
			w.code("bad_credentials", err)
			_, err = w.login(fmt.Sprintf("b-%d", i), "guess guess guess", [...]string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2])
			w.code("bad_credentials", err)
		}
		for _, ip := range []string{"2001:db8:1:2:ffff::1", "::ffff:192.0.2.1", "192.0.2.1"} {
			_, err := w.login("other", password, ip)
			w.code("throttled", err)
		}
		for _, ip := range []string{"2001:db8:1:3::1", "192.0.2.2", "::ffff:192.0.2.3"} {
			must(w.login("other", password, ip))(w)
		}
	})
}

// Parallel attempts must not slip through between looking at the counter and
// raising it.
func TestThrottleHoldsAgainstParallelAttempts(t *testing.T) {
	each(t, func(w *world) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		tried := 0
		for range 20 {
			wg.Go(func() {
				_, err := w.login("boss", "guess guess guess", "192.0.2.1")
				if fault.Of(err).Code == "bad_credentials" {
					mu.Lock()
					tried++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if tried != 3 {
			t.Errorf("%d passwords were tried, 3 are allowed", tried)
		}
	})
}

func TestLoginEnds(t *testing.T) {
	each(t, func(w *world) {
		token := must(w.login("boss", password, "192.0.2.1"))(w)
		for range 10 { // used every 70 minutes: the idle limit never strikes
			w.clock.Advance(70 * time.Minute)
			must(w.Authenticate(w.Context(), token, authz.Actor{}))(w)
		}
		w.clock.Advance(20*time.Minute - time.Second)
		must(w.Authenticate(w.Context(), token, authz.Actor{}))(w)
		w.clock.Advance(time.Second) // 12 hours
		_, err := w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("login_expired", err)

		token = must(w.login("boss", password, "192.0.2.1"))(w)
		w.clock.Advance(operator.LoginIdle)
		_, err = w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("login_expired", err)

		w.clock.Advance(24 * time.Hour)
		if err := w.Forget(w.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("not_signed_in", err)
	})
}

func TestDisablingEndsEveryLogin(t *testing.T) {
	each(t, func(w *world) {
		st := w.staff(w.op, ident.SubOperator{}, "ops", authz.OpOps)
		token := must(w.login("ops", password, "192.0.2.1"))(w)
		_, key, err := w.CreateAPIToken(w.Context(), authz.ForSystem(w.op.ID, "test"), operator.NewAPIToken{Staff: st.ID, Name: "script"})
		if err != nil {
			t.Fatal(err)
		}
		st = must(w.StaffMember(w.Context(), w.admin, st.ID))(w)
		off := operator.Invalid
		must(w.UpdateStaff(w.Context(), w.admin, st.ID, st.Version, operator.StaffChange{Status: &off}))(w)
		_, err = w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("not_signed_in", err)
		_, err = w.AuthenticateAPI(w.Context(), key, authz.Actor{})
		w.code("not_signed_in", err)
	})
}

func TestNewPasswordEndsEveryLogin(t *testing.T) {
	each(t, func(w *world) {
		token := must(w.login("boss", password, "192.0.2.1"))(w)
		if err := w.ResetPassword(w.Context(), w.admin, w.boss.ID, "another long one"); err != nil {
			t.Fatal(err)
		}
		_, err := w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("not_signed_in", err)
		_, err = w.login("boss", password, "192.0.2.1")
		w.code("bad_credentials", err)
		must(w.login("boss", "another long one", "192.0.2.1"))(w)
		w.code("invalid_input", w.ResetPassword(w.Context(), w.admin, w.boss.ID, "short"))
	})
}

// SEC-R2
func TestTheLastAdminStays(t *testing.T) {
	each(t, func(w *world) {
		off, ops := operator.Invalid, authz.OpOps
		_, err := w.UpdateStaff(w.Context(), w.admin, w.boss.ID, w.boss.Version, operator.StaffChange{Status: &off})
		w.code("last_admin", err)
		_, err = w.UpdateStaff(w.Context(), w.admin, w.boss.ID, w.boss.Version, operator.StaffChange{Role: &ops})
		w.code("last_admin", err)

		sub := must(w.CreateSubOperator(w.Context(), w.admin, operator.NewSubOperator{Name: "Sub"}))(w)
		w.staff(w.op, sub.ID, "sub-admin", authz.OpAdmin)
		_, err = w.UpdateStaff(w.Context(), w.admin, w.boss.ID, w.boss.Version, operator.StaffChange{Status: &off})
		w.code("last_admin", err) // a sub-operator's admin cannot lead the operator

		second := w.staff(w.op, ident.SubOperator{}, "second", authz.OpAdmin)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, s := range []operator.Staff{w.boss, second} {
			wg.Go(func() {
				_, errs[i] = w.UpdateStaff(w.Context(), w.admin, s.ID, s.Version, operator.StaffChange{Status: &off})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("two admins disabled each other at once: %v, %v", errs[0], errs[1])
		}
	})
}

func TestStaffStayInsideTheirOperator(t *testing.T) {
	each(t, func(w *world) {
		other := w.operator("B4F", "010002")
		theirs := w.staff(other, ident.SubOperator{}, "theirs", authz.OpAdmin)
		_, err := w.StaffMember(w.Context(), w.admin, theirs.ID)
		w.code("not_found", err)
		name := "Changed"
		_, err = w.UpdateStaff(w.Context(), w.admin, theirs.ID, theirs.Version, operator.StaffChange{Name: &name})
		w.code("not_found", err)
		w.code("not_found", w.ResetPassword(w.Context(), w.admin, theirs.ID, password))
		_, _, err = w.CreateAPIToken(w.Context(), w.admin, operator.NewAPIToken{Staff: theirs.ID, Name: "x"})
		w.code("not_found", err)
		_, err = w.Operator(w.Context(), w.admin, other.ID)
		w.code("not_found", err)
		l := must(w.Operators(w.Context(), w.admin, operator.OperatorFilter{}, operator.Page{}))(w)
		if len(l.Items) != 1 || l.Items[0].ID != w.op.ID {
			t.Errorf("an operator sees %d operators", len(l.Items))
		}
		all := must(w.Operators(w.Context(), platform, operator.OperatorFilter{Name: "b4"}, operator.Page{}))(w)
		if len(all.Items) != 1 || all.Items[0].ID != other.ID {
			t.Errorf("the platform finds %v", all.Items)
		}
		_, err = w.CreateStaff(w.Context(), w.admin, operator.NewStaff{Login: "THEIRS", Name: "N", Role: authz.OpOps, Password: password})
		w.code("login_taken", err)
		_, err = w.CreateOperator(w.Context(), w.admin, operator.NewOperator{Name: "Mine", Currency: "EUR", TimeZone: "UTC"})
		w.code("platform_only", err)
	})
}

// SUB-R5, SUB-R3
func TestSubOperatorsAreTwoTiers(t *testing.T) {
	each(t, func(w *world) {
		a := must(w.CreateSubOperator(w.Context(), w.admin, operator.NewSubOperator{Name: "North", Email: "n@north.example"}))(w)
		b := must(w.CreateSubOperator(w.Context(), w.admin, operator.NewSubOperator{Name: "South"}))(w)
		if a.No != 1 || b.No != 2 {
			t.Errorf("numbers %d %d", a.No, b.No)
		}
		st := w.staff(w.op, a.ID, "north", authz.OpAdmin)
		sc := st.Scope(authz.Actor{})
		_, err := w.CreateSubOperator(w.Context(), sc, operator.NewSubOperator{Name: "Third"})
		w.code("two_tiers_only", err)
		if got := must(w.SubOperator(w.Context(), sc, a.ID))(w); got.Email != "n@north.example" {
			t.Errorf("%+v", got)
		}
		_, err = w.SubOperator(w.Context(), sc, b.ID)
		w.code("not_found", err)
		_, err = w.StaffMember(w.Context(), sc, w.boss.ID)
		w.code("not_found", err)

		token := must(w.login("north", password, "192.0.2.1"))(w)
		locked := operator.SubSuspended
		must(w.UpdateSubOperator(w.Context(), w.admin, a.ID, a.Version, operator.SubOperatorChange{Status: &locked}))(w)
		_, err = w.Authenticate(w.Context(), token, authz.Actor{})
		w.code("not_signed_in", err)
		_, err = w.login("north", password, "192.0.2.1")
		w.code("bad_credentials", err)
		_, err = w.UpdateSubOperator(w.Context(), w.admin, a.ID, a.Version, operator.SubOperatorChange{Name: &b.Name})
		w.code("stale_version", err)
	})
}

func TestAnOwnerEntersAnOperatorOnRecord(t *testing.T) {
	each(t, func(w *world) {
		pw, created, err := w.EnsureOwner(w.Context())
		if err != nil || !created {
			t.Fatal(created, err)
		}
		if _, again, err := w.EnsureOwner(w.Context()); again || err != nil {
			t.Fatal("a second owner", err)
		}
		token := must(w.login(operator.OwnerLogin, pw, "192.0.2.1"))(w)
		c := must(w.Authenticate(w.Context(), token, authz.Actor{IP: "192.0.2.1"}))(w)
		if !c.Scope.Platform() {
			t.Fatal("an owner is not on the platform")
		}
		_, err = w.EnterOperator(w.Context(), c, w.op.ID, "  ")
		w.code("invalid_input", err)
		_, err = w.EnterOperator(w.Context(), c, ident.New[ident.Operator](w.clock.Now()), "why")
		w.code("not_found", err)
		must(w.EnterOperator(w.Context(), c, w.op.ID, "customer called"))(w)

		c = must(w.Authenticate(w.Context(), token, authz.Actor{IP: "192.0.2.1"}))(w)
		if c.Scope.Operator() != w.op.ID || c.Scope.Actor.OnBehalfOf != w.op.ID || !c.May(authz.LiveCommand) {
			t.Errorf("inside: %+v", c)
		}
		for _, sc := range []authz.Scope{w.admin, platform} {
			l := must(w.Audit(w.Context(), sc, operator.AuditFilter{Action: "operator.entered"}, operator.Page{}))(w)
			if len(l.Items) != 1 || l.Items[0].Reason != "customer called" || l.Items[0].Staff != c.Staff.ID || l.Items[0].IP != "192.0.2.1" {
				t.Errorf("audit: %+v", l.Items)
			}
		}
		must(w.LeaveOperator(w.Context(), c))(w)
		c = must(w.Authenticate(w.Context(), token, authz.Actor{}))(w)
		if !c.Scope.Platform() || c.May(authz.LiveCommand) {
			t.Error("still inside")
		}
		boss := must(w.login("boss", password, "192.0.2.9"))(w)
		c = must(w.Authenticate(w.Context(), boss, authz.Actor{}))(w)
		_, err = w.EnterOperator(w.Context(), c, w.op.ID, "why")
		w.code("forbidden", err)
	})
}

func TestAPITokensActAsTheirStaffUntilRevoked(t *testing.T) {
	each(t, func(w *world) {
		tok, text, err := w.CreateAPIToken(w.Context(), w.admin, operator.NewAPIToken{Staff: w.boss.ID, Name: "script", ExpiresAt: w.clock.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		c := must(w.AuthenticateAPI(w.Context(), text, authz.Actor{}))(w)
		if !c.API || c.Staff.ID != w.boss.ID || c.Scope.Operator() != w.op.ID {
			t.Errorf("%+v", c)
		}
		if l := must(w.APITokens(w.Context(), w.admin, w.boss.ID, operator.Page{}))(w); len(l.Items) != 1 || l.Items[0].LastUsed.IsZero() {
			t.Errorf("%+v", l)
		}
		for _, bad := range []string{"", "ccms_", text[:len(text)-1], text + "x", strings.TrimPrefix(text, "ccms_")} {
			_, err := w.AuthenticateAPI(w.Context(), bad, authz.Actor{})
			w.code("not_signed_in", err)
		}
		second := w.staff(w.op, ident.SubOperator{}, "second", authz.OpAdmin)
		w.code("not_found", w.RevokeAPIToken(w.Context(), second.Scope(authz.Actor{}), second.ID, tok.ID))
		w.clock.Advance(time.Hour)
		_, err = w.AuthenticateAPI(w.Context(), text, authz.Actor{})
		w.code("login_expired", err)
		if err := w.RevokeAPIToken(w.Context(), w.admin, w.boss.ID, tok.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.AuthenticateAPI(w.Context(), text, authz.Actor{})
		w.code("not_signed_in", err)
		_, _, err = w.CreateAPIToken(w.Context(), w.admin, operator.NewAPIToken{Staff: w.boss.ID, Name: "late", ExpiresAt: w.clock.Now()})
		w.code("invalid_input", err)
	})
}

func TestStaleWritesAreRefusedWithBothVersions(t *testing.T) {
	each(t, func(w *world) {
		name := "New name"
		o := must(w.UpdateOperator(w.Context(), w.admin, w.op.ID, w.op.Version, operator.OperatorChange{Name: &name}))(w)
		if o.Version != w.op.Version+1 || o.Name != name {
			t.Errorf("%+v", o)
		}
		_, err := w.UpdateOperator(w.Context(), w.admin, w.op.ID, w.op.Version, operator.OperatorChange{Name: &name})
		if f := fault.Of(err); f.Code != "stale_version" || f.Have != o.Version || f.Want != w.op.Version {
			t.Errorf("%+v", f)
		}
		plan := ident.New[ident.Plan](w.clock.Now())
		_, err = w.UpdateOperator(w.Context(), w.admin, w.op.ID, o.Version, operator.OperatorChange{DefaultPlan: &plan})
		w.code("invalid_input", err) // nobody says that it exists
	})
}

func TestOperatorCodesAreGivenAndUnique(t *testing.T) {
	each(t, func(w *world) {
		a := w.operator("Auto", "")
		b := w.operator("Auto too", "")
		if a.Code == b.Code || a.Code == w.op.Code || b.Code == w.op.Code || len(a.Code) != 6 {
			t.Errorf("codes %s %s beside %s", a.Code, b.Code, w.op.Code)
		}
		_, err := w.CreateOperator(w.Context(), platform, operator.NewOperator{Name: "Double", Code: a.Code, Currency: "EUR", TimeZone: "UTC"})
		w.code("code_taken", err)
	})
}

func TestARequestKeyIsClaimedWithItsEffect(t *testing.T) {
	each(t, func(w *world) {
		k := operator.RequestKey{Operator: w.op.ID, Staff: w.boss.ID, Key: "k1", Request: []byte("POST /x {}")}
		if _, found, err := w.Kept(w.Context(), w.admin, k); found || err != nil {
			t.Fatal(found, err)
		}
		// A request that fails leaves its key free.
		ctx, claim := operator.WithRequestKey(w.Context(), k)
		_, err := w.CreateSubOperator(ctx, w.admin, operator.NewSubOperator{Name: ""})
		w.code("invalid_input", err)
		if claim.Done() {
			t.Fatal("claimed without an effect")
		}
		ctx, claim = operator.WithRequestKey(w.Context(), k)
		must(w.CreateSubOperator(ctx, w.admin, operator.NewSubOperator{Name: "One"}))(w)
		must(w.CreateSubOperator(ctx, w.admin, operator.NewSubOperator{Name: "Two of the same request"}))(w)
		if !claim.Done() {
			t.Fatal("not claimed")
		}
		// The answer is not there yet: neither an answer nor a second effect.
		_, _, err = w.Kept(w.Context(), w.admin, k)
		w.code("idempotency_in_progress", err)
		late, _ := operator.WithRequestKey(w.Context(), k)
		_, err = w.CreateSubOperator(late, w.admin, operator.NewSubOperator{Name: "Twice"})
		w.code("idempotency_in_progress", err)
		if l := must(w.SubOperators(w.Context(), w.admin, operator.SubOperatorFilter{}, operator.Page{}))(w); len(l.Items) != 2 {
			t.Errorf("%d effects", len(l.Items))
		}

		if err := w.Keep(w.Context(), w.admin, k, operator.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		a, found, err := w.Kept(w.Context(), w.admin, k)
		if err != nil || !found || a.Status != 201 || string(a.Body) != "{}" || a.Header["Location"] != "/x" {
			t.Errorf("%+v %v %v", a, found, err)
		}
		other := k
		other.Request = []byte("POST /x {\"a\":1}")
		_, _, err = w.Kept(w.Context(), w.admin, other)
		w.code("idempotency_key_reused", err)
		w.clock.Advance(operator.AnswersLast + time.Second)
		if err := w.Forget(w.Context()); err != nil {
			t.Fatal(err)
		}
		if _, found, err := w.Kept(w.Context(), w.admin, other); found || err != nil {
			t.Error("kept for more than a day", err)
		}
	})
}

func TestPasswordsAndTokensAreNotInTheAudit(t *testing.T) {
	each(t, func(w *world) {
		if err := w.ResetPassword(w.Context(), w.admin, w.boss.ID, "another long one"); err != nil {
			t.Fatal(err)
		}
		token := must(w.login("boss", "another long one", "192.0.2.1"))(w)
		l := must(w.Audit(w.Context(), w.admin, operator.AuditFilter{}, operator.Page{Limit: 100}))(w)
		if len(l.Items) < 3 {
			t.Fatalf("%d rows", len(l.Items))
		}
		for _, a := range l.Items {
			for _, s := range []string{string(a.Before), string(a.After), a.Reason} {
				if strings.Contains(s, "argon2") || strings.Contains(s, token) || strings.Contains(s, "long one") {
					t.Errorf("%s holds a secret: %s", a.Action, s)
				}
			}
		}
	})
}
