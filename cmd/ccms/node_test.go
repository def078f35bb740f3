package main_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"ccms/internal/app"
	"ccms/internal/operator"
)

// node is the program's node inside the test, for what a process cannot be given: a
// clock. Its listener is memory, so that it may run in virtual time.
type node struct {
	app    *app.App
	srv    *http.Server
	ln     *pipes
	served chan error
}

// openNode opens a node on the data of s and serves.
func (s setting) openNode(t *testing.T, c app.Config) *node {
	t.Helper()
	c.DataDir, c.DatabaseURL = s.dir, s.url
	if c.Log == nil {
		c.Log = quiet
	}
	// In virtual time the work of every second would be most of what there is to do.
	c.Beat = func(d time.Duration) (<-chan time.Time, func()) {
		if d >= 500*time.Millisecond {
			d = max(d, 10*time.Second)
		}
		t := time.NewTicker(d)
		return t.C, t.Stop
	}
	c.Login = operator.HashCost{Memory: 64, Time: 1, Threads: 1}
	if err := app.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := &node{app: a, srv: &http.Server{Handler: a}, ln: newPipes(), served: make(chan error, 1)}
	go func() { n.served <- n.srv.Serve(n.ln) }()
	return n
}

// stop drains the node, as SIGTERM does.
func (n *node) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.app.Stop(ctx, n.srv.Shutdown); err != nil {
		t.Errorf("stopping the node: %v", err)
	}
	if err := <-n.served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving ended with %v", err)
	}
}

// pipes is a listener whose connections are net.Pipes.
type pipes struct {
	in     chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{in: make(chan net.Conn), closed: make(chan struct{})} }

// dial connects to it; it is for cpsim.Config.Dial.
func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.in <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.in:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }
