package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/upkeep"
)

// What is raised while somebody works on a site asks for nobody: it is kept, counted and
// found by its state. What may hurt stays loud, and what still holds at the end is live.
func TestWARN_AWindowOfMaintenanceKeepsWarningsAside(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpOps)
		p := w.Point("CP1", 2)
		c := p.Online()
		until := w.Now().Add(2 * time.Hour).Format(time.RFC3339)
		staff.Do("POST", "/api/v1/maintenance-windows", M{"charge_point_id": p.ID.String(), "until": until, "reason": ""}).Want(422)
		staff.Do("POST", "/api/v1/maintenance-windows", M{"charge_point_id": p.ID.String(), "until": "2020-01-01T00:00:00Z", "reason": "fuses"}).Want(422)
		win := staff.Do("POST", "/api/v1/maintenance-windows", M{"charge_point_id": p.ID.String(), "until": until, "reason": "new fuses"}).Want(201).Body
		if win.Str("state") != "RUNNING" {
			w.Errorf("%v", win)
		}
		c.Status(1, "Faulted", M{"errorCode": "InternalError"})
		c.Status(2, "Faulted", M{"errorCode": "GroundFailure"})
		w.Warned("CONNECTOR_ERROR GroundFailure CRITICAL 2 ×1")
		aside := w.Warnings(upkeep.Filter{States: []upkeep.State{upkeep.Suppressed}})
		if len(aside) != 1 || aside[0].Type != upkeep.InternalError {
			w.Fatalf("kept aside: %+v", aside)
		}
		id := win.Str("id")
		if got := staff.Get("/api/v1/maintenance-windows/" + id).Body; got.Int("suppressed") != 1 {
			w.Errorf("%v", got)
		}
		if l := staff.Get("/api/v1/maintenance-windows?state=RUNNING").Items(); len(l) != 1 {
			w.Errorf("%d windows run", len(l))
		}
		staff.Do("POST", "/api/v1/maintenance-windows/"+id+"/end", M{}).Want(200)
		w.Until("what still holds is live", func() bool {
			w.Clock.Advance(time.Minute)
			w.Timers()
			return len(w.Warnings(upkeep.Filter{States: []upkeep.State{upkeep.Open}})) == 2
		})
		if l := staff.Get("/api/v1/maintenance-windows?state=RUNNING").Items(); len(l) != 0 {
			w.Errorf("%d windows run", len(l))
		}
	})
}

// An operator gives a type of warning another level; what may hurt keeps its own.
func TestWARN_AnOperatorsLevels(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		staff.Do("PUT", "/api/v1/warning-levels", M{"levels": M{"FLAPPING": "LOUD"}}, "If-Match", `"1"`).Want(422)
		staff.Do("PUT", "/api/v1/warning-levels", M{"levels": M{"INTERNAL_ERROR": "NOTICE", "CONNECTOR_ERROR": "INFO"}}, "If-Match", `"1"`).Want(200)
		c := w.Point("CP1", 2).Online()
		c.Status(1, "Faulted", M{"errorCode": "InternalError"})
		w.Warned("INTERNAL_ERROR InternalError NOTICE 1 ×1")
		w.Clock.Advance(time.Second)
		c.Status(2, "Faulted", M{"errorCode": "GroundFailure"})
		w.Warned("CONNECTOR_ERROR GroundFailure CRITICAL 2 ×1", "INTERNAL_ERROR InternalError NOTICE 1 ×1")
	})
}
