package member

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func entries(es []Entry) (s string) {
	for _, e := range es {
		sign := "+"
		if e.Removed {
			sign = "-"
		}
		s += fmt.Sprintf("%s%s#%d@%d ", sign, e.UID, e.Number, e.Changed)
	}
	return s
}

// What changes on a list is new, changed, back or off it; what stays is not sent again.
func TestReconcile_onlyWhatChanges(t *testing.T) {
	t.Parallel()
	a, b, c := ident.New[ident.Token](noon), ident.New[ident.Token](noon), ident.New[ident.Token](noon)
	card := func(id ident.Token, uid string) Card { return Card{Token: id, UID: uid, Account: "1"} }
	have := []Entry{{Card: card(a, "A"), Number: 1, Changed: 1}, {Card: card(b, "B"), Number: 2, Changed: 1}, {Card: card(c, "C"), Number: 3, Changed: 2, Removed: true}}
	d := ident.New[ident.Token](noon)
	expires := card(b, "B")
	expires.Expires = noon
	for _, row := range []struct {
		why   string
		cards []Card
		want  string
	}{
		{"nothing", []Card{card(a, "A"), card(b, "B")}, ""},
		{"one goes", []Card{card(b, "B")}, "-A#1@5 "},
		{"one is back in its place", []Card{card(a, "A"), card(b, "B"), card(c, "C")}, "+C#3@5 "},
		{"one is new, behind all", []Card{card(a, "A"), card(b, "B"), card(d, "D")}, "+D#4@5 "},
		{"one expires now", []Card{card(a, "A"), expires}, "+B#2@5 "},
		{"none is left; what is off stays so", nil, "-A#1@5 -B#2@5 "},
	} {
		if got := entries(reconcile(have, row.cards, 5)); got != row.want {
			t.Errorf("%s: %s, want %s", row.why, got, row.want)
		}
	}
	if fit, out := sendable([]Card{{UID: "12345678901234567890"}, {UID: "123456789012345678901"}}); len(fit) != 1 || out != 1 {
		t.Errorf("%d fit, %d are left out", len(fit), out)
	}
}

// What is sent to a device hangs on what it says it has.
func TestPlan_byWhatTheDeviceHas(t *testing.T) {
	t.Parallel()
	version := func(v int64) *int64 { return &v }
	for _, row := range []struct {
		why   string
		p     ListPoint
		whole bool
		after int64
		next  int64 // the version of the next message
	}{
		{"a new one", ListPoint{Reported: version(0)}, true, 0, 1},
		{"one with a list of somebody else's", ListPoint{Reported: version(70)}, true, 0, 71},
		{"what changed", ListPoint{Reported: version(4), ListVersion: 4, Revision: 2}, false, 0, 5},
		{"interrupted between two parts", ListPoint{Reported: version(4), ListVersion: 4, Whole: true, Goal: 3, After: 500, Chunk: 1}, true, 500, 5},
		{"interrupted, and it lost what it had", ListPoint{Reported: version(0), ListVersion: 4, Whole: true, Goal: 3, After: 500, Chunk: 1}, true, 0, 5},
		{"interrupted, and it took the part whose answer was lost", ListPoint{Reported: version(5), ListVersion: 4, Revision: 2, After: 20}, true, 0, 6},
		{"it is to be emptied", ListPoint{Reported: version(4), ListVersion: 4, Revision: 2, Leaving: true}, true, 0, 5},
	} {
		got := row.p.plan(9)
		if got.Whole != row.whole || got.After != row.after || got.nextVersion() != row.next {
			t.Errorf("%s: whole %v from %d as version %d", row.why, got.Whole, got.After, got.nextVersion())
		}
	}
}

// LAL-R3: three more tries with growing pauses, each of the whole list; then it waits.
func TestLAL_R3_TriesAndTheirPauses(t *testing.T) {
	t.Parallel()
	night := noon.Add(13 * time.Hour)
	p := ListPoint{State: PushPushing, Revision: 3, After: 9, Chunk: 1}
	for i, pause := range []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute} {
		if p = p.failed("no", noon, night); p.State != PushQueued || p.Tries != i+1 || p.DueAt != noon.Add(pause) || p.Revision != 0 || p.After != 0 {
			t.Errorf("try %d: %+v", i+1, p)
		}
	}
	if p = p.failed("no", noon, night); p.State != PushFailed || p.DueAt != night {
		t.Errorf("the last: %+v", p)
	}
	if p = p.want(4, noon); p.State != PushQueued || p.Tries != 0 || p.DueAt != noon {
		t.Errorf("a change of the list tries again: %+v", p)
	}
}

// One word for all charge points of a list (product §3.7.4).
func TestPushes_OneWord(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		count map[PushState]int
		want  PushState
	}{
		{nil, PushDraft},
		{map[PushState]int{PushSuccess: 2}, PushSuccess},
		{map[PushState]int{PushSuccess: 1, PushQueued: 1, PushNotSupported: 1}, PushPartial}, // USR-A1
		{map[PushState]int{PushSuccess: 1, PushPushing: 1}, PushPushing},
		{map[PushState]int{PushQueued: 1, PushFailed: 1}, PushQueued},
		{map[PushState]int{PushOutOfSync: 1}, PushOutOfSync},
		{map[PushState]int{PushFailed: 1, PushNotSupported: 1}, PushFailed},
	} {
		if got := (Pushes{Count: row.count}).State(); got != row.want {
			t.Errorf("%v is %s, want %s", row.count, got, row.want)
		}
	}
}

// LAL-R2: what a device says of itself, spelt as devices do (behaviour 65).
func TestLAL_R2_WhatADeviceSaysOfItself(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why  string
		keys []asset.ConfigKey
		want Keeps
	}{
		{"nothing", nil, Keeps{PerMessage: carefulMessage}},
		{"both", []asset.ConfigKey{{Key: "sendlocallistmaxlength", Value: ` "50"`}, {Key: "LocalAuthListMaxLength", Value: "200"}}, Keeps{PerMessage: 50, Most: 200}},
		{"more than we send", []asset.ConfigKey{{Key: "SendLocalListMaxLength", Value: "100000"}}, Keeps{PerMessage: largestMessage}},
		{"nonsense", []asset.ConfigKey{{Key: "SendLocalListMaxLength", Value: "many"}, {Key: "LocalAuthListMaxLength", Value: "0"}}, Keeps{PerMessage: carefulMessage}},
	} {
		if got := keepsOf(asset.Configuration{Keys: row.keys}); got != row.want {
			t.Errorf("%s: %+v", row.why, got)
		}
	}
	for _, k := range []asset.ConfigKey{{Key: "LocalAuthListEnabled", Value: "False"}, {Key: "SupportedFeatureProfiles", Value: "Core,RemoteTrigger"}} {
		if got := keepsOf(asset.Configuration{Keys: []asset.ConfigKey{k}}); got.Not == "" {
			t.Errorf("%s %s keeps a list", k.Key, k.Value)
		}
	}
}

// LAL-R5: each at its own time between one and three o'clock at its site.
func TestLAL_R5_TheNight(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[time.Time]bool{}
	for i := range 50 {
		at := nextNight(noon, zone, []byte{byte(i)})
		seen[at] = true
		if local := at.In(zone); local.Hour() < 1 || local.Hour() > 2 || local.Day() != 2 || !at.After(noon) {
			t.Errorf("%v", local)
		}
	}
	if len(seen) < 40 {
		t.Errorf("%d times for 50 devices", len(seen))
	}
}

// Who may have cards is not let go of, whatever it says now; who took none is.
func TestEmpty_WhatADeviceMayHave(t *testing.T) {
	t.Parallel()
	night := noon.Add(13 * time.Hour)
	for _, row := range []struct {
		why   string
		p     ListPoint
		empty bool
	}{
		{"a new one", ListPoint{}, true},
		{"it took a part", ListPoint{ListVersion: 1, SentVersion: 1}, false},
		{"its answer to the first part was lost", ListPoint{SentVersion: 1}, false},
		{"it is being asked", ListPoint{Asking: AskKeys}, false},
	} {
		if got := row.p.empty(); got != row.empty {
			t.Errorf("%s: empty is %v", row.why, got)
		}
		if row.p.Asking != AskNothing {
			continue
		}
		no := row.p.unsupported("It keeps no list.", night)
		if no.State != PushNotSupported || no.empty() != row.empty || no.DueAt.IsZero() != row.empty {
			t.Errorf("%s, and keeps no list: %+v", row.why, no)
		}
	}
}
