package upkeep

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/session"
)

// Heard is a fact as the outbox hands it on.
type Heard struct {
	Kind     fact.Kind
	Operator ident.Operator
	Sub      ident.SubOperator
	At       time.Time
	Payload  []byte
}

// Kinds are the facts that may raise or end a warning.
var Kinds = []fact.Kind{
	asset.FactConnected, asset.FactDisconnected, asset.FactStatus, asset.FactStatusLate, asset.FactKnocked, asset.FactContested,
	asset.FactStrangerSettled,
	asset.FactSecurity, asset.FactCertExpiring, asset.FactCertSettled,
	asset.FactBooted, asset.FactCommandEnded, asset.FactDeviceChanged,
	"session.stopped", "session.abnormal", "session.completed", "session.orphan_stop", "session.adopted", "session.closed_provisionally",
	"session.failed_to_start", "session.meter_silent", "session.reviewed", member.FactPushFailed,
}

// Task is what a fact asks for, in the commit that notes it as worked off.
type Task func(Tx) error

// Read says what a fact asks for; nil is nothing. It looks at the fact alone, so that
// most of them cost nothing more.
func Read(f Heard) (Task, error) {
	var task Task
	var err error
	switch f.Kind {
	case asset.FactConnected:
		task, err = read(f, connected)
	case asset.FactDisconnected:
		task, err = read(f, func(f Heard, c asset.ConnectionChanged) Task {
			return onPoint(c.Point, Disconnected{Epoch: c.Epoch, At: f.At})
		})
	case asset.FactStatus:
		task, err = read(f, status)
	case asset.FactStatusLate:
		task, err = read(f, func(f Heard, s asset.StatusLate) Task {
			return onPoint(s.Point, StatusSeen{Connector: s.Connector, Status: s.Status, Code: s.ErrorCode, VendorCode: s.VendorCode, At: f.At, Over: s.KnownSince})
		})
	case asset.FactKnocked:
		task, err = read(f, knocked)
	case asset.FactStrangerSettled:
		task, err = read(f, func(f Heard, k asset.StrangerSettled) Task {
			return func(tx Tx) error { return known(tx, f, k.Identity) }
		})
	case asset.FactContested:
		task, err = read(f, func(f Heard, c asset.Contested) Task {
			return onPoint(c.Point, Contested{At: f.At, Detail: c.Detail})
		})
	case asset.FactSecurity:
		task, err = read(f, func(f Heard, n asset.SecurityNoted) Task {
			if !n.Critical {
				return nil
			}
			return onPoint(n.Point, Secured{Kind: n.Kind, At: f.At})
		})
	case asset.FactCertExpiring:
		task, err = read(f, func(f Heard, c asset.CertificateTold) Task { return onPoint(c.Point, Expiring{Days: c.Days, At: f.At}) })
	case asset.FactCertSettled:
		task, err = read(f, func(f Heard, c asset.CertificateTold) Task { return onPoint(c.Point, Renewed{At: f.At}) })
	case asset.FactBooted:
		task, err = read(f, func(f Heard, b asset.DeviceBooted) Task { return bootedWith(b, f.At) })
	case asset.FactDeviceChanged:
		task, err = read(f, func(f Heard, c asset.DeviceChanged) Task {
			return onPoint(c.Point, OtherHardware{From: c.From, To: c.To, Known: c.Known, At: f.At})
		})
	case asset.FactCommandEnded:
		task, err = read(f, func(_ Heard, c asset.CommandChanged) Task { return commandEnded(c) })
	case member.FactPushFailed:
		task, err = read(f, func(f Heard, l member.PushGivenUp) Task { return onPoint(l.Point, ListFailed{At: f.At}) })
	default:
		task, err = read(f, ofSession)
	}
	if err != nil {
		return nil, fmt.Errorf("upkeep: payload of %s: %w", f.Kind, err)
	}
	return task, nil
}

func read[P any](f Heard, task func(Heard, P) Task) (Task, error) {
	var p P
	if err := json.Unmarshal(f.Payload, &p); err != nil {
		return nil, err
	}
	return task(f, p), nil
}

// onPoint applies an event to a charge point.
func onPoint(p ident.ChargePoint, ev Event) Task {
	return func(tx Tx) error { _, err := applyTo(tx, p, ev); return err }
}

// applyTo applies an event to a charge point and saves what changes. What happened to
// a point that was removed since is of no use to anybody.
func applyTo(tx Tx, id ident.ChargePoint, ev Event) (Outcome, error) {
	p, err := tx.PointByID(id)
	if fault.Is(err, fault.Missing) {
		return Outcome{}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	w, err := tx.LockWatch(id)
	if err != nil {
		return Outcome{}, err
	}
	live, err := tx.LockLive(id)
	if err != nil {
		return Outcome{}, err
	}
	w.Point, w.Operator, w.Sub = id, p.Operator, p.Sub
	out, err := applyWith(tx, Subject{Watch: w, Live: live}, ev, p.Site)
	if err != nil {
		return Outcome{}, err
	}
	for i := range out.Warnings {
		if out.Warnings[i].Was == 0 {
			out.Warnings[i].Site, out.Warnings[i].Firmware = p.Site, firmwareOf(p)
		}
	}
	return out, save(tx, out)
}

// firmwareOf is what a storm of one firmware is recognised by.
func firmwareOf(p asset.ChargePoint) string {
	if p.Model == "" && p.Firmware == "" {
		return ""
	}
	return p.Vendor + " " + p.Model + " " + p.Firmware
}

func connected(f Heard, c asset.ConnectionChanged) Task {
	return func(tx Tx) error {
		if _, err := applyTo(tx, c.Point, Connected{Epoch: c.Epoch, At: f.At}); err != nil || c.Epoch != 1 {
			return err
		}
		// It is registered now: nobody needs to look for it.
		p, err := tx.PointByID(c.Point)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		return known(tx, f, p.Identity)
	}
}

// known ends the warning of an identity that nobody needs to look for any more.
func known(tx Tx, f Heard, identity string) error {
	w, ok, err := tx.LockKey(Key{Operator: f.Operator, Type: UnknownPoint, Code: identity})
	if err != nil || !ok {
		return err
	}
	return save(tx, Apply(Subject{Live: []Warning{w}}, Over{ID: w.ID, At: f.At}, tx.Now()))
}

// status passes over what most reports are: no error before and none now.
func status(f Heard, s asset.StatusChanged) Task {
	_, _, _, bad := trouble(s.To, s.ErrorCode)       //nolint:dogsled // only whether
	_, _, _, was := trouble(s.From, s.FromErrorCode) //nolint:dogsled // only whether
	if !bad && !was {
		return nil
	}
	return onPoint(s.Point, StatusSeen{Connector: s.Connector, Status: s.To, Code: s.ErrorCode, VendorCode: s.VendorCode, At: f.At})
}

func knocked(f Heard, k asset.Knocked) Task {
	if !k.Point.IsZero() { // known, and out of use
		return onPoint(k.Point, Knocked{Identity: k.Identity, At: f.At})
	}
	return func(tx Tx) error {
		key := Key{Operator: f.Operator, Type: UnknownPoint, Code: k.Identity}
		w, ok, err := tx.LockKey(key)
		if err != nil {
			return err
		}
		if !ok { // whoever makes up identities fills no table
			n, err := tx.CountLive(f.Operator, UnknownPoint)
			if err != nil {
				return err
			}
			if n >= UnknownLive {
				key.Code = ""
				if w, ok, err = tx.LockKey(key); err != nil {
					return err
				}
			}
		}
		s := Subject{Watch: Watch{Operator: f.Operator}}
		if ok {
			s.Live = []Warning{w}
		}
		out, err := applyWith(tx, s, Knocked{Identity: key.Code, At: f.At}, ident.Site{})
		if err != nil {
			return err
		}
		return save(tx, out)
	}
}

// suspicious are the flags of a session that a person must look at, worst first.
var suspicious = []session.Flag{
	session.FlagMeterBelow, session.FlagRegisterBack, session.FlagImplausible, session.FlagMeterBase, session.FlagRegisters, session.FlagOverlap,
	session.FlagLongEmpty, session.FlagOrphanStop, session.FlagAdopted, session.FlagUnpriced,
	session.FlagMissingEnergy, session.FlagOffline48h, session.FlagDeniedEnergy,
}

func ofSession(f Heard, c session.Changed) Task {
	switch f.Kind {
	case "session.failed_to_start":
		return withSession(c.Session, func(tx Tx, st session.State) error {
			_, err := applyTo(tx, c.Point, StartFailed{Connector: st.Connector, Session: c.Session, At: f.At})
			return err
		})
	case "session.meter_silent":
		return withSession(c.Session, func(tx Tx, st session.State) error {
			_, err := applyTo(tx, c.Point, Silenced{Connector: st.Connector, Session: c.Session, At: f.At})
			return err
		})
	case "session.reviewed":
		return withSession(c.Session, decided)
	}
	i := slices.IndexFunc(suspicious, func(x session.Flag) bool { return slices.Contains(c.Flags, x) })
	code := "ABNORMAL"
	switch {
	case i >= 0:
		code = string(suspicious[i])
	case c.Phase == session.Abnormal:
	case c.Energy > 0 && (f.Kind == "session.stopped" || f.Kind == "session.completed"):
		return withSession(c.Session, func(tx Tx, st session.State) error {
			w, err := tx.WatchOf(c.Point)
			if err != nil || w.Streaks[st.Connector]+w.Streaks[0] == 0 {
				return err
			}
			_, err = applyTo(tx, c.Point, Charged{Connector: st.Connector, At: f.At})
			return err
		})
	default:
		return nil
	}
	return withSession(c.Session, func(tx Tx, st session.State) error { return badRecord(tx, f, st, code) })
}

func withSession(id ident.Session, do func(Tx, session.State) error) Task {
	return func(tx Tx) error {
		st, err := tx.SessionByID(id)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(tx, st)
	}
}

// decided ends the warning of a session that a person decided, once no other of the
// sessions that it speaks of waits for one.
func decided(tx Tx, st session.State) error {
	live, err := tx.LockLive(st.Point)
	if err != nil {
		return err
	}
	for _, w := range live {
		if w.Type != ChargeRecordError {
			continue
		}
		told, err := tx.Told(w.ID, st.ID)
		if err != nil {
			return err
		}
		if !told {
			continue
		}
		waits, err := tx.Undecided(w.ID)
		if err != nil {
			return err
		}
		if waits {
			continue
		}
		if err := save(tx, Apply(Subject{Live: []Warning{w}}, Decided{w.ID}, tx.Now())); err != nil {
			return err
		}
	}
	return nil
}

// badRecord tells of a session once, however many facts say so.
func badRecord(tx Tx, f Heard, st session.State, code string) error {
	live, err := tx.LockLive(st.Point)
	if err != nil {
		return err
	}
	for _, w := range live {
		if w.Type != ChargeRecordError {
			continue
		}
		if told, err := tx.Told(w.ID, st.ID); told || err != nil {
			return err
		}
	}
	at := st.EndedAt
	if at.IsZero() || at.After(f.At) {
		at = f.At
	}
	_, err = applyTo(tx, st.Point, BadRecord{Connector: st.Connector, Code: code, Session: st.ID, At: at})
	return err
}
