package ident

import (
	"testing"
	"time"
)

func TestTextAndBytesMapOneToOne(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	id := New[Site](now)
	if got, err := Parse[Site](id.String()); err != nil || got != id {
		t.Fatalf("Parse(%s) = %v, %v", id, got, err)
	}
	if got, err := FromBytes[Site](id.Bytes()); err != nil || got != id {
		t.Fatalf("FromBytes = %v, %v", got, err)
	}
	if _, err := Parse[Driver](id.String()); err == nil {
		t.Fatal("a site's id was read as a driver's")
	}
	if id.Bytes()[6]>>4 != 7 || id.Bytes()[8]>>6 != 2 {
		t.Fatalf("not a UUIDv7: %x", id.Bytes())
	}
	later := New[Site](now.Add(time.Millisecond))
	if !id.Before(later) {
		t.Fatal("ids do not sort by time")
	}
	var zero Site
	if zero.String() != "" || !zero.IsZero() {
		t.Fatal("zero id")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(New[Site](time.UnixMilli(1)).String())
	f.Add("site_zzzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := Parse[Site](s); err == nil && id.String() != s {
			t.Fatalf("%q has a second spelling %q", s, id)
		}
	})
}

func TestNormalToken(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"13adf65a", "13:AD:F6:5A", " 13ADF65A", "13-ad-f6-5a"} {
		if got := NormalToken(raw); got != "13ADF65A" {
			t.Errorf("%q → %q", raw, got)
		}
	}
}

func TestValidIdentity(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"IOC_CL_A3E_0": true, "RDAM|123": true, "": false, "a b": false, "ü": false, "a/b": false,
		"123456789012345678901234567890123456789012345678":  true,
		"1234567890123456789012345678901234567890123456789": false,
	} {
		if ValidIdentity(s) != want {
			t.Errorf("ValidIdentity(%q) = %v", s, !want)
		}
	}
}
