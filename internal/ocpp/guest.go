package ocpp

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
)

// guest is the connection of a charge point that nobody registered (AST-R2). It may say
// who it is and is told to wait; nothing that money hangs on is acknowledged, so that the
// device keeps it for when it is adopted.
type guest struct {
	v16.Guest
	door     *Door
	identity string
	since    time.Time
	peer     *rpc.Peer
	scope    authz.Scope
	stranger ident.Stranger
}

func newGuest(d *Door, identity string, w asset.Welcome, now time.Time) *guest {
	g := &guest{door: d, identity: identity, since: now, stranger: w.Stranger, scope: authz.ForSystem(w.Operator, "an unknown charge point")}
	g.Guest = v16.Guest{Now: d.opt.Now, Heartbeat: d.opt.Heartbeat, Booted: g.booted, Held: g.held}
	return g
}

func (g *guest) meet(ws *wire.Conn) { g.peer = rpc.NewPeer(ws, &g.door.peers, g) }

// booted keeps what the device tells, and closes the connection about which staff decided
// meanwhile.
func (g *guest) booted(ctx context.Context, r asset.BootReport) error {
	ctx, cancel := g.door.keptFor(ctx)
	defer cancel()
	stays, err := g.door.assets.StrangerBooted(ctx, g.scope, g.stranger, r)
	if err == nil && !stays {
		g.peer.Close(wire.CloseTryLater, "connect again")
	}
	return err
}

// held keeps a report that is not acknowledged and closes: a device that stays connected
// gives a report up after a few attempts (OCPP 1.6 §3.7.1).
func (g *guest) held(ctx context.Context, c rpc.Call, keep bool) {
	if keep {
		ctx, cancel := g.door.keptFor(ctx)
		defer cancel()
		err := g.door.assets.StrangerHeld(ctx, g.scope, asset.HeldReport{Stranger: g.stranger, Action: c.Action, MessageID: v16.Clean(c.ID), ReceivedAt: c.At, Raw: c.Raw})
		if err != nil {
			g.door.opt.Log.Error("a report of an unknown charge point is not stored", "identity", g.identity, "error", err)
		}
	}
	g.peer.Close(wire.CloseTryLater, "this charge point is not registered yet; keep what it reported")
}

// Tap implements rpc.Owner: the journal is for charge points.
func (g *guest) Tap(rpc.Tapped) { g.door.Stats.Frames.add(0) }

// Unresponsive implements rpc.Owner: nothing is asked of a stranger.
func (g *guest) Unresponsive(string, string) {}

// Ended implements rpc.Owner.
func (g *guest) Ended(why error) {
	defer g.door.running.Done()
	g.door.guestGone(g)
	g.door.opt.Log.Info("an unknown charge point is gone", "identity", g.identity, "why", why)
}
