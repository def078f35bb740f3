package operator

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

var t0 = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// cheap keeps tests fast; the parameters stand in each hash.
var cheap = HashCost{Memory: 64, Time: 1, Threads: 1}

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	h := hashPassword(cheap, "correct horse")
	if h == hashPassword(cheap, "correct horse") {
		t.Error("two hashes of one password are equal: no salt")
	}
	if strings.Contains(h, "horse") || !strings.HasPrefix(h, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("not a PHC string: %s", h)
	}
	for _, c := range []struct {
		why, hash, password string
		cost                HashCost
		ok, outdated        bool
	}{
		{"the password", h, "correct horse", cheap, true, false},
		{"another password", h, "correct horsf", cheap, false, false},
		{"no password", h, "", cheap, false, false},
		{"made with other parameters", h, "correct horse", HashCost{Memory: 128, Time: 1, Threads: 1}, true, true},
		{"not a hash", "plain", "plain", cheap, false, false},
		{"another algorithm", strings.Replace(h, "argon2id", "argon2i", 1), "correct horse", cheap, false, false},
		{"no passes", strings.Replace(h, "t=1", "t=0", 1), "correct horse", cheap, false, false},
		{"an empty key", h[:strings.LastIndexByte(h, '$')+1], "", cheap, false, false},
		{"no hash at all", "", "", cheap, false, false},
	} {
		ok, outdated := checkPassword(c.cost, c.hash, c.password)
		if ok != c.ok || (ok && outdated != c.outdated) {
			t.Errorf("%s: %v %v", c.why, ok, outdated)
		}
	}
}

func TestNewPasswordsDifferAndAreLongEnough(t *testing.T) {
	t.Parallel()
	a, b := NewPassword(), NewPassword()
	if a == b || len(a) != 24 || CheckPassword("/password", a) != nil {
		t.Error(a, b)
	}
}

func pointers(err error) string {
	var out []string
	for _, f := range fault.Of(err).Fields {
		out = append(out, f.Pointer)
	}
	return strings.Join(out, " ")
}

func TestOperatorInput(t *testing.T) {
	t.Parallel()
	good := Operator{Name: "A3E", Code: "010000", Currency: "EUR", TimeZone: "Europe/Berlin"}
	for _, c := range []struct {
		why, wrong string
		change     func(*Operator)
	}{
		{"all right", "", func(*Operator) {}},
		{"no name", "/name", func(o *Operator) { o.Name = "" }},
		{"a name with a line end would break lists", "/name", func(o *Operator) { o.Name = "A\nB" }},
		{"a name of 101 letters", "/name", func(o *Operator) { o.Name = strings.Repeat("ä", 101) }},
		{"100 letters are counted as letters, not bytes", "", func(o *Operator) { o.Name = strings.Repeat("ä", 100) }},
		{"five digits", "/code", func(o *Operator) { o.Code = "12345" }},
		{"a code with letters", "/code", func(o *Operator) { o.Code = "12345A" }},
		{"small letters are no currency", "/currency", func(o *Operator) { o.Currency = "eur" }},
		{"the server's zone is nobody's", "/time_zone", func(o *Operator) { o.TimeZone = "Local" }},
		{"no zone", "/time_zone", func(o *Operator) { o.TimeZone = "" }},
		{"every wrong field is told", "/name /code /currency /time_zone", func(o *Operator) { *o = Operator{} }},
	} {
		o := good
		c.change(&o)
		got := ""
		if err := o.check(); err != nil {
			got = pointers(err)
		}
		if got != c.wrong {
			t.Errorf("%s: %q, want %q", c.why, got, c.wrong)
		}
	}
	usd := money.Currency("USD")
	if _, err := good.apply(OperatorChange{Currency: &usd}); fault.Of(err).Code != "currency_fixed" {
		t.Error("SYS-A4: the currency changed:", err)
	}
}

func TestStaffInput(t *testing.T) {
	t.Parallel()
	op := ident.New[ident.Operator](t0)
	good := Staff{Operator: op, Login: "anna@a3e.example", Name: "Anna", Role: authz.OpAdmin, Status: Valid}
	for _, c := range []struct {
		why, wrong string
		change     func(*Staff)
	}{
		{"all right", "", func(*Staff) {}},
		{"a login with a blank", "/login", func(s *Staff) { s.Login = "an na" }},
		{"a login of two letters", "/login", func(s *Staff) { s.Login = "an" }},
		{"a role that does not exist", "/role", func(s *Staff) { s.Role = "root" }},
		{"owner inside an operator", "/role", func(s *Staff) { s.Role = authz.Owner }},
		{"an operator's role on the platform", "/role", func(s *Staff) { s.Operator = ident.Operator{} }},
		{"owner on the platform", "", func(s *Staff) { s.Operator, s.Role = ident.Operator{}, authz.Owner }},
		{"a status that does not exist", "/status", func(s *Staff) { s.Status = "GONE" }},
	} {
		s := good
		c.change(&s)
		got := ""
		if err := s.check(); err != nil {
			got = pointers(err)
		}
		if got != c.wrong {
			t.Errorf("%s: %q, want %q", c.why, got, c.wrong)
		}
	}
}

func TestClosedSubOperatorStaysClosed(t *testing.T) {
	t.Parallel()
	open := SubValid
	if _, err := (SubOperator{Name: "S", Status: SubClosed}).apply(SubOperatorChange{Status: &open}); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
}

func TestOwnerInsideAnOperatorActsAsItsAdmin(t *testing.T) {
	t.Parallel()
	c := Caller{Staff: Staff{Role: authz.Owner}}
	if c.May(authz.LiveRead) || !c.May(authz.OperatorWrite) {
		t.Error("outside: an owner keeps operators and sees no sessions")
	}
	c.Login.ActingIn = ident.New[ident.Operator](t0)
	if !c.May(authz.LiveRead) || c.May(authz.OperatorWrite) || !c.May(authz.OperatorSwitch) {
		t.Error("inside: an owner is the operator's admin and can leave")
	}
	auditor := Caller{Staff: Staff{Role: authz.Auditor}, Login: LoginSession{ActingIn: ident.New[ident.Operator](t0)}}
	if auditor.May(authz.OperatorSwitch) {
		t.Error("only an owner switches")
	}
}
