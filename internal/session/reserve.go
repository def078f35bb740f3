package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

// How long a connector may be kept.
const (
	leastReserved = time.Minute
	// MaxReserved is the longest that staff may keep a connector.
	MaxReserved = 24 * time.Hour
	// stuckAfter is how long after its end a charge point may still call a connector
	// reserved, before it is told to give it free.
	stuckAfter = time.Minute
)

// keptByServer is what a soft reservation says of itself.
const keptByServer = "The charge point keeps no reservations: the server refuses others when they start."

// ReserveRequest asks for a connector to be kept.
type ReserveRequest struct {
	Point     ident.ChargePoint
	Connector int    // 0: any
	Token     string // uid, any spelling
	Until     time.Time
	Reason    string
}

// Reserve keeps a connector for a card until a time. What the charge point would refuse as
// far as we know is refused here, in words, before anything is sent. A charge point that
// keeps no reservations is kept free by the server alone: others are refused when they
// start.
func (s *Service) Reserve(ctx context.Context, sc authz.Scope, q ReserveRequest) (row ReservationRow, err error) {
	err = s.once(ctx, sc.WithinSession(), func(tx Tx) error {
		r, p, soft, err := s.reservable(tx, q)
		if err != nil {
			return err
		}
		now := tx.Now()
		if r.Number, err = tx.NextReservation(); err != nil {
			return err
		}
		r.ID, r.Actor, r.Reason = ident.New[ident.Reservation](now), asset.ActorOf(sc), strings.TrimSpace(q.Reason)
		r.State, r.CreatedAt, r.DueAt, r.Version = Requested, now, r.Until, 1
		if soft {
			r.State, r.Soft = Active, true
		} else {
			cmd, err := s.enqueue(tx, sc, p, ident.Session{}, "reservation", asset.Reserve{
				Number: r.Number, Connector: r.Connector, Token: r.TokenUID, Parent: r.Account, Until: r.Until})
			switch {
			case fault.Is(err, fault.Unsupported): // others of its model have said so
				r.State, r.Soft, r.Detail = Active, true, keptByServer
			case err != nil:
				return err
			default:
				r.Command = cmd.ID
			}
		}
		if err := tx.InsertReservation(r); err != nil {
			return err
		}
		if err := tx.Audit("reservation.made", r.ID.String(), nil, audited(r)); err != nil {
			return err
		}
		if err := recordReservation(tx, r); err != nil {
			return err
		}
		row, err = tx.ReservationRow(r.ID)
		return err
	})
	return row, err
}

// reservable judges a request.
func (s *Service) reservable(tx Tx, q ReserveRequest) (r Reservation, p asset.ChargePoint, soft bool, err error) {
	p, _, err = tx.PointAt(q.Point) // or two requests would each find the connector free
	if err != nil {
		return r, p, false, err
	}
	now := tx.Now()
	if in := q.Until.Sub(now); in < leastReserved || in > MaxReserved {
		return r, p, false, fault.BadInput("/until", "must be between a minute and 24 hours from now")
	}
	cs, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return r, p, false, err
	}
	known := q.Connector == 0
	for _, c := range cs {
		known = known || c.Number == q.Connector
	}
	if !known || q.Connector < 0 {
		return r, p, false, fault.BadInput("/connector", "there is no connector %d at this charge point", q.Connector)
	}
	h, err := s.holder(tx, q.Token)
	if err != nil {
		return r, p, false, err
	}
	if v, why := member.Judge(h, now); v != member.Accepted {
		return r, p, false, fault.New(fault.Conflict, "reservation_refused", "%s", why)
	}
	switch other, found, err := tx.ReservationOfDriver(h.Driver.ID); {
	case err != nil:
		return r, p, false, err
	case found:
		return r, p, false, fault.New(fault.Conflict, "driver_has_reservation", "The driver has a reservation already, number %d. Cancel it first.", other.Number)
	}
	live, err := tx.LiveSessions(p.ID)
	if err != nil {
		return r, p, false, err
	}
	standing, err := tx.StandingReservations(p.ID)
	if err != nil {
		return r, p, false, err
	}
	all := connectorsOf(cs, live)
	for _, x := range standing {
		if x.Connector == q.Connector && q.Connector > 0 {
			return r, p, false, fault.New(fault.Conflict, "connector_reserved", "The connector is reserved already until %s.", clock(x.Until))
		}
	}
	if all.busy[q.Connector] {
		return r, p, false, fault.New(fault.Conflict, "connector_busy", "A session runs on this connector. Stop it first.")
	}
	if _, kept := inTheWay(standing, all, q.Connector, h.Driver.ID); kept {
		return r, p, false, fault.New(fault.Conflict, "connector_reserved", "All that is free there is reserved already.")
	}
	cfg, err := tx.ConfigurationOf(p.ID)
	if err != nil {
		return r, p, false, err
	}
	soft = keepsNone(cfg, p.Firmware)
	if k, known := cfg.Find("ReserveConnectorZeroSupported"); q.Connector == 0 && !soft && (!known || !strings.EqualFold(strings.TrimSpace(k.Value), "true")) {
		// OCPP 1.6 §9.1: absent means that it does not.
		return r, p, false, fault.New(fault.Unsupported, "reserve_any_unsupported",
			"The charge point does not say that it can keep just any connector (ReserveConnectorZeroSupported). Choose one.")
	}
	switch {
	case p.Status != asset.Valid:
		return r, p, false, fault.New(fault.Conflict, "charge_point_invalid", "%s is out of use.", p.Name)
	case !p.Online(now):
		return r, p, false, fault.New(fault.Unavailable, "charge_point_offline", "%s is offline. Nothing was sent.", p.Name)
	}
	return Reservation{Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID, Connector: q.Connector, Token: h.Token.ID, TokenUID: h.Token.UID,
		Driver: h.Driver.ID, Account: h.Driver.ChargingAccount, Until: q.Until.UTC().Truncate(time.Second)}, p, soft, nil
}

// keepsNone reports whether a device says that it keeps no reservations (OCPP 1.6 §3.2).
// What it said under another firmware does not count.
func keepsNone(cfg asset.Configuration, firmware string) bool {
	k, known := cfg.Find("SupportedFeatureProfiles")
	return known && k.Value != "" && cfg.Firmware == firmware && !strings.Contains(strings.ToLower(k.Value), "reservation")
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// CancelReservation gives the connector free. A charge point that is offline is told when
// it is back; where it cannot be told, it keeps the connector to the end by itself.
func (s *Service) CancelReservation(ctx context.Context, sc authz.Scope, id ident.Reservation, reason string) (row ReservationRow, err error) {
	err = s.once(ctx, sc.WithinSession(), func(tx Tx) error {
		r, p, err := lockedReservation(tx, id)
		if err != nil {
			return err
		}
		if !r.Stands() {
			return fault.New(fault.Conflict, "reservation_ended", "This reservation is over.")
		}
		before := r
		if r = r.ends(Cancelled, tx.Now(), strings.TrimSpace(reason)); !r.Soft {
			if r, err = s.giveFree(tx, p, r, asset.ActorOf(sc)); err != nil {
				return err
			}
		}
		if err := s.saveReservation(tx, r); err != nil {
			return err
		}
		if err := tx.Audit("reservation.cancelled", id.String(), audited(before), audited(r)); err != nil {
			return err
		}
		row, err = tx.ReservationRow(id)
		return err
	})
	return row, err
}

// giveFree tells the charge point that a reservation is over.
func (s *Service) giveFree(tx Tx, p asset.ChargePoint, r Reservation, actor string) (Reservation, error) {
	c := asset.CommandOf(asset.CancelReserve{Number: r.Number})
	c.Actor, c.Reason = actor, "reservation"
	if !p.Online(tx.Now()) {
		c.WaitsUntil = r.Until
	}
	c, err := asset.Enqueue(tx, p, c)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Limit) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Unsupported) {
		return r, nil // it ends there by itself
	}
	if err == nil {
		r.Command = c.ID
	}
	return r, err
}

func lockedReservation(tx Tx, id ident.Reservation) (Reservation, asset.ChargePoint, error) {
	r, err := tx.ReservationByID(id)
	if err != nil {
		return r, asset.ChargePoint{}, err
	}
	p, err := tx.LockPoint(r.Point)
	if err != nil {
		return r, p, err
	}
	r, err = tx.ReservationByID(id) // a report may have been at work until the lock was ours
	return r, p, err
}

func (s *Service) saveReservation(tx Tx, r Reservation) error {
	if err := tx.SaveReservation(r); err != nil {
		return err
	}
	return recordReservation(tx, r)
}

func recordReservation(tx Tx, r Reservation) error {
	return tx.Record(fact.Fact{Kind: FactReservation, Version: 1, Operator: r.Operator, Sub: r.Sub, Object: r.ID.String(), At: tx.Now(),
		Payload: ReservationChanged{Reservation: r.ID, Point: r.Point, Connector: r.Connector, State: r.State, Session: r.Session, Until: r.Until}})
}

// audited is what the audit keeps of a reservation.
func audited(r Reservation) map[string]any {
	return map[string]any{"charge_point_id": r.Point.String(), "connector": r.Connector, "driver_id": r.Driver.String(), "until": r.Until,
		"state": r.State, "number": r.Number, "reason": r.Reason}
}

// reservationAnswered takes what came of ReserveNow or CancelReservation.
func (s *Service) reservationAnswered(tx Tx, cmd asset.Command) error {
	if cmd.Type != asset.CommandReserve {
		return nil // it is over here whatever the answer was
	}
	r, found, err := tx.ReservationByCommand(cmd.Point, cmd.ID)
	if err != nil || !found || r.State != Requested {
		return err
	}
	switch cmd.State {
	case asset.CommandAccepted:
		r.State, r.Detail = Active, ""
	case asset.CommandNotSupported:
		r.State, r.Soft, r.Detail = Active, true, keptByServer
	case asset.CommandTimeout: // it may have taken it all the same
		p, err := tx.LockPoint(r.Point)
		if err != nil {
			return err
		}
		if r, err = s.giveFree(tx, p, r.ends(Refused, tx.Now(), cmd.ErrorDetail), "system: reservation"); err != nil {
			return err
		}
	default:
		r = r.ends(Refused, tx.Now(), cmd.ErrorDetail)
	}
	return s.saveReservation(tx, r)
}

// reservationOf finds the reservation that a start uses. What a device tells late counts by
// when it happened.
func reservationOf(tx Tx, st State, number int64, standing []Reservation) (Reservation, bool, error) {
	at := st.StartedAt
	for _, r := range standing {
		if r.fits(number, st.Connector, st.Driver, at) {
			return r, true, nil
		}
	}
	if number <= 0 {
		return Reservation{}, false, nil
	}
	r, found, err := tx.ReservationByNumber(st.Point, number)
	return r, err == nil && found && r.State == NoShow && !at.After(r.Until), err
}

// charged is the reservation as its session pays for it: from when it was made until the
// start, which a device may tell of an instant before or after.
func (r *Reservation) charged(start time.Time) tariff.Reserved {
	to := start
	if r.Until.Before(to) {
		to = r.Until
	}
	return tariff.Reserved{From: r.CreatedAt, To: to, Outcome: tariff.ReservationUsed}
}

func (s *Service) useBy(tx Tx, r Reservation, st State) error {
	r = r.ends(Used, tx.Now(), "")
	r.Session = st.ID
	return s.saveReservation(tx, r)
}

// SweepReservations ends those whose time is over, and looks after charge points that do
// not let go. It returns how many it looked at. now only selects.
func (s *Service) SweepReservations(ctx context.Context, now time.Time) (int, error) {
	var due []Reservation
	err := s.read(ctx, authz.Everything("reservations that are over"), func(tx Tx) (err error) {
		due, err = tx.DueReservations(now, 100)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, d := range due {
		errs = append(errs, s.once(ctx, authz.ForSystem(d.Operator, "reservation is over"), func(tx Tx) error {
			r, p, err := lockedReservation(tx, d.ID)
			if err != nil || r.DueAt.IsZero() || r.DueAt.After(tx.Now()) {
				return err
			}
			return s.overdue(tx, p, r)
		}))
	}
	return len(due), errors.Join(errs...)
}

func (s *Service) overdue(tx Tx, p asset.ChargePoint, r Reservation) error {
	if r.Stands() {
		r = r.ends(NoShow, tx.Now(), "")
		if !r.Soft {
			r.DueAt = tx.Now().Add(stuckAfter)
		}
		return s.saveReservation(tx, r)
	}
	r.DueAt = time.Time{}
	cs, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.Status == asset.Reserved && (r.Connector == 0 || c.Number == r.Connector) && p.Online(tx.Now()) {
			if r, err = s.giveFree(tx, p, r, "system: reservation is over"); err != nil {
				return err
			}
			break
		}
	}
	return tx.SaveReservation(r)
}

// Reservations lists them, by default the newest first.
func (s *Service) Reservations(ctx context.Context, sc authz.Scope, f ReservationFilter, page operator.Page) (l operator.List[ReservationRow], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.ReservationList(f, page); return err })
	return l, err
}

// Reservation gives one.
func (s *Service) Reservation(ctx context.Context, sc authz.Scope, id ident.Reservation) (r ReservationRow, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.ReservationRow(id); return err })
	return r, err
}
