package member

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
)

var t0 = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestChargingAccountHasElevenDigitsAndACheckDigit(t *testing.T) {
	t.Parallel()
	for n := int64(1); n < 3000; n += 7 {
		s, err := ChargingAccount(n)
		if err != nil || len(s) != 11 || !ValidChargingAccount(s) {
			t.Fatalf("%d → %q, %v", n, s, err)
		}
		for i := 3; i < 11; i++ { // every wrong digit is noticed
			for d := byte('0'); d <= '9'; d++ {
				if d != s[i] && ValidChargingAccount(s[:i]+string(d)+s[i+1:]) {
					t.Fatalf("%s with %c at %d counts as valid", s, d, i)
				}
			}
		}
	}
	for _, s := range []string{"", "1010000000", "10100000x11", "201000000" + "00", "101000000555"} {
		if ValidChargingAccount(s) {
			t.Errorf("%q counts as valid", s)
		}
	}
	for _, n := range []int64{-1, accountSeries} {
		if _, err := ChargingAccount(n); !fault.Is(err, fault.Limit) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// ISO/IEC 7064 gives 0794 → 5 as its worked case for MOD 11,10.
func TestCheckDigitOfTheStandardsOwnCase(t *testing.T) {
	t.Parallel()
	if got := checkDigit("0794"); got != 5 {
		t.Errorf("0794 → %d", got)
	}
}

func TestSpellingsAndByteOrdersOfOneCardMeet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
		why  string
	}{
		{"13adf65a", "13:AD:F6:5A", true, "USR-A7: spelling"},
		{"13adf65a", "5AF6AD13", true, "USR-A7: byte order"},
		{" 13-AD-F6-5A", "5a f6 ad 13", true, "both"},
		{"04A2B3C4D5E680", "80E6D5C4B3A204", true, "7 bytes"},
		{"0102030405060708090A", "0A090807060504030201", true, "10 bytes"},
		{"E004010012345678", "78563412000104E0", true, "8 bytes, ISO 15693"},
		{"13ADF65A", "A56FDA31", false, "digits turned round are another card"},
		{"123456", "563412", false, "3 bytes are no UID of a card"},
		{"GHIJKLMN", "MNKLIJGH", false, "no hex"},
		{"DE-ABC-C00001-1", "deabcc000011", true, "an eMAID with and without separators"},
	} {
		if SameToken(c.a, c.b) != c.same {
			t.Errorf("%s: %s and %s", c.why, c.a, c.b)
		}
	}
}

func FuzzCanonicalUID(f *testing.F) {
	f.Add("13:ad:f6:5a")
	f.Add("DE*ABC*E1")
	f.Fuzz(func(t *testing.T, s string) {
		c := CanonicalUID(s)
		if again := CanonicalUID(c); again != c {
			t.Fatalf("%q → %q → %q", s, c, again)
		}
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	ok := Holder{Found: true, Token: Token{Status: TokenEnabled}, Driver: Driver{Status: DriverValid}}
	with := func(f func(*Holder)) Holder { h := ok; f(&h); return h }
	for _, c := range []struct {
		why  string
		h    Holder
		want Verdict
	}{
		{"enabled card, valid driver", ok, Accepted},
		{"unknown card", Holder{}, Invalid},
		{"disabled card (USR-A5)", with(func(h *Holder) { h.Token.Status = TokenDisabled }), Blocked},
		{"lost card", with(func(h *Holder) { h.Token.Status = TokenLost }), Blocked},
		{"expired by status", with(func(h *Holder) { h.Token.Status = TokenExpired }), Expired},
		{"expires later", with(func(h *Holder) { h.Token.ExpiresAt = t0.Add(1) }), Accepted},
		{"expires now", with(func(h *Holder) { h.Token.ExpiresAt = t0 }), Expired},
		{"suspended driver (USR-R3)", with(func(h *Holder) { h.Driver.Status = DriverSuspended }), Blocked},
		{"driver not confirmed", with(func(h *Holder) { h.Driver.Status = DriverPending }), Blocked},
		{"closed driver", with(func(h *Holder) { h.Driver.Status = DriverClosed }), Blocked},
		{"a lost card of a suspended driver", with(func(h *Holder) { h.Token.Status, h.Driver.Status = TokenLost, DriverSuspended }), Blocked},
	} {
		got, reason := Judge(c.h, t0)
		if got != c.want || reason == "" {
			t.Errorf("%s: %s %q, want %s", c.why, got, reason, c.want)
		}
	}
}

func TestAccountsHaveOneForm(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"+49 (151) 123-45.678": "+4915112345678", "0049151 12345678": "+4915112345678", "13000000001": "13000000001",
		" A@A.com ": "a@a.com", "2@0.com": "2@0.com",
		"": "", "abc": "", "+": "", "+0491511": "", "1234": "", "1234567890123456": "", "a@": "", "A <a@a.com>": "", "12a45": "",
	} {
		got, ok := NormalAccount(raw)
		if got != want || ok != (want != "") {
			t.Errorf("%q → %q, %v", raw, got, ok)
		}
	}
}

func TestMaskingHidesWhoItIs(t *testing.T) {
	t.Parallel()
	d := Driver{Account: "+4915112345678", Mobile: "13000000001", Email: "jane.doe@example.com", Name: "Jane Doe", Nickname: "Ö", ChargingAccount: "10100000019"}
	m := d.Masked()
	for _, s := range []string{m.Account, m.Mobile, m.Email, m.Name, m.Nickname} {
		for _, secret := range []string{"1511234", "1300000", "ane", "Doe", "Ö"} {
			if strings.Contains(s, secret) {
				t.Errorf("%q shows %q", s, secret)
			}
		}
	}
	if m.Mobile != "*******0001" || m.Email != "j***@example.com" || m.ChargingAccount != d.ChargingAccount {
		t.Errorf("%+v", m)
	}
	if (Driver{}).Masked() != (Driver{}) {
		t.Error("nothing became something")
	}
}

func TestDriverInputIsChecked(t *testing.T) {
	t.Parallel()
	d, err := Driver{Account: " 1300000-0001", Name: " Jane "}.checked()
	if err != nil || d.Account != "13000000001" || d.Name != "Jane" || d.Level != RegularMember || d.Status != DriverValid {
		t.Fatalf("%+v, %v", d, err)
	}
	_, err = Driver{Account: "nobody", Mobile: "x", Email: "x", Name: "a\x01", Status: "GONE"}.checked()
	if f := fault.Of(err); len(f.Fields) != 5 {
		t.Errorf("%v", err)
	}
	if _, err := (Driver{Status: DriverClosed, Account: "13000000001"}).apply(DriverChange{}); fault.Of(err).Code != "driver_closed" {
		t.Errorf("a closed profile was changed: %v", err)
	}
}

func TestTokenInputIsChecked(t *testing.T) {
	t.Parallel()
	k, err := Token{UID: "13:ad:f6:5a"}.checked()
	if err != nil || k.UID != "13ADF65A" || k.Status != TokenEnabled || k.Delivery != PickUp || k.MaxSessions != 1 {
		t.Fatalf("%+v, %v", k, err)
	}
	_, err = Token{UID: " ", Status: "ON", Delivery: "Pigeon", MaxSessions: -1}.checked()
	if f := fault.Of(err); len(f.Fields) != 4 {
		t.Errorf("%v", err)
	}
	reversed, other := "5AF6AD13", "5AF6AD14"
	if _, err := k.apply(TokenChange{UID: &other}); fault.Of(err).Code != "uid_immutable" {
		t.Errorf("the uid changed: %v", err)
	}
	if got, err := k.apply(TokenChange{UID: &reversed}); err != nil || got.UID != k.UID {
		t.Errorf("another spelling: %+v, %v", got, err)
	}
}
