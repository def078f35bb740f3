package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ccms/cpsim"
	"ccms/internal/asset"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// commandLimit is how long a charge point has for the answer to a command.
var commandLimit = time.Duration(size(2, 10)) * time.Second

// All come at once, as after a power cut of the town: each is let in, booted and has
// its status stored; when they have gone, nothing of them is left in memory.
func TestFleet_allConnectAndBootAtOnce(t *testing.T) {
	each(t, size(60, 10_000), func(w *node) {
		before := w.warm()
		here := make(chan struct{})
		begin := time.Now()
		go func() {
			defer close(here)
			w.comes(func() bool { return w.Door.Connected() == len(w.points) })
			w.Logf("%d points connected after %s", w.Door.Connected(), time.Since(begin).Round(time.Millisecond))
		}()
		r := w.load(order{Idle: true}, here)
		w.Logf("all were booted, and all was stored, after %s", time.Since(begin).Round(time.Millisecond))
		booted := 0
		for _, a := range r.Actions {
			if a.Action == "BootNotification" {
				booted = a.Answers
			}
		}
		if r.Refused > 0 || r.Reconnects > 0 || booted != len(w.points) {
			w.Errorf("%d booted, %d refused, %d came again", booted, r.Refused, r.Reconnects)
		}
		w.until("all are gone", func() bool { return w.Door.Connected() == 0 })
		w.back(before)
		for i := 0; i < len(w.ids); i += 1 + len(w.ids)/100 {
			p, err := w.Assets.ChargePoint(w.Context(), w.scope, w.ids[i])
			w.ok(err)
			if p.Vendor != "ccms" || len(p.Connectors) != 1 || p.Connectors[0].Status != asset.Available {
				w.Errorf("%s is stored as %+v", p.Identity, p)
			}
		}
	})
}

// They stay connected, beat and charge at the pace of a network. What the process
// holds in the second half of the time is what it held in the middle.
func TestFleet_staysConnected(t *testing.T) {
	each(t, size(60, 10_000), func(w *node) {
		before := w.warm()
		o := order{Duration: 3 * time.Second, Ramp: time.Second / 2, Rate: 100, Heartbeat: time.Second, Samples: 4}
		if long {
			o.Duration, o.Ramp, o.Rate, o.Heartbeat, o.Samples = 10*time.Minute+30*time.Second, 30*time.Second, 170, time.Minute, 8
		}
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			w.watch(o.Duration)
		}()
		r := w.load(o, nil)
		<-watched
		if r.Reconnects > 0 || r.Refused > 0 {
			w.Errorf("%d came again, %d refused", r.Reconnects, r.Refused)
		}
		w.until("all are gone", func() bool { return w.Door.Connected() == 0 })
		w.back(before)
	})
}

// All charge and stop in one moment, as when a depot's shift ends or a fuse goes: each stop
// is answered, and each session billed once.
func TestFleet_stopInOneMoment(t *testing.T) {
	each(t, size(60, 10_000), func(w *node) {
		before := w.warm()
		// Each begins within two intervals, and is charging when the time is over.
		every, samples := time.Duration(size(1, 20))*time.Second, 100
		rate := float64(len(w.points)) / every.Seconds() * float64(samples+6) / float64(samples+1)
		r := w.load(order{Duration: 5*every/2 + every/4, Ramp: every / 2, Rate: rate, Samples: samples}, nil)
		if r.Sessions != len(w.points) || r.Reconnects > 0 || r.Refused > 0 {
			w.Errorf("%d of %d have stopped, %d came again, %d refused", r.Sessions, len(w.points), r.Reconnects, r.Refused)
		}
		w.until("all are gone", func() bool { return w.Door.Connected() == 0 })
		w.back(before)
		for i := 0; i < len(w.ids); i += 1 + len(w.ids)/100 {
			l, err := w.Sessions.List(w.Context(), w.scope, session.Filter{Point: w.ids[i]}, operator.Page{Limit: 10})
			w.ok(err)
			n := 0
			for _, s := range l.Items {
				if s.Phase == session.Completed && s.Bill != nil {
					n++
				}
			}
			if want := 1 + 2*min(1, max(0, 10-i)); n != want || len(l.Items) != want {
				w.Errorf("%s: %d sessions, %d of them billed, not %d", w.points[i].Identity, len(l.Items), n, want)
			}
		}
	})
}

// watch looks at what the process holds while the points are connected: from the middle
// of the time on it does not grow.
func (w *node) watch(d time.Duration) {
	begin := time.Now()
	tick := time.NewTicker(d / 12)
	defer tick.Stop()
	var middle held
	came := false
	for range 10 {
		<-tick.C
		n := w.Door.Connected()
		if came && n != len(w.points) {
			w.Errorf("%d points are connected", n)
		}
		if came = came || n == len(w.points); !came || time.Since(begin) < d/2-d/24 {
			continue // a busy machine lets them in later than the ramp has them come
		}
		now := holds()
		if middle.goroutines == 0 {
			middle = now
		}
		w.Logf("after %s: %d goroutines, %d KiB", time.Since(begin).Round(time.Second/10), now.goroutines, now.memory>>10)
		if now.goroutines > middle.goroutines*11/10+50 {
			w.Errorf("goroutines grow: %d, halfway %d", now.goroutines, middle.goroutines)
		}
		if now.memory > middle.memory*11/10+slack {
			w.Errorf("memory grows: %d KiB, halfway %d", now.memory>>10, middle.memory>>10)
		}
	}
	if !came {
		w.Error("they were never connected all at once")
	}
}

// As many commands at once as there are points, half of which never answer: the
// others' commands are answered and their Heartbeats too, meanwhile.
func TestFleet_commandsWithHalfOfThePointsSilent(t *testing.T) {
	each(t, size(30, 1000), func(w *node) {
		ctx, end := context.WithTimeout(w.Context(), patience())
		defer end()
		var running sync.WaitGroup
		stop, quit := context.WithCancel(ctx)
		points := make([]*cpsim.ChargePoint, len(w.points))
		for i, p := range w.points {
			c := cpsim.Config{URL: w.url, Identity: p.Identity, Password: p.Password, MeterInterval: -1, CallTimeout: patience()}
			if i%2 == 1 {
				c.Quirks = cpsim.Quirks{cpsim.QuirkNeverAnswer: true}
			}
			points[i] = cpsim.New(c)
			running.Go(func() { _ = points[i].Run(stop) })
		}
		defer running.Wait()
		defer quit()
		for _, cp := range points {
			w.ok(cp.WaitDelivered(ctx))
		}
		beats := func() time.Duration {
			var took []time.Duration
			var mu sync.Mutex
			var g errgroup.Group
			for i := 0; i < len(points); i += 2 {
				g.Go(func() error {
					begin := time.Now()
					_, err := points[i].Call(ctx, "Heartbeat", struct{}{})
					mu.Lock()
					defer mu.Unlock()
					took = append(took, time.Since(begin))
					return err
				})
			}
			w.ok(g.Wait())
			slices.Sort(took)
			return took[len(took)*99/100]
		}
		quiet := beats()

		commands := make([]asset.Command, len(points))
		g, gctx := errgroup.WithContext(ctx)
		for i, id := range w.ids {
			g.Go(func() (err error) {
				commands[i], err = w.Assets.Request(gctx, w.scope, id, asset.Trigger{Message: "Heartbeat"}, "test")
				return err
			})
		}
		w.ok(g.Wait())
		w.Logf("p99 of %d Heartbeats: %s, with the commands %s", len(points)/2, quiet.Round(time.Millisecond), beats().Round(time.Millisecond))
		state := func(i int) asset.CommandState {
			c, err := w.Assets.Command(ctx, w.scope, commands[i].ID)
			w.ok(err)
			return c.State
		}
		for i := 0; i < len(points); i += 2 {
			w.until(w.points[i].Identity+" has answered", func() bool { return state(i) == asset.CommandAccepted })
		}
		for i := 1; i < len(points); i += 2 {
			w.until(w.points[i].Identity+" is given up", func() bool { s := state(i); return s != asset.CommandQueued && s != asset.CommandSent })
			if s := state(i); s == asset.CommandAccepted {
				w.Errorf("%s never answered and is %s", w.points[i].Identity, s)
			}
		}
		if n := w.Door.Connected(); n != len(points) {
			w.Errorf("%d of %d are still connected", n, len(points))
		}
	})
}

// 200 stations in a closed loop: each session that was reported is stored and billed
// once, and nothing is left.
func TestFleet_closedLoop(t *testing.T) {
	each(t, size(20, 200), func(w *node) {
		before := w.warm()
		r := w.load(order{Sessions: size(3, 50), Samples: 8}, nil)
		if want := len(w.points) * size(3, 50); r.Sessions != want {
			w.Errorf("%d sessions, not %d", r.Sessions, want)
		}
		w.until("all are gone", func() bool { return w.Door.Connected() == 0 })
		w.back(before)
		l, err := w.Sessions.List(w.Context(), w.scope, session.Filter{Phases: []session.Phase{session.Completed}}, operator.Page{Limit: 1})
		w.ok(err)
		if want := r.Sessions + 2*min(10, len(w.points)); l.Total != want && !l.Capped {
			w.Errorf("%d sessions are stored as completed, not %d", l.Total, want)
		}
	})
}

// After an outage each point delivers what it has kept, in order: each sample is in
// the database once, and in the order in which it was measured.
func TestFleet_flushAfterAnOutage(t *testing.T) {
	const step = 10 // Wh between two samples
	kept := size(40, 500)
	each(t, size(6, 200), func(w *node) {
		ctx, end := context.WithTimeout(w.Context(), patience())
		defer end()
		var running sync.WaitGroup
		stop, quit := context.WithCancel(ctx)
		defer running.Wait()
		defer quit()
		var g errgroup.Group
		var back sync.WaitGroup
		back.Add(len(w.points))
		var all time.Time // come back
		var once sync.Once
		for _, p := range w.points {
			cp := cpsim.New(cpsim.Config{URL: w.url, Identity: p.Identity, Password: p.Password, MeterInterval: -1, CallTimeout: patience(),
				Keys: map[string]string{"TransactionMessageAttempts": "100", "TransactionMessageRetryInterval": "1"}})
			running.Go(func() { _ = cp.Run(stop) })
			g.Go(func() error {
				there := sync.OnceFunc(back.Done)
				defer there()
				if err := charge(ctx, cp, p.Tag); err != nil {
					return err
				}
				cp.GoOffline()
				for range kept {
					if err := cp.AddEnergy(1, step); err != nil {
						return err
					}
					if err := cp.Sample(1); err != nil {
						return err
					}
				}
				if err := cp.Stop(1, "Local"); err != nil {
					return err
				}
				there()
				back.Wait() // all come back at once
				once.Do(func() { all = time.Now() })
				cp.GoOnline()
				return cp.WaitDelivered(ctx)
			})
		}
		w.ok(g.Wait())
		took := time.Since(all)
		w.Logf("%d points delivered %d messages each in %s: %.0f in a second", len(w.points), kept+1, took.Round(time.Millisecond), float64(len(w.points)*(kept+1))/took.Seconds())
		for i, id := range w.ids {
			l, err := w.Sessions.List(ctx, w.scope, session.Filter{Point: id}, operator.Page{Limit: 10})
			w.ok(err)
			if len(l.Items) != 1 || l.Items[0].Phase != session.Completed {
				w.Errorf("%s: sessions %+v", w.points[i].Identity, l.Items)
				continue
			}
			if err := inOrder(ctx, w, l.Items[0].State, kept, step); err != nil {
				w.Errorf("%s: %v", w.points[i].Identity, err)
			}
		}
	})
}

// charge plugs a car in and starts with the card.
func charge(ctx context.Context, cp *cpsim.ChargePoint, tag string) error {
	if err := cp.WaitDelivered(ctx); err != nil {
		return err
	}
	if err := cp.PlugEV(1, cpsim.EV{MaxW: 1}); err != nil { // its own charging adds nothing in this time
		return err
	}
	if err := cp.Tag(1, tag); err != nil {
		return err
	}
	if err := cp.WaitStatus(ctx, 1, "Charging"); err != nil {
		return err
	}
	return cp.WaitDelivered(ctx)
}

// inOrder reads the frames of a session as they are kept, in the order of arrival:
// Start, the samples with registers that rise by step, Stop.
func inOrder(ctx context.Context, w *node, s session.State, kept int, step int64) error {
	frames, err := w.Sessions.Frames(ctx, w.scope, s.ID, 10*kept)
	if err != nil {
		return err
	}
	var registers []int64
	for _, f := range frames {
		if !f.Inbound || f.Action != "MeterValues" {
			continue
		}
		var call []json.RawMessage
		if err := json.Unmarshal(f.Payload, &call); err != nil || len(call) != 4 {
			return fmt.Errorf("the frame %s is kept (%w)", f.Payload, err)
		}
		v, err := register(call[3])
		if err != nil {
			return err
		}
		registers = append(registers, v)
	}
	if len(registers) != kept {
		return fmt.Errorf("%d samples are kept, not %d", len(registers), kept)
	}
	for i := 1; i < len(registers); i++ {
		if registers[i] != registers[i-1]+step {
			return fmt.Errorf("sample %d has the register %d, the one before %d", i, registers[i], registers[i-1])
		}
	}
	return nil
}

// register is the energy of one MeterValues.
func register(payload json.RawMessage) (int64, error) {
	var m struct {
		MeterValue []struct {
			SampledValue []struct {
				Value     json.Number `json:"value"`
				Measurand string      `json:"measurand"`
			} `json:"sampledValue"`
		} `json:"meterValue"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return 0, err
	}
	for _, v := range m.MeterValue {
		for _, s := range v.SampledValue {
			if s.Measurand == "" || s.Measurand == "Energy.Active.Import.Register" {
				return s.Value.Int64()
			}
		}
	}
	return 0, fmt.Errorf("no register in %s", payload)
}

// stuck is a connection whose charge point stops reading.
type stuck struct {
	net.Conn
	deaf atomic.Bool
	over chan struct{}
}

func (c *stuck) Read(b []byte) (int, error) {
	if c.deaf.Load() {
		<-c.over
	}
	return c.Conn.Read(b)
}

// Some charge points ask and ask and read no answer, until the node's writes to them
// block. The others are answered as before: nothing that a write holds is shared.
func TestFleet_slowWritesHoldUpNobody(t *testing.T) {
	// Answers carry the id of what was asked: together more than the system's buffers take.
	const slow, asks = 1, 40_000
	ask := []byte(`[2,"` + strings.Repeat("i", 2000) + `","Heartbeat",{}]`)
	each(t, 20, func(w *node) {
		ctx, end := context.WithTimeout(w.Context(), patience())
		defer end()
		var running sync.WaitGroup
		stop, quit := context.WithCancel(ctx)
		over := make(chan struct{})
		addr := strings.TrimSuffix(strings.TrimPrefix(w.url, "ws://"), "/ocpp")
		points, lines := make([]*cpsim.ChargePoint, len(w.points)), make([]*stuck, slow)
		for i, p := range w.points {
			c := cpsim.Config{URL: w.url, Identity: p.Identity, Password: p.Password, MeterInterval: -1, CallTimeout: patience()}
			if i < slow {
				lines[i] = &stuck{over: over}
				c.Dial = func(ctx context.Context) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
					if err == nil {
						err = conn.(*net.TCPConn).SetReadBuffer(4096)
					}
					lines[i].Conn = conn
					return lines[i], err
				}
			}
			points[i] = cpsim.New(c)
			running.Go(func() { _ = points[i].Run(stop) })
		}
		defer running.Wait()
		defer quit()
		defer close(over)
		for _, cp := range points {
			w.ok(cp.WaitDelivered(ctx))
		}
		var pouring sync.WaitGroup
		for i := range slow {
			lines[i].deaf.Store(true)
			pouring.Go(func() {
				for range asks {
					if points[i].SendRaw(ask) != nil {
						return
					}
				}
			})
		}
		// As long as a write to a point that reads nothing blocks, and longer than any
		// answer takes.
		handled, worst, rounds := w.Door.Stats.Frames.Load(), time.Duration(0), 0
		for begin := time.Now(); time.Since(begin) < 2*time.Second || rounds < 3; rounds++ {
			for _, cp := range points[slow:] {
				asked := time.Now()
				_, err := cp.Call(ctx, "Heartbeat", struct{}{})
				w.ok(err)
				worst = max(worst, time.Since(asked))
			}
		}
		pouring.Wait()
		ofOthers := 2 * int64(rounds) * int64(len(points)-slow)
		if n := w.Door.Stats.Frames.Load() - handled - ofOthers; n >= 2*slow*asks {
			w.Errorf("%d frames went in and out: no write has blocked", n)
		}
		w.Logf("%d rounds of Heartbeats beside %d that read nothing: the longest took %s", rounds, slow, worst.Round(time.Millisecond))
		if worst > 5*time.Second { // a write to one of them blocks for longer
			w.Errorf("a Heartbeat took %s", worst)
		}
	})
}
