package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/store"
)

// Order rule 7 of the connection: sockets close when no write was taken for five
// seconds, and open again when a test write is. Each line is an instant in seconds and
// what happens at it; what the machine wants then stands behind "→".
func TestHealth(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, story string }{
		{"no traffic is no fault", `
			0 look 0; 3600 look 0`},
		{"a write that waits for a moment is none", `
			0 look 0.9; 1 look 0`},
		{"one that waits for a second is looked into, and found slow", `
			10 look 1 → test; 10.1 ended 10 taken; 10.2 look 0; 30 look 0`},
		{"one that waits while others are taken never sends away", `
			10 look 1 → test; 10.1 ended 10 taken; 11.1 look 1 → test; 11.2 ended 11.1 taken; 12.2 look 1 → test; 12.3 ended 12.2 taken; 30 look 0`},
		{"what was only slow ends by itself", `
			10 look 1 → test; 11 look 0.1; 16 look 0.2; 20 look 0; 21 ended 10 taken; 22 look 0`},
		{"waiting for more than five seconds sends away, a test write lets in", `
			10 look 1 → test; 14 look 5; 14.1 look 5.1 → away; 14.2 look 5.2; 20 ended 10 taken → in; 21 look 0`},
		{"a failed write raises the doubt, a test write ends it", `
			0 failed 0 full; 0.1 look 0 → test; 0.2 ended 0.1 taken; 6 look 0`},
		{"failures for more than five seconds send away, and say why", `
			0 failed 0 full; 0.1 look 0 → test; 0.2 ended 0.1 full; 1 look 0; 1.2 look 0 → test; 1.3 ended 1.2 full; 5 look 0 → test; 5.1 ended 5 full;
			5.2 look 0 → away full; 7 look 0 → test full; 7.5 ended 7 full`},
		{"a failed write that had waited counts from when it came", `
			5 failed 0 unreachable; 5.1 look 0 → away test unreachable`},
		{"a test write that began before the failure says nothing about it", `
			0 failed 0 full; 0.1 look 0 → test; 0.15 failed 0.15 full; 0.2 ended 0.1 taken; 1.2 look 0 → test; 1.3 ended 1.2 taken; 6 look 0`},
		{"small writes that a full disk still takes end no doubt", `
			0 failed 0 full; 0.1 look 0 → test; 0.2 ended 0.1 full; 2 look 0 → test; 2.1 ended 2 full; 5.1 look 0 → away test full`},
		{"a test write that could not begin is no success", `
			10 look 1 → test; 12 ended 10 late; 13 look 3 → test; 14.1 look 5.1 → away; 15 ended 13 late; 16 look 0 → test; 16.1 ended 16 taken → in`},
		{"one that was too slow while others are taken is none", `
			4 failed 0 slow; 4.1 look 0 4.05; 8 failed 4 slow; 8.1 look 0.5 7.6; 12 failed 8 slow; 12.1 look 0 12.05`},
		{"all of them too slow send away", `
			4 failed 0 slow; 4.1 look 3 → test; 5.1 look 4 → away; 9 ended 4.1 taken → in`},
		{"after a minute it is tried less often", `
			0 failed 0 full; 5.1 look 0 → away test full; 5.2 ended 5.1 full; 59 look 0 → test; 59.1 ended 59 full; 60.1 look 0; 63 look 0; 64.3 look 0 → test; 64.4 ended 64.3 taken → in`},
		{"a relapse must be over for two seconds, the next for four, and after a quiet minute for none", `
			0 failed 0 full; 5.1 look 0 → away test full; 5.2 ended 5.1 taken → in;
			6 failed 6 full; 11.1 look 0 → away test full; 11.2 ended 11.1 taken; 12.2 look 0 → test; 12.3 ended 12.2 taken; 13.3 look 0 → test; 13.4 ended 13.3 taken → in;
			20 failed 20 full; 25.1 look 0 → away test full; 25.2 ended 25.1 taken; 27.5 look 0 → test; 27.6 ended 27.5 taken; 29.1 look 0 → test; 29.2 ended 29.1 taken → in;
			120 failed 120 full; 125.1 look 0 → away test full; 125.2 ended 125.1 taken → in`},
		{"a relapse's test writes must follow one another", `
			0 failed 0 full; 5.1 look 0 → away test full; 5.2 ended 5.1 taken → in;
			6 failed 6 full; 11.1 look 0 → away test full; 11.2 ended 11.1 taken; 12.2 look 0 → test; 12.3 ended 12.2 full; 13.3 look 0 → test; 13.4 ended 13.3 taken;
			15.4 look 0 → test; 15.5 ended 15.4 taken → in`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := &health{}
			zero := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
			at := func(s string) time.Time {
				var sec float64
				if _, err := fmt.Sscan(s, &sec); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
				return zero.Add(time.Duration(sec * float64(time.Second)))
			}
			for _, line := range strings.Split(tc.story, ";") {
				line = strings.TrimSpace(line)
				does, want, _ := strings.Cut(line, "→")
				w := strings.Fields(does)
				now := at(w[0])
				var m move
				var test bool
				switch w[1] {
				case "look": // for how long one waits, and when one was last taken
					var taken time.Time
					if len(w) > 3 {
						taken = at(w[3])
					}
					m, test = h.look(now, taken, at(w[2]).Sub(zero))
				case "failed":
					why := w[3]
					if why == "slow" {
						why = store.TooSlow
					}
					h.failure(at(w[2]), now, why)
				case "ended":
					why := w[3]
					if why == "taken" || why == "late" {
						why = ""
					}
					m = h.testEnded(at(w[2]), now, w[3] == "taken", why)
				}
				var got []string
				switch m {
				case sendAway:
					got = append(got, "away")
				case letIn:
					got = append(got, "in")
				}
				if test {
					got = append(got, "test")
				}
				why, away := h.isAway(now)
				for _, word := range strings.Fields(want) {
					if word == "full" || word == "unreachable" {
						if !away || !strings.HasSuffix(why, "s: "+word) {
							t.Errorf("%q: it says %q", line, why)
						}
						want = strings.ReplaceAll(want, word, "")
					}
				}
				if g, w := strings.Join(got, " "), strings.Join(strings.Fields(want), " "); g != w {
					t.Fatalf("%q: it wants %q", line, g)
				}
			}
		})
	}
}
