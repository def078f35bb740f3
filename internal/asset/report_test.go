package asset

import (
	"strings"
	"testing"
	"time"
)

func TestAnOlderReportDoesNotChangeTheLiveCondition(t *testing.T) {
	t.Parallel()
	now := Condition{Status: Charging, StatusAt: t0}
	for _, c := range []struct {
		why  string
		at   time.Time
		want ConnectorStatus
	}{
		{"hours old, from the station's queue (behaviour 32)", t0.Add(-3 * time.Hour), Charging},
		{"a second older", t0.Add(-time.Second), Charging},
		{"of the same instant: what came last counts", t0, Available},
		{"newer", t0.Add(time.Second), Available},
	} {
		got, taken := now.after(Condition{Status: Available, StatusAt: c.at})
		if got.Status != c.want || taken != (c.want == Available) {
			t.Errorf("%s: %s", c.why, got.Status)
		}
	}
}

func TestAReportFromTheFutureCannotShutOutTheNext(t *testing.T) {
	t.Parallel()
	ahead := StatusReport{Number: 1, Status: Charging, At: t0.Add(48 * time.Hour), ReceivedAt: t0}.condition()
	if !ahead.StatusAt.Equal(t0) {
		t.Fatalf("an event is later than its receipt: %s", ahead.StatusAt)
	}
	next := StatusReport{Number: 1, Status: Available, At: t0.Add(time.Minute), ReceivedAt: t0.Add(time.Minute)}.condition()
	if got, _ := ahead.after(next); got.Status != Available {
		t.Error("the next report was shut out")
	}
}

func TestReportedTextIsKeptWithinOurLimitNotOCPPs(t *testing.T) {
	t.Parallel()
	c := StatusReport{Status: "Occupied", Info: strings.Repeat("ü", 300), VendorErrorCode: "a\x00b\nc", ReceivedAt: t0}.condition()
	if n := len([]rune(c.Info)); n != 255 {
		t.Errorf("info has %d characters", n)
	}
	if c.VendorErrorCode != "abc" {
		t.Errorf("%q", c.VendorErrorCode)
	}
	if c.Status != Unknown || !c.StatusAt.Equal(t0) {
		t.Errorf("a status that OCPP 1.6 does not have: %+v", c)
	}
}
