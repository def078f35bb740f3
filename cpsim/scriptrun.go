package cpsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Run does the steps on a point that somebody else runs. The error names the
// line that failed.
func (s Script) Run(ctx context.Context, cp *ChargePoint) error {
	for _, st := range s {
		if err := st.Run(ctx, cp); err != nil {
			return fmt.Errorf("line %d: %s: %w", st.Line, st, err)
		}
	}
	return nil
}

// Run does one step.
func (st Step) Run(ctx context.Context, cp *ChargePoint) error {
	switch st.Verb {
	case "plug":
		if st.N > 0 {
			return cp.PlugEV(st.Conn, EV{BatteryWh: st.N, SoCPermille: st.M})
		}
		return cp.Plug(st.Conn)
	case "unplug":
		return cp.Unplug(st.Conn)
	case "tag":
		return cp.Tag(st.Conn, st.Word)
	case "start":
		return cp.StartLocal(st.Conn, st.Word)
	case "stop":
		return cp.Stop(st.Conn, st.Word)
	case "power":
		return cp.SetPower(st.Conn, st.N)
	case "energy":
		return cp.AddEnergy(st.Conn, st.N)
	case "sample":
		return cp.Sample(st.Conn)
	case "status":
		return cp.Status(st.Conn, st.Word, st.Text, "")
	case "heartbeat":
		cp.Heartbeat()
	case "offline":
		cp.GoOffline()
	case "online":
		cp.GoOnline()
	case "reboot":
		cp.Reboot()
	case "wait":
		return st.wait(ctx, cp)
	case "raw":
		return cp.SendRaw([]byte(st.Text))
	case "call":
		_, err := cp.Call(ctx, st.Word, json.RawMessage(st.Text))
		return err
	default:
		return st.expect(ctx, cp)
	}
	return nil
}

func (st Step) wait(ctx context.Context, cp *ChargePoint) error {
	over := make(chan struct{})
	stop := cp.cfg.AfterFunc(st.Wait, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (st Step) expect(ctx context.Context, cp *ChargePoint) error {
	if st.Conn > len(cp.connectors)-1 {
		return fmt.Errorf("%w: %d", ErrConnector, st.Conn)
	}
	within := st.Wait
	if within == 0 {
		within = expectWithin
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := cp.cfg.AfterFunc(within, func() { cancel(errLate) })
	defer stop()
	if err := cp.Wait(ctx, st.holds); err != nil {
		if errors.Is(context.Cause(ctx), errLate) {
			return fmt.Errorf("not within %s; %s", within.Round(time.Millisecond), describe(cp.State(), st.Conn))
		}
		return err
	}
	return nil
}

var errLate = fmt.Errorf("cpsim: an expectation was not met in time")

func (st Step) holds(s State) bool {
	var c ConnectorState
	if st.Conn > 0 {
		c = s.Connectors[st.Conn-1]
	}
	switch st.Verb {
	case "expect online":
		return s.Online
	case "expect offline":
		return !s.Online
	case "expect booted":
		return s.Booted
	case "expect status":
		return c.Status == st.Word
	case "expect transaction":
		return c.Transaction && c.TransactionID != 0
	case "expect no transaction":
		return !c.Transaction
	case "expect queue":
		return int64(s.Queued) == st.N
	}
	return false
}

func describe(s State, conn int) string {
	if conn == 0 {
		return fmt.Sprintf("online %t, booted %t, queue %d", s.Online, s.Booted, s.Queued)
	}
	c := s.Connectors[conn-1]
	return fmt.Sprintf("connector %d is %s, transaction %t, id %d", conn, c.Status, c.Transaction, c.TransactionID)
}
