package asset

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func con(number int, s ConnectorStatus, code string) Connector {
	return Connector{Number: number, Condition: Condition{Status: s, ErrorCode: code}}
}

func TestRollUpTakesTheWorst(t *testing.T) {
	t.Parallel()
	own := func(s ConnectorStatus, code string) Condition { return Condition{Status: s, ErrorCode: code} }
	for _, c := range []struct {
		why    string
		online bool
		own    Condition
		cons   []Connector
		want   PointStatus
	}{
		{"offline hides everything else", false, own(Faulted, ""), []Connector{con(1, Charging, "")}, PointOffline},
		{"a fault of one plug is a fault of the point", true, own(Available, ""), []Connector{con(1, Charging, ""), con(2, Faulted, "GroundFailure")}, PointFault},
		{"a fault of the device itself", true, own(Faulted, "InternalError"), []Connector{con(1, Available, "")}, PointFault},
		{"maintenance before charging", true, own(Unknown, ""), []Connector{con(1, Charging, ""), con(2, Unavailable, "")}, PointMaintenance},
		{"the device takes itself out", true, own(Unavailable, ""), []Connector{con(1, Available, "")}, PointMaintenance},
		{"an error code without a fault is an alarm", true, own(Unknown, ""), []Connector{con(1, Charging, "WeakSignal")}, PointAlarm},
		{"NoError is no error", true, own(Available, "NoError"), []Connector{con(1, Charging, "NoError")}, PointCharging},
		{"an error code beside Finishing raises no alarm (behaviour 38)", true, own(Unknown, ""), []Connector{con(1, Finishing, "OtherError")}, PointFinishing},
		{"charging before suspended", true, own(Unknown, ""), []Connector{con(1, SuspendedEV, ""), con(2, Charging, "")}, PointCharging},
		{"both ways of pausing", true, own(Unknown, ""), []Connector{con(1, SuspendedEVSE, ""), con(2, Available, "")}, PointSuspended},
		{"occupied before reserved", true, own(Unknown, ""), []Connector{con(1, Reserved, ""), con(2, Finishing, "")}, PointFinishing},
		{"reserved before preparing", true, own(Unknown, ""), []Connector{con(1, Preparing, ""), con(2, Reserved, "")}, PointReserved},
		{"preparing before available", true, own(Unknown, ""), []Connector{con(1, Available, ""), con(2, Preparing, "")}, PointPreparing},
		{"no word of connector 0 (behaviour 84)", true, own(Unknown, ""), []Connector{con(1, Available, "")}, PointAvailable},
		{"connector 0 available says nothing of the plugs", true, own(Available, ""), []Connector{con(1, Unknown, "")}, PointPending},
		{"nothing reported yet", true, own(Unknown, ""), nil, PointPending},
	} {
		if got := RollUp(c.online, c.own, c.cons); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

func TestRollUpDoesNotDependOnTheOrderOfConnectors(t *testing.T) {
	t.Parallel()
	states := []ConnectorStatus{Unknown, Available, Preparing, Charging, SuspendedEV, SuspendedEVSE, Finishing, Reserved, Unavailable, Faulted}
	for _, a := range states {
		for _, b := range states {
			one := RollUp(true, Condition{}, []Connector{con(1, a, ""), con(2, b, "")})
			two := RollUp(true, Condition{}, []Connector{con(1, b, ""), con(2, a, "")})
			if one != two {
				t.Errorf("%s and %s give %s or %s", a, b, one, two)
			}
		}
	}
}

func TestOnlineHasGraceAndEndsInSilence(t *testing.T) {
	t.Parallel()
	sec := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }
	open := Connection{ConnectedAt: t0, LastSeenAt: sec(600)}
	closed := Connection{ConnectedAt: t0, LastSeenAt: sec(600), DisconnectedAt: sec(630)}
	dead := Connection{ConnectedAt: t0, LastSeenAt: sec(0), DisconnectedAt: sec(3600)}
	for _, c := range []struct {
		why  string
		c    Connection
		at   time.Time
		want bool
	}{
		{"never connected", Connection{}, t0, false},
		{"open and talking", open, sec(601), true},
		{"open and silent, not yet too long", open, sec(600).Add(Silence - 1), true},
		{"open and silent for too long: half-open", open, sec(600).Add(Silence), false},
		{"closed a moment ago: grace (LIVE-R1)", closed, sec(630).Add(Grace - 1), true},
		{"closed longer than the grace", closed, sec(630).Add(Grace), false},
		{"noticed as closed long after its last word: no grace", dead, sec(3601), false},
	} {
		if got := c.c.Online(c.at); got != c.want {
			t.Errorf("%s: online %v", c.why, got)
		}
	}
}

func TestPointStatusNowIsOfflineOrTheRollUp(t *testing.T) {
	t.Parallel()
	p := ChargePoint{Connection: Connection{ConnectedAt: t0, LastSeenAt: t0}, Rolled: PointCharging}
	if got := p.PointStatus(t0); got != PointCharging {
		t.Errorf("online: %s", got)
	}
	if got := p.PointStatus(t0.Add(Silence)); got != PointOffline {
		t.Errorf("silent: %s", got)
	}
}
