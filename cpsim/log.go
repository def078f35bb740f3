package cpsim

import (
	"context"
	"log/slog"
)

func (cp *ChargePoint) logFrame(direction string, b []byte) {
	if cp.cfg.Log == nil || !cp.cfg.Log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	cp.cfg.Log.Debug(direction+" "+string(b), "point", cp.cfg.Identity)
}

func (cp *ChargePoint) logEvent(e Event) {
	attrs := []any{"point", e.Identity}
	if e.Action != "" {
		attrs = append(attrs, "action", e.Action)
	}
	if e.Connector > 0 {
		attrs = append(attrs, "connector", e.Connector)
	}
	if e.Status != "" {
		attrs = append(attrs, "status", e.Status)
	}
	if e.Err != nil {
		attrs = append(attrs, "err", e.Err)
	}
	switch e.Kind {
	case Answered, Received:
		cp.cfg.Log.Debug(string(e.Kind), attrs...)
	case Failed, TimedOut, Dropped, Refused, Unmatched:
		cp.cfg.Log.Warn(string(e.Kind), attrs...)
	default:
		cp.cfg.Log.Info(string(e.Kind), attrs...)
	}
}
