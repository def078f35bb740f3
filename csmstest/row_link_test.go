package csmstest

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/upkeep"
)

// The rows of docs/protocols/ocpp16.md about how charge points connect. Each test is named
// after its row; internal/ocpp/conformance holds the list.

// change changes a charge point as staff do.
func (p *Point) change(c asset.ChargePointChange) {
	p.Helper()
	_, err := p.App.Assets.UpdateChargePoint(p.Context(), p.Scope, p.ID, c, p.View().Version)
	p.OK(err)
}

// passes lets the only live warning end by itself.
func (w *World) passes() {
	w.Helper()
	w.Until("what was wrong is over", func() bool {
		live := w.Warnings(upkeep.Filter{States: []upkeep.State{upkeep.Open}})
		return len(live) == 1 && !live[0].GoneAt.IsZero()
	})
	w.Advance(upkeep.Hold)
	w.Warned()
}

// No sub-protocol at all counts as 1.6, unless the operator wants it named.
func TestRow01_NoSubprotocolIsOCPP16(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c, err := p.Knock(Handshake{Subprotocol: "-"})
		w.OK(err)
		c.Boot()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")

		required := asset.OfferRequired
		p.change(asset.ChargePointChange{Offer: &required})
		c.Drop()
		c, err = p.Knock(Handshake{Subprotocol: "-"})
		w.OK(err)
		if code, why := c.Closed(); code != 1002 || !strings.Contains(why, "ocpp1.6") {
			w.Errorf("closed with %d %s", code, why)
		}
		p.Connect()
	})
}

// A sub-protocol that nobody has registered is told by its prefix, or refused in words.
func TestRow02_AnUnknownSubprotocolIsRefusedInWords(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		for _, sub := range []string{"ocpp2.0.1.1", "ocpp1.65"} {
			c, err := p.Knock(Handshake{Subprotocol: sub})
			w.OK(err)
			if code, why := c.Closed(); code != 1002 || !strings.Contains(why, "ocpp1.6") {
				w.Errorf("%s is closed with %d %s", sub, code, why)
			}
			w.Until("what was offered is logged", func() bool { return len(w.Server.Lines(sub)) > 0 })
		}
		for _, sub := range []string{"ocpp1.6j", "ocpp1.6-json", "OCPP1.6"} {
			c, err := p.Knock(Handshake{Subprotocol: sub})
			w.OK(err)
			c.Boot()
		}
	})
}

// Agreed on one version, speaks another: told once per connection, and answered as was
// agreed. Staff may pin it to 1.6, whatever it offers.
func TestRow03_81_SpeaksAnotherVersionThanAgreed(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		a := c.Call("BootNotification", M{"reason": "PowerUp", "chargingStation": M{"model": "M", "vendorName": "V"}})
		if a.Str("status") != "Accepted" {
			w.Errorf("the boot is answered with %v", a)
		}
		for range 2 {
			if a := c.Try("TransactionEvent", M{"eventType": "Started"}); a.Code != "NotImplemented" {
				w.Errorf("the event is answered with %+v", a)
			}
		}
		if told := w.Server.Lines("another OCPP version"); len(told) != 1 || !strings.Contains(told[0], "chargingStation") {
			w.Errorf("told %q", told)
		}
		pinned := asset.OfferPinned
		p.change(asset.ChargePointChange{Offer: &pinned})
		c, err := p.Knock(Handshake{Subprotocol: "ocpp2.0.1"})
		w.OK(err)
		c.Boot() // in the words of 1.6
		c.Status(1, "Available")
	})
}

// An identity with characters that a path must escape; the login has it as it is.
func TestRow04_PercentEncodedIdentity(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("RDAM|123")
		for _, path := range []string{"/ocpp/RDAM%7C123", "/ocpp/RDAM%7c123/", "/ocpp/%52DAM|123"} {
			c, err := p.Knock(Handshake{Path: path})
			w.OK(err)
			c.Boot()
			c.Drop()
		}
		if r := p.refused(Handshake{Path: "/ocpp/RDAM%257C123"}); r.Status != 404 { // once, not twice
			w.Errorf("status %d", r.Status)
		}
		if r := p.refused(Handshake{User: "RDAM%7C123"}); r.Status != 401 {
			w.Errorf("status %d", r.Status)
		}
	})
}

func TestRow05_ExtraSlashes(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("charger")
		for _, path := range []string{"///ocpp///charger", "/ocpp//charger", "/ocpp/charger//"} {
			c, err := p.Knock(Handshake{Path: path})
			w.OK(err)
			c.Boot()
		}
	})
}

func TestRow06_AWholeURLAsPath(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("SERIAL")
		c, err := p.Knock(Handshake{Path: "/ocpp/ws://host:9000/CP_1/SERIAL"})
		w.OK(err)
		c.Boot()
	})
}

// What a charge point need offer is its operator's to say.
func TestRow01_WhatItNeedOffer(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		staff, path := w.Staff(authz.OpAdmin), "/api/v1/charge-points/"+p.ID.String()
		version := staff.Get(path).Header.Get("ETag")
		staff.Do("PATCH", path, M{"subprotocol": "any"}, "If-Match", version).Want(422)
		if got := staff.Do("PATCH", path, M{"subprotocol": "required"}, "If-Match", version).Want(200).Body; got.Str("subprotocol") != "required" {
			w.Errorf("%v", got)
		}
		p.Connect().Call("Heartbeat", nil)
	})
}

// Reserved bits and compression that nobody agreed to: closed with 1002, and back at once.
func TestRow10_ReservedBits(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		for _, rsv := range []byte{0x40, 0x20, 0x10} {
			c := p.Connect()
			var b bytes.Buffer
			w.OK(ws.WriteFrame(&b, ws.MaskFrame(ws.NewTextFrame([]byte(`[2,"1","Heartbeat",{}]`)))))
			frame := b.Bytes()
			frame[0] |= rsv
			_, err := c.nc.Write(frame)
			w.OK(err)
			if code, _ := c.Closed(); code != 1002 {
				w.Errorf("%x: closed with %d", rsv, code)
			}
			c = p.Connect()
			c.Call("Heartbeat", nil)
			c.Drop()
		}
	})
}

// Out of reach for a quarter of an hour and more, now and then: the session goes on, and
// what was told late is told.
func TestRow14_GapsOfNineteenMinutes(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		c.Status(1, "Charging")
		energy := 0
		for _, gap := range []time.Duration{6 * time.Minute, 19 * time.Minute} {
			w.Advance(time.Minute)
			energy += 300
			c.Meter(1, id, energy)
			c.Drop()
			w.Advance(gap / 2)
			w.Session(id).Is(session.OfflineRunning, "RUNNING")
			w.Warned("OFFLINE ERROR 0 ×1")
			measured := w.Now()
			w.Advance(gap - gap/2)
			c = p.Connect()
			energy += 2000
			c.Meter(1, id, energy, M{"timestamp": Stamp(measured)})
			w.Session(id).Is(session.Charging, "RUNNING").Delivered(w.wh(energy))
			w.passes()
		}
		c.Finish(id, 5000)
		p.Only().Is(session.Completed, "COMPLETED").Delivered(5000).Total("2.40").Flagged()
	})
}

// The key as hexadecimal text in either case, and as the bytes that it stands for.
func TestRow17_TheKeyAsTextAndAsBytes(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		raw, err := hex.DecodeString(p.Key)
		w.OK(err)
		for _, key := range []string{p.Key, strings.ToUpper(p.Key), string(raw)} {
			c, err := p.Knock(Handshake{Key: key})
			w.OK(err)
			c.Boot()
		}
	})
}

// No boot after connecting: it is asked for one, once, and charges whether it answers or not.
func TestRow18_NoBoot(t *testing.T) {
	EachWith(t, Options{BootGrace: 20 * time.Millisecond}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Dial()
		a := c.Asked("TriggerMessage")
		if a.Payload.Str("requestedMessage") != "BootNotification" {
			w.Errorf("it is asked %v", a.Payload)
		}
		a.Refuse("NotImplemented")
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		c.NotAsked()
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Settings and measurands are never tried out: connecting, charging and an error ask
// the point for nothing.
func TestRow21_NothingIsProbed(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Status(1, "Faulted", M{"errorCode": "InternalError"})
		c.Finish(id, 1000)
		w.Advance(time.Hour)
		c.NotAsked()
		c.Drop()
		p.Online().NotAsked()
	})
}
