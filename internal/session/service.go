package session

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

// Service runs sessions. Its methods for charge points are idempotent by natural
// keys; those for people are called with a key by their door.
type Service struct {
	write, read Run
	node        string

	plans  sync.Map // planKey → *tariff.Plan; versions never change
	sheets sync.Map // sheetKey → *tariff.Sheet
	zones  sync.Map // IANA name → *time.Location
}

// New wires the service to the store. node names this server among those that hold
// connections.
func New(write, read Run, node string) *Service {
	return &Service{write: write, read: read, node: node}
}

type planKey struct {
	id     ident.Plan
	number int
}

// plan gives a plan version; versions are immutable, so a copy in memory never ages.
func (s *Service) plan(tx Tx, id ident.Plan, number int) (*tariff.Plan, error) {
	if id.IsZero() {
		return nil, nil
	}
	k := planKey{id, number}
	if p, ok := s.plans.Load(k); ok {
		return p.(*tariff.Plan), nil
	}
	p, err := tx.PlanVersion(id, number)
	if err != nil {
		return nil, err
	}
	s.plans.Store(k, &p)
	return &p, nil
}

// sheetKey names a plan version in a zone.
type sheetKey struct {
	planKey
	zone string
}

// prices is what a session is priced by: the plan version of its snapshot in its site's
// zone; nil where none resolved.
func (s *Service) prices(tx Tx, st *State) (*tariff.Sheet, error) {
	if p := s.pricesKnown(st); p != nil {
		return p, nil
	}
	p, err := s.plan(tx, st.Plan, st.PlanNumber)
	if p == nil || err != nil {
		return nil, err
	}
	return s.sheet(p, st.Zone), nil
}

// sheet is a plan version in a zone, made once.
func (s *Service) sheet(p *tariff.Plan, zone string) *tariff.Sheet {
	k := sheetKey{planKey{p.ID, p.Number}, zone}
	if known, ok := s.sheets.Load(k); ok {
		return known.(*tariff.Sheet)
	}
	made, _ := s.sheets.LoadOrStore(k, tariff.NewSheet(p, s.zone(zone)))
	return made.(*tariff.Sheet)
}

// pricesKnown is prices if they were read before, else nil.
func (s *Service) pricesKnown(st *State) *tariff.Sheet {
	if p, ok := s.sheets.Load(sheetKey{planKey{st.Plan, st.PlanNumber}, st.Zone}); ok {
		return p.(*tariff.Sheet)
	}
	return nil
}

func (s *Service) zone(name string) *time.Location {
	if z, ok := s.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC // a site's zone was checked when it was saved
	}
	s.zones.Store(name, z)
	return z
}

func (s *Service) env(tx Tx, st State, ev Event) (Env, error) {
	p, err := s.prices(tx, &st)
	if err != nil {
		return Env{}, err
	}
	e := Env{Now: tx.Now(), Prices: p, MaxPower: st.MaxPower}
	if NeedsRegisters(st, ev) {
		if _, stop := ev.(Stopped); !stop && !st.Wallet.IsZero() { // as a rule the bill follows
			tx.Ahead(func() { ledger.Foresee(tx, payer(st), key(st, "capture")) })
		}
		if e.Registers, err = tx.RegistersOf(st.ID); err != nil {
			return Env{}, err
		}
	}
	return e, nil
}

// step applies an event and does what follows from it, in the caller's commit.
func (s *Service) step(tx Tx, st State, ev Event) (State, error) {
	env, err := s.env(tx, st, ev)
	if err != nil {
		return st, err
	}
	out := Apply(st, ev, env)
	if seen := out.Then.Learn; seen != nil {
		if err := tx.LearnMeter(st.Point, st.Connector, *seen); err != nil {
			return st, err
		}
		out.Then.Learn = nil
	}
	if z := out.Then.Zero; z != nil {
		if err := z.note(tx, st); err != nil {
			return st, err
		}
		out.Then.Zero = nil
	}
	if out, err = s.follow(tx, env, out); err != nil {
		return st, err
	}
	save := tx.SaveSession
	switch ev.(type) {
	case Metered, StatusSeen:
		if onlyMeter(&st, &out.Next) {
			save = tx.SaveMetered
		}
	}
	if err := save(out.Next); err != nil {
		return st, err
	}
	out.Next.Rev++
	if st.Phase == Starting && out.Next.Phase == FailedToStart {
		if err := notStarted(tx, out.Next); err != nil {
			return st, err
		}
	}
	if runs := out.Next.Runs(); runs != st.Runs() {
		if err := tx.SetRunning(out.Next, runs); err != nil {
			return st, err
		}
	}
	return out.Next, s.record(tx, st, out)
}

// notStarted shows beside the answer of a remote start that no charge came of it
// (LIVE-A7).
func notStarted(tx Tx, st State) error {
	return asset.NoEffectOn(tx, st.Point, asset.CommandRemoteStart, "No charge began in time. What was held for it is free again.",
		func(a asset.Args) bool {
			r, ok := a.(asset.RemoteStart)
			return ok && r.Session == st.ID
		})
}

// onlyMeter reports whether a session that charges has changed by no more than a meter
// value or a status changes as a rule, and its timer was not brought forward: then the row that
// lists and sweeper select by may stay as it is.
func onlyMeter(was, next *State) bool {
	charging := next.Phase == Charging || next.Phase == Paused
	return charging && was.Phase == next.Phase && was.HoldAmount == next.HoldAmount && len(was.Flags) == len(next.Flags) &&
		was.Runs() == next.Runs() && was.Live() && next.Live() && was.DueAt.IsZero() == next.DueAt.IsZero() && !next.DueAt.Before(was.DueAt)
}

// follow does the money and the commands that an outcome asks for. Growing the hold
// may ask for a stop, so this runs until nothing more is asked.
func (s *Service) follow(tx Tx, env Env, out Outcome) (Outcome, error) {
	then := out.Then
	if then.Extend.Minor > 0 {
		grown, err := s.extend(tx, env, out)
		if err != nil {
			return out, err
		}
		return s.follow(tx, env, grown)
	}
	if then.Stop != "" {
		next, err := s.askStop(tx, env, out.Next, then.Stop)
		if err != nil {
			return out, err
		}
		out.Next = next
	}
	return s.settle(tx, out)
}

// extend grows the hold as far as there is, and asks the machine what it makes of it.
func (s *Service) extend(tx Tx, env Env, out Outcome) (Outcome, error) {
	hold, err := ledger.Extend(tx, payer(out.Next), out.Then.Extend)
	if err == nil && hold.ID.IsZero() {
		if hold, err = placeHold(tx, out.Next, out.Then.Extend); fault.Is(err, fault.Limit) {
			hold, err = ledger.Hold{Amount: money.New(0, out.Next.Currency)}, nil
		}
	}
	if err != nil {
		return out, err
	}
	grown := Apply(out.Next, HoldGrown{hold.Amount}, env)
	if grown.Fact == "" {
		grown.Fact = out.Fact
	}
	grown.Then.Extend = money.Amount{}
	return grown, nil
}

// settle does the money that an outcome asks for.
func (s *Service) settle(tx Tx, out Outcome) (Outcome, error) {
	st, then := &out.Next, out.Then
	if st.Wallet.IsZero() || !(then.Capture || then.Release || then.Adjust != nil || then.Keep != nil) {
		return out, nil
	}
	hold := payer(*st)
	hold.Ended = st.EndedAt // what it counts for, however late it is told
	switch {
	case then.Adjust != nil:
		why := "adjust"
		if st.Has(FlagReviewed) { // its stop may have adjusted it before
			why = "review"
		}
		done, err := ledger.Adjust(tx, hold, *then.Adjust, *st.Bill, key(*st, why))
		if err != nil {
			return out, err
		}
		st.Captured = st.Captured.Add(done.Captured)
		st.Debt = stillOwed(st.Debt, done.Captured, done.Debt)
	case then.Capture:
		done, err := ledger.Capture(tx, hold, *st.Bill, key(*st, "capture"))
		if err != nil {
			return out, err
		}
		st.Captured, st.Debt = done.Captured, done.Debt
		st.HoldAmount = money.New(0, st.Currency)
	case then.Release:
		if _, err := ledger.Release(tx, hold); err != nil {
			return out, err
		}
		st.HoldAmount = money.New(0, st.Currency)
	case then.Keep != nil:
		if hold, err := ledger.Shrink(tx, hold, *then.Keep); err != nil {
			return out, err
		} else if st.HoldAmount = hold.Amount; hold.State != ledger.HoldHeld { // nothing was safe to take
			st.HoldAmount = money.New(0, st.Currency)
		}
	}
	return out, nil
}

// payer is who pays for the session; the ledger knows what is held of it.
func payer(st State) ledger.Hold {
	return ledger.Hold{Account: st.Wallet, Operator: st.Operator, Sub: st.Sub, Session: st.ID, Amount: money.New(0, st.Currency)}
}

// placeHold sets money aside for the session, as far as there is.
func placeHold(tx Tx, st State, want money.Amount) (ledger.Hold, error) {
	return ledger.PlaceHold(tx, ledger.HoldRequest{
		Account: st.Wallet, Sub: st.Sub, Session: st.ID, Want: want, Least: money.New(0, st.Currency),
	})
}

// key names a ledger operation of a session, so that it is posted once.
func key(st State, operation string) string { return st.ID.String() + ":" + operation }

// askStop sends a RemoteStop of our own accord; an offline point is asked again when
// a timer or a sample comes.
func (s *Service) askStop(tx Tx, env Env, st State, reason string) (State, error) {
	p, err := tx.PointByID(st.Point)
	if err != nil {
		return st, err
	}
	cmd := asset.CommandOf(asset.RemoteStop{OCPPID: st.wireID()})
	cmd.Session, cmd.Actor, cmd.Reason = st.ID, "system: session", reason
	cmd, err = asset.EnqueueStop(tx, p, cmd)
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Conflict) { // offline, or out of use
		st.Inner.StopAskedAt = env.Now
		return st, nil
	}
	if err != nil {
		return st, err
	}
	return Apply(st, StopAsked{At: env.Now, Command: cmd.ID}, env).Next, nil
}

// wireID is the transactionId that the charge point knows the session by; 0 where
// there is none that a 1.6 command can carry.
func (s *State) wireID() int32 {
	if s.OCPPID == 0 && s.ForeignID > 0 && s.ForeignID <= math.MaxInt32 {
		return int32(s.ForeignID)
	}
	return s.OCPPID
}

// EndFacts are the facts of sessions that have ended, and of what changes in them then:
// when they ended, what they came to, whose they are.
var EndFacts = []fact.Kind{"session.stopped", "session.closed_provisionally", "session.completed", "session.abnormal",
	"session.failed_to_start", "session.orphan_stop", "session.reviewed"}

// Changed is the payload of session facts.
type Changed struct {
	Session ident.Session     `json:"session"`
	Point   ident.ChargePoint `json:"charge_point"`
	Phase   Phase             `json:"phase"`
	Energy  int64             `json:"energy_wh"`
	Total   *money.Amount     `json:"total,omitempty"`
	Flags   []Flag            `json:"flags,omitempty"`
	EndedAt time.Time         `json:"ended_at,omitzero"`
	// EndedBefore is the end that it had until now, where that was another.
	EndedBefore time.Time `json:"ended_before,omitzero"`
}

func (s *Service) record(tx Tx, was State, out Outcome) error {
	if out.Fact == "" {
		return nil
	}
	st := out.Next
	c := Changed{Session: st.ID, Point: st.Point, Phase: st.Phase, Energy: int64(st.Energy), Flags: st.Flags, EndedAt: st.EndedAt}
	if !was.EndedAt.Equal(st.EndedAt) {
		c.EndedBefore = was.EndedAt
	}
	if st.Bill != nil {
		c.Total = &st.Bill.Total
	}
	return tx.Record(fact.Fact{
		Kind: fact.Kind(out.Fact), Version: 1, Operator: st.Operator, Sub: st.Sub,
		Object: st.ID.String(), At: tx.Now(), Payload: c,
	})
}

// once runs a closure again when another writer was faster: reload and decide again,
// once (architecture, nodes).
func (s *Service) once(ctx context.Context, sc authz.Scope, fn func(Tx) error) error {
	err := s.write(ctx, sc, fn)
	if stale(err) {
		err = s.write(ctx, sc, fn)
	}
	return err
}

// stale reports whether another writer was faster.
func stale(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Conflict && f.Code == "stale_version"
}

// point loads the reporting charge point and refuses an old connection: a newer
// socket has taken over, and this report will come again on it. Until the commit
// nobody else connects it, takes it out of use or decides about its sessions: whatever
// may do so locks the point first, then an account, then writes a session.
//
// reads are what the report is sure to ask for next.
func (s *Service) point(tx Tx, r Report, reads func()) (asset.ChargePoint, Place, error) {
	r.Cache.forget() // what follows may change what it holds
	tx.Ahead(reads)
	p, at, err := tx.PointAt(r.Point)
	if err != nil {
		return p, at, err
	}
	if p.Epoch != r.Epoch {
		return p, at, asset.StaleConnection
	}
	return p, at, nil
}

// Sweep runs the timers that are due; it returns how many it ran. now comes from the
// caller's clock and is only used to select: each closure is stamped by the store.
func (s *Service) Sweep(ctx context.Context, now time.Time) (int, error) {
	const batch = 200
	var due []DueSession
	err := s.read(ctx, authz.Everything("session timers"), func(tx Tx) (err error) {
		due, err = tx.DueSessions(now, batch)
		return err
	})
	if err != nil {
		return 0, err
	}
	putOff := func(d DueSession) bool { return d.DueAt.After(now) }
	if slices.ContainsFunc(due, putOff) {
		err := s.write(ctx, authz.Everything("session timers"), func(tx Tx) error {
			return tx.Postpone(slices.DeleteFunc(slices.Clone(due), func(d DueSession) bool { return !putOff(d) }))
		})
		if err != nil {
			return 0, err
		}
	}
	var errs []error
	for _, d := range due {
		if putOff(d) {
			continue
		}
		err := s.once(ctx, authz.ForSystem(d.Operator, "session timer"), func(tx Tx) error {
			st, p, err := locked(tx, d.ID)
			if err != nil {
				return err
			}
			if st.DueAt.IsZero() || st.DueAt.After(tx.Now()) {
				return nil
			}
			ev, err := s.dueEvent(tx, st, p)
			if err != nil {
				return err
			}
			_, err = s.step(tx, st, ev)
			return err
		})
		if err != nil {
			errs = append(errs, err)
		}
	}
	return len(due), errors.Join(errs...)
}

// locked reads a session as it is behind the lock of its charge point.
func locked(tx Tx, id ident.Session) (State, asset.ChargePoint, error) {
	st, err := tx.SessionByID(id)
	if err != nil {
		return st, asset.ChargePoint{}, err
	}
	p, err := tx.LockPoint(st.Point)
	if err != nil {
		return st, p, err
	}
	st, err = tx.SessionByID(id) // a report may have been at work until the lock was ours
	return st, p, err
}

// dueEvent gathers the evidence that a timer is judged by.
func (s *Service) dueEvent(tx Tx, st State, p asset.ChargePoint) (Due, error) {
	now := tx.Now()
	connected := p.Open()
	ev := Due{Quiet: connected && now.Sub(p.ConnectedAt) >= closeAfter && now.Sub(st.Inner.HeardAt) >= closeRetry}
	cs, err := tx.ConnectorsOf(st.Point)
	if err != nil {
		return Due{}, err
	}
	for _, c := range cs {
		if c.Number != st.Connector {
			continue
		}
		switch c.Status {
		case asset.Charging, asset.SuspendedEV, asset.SuspendedEVSE, asset.Finishing:
			// A status holds until the next one, as long as the point can tell us.
			ev.PluggedUntil = p.LastSeenAt
			if connected {
				ev.PluggedUntil = now
			}
		}
	}
	return ev, nil
}

// each applies an event to the sessions of a point that it is for, and returns them as
// they are then.
func (s *Service) each(tx Tx, p ident.ChargePoint, ev func(State) Event) (changed []State, err error) {
	sts, err := tx.LiveSessions(p)
	if err != nil {
		return nil, err
	}
	for _, st := range sts {
		e := ev(st)
		if e == nil {
			continue
		}
		if st, err = s.step(tx, st, e); err != nil {
			return nil, err
		}
		changed = append(changed, st)
	}
	return changed, nil
}

// List gives the live list and the charging record.
func (s *Service) List(ctx context.Context, sc authz.Scope, f Filter, page operator.Page) (l operator.List[Row], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.SessionList(f, page); return err })
	for i := range l.Items {
		if err == nil {
			err = s.name(ctx, sc, &l.Items[i])
		}
	}
	return l, err
}

// name adds the name of the plan version that a session is priced by; those of all
// sessions on a page are read once and then known.
func (s *Service) name(ctx context.Context, sc authz.Scope, r *Row) error {
	if r.Plan.IsZero() {
		return nil
	}
	p, err := s.PlanOf(ctx, sc, r.State)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if p != nil {
		r.PlanName = p.Name
	}
	return err
}

// Get gives one session with its names.
func (s *Service) Get(ctx context.Context, sc authz.Scope, id ident.Session) (r Row, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.SessionRow(id); return err })
	if err != nil {
		return r, err
	}
	return r, s.name(ctx, sc, &r)
}

// Samples gives the meter chart of a session, at most limit points.
func (s *Service) Samples(ctx context.Context, sc authz.Scope, id ident.Session, limit int) (out []Sample, err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		if _, err := tx.SessionByID(id); err != nil {
			return err
		}
		out, err = tx.SamplesOf(id, limit)
		return err
	})
	return out, err
}

// Frames gives the timeline of a session: the frames of its point around it.
func (s *Service) Frames(ctx context.Context, sc authz.Scope, id ident.Session, limit int) (out []Frame, err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		st, err := tx.SessionByID(id)
		if err != nil {
			return err
		}
		out, err = tx.FramesOf(st, limit)
		return err
	})
	slices.SortStableFunc(out, func(a, b Frame) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return out, err
}

// Attempts gives start attempts, newest first.
func (s *Service) Attempts(ctx context.Context, sc authz.Scope, f AttemptFilter, page operator.Page) (l operator.List[AttemptRow], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.AttemptList(f, page); return err })
	return l, err
}

// PlanOf gives the plan version that a session is priced by.
func (s *Service) PlanOf(ctx context.Context, sc authz.Scope, st State) (p *tariff.Plan, err error) {
	if p, known := s.plans.Load(planKey{st.Plan, st.PlanNumber}); known {
		return p.(*tariff.Plan), nil // whoever sees the session may see what it is priced by
	}
	err = s.read(ctx, sc.WithinSession(), func(tx Tx) (err error) { p, err = s.plan(tx, st.Plan, st.PlanNumber); return err })
	return p, err
}
