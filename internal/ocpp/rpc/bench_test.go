package rpc_test

import (
	"context"
	"net"
	"testing"
	"time"

	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/wire"
)

// sink is a socket that takes everything at once.
type sink struct{ net.Conn }

func (sink) Write(b []byte) (int, error)      { return len(b), nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkQuickCall is a Heartbeat from its frame to its answer, without what the
// kernel does.
func BenchmarkQuickCall(b *testing.B) {
	answer := []byte(`{"currentTime":"2026-03-01T11:00:00.123Z"}`)
	o := &owner{tap: func(rpc.Tapped) {}, handle: func(context.Context, rpc.Call) ([]byte, *rpc.CallError) { return answer, nil }}
	p := rpc.NewPeer(wire.NewConn(sink{}, nil, "ocpp1.6", nil), &rpc.Config{Quick: func(a string) bool { return a == "Heartbeat" }}, o)
	raw := []byte(`[2,"00000001","Heartbeat",{}]`)
	b.ReportAllocs()
	for b.Loop() {
		p.Receive(raw)
	}
}
