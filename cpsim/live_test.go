package cpsim

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLive_carsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Hour)
		defer cancel()
		err := Live(ctx, Config{
			URL: "ws://csms.example/ocpp", Identity: "CP1", Dial: s.dial, Seed: 1,
			Connectors: []Connector{{}, {DC: true}},
		}, Behaviour{Tags: []string{"AA", "BB", "CC"}})
		if err != nil {
			t.Fatal(err)
		}
		s.end()
		per, cards, reasons := map[int]int{}, map[string]int{}, map[string]int{}
		for _, m := range s.all("StartTransaction") {
			per[m.num("connectorId")]++
			cards[m.str("idTag")]++
		}
		for _, m := range s.all("StopTransaction") {
			reasons[m.str("reason")]++
		}
		if per[1] < 40 || per[1] > 120 || per[2] < 40 || per[2] > 120 {
			t.Errorf("sessions in 12 h: %v", per)
		}
		if len(cards) != 3 || reasons["Local"] < 20 || reasons["EVDisconnected"] < 2 || len(reasons) != 2 {
			t.Errorf("cards %v, reasons %v", cards, reasons)
		}
	})
}

// Staff start and stop from their desk: the car is plugged in for a remote
// start, and leaves after a remote stop.
func TestLive_obeysRemoteStartAndStop(t *testing.T) {
	t.Parallel()
	never := [2]time.Duration{23 * time.Hour, 24 * time.Hour}
	bubble(t, Config{}, func(s *sim) {
		ctx, cancel := context.WithCancel(s.ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Drive(ctx, s.ChargePoint, Behaviour{Tags: []string{"AA"}, Pause: never, Charge: never})
		}()
		p := s.csms.last()
		s.pass(time.Minute)
		if got := p.status("RemoteStartTransaction", object{"idTag": "APP", "connectorId": 1}); got != "Accepted" {
			s.t.Fatal(got)
		}
		s.pass(time.Minute)
		if st := s.State().Connectors[0]; st.Status != Charging || st.IDTag != "APP" {
			s.t.Errorf("%+v", st)
		}
		s.csms.forget()
		if got := p.status("RemoteStopTransaction", object{"transactionId": 101}); got != "Accepted" {
			s.t.Fatal(got)
		}
		s.pass(2 * time.Minute)
		s.wantStory("StopTransaction Remote", "1 Finishing", "1 Available")
		cancel()
		<-ended
	})
}

func TestLive_refusedDriversLeave(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "Authorize" {
				return object{"idTagInfo": object{"status": "Blocked"}}
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(s.ctx, time.Hour)
		defer cancel()
		Drive(ctx, s.ChargePoint, Behaviour{Tags: []string{"AA"}})
		story := strings.Join(s.csms.story(), ",")
		if n := strings.Count(story, "1 Preparing,Authorize,1 Available"); n < 5 || strings.Contains(story, "StartTransaction") {
			s.t.Errorf("%s", story)
		}
	})
}

// 10,000 points run in one process: what an idle one costs.
func BenchmarkIdlePoint(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Config{URL: "ws://csms.example/ocpp", Identity: "CP1"})
	}
}
