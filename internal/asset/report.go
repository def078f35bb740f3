package asset

import (
	"time"

	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// The facts of this package.
const (
	FactConnected    fact.Kind = "charge_point.connected"
	FactDisconnected fact.Kind = "charge_point.disconnected"
	FactBooted       fact.Kind = "charge_point.booted"
	FactStatus       fact.Kind = "connector.status_changed"
	FactStatusLate   fact.Kind = "connector.error_told_late"
	FactRetyped      fact.Kind = "charge_point.retyped" // AC was DC, or the other way round
	FactUnresponsive fact.Kind = "charge_point.unresponsive"
	FactKnocked      fact.Kind = "charge_point.unknown_knocked"
	FactContested    fact.Kind = "charge_point.contested"
	// FactDeviceChanged: another device answers for the charge point.
	FactDeviceChanged fact.Kind = "charge_point.device_changed"
	// FactStrangerSettled: staff adopted, ignored or forgot an unknown identity.
	FactStrangerSettled fact.Kind = "charge_point.unknown_settled"
	FactCommandQueued   fact.Kind = "command.queued"
	FactCommandEnded    fact.Kind = "command.ended"
	FactEffectSeen      fact.Kind = "command.effect_seen"
)

// ConnectionChanged is the payload of FactConnected and FactDisconnected.
type ConnectionChanged struct {
	Point ident.ChargePoint `json:"charge_point_id"`
	Epoch int64             `json:"epoch"`
	Node  string            `json:"node,omitempty"`
}

// DeviceBooted is the payload of FactBooted.
type DeviceBooted struct {
	Point    ident.ChargePoint `json:"charge_point_id"`
	Vendor   string            `json:"vendor"`
	Model    string            `json:"model"`
	Firmware string            `json:"firmware"`
}

// Retyped is the payload of FactRetyped.
type Retyped struct {
	Point ident.ChargePoint `json:"charge_point_id"`
	From  ChargerType       `json:"from"`
	To    ChargerType       `json:"to"`
}

// StatusChanged is the payload of FactStatus.
type StatusChanged struct {
	Point     ident.ChargePoint `json:"charge_point_id"`
	Connector int               `json:"connector"`
	From      ConnectorStatus   `json:"from"`
	// FromErrorCode stood beside From.
	FromErrorCode string          `json:"from_error_code,omitempty"`
	To            ConnectorStatus `json:"to"`
	ErrorCode     string          `json:"error_code,omitempty"`
	VendorCode    string          `json:"vendor_error_code,omitempty"`
}

// StatusLate is the payload of FactStatusLate: an error that was over when it was told.
type StatusLate struct {
	Point      ident.ChargePoint `json:"charge_point_id"`
	Connector  int               `json:"connector"`
	Status     ConnectorStatus   `json:"status"`
	ErrorCode  string            `json:"error_code,omitempty"`
	VendorCode string            `json:"vendor_error_code,omitempty"`
	// KnownSince is when what is known now began.
	KnownSince time.Time `json:"known_since"`
}

// StatusReport is what a device says of a connector, or of itself as number 0.
type StatusReport struct {
	Point           ident.ChargePoint
	Number          int
	Status          ConnectorStatus
	ErrorCode       string
	VendorErrorCode string
	Info            string
	At, ReceivedAt  time.Time
}

// condition is the report as it is kept. An event cannot be later than its receipt:
// a device whose clock is ahead must not shut out its own next report.
func (r StatusReport) condition() Condition {
	at := r.At
	if at.IsZero() || at.After(r.ReceivedAt) {
		at = r.ReceivedAt
	}
	st := r.Status
	if !st.Known() {
		st = Unknown
	}
	return Condition{Status: st, ErrorCode: cut(r.ErrorCode), VendorErrorCode: cut(r.VendorErrorCode),
		Info: cut(r.Info), StatusAt: at, ReceivedAt: r.ReceivedAt}
}

// after is the live condition once the report is taken: the report's own, or the
// stored one where that is newer (behaviour 32). Of two with the same time the one
// that came last counts, because a device sends them in order.
func (c Condition) after(r Condition) (next Condition, taken bool) {
	if r.StatusAt.Before(c.StatusAt) {
		return c, false
	}
	return r, true
}

// ReportStatus takes a status report. A number that was never configured becomes a
// connector. A report older than what is stored changes nothing: before equals after.
func ReportStatus(tx Tx, r StatusReport) (before, after Connector, err error) {
	if r.Number < 0 || r.Number > maxConnectors {
		return before, after, fault.BadInput("/connectorId", "must be between 0 and %d", maxConnectors)
	}
	p, err := tx.LockPoint(r.Point) // the roll-up needs all connectors as they are
	if err != nil {
		return before, after, err
	}
	all, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return before, after, err
	}
	i := -1
	switch {
	case r.Number == 0:
		before = Connector{Operator: p.Operator, Sub: p.Sub, Point: p.ID, Condition: p.Own}
	default:
		for k := range all {
			if all[k].Number == r.Number {
				i, before = k, all[k]
			}
		}
		if i < 0 {
			before = Connector{ID: ident.New[ident.Connector](tx.Now()), Operator: p.Operator, Sub: p.Sub, Point: p.ID,
				Number: r.Number, MaxPower: p.MaxPower, Reported: true, Condition: Condition{Status: Unknown}, Version: 1}
			if err := tx.InsertConnector(before); err != nil {
				return before, after, err
			}
			all, i = append(all, before), len(all)
		}
	}
	after = before
	told := r.condition()
	next, taken := before.Condition.after(told)
	if !taken {
		if !told.HasError() && told.Status != Faulted {
			return before, after, nil
		}
		return before, after, tx.Record(fact.Fact{Kind: FactStatusLate, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(),
			At: told.StatusAt, Payload: StatusLate{Point: p.ID, Connector: r.Number, Status: told.Status, ErrorCode: told.ErrorCode,
				VendorCode: told.VendorErrorCode, KnownSince: next.StatusAt}})
	}
	after.Condition = next
	if r.Number == 0 {
		p.Own = next
	} else {
		all[i].Condition = next
		if err := tx.SaveCondition(after); err != nil {
			return before, after, err
		}
	}
	if rolled := p.rollUp(all); rolled != p.Rolled || r.Number == 0 {
		p.Rolled = rolled
		if err := tx.SaveOwn(p); err != nil {
			return before, after, err
		}
	}
	if err := effects(tx, p.ID, func(_ Command, a Args) string {
		if t, ok := TriggerOf(a); ok && t.Message == "StatusNotification" && (t.Connector == 0 || t.Connector == r.Number) {
			return "The charge point sent its status."
		}
		if a, ok := a.(Availability); ok {
			switch {
			case !a.met(all):
			case a.Operative:
				return "It is in service."
			default:
				return "It is out of service."
			}
		}
		return ""
	}); err != nil {
		return before, after, err
	}
	if before.Status == after.Status && before.ErrorCode == after.ErrorCode && before.VendorErrorCode == after.VendorErrorCode {
		return before, after, nil
	}
	return before, after, tx.Record(fact.Fact{Kind: FactStatus, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(),
		At: next.StatusAt, Payload: StatusChanged{Point: p.ID, Connector: r.Number, From: before.Status, FromErrorCode: before.ErrorCode, To: next.Status,
			ErrorCode: next.ErrorCode, VendorCode: next.VendorErrorCode}})
}

// ForeseeStatus has what ReportStatus reads travel with the caller's next query; it is
// called where the database's Ahead says.
func ForeseeStatus(tx Tx, p ident.ChargePoint) {
	_, _ = tx.ConnectorsOf(p)
	_ = EffectOn(tx, p, CommandTrigger, "", nil)
}

// ForeseeBoot is ForeseeStatus for Booted.
func ForeseeBoot(tx Tx, p ident.ChargePoint) {
	_ = EffectOn(tx, p, CommandReset, "", nil)
	_ = EffectOn(tx, p, CommandTrigger, "", nil)
}

// BootReport is what a device tells of itself at start.
type BootReport struct {
	Point                                                                ident.ChargePoint
	Vendor, Model, Serial, Firmware, ICCID, IMSI, MeterType, MeterSerial string
	At                                                                   time.Time
}

// Booted takes a boot. The same boot again changes nothing but its time (behaviour 22).
func Booted(tx Tx, r BootReport) (ChargePoint, error) {
	p, err := tx.LockPoint(r.Point)
	if err != nil {
		return p, err
	}
	before, found := p, p.Serial
	p.Vendor, p.Model, p.Serial, p.Firmware = cut(r.Vendor), cut(r.Model), cut(r.Serial), cut(r.Firmware)
	p.ICCID, p.IMSI, p.MeterType, p.MeterSerial = cut(r.ICCID), cut(r.IMSI), cut(r.MeterType), cut(r.MeterSerial)
	p.BootedAt = r.At
	if err := tx.SaveBoot(p, found); err != nil {
		return p, err
	}
	if err := noteDevice(tx, before, p, r.At); err != nil {
		return p, err
	}
	if otherMeter(before, p) { // a meter was replaced in the field, the device not
		if err := tx.ForgetMeters(p.ID, r.At); err != nil {
			return p, err
		}
	}
	if err := effects(tx, p.ID, func(c Command, a Args) string {
		switch t, _ := TriggerOf(a); {
		case c.Type == CommandReset:
			return "The charge point started again."
		case c.Type == CommandChangeConfig && c.Outcome == OutcomeReboot:
			return "The charge point started again with the new value."
		case t.Message == "BootNotification":
			return "The charge point sent its boot message."
		}
		return ""
	}); err != nil {
		return p, err
	}
	return p, tx.Record(fact.Fact{Kind: FactBooted, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(), At: r.At,
		Payload: DeviceBooted{Point: p.ID, Vendor: p.Vendor, Model: p.Model, Firmware: p.Firmware}})
}

// Connected takes note of a new socket held by node and returns its epoch. The
// socket before it, if any, is old from here on.
func Connected(tx Tx, point ident.ChargePoint, node string, at time.Time) (epoch int64, err error) {
	p, err := tx.OpenConnection(point, node, at)
	if err != nil {
		return 0, err
	}
	return p.Epoch, recordConnection(tx, FactConnected, p, at)
}

// Disconnected takes note that the socket with this epoch closed. Where a newer
// socket is there already, it changes nothing.
func Disconnected(tx Tx, point ident.ChargePoint, epoch int64, at time.Time) error {
	p, closed, err := tx.CloseConnection(point, epoch, at)
	if err != nil || !closed {
		return err
	}
	return recordConnection(tx, FactDisconnected, p, at)
}

func recordConnection(tx Tx, k fact.Kind, p ChargePoint, at time.Time) error {
	return tx.Record(fact.Fact{Kind: k, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(), At: at,
		Payload: ConnectionChanged{Point: p.ID, Epoch: p.Epoch, Node: p.Node}})
}

// seenEvery is how often it is worth a write that a point is alive.
const seenEvery = time.Minute

// Seen takes note of a sign of life; it writes at most once a minute.
func Seen(tx Tx, point ident.ChargePoint, at time.Time) error {
	p, err := tx.PointByID(point)
	if err != nil {
		return err
	}
	if !p.Open() || at.Before(p.LastSeenAt.Add(seenEvery)) {
		return nil
	}
	p.LastSeenAt = at
	return tx.SaveSeen(p)
}

// CheckEpoch fails with fault.Conflict "stale_connection" where epoch is not the
// point's current one, and keeps it current until the caller's commit.
func CheckEpoch(tx Tx, point ident.ChargePoint, epoch int64) error {
	p, err := tx.LockPoint(point)
	if err != nil {
		return err
	}
	if p.Epoch != epoch {
		return StaleConnection
	}
	return nil
}

// StaleConnection is the fault for a write over a connection that a newer one replaced.
var StaleConnection = fault.New(fault.Conflict, "stale_connection", "A newer connection of this charge point has taken over.")

// LearnClock keeps how far the device's clock is off and which zone it writes its
// timestamps in; differences under two seconds are not worth a write.
func LearnClock(tx Tx, point ident.ChargePoint, offset time.Duration, zone string) error {
	p, err := tx.PointByID(point)
	if err != nil {
		return err
	}
	if d := p.ClockOffset - offset; d.Abs() < 2*time.Second && p.Zone == zone {
		return nil
	}
	p.ClockOffset, p.Zone = offset, zone
	return tx.SaveClock(p)
}

// cut shortens what a device sent to what we keep of it: no limit of OCPP's applies
// (behaviours 34, 35), only one of ours. Characters that no database takes go.
func cut(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			continue
		}
		if out = append(out, r); len(out) == 255 {
			break
		}
	}
	return string(out)
}
