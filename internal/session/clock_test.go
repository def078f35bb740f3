package session

import (
	"testing"
	"time"
)

func TestClockReadsDeviceTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why            string
		clock          Clock
		stamp          Stamp
		want           time.Time
		fixed, untimed bool
		zone           *time.Location
	}{
		{"believed as it is", Clock{}, Stamp{At: now.Add(-time.Minute)}, now.Add(-time.Minute), false, false, nil},
		{"hours old is a stored message", Clock{}, Stamp{At: now.Add(-9 * time.Hour)}, now.Add(-9 * time.Hour), false, false, nil},
		{"1970 online: receive time (behaviour 30)", Clock{Online: true}, Stamp{At: time.Unix(0, 0)}, now, true, false, nil},
		{"1970 from a backlog: bounded only (BILL-R7)", Clock{After: now.Add(-time.Hour)}, Stamp{At: time.Unix(0, 0)}, now.Add(-time.Hour), true, true, nil},
		{"1970 from a backlog, neighbours close by (BILL-R7)", Clock{After: now.Add(-10 * time.Minute)}, Stamp{At: time.Unix(0, 0)}, now.Add(-10 * time.Minute), true, false, nil},
		{"year 1 (behaviour 31)", Clock{}, Stamp{At: time.Time{}}, now, true, true, nil},
		{"4 min ahead is tolerated", Clock{}, Stamp{At: now.Add(4 * time.Minute)}, now.Add(4 * time.Minute), false, false, nil},
		{"an hour ahead, offset known", Clock{Offset: time.Hour}, Stamp{At: now.Add(58 * time.Minute)}, now.Add(-2 * time.Minute), true, false, nil},
		{"an hour ahead, the offset known is an old one", Clock{Offset: 3 * time.Hour, Online: true}, Stamp{At: now.Add(time.Hour)}, now, true, false, nil},
		{"an hour ahead, online", Clock{Online: true}, Stamp{At: now.Add(time.Hour)}, now, true, false, nil},
		{"an hour ahead, nothing known", Clock{}, Stamp{At: now.Add(time.Hour)}, now, true, true, nil},
		{"before the start, a little", Clock{After: now.Add(-time.Minute)}, Stamp{At: now.Add(-90 * time.Second)}, now.Add(-time.Minute), false, false, nil},
		{"before the start, much", Clock{After: now.Add(-time.Minute)}, Stamp{At: now.Add(-time.Hour)}, now.Add(-time.Minute), true, false, nil},
		{"an hour ahead, after a reading that came before our clock was set back", Clock{Online: true, Last: now.Add(50 * time.Minute)}, Stamp{At: now.Add(time.Hour)},
			now.Add(50*time.Minute + time.Microsecond), true, false, nil},
		{"before the start, after a reading", Clock{After: now.Add(-10 * time.Minute), Last: now.Add(-2 * time.Minute)}, Stamp{At: now.Add(-time.Hour)},
			now.Add(-2*time.Minute + time.Microsecond), true, false, nil},
		{"a start that was itself before our clock was set back", Clock{After: now.Add(time.Hour)}, Stamp{At: now.Add(70 * time.Minute)}, now.Add(time.Hour), true, false, nil},
		{"believed, although a newer reading came first", Clock{Last: now}, Stamp{At: now.Add(-time.Minute)}, now.Add(-time.Minute), false, false, nil},
		{"no zone, UTC fits", Clock{Site: paris}, Stamp{At: now.Add(-time.Second), Zoneless: true}, now.Add(-time.Second), false, false, nil},
		{"no zone, the site's fits (behaviour 28)", Clock{Site: paris}, Stamp{At: now.Add(time.Hour), Zoneless: true}, now, false, false, paris},
		{"no zone, learned before, old message", Clock{Site: paris, Zone: paris}, Stamp{At: now.Add(-2 * time.Hour), Zoneless: true}, now.Add(-3 * time.Hour), false, false, nil},
	} {
		c.clock.Received = now
		got := c.clock.Read(c.stamp)
		if !got.At.Equal(c.want) || got.Fixed != c.fixed || got.Untimed != c.untimed || got.Zone != c.zone {
			t.Errorf("%s: %+v, want %v fixed=%v untimed=%v zone=%v", c.why, got, c.want, c.fixed, c.untimed, c.zone)
		}
	}
}

// BILL-R7 corrects by a measured offset: live messages that cannot be right measure it.
func TestLiveMessagesMeasureTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	epoch := time.Date(1970, 1, 1, 0, 10, 0, 0, time.UTC)
	for _, c := range []struct {
		why   string
		clock Clock
		at    time.Time
		want  time.Duration
	}{
		{"a clock that starts in 1970", Clock{Online: true}, epoch, epoch.Sub(now)},
		{"an hour ahead", Clock{Online: true}, now.Add(time.Hour), time.Hour},
		{"measured before and still right", Clock{Online: true, Offset: time.Hour}, now.Add(time.Hour), 0},
		{"measured before, but it stands still", Clock{Online: true, Offset: 59 * time.Minute}, now.Add(time.Hour), time.Hour},
		{"measured before, but it has jumped", Clock{Online: true, Offset: time.Hour}, epoch, epoch.Sub(now)},
		{"a backlog measures nothing", Clock{}, now.Add(time.Hour), 0},
		{"what may be right measures nothing", Clock{Online: true}, now.Add(-time.Hour), 0},
		{"no time", Clock{Online: true}, time.Time{}, 0},
		{"a zero value (behaviour 31)", Clock{Online: true}, time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), 0},
	} {
		c.clock.Received = now
		if got := c.clock.Read(Stamp{At: c.at}); got.Measured != c.want {
			t.Errorf("%s: measured %v, want %v", c.why, got.Measured, c.want)
		}
	}
}
