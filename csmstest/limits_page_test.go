package csmstest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/member"
	"ccms/internal/ocpp"
	"ccms/internal/ocpp/files"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/wire"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/upkeep"
	"ccms/internal/web"
)

// The page for those who run a server says what the program does.
func TestThePageOfLimitsIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operations/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"app.DefaultHeader": app.DefaultHeader, "app.DefaultHeaderBytes": bytesOf(app.DefaultHeaderBytes), "app.DefaultRequest": app.DefaultRequest,
		"app.DefaultAnswer": app.DefaultAnswer, "app.DefaultIdle": app.DefaultIdle, "app.DefaultGuests": app.DefaultGuests,
		"app.DefaultGuestsOfOne": app.DefaultGuestsOfOne,
		"ocpp.MaxLookups":        ocpp.MaxLookups, "ocpp.LookupWithin": ocpp.LookupWithin, "ocpp.FailedKnocks": ocpp.FailedKnocks,
		"ocpp.StrangerRate": ocpp.StrangerRate, "ocpp.StrangerOrigin": ocpp.StrangerOrigin, "ocpp.StrangersRate": ocpp.StrangersRate,
		"ocpp.MaxStrangers": ocpp.MaxStrangers, "asset.MaxStrangers": asset.MaxStrangers, "asset.MaxHeld": asset.MaxHeld,
		"wire.DefaultMessage": bytesOf(wire.DefaultMessage), "wire.DefaultPartial": wire.DefaultPartial, "wire.DefaultWrite": wire.DefaultWrite,
		"wire.DefaultIdle": wire.DefaultIdle, "wire.DefaultPing": wire.DefaultPing, "wire.DefaultGrace": wire.DefaultGrace,
		"rpc.DefaultMaxWaiting": rpc.DefaultMaxWaiting, "rpc.DefaultCallTimeout": rpc.DefaultCallTimeout,
		"asset.MaxQueue": asset.MaxQueue, "asset.SendWithin": asset.SendWithin, "asset.AnswerWithin": asset.AnswerWithin,
		"web.MaxBody": bytesOf(web.MaxBody), "web.AccountRate": web.AccountRate, "web.CallerRate": web.CallerRate,
		"operator.LoginRate": operator.LoginRate, "operator.AddressRate": operator.AddressRate, "operator.MaxLimit": operator.MaxLimit,
		"web.FrameScreens": web.FrameScreens, "asset.MaxVendorMessages": asset.MaxVendorMessages, "asset.MaxVendorRules": asset.MaxVendorRules,
		"web.TurnWithin": web.TurnWithin, "store.JournalBytes": bytesOf(store.JournalBytes),
		"files.MaxUpload": bytesOf(files.MaxUpload), "files.Stall": files.Stall, "files.Whole": files.Whole, "files.Guesses": files.Guesses,
		"files.MaxFTP": files.MaxFTP, "upkeep.MaxImage": bytesOf(upkeep.MaxImage), "upkeep.UploadWithin": upkeep.UploadWithin, "upkeep.InstallWithin": upkeep.InstallWithin,
		"member.MaxEntries": member.MaxEntries, "member.MaxPicks": member.MaxPicks, "session.MaxReserved": session.MaxReserved,
	} {
		want := ""
		switch v := value.(type) {
		case time.Duration:
			if want = fmt.Sprintf("%d s", int(v.Seconds())); v >= time.Minute {
				want = fmt.Sprintf("%d min", int(v.Minutes()))
			}
		case operator.Rate:
			want = fmt.Sprintf("%d at once, then one per %s", v.Burst, v.Every)
		default:
			want = fmt.Sprint(v)
		}
		rows := 0
		for line := range strings.Lines(string(page)) {
			if !strings.Contains(line, "`"+name+"`") {
				continue
			}
			rows++
			cells := strings.Split(line, "|")
			if len(cells) != 6 || !strings.Contains(cells[2], want) {
				t.Errorf("%s is %s; the page says %.120s", name, want, line)
			}
		}
		if rows != 1 {
			t.Errorf("%s has %d rows on the page", name, rows)
		}
	}
}

// bytesOf writes a size as people do.
func bytesOf(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
