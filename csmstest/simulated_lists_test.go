package csmstest

import (
	"context"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/authz"
	"ccms/internal/member"
	"ccms/internal/session"
)

// A simulated charge point takes its list, keeps a connector for a driver, and charges a
// listed card while the network is away.
func TestUSR_A4_ASimulatedPointWithItsList(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "10.00")
		p := w.Point("CP1")
		cp := cpsim.New(cpsim.Config{URL: "ws://" + w.Addr + "/ocpp", Identity: p.Identity, Password: p.Key, MeterInterval: -1, Now: w.Clock.Now,
			Keys: map[string]string{"AllowOfflineTxForUnknownId": "false", "SendLocalListMaxLength": "1", "AuthorizationCacheEnabled": "false"}})
		ctx, stop := context.WithCancel(w.Context())
		ran := make(chan error, 1)
		go func() { ran <- cp.Run(ctx) }()
		defer func() { stop(); <-ran }()
		w.OK(cp.WaitDelivered(ctx))

		w.Driver("CARD2", "10.00")
		l := w.list(member.NewLocalList{}, p)
		w.pushed(l, member.PushSuccess)
		if s := cp.State(); s.List != 2 || s.ListVersion != 2 {
			w.Errorf("it has %d cards in version %d", s.List, s.ListVersion)
		}

		staff := w.Staff(authz.OpOps)
		id := staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(201).Body.Str("id")
		staff.reservation(id, "ACTIVE")
		w.OK(cp.WaitStatus(ctx, 1, cpsim.Reserved))
		w.OK(cp.Plug(1))
		w.OK(cp.Tag(1, "CARD2"))
		w.OK(cp.WaitDelivered(ctx))
		if cp.State().Connectors[0].Transaction {
			w.Error("another charges at a reserved connector")
		}

		cp.GoOffline()
		w.Clock.Advance(time.Minute)
		began := w.Now()
		w.OK(cp.Tag(1, "NOBODY"))
		if cp.State().Connectors[0].Transaction {
			w.Error("a card that is not on the list charges offline")
		}
		w.OK(cp.Tag(1, "CARD1"))
		w.Clock.Advance(30 * time.Minute)
		w.OK(cp.Stop(1, ""))
		cp.GoOnline()
		w.OK(cp.WaitDelivered(ctx))
		s := p.Only().Is(session.Completed, "COMPLETED")
		if s.Driver != d.ID || s.StartedAt.Sub(began).Abs() > time.Second {
			w.Errorf("the session is of %v, from %v", s.Driver, s.StartedAt)
		}
		staff.reservation(id, "USED")
	})
}
