package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// The rows of docs/protocols/ocpp16.md about what single messages look like.

// connector is a connector as stored now.
func (p *Point) connector(number int) asset.Connector {
	p.Helper()
	for _, c := range p.View().Connectors {
		if c.Number == number {
			return c
		}
	}
	p.Fatalf("the point has no connector %d", number)
	return asset.Connector{}
}

// A time with half a zone is read as what it means.
func TestRow29_HalfAZone(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		began := w.Now().Truncate(time.Second)
		id := c.Charge(1, "CARD1", 0, M{"timestamp": began.Add(2*time.Hour).Format("2006-01-02T15:04:05") + "+02"})
		if at := w.Session(id).StartedAt; !at.Equal(began) {
			w.Errorf("started at %v, want %v", at, began)
		}
		w.Advance(2 * time.Minute)
		c.Finish(id, 1000)
		s := p.Only().Is(session.Completed, "COMPLETED").Flagged("NO_SAMPLES")
		if !strings.Contains(strings.Join(s.Reports()[0].Flaws, " "), "/timestamp") {
			w.Errorf("the flaws kept are %q", s.Reports()[0].Flaws)
		}
	})
}

// 1970 before the clock was first set: the time of receipt counts, what was sent is kept.
func TestRow30_NineteenSeventyBeforeTheFirstBoot(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Dial()
		c.Authorize("CARD1")
		id := c.Charge(1, "CARD1", 0, M{"timestamp": "1970-01-01T00:00:12Z"})
		s := w.Session(id).Flagged("CLOCK")
		if !s.StartedAt.Equal(w.Now()) || s.StartDevice.Year() != 1970 || !strings.Contains(string(s.Reports()[0].Payload), "1970-01-01T00:00:12Z") {
			w.Errorf("started at %v, by its clock %v", s.StartedAt, s.StartDevice)
		}
		c.Boot()
		w.Advance(2 * time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged("CLOCK", "NO_SAMPLES")
	})
}

// The year one is no time, and nothing breaks of it.
func TestRow31_TheYearOne(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		zero := M{"timestamp": "0001-01-01T00:00:00Z"}
		c.Status(1, "Preparing", zero)
		id := c.Charge(1, "CARD1", 0, zero)
		w.Advance(time.Minute)
		c.Meter(1, id, 500, M{"timestamp": "0001-01-01T00:00:00Z"})
		w.Advance(time.Minute)
		c.Finish(id, 1000, zero)
		s := p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged("CLOCK")
		if s.EndedAt.Sub(s.StartedAt) != 2*time.Minute || p.connector(1).Status != asset.Preparing {
			w.Errorf("it lasted %v, the connector is %s", s.EndedAt.Sub(s.StartedAt), p.connector(1).Status)
		}
	})
}

// A status that is hours old is told after a reconnect: what is live stays. Local time
// labelled Z lies ahead, and shuts out nothing that follows.
func TestRow32_AStatusThatIsHoursOld(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Charging")
		c.Drop()
		w.Advance(3 * time.Hour)
		c = p.Connect()
		c.Status(1, "SuspendedEV")
		c.Status(1, "Faulted", M{"errorCode": "OtherError", "timestamp": Stamp(w.Now().Add(-2 * time.Hour))})
		if got := p.connector(1); got.Status != asset.SuspendedEV || got.HasError() {
			w.Errorf("the connector is %s %s", got.Status, got.ErrorCode)
		}
		c.Status(1, "Finishing", M{"timestamp": Stamp(w.Now().Add(2 * time.Hour))})
		if got := p.connector(1); got.Status != asset.Finishing || got.StatusAt.After(w.Now()) {
			w.Errorf("the connector is %s since %v", got.Status, got.StatusAt)
		}
		w.Advance(time.Second)
		c.Status(1, "Available")
		if got := p.connector(1).Status; got != asset.Available {
			w.Errorf("the connector is %s", got)
		}
	})
}

// Values without a time, out of order, with blanks.
func TestRow33_ValuesWithoutTimeOrOrder(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(3 * time.Minute)
		value := func(v string, ago time.Duration) M {
			return M{"timestamp": Stamp(w.Now().Add(-ago)), "sampledValue": []any{M{"value": v}}}
		}
		c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, "meterValue": []any{
			value(" 900 ", 30*time.Second), value("300", 2*time.Minute), value("\t600", time.Minute)}})
		s := w.Session(id).Delivered(900).Flagged()
		var got []unit.Wh
		for _, x := range s.Samples() {
			got = append(got, x.Energy)
		}
		if len(got) != 3 || got[0] != 300 || got[1] != 600 || got[2] != 900 {
			w.Errorf("the samples are %v", got)
		}
		c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, "meterValue": []any{M{"sampledValue": []any{M{"value": "950"}}}}})
		if got := w.Session(id).Delivered(950).Samples(); len(got) != 4 || !got[3].At.Equal(w.Now()) {
			w.Errorf("the value without a time is at %v", got)
		}
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Serial numbers that are longer than OCPP has room for are kept whole.
func TestRow34_LongSerialNumbers(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		long := "EVB3S22P4RI-1804A0123456-N123-XYZ"
		c.Boot(M{"chargePointSerialNumber": long, "meterSerialNumber": long + long})
		if v := p.View(); v.Serial != long || v.MeterSerial != long+long {
			w.Errorf("kept are %q and %q", v.Serial, v.MeterSerial)
		}
	})
}

// An info of more than 50 characters is kept whole; screens cut what they show.
func TestRow35_LongInfo(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		long := strings.Repeat("contactor 3 reports a weld; ", 8)
		c.Status(1, "Available", M{"info": long})
		if got := p.connector(1); got.Info != long || got.Status != asset.Available {
			w.Errorf("kept is %q", got.Info)
		}
	})
}

// An error code that OCPP does not have is kept as it came, and counts as OtherError.
func TestRow36_AnErrorCodeOfItsOwn(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Faulted", M{"errorCode": "Error"})
		if got := p.connector(1); got.ErrorCode != "Error" || got.Status != asset.Faulted {
			w.Errorf("kept is %s %s", got.Status, got.ErrorCode)
		}
		if rows := w.Warned("CONNECTOR_ERROR OtherError ERROR 1 ×1"); rows[0].Detail != "Error" {
			w.Errorf("%+v", rows[0])
		}
		c.Status(1, "Available")
		w.passes()
	})
}

// "null" and 0x0000 where there is nothing to say.
func TestRow37_WordsForNothing(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		c.Boot(M{"iccid": "null", "imsi": "NULL", "meterType": "0x0000", "firmwareVersion": "1.2"})
		c.Status(1, "Available", M{"vendorErrorCode": "0x0000", "info": "null"})
		if v := p.View(); v.ICCID != "" || v.IMSI != "" || v.MeterType != "" || v.Firmware != "1.2" {
			w.Errorf("kept are %q, %q, %q, %q", v.ICCID, v.IMSI, v.MeterType, v.Firmware)
		}
		if got := p.connector(1); got.VendorErrorCode != "" || got.Info != "" {
			w.Errorf("kept are %q, %q", got.VendorErrorCode, got.Info)
		}
		w.Warned()
	})
}

// An error code beside Finishing, at the end of each charge: no warning each time.
func TestRow38_AnErrorCodeBesideFinishing(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		for range 5 {
			c.Status(1, "Charging")
			c.Status(1, "Finishing", M{"errorCode": "EVCommunicationError"})
			c.Status(1, "Available")
			w.Advance(time.Minute)
		}
		w.Warned()
		c.Status(1, "Finishing", M{"errorCode": "GroundFailure"}) // what may hurt somebody is told all the same
		w.Warned("CONNECTOR_ERROR GroundFailure CRITICAL 1 ×1")
	})
}

// The card comes back mutilated in the stop: its number says whose it is.
func TestRow39_AMutilatedCardInTheStop(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		for _, card := range []string{"CARD1\x00\x00\xff\xff", strings.Repeat("CARD1", 8), "ARD1"} {
			id := c.Charge(1, "CARD1", 1000)
			w.Advance(2 * time.Minute)
			c.Meter(1, id, 1000)
			if a := c.Finish(id, 1000, M{"idTag": card}); a.Str("idTagInfo", "status") != "Invalid" {
				w.Errorf("%q is answered with %v", card, a)
			}
			if s := w.Session(id).Is(session.Completed, "COMPLETED").Flagged(); s.TokenUID != "CARD1" || s.Driver != d.ID {
				w.Errorf("it is the session of %q", s.TokenUID)
			}
			w.Advance(time.Minute)
		}
	})
}

// Colons, blanks and case make no other card; what came is kept.
func TestRow40_OneCardInManySpellings(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		d := w.Driver("04A1B2C3", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		register := 0
		for _, card := range []string{"04:a1:b2:c3", " 04A1B2C3", "04-A1-B2-C3", "04 a1 b2 c3"} {
			if got := c.Authorize(card); got != "Accepted" {
				w.Errorf("%q is %s", card, got)
			}
			id := c.Charge(1, card, register)
			w.Advance(time.Minute)
			register += 100
			c.Finish(id, register, M{"idTag": strings.ToUpper(card)})
			if s := w.Session(id).Is(session.Completed, "COMPLETED"); s.TokenUID != card || s.Driver != d.ID {
				w.Errorf("%q is kept as %q", card, s.TokenUID)
			}
			w.Advance(time.Minute)
		}
	})
}

// A status before the boot is answered is taken.
func TestRow83_AStatusBeforeTheBootAndWhileItIsPending(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		c.Status(1, "Available")
		if got := p.connector(1).Status; got != asset.Available {
			w.Errorf("the connector is %s", got)
		}
		c.Boot()
		s := w.Stranger("NEW-BOX").Dial() // nobody else's boot is ever pending
		if a := s.Call("BootNotification", M{"chargePointVendor": "V", "chargePointModel": "M"}); a.Str("status") != "Pending" {
			w.Errorf("its boot is answered %v", a)
		}
		s.Status(1, "Available")
		s.Call("Heartbeat", nil)
	})
}

// Nothing is said of connector 0: the point is what its connectors are.
func TestRow84_NoStatusOfConnectorZero(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1", 2)
		c := p.Online()
		for _, x := range []struct {
			number int
			status string
			want   asset.PointStatus
		}{{1, "Available", asset.PointAvailable}, {2, "Charging", asset.PointCharging}, {1, "Faulted", asset.PointFault}, {1, "Available", asset.PointCharging}} {
			c.Status(x.number, x.status)
			if got := p.View().PointStatus; got != x.want {
				w.Errorf("after %s of %d the point is %s, want %s", x.status, x.number, got, x.want)
			}
		}
		w.Staff(authz.OpOps).Get("/api/v1/charge-points/" + p.ID.String())
	})
}
