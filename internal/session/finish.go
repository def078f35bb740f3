package session

import (
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Register is one reading of the energy register, for the bill.
type Register struct {
	At    time.Time
	Value unit.Wh
}

// Stopped is a StopTransaction that belongs to the session. Env.Registers then holds
// its own transaction data too.
type Stopped struct {
	At          time.Time
	Device      time.Time
	Fixed       bool
	Untimed     bool
	Register    unit.Wh
	HasRegister bool
	Reason      string
	ReportedID  int64     // the transactionId as reported
	Matched     bool      // found without its id (BILL-R4)
	CableOut    bool      // the connector says Available
	Since       time.Time // of the connection that brought it
}

func (e Stopped) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	if s.RealStop || s.Has(FlagReviewed) {
		return
	}
	billed := s.Bill // by a provisional close
	denied := s.Phase == Rejected
	s.RealStop, s.ClosedBy, s.StopID = true, "charge_point", e.ReportedID
	s.EndedAt, s.StopDevice = e.At, e.Device
	if s.EndedAt.Before(s.StartedAt) {
		s.EndedAt = s.StartedAt
	}
	s.StopReason = e.Reason
	if s.StopReason == "" {
		s.StopReason = "Local" // OCPP 1.6 §6.45
	}
	for _, f := range []struct {
		on   bool
		flag Flag
	}{{e.Fixed, FlagClock}, {e.Untimed, FlagUntimed}, {e.Matched, FlagMatched}, {!e.HasRegister, FlagMissingEnergy}} {
		if f.on {
			s.flag(f.flag)
		}
	}
	s.MeterStop = e.Register
	in.Base = s.Has(FlagMeterBase)
	m.zeroOver("The charge has ended.")
	if s.overlaps(s.EndedAt) {
		s.flag(FlagOverlap)
	}
	if e.HasRegister && e.Register < s.MeterStart-registerSlack {
		s.flag(FlagMeterBelow)
	}
	m.total()
	m.fact = "session.stopped"
	if denied {
		if s.Energy > 0 {
			s.flag(FlagDeniedEnergy)
			s.Phase = Abnormal // to the review queue (AUTH-R2)
		}
		return
	}
	if !in.Unplugged.IsZero() || e.CableOut || s.StopReason == "EVDisconnected" {
		if in.Unplugged.IsZero() || in.Unplugged.After(s.EndedAt) {
			in.Unplugged = s.EndedAt
		}
	} else {
		m.plugged(s.EndedAt)
		from := s.EndedAt // no later than the stop (IDLE-R1)
		if e.Since.After(from) {
			from = e.Since // out of reach until then: who knows where the cable was (IDLE-R4)
		}
		m.idle(from)
	}
	if billed == nil && !s.Suspect() && !s.Has(FlagUntimed) && in.Unplugged.IsZero() && m.Prices != nil && m.Prices.Plan.HasIdle() && !s.Wallet.IsZero() {
		s.Phase = Idle // AUTH-R8: the bill waits for the unplug
		m.holdIdle()
		return
	}
	m.settle()
}

// closeProvisionally ends a session whose stop never came (BILL-R5). Its real stop
// is still welcome and re-rates it.
func (m *machine) closeProvisionally() {
	s, in, regs := &m.s, &m.s.Inner, m.Registers
	s.flag(FlagProvisional)
	s.ClosedBy = "system"
	s.StopReason = "PowerLoss"
	s.EndedAt = s.StartedAt
	if n := len(regs); n > 0 && regs[n-1].At.After(s.EndedAt) {
		s.EndedAt = regs[n-1].At
	}
	s.MeterStop = s.MeterStart
	if n := len(regs); n > 0 {
		s.MeterStop = regs[n-1].Value
	}
	// Nothing is known of the cable after the last word: no idle (AUTH-R8).
	in.Unplugged = s.EndedAt
	m.fact = "session.closed_provisionally"
	m.settle()
}

// total counts the session's energy again from all of its readings up to its end,
// late ones too; readings after the stop are not billed (behaviour 49). Then it says
// what of it cannot be.
func (m *machine) total() {
	s := &m.s
	regs := slices.Clone(m.Registers)
	regs = slices.DeleteFunc(regs, func(r Register) bool { return r.At.After(s.EndedAt) || r.At.Before(s.StartedAt) })
	c := s.count(regs)
	lasted := s.EndedAt.Sub(s.StartedAt)
	if c.Energy > c.most(lasted)+totalSlack {
		c.flag(FlagImplausible)
	}
	if c.misread() && !s.misread() {
		s.Inner.SafeCost = s.Cost.Minor
	}
	for _, f := range c.Flags {
		s.flag(f)
	}
	s.Energy, m.points = c.Energy, c.points
	s.Inner.Apart = c.Inner.Apart
	if s.Phase != Rejected && !s.Has(FlagUntimed) && lasted > s.emptyAfter() && s.Energy < emptyEnergy {
		s.flag(FlagLongEmpty)
	}
	if s.RealStop && s.Has(FlagMeterBase) && s.MeterStop == s.MeterStart && s.Energy == 0 {
		s.unflag(FlagMeterBase) // nothing was measured by either end: there is nothing to ask a person (behaviour 60)
	}
	m.learn(&c)
}

// learn tells what the session's end says of the connector's meter.
func (m *machine) learn(c *counted) {
	s := &m.s
	if s.Connector <= 0 || s.Has(FlagUntimed) || s.Has(FlagMissingEnergy) || !s.RealStop && s.Inner.Apart {
		return
	}
	seen := asset.MeterSeen{Register: s.MeterStop, At: s.EndedAt, Restarted: c.restarted, Swapped: s.Inner.Swapped != c.otherUnit}
	seen.WentOn = !c.restarted && s.MeterStart > 0 && s.Inner.Before == 0
	m.then.Learn = &seen
}

// settle makes the bill, or says why a person must.
func (m *machine) settle() {
	s := &m.s
	before := s.Bill
	m.total()
	switch {
	case s.Suspect() || m.Prices == nil:
		if m.Prices == nil {
			s.flag(FlagUnpriced)
		}
		s.Phase = Abnormal
		m.keepSafe()
		m.fact = "session.abnormal"
		return
	case s.Wallet.IsZero():
		s.Phase = Abnormal
		m.fact = "session.abnormal"
		return
	}
	bill, err := m.rate(before == nil)
	if err != nil {
		// A price that does not fit 64 bits is no price.
		s.flag(FlagUnpriced)
		s.Phase = Abnormal
		m.keepSafe()
		m.fact = "session.abnormal"
		return
	}
	s.Bill, s.BilledAt, s.Cost = &bill, m.Now, bill.Total
	s.Phase = Completed
	if m.fact == "" {
		m.fact = "session.completed"
	}
	if before != nil {
		if before.Total != bill.Total {
			s.Adjusted = true
		}
		m.then.Adjust = before
		return
	}
	m.then.Capture = true
}

// holdIdle asks for what the idle fee may come to at most, so that nothing else spends
// it meanwhile (IDLE-R5).
func (m *machine) holdIdle() {
	u := m.usage()
	u.Idle = nil
	bill, err := m.Prices.Rate(u)
	if err != nil {
		return // settle will say so
	}
	fee, err := m.Prices.Plan.IdleCap()
	if err != nil {
		return
	}
	if need := bill.Total.Add(fee); m.s.HoldAmount.Less(need) {
		m.then.Extend = need
	}
}

// rate makes the bill. An idle fee that would overdraw what is held stops there: a
// prepaid account pays for standing no more than it has (IDLE-R5).
func (m *machine) rate(first bool) (tariff.Bill, error) {
	u := m.usage()
	bill, err := m.Prices.Rate(u)
	if err != nil || !first || len(u.Idle) == 0 || !m.s.HoldAmount.Less(bill.Total) {
		return bill, err
	}
	idle := u.Idle
	u.Idle = nil
	if bill, err = m.Prices.Rate(u); err != nil {
		return bill, err
	}
	room := m.s.HoldAmount.Sub(bill.Total)
	if !m.Prices.Plan.PricesIncludeTax {
		room.Minor = room.Minor * 1000 / (1000 + int64(m.Prices.Plan.VAT)) // rounded down: never above
	}
	if room.Minor <= 0 {
		return bill, nil
	}
	plan := *m.Prices.Plan
	if room.Less(plan.IdleFee.Cap) {
		plan.IdleFee.Cap = room
	}
	u.Idle = idle
	return tariff.Rate(plan, u, m.Prices.Zone)
}

func (m *machine) usage() tariff.Usage {
	s := &m.s
	u := tariff.Usage{Start: s.StartedAt, Stop: s.EndedAt, Points: m.points, Energy: s.Energy, NoClock: s.Has(FlagUntimed)}
	if r := s.Inner.Running.Reservation; r.Outcome != "" {
		u.Reservation = &r
	}
	if u.NoClock {
		return u
	}
	end := s.Inner.Unplugged
	if end.IsZero() {
		end = s.Inner.PluggedUntil
	}
	u.Idle = m.idleWindows(end)
	return u
}

// idleWindows are the stretches of the idle clock up to end.
func (m *machine) idleWindows(end time.Time) []tariff.Interval {
	in := &m.s.Inner
	if in.IdleFrom.IsZero() || !end.After(in.IdleFrom) {
		return in.Idle
	}
	return append(in.Idle[:len(in.Idle):len(in.Idle)], tariff.Interval{From: in.IdleFrom, To: end})
}

// keepSafe shrinks the hold of an abnormal session to its last safe value: what
// may be taken without a person is at most that.
func (m *machine) keepSafe() {
	s := &m.s
	if s.Wallet.IsZero() || s.Bill != nil {
		return
	}
	safe := s.Cost
	if s.misread() {
		safe = money.New(s.Inner.SafeCost, s.Currency)
	}
	if s.HoldAmount.Currency == safe.Currency && s.HoldAmount.Less(safe) {
		safe = s.HoldAmount
	}
	m.then.Keep = &safe
}
