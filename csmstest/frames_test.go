package csmstest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
)

// A charge point's frames: each CALL with its answer and how long that took, narrowed by
// action, direction, session and flaw, and as a file.
func TestFrames_pairsFiltersAndFile(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		w.Advance(time.Hour)
		c.Call("Authorize", M{"idTag": "CARD1"})
		w.Advance(time.Second)
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Meter(1, id, 100)
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		session := p.Only().ID.String()
		w.Advance(time.Hour)
		c.Call("StatusNotification", M{"connectorId": 1, "status": "Available", "errorCode": "NoError", "info": strings.Repeat("x", 51), "extra": 1})
		c.Call("Heartbeat", nil)
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "trigger_message", "requested_message": "Heartbeat"}).Want(202).Body.Str("id")
		a := c.Asked("TriggerMessage")
		w.Advance(1500 * time.Millisecond)
		a.Refuse("NotSupported")
		staff.Becomes(cmd, "not_supported")
		w.Journal()
		path := "/api/v1/charge-points/" + p.ID.String() + "/frames"
		list := func(query string) []M { w.Helper(); return staff.Get(path + query).Items() }
		is := func(query string, want ...string) {
			w.Helper()
			var got []string
			for _, f := range list(query) {
				got = append(got, f.Str("direction")+" "+f.Str("action")+" "+f.Str("answer", "kind"))
			}
			if strings.Join(got, ", ") != strings.Join(want, ", ") {
				w.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		is("?direction=out", "out TriggerMessage error")
		if f := list("?direction=out")[0]; f.Int("round_trip_ms") != 1500 || !strings.Contains(all(M(f["answer"].(map[string]any))), "NotSupported") {
			w.Errorf("shown as %v", f)
		}
		is("?action=StatusNotification&direction=out")
		is("?action=MeterValues", "in MeterValues ")
		is("?session_id="+session, "in StopTransaction result", "in MeterValues ", "in StartTransaction result", "in Authorize result")
		is("?session_id="+session+"&action=StopTransaction", "in StopTransaction result")
		if f := list("?action=StartTransaction")[0]; f.Str("session_id") != session {
			w.Errorf("of no session: %v", f)
		}
		is("?flawed=true", "in StatusNotification result")
		if got := all(M{"f": list("?flawed=true")[0]["flaws"]}); !strings.Contains(got, "too long /info") || !strings.Contains(got, "unknown field /extra") {
			w.Errorf("the flaws are %s", got)
		}
		staff.Do("GET", path+"?session_id=ses_00000000000000000000000001", nil).Want(422)
		staff.Do("GET", path+"?direction=up", nil).Want(422)

		file := func(who *API) (lines []M) {
			w.Helper()
			for line := range strings.SplitSeq(strings.TrimSpace(string(who.Get(path+"/file").Raw)), "\n") {
				var m M
				w.OK(json.Unmarshal([]byte(line), &m))
				lines = append(lines, m)
			}
			return lines
		}
		lines := file(staff)
		if n := len(list("?limit=100")); len(lines) != n || !strings.Contains(all(M{"l": toAny(lines)}), "CARD1") {
			w.Errorf("%d lines, want %d with the card", len(lines), n)
		}
		if got := all(M{"l": toAny(file(w.Staff(authz.OpOps)))}); strings.Contains(got, "CARD1") {
			w.Error("who may not export personal data has the card in a file")
		}
	})
}

func toAny(ms []M) (out []any) {
	for _, m := range ms {
		out = append(out, map[string]any(m))
	}
	return out
}

// Frames are shown as they pass, to who watches this charge point and no other: also those
// that no journal needs, with cards covered for who may not see them.
//
// shows: Heartbeat
func TestFrames_liveAsTheyPass(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p, other := w.Point("CP1"), w.Point("CP2")
		c, o := p.Online(), other.Online()
		path := "/api/v1/charge-points/" + p.ID.String() + "/frames/live"
		staff, auditor := w.Staff(authz.OpAdmin), w.Staff(authz.Auditor)
		s, covered := staff.Stream(path), auditor.Stream(path)
		o.Call("Heartbeat", nil)
		c.Call("Heartbeat", nil)
		for _, want := range []string{"call", "result"} {
			if name, f := s.Next(); name != "frame" || f.Str("kind") != want || f.Str("action") != "Heartbeat" || f.Has("id") {
				w.Errorf("%s %v, want the %s of the Heartbeat", name, f, want)
			}
		}
		c.Call("Authorize", M{"idTag": "CARD1", "more": 1})
		if _, f := s.Next(); !strings.Contains(all(f), "CARD1") || !strings.Contains(all(f), "unknown field /more") {
			w.Errorf("shown as %v", f)
		}
		covered.Until("the card is covered", func(_ string, f M) bool {
			if strings.Contains(all(f), "CARD1") {
				w.Error("an auditor sees the card")
			}
			return f.Str("action") == "Authorize"
		})
		sub := w.Staff(authz.OpOps)
		sub.Do("GET", "/api/v1/charge-points/cp_00000000000000000000000001/frames/live", nil).Want(404)
	})
}
