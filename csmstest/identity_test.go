package csmstest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/upkeep"
)

// Two devices with one identity: the newest wins a few times, then the newcomer is
// held off, and staff are told.
func TestLIVE_R4_TheNewcomerOfTwoWithOneIdentityIsHeldOff(t *testing.T) {
	EachWith(t, Options{TrustProxy: true}, func(w *World) {
		p := w.Point("CP1")
		var last *Conn
		for i := range 4 {
			c, err := p.Knock(Handshake{From: fmt.Sprintf("10.0.0.%d", i%2)})
			w.OK(err)
			c.Call("Heartbeat", nil)
			if last != nil {
				last.Closed()
			}
			last = c
			w.Clock.Advance(10 * time.Second)
		}
		_, err := p.Knock(Handshake{From: "10.0.0.0"})
		var refused *Refused
		if !errors.As(err, &refused) || refused.Status != 429 || refused.Header.Get("Retry-After") == "" {
			t.Fatalf("the newcomer is answered with %v", err)
		}
		last.Call("Heartbeat", nil) // the other one stays
		w.Warned("DUPLICATE_IDENTITY ERROR 0 ×1")

		w.Clock.Advance(time.Second)
		// The device that is connected may come again, and so may anybody once it is gone.
		again, err := p.Knock(Handshake{From: "10.0.0.1"})
		w.OK(err)
		again.Call("Heartbeat", nil)
		again.Drop()
		after, err := p.Knock(Handshake{From: "10.0.0.0"})
		w.OK(err)
		after.Call("Heartbeat", nil)
		w.Warned("FLAPPING WARN 0 ×5", "DUPLICATE_IDENTITY ERROR 0 ×1")
		w.Advance(upkeep.FlapWithin)
		w.Warned()
	})
}

// Behind one address it is the serial number that tells two devices apart.
func TestLIVE_R4_TwoSerialNumbersBehindOneAddress(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		for i := range 4 {
			p.Dial().Boot(M{"chargePointSerialNumber": fmt.Sprint("SN", i%2)})
			w.Clock.Advance(10 * time.Second)
		}
		_, err := p.Knock(Handshake{})
		var refused *Refused
		if !errors.As(err, &refused) || refused.Status != 429 {
			t.Fatalf("the newcomer is answered with %v", err)
		}
		rows := w.Warned("DUPLICATE_IDENTITY ERROR 0 ×1", "HARDWARE_CHANGED WARN 0 ×3")
		if rows[0].Detail != "two serial numbers" {
			w.Errorf("%+v", rows[0])
		}
		w.Clock.Advance(5 * time.Minute)
		_, err = p.Knock(Handshake{}) // nobody is shut out for ever
		w.OK(err)
	})
}

// A device that reconnects from its own address and serial is no duplicate.
func TestLIVE_R4_AReconnectIsNoDuplicate(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		for range 8 {
			p.Dial().Boot(M{"chargePointSerialNumber": "SN1"})
			w.Clock.Advance(time.Second)
		}
		w.Warned("FLAPPING WARN 0 ×7") // seven sockets were lost, though none was told as closed
	})
}

// A charge point that is out of use knocks: its operator is told of it.
func TestAPointThatIsOutOfUseIsTold(t *testing.T) {
	Each(t, func(w *World) {
		w.NewOperator("another") // so that nobody else could be told
		p := w.Point("OLD")
		invalid := asset.Invalid
		_, err := w.App.Assets.UpdateChargePoint(w.Context(), w.Scope, p.ID, asset.ChargePointChange{Status: &invalid}, 1)
		w.OK(err)
		_, _ = p.Knock(Handshake{})
		_, _ = (&Point{World: w, Identity: "NOBODYS", Key: "00"}).Knock(Handshake{})
		if row := w.Warned("UNKNOWN_STATION OLD NOTICE 0 ×1")[0]; row.Point != p.ID {
			w.Errorf("%+v", row)
		}
	})
}
