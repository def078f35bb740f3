package csmstest

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// keeper is the part of a charge point that keeps a local list; it answers what it is
// asked by OCPP 1.6 §5.10 and §5.15.
type keeper struct {
	*Conn
	perMessage, most int
	version          int64
	cards            map[string]string // idTag → parentIdTag
	messages         []string          // "Full 1 2+0": version, cards given, cards taken off
}

func keeps(c *Conn, perMessage, most int) *keeper {
	return &keeper{Conn: c, perMessage: perMessage, most: most, cards: map[string]string{}}
}

// answer answers one question, which must be this one.
func (k *keeper) answer(action string) {
	k.Helper()
	a := k.Asked(action)
	switch action {
	case "GetConfiguration":
		key := func(name string, v any) M { return M{"key": name, "readonly": true, "value": fmt.Sprint(v)} }
		a.Reply(M{"configurationKey": []any{key("LocalAuthListEnabled", true), key("LocalAuthListMaxLength", k.most), key("SendLocalListMaxLength", k.perMessage)}})
	case "GetLocalListVersion":
		a.Reply(M{"listVersion": k.version})
	case "SendLocalList":
		k.take(a)
		a.Accept()
	}
}

func (k *keeper) take(a Asked) {
	k.Helper()
	full, on, off := a.Payload.Str("updateType") == "Full", 0, 0
	if full {
		clear(k.cards)
	}
	entries, _ := a.Payload["localAuthorizationList"].([]any)
	for _, x := range entries {
		e := M(x.(map[string]any))
		if e.Has("idTagInfo") {
			on++
			k.cards[e.Str("idTag")] = e.Str("idTagInfo", "parentIdTag")
		} else {
			off++
			delete(k.cards, e.Str("idTag"))
		}
	}
	if n := a.Payload.Int("listVersion"); n <= k.version || n < 1 {
		k.Errorf("version %d is sent to a device that has %d", n, k.version)
	}
	k.version = a.Payload.Int("listVersion")
	k.messages = append(k.messages, fmt.Sprintf("%s %d %d-%d", a.Payload.Str("updateType"), k.version, on, off))
}

// whole answers a push of the whole list in one part.
func (k *keeper) whole() {
	k.Helper()
	for _, a := range []string{"GetConfiguration", "GetLocalListVersion", "SendLocalList", "GetLocalListVersion"} {
		k.answer(a)
	}
}

// changes answers a push of what changed, in one part.
func (k *keeper) changes() {
	k.Helper()
	for _, a := range []string{"GetLocalListVersion", "SendLocalList", "GetLocalListVersion"} {
		k.answer(a)
	}
}

// list makes a local list of all cards for charge points.
func (w *World) list(n member.NewLocalList, points ...*Point) member.ListView {
	w.Helper()
	for _, p := range points {
		n.Points = append(n.Points, p.ID)
	}
	if n.Name == "" {
		n.Name = "Depot"
	}
	if n.Cards == "" {
		n.Cards = member.CardsAll
	}
	l, err := w.App.Members.CreateLocalList(w.Context(), w.Scope, n)
	w.OK(err)
	w.sweep()
	return l
}

// sweep runs what is due of local lists, without moving the clock.
func (w *World) sweep() {
	w.Helper()
	for range 3 {
		_, err := w.App.Members.SweepLists(w.Context(), w.Now())
		w.OK(err)
	}
}

// pushed waits until the list stands so.
func (w *World) pushed(l member.ListView, want member.PushState) member.ListView {
	w.Helper()
	var v member.ListView
	w.eventually(func() bool {
		var err error
		v, err = w.App.Members.LocalList(w.Context(), w.Scope, l.ID)
		w.OK(err)
		return v.Pushes.State() == want
	}, func() { w.Fatalf("the list is %s, want %s: %+v", v.Pushes.State(), want, v.Pushes) })
	return v
}

// listPoint waits until a charge point of the list stands so.
func (w *World) listPoint(l member.ListView, p *Point, want member.PushState) member.ListPointRow {
	w.Helper()
	var row member.ListPointRow
	w.eventually(func() bool {
		rows, err := w.App.Members.ListPoints(w.Context(), w.Scope, l.ID, member.ListPointFilter{}, operator.Page{})
		w.OK(err)
		for _, r := range rows.Items {
			if r.Point == p.ID {
				row = r
			}
		}
		return row.State == want
	}, func() { w.Fatalf("%s is %s, want %s: %+v", p.Identity, row.State, want, row) })
	return row
}

// Three charge points, one offline, one that keeps no list: one of three is done and the
// list is done in part; who comes back gets the newest.
//
// shows: SendLocalList, GetLocalListVersion
func TestUSR_A1_OneOfThreeAndTheOtherWhenItIsBack(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("13ADF65A", "10.00")
		w.Driver("POOR", "0")
		p1, p2, p3 := w.Point("CP1"), w.Point("CP2"), w.Point("CP3")
		k1, c3 := keeps(p1.Online(), 500, 1000), p3.Dial()
		c3.bootAs("V", "None", "1", "C") // what it refuses is learned of its model
		w.Advance(2 * time.Minute)
		l := w.list(member.NewLocalList{}, p1, p2, p3)
		k1.whole()
		c3.Asked("GetConfiguration").Reply(M{"unknownKey": []any{"SendLocalListMaxLength"}})
		c3.Asked("GetLocalListVersion").Refuse("NotSupported")
		v := w.pushed(l, member.PushPartial)
		w.listPoint(l, p1, member.PushSuccess)
		w.listPoint(l, p3, member.PushNotSupported)
		w.listPoint(l, p2, member.PushQueued)
		if v.Pushes.Points() != 3 || v.Pushes.Count[member.PushSuccess] != 1 || v.Entries != 1 {
			w.Errorf("%d points, %d of them done, %d cards", v.Pushes.Points(), v.Pushes.Count[member.PushSuccess], v.Entries)
		}
		// LAL-R8: the card, its status and the account, no name; LAL-R1: not who has nothing.
		if len(k1.cards) != 1 || k1.cards["13ADF65A"] != d.ChargingAccount {
			w.Errorf("the device has %v", k1.cards)
		}
		w.Driver("144E7EDA", "10.00")
		w.Until("the new card is seen", func() bool {
			w.Clock.Advance(2 * time.Second)
			w.sweep()
			v, err := w.App.Members.LocalList(w.Context(), w.Scope, l.ID)
			w.OK(err)
			return v.Entries == 2
		})
		k1.changes()
		k2 := keeps(p2.Connect(), 500, 1000)
		w.Until("it is seen that it is back", func() bool { w.sweep(); return w.listPoint(l, p2, w.stateOf(l, p2)).Asking != "" })
		k2.whole()
		w.listPoint(l, p2, member.PushSuccess)
		if v := w.pushed(l, member.PushPartial); v.Pushes.Count[member.PushSuccess] != 2 || v.Pushes.Cards != 2 || len(k2.cards) != 2 {
			w.Errorf("%+v, and the second has %v", v.Pushes, k2.cards)
		}
		if got := fmt.Sprint(k1.messages, k2.messages); got != "[Full 1 1-0 Differential 2 1-0] [Full 1 2-0]" {
			w.Errorf("sent: %s", got)
		}
	})
}

func (w *World) stateOf(l member.ListView, p *Point) member.PushState {
	w.Helper()
	rows, err := w.App.Members.ListPoints(w.Context(), w.Scope, l.ID, member.ListPointFilter{}, operator.Page{})
	w.OK(err)
	for _, r := range rows.Items {
		if r.Point == p.ID {
			return r.State
		}
	}
	return ""
}

// 1,200 cards in parts of 500: the first is whole, the others are changes, each with the
// next version, and it is done when the device says the last one. Cut off after the first
// it is not, and goes on where it stood.
func TestUSR_A2_APushInParts(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		n := member.NewLocalList{Cards: member.CardsManual, WithoutBalance: true}
		d := w.Driver("CARD", "0")
		for i := range 1200 {
			h, err := w.App.Members.CreateToken(w.Context(), w.Scope, member.Token{Driver: d.ID, UID: fmt.Sprintf("CARD%04d", i)})
			w.OK(err)
			n.Tokens = append(n.Tokens, h.Token.ID)
		}
		k := keeps(p.Online(), 500, 2000)
		l := w.list(n, p)
		k.answer("GetConfiguration")
		k.answer("GetLocalListVersion")
		k.answer("SendLocalList")
		k.Asked("SendLocalList") // it is cut off before it answers
		if row := w.listPoint(l, p, member.PushPushing); row.Chunk != 1 || row.Chunks != 3 {
			w.Errorf("part %d of %d", row.Chunk, row.Chunks)
		}
		k.Drop()
		w.listPoint(l, p, member.PushQueued)
		k.Conn = p.Connect()
		w.Until("it is asked again", func() bool { w.sweep(); return w.stateOf(l, p) == member.PushPushing })
		k.answer("GetConfiguration")
		k.answer("GetLocalListVersion")
		k.answer("SendLocalList")
		k.answer("SendLocalList")
		if row := w.listPoint(l, p, member.PushPushing); row.SucceededAt != (time.Time{}) {
			w.Error("it counts as done before the device has said so")
		}
		k.answer("GetLocalListVersion")
		row := w.listPoint(l, p, member.PushSuccess)
		if got := fmt.Sprint(k.messages); got != "[Full 1 500-0 Differential 2 500-0 Differential 3 200-0]" || len(k.cards) != 1200 || row.Cards != 1200 {
			w.Errorf("%s; the device has %d cards, and we say %d", got, len(k.cards), row.Cards)
		}
	})
}

// A device that forgot its list at a restart: out of sync, and it gets all of it. So does
// one that was changed by somebody else, at night.
func TestUSR_A3_AnOlderVersionAfterARestart(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.whole()
		w.pushed(l, member.PushSuccess)
		k.Drop()
		k.version, k.cards = 0, map[string]string{}
		k.Conn = p.Connect()
		asked := func() bool { w.Clock.Advance(10 * time.Second); w.sweep(); return w.asking(l, p) != "" }
		w.Until("it is asked what it has", asked)
		k.answer("GetLocalListVersion")
		if row := w.listPoint(l, p, member.PushOutOfSync); row.Detail == "" || *row.Reported != 0 {
			w.Errorf("%+v", row)
		}
		w.sweep()
		k.whole()
		w.pushed(l, member.PushSuccess)
		if got := fmt.Sprint(k.messages); got != "[Full 1 1-0 Full 2 1-0]" {
			w.Error(got)
		}
		k.version = 7 // LAL-R5: the night's look
		w.Until("it is asked at night", func() bool { w.Advance(time.Hour); w.sweep(); return w.asking(l, p) != "" })
		k.answer("GetLocalListVersion")
		w.listPoint(l, p, member.PushOutOfSync)
		w.sweep()
		k.whole()
		w.pushed(l, member.PushSuccess)
		if k.version != 8 {
			w.Errorf("the new version is %d", k.version)
		}
	})
}

func (w *World) asking(l member.ListView, p *Point) member.Asking {
	w.Helper()
	return w.listPoint(l, p, w.stateOf(l, p)).Asking
}

// A listed card starts while the network is away; the report comes later, and is billed to
// its account.
func TestUSR_A4_AnOfflineStartOfAListedCardIsBilled(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.whole()
		w.pushed(l, member.PushSuccess)
		k.Drop()
		began := w.Now()
		w.Advance(2 * time.Hour)
		c := p.Connect()
		id := c.Charge(1, "CARD1", 0, M{"timestamp": Stamp(began.Add(10 * time.Minute))})
		c.Finish(id, 10000, M{"timestamp": Stamp(began.Add(70 * time.Minute))})
		s := w.Session(id).Is(session.Completed, "COMPLETED").Total("4.80")
		if s.Driver != d.ID || !s.StartedAt.Equal(began.Add(10*time.Minute)) {
			w.Errorf("the session is of %v, from %v", s.Driver, s.StartedAt)
		}
		d.Has("5.20", "0.00")
	})
}

// A disabled card is refused online at once, and offline once the device has let go of it
// (LAL-R4).
func TestUSR_A5_ADisabledCardIsTakenOff(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "10.00")
		w.Driver("CARD2", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.whole()
		w.pushed(l, member.PushSuccess)
		off := member.TokenDisabled
		_, err := w.App.Members.UpdateToken(w.Context(), w.Scope, d.Card.ID, member.TokenChange{Status: &off}, d.Card.Version)
		w.OK(err)
		if got := k.Authorize("CARD1"); got != "Blocked" {
			w.Errorf("the tap is answered %s", got)
		}
		w.Until("the list is worked out", func() bool { w.Clock.Advance(2 * time.Second); w.sweep(); return w.asking(l, p) != "" })
		k.changes()
		w.pushed(l, member.PushSuccess)
		if _, still := k.cards["CARD1"]; still || len(k.cards) != 1 || k.messages[1] != "Differential 2 0-1" {
			w.Errorf("the device has %v after %v", k.cards, k.messages)
		}
		// An invalid list takes every card off, and can be deleted then.
		l, err = w.App.Members.LocalList(w.Context(), w.Scope, l.ID)
		w.OK(err)
		if err := w.App.Members.DeleteLocalList(w.Context(), w.Scope, l.ID, l.Version); err == nil {
			w.Error("a list that is on a device was deleted")
		}
		invalid := member.ListInvalid
		l, err = w.App.Members.UpdateLocalList(w.Context(), w.Scope, l.ID, member.LocalListChange{Status: &invalid}, l.Version)
		w.OK(err)
		w.sweep()
		k.changes()
		w.pushed(l, member.PushSuccess)
		if len(k.cards) != 0 {
			w.Errorf("the device has %v", k.cards)
		}
		w.OK(w.App.Members.DeleteLocalList(w.Context(), w.Scope, l.ID, l.Version))
	})
}

// A change that the device does not take is followed by all of it at once; all of it that
// it does not take, by three more tries with growing pauses.
func TestLAL_R3_RefusedParts(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.whole()
		w.pushed(l, member.PushSuccess)
		w.Driver("CARD2", "10.00")
		w.Until("the list is worked out", func() bool { w.Clock.Advance(2 * time.Second); w.sweep(); return w.asking(l, p) != "" })
		k.answer("GetLocalListVersion")
		k.Asked("SendLocalList").Reply(M{"status": "VersionMismatch"})
		k.answer("SendLocalList")
		k.answer("GetLocalListVersion")
		w.pushed(l, member.PushSuccess)
		if got := k.messages[1]; got != "Full 2 2-0" {
			w.Errorf("after the mismatch: %s", got)
		}
		w.Staff(authz.OpAdmin).Do("POST", "/api/v1/local-lists/"+l.ID.String()+"/push", M{}).Want(200)
		w.sweep()
		for try := range 4 {
			k.answer("GetConfiguration")
			k.answer("GetLocalListVersion")
			k.Asked("SendLocalList").Reply(M{"status": "Failed"})
			if try < 3 {
				if row := w.listPoint(l, p, member.PushQueued); row.Tries != try+1 || row.Detail == "" {
					w.Errorf("try %d: %+v", try, row)
				}
				w.sweep()
				k.NotAsked()
				w.Clock.Advance(11 * time.Minute)
				k.Call("Heartbeat", nil)
				w.App.Door.Seen(w.Context())
				w.sweep()
			}
		}
		w.listPoint(l, p, member.PushFailed)
		w.Warned("LIST_PUSH_FAILED WARN 0 ×1")
		if w.pushed(l, member.PushFailed).Pushes.Points() != 1 {
			w.Error("the list does not say so")
		}
	})
}

// More cards than the device keeps are not sent; a device that says that its list is turned
// off gets none (LAL-R2).
func TestLAL_R2_WhatADeviceCanKeep(t *testing.T) {
	Each(t, func(w *World) {
		for _, card := range []string{"CARD1", "CARD2", "CARD3"} {
			w.Driver(card, "10.00")
		}
		p, off := w.Point("CP1"), w.Point("CP2")
		k, c := keeps(p.Online(), 2, 2), off.Online()
		l := w.list(member.NewLocalList{}, p, off)
		k.answer("GetConfiguration")
		k.answer("GetLocalListVersion")
		if row := w.listPoint(l, p, member.PushFailed); row.Detail != "It keeps 2 cards at most (LocalAuthListMaxLength), and the list has 3. Choose fewer." {
			w.Errorf("%q", row.Detail)
		}
		c.Asked("GetConfiguration").Reply(M{"configurationKey": []any{M{"key": "LocalAuthListEnabled", "readonly": false, "value": "false"}}})
		c.Asked("GetLocalListVersion").Reply(M{"listVersion": 0})
		w.listPoint(l, off, member.PushNotSupported)
	})
}

// What a model is known not to support ends the push in words, and one that must not be
// asked for its settings gets its list all the same: neither holds up the others.
func TestUSR_A6_AModelThatIsKnownNotToKeepAList(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "10.00")
		staff := w.Staff(authz.OpAdmin)
		staff.Do("POST", "/api/v1/models", M{"vendor": "V", "model": "None", "quirks": M{"actions": M{"get_local_list_version": false}}}).Want(201)
		staff.Do("POST", "/api/v1/models", M{"vendor": "V", "model": "Shy", "quirks": M{"never_probe": true}}).Want(201)
		p1, p2 := w.Point("CP1"), w.Point("CP2")
		c1, c2 := p1.Dial(), p2.Dial()
		c1.bootAs("V", "None", "1", "A")
		c2.bootAs("V", "Shy", "1", "B")
		w.Advance(2 * time.Minute)
		l := w.list(member.NewLocalList{}, p1, p2)
		c1.Asked("GetConfiguration").Reply(M{"unknownKey": []any{"SendLocalListMaxLength"}})
		k := keeps(c2, 500, 1000)
		k.changes()
		w.listPoint(l, p2, member.PushSuccess)
		if row := w.listPoint(l, p1, member.PushNotSupported); row.Detail == "" {
			w.Errorf("it does not say why: %+v", row)
		}
		c1.NotAsked()
	})
}

// A device whose list somebody turned off keeps its cards, and lets them in when it is
// turned on again: it is asked each night, and then has what the list has now.
func TestLAL_R5_AListThatWasTurnedOffAndOnAtTheDevice(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "10.00")
		w.Driver("CARD2", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.whole()
		w.pushed(l, member.PushSuccess)
		again := func() {
			w.Helper()
			w.Staff(authz.OpAdmin).Do("POST", "/api/v1/local-lists/"+l.ID.String()+"/push", M{}).Want(200)
			w.sweep()
		}
		refuses := func() {
			w.Helper()
			k.Asked("GetConfiguration").Reply(M{"configurationKey": []any{M{"key": "LocalAuthListEnabled", "readonly": false, "value": "false"}}})
			k.answer("GetLocalListVersion")
			w.listPoint(l, p, member.PushNotSupported)
		}
		night := func() {
			w.Helper()
			w.Until("it is asked at night", func() bool { w.Advance(time.Hour); w.sweep(); return w.asking(l, p) != "" })
		}
		again()
		refuses()
		off := member.TokenDisabled
		_, err := w.App.Members.UpdateToken(w.Context(), w.Scope, d.Card.ID, member.TokenChange{Status: &off}, d.Card.Version)
		w.OK(err)
		night()
		refuses()
		night()
		k.whole() // it is on again
		w.pushed(l, member.PushSuccess)
		if _, still := k.cards["CARD1"]; still || len(k.cards) != 1 {
			w.Errorf("the device has %v after %v", k.cards, k.messages)
		}
		// Off again, it is not forgotten where the list is no longer for it.
		again()
		refuses()
		l, err = w.App.Members.LocalList(w.Context(), w.Scope, l.ID)
		w.OK(err)
		_, err = w.App.Members.UpdateLocalList(w.Context(), w.Scope, l.ID, member.LocalListChange{Points: &[]ident.ChargePoint{}}, l.Version)
		w.OK(err)
		w.sweep()
		refuses()
		night()
		k.whole()
		w.Until("it is let go", func() bool { w.sweep(); return w.stateOf(l, p) == "" })
		if len(k.cards) != 0 {
			w.Errorf("the device has %v after %v", k.cards, k.messages)
		}
	})
}

// A device that was sent a list and lost the connection before it answered may have taken
// it: it is emptied all the same when the list is not for it any more.
func TestLAL_R3_WhatMayHaveBeenTakenIsTakenBack(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "10.00")
		p := w.Point("CP1")
		k := keeps(p.Online(), 500, 1000)
		l := w.list(member.NewLocalList{}, p)
		k.answer("GetConfiguration")
		k.answer("GetLocalListVersion")
		k.take(k.Asked("SendLocalList"))
		k.Drop()
		w.listPoint(l, p, member.PushQueued)
		_, err := w.App.Members.UpdateLocalList(w.Context(), w.Scope, l.ID, member.LocalListChange{Points: &[]ident.ChargePoint{}}, l.Version)
		w.OK(err)
		w.sweep()
		k.Conn = p.Connect()
		w.Until("it is asked", func() bool { w.sweep(); return w.asking(l, p) != "" })
		k.whole()
		w.Until("it is let go", func() bool { w.sweep(); return w.stateOf(l, p) == "" })
		if len(k.cards) != 0 {
			w.Errorf("the device has %v after %v", k.cards, k.messages)
		}
	})
}
