package cpsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// LoadConfig describes many charge points that charge again and again, each in
// a closed loop: the next message when the last one is answered.
type LoadConfig struct {
	URL    string
	Points []LoadPoint

	Duration time.Duration // no new session after it; 0: until Sessions are done or ctx ends
	Sessions int           // per point; 0: until Duration is over, Until is closed or ctx ends
	// Until ends the run in an orderly way when it is closed: no new session, those
	// that run go on to their end. For a caller that cannot tell the Duration before.
	Until <-chan struct{}
	// Rate is how many messages of sessions all points together send in a second, about;
	// it sets Interval. 0: as fast as they are answered, or as Interval says.
	Rate float64
	// Idle points charge no car: they connect, boot, send Heartbeats and stay.
	Idle bool
	// Heartbeat is the time between a point's Heartbeats; 0: as the server says.
	Heartbeat time.Duration
	Samples   int           // MeterValues per session; default 8, negative: none
	Interval  time.Duration // pause between the messages of a session; 0: none
	StepWh    int64         // energy per sample; default 40, which is plausible however fast it passes
	// Measurands of a sample; default: twelve values on three phases.
	Measurands string
	Ramp       time.Duration // the points begin spread over this time
	// Drain is how long the undelivered may take to arrive after Duration.
	// Default 30 s.
	Drain time.Duration
	Seed  uint64

	// Adjust changes the configuration of each point, its timeouts for example.
	Adjust func(i int, c *Config)
	// OnAck is told of every CALL that was answered with a CALLRESULT: what
	// the server must never lose. Called from many goroutines.
	OnAck func(Ack)
	// AckLog gets each Ack as a line of JSON, before the point goes on.
	AckLog io.Writer
	// OnProgress is told every ProgressEvery, 5 s by default, how it goes.
	OnProgress    func(Progress)
	ProgressEvery time.Duration
	// OnEvent sees every event of every point. Called from many goroutines.
	OnEvent func(Event)
	Log     *slog.Logger
}

// Ack is one acknowledged message.
type Ack struct {
	At        time.Time       `json:"at"`
	Identity  string          `json:"identity"`
	Action    string          `json:"action"`
	MessageID string          `json:"messageId"`
	Attempt   int             `json:"attempt"`
	Request   json.RawMessage `json:"request"`
	Response  json.RawMessage `json:"response"`
}

// twelve values on a three-phase connector.
const loadMeasurands = "Energy.Active.Import.Register,Power.Active.Import,Power.Reactive.Import,Power.Offered," +
	"Current.Import,Current.Offered,Voltage,Temperature"

// refusedPause keeps a point whose card is refused from asking in a tight loop.
const refusedPause = time.Second

// hurry is the time to deliver when the caller has ended the run.
const hurry = 5 * time.Second

// Load runs the points until the time is over, lets them deliver what is left,
// and reports. The error is about the configuration or the log of
// acknowledgements; whether the server did well is in the Report.
func Load(ctx context.Context, lc LoadConfig) (Report, error) {
	if len(lc.Points) == 0 {
		return Report{}, errors.New("cpsim: load without points")
	}
	for _, p := range lc.Points {
		if p.Identity == "" || p.Tag == "" && !lc.Idle {
			return Report{}, fmt.Errorf("cpsim: load point %q needs an identity and a tag", p.Identity)
		}
	}
	if lc.Samples == 0 {
		lc.Samples = 8
	}
	if lc.StepWh == 0 {
		lc.StepWh = 40
	}
	if lc.Measurands == "" {
		lc.Measurands = loadMeasurands
	}
	if lc.Drain == 0 {
		lc.Drain = 30 * time.Second
	}
	if lc.Rate > 0 {
		lc.Interval = interval(lc.Rate, len(lc.Points), max(0, lc.Samples))
	}
	if lc.Idle && lc.Duration <= 0 && lc.Until == nil {
		return Report{}, errors.New("cpsim: idle points need a time to stay")
	}
	begin := time.Now()
	pulse := &pulse{}
	stop := pulse.tell(lc.OnProgress, lc.ProgressEvery, begin)
	acks := &ackLog{w: lc.AckLog}
	loaders := make([]*loader, len(lc.Points))
	var wg sync.WaitGroup
	for i, p := range lc.Points {
		l := &loader{lc: &lc, acks: acks, pulse: pulse, point: p, index: i}
		loaders[i] = l
		wg.Go(func() { l.run(ctx, begin) })
	}
	wg.Wait()
	stop()

	r := Report{Points: len(lc.Points), idle: lc.Idle}
	for _, l := range loaders {
		r.add(&l.tally)
	}
	r.finish(time.Since(begin))
	return r, acks.err
}

// ackLog writes one line per acknowledgement.
type ackLog struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

func (a *ackLog) write(ack Ack) {
	if a.w == nil {
		return
	}
	b, err := json.Marshal(ack)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		_, err = a.w.Write(append(b, '\n'))
	}
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("cpsim: log of acknowledgements: %w", err)
	}
}

// loader drives one point.
type loader struct {
	lc    *LoadConfig
	acks  *ackLog
	pulse *pulse
	point LoadPoint
	index int
	paced context.Context // ends when nobody need wait for the rate any more
	cp    *ChargePoint
	tally tally // written by the point's events, read after its end
}

func (l *loader) run(ctx context.Context, begin time.Time) {
	lc := l.lc
	cfg := Config{
		URL: lc.URL, Identity: l.point.Identity, Password: l.point.Password,
		MeterInterval: -1, Heartbeat: lc.Heartbeat, Seed: lc.Seed, Log: lc.Log,
		Connectors: []Connector{{MeterWh: Odometer(begin)}},
		Keys: map[string]string{
			"MeterValuesSampledData":          lc.Measurands,
			"TransactionMessageAttempts":      "100",
			"TransactionMessageRetryInterval": "1",
		},
	}
	if lc.Adjust != nil {
		lc.Adjust(l.index, &cfg)
	}
	own := cfg.OnEvent
	cfg.OnEvent = func(e Event) {
		l.tally.count(e)
		l.pulse.count(e)
		if e.Kind == Answered {
			ack := Ack{e.At, e.Identity, e.Action, e.MessageID, e.Attempt, e.Request, e.Response}
			l.acks.write(ack)
			if lc.OnAck != nil {
				lc.OnAck(ack)
			}
		}
		if own != nil {
			own(e)
		}
		if lc.OnEvent != nil {
			lc.OnEvent(e)
		}
	}
	l.cp = New(cfg)

	if lc.Ramp > 0 {
		sleep(ctx, lc.Ramp*time.Duration(l.index)/time.Duration(len(lc.Points)))
	}
	run, off := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx by the drain
	defer off()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = l.cp.Run(run) }()

	work, stop := context.WithCancel(ctx)
	last := begin.Add(lc.Duration + lc.Drain)
	if lc.Duration > 0 { // bounds a session that cannot go on
		work, stop = context.WithDeadline(ctx, last)
	}
	more := func(n int) bool {
		select {
		case <-lc.Until:
			return false
		default:
		}
		return work.Err() == nil && (lc.Sessions == 0 || n < lc.Sessions) &&
			(lc.Duration == 0 || time.Since(begin) < lc.Duration)
	}
	l.paced = work
	if lc.Rate > 0 && lc.Duration > 0 {
		var end context.CancelFunc
		l.paced, end = context.WithDeadline(work, begin.Add(lc.Duration))
		defer end()
	}
	if lc.Rate > 0 { // the points of a fleet do not move as one
		sleep(l.paced, time.Duration(l.index)*lc.Interval/time.Duration(len(lc.Points)))
	}
	if lc.Idle {
		l.stay(work, begin)
	}
	for n := 0; !lc.Idle && more(n); n++ {
		if lc.Rate > 0 {
			sleep(l.paced, lc.Interval)
			if !more(n) {
				break
			}
		}
		if l.session(work) {
			l.tally.sessions++
		} else if l.cp.State().Connectors[0].Plugged {
			_ = l.cp.Unplug(1)
		}
	}
	stop()

	if lc.Duration == 0 {
		last = time.Now().Add(lc.Drain)
	}
	if soon := time.Now().Add(hurry); ctx.Err() != nil && soon.Before(last) {
		last = soon
	}
	drain, stop := context.WithDeadline(run, last)
	l.finish(drain)
	stop()
	l.tally.undelivered = l.cp.undelivered()
	off()
	<-ended
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// stay keeps the point connected until the time is over.
func (l *loader) stay(ctx context.Context, begin time.Time) {
	over := make(<-chan time.Time)
	if l.lc.Duration > 0 {
		t := time.NewTimer(time.Until(begin.Add(l.lc.Duration)))
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.lc.Until:
	case <-over:
	}
}

// session is one car: plug, tag, samples, tag, unplug. It is true when the
// StopTransaction was answered.
func (l *loader) session(ctx context.Context) bool {
	cp := l.cp
	if cp.WaitDelivered(ctx) != nil {
		return false
	}
	// A car that never gets full, or it would pause in the middle of the run.
	if cp.PlugEV(1, EV{}) != nil || cp.WaitDelivered(ctx) != nil || cp.Tag(1, l.point.Tag) != nil {
		return false
	}
	if cp.waitFor(ctx, func() bool { return cp.decided(1) }) != nil || cp.WaitDelivered(ctx) != nil {
		return false
	}
	if !cp.State().Connectors[0].Transaction {
		sleep(ctx, refusedPause)
		return false
	}
	for range max(0, l.lc.Samples) {
		if l.lc.Interval > 0 {
			sleep(l.paced, l.lc.Interval)
		}
		if ctx.Err() == nil && l.paced.Err() != nil {
			break // a long pause would not end in time for the stop
		}
		if ctx.Err() != nil || cp.AddEnergy(1, l.lc.StepWh) != nil {
			return false // stopped by the server, or the time is over
		}
		_ = cp.Sample(1)
		if cp.WaitDelivered(ctx) != nil {
			return false
		}
	}
	if cp.Tag(1, l.point.Tag) != nil || cp.WaitDelivered(ctx) != nil {
		return false
	}
	_ = cp.Unplug(1)
	return cp.WaitDelivered(ctx) == nil
}

// decided is true once a tap has led to a transaction or to a refusal.
func (cp *ChargePoint) decided(conn int) bool {
	c := cp.connectors[conn]
	return !c.asking && c.intent == nil && (c.tx == nil || c.tx.energised)
}

// finish ends what is running and delivers it.
func (l *loader) finish(ctx context.Context) {
	for _, c := range l.cp.State().Connectors {
		if c.Transaction {
			_ = l.cp.Stop(c.ID, "Local")
		}
		if c.Plugged {
			_ = l.cp.Unplug(c.ID)
		}
	}
	_ = l.cp.WaitDelivered(ctx)
}

// undelivered counts the transaction messages that have no answer.
func (cp *ChargePoint) undelivered() int {
	cp.lock()
	defer cp.unlock()
	return len(cp.txq)
}
