package main_test

import (
	"strings"
	"testing"

	"ccms/cpsim"
)

// What the command prints is what the load generator reads, and the points can charge.
func TestCommands_loadPointsCharge(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		s.must(t, "admin", "create-operator", "Load")
		points, err := cpsim.ReadPoints(strings.NewReader(s.must(t, "admin", "create-load-points", "3", "--operator", "Load")))
		if err != nil || len(points) != 3 {
			t.Fatal(points, err)
		}
		if r := s.run(t, "admin", "create-load-points", "0", "--operator", "Load"); r.code != 1 {
			t.Errorf("none at all: exit %d", r.code)
		}
		srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
		r, err := cpsim.Load(t.Context(), cpsim.LoadConfig{URL: "ws://" + srv.addr + "/ocpp", Points: points, Sessions: 1, Samples: 2})
		if err != nil || r.Err() != nil || r.Sessions != 3 {
			t.Errorf("%v, %v\n%s", err, r.Err(), r)
		}
	})
}
