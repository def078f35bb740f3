package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// The timers of the machine.
const (
	startTimeout   = 150 * time.Second // ConnectionTimeOut unknown counts as 120 s, + 30 s (AUTH-R4)
	stopTimeout    = 120 * time.Second // STOPPING → STOP_UNCONFIRMED
	offlineGrace   = 60 * time.Second  // LIVE-R1
	offlineLimit   = 48 * time.Hour    // OFFLINE_RUNNING → ABNORMAL
	closeAfter     = 15 * time.Minute  // BILL-R5: connected and quiet
	closeRetry     = time.Minute
	idleLimit      = 24 * time.Hour // AUTH-R8: a bill is made at the latest then
	emptyAC        = 24 * time.Hour // BILL-R3
	emptyDC        = 4 * time.Hour
	emptyRetry     = time.Hour
	emptyEnergy    = unit.Wh(100)
	idleConfirm    = 3 * time.Minute
	idlePower      = unit.W(100)
	idleMinEnergy  = unit.Wh(500) // IDLE-R1: a timer in the car
	deniedGrace    = 30 * time.Second
	deniedRepeat   = time.Minute
	forgetAfter    = 7 * 24 * time.Hour // a stop that late is still taken by its id, not guessed
	defaultGap     = 60 * time.Second
	reserveMargin  = 30 * time.Second // BAL-R2
	stopRetryAfter = 60 * time.Second
	leastGap       = time.Second // MeterValueSampleInterval is in whole seconds
)

// Env is what the machine knows beside the state.
type Env struct {
	Now      time.Time
	Prices   *tariff.Sheet // of the snapshot's plan version in the site's zone; nil where no plan resolved
	MaxPower unit.W        // of the connector
	// Registers are the session's energy readings in time order. Only an event that
	// may end or settle the session needs them (NeedsRegisters).
	Registers []Register
}

// NeedsRegisters reports whether Apply of ev to st may make a bill.
func NeedsRegisters(st State, ev Event) bool {
	switch ev.(type) {
	case Stopped, Reviewed:
		return true
	case Due:
		return st.Phase == Idle || !st.Inner.CloseFrom.IsZero()
	case StatusSeen, Replaced, Overlapped:
		return st.Phase == Idle
	}
	return false
}

// Then is what follows from an event, for the service to do in the same commit.
type Then struct {
	Capture bool             // post Next.Bill and release the rest of the hold
	Adjust  *tariff.Bill     // Next.Bill replaces this one: post the difference
	Release bool             // give the whole hold back
	Keep    *money.Amount    // shrink the hold to this (abnormal)
	Extend  money.Amount     // grow the hold to this where the account allows; then Apply(HoldGrown)
	Stop    string           // send RemoteStop, with the reason
	Learn   *asset.MeterSeen // what the session's end tells of the connector's meter
	Zero    *ZeroSeen        // what was seen of a limit of 0
}

// Outcome is what Apply decides.
type Outcome struct {
	Next State
	Then Then
	Fact string // past-tense kind of what happened, "" where only a sample was added
}

// Event is one thing that happens to a session.
type Event interface{ apply(*machine) }

type machine struct {
	Env
	s    State
	then Then
	fact string

	points []tariff.Point // cumulative energy, made by total
}

// Apply is the whole state machine: pure, total, with time as an argument. An
// event that means nothing in the present phase changes nothing.
func Apply(st State, ev Event, env Env) Outcome {
	m := new(machine)
	m.begin(&st, env)
	ev.apply(m)
	m.time()
	return Outcome{Next: m.s, Then: m.then, Fact: m.fact}
}

// begin puts the machine into a state, which it does not change.
func (m *machine) begin(st *State, env Env) {
	*m = machine{Env: env, s: *st}
	// The machine appends to these.
	m.s.Flags = st.Flags[:len(st.Flags):len(st.Flags)]
	m.s.Inner.Idle = st.Inner.Idle[:len(st.Inner.Idle):len(st.Inner.Idle)]
}

// time sets the timer, after an event.
func (m *machine) time() { m.s.DueAt = m.due() }

// due is when the machine next needs a look without a report.
func (m *machine) due() time.Time {
	s, in := &m.s, &m.s.Inner
	var at time.Time
	earliest := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	switch s.Phase {
	case Starting:
		earliest(s.RequestedAt.Add(startTimeout))
	case Idle:
		earliest(s.EndedAt.Add(idleLimit))
		if !in.IdleFrom.IsZero() && m.Prices != nil {
			if cap, ok := m.Prices.IdleCapReached(in.Idle, in.IdleFrom); ok {
				earliest(cap)
			}
		}
	case Rejected, Completed, Abnormal:
		if s.Live() {
			earliest(m.lastWord().Add(forgetAfter))
		}
	case Charging, Paused, OfflineRunning, Stopping, StopUnconfirmed:
		earliest(m.emptyAt())
		if s.Phase == Stopping {
			earliest(in.StopAskedAt.Add(stopTimeout))
		}
		if !in.CloseFrom.IsZero() {
			t := in.CloseFrom.Add(closeAfter)
			if !t.After(m.Now) {
				t = m.Now.Add(closeRetry)
			}
			earliest(t)
		}
		if !in.OfflineSince.IsZero() {
			if s.Phase == OfflineRunning {
				earliest(in.OfflineSince.Add(offlineLimit))
			} else {
				earliest(in.OfflineSince.Add(offlineGrace))
			}
		} else if s.Phase != Stopping && !s.Wallet.IsZero() && !in.SilentAt.IsZero() {
			earliest(in.SilentAt)
		}
	}
	if !at.IsZero() && !at.After(m.Now) {
		// What is due now and was not settled by this event is looked at again soon,
		// never in a tight loop.
		at = m.Now.Add(time.Second)
	}
	return at
}

// emptyAt is when a session that charges nothing is ended (BILL-R3), and asked again
// where it goes on; zero: not. Where the meter has told nothing yet, nobody knows that it
// charges nothing: there are charge points that tell the energy only at the stop.
func (m *machine) emptyAt() time.Time {
	s, in := &m.s, &m.s.Inner
	if s.Phase != Charging && s.Phase != Paused || s.Energy >= emptyEnergy || in.LastAt.IsZero() || !in.OfflineSince.IsZero() {
		return time.Time{}
	}
	at := s.StartedAt.Add(s.emptyAfter())
	if again := in.StopAskedAt.Add(emptyRetry); !in.StopAskedAt.IsZero() && again.After(at) {
		return again
	}
	return at
}

// emptyAfter is how long a session may last without energy worth the name (BILL-R3).
func (s *State) emptyAfter() time.Duration {
	if s.Inner.Direct {
		return emptyDC
	}
	return emptyAC
}

// lastWord is when a session that may still get its stop was last heard of.
func (m *machine) lastWord() time.Time {
	at := m.s.StartedAt
	for _, t := range []time.Time{m.s.EndedAt, m.s.Last.At, m.s.Inner.HeardAt} {
		if t.After(at) {
			at = t
		}
	}
	return at
}

// Metered is a MeterValues whose samples are new and in time order.
type Metered struct {
	Readings []Reading // At corrected
	Fixed    bool
	Untimed  bool
}

func (e Metered) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	if e.Fixed {
		s.flag(FlagClock)
	}
	if e.Untimed {
		s.flag(FlagUntimed)
	}
	in.HeardAt = m.Now
	if s.RealStop {
		s.flag(FlagLateSample)
		return
	}
	if s.Phase == Completed || s.Has(FlagReviewed) || s.Phase == Abnormal && !s.Has(FlagAdopted) {
		return // closed without a stop: the rows are there when it comes
	}
	var newest time.Time
	for _, r := range e.Readings {
		m.sample(r)
		newest = r.At
	}
	switch {
	case s.Phase == Rejected:
		// AUTH-R2: energy flows to a token that may not have it.
		if s.Energy > 0 {
			s.flag(FlagDeniedEnergy)
		}
		m.stopDenied()
		return
	case s.Phase == OfflineRunning:
		s.Phase = in.Resume
	}
	if !newest.Before(in.CloseFrom) { // backlog from before the loss proves nothing
		in.CloseFrom, in.CloseWhy = time.Time{}, "" // it goes on: not lost
	}
	in.OfflineSince = time.Time{}
	switch {
	case !s.Has(FlagRefusedCard):
		m.spend(2*m.gap() + reserveMargin)
	case s.Phase != Stopping: // it goes on, and its card can be refused now
		m.stopDenied()
	}
}

// stopDenied sends a stop to a session whose card may not charge, at most once a minute.
func (m *machine) stopDenied() {
	if in := &m.s.Inner; m.Now.Sub(m.s.StartedAt) >= deniedGrace && m.Now.Sub(in.StopOnDenied) >= deniedRepeat {
		in.StopOnDenied = m.Now
		m.then.Stop = "the token may not charge"
	}
}

func (m *machine) sample(r Reading) {
	s, in := &m.s, &m.s.Inner
	if r.At.Before(s.Last.At) {
		return // older than what the screen shows; kept as a row for the bill
	}
	// What stands closer was measured together and told in parts, or has a time that was
	// corrected to just behind the last: no distance that the next reading will keep to,
	// and too little would be reserved until it comes (BAL-R2).
	if gap := r.At.Sub(in.LastAt); !in.LastAt.IsZero() && gap >= leastGap {
		in.Gap = gap
	}
	if r.Has&HasEnergy != 0 {
		s.advance(Register{r.At, r.Energy}, false)
		if m.Prices != nil {
			in.Running = in.Running.Add(m.Prices, tariff.Point{At: r.At, Energy: s.Energy})
		}
		in.LastAt = r.At
	}
	if r.Has&HasPower != 0 {
		m.power(r)
	}
	m.zero(r)
	m.fills(r)
	merge(&s.Last, r)
	if m.Prices != nil {
		m.cost()
	}
	in.SilentAt = m.Now.Add(2*m.gap() + reserveMargin)
}

// cost brings the running price up to date. A price that does not fit 64 bits keeps
// the last one; the bill will be refused and reviewed.
func (m *machine) cost() {
	if c, err := m.s.Inner.Running.Cost(m.Prices, m.idleWindows(m.s.Last.At)); err == nil {
		m.s.Cost = c
	}
}

// power runs the idle clock from the meter: three minutes below 100 W confirm that
// the car takes nothing, and the clock starts at the first of them (IDLE-R1).
func (m *machine) power(r Reading) {
	s, in := &m.s, &m.s.Inner
	if r.Power > idlePower {
		in.LowSince = time.Time{}
		in.IdleFrom = time.Time{}
		in.Idle = nil
		if s.Phase == Paused {
			s.Phase = Charging
		}
		return
	}
	if in.NoIdle {
		return // faulted, held back or out of reach: not the driver's time (IDLE-R4)
	}
	if in.LowSince.IsZero() {
		in.LowSince = r.At
	}
	if s.Phase == Charging && s.Energy >= idleMinEnergy && r.At.Sub(in.LowSince) >= idleConfirm && in.IdleFrom.IsZero() {
		in.IdleFrom = in.LowSince
	}
}

// socSlack is how far a state of charge may fall that the car estimates anew.
const socSlack = unit.Permille(20)

// fills looks whether the car fills while energy flows. Where it empties, one of the two
// is told wrong (BILL-R13).
func (m *machine) fills(r Reading) {
	s, in := &m.s, &m.s.Inner
	switch {
	case r.Has&HasSoC == 0:
	case r.SoC >= in.TopSoC:
		in.TopSoC, in.TopEnergy = r.SoC, s.Energy
	case r.SoC+socSlack < in.TopSoC && s.Energy > in.TopEnergy:
		s.flag(FlagChargeFell)
	}
}

// merge keeps the last known value of what a sample leaves out.
func merge(last *Reading, r Reading) {
	last.At, last.Context = r.At, r.Context
	last.Has |= r.Has
	if r.Has&HasEnergy != 0 {
		last.Energy = r.Energy
	}
	if r.Has&HasPower != 0 {
		last.Power = r.Power
	}
	if r.Has&HasCurrent != 0 {
		last.Current = r.Current
	}
	if r.Has&HasVoltage != 0 {
		last.Voltage = r.Voltage
	}
	if r.Has&HasSoC != 0 {
		last.SoC = r.SoC
	}
}

// gap is the real distance of samples, as far as seen.
func (m *machine) gap() time.Duration { return m.s.SampleInterval() }

// SampleInterval is the real distance of the session's samples, as far as seen, at most
// 15 minutes.
func (s *State) SampleInterval() time.Duration {
	if s.Inner.Gap > 0 {
		return min(s.Inner.Gap, 15*time.Minute)
	}
	return defaultGap
}

// spend compares what the session has cost, plus what it may cost until the next
// sample and the stop after it, with what is held (BAL-R2).
func (m *machine) spend(ahead time.Duration) {
	s := &m.s
	if m.Prices == nil || s.Wallet.IsZero() || s.Phase == Stopping {
		return
	}
	need, err := m.need(ahead)
	switch {
	case err != nil:
		m.stopForMoney()
	case !need.Less(s.HoldAmount):
		m.then.Extend = need.Add(m.Prices.Plan.Hold)
	}
}

// need is what the session may have cost by the time it could be stopped.
func (m *machine) need(ahead time.Duration) (money.Amount, error) {
	reserve, err := m.Prices.Reserve(m.MaxPower, ahead, m.Now)
	if err != nil { // a price beyond 64 bits
		return money.Amount{}, err
	}
	return m.s.Cost.Add(reserve), nil
}

// stopForMoney sends a stop, at most once a minute.
func (m *machine) stopForMoney() {
	if in := &m.s.Inner; in.StopAskedAt.IsZero() || m.Now.Sub(in.StopAskedAt) >= stopRetryAfter {
		m.s.flag(FlagLowBalance)
		m.then.Stop = "low balance"
		if m.s.Source == ByGuest {
			m.then.Stop = "hold exhausted" // PAY-R4
		}
	}
}

// silence is how long nothing was heard of the meter, or of the start before its first
// word: by our clock, whatever the device's says.
func (m *machine) silence() time.Duration { return max(0, m.Now.Sub(m.s.Inner.HeardAt)) }

// HoldGrown answers Then.Extend with the hold as it is now.
type HoldGrown struct{ Amount money.Amount }

func (e HoldGrown) apply(m *machine) {
	s := &m.s
	s.HoldAmount = e.Amount
	if m.Prices == nil || !s.Phase.Open() || s.Phase == Stopping {
		return
	}
	ahead := max(2*m.gap(), m.silence()) + reserveMargin
	if need, err := m.need(ahead); err != nil || !need.Less(s.HoldAmount) {
		m.stopForMoney()
	}
}

// StatusSeen is a connector's status, newer than any before.
type StatusSeen struct {
	Status asset.ConnectorStatus
	At     time.Time
}

func (e StatusSeen) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	switch {
	case s.Phase == Idle:
		m.statusAfterStop(e)
		return
	case !s.Phase.Open():
		return
	}
	running := func(p Phase) {
		switch s.Phase {
		case Charging, Paused, OfflineRunning:
			if s.Phase != p {
				m.fact = "session.changed"
			}
			s.Phase = p
		case Stopping, StopUnconfirmed:
			in.Resume = p
		}
		in.OfflineSince = time.Time{}
	}
	switch e.Status {
	case asset.Charging:
		in.IdleFrom, in.Idle, in.LowSince, in.NoIdle = time.Time{}, nil, time.Time{}, false
		in.CloseFrom = time.Time{}
		m.plugged(e.At)
		running(Charging)
	case asset.SuspendedEV:
		in.NoIdle = false
		if s.Energy >= idleMinEnergy {
			m.idle(e.At)
		}
		in.CloseFrom = time.Time{}
		m.plugged(e.At)
		running(Paused)
	case asset.SuspendedEVSE:
		m.pauseIdle(e.At) // ours or the site's doing, never the driver's (IDLE-R4)
		in.CloseFrom = time.Time{}
		m.plugged(e.At)
		running(Paused)
	case asset.Finishing:
		m.idle(e.At)
		m.plugged(e.At)
	case asset.Available, asset.Preparing:
		// Behaviour 51: its Stop may still be on the way.
		if e.Status == asset.Available {
			in.Unplugged = e.At
			m.pauseIdle(e.At)
		}
		m.suspect("the connector is " + string(e.Status) + " and no stop came")
	case asset.Faulted, asset.Unavailable:
		m.pauseIdle(e.At)
	}
}

func (m *machine) statusAfterStop(e StatusSeen) {
	s := &m.s
	switch e.Status {
	case asset.Available:
		if e.At.After(s.Inner.Unplugged) {
			s.Inner.Unplugged = e.At
		}
		m.settle()
	case asset.Finishing, asset.SuspendedEV:
		m.plugged(e.At)
		m.idle(e.At)
	case asset.SuspendedEVSE, asset.Faulted, asset.Unavailable:
		m.pauseIdle(e.At)
	}
}

func (m *machine) plugged(at time.Time) {
	if at.After(m.s.Inner.PluggedUntil) {
		m.s.Inner.PluggedUntil = at
	}
	m.s.Inner.Unplugged = time.Time{}
}

func (m *machine) idle(at time.Time) {
	m.s.Inner.NoIdle = false
	if m.s.Inner.IdleFrom.IsZero() {
		m.s.Inner.IdleFrom = at
	}
}

func (m *machine) pauseIdle(at time.Time) {
	in := &m.s.Inner
	if !in.IdleFrom.IsZero() && at.After(in.IdleFrom) {
		in.Idle = append(in.Idle, tariff.Interval{From: in.IdleFrom, To: at})
	}
	in.IdleFrom, in.LowSince, in.NoIdle = time.Time{}, time.Time{}, true
}

// suspect starts the wait of BILL-R5.
func (m *machine) suspect(why string) {
	if m.s.Inner.CloseFrom.IsZero() {
		m.s.Inner.CloseFrom, m.s.Inner.CloseWhy = m.Now, why
	}
}

// Suspected says that the session may have ended without a stop: the point booted,
// or another session began on its connector (BILL-R5).
type Suspected struct{ Why string }

func (e Suspected) apply(m *machine) {
	if m.s.Phase.Open() {
		m.suspect(e.Why)
	}
}

// Replaced says that another session began on the connector: a cable cannot be in
// twice, so an idle one has ended.
type Replaced struct{ At time.Time }

func (e Replaced) apply(m *machine) {
	switch {
	case m.s.Phase == Idle:
		if m.s.Inner.Unplugged.IsZero() || m.s.Inner.Unplugged.After(e.At) {
			m.s.Inner.Unplugged = e.At
		}
		m.settle()
	case m.s.Phase.Open():
		m.suspect("another session began on the connector")
	case m.s.Phase == Rejected, m.s.Phase == Abnormal && m.s.Has(FlagAdopted):
		m.s.Inner.Forgotten = true // many never send the stop of these
	}
}

// Rivalled says that a session that may charge began on the connector meanwhile.
type Rivalled struct{ At time.Time }

func (e Rivalled) apply(m *machine) {
	if m.s.Phase.Open() && m.s.Inner.RivalAt.IsZero() {
		m.s.Inner.RivalAt = e.At
	}
}

// WentOffline says that the charge point's connection closed.
type WentOffline struct{ At time.Time }

func (e WentOffline) apply(m *machine) {
	switch {
	case m.s.Phase == Idle:
		m.pauseIdle(e.At) // IDLE-R4: no idle while out of reach
	case m.s.Phase.Open() && m.s.Inner.OfflineSince.IsZero():
		m.s.Inner.OfflineSince = e.At
		m.pauseIdle(e.At)
	}
}

// CameBack says that it is connected again, with the connector's last known status.
type CameBack struct {
	At     time.Time
	Status asset.ConnectorStatus
}

func (e CameBack) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	if s.Phase == OfflineRunning {
		s.Phase = in.Resume
		m.fact = "session.changed"
	}
	in.OfflineSince = time.Time{}
	switch e.Status {
	case asset.Charging:
		in.NoIdle = false
	case asset.Finishing, asset.SuspendedEV:
		in.NoIdle = false
		if s.Phase == Idle || s.Phase == Paused && len(in.Idle) > 0 {
			m.idle(e.At)
		}
	}
}

// StopAsked says that a stop was sent to the charge point.
type StopAsked struct {
	At      time.Time
	Command ident.Command
}

func (e StopAsked) apply(m *machine) {
	s := &m.s
	if !s.Phase.Open() {
		return
	}
	if s.Phase == Charging || s.Phase == Paused {
		s.Inner.Resume = s.Phase
	}
	s.Phase = Stopping
	s.Inner.StopAskedAt, s.Inner.StopCommand = e.At, e.Command
	m.fact = "session.stop_requested"
}

// StopRefused says that the charge point did not take the stop.
type StopRefused struct{ Command ident.Command }

func (e StopRefused) apply(m *machine) {
	s := &m.s
	if s.Phase != Stopping || s.Inner.StopCommand != e.Command {
		return
	}
	s.Phase = s.Inner.Resume
	m.fact = "session.stop_refused"
}

// Due is a timer. PluggedUntil is the freshest evidence that the cable is still in;
// Quiet says that the point has been connected and its backlog quiet long enough
// for BILL-R5.
type Due struct {
	PluggedUntil time.Time
	Quiet        bool
}

func (e Due) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	switch s.Phase {
	case Starting:
		if !m.Now.Before(s.RequestedAt.Add(startTimeout)) {
			s.Phase, s.EndedAt = FailedToStart, m.Now
			m.then.Release = true
			m.fact = "session.failed_to_start"
		}
		return
	case Idle:
		if e.PluggedUntil.After(in.PluggedUntil) {
			in.PluggedUntil = e.PluggedUntil
		}
		over := !m.Now.Before(s.EndedAt.Add(idleLimit))
		if !in.IdleFrom.IsZero() && m.Prices != nil {
			if cap, ok := m.Prices.IdleCapReached(in.Idle, in.IdleFrom); ok && !m.Now.Before(cap) {
				over = true
			}
		}
		if over {
			m.settle()
		}
		return
	case Rejected, Completed, Abnormal:
		if !m.Now.Before(m.lastWord().Add(forgetAfter)) {
			in.Forgotten = true
		}
		return
	}
	if !in.CloseFrom.IsZero() && e.Quiet && !m.Now.Before(in.CloseFrom.Add(closeAfter)) {
		m.closeProvisionally()
		return
	}
	if !in.OfflineSince.IsZero() {
		switch off := m.Now.Sub(in.OfflineSince); {
		case s.Phase == OfflineRunning && off >= offlineLimit:
			s.flag(FlagOffline48h)
			s.Phase = Abnormal
			m.keepSafe()
			m.fact = "session.abnormal"
		case s.Phase != OfflineRunning && off >= offlineGrace:
			if s.Phase == Charging || s.Phase == Paused {
				in.Resume = s.Phase
			}
			s.Phase = OfflineRunning
			m.fact = "session.changed"
		}
		return
	}
	if at := m.emptyAt(); !at.IsZero() && !m.Now.Before(at) {
		// Whether it was empty is judged by all of its energy, in total.
		m.then.Stop = "hours without energy"
		return
	}
	if s.Phase == Stopping && !m.Now.Before(in.StopAskedAt.Add(stopTimeout)) {
		s.Phase = StopUnconfirmed
		m.fact = "session.stop_unconfirmed"
		return
	}
	if !in.SilentAt.IsZero() && !m.Now.Before(in.SilentAt) {
		// A silent meter is taken to run at full power (BAL-R2).
		m.spend(m.silence() + reserveMargin)
		in.SilentAt = m.Now.Add(m.gap())
		if m.fallsSilent() {
			m.fact = "session.meter_silent"
		}
	}
}
