package csmstest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

const strangersKey = "00112233445566778899aabbccddeeff00112233"

// Stranger is a charge point that nobody has registered.
func (w *World) Stranger(identity string) *Point {
	return &Point{World: w, Identity: identity, Key: strangersKey}
}

// waits is the only row of the inbox.
func (a *API) waits(identity string) M {
	a.world.Helper()
	items := a.Get("/api/v1/unknown-charge-points?identity=" + identity).Want(200).Items()
	if len(items) != 1 {
		a.world.Fatalf("the inbox has %v of %s", items, identity)
	}
	return items[0]
}

func (a *API) adopt(id string, more M) Reply {
	a.world.Helper()
	return a.Do("POST", "/api/v1/unknown-charge-points/"+id+"/adopt",
		M{"site_id": a.world.Site.ID.String(), "name": "New box", "charger_type": "AC", "connectors": []M{{"number": 1}}}.with([]M{more}))
}

// refusedWith is the status that a handshake ends with, 101 where it is let in.
func (p *Point) refusedWith(h Handshake) int {
	p.Helper()
	c, err := p.Knock(h)
	var r *Refused
	switch {
	case errors.As(err, &r):
		return r.Status
	case err != nil:
		p.Fatal(err)
	}
	c.nc.Close()
	return 101
}

// An unknown charge point says who it is and waits; staff adopt it, and it comes in with
// the key that it was given, not with the password that it knocked with.
func TestAST_R2_AnUnknownChargePointWaitsAndIsAdopted(t *testing.T) {
	Each(t, func(w *World) {
		staff, box := w.Staff(authz.OpAdmin), w.Stranger("NEW-BOX")
		c := box.Dial()
		boot := M{"chargePointVendor": "Vendor", "chargePointModel": "Model 3", "chargePointSerialNumber": "SN-7", "firmwareVersion": "1.2"}
		for range 3 { // behaviour 22
			if a := c.Call("BootNotification", boot); a.Str("status") != "Pending" || a.Int("interval") <= 0 || !a.Has("currentTime") {
				t.Fatalf("its boot is answered %v", a)
			}
		}
		c.Call("StatusNotification", M{"connectorId": 1, "status": "Available", "errorCode": "NoError"}) // behaviour 83
		c.Call("Heartbeat", nil)
		if a := c.Call("Authorize", M{"idTag": "CARD"}); a.Str("idTagInfo", "status") != "Invalid" {
			t.Errorf("a card is answered %v", a)
		}
		if a := c.Try("FirmwareStatusNotification", M{"status": "Idle"}); a.Code != "NotSupported" {
			t.Errorf("another message is answered %+v", a)
		}
		row := staff.waits("NEW-BOX")
		if row.Str("vendor") != "Vendor" || row.Str("model") != "Model 3" || row.Str("hardware_serial") != "SN-7" || row.Str("firmware") != "1.2" ||
			row.Str("address") == "" || row.Int("tries") != 1 || row.Str("key_mark") == "" {
			t.Errorf("the inbox has %v", row)
		}
		if shown := w.Staff(authz.Auditor).waits("NEW-BOX"); shown.Has("address") {
			t.Errorf("without pii.view the address shows: %v", shown)
		}
		w.Warned("UNKNOWN_STATION NEW-BOX NOTICE 0 ×1")

		made := staff.adopt(row.Str("id"), nil).Want(201).Body
		if code, _ := c.Closed(); code != 1013 {
			t.Errorf("its socket is closed with %d", code)
		}
		if got := box.refusedWith(Handshake{}); got != 401 {
			t.Errorf("with the password that it knocked with: %d", got)
		}
		known := &Point{World: w, Identity: "NEW-BOX", Key: made.Str("key")}
		known.Connect()
		if n := len(staff.Get("/api/v1/unknown-charge-points").Want(200).Items()); n != 0 {
			t.Errorf("%d rows are left in the inbox", n)
		}
		w.Until("the warning's cause is over", func() bool { return !w.Warnings(upkeep.Filter{})[0].GoneAt.IsZero() })
		w.Advance(upkeep.Hold)
		w.Warned()
	})
}

// A start or a stop of a stranger is never acknowledged, so that it keeps it; it is kept
// for the adoption, once, and the charge point sends it again itself.
func TestAST_R2_AStartOfAStrangerIsKeptAndNotAcknowledged(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD", "20.00")
		staff, box := w.Staff(authz.OpAdmin), w.Stranger("NEW-BOX")
		var start M
		for i := range 2 { // it tries again after a while
			c := box.Dial()
			if start == nil {
				start = c.StartPayload(1, "CARD", 1000)
			}
			ch := c.Later("tx-1", "StartTransaction", start)
			if code, _ := c.Closed(); code != 1013 {
				t.Fatalf("try %d: closed with %d", i, code)
			}
			if a, err := c.await(ch); err == nil {
				t.Fatalf("a start of a stranger is answered: %+v", a)
			}
			w.Clock.Advance(2 * time.Minute)
		}
		c := box.Dial()
		c.Later("mv-1", "MeterValues", c.MeterPayload(1, 5, 1200, 0)) // not acknowledged either, and not kept
		c.Closed()
		row := staff.waits("NEW-BOX")
		if row.Int("held_reports") != 1 || row.Int("tries") != 3 || row.Int("keys_seen") != 1 {
			t.Fatalf("the inbox has %v", row)
		}
		detail := staff.Get("/api/v1/unknown-charge-points/" + row.Str("id")).Want(200).Body
		if !strings.Contains(all(detail), "StartTransaction") {
			t.Errorf("what it reported: %v", detail)
		}
		made := staff.adopt(row.Str("id"), M{"keep_key": row.Str("key_mark")}).Want(201).Body
		if made.Has("key") {
			t.Errorf("it keeps its key and another is told: %v", made)
		}
		if frames := staff.Get("/api/v1/charge-points/" + made.Str("charge_point", "id") + "/frames").Want(200).Items(); len(frames) != 1 || frames[0].Str("action") != "StartTransaction" {
			t.Errorf("the frames of the new charge point: %v", frames)
		}
		known := box.Connect() // with the password that it always had
		if a := known.Call("StartTransaction", start); a.Int("transactionId") <= 0 || a.Str("idTagInfo", "status") != "Accepted" {
			t.Errorf("sent again, its start is answered %v", a)
		}
	})
}

// Whoever knocks under an identity with a password of its own gets nothing by it: staff
// adopt the password that they saw, and another one presented since is refused.
func TestAST_R2_OnlyThePasswordThatStaffSawBecomesTheKey(t *testing.T) {
	Each(t, func(w *World) {
		staff, box := w.Staff(authz.OpAdmin), w.Stranger("NEW-BOX")
		box.Dial()
		seen := staff.waits("NEW-BOX")
		thief := &Point{World: w, Identity: "NEW-BOX", Key: "ffffffffffffffffffffffffffffffff"}
		thief.Dial()
		if r := staff.adopt(seen.Str("id"), M{"keep_key": seen.Str("key_mark")}).Want(409); r.Body.Str("code") != "key_changed" {
			t.Errorf("refused with %v", r.Body)
		}
		if n := staff.waits("NEW-BOX").Int("keys_seen"); n != 2 {
			t.Errorf("%d passwords were seen", n)
		}
		for _, weak := range []string{"short", "", strings.Repeat("x", 41)} { // no key that a charge point may have
			other := &Point{World: w, Identity: "WEAK-" + fmt.Sprint(len(weak)), Key: weak}
			_, err := other.Knock(Handshake{NoKey: weak == ""})
			w.OK(err)
			if row := staff.waits(other.Identity); row.Has("key_mark") {
				t.Errorf("a password of %d characters may become a key: %v", len(weak), row)
			}
		}
		staff.adopt(seen.Str("id"), M{"keep_key": "00000000"}).Want(409)
		w.Staff(authz.OpOps).adopt(seen.Str("id"), nil).Want(403)
	})
}

// Where the operator lets no strangers knock they get 404 and staff a warning, as ever.
func TestAST_R2_AnOperatorMayKeepTheInboxShut(t *testing.T) {
	Each(t, func(w *World) {
		staff, box := w.Staff(authz.OpAdmin), w.Stranger("NEW-BOX")
		if on := staff.Get("/api/v1/onboarding").Want(200).Body; on["unknown_may_knock"] != true || on.Str("path") != "/ocpp/"+w.Operator.Code+"/" {
			t.Errorf("by itself: %v", on)
		}
		staff.Do("PUT", "/api/v1/onboarding", M{"unknown_may_knock": false}).Want(200)
		if got := box.refusedWith(Handshake{}); got != 404 {
			t.Errorf("answered %d", got)
		}
		w.Warned("UNKNOWN_STATION NEW-BOX NOTICE 0 ×1")
		if n := len(staff.Get("/api/v1/unknown-charge-points").Want(200).Items()); n != 0 {
			t.Errorf("%d rows in a shut inbox", n)
		}
	})
}

// On a platform of several operators the path says whose it is.
func TestAST_R2_TheOperatorsCodeInThePathSaysWhoseItIs(t *testing.T) {
	Each(t, func(w *World) {
		other := w.NewOperator("another")
		staff := w.Staff(authz.OpAdmin)
		box := w.Stranger("NEW-BOX")
		if got := box.refusedWith(Handshake{}); got != 404 {
			t.Errorf("without a code: %d", got)
		}
		if got := box.refusedWith(Handshake{Path: "/ocpp/999999/NEW-BOX"}); got != 404 {
			t.Errorf("with nobody's code: %d", got)
		}
		theirs := w.Stranger("THEIR-BOX")
		_, err := theirs.Knock(Handshake{Path: "/ocpp/" + other.Code + "/THEIR-BOX"})
		w.OK(err)
		_, err = box.Knock(Handshake{Path: "/ocpp//" + w.Operator.Code + "/NEW-BOX"})
		w.OK(err)
		for _, path := range []string{"/ocpp/" + other.Code, "/ocpp/" + other.Code + "/", "/ocpp/999999", "/ocpp/"} { // its name is its Basic user's
			user := "USER" + path[len("/ocpp"):]
			user = strings.ReplaceAll(user, "/", "-")
			got := w.Stranger(user).refusedWith(Handshake{Path: path, User: user})
			if want := map[bool]int{true: 101, false: 404}[strings.Contains(path, other.Code)]; got != want {
				t.Errorf("%s as %s: %d", path, user, got)
			}
		}
		inbox, err := w.App.Assets.Strangers(w.Context(), authz.ForSystem(other.ID, "test"), asset.StrangerFilter{Identity: "USER"}, page(10))
		w.OK(err)
		if len(inbox.Items) != 2 {
			t.Errorf("the inbox of the other operator has %v", inbox.Items)
		}
		items := staff.Get("/api/v1/unknown-charge-points").Want(200).Items()
		if len(items) != 1 || items[0].Str("identity") != "NEW-BOX" {
			t.Errorf("the inbox of A3E has %v", items)
		}
		w.Point("THEIRS").Connect() // a known one needs no code
	})
}

// Ignored and forgotten: an ignored one gets 404 and no warning; a forgotten one is new.
func TestAST_R2_IgnoreAndForget(t *testing.T) {
	Each(t, func(w *World) {
		staff, box := w.Staff(authz.OpAdmin), w.Stranger("NEW-BOX")
		c := box.Dial()
		path := "/api/v1/unknown-charge-points/" + staff.waits("NEW-BOX").Str("id")
		staff.Do("POST", path+"/ignore", M{"ignored": true}).Want(200)
		c.Closed()
		w.Clock.Advance(time.Hour)
		if got := box.refusedWith(Handshake{}); got != 404 {
			t.Errorf("an ignored one is answered %d", got)
		}
		if row := staff.waits("NEW-BOX"); row["ignored"] != true || row.Int("tries") != 2 {
			t.Errorf("%v", row)
		}
		if n := len(staff.Get("/api/v1/unknown-charge-points?ignored=false").Want(200).Items()); n != 0 {
			t.Errorf("%d rows that are not ignored", n)
		}
		staff.Do("DELETE", path, nil).Want(204)
		typed := w.Stranger("TYPED")
		typed.Dial()
		w.Point("TYPED").Connect() // registered by hand: it waits no longer
		if n := len(staff.Get("/api/v1/unknown-charge-points?identity=TYPED").Want(200).Items()); n != 0 {
			t.Errorf("%d rows of one that is registered", n)
		}
		if got := box.refusedWith(Handshake{}); got != 101 {
			t.Errorf("a forgotten one is answered %d", got)
		}
		staff.Do("DELETE", path, nil).Want(404)
	})
}

// A flood of made-up identities fills neither the inbox nor the list of warnings, and the
// one that waits there with something to tell is not pushed out.
func TestAST_R2_AFloodOfIdentitiesIsBounded(t *testing.T) {
	EachWith(t, Options{TrustProxy: true}, func(w *World) {
		c := w.Stranger("NEW-BOX").Dial()
		c.Call("BootNotification", M{"chargePointVendor": "V", "chargePointModel": "M"})
		for i := range 400 {
			p := &Point{World: w, Identity: fmt.Sprint("FLOOD-", i), Key: "00"}
			if flood, err := p.Knock(Handshake{From: fmt.Sprintf("10.0.%d.%d", i%7, i)}); err == nil {
				flood.nc.Close()
			}
			w.Clock.Advance(time.Second)
		}
		list, err := w.App.Assets.Strangers(w.Context(), w.Scope, asset.StrangerFilter{Identity: "NEW"}, page(10))
		w.OK(err)
		if len(list.Items) != 1 {
			t.Errorf("who told what it is was pushed out")
		}
		list, err = w.App.Assets.Strangers(w.Context(), w.Scope, asset.StrangerFilter{}, page(10))
		w.OK(err)
		if list.Total < 100 || list.Total > asset.MaxStrangers {
			t.Errorf("the inbox has %d rows", list.Total)
		}
		if n := len(w.Warnings(upkeep.Filter{States: []upkeep.State{upkeep.Open}})); n > upkeep.UnknownLive+1 {
			t.Errorf("%d warnings", n)
		}
	})
}

// Behaviour 7: a box that connects under its serial number, or without any name in its
// path, is the charge point that staff say it is.
func TestRow07_AnotherIdentityOrNone(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		p.Dial().Boot(M{"chargePointSerialNumber": "SN-7"})
		box := &Point{World: w, ID: p.ID, Identity: "SN-7", Key: p.Key} // CP1/SN-7: it appends what it is
		_, err := box.Knock(Handshake{Path: "/ocpp/CP1/SN-7", User: "CP1"})
		w.OK(err)
		box.Dial().Call("BootNotification", M{"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "SN-7"})
		row := staff.waits("SN-7")
		path := "/api/v1/unknown-charge-points/" + row.Str("id")
		if d := staff.Get(path).Want(200).Body; d.Str("charge_point_id") != p.ID.String() {
			t.Errorf("its serial number names no charge point: %v", d)
		}
		staff.Do("POST", path+"/alias", M{"charge_point_id": p.ID.String(), "reason": "same box"}).Want(200)
		for _, user := range []string{"CP1", "SN-7"} {
			c, err := box.Knock(Handshake{Path: "/ocpp/CP1/SN-7", User: user})
			w.OK(err)
			c.Boot()
		}
		if got := box.refusedWith(Handshake{Path: "/ocpp/SN-7", User: "SN-7", Key: strangersKey}); got != 401 {
			t.Errorf("another key under the other name: %d", got)
		}
		for _, path := range []string{"/ocpp/", "/ocpp/" + w.Operator.Code, "/ocpp//"} {
			c, err := p.Knock(Handshake{Path: path})
			w.OK(err)
			c.Boot()
		}
		_, _, err = w.App.Assets.CreateChargePoint(w.Context(), w.Scope, asset.NewChargePoint{Site: w.Site.ID, Identity: "SN-7", Name: "x", Type: asset.AC})
		if err == nil {
			t.Error("an identity that a charge point has beside its own was given away")
		}
		staff.Do("DELETE", "/api/v1/charge-points/"+p.ID.String()+"/aliases/SN-7", nil).Want(204)
		if got := box.refusedWith(Handshake{}); got != 101 || len(staff.Get("/api/v1/unknown-charge-points").Want(200).Items()) != 1 {
			t.Errorf("without the other name it is no stranger: %d", got)
		}
	})
}

func page(n int) operator.Page { return operator.Page{Limit: n} }
