package upkeep

import (
	"testing"
	"time"
)

// What a device tells moves an install forward, never back, and its boot has the last word.
func TestInstall_theBootHasTheLastWord(t *testing.T) {
	t.Parallel()
	type step struct {
		told, boot string        // one of them
		after      time.Duration // since it was asked
	}
	tell := func(s string) step { return step{told: s, after: time.Minute} }
	boot := func(v string) step { return step{boot: v, after: time.Hour} }
	for _, x := range []struct {
		why   string
		steps []step
		want  InstallState
		said  bool // in words
	}{
		{"as it should be", []step{tell("Downloading"), tell("Downloaded"), tell("Installing"), tell("Installed"), boot("2.0")}, InstallDone, false},
		{"it tells nothing and has it", []step{boot("2.0")}, InstallDone, false},
		{"it starts in the middle", []step{tell("Installing"), boot("1.0")}, InstallInstalling, false},
		{"it starts with the old one", []step{tell("Installed"), boot("1.0")}, InstallFailed, true},
		{"a boot of before is heard of late", []step{tell("Installed"), {boot: "1.0", after: -time.Minute}}, InstallInstalled, false},
		{"it tells the version in other words", []step{tell("Installing"), boot("v2.0-rel")}, InstallDone, true},
		{"it tells it twice", []step{tell("Installing"), tell("Downloading")}, InstallInstalling, false},
		{"it cannot fetch it", []step{tell("Downloading"), tell("DownloadFailed"), tell("Installing")}, InstallFailed, true},
		{"the signature is wrong", []step{tell("Downloaded"), tell("InvalidSignature")}, InstallFailed, true},
		{"it waits", []step{tell("DownloadScheduled")}, InstallScheduled, false},
		{"words that are none", []step{tell("Idle"), tell("Exploded")}, InstallAsked, false},
		{"signed, in all its steps", []step{tell("Downloading"), tell("DownloadPaused"), tell("Downloaded"), tell("SignatureVerified"), tell("InstallScheduled"),
			tell("InstallRebooting"), tell("Installed")}, InstallInstalled, false},
	} {
		i := Install{State: InstallAsked, Before: "1.0", Release: "2.0", AskedAt: noon}
		has := "1.0"
		for _, s := range x.steps {
			at := noon.Add(s.after)
			if s.told != "" {
				i = i.told(s.told, has, at)
			} else {
				i = i.booted(s.boot, at, at)
				has = s.boot
			}
		}
		if i.State != x.want || (i.Detail != "") != x.said {
			t.Errorf("%s: %s %q, want %s", x.why, i.State, i.Detail, x.want)
		}
	}
}

// AST-R5: some first, and no further one where more than 5 % failed.
func TestAST_R5_aCampaignHaltsAboveFivePercent(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		why   string
		n     Counts
		min   int
		f     Counted
		want  CampaignState
		most  int
		first bool
	}{
		{"at the beginning those that go first", Counts{Waiting: 100, CanaryWaiting: 5, Canaries: 5}, 10, Counted{}, CampaignRunning, 4, true},
		{"one of them has failed, the others are at it", Counts{Waiting: 95, Open: 4, Failed: 1, CanaryOpen: 4, CanaryFailed: 1, Canaries: 5}, 10, Counted{}, CampaignRunning, 0, true},
		{"they are finished, and one failed", Counts{Waiting: 95, Done: 4, Failed: 1, CanaryDone: 4, CanaryFailed: 1, Canaries: 5}, 10, Counted{}, CampaignHalted, 0, false},
		{"they are finished, and all is well", Counts{Waiting: 95, Done: 5, CanaryDone: 5, Canaries: 5}, 10, Counted{}, CampaignRunning, 4, false},
		{"few are finished", Counts{Waiting: 95, Done: 8, Failed: 1}, 10, Counted{}, CampaignRunning, 4, false},
		{"enough are finished", Counts{Waiting: 95, Done: 9, Failed: 1}, 10, Counted{}, CampaignHalted, 0, false},
		{"just 5 %", Counts{Waiting: 1, Done: 19, Failed: 1}, 10, Counted{}, CampaignRunning, 4, false},
		{"more than 5 %", Counts{Waiting: 1, Done: 18, Failed: 1}, 10, Counted{}, CampaignHalted, 0, false},
		{"what was forgiven does not count", Counts{Waiting: 1, Done: 38, Failed: 1}, 10, Counted{18, 1}, CampaignRunning, 4, false},
		{"all are finished", Counts{Done: 99, Skipped: 1}, 10, Counted{}, CampaignDone, 0, false},
	} {
		c := Campaign{State: CampaignRunning, Parallel: 4, MinCount: x.min, Forgave: x.f}.decide(x.n, noon)
		most, first := c.wave(x.n)
		if c.State != x.want || most != x.most || c.State == CampaignRunning && first != x.first {
			t.Errorf("%s: %s, %d, %v; want %s, %d, %v", x.why, c.State, most, first, x.want, x.most, x.first)
		}
	}
}

// AST-R5: the window is of the site's own clock.
func TestAST_R5_theWindowIsLocal(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, x := range []struct {
		from, to  int
		now, want string
	}{
		{60, 300, "2026-05-01 00:30", "2026-05-01 01:00"},
		{60, 300, "2026-05-01 01:00", "2026-05-01 01:00"},
		{60, 300, "2026-05-01 05:00", "2026-05-02 01:00"},
		{22 * 60, 4 * 60, "2026-05-01 23:00", "2026-05-01 23:00"}, // over midnight
		{22 * 60, 4 * 60, "2026-05-01 03:59", "2026-05-01 03:59"},
		{22 * 60, 4 * 60, "2026-05-01 12:00", "2026-05-01 22:00"},
		{60, 300, "2026-10-24 12:00", "2026-10-25 01:00"}, // the night that is an hour longer
		{0, 0, "2026-05-01 12:00", "2026-05-01 12:00"},
	} {
		if got := (Campaign{From: x.from, To: x.to}).opens(berlin, at(x.now)); !got.Equal(at(x.want)) {
			t.Errorf("%d–%d at %s: %s, want %s", x.from, x.to, x.now, got.In(berlin), x.want)
		}
	}
}

// A file travels by what the device says it knows, else by what is usual.
func TestOffers_choose(t *testing.T) {
	t.Parallel()
	all := Offers{Web: "https://x", FTP: "x:21", FTPS: "x:990"}
	for _, x := range []struct {
		why      string
		o        Offers
		asked    Protocol
		known    []Protocol
		extended bool
		want     Protocol
	}{
		{"nothing known", all, "", nil, false, FTP},
		{"nothing known of a newer one", all, "", nil, true, HTTPS},
		{"the best of what it knows", all, "", []Protocol{FTP, HTTP, FTPS}, false, FTPS},
		{"as staff say", all, FTP, []Protocol{HTTPS}, true, FTP},
		{"as usual here", Offers{Web: "https://x", FTP: "x:21", Usual: HTTPS}, "", nil, false, HTTPS},
		{"only what there is", Offers{Web: "http://x"}, "", nil, true, HTTP},
		{"no HTTPS here", Offers{Web: "http://x"}, HTTPS, nil, false, ""},
		{"nothing in common", Offers{FTP: "x:21"}, "", []Protocol{HTTPS}, false, ""},
		{"nothing here", Offers{}, "", nil, false, ""},
	} {
		if got, err := x.o.choose(x.asked, x.known, x.extended); got != x.want || (err == nil) != (x.want != "") {
			t.Errorf("%s: %q, %v; want %q", x.why, got, err, x.want)
		}
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a.log": "a.log", `C:\logs\a.log`: "a.log", "../../etc/passwd": "passwd", "..": "", "a\x00b\n.log": "ab.log", "": "", `a"b.log`: "ab.log"} {
		if got := cleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
